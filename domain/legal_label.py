"""Legal labels: notices that travel with what they label on every way out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Self
from uuid import UUID

from pydantic import model_validator

from domain.actor import Actor
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import GRANTABLE, Category, Discipline, Lane, lanes_of
from domain.parties import is_client, require_member, require_open
from domain.refused import Refused
from domain.source import Source

if TYPE_CHECKING:
    from domain.record import CareRecord


class LegalLabel(StrEnum):
    """A notice that must go with what it labels. The wording is in WORDING."""

    REDISCLOSURE_PROHIBITED = "redisclosure-prohibited"
    SPECIALLY_PROTECTED = "specially-protected"
    NOT_FOR_INSURERS = "not-for-insurers"
    COURT_ORDER = "court-order"


WORDING: Mapping[LegalLabel, str] = {
    LegalLabel.REDISCLOSURE_PROHIBITED: (
        "You must not pass this information on without the client's written consent, unless the"
        " law requires it."
    ),
    LegalLabel.SPECIALLY_PROTECTED: "This information is specially protected by law.",
    LegalLabel.NOT_FOR_INSURERS: "This information must not be given to an insurer.",
    LegalLabel.COURT_ORDER: "This information is held or given out under a court order.",
}


class LabelAttached(
    Fact, type="legal-label.attached.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """A notice is put on the whole record, on a category, or on one item of that category."""

    attachment: UUID
    label: LegalLabel
    on_category: Category | None = None
    on_item: UUID | None = None

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if self.on_item and not self.on_category:
            raise ValueError("on_category: the one that the item belongs to")
        if self.on_category and self.on_category not in GRANTABLE:
            raise ValueError(f"on_category: one of {', '.join(sorted(GRANTABLE))}")
        return self


class LabelRemoved(
    Fact, type="legal-label.removed.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """A notice no longer holds."""

    attachment: UUID


@dataclass(frozen=True, slots=True)
class Attachment:
    """A notice and what it is on."""

    id: UUID
    label: LegalLabel
    category: Category | None
    item: UUID | None
    source: Source


@dataclass(frozen=True, slots=True)
class LegalLabels:
    """The notices that hold, by id of their attachment."""

    by_id: Mapping[UUID, Attachment] = field(default_factory=dict)

    def evolve(self, entry: Entry) -> Self:
        """The labels with one more entry."""
        match entry.fact:
            case LabelAttached(attachment=id, label=label, on_category=category, on_item=item):
                attached = Attachment(id, label, category, item, Source.of(entry))
                return replace(self, by_id={**self.by_id, id: attached})
            case LabelRemoved(attachment=removed):
                kept = {id: label for id, label in self.by_id.items() if id != removed}
                return replace(self, by_id=kept)
        return self


def attach_label(
    record: "CareRecord",
    by: Actor,
    attachment: UUID,
    label: LegalLabel,
    *,
    now: datetime,
    category: Category | None = None,
    item: UUID | None = None,
) -> list[Fact]:
    """Put a notice on the record, a category or an item: the client, the coordinators, and whoever
    on the team writes that category. Refuses `outside-lane`, `not-on-the-team`, `label-exists`."""
    _require_labelling(record, by, category)
    if attachment in record.consents.labels.by_id:
        raise Refused("label-exists")
    return [LabelAttached(attachment=attachment, label=label, on_category=category, on_item=item)]


def remove_label(record: "CareRecord", by: Actor, attachment: UUID, *, now: datetime) -> list[Fact]:
    """Take a notice off: whoever attached it, or a coordinator. Refuses `unknown-label`,
    `attacher-or-coordinator-only`, `not-on-the-team`."""
    if is_client(record, by):
        require_open(record)
    else:
        require_member(record, by)
    known = record.consents.labels.by_id.get(attachment)
    if known is None:
        raise Refused("unknown-label")
    if known.source.author != by.id and by.acting_as is not Discipline.COORDINATOR:
        raise Refused("attacher-or-coordinator-only")
    return [LabelRemoved(attachment=attachment)]


def _require_labelling(record: "CareRecord", by: Actor, category: Category | None) -> None:
    if is_client(record, by):
        require_open(record)
        return
    require_member(record, by)
    writes = category is not None and Lane.WRITE in lanes_of(by.acting_as, category)
    if not writes and by.acting_as is not Discipline.COORDINATOR:
        raise Refused("outside-lane", acting_as=by.acting_as)
