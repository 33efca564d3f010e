"""Who is to be told that something was wrong: whoever it was released to, and nobody else."""

from uuid import UUID

from domain.access import AccessRecord, Channel, Disclosed, ShownBasis, access_stream, ranges
from domain.actor import Actor
from domain.assessment import (
    ClinicalPartRetracted,
    ClinicalReadingCorrected,
)
from domain.assessment_reading import ReadingKey
from domain.entry import Entry
from domain.lanes import Category, Purpose
from domain.scope import Rule
from projections.corrections import corrections, to_inform
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    MASSAGE,
    NOW,
    PHYSIO,
    TRAINER,
    happened,
)
from tests.domain.given_assessment import bend
from tests.projections.assessed import IT, chart, measured_both


def released(
    reader: Actor, position: int, record_version: int, *shows: int, view: str = "chart"
) -> Entry:
    fact = Disclosed(
        client=CLIENT.id,
        reader=reader.id,
        acting_as=reader.acting_as,
        view=view,
        as_of=NOW,
        record_version=record_version,
        record_position=record_version * 3,
        shown=ranges(shows),
        categories_shown=(ShownBasis(category=Category.FUNCTION, rule=Rule.CONSENT),),
        purpose=Purpose.TREATMENT,
        channel=Channel.API,
        content_type="application/json",
        commitment="0" * 64,
    )
    stream = access_stream(CLIENT.id, reader.id)
    return Entry(stream, position, fact, reader.authorship(NOW), NOW, position)


def accesses(*made: Entry) -> dict[UUID, AccessRecord]:
    streams: dict[UUID, list[Entry]] = {}
    for one in made:
        streams.setdefault(one.by.actor, []).append(one)
    return {
        reader: AccessRecord.fold(access_stream(CLIENT.id, reader), own)
        for reader, own in streams.items()
    }


def test_everybody_to_whom_the_wrong_value_was_released_is_told_and_nobody_else() -> None:
    record = measured_both()
    wrong = record.version - 1
    key = ReadingKey(recorded=wrong, number=1)
    fixed = ClinicalReadingCorrected(assessment=IT, reading=key, measured=bend(70), reason="Typed.")
    record = happened(record, PHYSIO, fixed)
    right = record.version
    ((_, _, correction),) = corrections(record)
    found = to_inform(
        correction,
        accesses(
            released(MASSAGE, 90, wrong, wrong),
            released(MASSAGE, 95, right, wrong, right),
            released(TRAINER, 91, right, wrong, right),
            released(COORDINATOR, 92, wrong, wrong + 1),
            released(CLIENT, 93, right, wrong, view="past-chart"),
            released(PHYSIO, 94, wrong, wrong),
        ),
        NOW,
    )
    assert [one.reader for one in found] == [MASSAGE.id, CLIENT.id]
    massage, client = found
    assert massage.told is not None
    assert (massage.first.position, massage.told.position) == (90, 95)
    assert client.told is None


def test_a_retracted_part_was_wrong_in_all_that_it_told() -> None:
    record = measured_both()
    told = record.version - 1
    record = happened(record, PHYSIO, ClinicalPartRetracted(assessment=IT, reason="Not hers."))
    ((_, _, retraction),) = corrections(record)
    found = to_inform(retraction, accesses(released(MASSAGE, 90, told, told)), NOW)
    assert [one.reader for one in found] == [MASSAGE.id]
    view = chart(record, CLIENT)
    assert told not in view.shown
