"""Whatever happened, in whatever order: what policy never does."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.break_glass import AT_MOST, BreakGlassDeclared, Emergency
from domain.consent import (
    ConsentAmended,
    ConsentConfirmed,
    ConsentGranted,
    ConsentWithdrawn,
    OralConsentRecorded,
)
from domain.consent_terms import CARE_PURPOSES, ConsentTerms
from domain.fact import fact_type
from domain.grantee import ToDiscipline, ToOrganisation, ToPractitioner
from domain.lanes import REGULATED, Category, Discipline, Lane, Purpose, can_ever_read, lanes_of
from domain.lock import ItemLocked, PartyLocked
from domain.policy import PREVIEWED, preview, scope
from domain.scope import Basis, Rule, Scope
from domain.team import MemberJoined, MemberLeft
from tests.domain.given import CLIENT, KNEE, MASSAGE, PHYSIO, STRANGER, happened, uid
from tests.domain.random_consent import (
    HIP,
    STEP,
    Told,
    end_of,
    histories,
    moments,
    people,
    questions,
    random_terms,
    tell,
)

ordinary = settings(max_examples=60, deadline=None)
later = st.integers(0, 180).map(lambda minutes: minutes * STEP)


def membership(history: list[Told], reader: Actor) -> MemberJoined | None:
    """The reader's membership, told from the facts and not from the folded team."""
    joined: MemberJoined | None = None
    for told in history:
        match told.fact:
            case MemberJoined(practitioner=who) as fact if who == reader.id:
                joined = fact
            case MemberLeft(practitioner=who) if who == reader.id:
                joined = None
    return joined


def terms_in_force(history: list[Told], consent: object, now: datetime) -> ConsentTerms | None:
    """What a consent says at `now`, told from the facts and not from the folded consents."""
    terms: ConsentTerms | None = None
    confirm_by: datetime | None = None
    for told in history:
        if getattr(told.fact, "consent", None) != consent:
            continue
        match told.fact:
            case ConsentGranted(terms=granted):
                terms, confirm_by = granted, None
            case OralConsentRecorded(terms=granted, confirm_by=until):
                terms, confirm_by = granted, until
            case ConsentAmended(terms=amended) if terms:
                terms, confirm_by = amended, None
            case ConsentConfirmed():
                confirm_by = None
            case ConsentWithdrawn():
                terms = None
    if terms is None or (confirm_by and confirm_by <= now):
        return None
    begun = terms.starts is None or terms.starts <= now
    return terms if begun and (terms.until is None or now < terms.until) else None


def names(
    history: list[Told],
    basis: Basis,
    reader: Actor,
    category: Category,
    purpose: Purpose,
    now: datetime,
) -> bool:
    """Whether the consent that `basis` refers to really names all this."""
    terms = terms_in_force(history, basis.reference, now)
    member = membership(history, reader)
    if terms is None or purpose not in terms.purposes or reader.id in terms.except_people:
        return False
    if category not in terms.categories or category in terms.except_categories:
        return False
    if purpose in CARE_PURPOSES and member is None:
        return False
    match terms.grantee:
        case ToPractitioner(practitioner=who):
            return who == reader.id
        case ToOrganisation(organisation=organisation):
            return member is not None and member.organisation == organisation
        case ToDiscipline(discipline=discipline):
            return member is not None and member.discipline is discipline


@ordinary
@given(histories(), questions(), later)
def test_nothing_is_permitted_that_no_consent_names(
    history: list[Told], asked: tuple[Actor, Purpose], after: timedelta
) -> None:
    reader, purpose = asked
    now = end_of(history) + after
    seen = scope(tell(history), reader, purpose, now)
    for category, basis in seen.categories.items():
        assert can_ever_read(reader.acting_as, category)
        assert basis.until is None or now < basis.until
        match basis.rule:
            case Rule.CONSENT:
                assert names(history, basis, reader, category, purpose, now)
            case Rule.SAFETY_MINIMUM:
                member = membership(history, reader)
                assert category is Category.RESTRICTIONS
                assert purpose is Purpose.TRAINING
                assert member is not None
                assert member.due_to_train
            case Rule.COORDINATION:
                assert category is Category.CONSENTS
                assert purpose is Purpose.COORDINATION
                assert membership(history, reader) is not None
                assert reader.acting_as is Discipline.COORDINATOR
            case Rule.BREAK_GLASS:
                assert reader.acting_as in REGULATED
                assert basis.until is not None
                assert basis.until <= end_of(history) + AT_MOST
            case rule:
                raise AssertionError(rule)
    for category, elsewhere in seen.excepted.items():
        for basis in filter(None, elsewhere.values()):
            assert names(history, basis, reader, category, purpose, now)


@ordinary
@given(histories(), questions(), moments)
def test_a_scope_is_total_and_each_category_either_open_or_withheld(
    history: list[Told], asked: tuple[Actor, Purpose], now: datetime
) -> None:
    reader, purpose = asked
    record = tell(history)
    for who in (reader, CLIENT, Actor(uid("aude"), Discipline.AUDITOR)):
        seen = scope(record, who, purpose, now)
        assert set(seen.categories) | set(seen.withheld) == set(Category)
        assert not set(seen.categories) & set(seen.withheld)
        assert set(seen.excepted) <= set(seen.categories)
        assert seen.unmentioned <= set(seen.hidden)
    assert set(scope(record, CLIENT, Purpose.SELF, now).categories) == set(Category)


@ordinary
@given(histories(), questions(), later)
def test_withdrawing_every_consent_leaves_none_to_read_by(
    history: list[Told], asked: tuple[Actor, Purpose], after: timedelta
) -> None:
    reader, purpose = asked
    record = tell(history)
    gone = happened(record, CLIENT, *(ConsentWithdrawn(consent=id) for id in record.consents.by_id))
    seen = scope(gone, reader, purpose, end_of(history) + after)
    assert all(basis.rule is not Rule.CONSENT for basis in seen.categories.values())


@ordinary
@given(histories(), questions(), later, st.floats(0, 1))
def test_nothing_closes_by_itself_before_the_instant_that_the_scope_names(
    history: list[Told], asked: tuple[Actor, Purpose], after: timedelta, part: float
) -> None:
    reader, purpose = asked
    record, now = tell(history), end_of(history) + after
    seen = scope(record, reader, purpose, now)
    ends = seen.not_after or now + 999 * STEP
    assert now < ends
    then = now + part * (ends - now) * 0.999
    assert opens_at_least(scope(record, reader, purpose, then), seen)
    for consent in record.consents:
        if consent.ends:
            used = scope(record, reader, purpose, consent.ends).categories.values()
            assert Basis(Rule.CONSENT, consent.id, consent.ends) not in used


@ordinary
@given(histories(), questions(), later, random_terms())
def test_granting_never_closes_anything(
    history: list[Told], asked: tuple[Actor, Purpose], after: timedelta, more: ConsentTerms
) -> None:
    reader, purpose = asked
    record, now = tell(history), end_of(history) + after
    before = scope(record, reader, purpose, now)
    grant = ConsentGranted(consent=uid("one more"), terms=more)
    assert opens_at_least(scope(happened(record, CLIENT, grant), reader, purpose, now), before)


def opens_at_least(larger: Scope, smaller: Scope) -> bool:
    """Whether whatever `smaller` shows, of whomever and of whatever item, `larger` shows too."""
    seen = [
        (one.sees(category, item=item, author=author), one.sees_minimum(KNEE, author=author))
        for one in (smaller, larger)
        for category in Category
        for item in (None, KNEE, HIP)
        for author in (PHYSIO.id, MASSAGE.id, STRANGER.id)
    ]
    half = len(seen) // 2
    pairs = zip(seen[:half], seen[half:], strict=True)
    return all(
        after is not None or before is None
        for small, large in pairs
        for before, after in zip(small, large, strict=True)
    )


@ordinary
@given(histories(), people, st.sampled_from(Emergency), st.booleans())
def test_a_lock_goes_before_broken_glass_but_for_danger_to_life(
    history: list[Told], reader: Actor, reason: Emergency, whole: bool
) -> None:
    now = end_of(history)
    declared = BreakGlassDeclared(declaration=uid("y"), reason=reason, until=now + AT_MOST)
    open_record = happened(tell(history), reader, declared, at=now)
    locked = (
        PartyLocked(lock=uid("z"), party=ToPractitioner(practitioner=reader.id))
        if whole
        else ItemLocked(lock=uid("z"), item=KNEE)
    )
    seen = scope(happened(open_record, CLIENT, locked, at=now), reader, Purpose.TREATMENT, now)

    glass = open_record.consents.break_glass.by(reader, now)
    life = glass is not None and glass.reason is Emergency.DANGER_TO_LIFE
    assert (reader.acting_as in REGULATED) or not life
    rules = {basis.rule for basis in seen.categories.values()}
    knee = seen.sees(Category.RESTRICTIONS, item=KNEE, author=reader.id)
    if life:
        assert knee is not None
        assert knee.rule is Rule.BREAK_GLASS
        assert not whole or rules == {Rule.BREAK_GLASS}
    else:
        assert knee is None
        assert seen.sees_minimum(KNEE, author=reader.id) is None
        assert not whole or seen.empty


@ordinary
@given(histories(), questions(), later)
def test_an_author_reads_no_more_than_their_own(
    history: list[Told], asked: tuple[Actor, Purpose], after: timedelta
) -> None:
    reader, purpose = asked
    seen = scope(tell(history), reader, purpose, end_of(history) + after)
    for category in set(Category) - set(seen.categories):
        assert seen.sees(category, item=HIP, author=uid("somebody else")) is None
        own = seen.sees(category, item=uid("other"), author=reader.id)
        assert own in (None, Basis(Rule.OWN_FACTS))
    if seen.own_facts:
        wrote = {PHYSIO.id, MASSAGE.id} | {uid("cleo")}
        assert reader.id in wrote


@ordinary
@given(histories(), questions(), later)
def test_what_opens_only_by_name_opens_by_name(
    history: list[Told], asked: tuple[Actor, Purpose], after: timedelta
) -> None:
    reader, purpose = asked
    record = tell(history)
    seen = scope(record, reader, purpose, end_of(history) + after)
    for category, basis in seen.categories.items():
        if Lane.BY_NAME in lanes_of(reader.acting_as, category):
            assert basis.reference is not None
            grantee = record.consents.by_id[basis.reference].terms.grantee
            assert grantee == ToPractitioner(practitioner=reader.id)


@ordinary
@given(histories(), people, later, random_terms())
def test_a_preview_is_what_the_grant_then_opens(
    history: list[Told], reader: Actor, after: timedelta, terms: ConsentTerms
) -> None:
    record, now = tell(history), end_of(history) + after
    previewed = preview(record, terms, reader, now)
    grant = ConsentGranted(consent=PREVIEWED, terms=terms)
    assert previewed == scope(
        happened(record, CLIENT, grant, at=now), reader, previewed.purpose, now
    )


@ordinary
@given(histories())
def test_facts_are_stored_and_read_back_the_same(history: list[Told]) -> None:
    for told in history:
        stored = told.fact.model_dump_json()
        assert fact_type(told.fact.type).model_validate_json(stored) == told.fact
