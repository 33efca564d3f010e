"""Who knew what and when: five states of each fact for one reader, never conflated.

*Available*: policy would have permitted it. *Released*: it was disclosed, the bytes were let go.
*Sent*: the transfer completed, or is unknown. *Received*: a device confirmed. *Acknowledged*: a
person acted, naming the version displayed. Beside them, what was true and not shown; and whether
the reader was *notified* that there was something, which is not that they were shown it.

Pure: folds one access stream and one care record, both cut at the same position. Its cost grows
with its answer, never with the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.access import AccessRecord, Acknowledged, Disclosure, Outcome
from domain.entry import Entry, Erased
from domain.notified import Notification
from domain.record import CareRecord
from domain.restricted import Acknowledgement
from domain.scope import Rule
from domain.source import Source
from projections.availability import Span, item_of
from projections.sheet import Body


@dataclass(frozen=True, slots=True)
class Known:
    """One fact of the record, and what one reader had of it."""

    entry: Entry
    spans: Sequence[Span]
    released: Sequence[Disclosure]
    acknowledged: Sequence["Acknowledging"]
    authored: bool = False
    notified: Sequence[Notification] = ()

    @property
    def shown(self) -> bool:
        """Whether its content was ever released to the reader."""
        return bool(self.released)


@dataclass(frozen=True, slots=True)
class Acknowledging:
    """One acknowledgement of an edition that a fact is part of. `void`: a correction or retraction
    has voided it since; None where that cannot be told any more, the client being erased."""

    fact: Acknowledged
    source: Source
    void: bool | None


def known(
    record: CareRecord,
    entries: Sequence[Entry],
    access: AccessRecord,
    spans: Mapping[int, Sequence[Span]],
    reader: object,
) -> list[Known]:
    """What the reader of `access` had of each fact of `record`, in record order."""
    acknowledged = _acknowledged(record, access)
    released = _released_by_version(record, access)
    notified: dict[int, list[Notification]] = {}
    for sent in access.notifications:
        notified.setdefault(sent.fact.fact, []).append(sent)
    return [
        Known(
            entry=entry,
            spans=spans.get(entry.version, ()),
            released=released.get(entry.version, ()),
            acknowledged=acknowledged.get(entry.version, ()),
            authored=entry.by.actor == reader,
            notified=notified.get(entry.position, ()),
        )
        for entry in entries
    ]


def _released_by_version(record: CareRecord, access: AccessRecord) -> dict[int, list[Disclosure]]:
    """Record version → the disclosures that its content was in, oldest first: in one pass."""
    found: dict[int, list[Disclosure]] = {}
    for made in access.disclosures.values():
        for first, last in made.fact.shown:
            for version in range(first, min(last, record.version) + 1):
                found.setdefault(version, []).append(made)
    return found


def _acknowledged(record: CareRecord, access: AccessRecord) -> dict[int, list[Acknowledging]]:
    """Record version → acknowledgements of an edition that its content was part of."""
    found: dict[int, list[Acknowledging]] = {}
    for ack, source in access.acknowledgements:
        versions, stand = _of_item(record, ack)
        standing = any(made.person == source.author and made.seen == ack.version for made in stand)
        made = Acknowledging(ack, source, None if record.erased else not standing)
        for version in versions:
            found.setdefault(version, []).append(made)
    return found


def _of_item(
    record: CareRecord, ack: Acknowledged
) -> tuple[frozenset[int], Sequence[Acknowledgement]]:
    """Which record versions the displayed version of an item was made of, and which of its
    acknowledgements stand: of a restriction, or of the part of an assessment with that version."""
    here = frozenset({ack.version})
    if item := record.restrictions.items.get(ack.item):
        edition = item.edition_seen(ack.version)
        return (edition.shown | here if edition else here), item.acknowledgements
    assessment = record.assessments.items.get(ack.item)
    for part in assessment.parts.values() if assessment else ():
        if (told := part.told_at(ack.version)) is not None:
            return told | here, part.acknowledgements
    return here, ()


def as_body(fact: Known) -> Body:
    """One fact with its five states, each with its own time and evidence."""
    entry = fact.entry
    return {
        "position": entry.position,
        "version": entry.version,
        "type": entry.fact.type,
        "category": None if isinstance(entry.fact, Erased) else entry.fact.category,
        "item": _text(item_of(entry.fact)),
        "by": str(entry.by.actor),
        "acting_as": entry.by.acting_as,
        "effective": entry.by.effective.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
        "authored_by_reader": fact.authored,
        "notified": _notified(fact),
        "states": {
            "available": _available(fact.spans),
            "released": _released(fact),
            "sent": _sent(fact),
            "received": _received(fact),
            "acknowledged": _acknowledgement(fact),
        },
    }


def _notified(fact: Known) -> Body | None:
    """The first pointer to it that was sent, and when a device first confirmed any of them."""
    if not fact.notified:
        return None
    first = fact.notified[0]
    received = [each.received for each in fact.notified if each.received is not None]
    by = min(received, key=lambda source: source.position, default=None)
    return {
        "at": first.source.recorded_at.isoformat(),
        "position": first.position,
        "must_acknowledge": first.fact.must_acknowledge,
        "received": by and {"at": by.recorded_at.isoformat(), "position": by.position},
    }


def _available(spans: Sequence[Span]) -> Body | None:
    """The latest span in which it was permitted, and all of them."""
    if not spans:
        return None
    last = spans[-1]
    return {
        "now": last.until is None,
        "since": last.since.isoformat(),
        "basis": {"rule": last.basis.rule, "reference": _text(last.basis.reference)},
        "spans": [
            {
                "since": span.since.isoformat(),
                "until": span.until.isoformat() if span.until else None,
                "rule": span.basis.rule,
                "reference": _text(span.basis.reference),
            }
            for span in spans
        ],
    }


def _released(fact: Known) -> Body | None:
    if not fact.released:
        return None
    first, last = fact.released[0], fact.released[-1]
    return {
        "at": first.source.recorded_at.isoformat(),
        "disclosure": first.position,
        "basis": _basis(fact, first),
        "last_at": last.source.recorded_at.isoformat(),
        "last_disclosure": last.position,
        "times": len(fact.released),
    }


def _basis(fact: Known, disclosure: Disclosure) -> Body | None:
    """On what it was released. Of several bases of its category, the one by which policy opened
    this very fact at that moment."""
    category = None if isinstance(fact.entry.fact, Erased) else fact.entry.fact.category
    found = [shown for shown in disclosure.fact.categories_shown if shown.category == category]
    open_by = {
        (span.basis.rule, span.basis.reference)
        for span in fact.spans
        if span.since <= disclosure.source.recorded_at
        and (span.until is None or disclosure.source.recorded_at < span.until)
    }
    for shown in sorted(found, key=lambda one: (one.rule, one.reference) not in open_by):
        consent = shown.reference if shown.rule is Rule.CONSENT else None
        return {
            "rule": shown.rule,
            "reference": _text(shown.reference),
            "consent": _text(consent),
        }
    return None


def _sent(fact: Known) -> Body | None:
    if not fact.released:
        return None
    for made in fact.released:
        if made.sent is Outcome.COMPLETED and made.sent_source is not None:
            at = made.sent_source.recorded_at.isoformat()
            return {"outcome": made.sent, "at": at, "disclosure": made.position}
    last = fact.released[-1]
    return {"outcome": last.sent or Outcome.UNKNOWN, "at": None, "disclosure": last.position}


def _received(fact: Known) -> Body | None:
    for made in fact.released:
        for source in made.received:
            return {"at": source.recorded_at.isoformat(), "disclosure": made.position}
    return None


def _acknowledgement(fact: Known) -> Body | None:
    if not fact.acknowledged:
        return None
    # One that stands, if there is one; the first that there was, if all are void.
    made = next((one for one in fact.acknowledged if not one.void), fact.acknowledged[0])
    return {
        "at": made.source.recorded_at.isoformat(),
        "position": made.source.position,
        "version": made.fact.version,
        "disclosure": made.fact.disclosure,
        "void": made.void,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def split(facts: Sequence[Known]) -> tuple[list[Known], list[Known]]:
    """Facts shown to the reader (or written by them), and those that were true and were not."""
    shown = [fact for fact in facts if fact.shown or fact.authored]
    return shown, [fact for fact in facts if not (fact.shown or fact.authored)]
