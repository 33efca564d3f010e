"""Policy: what one reader may see of one client, for one purpose, at one moment; and why.

It is pure, and rests on nothing but facts marked `policy=True`, the reader's standing, the clock,
and (for `own_facts`) what the reader wrote. What it rests on is what a disclosure is guarded
against; `Scope.not_after` is when the clock alone would take something away. The order of its
rules is in `precedence.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from domain.actor import DEFAULT_PURPOSE, Actor
from domain.auditing import AuditCase
from domain.consent import Consent, ConsentAmended, ConsentGranted
from domain.consent_terms import ConsentTerms
from domain.entry import Entry
from domain.lanes import Category, Purpose
from domain.legal_label import Attachment
from domain.record import CareRecord
from domain.refused import Refused
from domain.scope import Basis, Rule, Scope, Withheld
from domain.verdict import (
    Question,
    consent_bases,
    decide,
    locked_items,
    minimum,
    own_referrals,
    permitting,
    question,
    reads_own,
    referral_basis,
)

PREVIEWED = UUID(int=0)
"""The id that a consent has while it is only being previewed."""


def scope(
    record: CareRecord,
    reader: Actor,
    purpose: Purpose,
    now: datetime,
    *,
    audit_case: AuditCase | None = None,
) -> Scope:
    """What `reader` may see of `record` for `purpose` at `now`. Never raises.

    `audit_case` is the one that an auditor has open on this client, from the access record that
    is theirs and the client's; it opens content to nobody else.
    """
    asked = question(record, reader, purpose, now, audit_case)
    verdicts = {category: decide(asked, category) for category in Category}
    open_by = {c: basis for c, basis in verdicts.items() if isinstance(basis, Basis)}
    excepted = _excepted(asked, open_by)
    locked = locked_items(asked)
    items = own_referrals(asked)
    otherwise = [basis for each in excepted.values() for basis in each.values() if basis]
    bases = (*open_by.values(), *otherwise, *items.values())
    ends = [reader.not_after, *(basis.until for basis in bases)]
    restrictions = open_by.get(Category.RESTRICTIONS)
    permitted = Scope(
        reader=reader.id,
        acting_as=reader.acting_as,
        purpose=purpose,
        categories=open_by,
        withheld={c: code for c, code in verdicts.items() if isinstance(code, Withheld)},
        items=items,
        hidden=dict.fromkeys(locked, Withheld.LOCKED),
        unmentioned=frozenset(item for item, silent in locked.items() if silent),
        excepted=excepted,
        own_facts=reads_own(asked),
        safety_minimum=restrictions is not None and restrictions.rule is Rule.SAFETY_MINIMUM,
        minimum=minimum(asked) if restrictions else None,
        not_after=min((end for end in ends if end), default=None),
    )
    return replace(permitted, labels=_labels(permitted, record.consents.labels.by_id.values()))


def _excepted(
    asked: Question, open_by: Mapping[Category, Basis]
) -> dict[Category, dict[UUID, Basis | None]]:
    """For each category open by consent, the items that the consent leaves out: the basis of
    another consent that does not, or of a referral that encloses the category, or None. An
    exception narrows its own consent only."""
    excepted: dict[Category, dict[UUID, Basis | None]] = {}
    for category, basis in open_by.items():
        if basis.rule is not Rule.CONSENT:
            continue
        granting = consent_bases(asked, category)
        first, _ = next(granting)
        others = list(granting) if first.terms.except_items else []
        for item in first.terms.except_items:
            covering = (b for consent, b in others if item not in consent.terms.except_items)
            otherwise = next(covering, None) or referral_basis(asked, category)
            excepted.setdefault(category, {})[item] = otherwise
    return excepted


def _labels(permitted: Scope, attached: Iterable[Attachment]) -> tuple[str, ...]:
    """The legal labels on anything that may be shown, each once, in their order of attachment."""
    return tuple(dict.fromkeys(each.label.value for each in attached if _travels(permitted, each)))


def _travels(permitted: Scope, attachment: Attachment) -> bool:
    if attachment.category is None:
        return not permitted.empty
    if attachment.item is not None and attachment.item in permitted.hidden:
        return False
    if attachment.category is Category.RESTRICTIONS and permitted.minimum:
        return True  # if only with the safety minimum
    basis = permitted.sees(attachment.category, item=attachment.item, author=permitted.reader)
    return basis is not None


def preview(
    record: CareRecord,
    terms: ConsentTerms,
    grantee: Actor,
    now: datetime,
    *,
    purpose: Purpose | None = None,
    instead_of: UUID | None = None,
) -> Scope:
    """The scope that `grantee` would have if the client granted `terms` now.

    `purpose`: their usual one if the terms allow it, else the first that they allow.
    `instead_of`: the consent that the terms would amend. Refuses `unknown-consent`.
    """
    usual = DEFAULT_PURPOSE[grantee.acting_as]
    chosen = purpose or (usual if usual in terms.purposes else terms.purposes[0])
    if instead_of is not None and instead_of not in record.consents.by_id:
        raise Refused("unknown-consent")
    supposed = Entry(
        stream=record.id,
        version=record.version + 1,
        fact=ConsentGranted(consent=PREVIEWED, terms=terms)
        if instead_of is None
        else ConsentAmended(consent=instead_of, terms=terms),
        by=Actor.client(record.id).authorship(now),
        recorded_at=now,
        position=record.position + 1,
    )
    return scope(record.evolve(supposed), grantee, chosen, now)


@dataclass(frozen=True, slots=True)
class WithdrawalEffect:
    """What became of one reader when a consent ended.

    `remaining` are the other consents that still permit them something for this purpose; `open`
    what they may still see, on whatever basis.
    """

    consent: Consent
    remaining: tuple[Consent, ...]
    open: Mapping[Category, Basis]


def withdrawal_effect(
    record: CareRecord, consent: UUID, reader: Actor, purpose: Purpose, now: datetime
) -> WithdrawalEffect:
    """What `reader` is left with after `consent` was withdrawn. Refuses `unknown-consent`."""
    withdrawn = record.consents.by_id.get(consent)
    if withdrawn is None:
        raise Refused("unknown-consent")
    left = permitting(record, reader, purpose, now)
    return WithdrawalEffect(
        consent=withdrawn,
        remaining=tuple(other for other in left if other.id != consent),
        open=scope(record, reader, purpose, now).categories,
    )
