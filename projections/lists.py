"""The lists that there are, in the order in which they are brought up to date."""

from typing import Final

from domain.ledger.keys import KeyRing
from projections.blind_index import BlindIndex
from projections.board import Board
from projections.concerns import Concerns
from projections.deadlines import Deadlines
from projections.listing import Listing
from projections.notifications import Notifications
from projections.organisations import Organisations
from projections.practitioner_directory import Directory
from projections.referral_inbox import ReferralInbox
from projections.register import Register

LISTS: Final[tuple[type[Listing], ...]] = (
    Board,
    Concerns,
    Directory,
    Organisations,
    ReferralInbox,
    Register,
    Notifications,
    Deadlines,
)


def every_list(keys: KeyRing, index: BlindIndex) -> tuple[Listing, ...]:
    """All lists, to be projected by one process. `keys` opens what is sealed; `index` must be made
    with the key that whoever searches uses."""
    return (
        Board(keys, index),
        Concerns(keys),
        Directory(keys, index),
        Organisations(keys),
        ReferralInbox(keys),
        Register(),
        Notifications(),
        Deadlines(keys),
    )
