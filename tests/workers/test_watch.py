"""What has ended by itself is started again, ever more slowly, and said loudly."""

import io
from pathlib import Path

import pytest

from deploy.postgres import PostgresFailed
from workers import watch
from workers.display import Display
from workers.watch import Watch, delay


class Fragile:
    """A part that ends when the test says so."""

    name = "the part"

    def __init__(self, log: Path, *, starts: bool = True) -> None:
        self.log = log
        self.running = True
        self.starts = starts
        self.started = 0

    def start(self) -> None:
        self.started += 1
        if not self.starts:
            raise PostgresFailed("no room")
        self.running = True

    def alive(self) -> bool:
        return self.running

    def ready(self) -> bool:
        return self.running

    def stop(self) -> None:
        self.running = False


class Clock:
    """Time as the test sets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(watch, "monotonic", made)
    return made


def watching(part: Fragile) -> tuple[Watch, io.StringIO, list[int]]:
    said, changes = io.StringIO(), list[int]()
    return Watch([part], Display.on(said), lambda: changes.append(part.started)), said, changes


def test_delays_grow_to_half_a_minute() -> None:
    assert [delay(n) for n in range(1, 9)] == [0, 1, 2, 4, 8, 16, 30, 30]


def test_the_first_time_it_is_started_again_at_once(tmp_path: Path, clock: Clock) -> None:
    log = tmp_path / "part.log"
    log.write_text("its last words\n")
    part = Fragile(log)
    looking, said, changes = watching(part)
    looking.look()
    part.running = False
    looking.look()
    looking.look()
    assert part.started == 1
    assert changes == [1]
    looking.look()
    assert "the part has ended unexpectedly; starting it again now" in said.getvalue()
    assert "its last words" in said.getvalue()
    assert "the part is back" in said.getvalue()


def test_after_that_it_waits(tmp_path: Path, clock: Clock) -> None:
    part = Fragile(tmp_path / "none.log")
    looking, said, _ = watching(part)
    for expected in (0, 1, 2, 4):
        part.running = False
        looking.look()
        if expected:
            clock.now += expected - 0.1
            looking.look()
            assert not part.running
            clock.now += 0.1
        looking.look()
        assert part.running
    assert "starting it again in 4 s" in said.getvalue()


def test_after_a_steady_minute_it_is_a_first_time_again(tmp_path: Path, clock: Clock) -> None:
    part = Fragile(tmp_path / "none.log")
    looking, said, _ = watching(part)
    for _ in range(3):
        clock.now += 61
        part.running = False
        looking.look()
        looking.look()
    assert "again in" not in said.getvalue()


def test_a_part_that_does_not_start_is_tried_again_later(tmp_path: Path, clock: Clock) -> None:
    part = Fragile(tmp_path / "none.log", starts=False)
    looking, said, changes = watching(part)
    part.running = False
    for _ in range(3):
        looking.look()
    assert part.started == 1
    assert changes == []
    assert "the part does not start: no room" in said.getvalue()
    clock.now += 1
    looking.look()
    assert part.started == 2
