"""What must never be found in a log, whatever the program that wrote it believed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from uuid import UUID

from domain.access import Disclosed
from domain.consent import ConsentWithdrawn
from domain.entry import Entry
from tests.faults.race import Received


def released_after_withdrawal(entries: Iterable[Entry]) -> list[str]:
    """Disclosures that rest on a consent whose withdrawal has an earlier place in the log.
    `entries`: the whole log, in order."""
    ended: dict[UUID, int] = {}
    found = []
    for entry in entries:
        match entry.fact:
            case ConsentWithdrawn(consent=consent):
                ended[consent] = entry.position
            case Disclosed(categories_shown=shown):
                references = {basis.reference for basis in shown if basis.reference is not None}
                found += [
                    f"{entry.position} rests on {reference}, withdrawn at {ended[reference]}"
                    for reference in references & ended.keys()
                ]
    return found


def withdrawals(entries: Iterable[Entry]) -> int:
    """How many there are."""
    return sum(isinstance(entry.fact, ConsentWithdrawn) for entry in entries)


def received_without_disclosure(
    entries: Sequence[Entry], bodies: Mapping[str, bytes], received: Iterable[Received]
) -> Iterator[str]:
    """What readers received that the log does not say, said later, or says of other bytes.
    `bodies`: commitment → the bytes kept."""
    log = {entry.position: entry for entry in entries}
    digests = {commitment: sha256(body).digest() for commitment, body in bodies.items()}
    for each in received:
        entry = log.get(each.position)
        if entry is None or not isinstance(entry.fact, Disclosed):
            yield f"{each.position} is no disclosure"
        elif (entry.fact.client, entry.fact.reader) != (each.client, each.reader):
            yield f"{each.position} is a disclosure of another client, or to another reader"
        elif digests.get(entry.fact.commitment) != each.digest:
            yield f"{each.position} is committed to other bytes"
        elif entry.recorded_at > each.at:
            yield f"{each.position} was recorded after it had been received"
