"""The directory: which practitioners there are, what they do, and whether they can take a client.

Nothing about a client is here. Rows hold codes, numbers and digests, to find people by; what is
told of them is read from their own record, so that a row never says what its owner took back.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from domain.lanes import PRACTITIONERS, REGULATED
from domain.ledger.keys import KeyRing
from domain.practitioner import PractitionerRecord
from projections.blind_index import BlindIndex
from projections.folded import REMEMBERED, Folded, topics_of

ENDED: Final = ("suspended", "left")


class Directory(Folded[PractitionerRecord]):
    """One row for each person who was ever registered, staff of every kind included.

    `ended`: why they stand no more (`ENDED`), if so. `expires`: when the first of their regulated
    disciplines is covered no longer; -infinity if one of them is not covered at all, null if they
    hold none. `names` and `populations`: blind index.
    """

    name = "directory"
    whose = "practitioner"
    topics = topics_of(["practitioner"])
    columns = """
        practitioner uuid PRIMARY KEY, ended text, disciplines text[] NOT NULL, organisation uuid,
        languages text[] NOT NULL, home_visits boolean NOT NULL, populations bytea[] NOT NULL,
        names bytea[] NOT NULL, places integer, waiting integer NOT NULL,
        expires timestamptz"""
    indexes: ClassVar[tuple[str, ...]] = ("(expires) WHERE ended IS NULL",)

    def __init__(self, keys: KeyRing, index: BlindIndex, *, remembered: int = REMEMBERED) -> None:
        super().__init__(keys, PractitionerRecord, remembered=remembered)
        self._index = index

    def rows(self, record: PractitionerRecord) -> Iterator[tuple[object, ...]]:
        """One, once they are registered."""
        profile, noted = record.profile, record.capacity
        if profile is None:
            return
        ended = "left" if record.left else "suspended" if record.suspended else None
        spoken = {tag for each in profile.languages for tag in (each, each.partition("-")[0])}
        yield (
            record.id,
            ended,
            [discipline.value for discipline in profile.disciplines],
            profile.organisation,
            sorted(spoken),
            profile.home_visits,
            self._index.digests(" ".join(profile.populations)),
            self._index.digests(profile.name),
            noted.places if noted else None,
            noted.waiting if noted else 0,
            _expires(record),
        )


def _expires(record: PractitionerRecord) -> Any:
    """When the first regulated discipline of theirs is covered no longer, whatever time it is."""
    ends = [
        max(
            (held.valid_until for held in record.credentials.values() if held.discipline is one),
            default=None,
        )
        for one in record.disciplines
        if one in REGULATED & PRACTITIONERS
    ]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return "-infinity"
    return min(known, default=None)
