"""Outside the demo: a server and tokens of somebody else, and no stories."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from deploy.migrate import Urls
from tests.workers.system import System, alive, system
from tests.workers.waiting import until
from workers.failed import Exit
from workers.lists import NAMES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


@pytest.fixture
def up(database: Urls, tmp_path: Path) -> Iterator[System]:
    kek, jwks = tmp_path / "kek", tmp_path / "jwks.json"
    kek.write_text("A" * 43 + "=")
    kek.chmod(0o600)
    jwks.write_text(json.dumps({"keys": []}))
    with system(
        tmp_path / "state",
        TANDEM_PROFILE="production",
        TANDEM_DATABASE_URL=database.admin_url,
        TANDEM_OIDC_ISSUER="https://issuer.example.org",
        TANDEM_OIDC_JWKS=str(jwks),
        TANDEM_KEY_ENCRYPTION_KEY_FILE=str(kek),
    ) as made:
        made.start()
        yield made


def test_it_begins_with_one_administrator_and_killed_it_leaves_no_process(up: System) -> None:
    assert up.ready()
    assert "Priya" not in up.output
    with psycopg.connect(up.running.service_url) as connection:
        assert connection.execute("SELECT count(*) FROM ledger.log").fetchone() == (0,)
    person = str(uuid4())
    first = up.tandem("bootstrap-administrator", "Alex Morgan", "--id", person, "--json")
    assert json.loads(first.stdout) == {"person": person, "position": 1}
    second = up.tandem("bootstrap-administrator", "Sam Other", "--id", str(uuid4()))
    assert second.returncode == Exit.REFUSED
    assert "administrator already" in second.stderr
    assert up.tandem("token", "priya").returncode == Exit.REFUSED
    reset = up.tandem("up", "--reset")
    assert reset.returncode == Exit.ALREADY_RUNNING
    family = up.family()
    up.signal(signal.SIGKILL)
    until(lambda: not alive(family))
    assert up.tandem("up", "--reset").returncode == Exit.REFUSED
    rebuilt = up.tandem("rebuild", "--json")
    assert json.loads(rebuilt.stdout)["lists"] == dict.fromkeys(NAMES, 1), "without `up`, too"
