"""Referrals: requested, looked at, agreed by the client; what then follows is `referral_steps`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Request, Response

from api.caller import Calling
from api.commands import Command, Commanding, Extra, Extras, nothing_else
from api.doors import Door, door
from api.problems import invalid_field
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from api.showing import show
from api.tags import Seen, item_tag
from domain import referral as facts
from domain import referral_decisions as decisions
from domain.lanes import Category
from domain.ledger.command import Guard
from domain.practitioner import PractitionerRecord
from domain.referral_terms import Enclosed, Recipient, ToColleague
from domain.refused import Refused
from projections import referrals_shown
from projections.asking import Ask, Released

routes = router("referrals")
ONE = "/clients/{client}/referrals/{referral}"
ITSELF = ("referral",)
PRIYA = {
    "kind": "practitioner",
    "practitioner": "5b1a9d30-2f0b-4d3e-9a63-0d3c5b8f7a11",
    "discipline": "physiotherapist",
}
WEBER = {"kind": "external", "name": "Dr Ida Weber", "profession": "orthopaedic surgeon"}
ASKED = {
    "to": PRIYA,
    "options": [WEBER],
    "priority": "urgent",
    "reason": "Pain down the leg when hinging, for three weeks.",
    "enclosed": ["identity", "restrictions", "fitness"],
    "interest": "none",
}


def about(referral: UUID) -> About:
    """What a decision on one referral is on."""
    return About(Category.REFERRALS, referral=referral)


@routes.post("/clients/{client}/referrals", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the referral")
async def request(
    client: UUID,
    body: Annotated[Proposal, Of(facts.ReferralRequested, without=ITSELF, examples=(ASKED,))],
    command: Commanding,
) -> Response:
    """Propose a referral, which the client has to agree to before anything is sent; or, as the
    client, refer oneself, which sends it."""
    referral = command.new_id("referral")
    given = body.fields()
    return await command.on_client(
        client,
        lambda record, by, now: decisions.request(record, by, referral, now=now, **given),
        About(Category.REFERRALS),
        ids={"referral": referral},
        extra=checked(command, given, "to", "options"),
    )


@routes.get(ONE)
@door(Door.DISCLOSED, "one referral, as much of it as the caller may see")
async def read(request: Request, client: UUID, referral: UUID, caller: Calling) -> Response:
    """One referral as the caller may see it. Decisions on it send its ETag as If-Match."""
    ask = Ask("referral", referrals_shown.of(referral), item=referral, pure=True)
    return await show(request, caller, client, ask, tag=_tag)


def _tag(released: Released) -> str:
    version = orjson.loads(released.body).get("version", 0)
    return item_tag(int(version), released.etag)


@routes.post(f"{ONE}/agreement", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the agreement")
async def agree(
    client: UUID,
    referral: UUID,
    body: Annotated[
        Proposal,
        Of(
            facts.ReferralAgreed,
            without=("referral", "to", "enclosed"),
            also={"to": (Recipient | None, None), "enclosed": (Enclosed | None, None)},
            examples=({}, {"to": WEBER, "enclosed": ["identity"]}),
        ),
    ],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Only the client: let it be sent to whom was suggested, or to another on offer; with what was
    to be enclosed, or other categories."""
    return await command.on_client(
        client,
        lambda record, by, now: decisions.agree(
            record, by, referral, seen=seen, now=now, **body.fields()
        ),
        about(referral),
    )


def checked(command: Command, given: dict[str, Any], *naming: str) -> Extra:
    """Before a referral goes to practitioners with an account: that they are in good standing in
    that discipline. Where they work is what the directory says."""
    named = [name for name in naming if given.get(name)]
    if not named:
        return nothing_else

    async def in_good_standing(now: datetime) -> Extras:
        guards: dict[UUID, Guard] = {}
        for name in named:
            value = given[name]
            if isinstance(value, tuple):
                given[name] = tuple([await known(one, name, now, guards) for one in value])
            else:
                given[name] = await known(value, name, now, guards)
        return Extras(guards=tuple(guards.values()))

    async def known(
        to: Recipient, name: str, now: datetime, guards: dict[UUID, Guard]
    ) -> Recipient:
        if not isinstance(to, ToColleague):
            return to
        ledger = command.caller.tandem.ledger
        record = await ledger.refresh(PractitionerRecord, to.practitioner)
        try:
            standing = record.acting(to.discipline, now).good_standing
        except Refused:
            standing = False
        if not standing:
            mend = "somebody registered, in good standing in that discipline"
            raise invalid_field(f"/{name}", "does not act in this discipline", mend)
        guards[record.id] = Guard(record.id, record.version)
        return to.model_copy(update={"organisation": record.organisation})

    return in_good_standing
