"""What happens between a view being rendered and its disclosure being appended."""

from collections.abc import Awaitable, Callable

import pytest

from domain.ledger.command import Appended, Command
from domain.ledger.ledger import Ledger

Happening = Callable[[], Awaitable[object]]


class Between:
    """Lets the first of `happenings` happen just before the first command that goes through
    `ledger.append`, the second before the second, and so on. `attempts` counts the commands."""

    def __init__(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, *happenings: Happening
    ) -> None:
        self.attempts = 0
        self._left = list(happenings)
        self._append = ledger.append
        monkeypatch.setattr(ledger, "append", self.append)

    async def append(self, command: Command) -> Appended:
        self.attempts += 1
        if self._left:
            await self._left.pop(0)()
        return await self._append(command)
