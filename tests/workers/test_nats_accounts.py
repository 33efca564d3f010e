"""`tandem nats-accounts`: what a NATS server of somebody else's is to be told."""

from pathlib import Path

from tests.workers.system import System


def test_it_prints_the_accounts_with_passwords_that_are_kept(tmp_path: Path) -> None:
    installation = System(tmp_path / "state", {})
    first, second = (installation.tandem("nats-accounts") for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert "auth_callout" in first.stdout
    kept = (tmp_path / "state" / "secrets" / "nats-relay-password").read_text().strip()
    assert kept in first.stdout
    assert first.stdout == second.stdout
