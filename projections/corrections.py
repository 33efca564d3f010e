"""Who is to be told that something was wrong: everybody to whom the wrong value was released.

Pure: rests on what was disclosed, not on who may read today. Whoever has since been shown what is
right has been told already, and is named with the disclosure that did.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.access import AccessRecord, Disclosure
from domain.assessment_part import AssessmentPart, Correction
from domain.lanes import Discipline
from domain.record import CareRecord

HISTORIC = frozenset({"past-chart", "screen"})
"""Views that show the record as it was, whatever it is now."""


@dataclass(frozen=True, slots=True)
class ToInform:
    """One reader to whom something wrong was released. `first` and `last` are the releases of it,
    `told` the first release of what is right, if there was one; `outstanding` those of the wrong
    ones of which a copy may still be out."""

    reader: UUID
    acting_as: Discipline
    first: Disclosure
    last: Disclosure
    told: Disclosure | None
    outstanding: tuple[Disclosure, ...]


def to_inform(
    correction: Correction, accesses: Mapping[UUID, AccessRecord], now: datetime
) -> tuple[ToInform, ...]:
    """Everybody to whom what the correction puts right was released, by when they first had it.

    Whoever made the correction knows of it. `accesses`: of everybody to whom anything was released.
    """
    author = correction.remark.source.author
    found = [
        _reader(reader, wrong, correction, access, now)
        for reader, access in accesses.items()
        if reader != author and (wrong := _wrong(correction, access))
    ]
    return tuple(sorted(found, key=lambda one: one.first.position))


def corrections(record: CareRecord) -> Iterator[tuple[UUID, AssessmentPart, Correction]]:
    """Every correction and retraction of an assessment, with the part that it is of."""
    for assessment, part in record.assessments.every_part():
        yield from ((assessment, part, correction) for correction in part.corrections)


def _reader(
    reader: UUID,
    wrong: list[Disclosure],
    correction: Correction,
    access: AccessRecord,
    now: datetime,
) -> ToInform:
    told = access.released(correction.version)
    return ToInform(
        reader=reader,
        acting_as=wrong[-1].fact.acting_as,
        first=wrong[0],
        last=wrong[-1],
        told=told[0] if told else None,
        outstanding=tuple(made for made in wrong if made.outstanding(now)),
    )


def _wrong(correction: Correction, access: AccessRecord) -> list[Disclosure]:
    return [made for made in access.disclosures.values() if _told_wrong(correction, made)]


def _told_wrong(correction: Correction, made: Disclosure) -> bool:
    """Whether the wrong value was in it: it showed a fact that told it, and was made of a record
    that did not know better yet."""
    if not any(made.shows(version) for version in correction.wrong):
        return False
    before = made.fact.record_version < correction.version
    historic = made.fact.view in HISTORIC and not made.shows(correction.version)
    return before or historic
