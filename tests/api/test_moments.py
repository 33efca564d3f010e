"""Moments and cursors as callers write them."""

from datetime import UTC, datetime

import pytest

from api.moments import read_moment, read_position, rfc3339
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


def test_a_cursor_of_the_register_is_a_position() -> None:
    assert read_position(None) is None
    assert read_position("417") == 417


@pytest.mark.parametrize("cursor", ["", "?", "-1", "²", "9" * 40])
def test_what_is_not_a_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Problem):
        read_position(cursor)
