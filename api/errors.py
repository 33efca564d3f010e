"""Which exception becomes which problem: all that a route may raise and does not answer itself."""

from collections.abc import Callable
from typing import Any

import psycopg

from api.problems import Problem, forbidden, invalid_field, not_found, unavailable
from api.wording import sentence
from domain.ledger.command import LedgerUnavailable
from domain.refused import Refused, Unprocessable
from projections.asking import NotYours
from projections.sheet import NothingToShow

Answer = Callable[[Any], Problem]

WHO_SOMEBODY_IS = frozenset({"does-not-hold-discipline", "not-in-good-standing"})
"""Codes that are about the caller's own standing: 403, before any record is consulted."""


def problem_for(error: BaseException) -> Problem | None:
    """The problem that answers `error`; None for a fault of ours."""
    if isinstance(error, Problem):
        return error
    for kind in type(error).__mro__:
        if answer := _ANSWERS.get(kind):
            return answer(error)
    return None


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


_ANSWERS: dict[type[BaseException], Answer] = {
    Unprocessable: unprocessable,
    NotYours: lambda _: not_found(),
    NothingToShow: lambda _: not_found(),
    Refused: _refused,
    LedgerUnavailable: lambda error: unavailable(error.retry_after),
    psycopg.OperationalError: lambda _: unavailable(retry_after=1),
}
