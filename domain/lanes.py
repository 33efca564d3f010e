"""Who may ever do what: disciplines, information categories, and the lane of each in the other.

The lane says the most that a discipline can ever do; consent narrows reading within it (see
`policy.py`). Nobody reads by lane alone.
"""

from enum import StrEnum, auto


class Discipline(StrEnum):
    """In what capacity somebody acts. One person may hold several and acts in one at a time."""

    PHYSIOTHERAPIST = auto()
    MASSAGE_THERAPIST = auto()
    TRAINER = auto()
    COORDINATOR = auto()
    CLIENT = auto()
    AUDITOR = auto()
    ANALYST = auto()
    ADMINISTRATOR = auto()
    EXTERNAL = auto()
    """A practitioner without an account, who was sent a link: reads what a referral encloses."""
    CLOCK = auto()
    """Whoever keeps the deadlines: decides what only time decides, and reads nothing."""


HELD_BY_NOBODY = frozenset({Discipline.EXTERNAL, Discipline.CLOCK})
"""In these nobody is registered and nobody signs in."""

REGULATED = frozenset({Discipline.PHYSIOTHERAPIST, Discipline.MASSAGE_THERAPIST})
"""Regulated clinicians: the only ones who may break the glass."""

PRACTITIONERS = REGULATED | {Discipline.TRAINER, Discipline.COORDINATOR}
"""Disciplines that a care team is made of."""


class Category(StrEnum):
    """Information category: what consent is asked for and given by."""

    IDENTITY = auto()
    CONTACT = auto()
    ALERTS = auto()
    GOALS = auto()
    RESTRICTIONS = auto()
    PROGRAMME = auto()
    FITNESS = auto()
    FUNCTION = auto()
    CLINICAL = auto()
    REFERRALS = auto()
    PROGRESS = auto()
    DISCUSSION = auto()
    COVERAGE = auto()
    MEDIA = auto()
    WEARABLES = auto()
    CONSENTS = auto()
    """Consents, locks and the care team itself: the client's own, and accountability. Whoever
    coordinates knows who is on the team, and that something of it waits for somebody."""


GRANTABLE = frozenset(Category) - {Category.CONSENTS}
"""What a client can grant. Consents themselves are read by the client and by auditors only; whoever
coordinates knows of them by a rule, and by no consent."""


class Lane(StrEnum):
    """One thing that a discipline can do with a category."""

    READ = auto()
    WRITE = auto()
    ACKNOWLEDGE = auto()
    HOLD = auto()
    """Place a provisional stop until a physiotherapist has looked."""
    CAUTION = auto()
    """Write restrictions of severity *caution* only."""
    EXISTENCE = auto()
    """Know that there are such items, and nothing of what they say."""
    INSTRUCTION = auto()
    """Read the instruction, not the condition behind it."""
    BY_NAME = auto()
    """Read only if the client's grant names this category for this reader."""
    OWN = auto()
    """Read, or write, only what concerns one's own work."""
    DATES = auto()
    """Read when, and nothing of what."""


class Purpose(StrEnum):
    """For what somebody reads or writes (HL7 PurposeOfUse, narrowed to what Tandem is used for)."""

    TREATMENT = auto()
    TRAINING = auto()
    COORDINATION = auto()
    AUDIT = auto()
    QUALITY = auto()
    RESEARCH = auto()
    SELF = auto()
    """The client about themselves. Never granted: it is theirs."""


def _lanes(**by_discipline: str) -> dict[Discipline, frozenset[Lane]]:
    return {
        Discipline(name): frozenset(Lane(word) for word in words.split())
        for name, words in by_discipline.items()
    }


_CLINICIANS_READ = {"physiotherapist": "read", "massage_therapist": "read"}

LANES: dict[Category, dict[Discipline, frozenset[Lane]]] = {
    Category.IDENTITY: _lanes(
        **_CLINICIANS_READ, trainer="read", coordinator="read write", client="read write"
    ),
    Category.CONTACT: _lanes(
        **_CLINICIANS_READ, trainer="read", coordinator="read write", client="read write"
    ),
    Category.ALERTS: _lanes(
        physiotherapist="read write",
        massage_therapist="read write",
        trainer="instruction",
        coordinator="existence",
        client="read write",
    ),
    Category.GOALS: _lanes(
        physiotherapist="read write",
        massage_therapist="read",
        trainer="read write",
        coordinator="read",
        client="read write",
    ),
    Category.RESTRICTIONS: _lanes(
        physiotherapist="read write",
        massage_therapist="read caution",
        trainer="read acknowledge hold",
        coordinator="existence",
        client="read acknowledge",
    ),
    Category.PROGRAMME: _lanes(
        physiotherapist="read write",
        massage_therapist="read own",
        trainer="read write",
        coordinator="dates",
        client="read own",
    ),
    Category.FITNESS: _lanes(
        physiotherapist="read write",
        massage_therapist="read",
        trainer="read write",
        client="read",
    ),
    Category.FUNCTION: _lanes(
        physiotherapist="read write",
        massage_therapist="read write",
        trainer="read own",
        client="read own",
    ),
    Category.CLINICAL: _lanes(
        physiotherapist="read write",
        massage_therapist="by_name",
        trainer="by_name",
        client="read",
    ),
    Category.REFERRALS: _lanes(
        physiotherapist="read write",
        massage_therapist="read write",
        trainer="read write",
        coordinator="read write",
        client="read own",
    ),
    Category.PROGRESS: _lanes(
        physiotherapist="read write",
        massage_therapist="read write",
        trainer="read write",
        coordinator="read",
        client="read",
    ),
    Category.DISCUSSION: _lanes(
        physiotherapist="read write",
        massage_therapist="read write",
        trainer="read write",
        coordinator="read",
        client="read",
    ),
    Category.COVERAGE: _lanes(
        physiotherapist="own",
        massage_therapist="own",
        trainer="own",
        coordinator="read write",
        client="read write",
    ),
    Category.MEDIA: _lanes(
        physiotherapist="read write",
        massage_therapist="read write",
        trainer="read write",
        client="read write",
    ),
    Category.WEARABLES: _lanes(physiotherapist="read", trainer="read", client="read write"),
    Category.CONSENTS: _lanes(coordinator="existence", client="read write"),
}
"""Rows of the table in the domain description; a discipline that is not named can do nothing."""

for _enclosable in (
    *(Category.IDENTITY, Category.CONTACT, Category.ALERTS, Category.GOALS),
    *(Category.RESTRICTIONS, Category.PROGRAMME, Category.FITNESS, Category.FUNCTION),
    *(Category.CLINICAL, Category.REFERRALS, Category.PROGRESS),
):
    # Of these a client can enclose something in a referral to somebody without an account.
    LANES[_enclosable][Discipline.EXTERNAL] = frozenset({Lane.READ})

READING = frozenset(
    {Lane.READ, Lane.EXISTENCE, Lane.INSTRUCTION, Lane.BY_NAME, Lane.OWN, Lane.DATES}
)


def lanes_of(discipline: Discipline, category: Category) -> frozenset[Lane]:
    """All that `discipline` can ever do with `category`; empty if nothing."""
    return LANES[category].get(discipline, frozenset())


def can_ever_read(discipline: Discipline, category: Category) -> bool:
    """Whether any consent could let `discipline` read something of `category`."""
    return bool(lanes_of(discipline, category) & READING)
