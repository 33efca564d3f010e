"""Letting go of disclosed bytes: verbatim, promptly or not at all, and noting what became of it."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.caller import Caller
from api.moments import rfc3339
from api.tags import has, view_tag
from api.transfer import transfer
from domain.access import Outcome
from projections.asking import Released

Disclose = Callable[[], Awaitable[Released]]
Tag = Callable[[Released], str]


def of_view(released: Released) -> str:
    """The tag of a whole view."""
    return view_tag(released.etag)


class Disclosed(Response):
    """Bytes of one disclosure. If they are not let go of in time they are disclosed again.

    304 and HEAD are disclosed like the answer whose place they take: they tell the reader that
    what they have is still what is so. `status` other than 200 answers with the body regardless.
    """

    def __init__(
        self,
        request: Request,
        caller: Caller,
        released: Released,
        again: Disclose,
        *,
        tag: Tag,
        status: int = HTTPStatus.OK,
        headers: dict[str, str] | None = None,
    ) -> None:
        self._request = request
        self._caller = caller
        self._released = released
        self._again = again
        self._tag = tag
        self._status = status
        self._extra = headers or {}
        super().__init__(status_code=status)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the bytes, and note whether they were sent."""
        if self._released.stale:
            self._released = await self._again()
        outcome = Outcome.UNKNOWN
        try:
            if await transfer(self._rendered(), scope, receive, send):
                outcome = Outcome.COMPLETED
        finally:
            self._caller.tandem.sent.note(
                self._caller.reader, self._released, outcome, self._caller.tandem.clock()
            )

    def _rendered(self) -> Response:
        released = self._released
        tag = self._tag(released)
        headers = {
            "ETag": tag,
            "Tandem-As-Of": rfc3339(released.as_of),
            "Tandem-Disclosure": str(released.position),
            **self._extra,
        }
        held = self._status == HTTPStatus.OK and has(
            self._request.headers.get("if-none-match"), tag
        )
        if held:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(
            released.body,
            status_code=self._status,
            media_type=released.content_type,
            headers=headers,
        )
