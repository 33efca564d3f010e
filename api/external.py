"""External practitioners: links for them, what they see by a link, and what they say by it.

The token of a link is in its path, so no path is ever logged. An unknown token, one that has
expired, was revoked or is used up, and a referral that has ended: all get the same 404.
"""

import base64
import secrets
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
from fastapi import Request, Response
from pydantic import AwareDatetime, Field

from api import refusals
from api.caller import Caller
from api.commands import Command, Commanding, Extras
from api.composition import tandem_of
from api.doors import Door, door
from api.idempotency import identify
from api.problems import not_found
from api.proposal import Of, Proposal
from api.receipts import Receipt, receipt
from api.referrals import ONE, about
from api.route import router
from api.showing import show
from api.tags import Seen, item_tag
from domain import external as links
from domain.access import Channel
from domain.actor import DEFAULT_PURPOSE, Actor
from domain.external import LinkLeads, LinkRecord
from domain.fact import Fact
from domain.lanes import Discipline
from domain.ledger.command import NewEvent
from domain.record import CareRecord
from domain.referral import (
    ReferralAccepted,
    ReferralDeclined,
    ReferralInterimNoted,
    ReferralLinkIssued,
)
from domain.referral_decisions import follow_up
from domain.refused import Refused
from projections import referrals_shown
from projections.asking import Ask, Released
from projections.reader import Reader

routes = router("referrals")
HERE = "/external/{token}"
BY_LINK = ("referral", "transcribed")


class LinkReceipt(Receipt):
    """A receipt with the token of the link: said once, and kept by nobody."""

    token: str | None


@routes.post(f"{ONE}/links", status_code=201, response_model=LinkReceipt)
@door(Door.RECEIPT, "id and position of the link, and, once, its token")
async def issue(
    client: UUID,
    referral: UUID,
    body: Annotated[
        Proposal,
        Of(
            ReferralLinkIssued,
            without=("referral", "link", "digest", "until", "openings", "sent_to"),
            also={
                "until": (AwareDatetime | None, None),
                "openings": (Annotated[int, Field(ge=1, le=100)], links.OPENINGS),
            },
            examples=({}, {"openings": 5}),
        ),
    ],
    command: Commanding,
) -> Response:
    """Make a link for the external recipient of a referral under way; an earlier one is revoked.

    For the initiator, a coordinator on the team, or the client. The link is `/external/` and the
    `token`: hand it over by a way that you trust. It opens for thirty days at most. Sent again with
    the same Idempotency-Key, the answer has no token: make another link.
    """
    token = secrets.token_bytes(links.TOKEN_BYTES)
    digest = links.digest_of(token)
    given = body.fields()

    async def leading(now: datetime) -> Extras:
        """Where the token leads, in a stream of its own, which its digest finds."""
        lead = LinkLeads(
            client=client,
            referral=referral,
            link=links.link_id(referral, digest),
            until=given.get("until") or now + links.LONGEST_LINK,
            openings=given.get("openings", links.OPENINGS),
        )
        return Extras(events=(_event(command, lead, digest, now),))

    try:
        decided = await command.decide(
            CareRecord,
            client,
            lambda record, by, now: links.issue_link(
                record, by, referral, digest, now=now, **given
            ),
            extra=leading,
        )
    except Refused as refused:
        return await refusals.answer(
            command.request, command.caller, client, refused, about(referral)
        )
    replayed = decided.appended is not None and decided.appended.replayed
    return receipt(
        decided.appended,
        await command.version(decided),
        ids={"link": next(f.link for f in decided.facts if isinstance(f, ReferralLinkIssued))},
        also={"token": None if replayed else _written(token)},
    )


def _event(command: Command, lead: LinkLeads, digest: str, now: datetime) -> NewEvent:
    reader = command.caller.reader
    by = Actor(reader.person, reader.acting_as).authorship(now, reader.purpose)
    stream = links.link_stream(digest)
    sealing = command.caller.tandem.ledger.sealing
    return sealing.event(lead, by, stream=stream, version=1, subject=stream)


@routes.delete(f"{ONE}/links/{{link}}", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the revocation")
async def revoke(client: UUID, referral: UUID, link: UUID, command: Commanding) -> Response:
    """Let a link open nothing any more: for whoever may make one."""
    return await command.on_client(
        client,
        lambda record, by, now: links.revoke_link(record, by, referral, link, now=now),
        about(referral),
    )


@routes.get(HERE)
@door(Door.LINKED, "the referral, and what the client agreed to enclose", public=True)
async def opened(request: Request, token: str) -> Response:
    """By a link: the referral and what goes along with it, while it is under way."""
    lead, caller = await _holding(request, token)
    tandem = caller.tandem
    now = tandem.clock()
    try:
        await tandem.ledger.decide(
            LinkRecord,
            links.link_stream(_digest(token)),
            lambda record: links.open_link(record, now=now),
            actor=links.holder(lead.link),
            effective=now,
            command_id=uuid4(),
        )
    except Refused:
        raise not_found() from None
    render = referrals_shown.external(lead.referral)
    ask = Ask("external-referral", render, item=lead.referral, pure=True, channel=Channel.LINK)
    return await show(request, caller, lead.client, ask, tag=_tag)


def _tag(released: Released) -> str:
    version = orjson.loads(released.body).get("referral", {}).get("version", 0)
    return item_tag(int(version), released.etag)


@routes.post(f"{HERE}/acceptance", status_code=201, response_model=Receipt)
@door(Door.LINKED, "position of the acceptance", public=True)
async def accept(
    request: Request,
    token: str,
    body: Annotated[Proposal, Of(ReferralAccepted, without=BY_LINK, examples=({},))],
    seen: Seen,
) -> Response:
    """By a link: take the referral on. If-Match is the `version` that the link showed."""
    return await _said(request, token, ReferralAccepted, seen, body.fields())


@routes.post(f"{HERE}/decline", status_code=201, response_model=Receipt)
@door(Door.LINKED, "position of the decline", public=True)
async def decline(
    request: Request,
    token: str,
    body: Annotated[
        Proposal, Of(ReferralDeclined, without=BY_LINK, examples=({"code": "no_capacity"},))
    ],
    seen: Seen,
) -> Response:
    """By a link: do not take it on. The link opens nothing any more then."""
    return await _said(request, token, ReferralDeclined, seen, body.fields())


@routes.post(f"{HERE}/notes", status_code=201, response_model=Receipt)
@door(Door.LINKED, "position of the note", public=True)
async def note(
    request: Request,
    token: str,
    body: Annotated[
        Proposal,
        Of(ReferralInterimNoted, without=BY_LINK, examples=({"note": "Operated on Monday."},)),
    ],
    seen: Seen,
) -> Response:
    """By a link: say how it is going."""
    return await _said(request, token, ReferralInterimNoted, seen, body.fields())


async def _said(
    request: Request, token: str, fact: type[Fact], seen: int, given: dict[str, Any]
) -> Response:
    lead, caller = await _holding(request, token)
    command = Command(request, caller, await identify(request, caller), None)
    return await command.on_client(
        lead.client,
        lambda record, by, now: follow_up(
            record, by, fact, lead.referral, seen=seen, now=now, **given
        ),
        about(lead.referral),
    )


async def _holding(request: Request, token: str) -> tuple[LinkLeads, Caller]:
    """Where the token leads, and whoever holds it as caller. Raises Problem 404."""
    tandem = tandem_of(request)
    record = await tandem.ledger.refresh(LinkRecord, links.link_stream(_digest(token)))
    try:
        lead = record.standing(tandem.clock())
    except Refused:
        raise not_found() from None
    purpose = DEFAULT_PURPOSE[Discipline.EXTERNAL]
    return lead, Caller(Reader(lead.link, Discipline.EXTERNAL, purpose), tandem)


def _written(token: bytes) -> str:
    """A token as it stands in a path: 43 characters."""
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def _digest(token: str) -> str:
    """The digest of a token as it stands in a path. Raises Problem 404 for what is none."""
    try:
        read = base64.b64decode(token + "=", b"-_", validate=True)
    except ValueError:
        raise not_found() from None
    if len(read) != links.TOKEN_BYTES or _written(read) != token:
        raise not_found()
    return links.digest_of(read)
