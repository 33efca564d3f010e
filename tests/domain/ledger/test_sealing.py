"""Sealing: what is stored says who stands for it, and nothing else without the key."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import Notification, StoredEvent

from domain.access import Denied
from domain.entry import Authorship, Entry, Erased
from domain.fact import STORED, Fact
from domain.lanes import Discipline, Purpose
from domain.ledger import upcast as upcasting
from domain.ledger.keys import KeyDestroyed, KeyRing
from domain.ledger.mapper import UNRECORDED, SealingMapper
from domain.ledger.sealing import Sealing, Unreadable, as_read, is_sealed
from domain.ledger.stored import Stored
from domain.ledger.upcast import Body, stored_as, upcast
from domain.measure import Reading
from domain.practitioner import EquipmentNoted
from domain.restriction import MilestoneProposed, RestrictionLifted
from tests.domain.ledger.facts import denied

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
BY = Authorship(uuid4(), Discipline.PHYSIOTHERAPIST, Purpose.TREATMENT, NOW)
FACT = RestrictionLifted(restriction=uuid4(), rationale="The knee is strong again.")


def stored(
    sealing: Sealing, subject: UUID, fact: Fact = FACT, by: Authorship = BY, version: int = 1
) -> Stored:
    event = sealing.event(fact, by, stream=subject, version=version, subject=subject)
    return Stored(7, subject, version, event.topic, event.state, NOW)


@pytest.fixture
def subject(keys: KeyRing) -> UUID:
    id = uuid4()
    keys.create(id)
    return id


@pytest.mark.parametrize(
    "by",
    [
        BY,
        replace(BY, on_behalf_of=uuid4(), acting_as=Discipline.COORDINATOR),
        replace(BY, effective=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-5)))),
    ],
)
def test_what_was_sealed_is_read_again(sealing: Sealing, subject: UUID, by: Authorship) -> None:
    line = stored(sealing, subject, by=by, version=3)
    assert sealing.entry(line) == Entry(subject, 3, FACT, by, NOW, 7)
    assert b"knee" not in line.state
    assert str(by.actor).encode() in line.state


def test_the_same_fact_is_never_sealed_the_same_way(sealing: Sealing, subject: UUID) -> None:
    assert stored(sealing, subject).state != stored(sealing, subject).state


def test_a_fact_in_clear_needs_no_key(sealing: Sealing) -> None:
    line = stored(sealing, uuid4(), denied())
    assert not is_sealed(line.state)
    assert sealing.entry(line).fact == denied()
    event = sealing.event(denied(), BY, stream=uuid4(), version=None, subject=uuid4())
    assert event.version is None


def test_a_sealed_fact_names_its_version(sealing: Sealing, subject: UUID) -> None:
    with pytest.raises(ValueError, match="version"):
        sealing.event(FACT, BY, stream=subject, version=None, subject=subject)


def test_a_stream_is_sealed_with_its_own_key(sealing: Sealing, subject: UUID) -> None:
    with pytest.raises(ValueError, match="own key"):
        sealing.event(FACT, BY, stream=uuid4(), version=1, subject=subject)


def test_a_forged_fact_in_clear_does_not_pass_for_a_sealed_one(
    sealing: Sealing, subject: UUID
) -> None:
    clear = stored(sealing, subject, denied())
    body = FACT.model_dump_json().encode()
    header = clear.state[: clear.state.index(b"}") + 1]
    _refused(sealing, clear._replace(topic=FACT.type, state=header + body))


def test_without_a_key_nothing_is_sealed(sealing: Sealing) -> None:
    with pytest.raises(KeyDestroyed):
        stored(sealing, uuid4())


def test_once_the_key_is_destroyed_only_the_header_is_left(
    sealing: Sealing, keys: KeyRing, subject: UUID
) -> None:
    line = stored(sealing, subject)
    keys.destroy(subject)
    assert sealing.entry(line) == Entry(subject, 1, Erased(FACT.type), BY, NOW, 7)


def test_every_single_byte_of_a_sealed_state_counts(sealing: Sealing, subject: UUID) -> None:
    line = stored(sealing, subject)
    for index in range(len(line.state)):
        changed = bytearray(line.state)
        changed[index] ^= 1
        _refused(sealing, line._replace(state=bytes(changed)))


def test_a_sealed_state_cannot_be_moved(sealing: Sealing, keys: KeyRing, subject: UUID) -> None:
    other = uuid4()
    keys.create(other)
    line = stored(sealing, subject)
    _refused(sealing, line._replace(version=2))
    _refused(sealing, line._replace(stream=other))
    _refused(sealing, line._replace(topic="restriction.retracted.v1"))


@pytest.mark.parametrize("state", [b"", b"\x02", b"\x02\x00\x00", b"\x01\x00\x02{}", b"\x03" * 99])
def test_rubbish_is_said_to_be_unreadable(sealing: Sealing, state: bytes) -> None:
    _refused(sealing, Stored(1, uuid4(), 1, FACT.type, state, NOW))


def test_an_unknown_topic_is_named(sealing: Sealing) -> None:
    line = stored(sealing, uuid4(), denied())._replace(topic="access.unheard-of.v9")
    with pytest.raises(Unreadable, match=r"access\.unheard-of\.v9"):
        sealing.entry(line)


def test_an_error_never_quotes_what_was_sealed(sealing: Sealing, keys: KeyRing) -> None:
    subject = uuid4()
    keys.create(subject)
    wrong = FACT.model_copy(update={"restriction": "the secret"})
    with pytest.raises(Unreadable) as unreadable:
        sealing.entry(stored(sealing, subject, wrong))
    assert "secret" not in str(unreadable.value)


def test_what_could_not_be_read_back_is_not_stored() -> None:
    assert as_read(FACT) == (FACT, FACT.model_dump_json().encode())
    with pytest.raises(ValueError, match="restriction"):
        as_read(FACT.model_copy(update={"restriction": "no id"}))


def test_a_rule_of_a_later_day_does_not_stand_between_us_and_what_was_stored(
    sealing: Sealing, subject: UUID
) -> None:
    heavier = {"measure": "unheard_of", "value": 1, "unit": "deg", "taken_at": NOW}
    with pytest.raises(ValueError, match="measure"):
        Reading.model_validate(heavier)
    reading = Reading.model_validate(heavier, context=STORED)
    fact = MilestoneProposed.model_validate(
        {"restriction": uuid4(), "milestone": "m", "evidence": (reading,)}, context=STORED
    )
    assert as_read(fact)[0] == fact
    assert sealing.entry(stored(sealing, subject, fact)).fact == fact


def test_sealed_bytes_are_bound_to_what_they_are_for(
    sealing: Sealing, keys: KeyRing, subject: UUID
) -> None:
    other = uuid4()
    keys.create(other)
    sealed = sealing.seal_bytes(subject, b"here", b"the page")
    assert sealing.open_bytes(subject, b"here", sealed) == b"the page"
    for wrong in ((subject, b"there"), (other, b"here")):
        with pytest.raises(Unreadable):
            sealing.open_bytes(*wrong, sealed)
    text = sealing.seal_text(subject, b"note", "schön")
    assert sealing.open_text(subject, b"note", text) == "schön"
    keys.destroy(subject)
    with pytest.raises(KeyDestroyed):
        sealing.open_bytes(subject, b"here", sealed)
    with pytest.raises(KeyDestroyed):
        sealing.derive(subject, b"label", b"data")


@pytest.fixture
def _own_upcasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upcasting, "_UPCASTS", {})


@pytest.mark.usefixtures("_own_upcasts")
def test_a_released_version_stays_readable(
    sealing: Sealing, keys: KeyRing, subject: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As two earlier releases would have stored it: one item as text, then a list called `items`.
    @upcast("practitioner.equipment-noted.v-1", to="practitioner.equipment-noted.v0")
    def several(body: Body) -> Body:
        return {"items": [body["item"]]}

    @upcast("practitioner.equipment-noted.v0", to="practitioner.equipment-noted.v1")
    def renamed(body: Body) -> Body:
        return {"equipment": body["items"]}

    line = _as_released(sealing, subject, "practitioner.equipment-noted.v-1", '{"item":"bike"}')
    assert sealing.entry(line).fact == EquipmentNoted(equipment=("bike",))
    line = _as_released(sealing, subject, "practitioner.equipment-noted.v0", '{"items":["a","b"]}')
    assert sealing.entry(line).fact == EquipmentNoted(equipment=("a", "b"))
    assert stored_as(["practitioner.equipment-noted.v1"]) == (
        "practitioner.equipment-noted.v-1",
        "practitioner.equipment-noted.v0",
        "practitioner.equipment-noted.v1",
    )
    keys.destroy(subject)
    assert sealing.entry(line).fact == Erased("practitioner.equipment-noted.v0")


@pytest.mark.usefixtures("_own_upcasts")
def test_an_upcast_is_declared_once_and_ends() -> None:
    upcast("a.v1", to="a.v2")(dict)
    with pytest.raises(TypeError):
        upcast("a.v1", to="a.v3")(dict)
    with pytest.raises(TypeError):
        upcast("a.v2", to="a.v1")(dict)


def test_the_mapper_keeps_the_librarys_contract(sealing: Sealing, subject: UUID) -> None:
    mapper = SealingMapper(sealing)
    entry = Entry(subject, 2, FACT, BY, NOW, 9)
    event = mapper.to_stored_event(entry)
    assert isinstance(event, StoredEvent)
    assert (event.originator_id, event.originator_version, event.topic) == (subject, 2, FACT.type)
    assert mapper.to_domain_event(event) == replace(entry, recorded_at=UNRECORDED, position=0)
    notification = Notification(subject, 2, FACT.type, event.state, id=9)
    assert mapper.to_domain_event(notification) == replace(entry, recorded_at=UNRECORDED)
    with pytest.raises(TypeError):
        mapper.to_stored_event(replace(entry, fact=Erased(FACT.type)))


def test_the_fact_in_clear_of_these_tests_is_one() -> None:
    assert not Denied.sealed
    assert FACT.sealed


def _refused(sealing: Sealing, line: Stored) -> None:
    with pytest.raises(Unreadable):
        sealing.entry(line)


def _as_released(sealing: Sealing, subject: UUID, topic: str, body: str) -> Stored:
    class Released:
        type = topic
        sealed = True

        def model_dump_json(self, warnings: str) -> str:
            return body

    return stored(sealing, subject, Released())  # type: ignore[arg-type]
