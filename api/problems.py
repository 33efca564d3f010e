"""Every error as a problem document (RFC 9457), and nothing in it that the caller did not know.

No value that was sent, and nothing of a record, is ever repeated in a problem or in a log: paths,
codes and what would be right are enough to mend a request, and an echo is a way out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:tandem:problem:"


class FieldError(TypedDict):
    """One thing wrong with a request: where, what, and what would be right."""

    path: str
    problem: str
    mend: str


class Problem(Exception):
    """Another answer than the one asked for. `code` is stable, kebab-case: clients switch on it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
        self.members = members

    def document(self) -> dict[str, Any]:
        """The JSON document: the same bytes for the same problem, whoever asks and whenever."""
        return {
            "type": TYPE_PREFIX + self.code,
            "title": self.code.replace("-", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.members,
        }

    def response(self) -> Response:
        """The response that carries the document. Never stored by a cache."""
        return Response(
            orjson.dumps(self.document()),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def unauthenticated(problem: str) -> Problem:
    """No token, or not one to be believed. `problem` is an RFC 6750 error code, or empty."""
    challenge = 'Bearer realm="tandem"' + (f', error="{problem}"' if problem else "")
    return Problem(
        401,
        "unauthenticated",
        "Send a valid access token as `Authorization: Bearer …`.",
        headers={"WWW-Authenticate": challenge},
    )


def forbidden(code: str, detail: str) -> Problem:
    """The caller is known, and may not act like this at all; says nothing of any client."""
    return Problem(403, code, detail)


def not_found() -> Problem:
    """There is none, or it is not the caller's to know: one answer for both."""
    return Problem(404, "not-found", "There is none, or it is not yours to know.")


def invalid(errors: Sequence[FieldError]) -> Problem:
    """The request could never be accepted, whatever the record says. Nothing was appended."""
    return Problem(
        422,
        "invalid",
        "Nothing was recorded. Each entry of `errors` says where, what, and what would be right.",
        errors=list(errors),
    )


def invalid_field(path: str, problem: str, mend: str) -> Problem:
    """One thing wrong with the request."""
    return invalid([FieldError(path=path, problem=problem, mend=mend)])


def unavailable(retry_after: int) -> Problem:
    """The log cannot be written, so nothing is released. Whether a command under way when it went
    was recorded, nobody can say: sent again under the same Idempotency-Key, it is recorded once.
    """
    return Problem(
        503,
        "unavailable",
        "Nothing was released, and nothing is confirmed as recorded. Try again shortly, a command "
        "with the same Idempotency-Key: it is then recorded once, whatever became of it now.",
        headers={"Retry-After": str(max(1, retry_after))},
    )


def unexpected() -> Problem:
    """A fault of ours. What happened is in our log, under the request id, and not here."""
    return Problem(500, "unexpected", "Something went wrong here. It has been noted.")
