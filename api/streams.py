"""One stream is of one kind: an id taken for somebody of staff is no client's, and so on."""

from typing import Final
from uuid import UUID

from api.errors import refused_because
from domain.fact import fact_type
from domain.ledger.ledger import Ledger
from domain.refused import Refused

PRACTITIONER: Final = "practitioner"
ORGANISATION: Final = "organisation"
CARE_RECORD: Final = "care record"
ACCESS: Final = "access"
EXTERNAL: Final = "external"

OF_THEIR_OWN: Final = frozenset({PRACTITIONER, ORGANISATION, ACCESS, EXTERNAL})
"""Parts of facts in streams that are no care record."""


async def require_own_stream(ledger: Ledger, id: UUID, kind: str) -> None:
    """Raise Problem 409 `already-registered` if the stream is of another kind than `kind`.

    Ids of people are chosen by the issuer of their tokens, so they can collide by mistake.
    """
    for first in await ledger.log.stream(id, until_version=1):
        part = fact_type(first.topic).part
        if (part if part in OF_THEIR_OWN else CARE_RECORD) != kind:
            raise refused_because(Refused("already-registered"))
