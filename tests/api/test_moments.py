"""Moments and cursors as callers write them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.moments import read_cursor, read_moment, rfc3339, write_cursor
from api.problems import Problem


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0", 0),
        ("417", 417),
        ("9223372036854775807", 2**63 - 1),
        ("2026-03-14T14:00:00Z", datetime(2026, 3, 14, 14, tzinfo=UTC)),
        ("2026-03-14T14:00:00.000001+02:00", datetime(2026, 3, 14, 12, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_position_or_a_time(written: str, read: int | datetime) -> None:
    assert read_moment(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-1",
        "9223372036854775808",
        "9" * 400,
        "²",
        "2026-03-14",
        "2026-03-14T14:00:00",
        "2026-13-14T14:00:00Z",
        "yesterday",
    ],
)
def test_anything_else_is_refused_with_what_would_be_right(written: str) -> None:
    with pytest.raises(Problem) as caught:
        read_moment(written)
    (error,) = caught.value.members["errors"]
    assert error["path"] == "at"
    assert "RFC 3339" in error["mend"]


def test_times_are_written_in_utc() -> None:
    time = datetime.fromisoformat("2026-03-14T14:00:00+02:00")
    assert rfc3339(time) == "2026-03-14T12:00:00.000000Z"


@pytest.mark.parametrize("key", [[1], ["2026-03-14T14:00:00Z", "a"], [3, None, "ü"]])
def test_a_cursor_is_read_as_it_was_written(key: list[Any]) -> None:
    assert read_cursor(write_cursor(*key)) == key


@pytest.mark.parametrize("cursor", ["", "?", "bnVsbA", "e30", "ü", "A" * 4000])
def test_what_is_not_a_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Problem):
        read_cursor(cursor)


def test_without_a_cursor_a_list_begins_at_its_beginning() -> None:
    assert read_cursor(None) is None
