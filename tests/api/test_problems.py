"""Validation told by path and by what would be right, without repeating what was sent."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import AwareDatetime, Field, ValidationError

from api.problems import Problem, not_found
from api.validation import LONGEST_LIST, invalid_from
from domain.fact import Value
from domain.lanes import Discipline


class Sample(Value):
    """One field of each kind that facts are made of."""

    id: UUID | None = None
    on: date | None = None
    at: AwareDatetime | None = None
    kg: Annotated[float | None, Field(gt=0, le=500)] = None
    times: Annotated[int | None, Field(ge=0)] = None
    words: Annotated[str | None, Field(max_length=5)] = None
    role: Discipline | None = None
    inner: "Sample | None" = None
    many: Annotated[tuple[int, ...], Field(max_length=2)] = ()
    naive: datetime | None = None


def problem_of(**body: Any) -> Problem:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate(body)
    errors = [{**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()]
    return invalid_from(errors)


SECRET = "Anna Meier"


@pytest.mark.parametrize(
    ("body", "path", "mend"),
    [
        ({"id": SECRET}, "/id", "a UUID"),
        ({"on": SECRET}, "/on", "RFC 3339 date"),
        ({"at": "2026-03-14T14:00:00"}, "/at", "RFC 3339 time"),
        ({"at": SECRET}, "/at", "RFC 3339 time"),
        ({"kg": SECRET}, "/kg", "a number"),
        ({"kg": 0}, "/kg", "more than 0"),
        ({"kg": 501}, "/kg", "at most 500"),
        ({"kg": float("nan")}, "/kg", "possible"),
        ({"times": 1.5}, "/times", "a whole number"),
        ({"words": SECRET}, "/words", "at most 5 characters"),
        ({"role": SECRET}, "/role", "'physiotherapist'"),
        ({"inner": {"words": SECRET}}, "/inner/words", "at most 5 characters"),
        ({"many": [1, 2, 3]}, "/many", "at most 2 entries"),
        ({"many": [1, SECRET]}, "/many/1", "a whole number"),
        ({"a/b~c": 1}, "/a~1b~0c", "leave it out"),
        ({"inner": []}, "/inner", "a JSON object"),
    ],
)
def test_each_error_names_its_path_and_what_would_be_right(
    body: dict[str, Any], path: str, mend: str
) -> None:
    problem = problem_of(**body)
    (error,) = problem.members["errors"]
    assert error["path"] == path
    assert mend in f"{error['mend']} {error['problem']}"
    assert problem.status == 422


def test_nothing_that_was_sent_is_repeated() -> None:
    problem = problem_of(id=SECRET, on=SECRET, kg=SECRET, words=SECRET, role=SECRET, many=SECRET)
    assert SECRET.encode() not in problem.response().body


def test_the_list_of_errors_has_an_end() -> None:
    problem = problem_of(**{f"unknown_{number}": 1 for number in range(LONGEST_LIST * 2)})
    assert len(problem.members["errors"]) == LONGEST_LIST


def test_a_long_unknown_name_is_cut() -> None:
    (error,) = problem_of(**{"x" * 5000: 1}).members["errors"]
    assert len(error["path"]) < 100


def test_an_id_in_the_path_that_is_none_is_not_found() -> None:
    error = {"type": "uuid_parsing", "loc": ("path", "client"), "msg": "", "input": "x"}
    assert invalid_from([error]).response().body == not_found().response().body


def test_a_parameter_is_named_as_the_caller_wrote_it() -> None:
    error = {"type": "less_than_equal", "loc": ("query", "limit"), "ctx": {"le": 100}}
    (told,) = invalid_from([error]).members["errors"]
    assert told == {
        "path": "limit",
        "problem": "is outside what is possible",
        "mend": "at most 100",
    }


def test_a_problem_is_the_same_bytes_each_time() -> None:
    first, second = not_found().response(), not_found().response()
    assert first.body == second.body
    assert first.headers["content-type"] == "application/problem+json"
