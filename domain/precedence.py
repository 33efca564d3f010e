"""The one precedence table: what decides whether something may be read, and in which order.

The first row that applies decides. It is data: `policy.py` walks it, tests walk it, and the
documentation prints it.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from domain.scope import Rule, Withheld


class Step(StrEnum):
    """What a row asks."""

    ERASED = auto()
    NOT_ENROLLED = auto()
    STANDING_ENDED = auto()
    DANGER_TO_LIFE = auto()
    LOCKED = auto()
    BREAK_GLASS = auto()
    SELF = auto()
    AUDIT = auto()
    CONSENT = auto()
    REFERRAL = auto()
    SAFETY_MINIMUM = auto()
    COORDINATOR = auto()
    AUTHOR = auto()
    NOTHING = auto()


class Tier(StrEnum):
    """The precedence that a row belongs to, strongest first."""

    FENCE = auto()
    LIFE = auto()
    """The one break-glass before which an explicit lock yields."""
    LOCK = auto()
    BREAK_GLASS = auto()
    PERMIT = auto()
    AUTHOR = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """One row. A row with `withheld` denies, with that code; one with `rule` permits, by it."""

    step: Step
    tier: Tier
    applies: str
    withheld: Withheld | None = None
    rule: Rule | None = None


TABLE: tuple[Row, ...] = (
    Row(
        Step.ERASED,
        Tier.FENCE,
        "the client has been erased",
        withheld=Withheld.ERASED,
    ),
    Row(
        Step.NOT_ENROLLED,
        Tier.FENCE,
        "there is no such client",
        withheld=Withheld.NO_CONSENT,
    ),
    Row(
        Step.STANDING_ENDED,
        Tier.FENCE,
        "the reader is suspended, has left, or their credential has expired",
        withheld=Withheld.NOT_IN_GOOD_STANDING,
    ),
    Row(
        Step.DANGER_TO_LIFE,
        Tier.LIFE,
        "the reader, a regulated clinician, has declared a danger to life (their lane only)",
        rule=Rule.BREAK_GLASS,
    ),
    Row(
        Step.LOCKED,
        Tier.LOCK,
        "the client has locked the reader out, or (for one item) that item",
        withheld=Withheld.LOCKED,
    ),
    Row(
        Step.BREAK_GLASS,
        Tier.BREAK_GLASS,
        "the reader, a regulated clinician, has broken the glass (their lane only)",
        rule=Rule.BREAK_GLASS,
    ),
    Row(
        Step.SELF,
        Tier.PERMIT,
        "the reader is the client",
        rule=Rule.SELF,
    ),
    Row(
        Step.AUDIT,
        Tier.PERMIT,
        "the reader is an auditor with an open case on this client",
        rule=Rule.AUDIT,
    ),
    Row(
        Step.CONSENT,
        Tier.PERMIT,
        "a consent in force names the reader, the category and the purpose, does not except it,"
        " and the reader is on the care team (their lane only)",
        rule=Rule.CONSENT,
    ),
    Row(
        Step.REFERRAL,
        Tier.PERMIT,
        "the client agreed to send the reader a referral that is under way, with the category"
        " enclosed (their lane only, on the care team or not)",
        rule=Rule.REFERRAL,
    ),
    Row(
        Step.SAFETY_MINIMUM,
        Tier.PERMIT,
        "the reader is due to train the client, who has not refused it (restrictions only)",
        rule=Rule.SAFETY_MINIMUM,
    ),
    Row(
        Step.COORDINATOR,
        Tier.PERMIT,
        "the reader coordinates for the client (who is on the care team, and that something of"
        " consents waits for somebody)",
        rule=Rule.COORDINATION,
    ),
    Row(
        Step.AUTHOR,
        Tier.AUTHOR,
        "the reader wrote it and has not left the care team (their own facts only)",
        rule=Rule.OWN_FACTS,
    ),
    Row(
        Step.NOTHING,
        Tier.NOTHING,
        "otherwise",
        withheld=Withheld.NO_CONSENT,
    ),
)
"""Fences > locks > break-glass > permits > author > nothing, with danger to life before locks.

An exception in a consent is no denial: it only narrows that consent, and rows below still apply.
"""
