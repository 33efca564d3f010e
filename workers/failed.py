"""The one way in which a command of ours says that it could not do what was asked."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the `tandem` command; 2, wrong usage, is the shell's own convention."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_RUNNING = 3
    """What was asked needs a running Tandem, and there is none."""
    ALREADY_RUNNING = 4
    REFUSED = 5
    """Understood, but not allowed here: outside the demo profile, or a second time."""


class Failed(Exception):
    """The message says what is wrong and what to do; it is shown as it is, without a traceback."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code
