"""What the client keeps from somebody, and the safety minimum that they may refuse."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Response

from api.commands import Commanding
from api.doors import Door, door
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from domain import lock as locks
from domain.lanes import Category
from domain.lock import ItemLocked, PartyLocked
from domain.safety import (
    SafetyMinimumRefused,
    refuse_safety_minimum,
    restore_safety_minimum,
)

routes = router("consent")
LOCKS = About(Category.CONSENTS)
TOLD: dict[str, tuple[Any, Any]] = {"told_consequence": (bool, False)}
"""Whether the client was told what follows: that nobody trains them around what is not shown."""


@routes.post("/clients/{client}/locks/items", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the lock")
async def lock_item(
    client: UUID,
    body: Annotated[Proposal, Of(ItemLocked, without=("lock",), also=TOLD)],
    command: Commanding,
) -> Response:
    """Keep one item from a party, or from everybody else."""
    lock = command.new_id("lock")
    return await command.on_client(
        client,
        lambda record, by, now: locks.lock_item(record, by, lock, now=now, **body.fields()),
        LOCKS,
        ids={"lock": lock},
    )


@routes.post("/clients/{client}/locks/parties", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the lock")
async def lock_party(
    client: UUID,
    body: Annotated[Proposal, Of(PartyLocked, without=("lock",), also=TOLD)],
    command: Commanding,
) -> Response:
    """Keep a party out of the record altogether."""
    lock = command.new_id("lock")
    return await command.on_client(
        client,
        lambda record, by, now: locks.lock_party(record, by, lock, now=now, **body.fields()),
        LOCKS,
        ids={"lock": lock},
    )


@routes.delete("/clients/{client}/locks/{lock}", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the lifting")
async def unlock(client: UUID, lock: UUID, command: Commanding) -> Response:
    """Take a lock away: what consents say holds again."""
    return await command.on_client(
        client, lambda record, by, now: locks.unlock(record, by, lock, now=now), LOCKS
    )


@routes.post("/clients/{client}/safety-minimum/refusal", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the refusal")
async def refuse_minimum(
    client: UUID,
    body: Annotated[Proposal, Of(SafetyMinimumRefused, also={"told_consequence": (bool, ...)})],
    command: Commanding,
) -> Response:
    """Keep even the safety minimum from trainers. Training then needs clearance."""
    return await command.on_client(
        client,
        lambda record, by, now: refuse_safety_minimum(record, by, now=now, **body.fields()),
        LOCKS,
    )


@routes.delete("/clients/{client}/safety-minimum/refusal", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the restoration")
async def restore_minimum(client: UUID, command: Commanding) -> Response:
    """Let whoever trains the client see the safety minimum again."""
    return await command.on_client(
        client, lambda record, by, now: restore_safety_minimum(record, by, now=now), LOCKS
    )
