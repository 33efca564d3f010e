"""The OpenAPI document: what FastAPI finds, and what holds for every route."""

from functools import cached_property
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.doors import Door, declared, door
from api.json_response import Json
from api.parameters import parameters_of
from api.problems import MEDIA_TYPE
from api.route import router

TITLE = "Tandem"
VERSION = "0.1.0"
DESCRIPTION = """The care record that a client's practitioners share, with proof of who knew what
and when.

Every answer about a client is disclosed before its first byte: `Tandem-Disclosure` is the position
of that fact in the log. Commands answer with a receipt and take an `Idempotency-Key`; decisions on
something displayed name its version in `If-Match`. Errors are problem documents (RFC 9457)."""

TAGS = (
    ("clients", "Taking clients in, and their chart as the caller may see it."),
    ("care team", "Who works with the client."),
    ("consent", "What the client permits, keeps locked, and labels."),
    ("break-glass", "Reading without consent: briefly, and reviewed."),
    ("assessments", "What was measured, by whom, and whether a change is more than noise."),
    ("restrictions", "What the client must not do; milestones, holds, acknowledgement."),
    ("lists", "The caller's clients, each with why they are on the list, the worst first."),
    ("referrals", "From lane to lane, agreed by the client; also to somebody without an account."),
    ("accountability", "Who has seen my data, and what became of it."),
    ("audit", "The time machine: who knew what and when."),
    ("notifications", "What I was told of: pointers, live and to catch up with."),
    ("people", "Practitioners and other staff; the caller themselves."),
    ("operations", "For whoever runs this."),
)

_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable and kebab-case: switch on it."},
        "because": {"type": "object", "description": "What would have to change (409)."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "problem", "mend"],
                "properties": {
                    "path": {"type": "string", "description": "JSON Pointer, or a parameter."},
                    "problem": {"type": "string"},
                    "mend": {"type": "string", "description": "What would be right."},
                },
            },
        },
    },
}

_PROBLEMS = {
    "401": "No token, or not one to be believed.",
    "403": "Not in this discipline, or not in good standing.",
    "404": "There is none, or it is not the caller's to know.",
    "409": "Refused: what the record, the lane or the policy forbids.",
    "413": "The body is too large.",
    "422": "What no record could accept: each error with its path and what would be right.",
    "428": "If-Match is missing.",
    "503": "The log cannot be written: nothing was recorded, nothing released. See Retry-After.",
}


routes = router("operations")


class Document:
    """The document, made once."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    @cached_property
    def content(self) -> dict[str, Any]:
        """OpenAPI 3.1."""
        document = get_openapi(
            title=TITLE,
            version=VERSION,
            summary="Who may read what of a client, and who knew what and when.",
            description=DESCRIPTION,
            routes=self._app.routes,
            tags=[{"name": name, "description": text} for name, text in TAGS],
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        )
        components = document.setdefault("components", {})
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
        components.setdefault("schemas", {})["Problem"] = _PROBLEM_SCHEMA
        for name in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(name, None)
        document["security"] = [{"bearer": []}]
        self._complete(document)
        return document

    def _complete(self, document: dict[str, Any]) -> None:
        """Say of every operation how it fails, what it may release, and whether it is public."""
        for route in self._app.routes:
            found = declared(getattr(route, "endpoint", object))
            path = document["paths"].get(getattr(route, "path_format", ""), {})
            for method in getattr(route, "methods", None) or ():
                operation = path.get(method.lower())
                if operation is None or found is None:
                    continue
                operation["x-tandem-door"] = found.door.name.lower()
                operation["x-tandem-releases"] = found.releases
                if isinstance(route, APIRoute):
                    told = operation.setdefault("parameters", [])
                    told += [each.parameter() for each in parameters_of(route.dependant)]
                if found.public:
                    operation["security"] = []
                if found.door is Door.NOTHING:
                    operation["responses"].pop("422", None)
                else:
                    operation["responses"] |= _problems(method, found.public)


def _problems(method: str, public: bool) -> dict[str, Any]:
    only_commands = {"409", "413", "428"}
    only_with_token = {"401", "403"}
    return {
        status: {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, text in _PROBLEMS.items()
        if not (method == "GET" and status in only_commands)
        and not (public and status in only_with_token)
    }


def describe(app: FastAPI) -> None:
    """Give `app` its document."""
    document = Document(app)
    app.openapi = lambda: document.content  # type: ignore[method-assign]


@routes.get("/openapi.json", include_in_schema=False)
@door(Door.NOTHING, "this API's own description", public=True)
async def openapi(request: Request) -> Json:
    """The description of every route but this one."""
    return Json(request.app.openapi())
