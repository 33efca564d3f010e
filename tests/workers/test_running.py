"""One supervisor at a time; what a killed one left behind is recognised and ended."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from workers.failed import Exit, Failed
from workers.running import Running, StateFolder, end_all


def running(**children: int) -> Running:
    return Running(os.getpid(), "demo", "http://127.0.0.1:1", "service", "projector", children)


def test_a_folder_is_claimed_by_one_at_a_time(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with state.claim():
        state.announce(running())
        with pytest.raises(Failed, match=f"process {os.getpid()}") as refused, state.claim():
            pass
        assert refused.value.code == Exit.ALREADY_RUNNING
        assert state.find() == running()
    assert state.find() is None
    with state.claim():
        assert state.find() is None


def test_what_is_announced_is_as_secret_as_a_password(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with state.claim():
        state.announce(running())
        state.announce(running())
        (file,) = tmp_path.glob("running*")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "projector" not in repr(running())


def test_what_needs_a_running_tandem_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="make demo") as refused:
        StateFolder(tmp_path).require()
    assert refused.value.code == Exit.NOT_RUNNING


def test_a_killed_supervisor_is_not_running_and_its_children_are_ended(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()", "mark.of.ours"],
        stdin=subprocess.PIPE,
    )
    StateFolder(tmp_path).announce(running(**{"mark.of.ours": child.pid}))
    assert state.find() is None
    with state.claim():
        assert child.wait(1) != 0


def test_a_process_that_only_has_the_number_is_left_alone() -> None:
    end_all({"mark.of.ours": os.getpid()})


def test_a_file_that_was_half_written_or_is_of_another_version_is_nothing(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with state.claim():
        for text in ("", "{", '{"pid": 1}', '{"unknown": 1}'):
            (tmp_path / "running.json").write_text(text)
            assert state.find() is None
