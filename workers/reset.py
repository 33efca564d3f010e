"""`tandem up --reset`: what the demo stored is deleted, so that it starts afresh."""

import shutil

from deploy.database import server_directory
from deploy.nats import EmbeddedNats, nats_directory
from deploy.nats_accounts import open_nats_secrets
from deploy.postgres import EmbeddedPostgres
from deploy.settings import Settings
from workers.failed import Exit, Failed

FOLDERS = ("demo", "logs")


def erase(settings: Settings) -> None:
    """Delete the demo's servers with their data, its keys and its seed. Nobody else may run them.

    Raises Failed outside the demo profile, and for a server that is not ours to delete.
    """
    if not settings.demo:
        raise Failed(
            "--reset deletes everything, so it is for the demo profile only.", Exit.REFUSED
        )
    if settings.database_url is not None:
        raise Failed(
            "--reset deletes only a server of Tandem's own. TANDEM_DATABASE_URL names another: "
            "drop and create that database yourself, or leave the setting out.",
            Exit.REFUSED,
        )
    EmbeddedPostgres(server_directory(settings)).erase()
    if nats_directory(settings).exists():
        EmbeddedNats(nats_directory(settings), open_nats_secrets(settings.secrets_dir)).erase()
    for folder in (settings.key_directory, *(settings.state_dir / name for name in FOLDERS)):
        shutil.rmtree(folder, ignore_errors=True)
