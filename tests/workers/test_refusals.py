"""A user's mistake gets one clear message and an exit code, never a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from workers.failed import Exit


def tandem(state: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TANDEM_")}
    return subprocess.run(
        [sys.executable, "-m", "workers", *arguments],
        env=clean | {"TANDEM_STATE_DIR": str(state)} | variables,
        capture_output=True,
        text=True,
        timeout=30,
    )


def refused(answer: subprocess.CompletedProcess[str], code: Exit, *words: str) -> None:
    assert answer.returncode == code, answer.stderr
    assert "Traceback" not in answer.stderr + answer.stdout
    for each in words:
        assert each in answer.stderr + answer.stdout


def test_up_without_settings_says_what_is_missing_and_where_to_begin(tmp_path: Path) -> None:
    refused(tandem(tmp_path, "up"), Exit.USAGE, "TANDEM_OIDC_ISSUER", "make demo")


def test_a_port_that_is_taken_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = tandem(tmp_path, "up", TANDEM_PROFILE="demo", TANDEM_PORT=port)
    refused(answer, Exit.FAILED, f"Port {port}", "TANDEM_PORT=")


def test_an_outside_server_that_is_away_is_named(tmp_path: Path) -> None:
    url = "postgresql://nobody:secret-word@127.0.0.1:1/nothing"
    answer = tandem(
        tmp_path, "up", TANDEM_PROFILE="demo", TANDEM_DATABASE_URL=url, TANDEM_PORT="18421"
    )
    refused(answer, Exit.FAILED, "TANDEM_DATABASE_URL cannot be reached")
    assert "secret-word" not in answer.stderr + answer.stdout


def test_an_outside_server_is_never_reset(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    answer = tandem(
        tmp_path,
        *("up", "--reset"),
        TANDEM_PROFILE="demo",
        TANDEM_DATABASE_URL=url,
        TANDEM_PORT="18422",
    )
    refused(answer, Exit.REFUSED, "drop and create")


@pytest.mark.parametrize("command", [["rebuild"], ["status"]])
def test_what_needs_a_running_tandem_says_so(tmp_path: Path, command: list[str]) -> None:
    refused(tandem(tmp_path, *command), Exit.NOT_RUNNING, "make demo")


def test_a_list_that_there_is_not_is_refused_with_those_there_are(tmp_path: Path) -> None:
    refused(tandem(tmp_path, "rebuild", "nothing"), Exit.USAGE, "There is no list 'nothing'")


def test_somebody_unknown_is_refused_with_those_who_are_known(tmp_path: Path) -> None:
    refused(tandem(tmp_path, "token", "nobody", TANDEM_PROFILE="demo"), Exit.USAGE, "priya")


def test_no_token_outside_the_demo_profile(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("A" * 43 + "=")
    key.chmod(0o600)
    answer = tandem(
        tmp_path,
        *("token", "priya"),
        TANDEM_PROFILE="production",
        TANDEM_OIDC_ISSUER="https://issuer.example.org",
        TANDEM_OIDC_JWKS="https://issuer.example.org/keys",
        TANDEM_KEY_ENCRYPTION_KEY_FILE=str(key),
    )
    refused(answer, Exit.REFUSED, "no tokens outside its demo profile")
    assert answer.stdout == ""
