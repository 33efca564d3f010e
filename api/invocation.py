"""From a request to the arguments of an endpoint: FastAPI declares, this reads.

The framework's own way of calling an endpoint (exit stacks, threads, nested dependencies, answers
made of models) costs more than a durable command does, and no route here needs any of it: every
dependency is a coroutine of the request alone, and every endpoint answers with a response.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant

from api.body import read_body
from api.problems import Problem, invalid_field
from api.validation import invalid_from

DEEPEST_BODY = 32
"""No command nests deeper; a body that does is somebody's test of our stack."""

Errors = list[dict[str, Any]]
Dependency = Callable[[Request], Awaitable[Any]]


class Invocation:
    """Calls one endpoint. Raises TypeError for one that needs more than this can do."""

    def __init__(self, endpoint: Callable[..., Any], dependant: Dependant, body: bool) -> None:
        if dependant.header_params or dependant.cookie_params or len(dependant.body_params) > 1:
            raise TypeError(f"{endpoint.__name__} is not called like this")
        self._endpoint = endpoint
        self._path = [(field.name, field.alias, field) for field in dependant.path_params]
        self._query = [
            (field.name, field.alias, field, _is_list(field.field_info.annotation))
            for field in dependant.query_params
        ]
        self._body = dependant.body_params[0] if body else None
        self._request = dependant.request_param_name
        self._dependencies = [_simple(inner) for inner in dependant.dependencies]

    async def __call__(self, request: Request) -> Response:
        """Read the request and answer it. Raises Problem 404 or 422 for what cannot be read."""
        errors: Errors = []
        arguments = self._from_path(request, errors)
        self._add_query(request, arguments, errors)
        if self._body is not None:
            value = await read_json(request)
            arguments[self._body.name], wrong = self._body.validate(value, loc=("body",))
            errors += wrong
        if errors:
            raise invalid_from(errors)
        for name, dependency in self._dependencies:
            arguments[name] = await dependency(request)
        if self._request is not None:
            arguments[self._request] = request
        response: Response = await self._endpoint(**arguments)
        return response

    def _from_path(self, request: Request, errors: Errors) -> dict[str, Any]:
        found: dict[str, Any] = {}
        given = request.path_params
        for name, alias, field in self._path:
            found[name], wrong = field.validate(given[alias], loc=("path", alias))
            errors += wrong
        return found

    def _add_query(self, request: Request, arguments: dict[str, Any], errors: Errors) -> None:
        if not self._query:
            return
        given = request.query_params
        for name, alias, field, many in self._query:
            if alias in given:
                value = given.getlist(alias) if many else given[alias]
                arguments[name], wrong = field.validate(value, loc=("query", alias))
                errors += wrong
            elif field.field_info.is_required():
                errors.append({"type": "missing", "loc": ("query", alias)})
            else:
                arguments[name] = field.get_default()


def _is_list(annotation: Any) -> bool:
    return "list[" in str(annotation)


def _simple(inner: Dependant) -> tuple[str, Dependency]:
    needs = (inner.path_params, inner.query_params, inner.header_params, inner.dependencies)
    if any(needs) or inner.call is None or inner.request_param_name != "request" or not inner.name:
        raise TypeError(f"{inner.call} is not a coroutine of the request alone")
    return inner.name, inner.call


async def read_json(request: Request) -> Any:
    """The body, which is standard JSON: no NaN, no Infinity, no depths. Raises Problem 422."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise invalid_field("", "is not JSON", "a JSON object, sent as application/json")
    body = await read_body(request)
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise malformed() from None
    if body.count(b"[") + body.count(b"{") > DEEPEST_BODY:
        _require_shallow(parsed)
    return parsed


def malformed() -> Problem:
    """The body is not JSON."""
    return invalid_field("", "is not JSON", "send one JSON document, in UTF-8, at most 32 deep")


def _require_shallow(parsed: Any) -> None:
    level = [parsed] if isinstance(parsed, dict | list) else []
    for _ in range(DEEPEST_BODY):
        level = [inner for outer in level for inner in _within(outer)]
        if not level:
            return
    raise malformed()


def _within(outer: Any) -> list[Any]:
    values = outer.values() if isinstance(outer, dict) else outer
    return [inner for inner in values if isinstance(inner, dict | list)]
