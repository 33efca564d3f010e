"""Which Tandem a command is about: the one whose state folder we are at."""

import os
from pathlib import Path

from deploy.settings import PREFIX, Settings, load_settings
from workers.running import StateFolder

PROFILE = f"{PREFIX}PROFILE"
STATE_DIR = f"{PREFIX}STATE_DIR"


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
