"""Which exception becomes which problem: all that a route may raise and does not answer itself."""

from collections.abc import Callable
from typing import Any

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.problems import Problem, forbidden, invalid_field, not_found, unavailable, unexpected
from api.validation import invalid_from
from api.wording import sentence
from domain.ledger.command import LedgerUnavailable
from domain.refused import Refused, Unprocessable
from projections.asking import NotYours
from projections.sheet import NothingToShow

Answer = Callable[[Any], Problem]

WHO_SOMEBODY_IS = frozenset({"does-not-hold-discipline", "not-in-good-standing"})
"""Codes that are about the caller's own standing: 403, before any record is consulted."""


def install(app: FastAPI) -> None:
    """Answer every exception with a problem document."""
    answers: dict[type[Exception], Answer] = {
        Problem: lambda problem: problem,
        RequestValidationError: lambda error: invalid_from(error.errors()),
        Unprocessable: unprocessable,
        NotYours: lambda _: not_found(),
        NothingToShow: lambda _: not_found(),
        Refused: _refused,
        LedgerUnavailable: lambda error: unavailable(error.retry_after),
        psycopg.OperationalError: lambda _: unavailable(retry_after=1),
        HTTPException: _plain,
    }
    for kind, answer in answers.items():
        app.add_exception_handler(kind, _answering(answer))


def _answering(answer: Answer) -> Callable[[Request, Exception], Any]:
    async def respond(request: Request, error: Exception) -> Response:
        return answer(error).response()

    return respond


def _refused(refused: Refused) -> Problem:
    """One that no command answered itself: only who somebody is can be told without the door."""
    return not_as_this(refused) if refused.code in WHO_SOMEBODY_IS else refused_plainly()


def unprocessable(error: Unprocessable) -> Problem:
    """A proposal that no record could accept."""
    return invalid_field("/" + error.path.replace(".", "/"), "is not possible", error.mend)


def refused_plainly() -> Problem:
    """A refusal whose rule the caller may not see: that it was refused, and nothing of why."""
    return Problem(409, "refused", "This is not possible now. Nothing was recorded.")


def refused_because(refused: Refused) -> Problem:
    """A refusal whose rule the caller may see: its code, and what would have to change."""
    problem = Problem(409, refused.code, sentence(refused.code))
    if refused.detail:
        problem.members["because"] = dict(refused.detail)
    return problem


def not_as_this(refused: Refused) -> Problem:
    """The caller cannot act like this now, whatever the record says."""
    return forbidden(refused.code, sentence(refused.code))


def _plain(error: HTTPException) -> Problem:
    """What the framework raises by itself: an unknown path, a method that a path does not have."""
    match error.status_code:
        case 404:
            return not_found()
        case 405:
            return Problem(
                405, "method-not-allowed", "Not with this method.", headers=error.headers
            )
        case 400 | 413 | 415 | 422:
            return invalid_field("", "is not readable", "one JSON document, as application/json")
    return unexpected()
