"""What `tandem up` tells a newcomer to try is what they can try."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workers.system import System
from tests.workers.waiting import until

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the commands are curl's")
def test_the_three_commands_answer(running: System) -> None:
    until(lambda: "Ctrl-C" in running.output)
    commands = [line.strip() for line in running.output.splitlines() if "curl" in line]
    assert len(commands) == 3
    # As in a second terminal: nothing is set but where the state is.
    environment = {k: v for k, v in running.environment().items() if k != "TANDEM_PROFILE"}
    views = []
    for command in commands:
        answer = subprocess.run(
            ["sh", "-c", command], env=environment, cwd=ROOT, capture_output=True, check=True
        )
        views.append(json.loads(answer.stdout)["view"])
    assert views == ["trainer", "knowledge", "accesses"]


def test_everybody_is_introduced(running: System) -> None:
    for words in (
        "sam    Sam Ortiz     trainer            trains at North Gym",
        "mei    Mei Tanaka    massage therapist  treats at Riverside Physiotherapy",
        "noa    Noa Lind      client             withdrew Sam's consent",
    ):
        assert words in running.output
