"""Pages of lists across clients: a fragment for each client, disclosed and sent together."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.caller import Caller
from api.transfer import transfer
from domain.access import Outcome
from projections.pages import Page

Look = Callable[[], Awaitable[Page]]


class DisclosedPage(Response):
    """A page; if it is not let go of in time it is looked up and disclosed again.

    `Tandem-Disclosure` names the disclosures of its clients, in the order of `clients`.
    """

    def __init__(self, caller: Caller, page: Page, again: Look) -> None:
        self._caller = caller
        self._page = page
        self._again = again
        super().__init__()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the page, and note of each fragment whether it was sent."""
        if self._page.stale:
            self._page = await self._again()
        outcome = Outcome.UNKNOWN
        try:
            if await transfer(self._rendered(), scope, receive, send):
                outcome = Outcome.COMPLETED
        finally:
            tandem = self._caller.tandem
            for fragment in self._page.fragments:
                tandem.sent.note(self._caller.reader, fragment, outcome, tandem.clock())

    def _rendered(self) -> Response:
        positions = ", ".join(str(fragment.position) for fragment in self._page.fragments)
        headers = {"Tandem-Disclosure": positions} if positions else {}
        return Response(self._page.json(), media_type="application/json", headers=headers)


async def list_page(caller: Caller, look: Look) -> Response:
    """Look a page up, and answer with it."""
    return DisclosedPage(caller, await look(), look)
