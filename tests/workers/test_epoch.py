"""A new epoch of the log after a restore: opened by hand, while nothing runs."""

from pathlib import Path

import psycopg
import pytest

from deploy.database import open_database
from deploy.settings import Settings
from workers.epoch import open_new_epoch
from workers.failed import Failed
from workers.running import StateFolder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    kek = tmp_path / "kek"
    kek.write_text("A" * 43 + "=")
    kek.chmod(0o600)
    return Settings(profile="demo", state_dir=tmp_path / "state", key_encryption_key_file=kek)


def test_the_log_says_that_a_new_epoch_began_and_why(settings: Settings) -> None:
    epoch = open_new_epoch(settings, "restored from a backup")
    with open_database(settings) as database, psycopg.connect(database.urls.admin_url) as asking:
        rows = asking.execute("SELECT id, why FROM ledger.epoch ORDER BY number").fetchall()
    assert rows[-1] == (epoch, "restored from a backup")
    assert len(rows) == 2


def test_not_while_it_runs(settings: Settings) -> None:
    with StateFolder(settings.state_dir).claim(), pytest.raises(Failed):
        open_new_epoch(settings, "restored from a backup")
