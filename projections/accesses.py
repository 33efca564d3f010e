"""Who has seen my data: in sentences for the client, and as data."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from domain.access import AccessRecord, Channel, Denied, Disclosure, ShownBasis
from domain.card import title
from domain.lanes import Category, Discipline, Purpose
from domain.record import CareRecord
from domain.scope import Rule, Scope
from domain.source import Source
from projections.sheet import Body, NothingToShow, Sheet, View

DISCIPLINE_WORDS = {
    Discipline.PHYSIOTHERAPIST: "your physiotherapist",
    Discipline.MASSAGE_THERAPIST: "your massage therapist",
    Discipline.TRAINER: "your trainer",
    Discipline.COORDINATOR: "your coordinator",
    Discipline.CLIENT: "you",
    Discipline.AUDITOR: "an auditor",
    Discipline.ANALYST: "an analyst",
    Discipline.ADMINISTRATOR: "an administrator",
    Discipline.EXTERNAL: "outside",
    Discipline.CLOCK: "the clock",
}
PURPOSE_WORDS = {
    Purpose.TREATMENT: "to treat you",
    Purpose.TRAINING: "to plan training",
    Purpose.COORDINATION: "to coordinate your care",
    Purpose.AUDIT: "to check how your data is handled",
    Purpose.QUALITY: "to improve quality of care",
    Purpose.RESEARCH: "for research",
    Purpose.SELF: "for yourself",
}
CATEGORY_WORDS = {
    Category.IDENTITY: "who you are",
    Category.CONTACT: "how to reach you",
    Category.ALERTS: "your alerts",
    Category.RESTRICTIONS: "your restrictions",
    Category.FITNESS: "how fit you are",
    Category.FUNCTION: "how well you move",
    Category.CLINICAL: "the clinical reasons",
    Category.REFERRALS: "your referral",
    Category.CONSENTS: "who was told what about you",
}


def accesses_view(
    accesses: Mapping[UUID, AccessRecord],
    names: Body,
    before: int | None,
    limit: int,
    record: CareRecord,
    scope: Scope,
    now: datetime,
) -> View:
    """The newest `limit` releases and refusals before log position `before` (None: the newest).

    `names`: what `people` says of the readers. One's own reading is left out.
    """
    sheet = Sheet(record, scope, now)
    if not sheet.opens(Category.CONSENTS):
        raise NothingToShow
    lines: list[Body] = []
    for reader, access in accesses.items():
        if reader != record.id:
            lines += [_seen(sheet, made, names) for made in access.disclosures.values()]
            lines += [_refused(sheet, denied, at, names) for denied, at in access.denials]
    lines.sort(key=lambda line: int(line["position"]), reverse=True)
    page = [line for line in lines if before is None or line["position"] < before][:limit]
    more = bool(page) and page[-1]["position"] != lines[-1]["position"]
    return sheet.view(
        {
            "view": "accesses",
            "client": str(record.id),
            "accesses": page,
            "next": page[-1]["position"] if more else None,
        }
    )


def _seen(sheet: Sheet, made: Disclosure, names: Body) -> Body:
    fact = made.fact
    return {
        "position": made.position,
        "at": made.source.recorded_at.isoformat(),
        "reader": sheet.mention(fact.reader),
        "acting_as": fact.acting_as,
        "purpose": fact.purpose,
        "view": fact.view,
        "channel": fact.channel,
        "categories": list(dict.fromkeys(shown.category for shown in fact.categories_shown)),
        "basis": [shown.model_dump(mode="json") for shown in fact.categories_shown],
        "sent": made.sent or "unknown",
        "received": bool(made.received),
        "sentence": _sentence(sheet, made, names),
    }


def _sentence(sheet: Sheet, made: Disclosure, names: Body) -> str:
    fact = made.fact
    who = _who(sheet, fact.reader, fact.acting_as, names)
    what = _what(sheet, made)
    how = " on paper" if fact.channel is Channel.PRINT else ""
    at = when(made.source.recorded_at)
    first = f"{who} saw {what}{how} on {at}, {PURPOSE_WORDS[fact.purpose]}."
    return f"{first} {_allowed(sheet, made)}".strip()


def _who(sheet: Sheet, reader: UUID, acting_as: Discipline, names: Body) -> str:
    if (sent := sheet.record.referrals.by_link(reader)) is not None:
        return f"{sent[1].sent_to}, who was sent a referral of yours,"
    person = names.get(str(reader))
    if person is None:
        return f"Somebody acting as {DISCIPLINE_WORDS[acting_as].removeprefix('your ')}"
    place = f" at {person['organisation']}" if person["organisation"] else ""
    return f"{person['name']}, {DISCIPLINE_WORDS[acting_as]}{place},"


def _what(sheet: Sheet, made: Disclosure) -> str:
    item = sheet.record.restrictions.items.get(made.fact.item) if made.fact.item else None
    if item is not None:
        return f"your {title(item.terms)} restriction"
    words = list(dict.fromkeys(_category(shown) for shown in made.fact.categories_shown))
    if not words:
        return "that there is nothing to see"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _category(shown: ShownBasis) -> str:
    if shown.rule is Rule.COORDINATION:
        return "who is on your care team"
    return CATEGORY_WORDS.get(shown.category, str(shown.category).replace("_", " "))


def _allowed(sheet: Sheet, made: Disclosure) -> str:
    for shown in made.fact.categories_shown:
        match shown.rule:
            case Rule.CONSENT if shown.reference is not None:
                given = sheet.record.consents.by_id.get(shown.reference)
                if given is not None:
                    return f"You allowed this on {day(given.granted.effective)}."
            case Rule.REFERRAL if shown.reference is not None:
                return _referred(sheet, made.fact.reader, shown.reference)
            case Rule.BREAK_GLASS:
                return "They declared an emergency; somebody else reviews it."
            case Rule.SAFETY_MINIMUM:
                return "Whoever trains you sees what keeps you safe, and nothing more."
            case Rule.COORDINATION:
                return "Whoever coordinates for you sees who works with you."
            case Rule.AUDIT:
                return "Auditors check who was told what."
            case Rule.OWN_FACTS:
                return "They had written it themselves."
    return ""


def _referred(sheet: Sheet, reader: UUID, referral: UUID) -> str:
    item = sheet.record.referrals.items.get(referral)
    if item is None or item.agreed is None or item.initiator == reader:
        return "They asked for this referral themselves."
    return f"You agreed to this referral on {day(item.agreed.effective)}."


def _refused(sheet: Sheet, denied: Denied, at: Source, names: Body) -> Body:
    who = _who(sheet, denied.reader, denied.acting_as, names).rstrip(",")
    return {
        "position": at.position,
        "at": at.recorded_at.isoformat(),
        "reader": sheet.mention(denied.reader),
        "acting_as": denied.acting_as,
        "purpose": denied.purpose,
        "view": denied.view,
        "refused": True,
        "sentence": f"{who} asked to see something on {when(at.recorded_at)} and saw nothing.",
    }


def when(at: datetime) -> str:
    """A moment as a person reads it: "Tue 3 Nov 2026 at 07:42 UTC"."""
    return f"{day(at)} at {at:%H:%M} {at.tzname() or 'UTC'}"


def day(at: datetime) -> str:
    """A day as a person reads it: "Tue 3 Nov 2026"."""
    return f"{at:%a} {at.day} {at:%b %Y}"
