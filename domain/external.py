"""External practitioners: recipients of a referral without an account, reached by a link.

The token of a link is 256 random bits. Nobody keeps it: facts hold its SHA-256. Where a token
leads is a stream of its own, in clear (references and codes only), which its digest finds; what it
opens is decided on the care record, like all reading.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID, uuid5

from pydantic import AwareDatetime, Field

from domain.actor import Actor
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import Category, Discipline
from domain.parties import require_open
from domain.referral import ReferralLinkIssued, ReferralLinkRevoked
from domain.referral_decisions import parties
from domain.referral_terms import Party, ToExternal
from domain.referred import Referral
from domain.refused import Refused, Unprocessable

if TYPE_CHECKING:
    from domain.record import CareRecord

TOKEN_BYTES = 32
LONGEST_LINK = timedelta(days=30)
OPENINGS = 20
"""How often a link can be opened, unless its issuer says otherwise."""

NAMESPACE = UUID("3e1f7c54-9b1d-5a0e-8f6b-6a1d2c9e4b70")
"""Of link streams. Never change it: links that are out would lead nowhere."""


class LinkLeads(
    Fact,
    type="external.link-leads.v1",
    part="external",
    category=Category.CONSENTS,
    sealed=False,
):
    """A token with this digest leads to a referral, until `until` and so many times."""

    client: UUID
    referral: UUID
    link: UUID
    until: AwareDatetime
    openings: Annotated[int, Field(ge=1, le=100)]


class LinkOpened(
    Fact,
    type="external.link-opened.v1",
    part="external",
    category=Category.CONSENTS,
    sealed=False,
):
    """Whoever holds the token has opened it."""

    link: UUID


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """State of one link's stream at `version`; it leads nowhere if nothing was recorded."""

    id: UUID
    version: int = 0
    position: int = 0
    leads: LinkLeads | None = None
    opened: int = 0

    def evolve(self, entry: Entry) -> Self:
        """The record with one more entry."""
        moved = replace(self, version=entry.version, position=entry.position)
        match entry.fact:
            case LinkLeads() as fact if self.leads is None:
                return replace(moved, leads=fact)
            case LinkOpened():
                return replace(moved, opened=self.opened + 1)
        return moved

    def standing(self, now: datetime) -> LinkLeads:
        """Where it leads; refuses `unknown-link` if nowhere, or not any more."""
        if self.leads is None or self.leads.until <= now:
            raise Refused("unknown-link")
        return self.leads


def digest_of(token: bytes) -> str:
    """What is kept of a token."""
    return sha256(token).hexdigest()


def link_stream(digest: str) -> UUID:
    """The stream that says where the token with this digest leads."""
    return uuid5(NAMESPACE, digest)


def link_id(referral: UUID, digest: str) -> UUID:
    """The id of a link, and of whoever reads by it."""
    return uuid5(referral, digest)


def holder(link: UUID) -> Actor:
    """Whoever holds the token of this link, as reader and as actor."""
    return Actor(link, Discipline.EXTERNAL)


def issue_link(
    record: "CareRecord",
    by: Actor,
    referral: UUID,
    digest: str,
    *,
    now: datetime,
    until: datetime | None = None,
    openings: int = OPENINGS,
) -> list[Fact]:
    """Make a link for the external recipient of a referral under way; an earlier one is revoked.

    For the initiator, a coordinator on the team, or the client. Refuses `not-external`,
    `referral-ended`, `agreement-needed`, `not-yours-to-decide`.
    """
    current = _theirs(record, by, referral)
    if not isinstance(current.to, ToExternal):
        raise Refused("not-external")
    if current.ended:
        raise Refused("referral-ended", state=current.state)
    if not current.live:
        raise Refused("agreement-needed")
    ends = until or now + LONGEST_LINK
    if not now < ends <= now + LONGEST_LINK:
        raise Unprocessable("until", f"a time within {LONGEST_LINK.days} days")
    revoked = [
        ReferralLinkRevoked(referral=referral, link=one.id)
        for one in current.links
        if one.revoked is None and now < one.until
    ]
    issued = ReferralLinkIssued(
        referral=referral,
        link=link_id(referral, digest),
        digest=digest,
        until=ends,
        openings=openings,
        sent_to=current.to.name,
    )
    return [*revoked, issued]


def revoke_link(
    record: "CareRecord", by: Actor, referral: UUID, link: UUID, *, now: datetime
) -> list[Fact]:
    """Let a link open nothing any more. For whoever may make one. Refuses `unknown-link`."""
    current = _theirs(record, by, referral)
    if not any(one.id == link and one.revoked is None for one in current.links):
        raise Refused("unknown-link")
    return [ReferralLinkRevoked(referral=referral, link=link)]


def leads(issued: ReferralLinkIssued, client: UUID) -> LinkLeads:
    """What the link's own stream says of a link that was issued."""
    return LinkLeads(
        client=client,
        referral=issued.referral,
        link=issued.link,
        until=issued.until,
        openings=issued.openings,
    )


def open_link(record: LinkRecord, *, now: datetime) -> list[Fact]:
    """Open a link once more. Refuses `unknown-link`: used up, expired and unknown look the same."""
    standing = record.standing(now)
    if record.opened >= standing.openings:
        raise Refused("unknown-link")
    return [LinkOpened(link=standing.link)]


def _theirs(record: "CareRecord", by: Actor, referral: UUID) -> Referral:
    require_open(record)
    current = record.referrals.find(referral)
    held = parties(record, by, current)
    coordinates = Party.CUSTODIAN in held and record.team.member(by.id, by.acting_as)
    if not (held & {Party.INITIATOR, Party.CLIENT} or coordinates):
        raise Refused("not-yours-to-decide", by=sorted({Party.INITIATOR, Party.CLIENT}))
    return current
