"""Which Tandem a command is about: the one whose state folder we are at."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.database import open_database
from deploy.migrate import MigrationFailed, Urls
from deploy.settings import PREFIX, Settings, load_settings
from workers.failed import Failed
from workers.running import StateFolder

PROFILE = f"{PREFIX}PROFILE"
STATE_DIR = f"{PREFIX}STATE_DIR"
DATABASE_URL = f"{PREFIX}DATABASE_URL"


def state_folder() -> StateFolder:
    """The state folder that the environment names, else `.tandem`, as for every other setting."""
    return StateFolder(Path(os.environ.get(STATE_DIR) or ".tandem").expanduser().absolute())


def settings_here() -> Settings:
    """The settings, in the profile of what runs here where the environment names none.

    So `tandem token sam` works in a second terminal, beside a `make demo` in the first.
    Raises WrongSettings.
    """
    if not os.environ.get(PROFILE) and (running := state_folder().find()):
        os.environ[PROFILE] = running.profile
    return load_settings()


@contextmanager
def connected() -> Iterator[tuple[Settings, Urls]]:
    """The settings, and where to connect: as what runs here does, or else to the outside server
    that the environment names.

    Raises Failed if there is neither (a server of our own runs only with `tandem up`), or
    WrongSettings.
    """
    running = state_folder().find()
    if running is None and not os.environ.get(DATABASE_URL):
        running = state_folder().require()
    settings = settings_here()
    if running is not None:
        yield settings, running.urls
        return
    try:
        with open_database(settings) as database:
            yield settings, database.urls
    except MigrationFailed as error:
        raise Failed(str(error)) from error
