from datetime import datetime
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.auditing import AuditCase, AuditReason
from domain.clearance import require_clearance
from domain.consent import ConsentAmended, ConsentWithdrawn, OralConsentRecorded
from domain.grantee import ToDiscipline, ToOrganisation, ToPractitioner
from domain.lanes import GRANTABLE, Category, Discipline, Purpose
from domain.legal_label import LabelAttached, LegalLabel
from domain.lock import ItemLocked, PartyLocked
from domain.policy import PREVIEWED, preview, scope, withdrawal_effect
from domain.precedence import TABLE, Step, Tier
from domain.record import CareRecord
from domain.refused import Refused
from domain.safety import SafetyMinimumRefused
from domain.scope import Basis, Rule, Withheld
from domain.source import Source
from domain.team import Departure, MemberLeft
from domain.verdict import DENIES, PERMITS
from tests.domain.given import (
    AUDITOR,
    CLIENT,
    CLINIC,
    COORDINATOR,
    DAY,
    GYM,
    HOUR,
    IDENTITY,
    KNEE,
    MASSAGE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    enrolled,
    granted,
    happened,
    joined,
    restricted,
    terms,
    uid,
    with_team,
)

MAY = uid("may")
ALL = tuple(sorted(GRANTABLE))
TREATMENT, TRAINING = Purpose.TREATMENT, Purpose.TRAINING


def left(record: CareRecord, who: Actor) -> CareRecord:
    return happened(record, CLIENT, MemberLeft(practitioner=who.id, reason=Departure.CLIENT_ASKED))


def case(client: Actor = CLIENT, auditor: Actor = AUDITOR) -> AuditCase:
    opened = Source(1, 1, auditor.id, Discipline.AUDITOR, NOW, NOW)
    return AuditCase(uid("case"), client.id, auditor.id, AuditReason.COMPLAINT, NOW + DAY, opened)


def test_without_consent_nobody_reads_anything() -> None:
    record = restricted(with_team(), by=MASSAGE)
    for reader, purpose in (
        (PHYSIO, TREATMENT),
        (TRAINER, TREATMENT),
        (STRANGER, TREATMENT),
        (AUDITOR, Purpose.AUDIT),
        (Actor(uid("ana"), Discipline.ANALYST), Purpose.QUALITY),
        (Actor.client(uid("another")), Purpose.SELF),
    ):
        seen = scope(record, reader, purpose, NOW)
        assert seen.empty
        assert set(seen.withheld) == set(Category)


def test_the_client_reads_everything_and_always() -> None:
    record = happened(
        with_team(), CLIENT, ItemLocked(lock=uid("lock"), item=KNEE), SafetyMinimumRefused()
    )
    seen = scope(record, CLIENT, Purpose.SELF, NOW)
    assert dict(seen.categories) == dict.fromkeys(Category, Basis(Rule.SELF))
    assert seen.hidden == {}
    assert seen.not_after is None
    assert scope(record, CLIENT, TREATMENT, NOW).empty


def test_a_consent_opens_what_it_names_for_the_purposes_it_names() -> None:
    what = terms(PHYSIO, Category.GOALS, Category.FITNESS, purposes=[TREATMENT], until=NOW + DAY)
    record = granted(with_team(), "may", what)

    seen = scope(record, PHYSIO, TREATMENT, NOW)

    because = Basis(Rule.CONSENT, MAY, NOW + DAY)
    assert dict(seen.categories) == {Category.GOALS: because, Category.FITNESS: because}
    assert seen.withheld[Category.CLINICAL] is Withheld.NO_CONSENT
    assert seen.withheld[Category.CONSENTS] is Withheld.OUTSIDE_LANE
    assert seen.not_after == NOW + DAY
    assert scope(record, PHYSIO, TRAINING, NOW).empty
    assert scope(record, TRAINER, TREATMENT, NOW).empty
    assert scope(record, PHYSIO, TREATMENT, NOW + DAY).empty


def test_the_lane_narrows_what_a_consent_opens() -> None:
    record = granted(with_team(), "may", terms(COORDINATOR, *ALL))
    seen = scope(record, COORDINATOR, Purpose.COORDINATION, NOW)
    assert seen.withheld[Category.FITNESS] is Withheld.OUTSIDE_LANE
    assert seen.withheld[Category.CLINICAL] is Withheld.OUTSIDE_LANE
    assert Category.RESTRICTIONS in seen.categories


@pytest.mark.parametrize(
    ("grantee", "opens"),
    [
        (ToDiscipline(discipline=Discipline.TRAINER), False),
        (ToOrganisation(organisation=GYM), False),
        (ToPractitioner(practitioner=TRAINER.id), True),
    ],
)
def test_clinical_opens_to_a_trainer_only_by_name(
    grantee: ToDiscipline | ToOrganisation | ToPractitioner, opens: bool
) -> None:
    record = granted(with_team(), "may", terms(grantee, Category.CLINICAL, Category.FITNESS))
    seen = scope(record, TRAINER, TRAINING, NOW)
    assert (Category.CLINICAL in seen.categories) is opens
    assert Category.FITNESS in seen.categories


@pytest.mark.parametrize(
    ("grantee", "readers"),
    [
        (ToOrganisation(organisation=CLINIC), {PHYSIO, MASSAGE, COORDINATOR}),
        (ToDiscipline(discipline=Discipline.PHYSIOTHERAPIST), {PHYSIO}),
        (ToPractitioner(practitioner=TRAINER.id), {TRAINER}),
        (ToPractitioner(practitioner=STRANGER.id), set()),
    ],
)
def test_whom_a_grantee_means(
    grantee: ToDiscipline | ToOrganisation | ToPractitioner, readers: set[Actor]
) -> None:
    record = granted(with_team(), "may", terms(grantee, Category.GOALS))
    everyone = (PHYSIO, MASSAGE, TRAINER, COORDINATOR, STRANGER)
    reading = {who for who in everyone if scope(record, who, TREATMENT, NOW).categories}
    assert reading == readers


def test_an_organisations_consent_reaches_only_who_is_rostered_through_it() -> None:
    elsewhere = Actor(uid("ed"), Discipline.PHYSIOTHERAPIST, 1, organisation=CLINIC)
    record = granted(with_team(), "may", terms(ToOrganisation(organisation=CLINIC), Category.GOALS))
    assert scope(record, elsewhere, TREATMENT, NOW).empty
    assert not scope(joined(record, elsewhere), elsewhere, TREATMENT, NOW).empty


def test_a_consent_to_an_organisation_needs_the_roster_and_not_only_the_employer() -> None:
    of_the_clinic_through_the_gym = Actor(uid("ed"), Discipline.TRAINER, 1, organisation=GYM)
    record = joined(with_team(), of_the_clinic_through_the_gym)
    now_at_the_clinic = Actor(uid("ed"), Discipline.TRAINER, 2, organisation=CLINIC)
    record = granted(record, "may", terms(ToOrganisation(organisation=CLINIC), Category.GOALS))
    assert not scope(record, now_at_the_clinic, TREATMENT, NOW).categories


def test_of_two_consents_the_longer_is_the_basis() -> None:
    record = granted(with_team(), "short", terms(PHYSIO, Category.GOALS, until=NOW + HOUR))
    record = granted(record, "may", terms(PHYSIO, Category.GOALS, until=NOW + DAY))
    seen = scope(record, PHYSIO, TREATMENT, NOW)
    assert seen.categories[Category.GOALS] == Basis(Rule.CONSENT, MAY, NOW + DAY)


def test_leaving_the_team_ends_reading_even_by_name() -> None:
    record = restricted(with_team())
    record = granted(record, "may", terms(PHYSIO, *ALL, purposes=[TREATMENT, Purpose.QUALITY]))
    gone = left(record, PHYSIO)
    for purpose in Purpose:
        assert scope(gone, PHYSIO, purpose, NOW).empty
    assert not scope(joined(gone, PHYSIO), PHYSIO, TREATMENT, NOW).empty


def test_one_reads_in_the_discipline_in_which_one_is_on_the_team() -> None:
    record = granted(with_team(), "may", terms(TRAINER, *ALL))
    also_physio = Actor(TRAINER.id, Discipline.PHYSIOTHERAPIST, 1)
    assert scope(record, also_physio, TREATMENT, NOW).empty


def test_withdrawing_closes_and_amending_changes_what_is_open() -> None:
    record = granted(with_team(), "may", terms(PHYSIO, Category.GOALS))
    amended = happened(
        record, CLIENT, ConsentAmended(consent=MAY, terms=terms(PHYSIO, Category.FITNESS))
    )
    assert set(scope(amended, PHYSIO, TREATMENT, NOW).categories) == {Category.FITNESS}
    withdrawn = happened(amended, CLIENT, ConsentWithdrawn(consent=MAY))
    assert scope(withdrawn, PHYSIO, TREATMENT, NOW).empty


def test_an_oral_consent_bounds_what_is_released_by_its_confirmation() -> None:
    fact = OralConsentRecorded(
        consent=MAY,
        terms=terms(PHYSIO, Category.GOALS),
        recorder=COORDINATOR.id,
        witness=TRAINER.id,
        confirm_by=NOW + DAY,
    )
    record = happened(with_team(), COORDINATOR, fact)
    assert scope(record, PHYSIO, TREATMENT, NOW).not_after == NOW + DAY
    assert scope(record, PHYSIO, TREATMENT, NOW + DAY).empty


def test_exceptions_of_categories_and_people_narrow_a_consent() -> None:
    what = terms(
        ToOrganisation(organisation=CLINIC),
        Category.GOALS,
        Category.CLINICAL,
        except_categories=(Category.CLINICAL,),
        except_people=(MASSAGE.id,),
    )
    record = granted(with_team(), "may", what)
    seen = scope(record, PHYSIO, TREATMENT, NOW)
    assert set(seen.categories) == {Category.GOALS}
    assert seen.withheld[Category.CLINICAL] is Withheld.EXCEPTED
    assert scope(record, MASSAGE, TREATMENT, NOW).empty


def test_an_excepted_item_is_shown_on_another_consent_or_not_at_all() -> None:
    goal, other = uid("goal"), uid("other goal")
    record = granted(with_team(), "may", terms(PHYSIO, Category.GOALS, except_items=(goal,)))
    seen = scope(record, PHYSIO, TREATMENT, NOW)
    assert seen.sees(Category.GOALS, item=goal) is None
    assert seen.sees(Category.GOALS, item=other) == Basis(Rule.CONSENT, MAY)

    record = granted(
        record, "also", terms(PHYSIO, Category.GOALS, except_items=(other,), until=NOW + DAY)
    )
    seen = scope(record, PHYSIO, TREATMENT, NOW)
    assert seen.sees(Category.GOALS, item=goal) == Basis(Rule.CONSENT, uid("also"), NOW + DAY)
    assert seen.sees(Category.GOALS, item=other) == Basis(Rule.CONSENT, MAY)
    assert seen.not_after == NOW + DAY


def test_a_lock_goes_before_a_consent() -> None:
    record = granted(restricted(with_team()), "may", terms(PHYSIO, *ALL))
    party = ToPractitioner(practitioner=PHYSIO.id)
    item = happened(
        record, CLIENT, ItemLocked(lock=uid("lock"), item=KNEE, party=party, silent=True)
    )
    seen = scope(item, PHYSIO, TREATMENT, NOW)
    assert seen.hidden == {KNEE: Withheld.LOCKED}
    assert seen.unmentioned == {KNEE}
    assert seen.sees(Category.RESTRICTIONS, item=KNEE, author=PHYSIO.id) is None
    assert seen.sees_minimum(KNEE, author=PHYSIO.id) is None

    out = happened(record, CLIENT, PartyLocked(lock=uid("lock"), party=party))
    seen = scope(out, PHYSIO, TREATMENT, NOW)
    assert seen.empty
    assert set(seen.withheld.values()) == {Withheld.LOCKED}


@pytest.mark.parametrize(
    "reader",
    [
        Actor(PHYSIO.id, Discipline.PHYSIOTHERAPIST, good_standing=False),
        Actor(PHYSIO.id, Discipline.PHYSIOTHERAPIST, not_after=NOW),
    ],
)
def test_who_is_not_in_good_standing_reads_nothing(reader: Actor) -> None:
    record = granted(restricted(with_team()), "may", terms(PHYSIO, *ALL))
    seen = scope(record, reader, TREATMENT, NOW)
    assert seen.empty
    assert set(seen.withheld.values()) == {Withheld.NOT_IN_GOOD_STANDING}


def test_a_credential_that_will_expire_bounds_what_is_released() -> None:
    licensed = Actor(PHYSIO.id, Discipline.PHYSIOTHERAPIST, not_after=NOW + HOUR)
    record = granted(with_team(), "may", terms(PHYSIO, *ALL, until=NOW + DAY))
    assert scope(record, licensed, TREATMENT, NOW).not_after == NOW + HOUR


def test_of_an_erased_or_unknown_client_nothing_is_open_to_anybody() -> None:
    erased = CareRecord(CLIENT.id, version=9, erased=True)
    for record in (erased, CareRecord(CLIENT.id)):
        for reader, purpose in ((CLIENT, Purpose.SELF), (PHYSIO, TREATMENT)):
            assert scope(record, reader, purpose, NOW).empty
        assert scope(record, AUDITOR, Purpose.AUDIT, NOW, audit_case=case()).empty
    assert set(scope(erased, CLIENT, Purpose.SELF, NOW).withheld.values()) == {Withheld.ERASED}


def test_an_author_reads_their_own_facts_and_no_others() -> None:
    record = restricted(with_team())
    seen = scope(record, PHYSIO, TREATMENT, NOW)
    assert not seen.empty
    assert seen.sees(Category.RESTRICTIONS, item=KNEE, author=PHYSIO.id) == Basis(Rule.OWN_FACTS)
    assert seen.sees(Category.RESTRICTIONS, item=uid("hip"), author=MASSAGE.id) is None
    assert scope(left(record, PHYSIO), PHYSIO, TREATMENT, NOW).empty


def test_whoever_enrolled_reads_what_they_wrote_down() -> None:
    record = enrolled()
    assert record.client.identity == IDENTITY
    seen = scope(record, COORDINATOR, Purpose.COORDINATION, NOW)
    assert seen.sees(Category.IDENTITY, author=COORDINATOR.id) == Basis(Rule.OWN_FACTS)


def test_whoever_trains_the_client_sees_the_safety_minimum() -> None:
    record = restricted(with_team())
    seen = scope(record, TRAINER, TRAINING, NOW)
    assert dict(seen.categories) == {Category.RESTRICTIONS: Basis(Rule.SAFETY_MINIMUM)}
    assert seen.safety_minimum
    assert not scope(record, MASSAGE, TRAINING, NOW).categories
    assert not scope(joined(record, TRAINER, due_to_train=False), TRAINER, TRAINING, NOW).categories


def test_a_consent_opens_more_than_the_safety_minimum() -> None:
    record = granted(restricted(with_team()), "may", terms(TRAINER, Category.RESTRICTIONS))
    seen = scope(record, TRAINER, TRAINING, NOW)
    assert not seen.safety_minimum
    assert seen.sees(Category.RESTRICTIONS, item=KNEE) == Basis(Rule.CONSENT, MAY)


def test_of_an_excepted_restriction_the_safety_minimum_remains() -> None:
    what = terms(TRAINER, Category.RESTRICTIONS, except_items=(KNEE,))
    record = granted(restricted(with_team()), "may", what)
    seen = scope(record, TRAINER, TRAINING, NOW)
    assert seen.sees(Category.RESTRICTIONS, item=KNEE) is None
    assert seen.sees_minimum(KNEE) == Basis(Rule.SAFETY_MINIMUM)
    require_clearance(record, TRAINER, NOW)


def test_training_needs_clearance_once_the_safety_minimum_is_refused() -> None:
    free = happened(with_team(), CLIENT, SafetyMinimumRefused())
    require_clearance(free, TRAINER, NOW)

    bound = restricted(free)
    with pytest.raises(Refused) as caught:
        require_clearance(bound, TRAINER, NOW)
    assert (caught.value.code, dict(caught.value.detail)) == ("clearance-needed", {})

    require_clearance(granted(bound, "may", terms(TRAINER, Category.RESTRICTIONS)), TRAINER, NOW)
    with pytest.raises(Refused, match="outside-lane"):
        require_clearance(bound, COORDINATOR, NOW)


def test_training_needs_clearance_while_a_restriction_is_locked() -> None:
    record = granted(restricted(with_team()), "may", terms(TRAINER, Category.RESTRICTIONS))
    require_clearance(record, TRAINER, NOW)
    locked = happened(record, CLIENT, ItemLocked(lock=uid("lock"), item=KNEE))
    with pytest.raises(Refused, match="clearance-needed"):
        require_clearance(locked, TRAINER, NOW)


def test_an_auditor_reads_content_only_with_a_case_of_theirs_on_this_client() -> None:
    record = with_team()
    seen = scope(record, AUDITOR, Purpose.AUDIT, NOW, audit_case=case())
    assert dict(seen.categories) == dict.fromkeys(
        Category, Basis(Rule.AUDIT, uid("case"), NOW + DAY)
    )
    assert seen.not_after == NOW + DAY

    def closed(reader: Actor, purpose: Purpose, at: datetime, which: AuditCase) -> bool:
        return scope(record, reader, purpose, at, audit_case=which).empty

    assert closed(AUDITOR, Purpose.AUDIT, NOW + DAY, case())
    assert closed(AUDITOR, Purpose.QUALITY, NOW, case())
    assert closed(AUDITOR, Purpose.AUDIT, NOW, case(client=Actor.client(uid("another"))))
    assert closed(AUDITOR, Purpose.AUDIT, NOW, case(auditor=STRANGER))
    assert closed(PHYSIO, Purpose.AUDIT, NOW, case(auditor=PHYSIO))


def test_labels_travel_with_what_may_be_shown_and_with_nothing_else() -> None:
    def labelled(label: LegalLabel, category: Category | None, item: str | None) -> LabelAttached:
        return LabelAttached(
            attachment=uid(label),
            label=label,
            on_category=category,
            on_item=uid(item) if item else None,
        )

    what = terms(PHYSIO, Category.GOALS, except_items=(uid("private goal"),))
    record = happened(
        granted(with_team(), "may", what),
        CLIENT,
        labelled(LegalLabel.REDISCLOSURE_PROHIBITED, None, None),
        labelled(LegalLabel.SPECIALLY_PROTECTED, Category.CLINICAL, None),
        labelled(LegalLabel.COURT_ORDER, Category.GOALS, "private goal"),
        labelled(LegalLabel.NOT_FOR_INSURERS, Category.GOALS, "goal"),
    )
    assert scope(record, PHYSIO, TREATMENT, NOW).labels == (
        "redisclosure-prohibited",
        "not-for-insurers",
    )
    assert scope(record, STRANGER, TREATMENT, NOW).labels == ()
    assert len(scope(record, CLIENT, Purpose.SELF, NOW).labels) == 4


@pytest.mark.parametrize("item", [None, KNEE])
def test_a_label_on_restrictions_travels_with_the_safety_minimum_too(item: UUID | None) -> None:
    label = LabelAttached(
        attachment=uid("label"),
        label=LegalLabel.COURT_ORDER,
        on_category=Category.RESTRICTIONS,
        on_item=item,
    )
    record = happened(restricted(with_team()), PHYSIO, label)
    assert scope(record, TRAINER, TRAINING, NOW).labels == ("court-order",)
    locked = happened(record, CLIENT, ItemLocked(lock=uid("lock"), item=KNEE))
    assert bool(scope(locked, TRAINER, TRAINING, NOW).labels) is (item is None)


def test_a_preview_is_exactly_what_the_grant_would_open() -> None:
    what = terms(TRAINER, Category.GOALS, Category.CLINICAL, except_items=(KNEE,))
    record = restricted(with_team())

    previewed = preview(record, what, TRAINER, NOW)
    real = scope(granted(record, "may", what), TRAINER, TRAINING, NOW)

    assert previewed.purpose is TRAINING
    assert set(previewed.categories) == set(real.categories)
    assert previewed.withheld == real.withheld
    assert previewed.categories[Category.GOALS] == Basis(Rule.CONSENT, PREVIEWED)
    assert preview(record, what, STRANGER, NOW).empty


def test_a_preview_of_amended_terms_leaves_out_what_they_replace() -> None:
    record = granted(with_team(), "may", terms(PHYSIO, Category.GOALS))
    less = terms(PHYSIO, Category.FITNESS, purposes=[Purpose.QUALITY])
    seen = preview(record, less, PHYSIO, NOW, instead_of=MAY)
    assert (seen.purpose, set(seen.categories)) == (Purpose.QUALITY, {Category.FITNESS})
    with pytest.raises(Refused, match="unknown-consent"):
        preview(record, less, PHYSIO, NOW, instead_of=uid("other"))


def test_what_is_left_to_a_reader_after_a_withdrawal() -> None:
    record = granted(with_team(), "may", terms(PHYSIO, Category.GOALS))
    record = granted(record, "also", terms(PHYSIO, Category.FITNESS))
    record = happened(record, CLIENT, ConsentWithdrawn(consent=MAY))

    effect = withdrawal_effect(record, MAY, PHYSIO, TREATMENT, NOW)

    assert effect.consent.withdrawn is not None
    assert [consent.id for consent in effect.remaining] == [uid("also")]
    assert set(effect.open) == {Category.FITNESS}
    with pytest.raises(Refused, match="unknown-consent"):
        withdrawal_effect(record, uid("other"), PHYSIO, TREATMENT, NOW)


def test_the_table_names_every_step_once_in_the_order_of_its_tiers() -> None:
    assert [row.step for row in TABLE] == list(Step)
    tiers = list(Tier)
    ranks = [tiers.index(row.tier) for row in TABLE]
    assert ranks == sorted(ranks)
    for row in TABLE:
        assert (row.withheld is None) != (row.rule is None)
        assert (row.step in DENIES) <= (row.withheld is not None)
        assert (row.step in PERMITS) <= (row.rule is not None)
    assert set(DENIES) | set(PERMITS) == set(Step) - {Step.AUTHOR, Step.NOTHING}
