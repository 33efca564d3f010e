"""Story 2. Fine on the couch, not under load: the trainer sees it, holds, and refers back; the
physio finds why, and restricts. The clinical reason is not visible to the trainer, the plain one
is.

Not told yet: the trainer's question about a named item, as no fact asks one yet.
"""

from datetime import date
from typing import Final

from workers.clinic import Clinic, Json
from workers.people import JO, MEI, PRIYA, SAM
from workers.stories.withdrawn import COORDINATOR_READS, PHYSIO_READS, TRAINER_READS

SLUG: Final = "back-pain"
CLINICAL: Final = (
    "Illustrative: positive straight-leg raise at 45°, left; L5 dermatome; sciatica, no red flags."
)


def tell(clinic: Clinic) -> None:
    """From what the trainer saw to the outcome that the trainer reads."""
    clinic.enrols(SAM, date(1979, 1, 23))
    clinic.joins(SAM, JO)
    for who in (PRIYA, MEI):
        clinic.joins(JO, who)
    clinic.grants(clinic.terms(PRIYA, PHYSIO_READS, "treatment"), "consent-priya")
    clinic.grants(clinic.terms(SAM, TRAINER_READS, "training"), "consent-sam")
    clinic.grants(clinic.terms(JO, COORDINATOR_READS, "coordination"), "consent-jo")
    assess(clinic)
    hold(clinic)
    refer(clinic)
    see(clinic)
    review(clinic)
    complete(clinic)
    caution(clinic)


def assess(clinic: Clinic) -> None:
    """Sam watches Kim hinge under load, and opens the form whose clinical part is Priya's."""
    form = clinic.assesses(SAM, "assessed", {"occasion": "progress"})
    seen = {
        "movement": [
            {
                "pattern": "hinge",
                "side": "left",
                "compensation": "Shifts to the left from the third rep at 40 kg.",
                "extent": "marked",
                "pain": 5,
            }
        ],
        "findings": "The pain goes down the leg, and stays for an hour.",
        "complete": True,
    }
    clinic.records(SAM, "assessed-fitness", form, "fitness", seen)
    # She has not been granted what is seen in the gym: not before it is enclosed.
    clinic.reads(PRIYA, "priya-before")


def hold(clinic: Clinic) -> None:
    """Sam stops hinging under load until Priya has looked; Priya is told."""
    so_far = clinic.caught_up(PRIYA, "priya-so-far")
    held = clinic.does(SAM, "held", "/holds", {"terms": held_terms(clinic)})
    clinic.hears(PRIYA, "priya-told", held.id("hold"), so_far)
    clinic.reads(PRIYA, "priya-hold")


def refer(clinic: Clinic) -> None:
    """Sam refers back, and offers a choice; Kim chooses Priya, and agrees to what goes along."""
    asked = {
        "to": {
            "kind": "practitioner",
            "practitioner": str(PRIYA.id),
            "discipline": PRIYA.acting_as.value,
        },
        "options": [{"kind": "external", "name": "Dr Ida Weber", "profession": "sports physician"}],
        "priority": "urgent",
        "reason": "Fine at rest. Hinging under load shifts to the left, with pain down the leg.",
        "enclosed": ["identity", "restrictions", "fitness"],
        "interest": "none",
    }
    referral = clinic.refers(SAM, "referred", asked)
    clinic.reads(clinic.client, "kim-offer", f"/referrals/{referral.id('referral')}")
    agreed = clinic.follows(
        clinic.client, "agreed", referral, "agreement", {"to": asked["to"]}, seen=referral
    )
    sent = referral.id("referral")
    clinic.hears(PRIYA, "priya-told-referral", sent, clinic.told("priya-told"))
    clinic.reads(PRIYA, "priya-referred")
    clinic.follows(PRIYA, "accepted", referral, "acceptance", {}, seen=agreed)


def see(clinic: Clinic) -> None:
    """Kim is seen the same day; Priya completes the form with what the couch says."""
    referral, accepted = clinic.told("referred"), clinic.told("accepted")
    appointment = {"at": clinic.at(1, 8), "place": "Riverside Physiotherapy"}
    booked = clinic.follows(PRIYA, "booked", referral, "appointment", appointment, seen=accepted)
    came = {"note": "A place came free the same day; looked at on the couch and under load."}
    clinic.follows(PRIYA, "attended", referral, "attendance", came, seen=booked)
    on_the_couch = {
        "readings": [leg_raise(clinic)],
        "clinical_findings": CLINICAL,
        "complete": True,
    }
    clinic.records(PRIYA, "assessed-clinical", clinic.told("assessed"), "clinical", on_the_couch)


def leg_raise(clinic: Clinic) -> Json:
    """How far the straight left leg can be lifted."""
    return {
        "measure": "straight_leg_raise",
        "value": 45,
        "unit": "deg",
        "side": "left",
        "method": "inclinometer",
        "taken_at": clinic.at(0, 0),
    }


def review(clinic: Clinic) -> None:
    """Priya restricts in the hold's stead. Sam is told, reads why in plain words, acknowledges."""
    placed = clinic.told("held")
    so_far = clinic.caught_up(SAM, "sam-so-far")
    body = {
        "rationale": "Looked on the couch and under load: the hold was right.",
        "terms": terms(clinic),
        "clinical_reason": CLINICAL,
    }
    path = f"/holds/{placed.id('hold')}/review"
    reviewed = clinic.does(PRIYA, "reviewed", path, body, seen=placed.version)
    clinic.hears(SAM, "sam-told", reviewed.id("restriction"), so_far)
    screen = clinic.reads(SAM, "sam")
    clinic.acknowledges(SAM, "acknowledged", reviewed.id("restriction"), screen)


def complete(clinic: Clinic) -> None:
    """What came of it goes back to Sam, in plain words; what was enclosed closes again."""
    referral = clinic.told("referred")
    outcome = {
        "outcome": "partly_achieved",
        "measures": [leg_raise(clinic)],
        "note": "Found, and restricted. Train on; nothing bent under load for three weeks.",
        "clinical_note": CLINICAL,
        "follow_up_by": clinic.on(21),
    }
    attended = clinic.told("attended")
    so_far = clinic.caught_up(SAM, "sam-so-far-outcome")
    clinic.follows(PRIYA, "completed", referral, "completion", outcome, seen=attended)
    clinic.hears(SAM, "sam-outcome", referral.id("referral"), so_far)
    clinic.reads(PRIYA, "priya-after")


def caution(clinic: Clinic) -> None:
    """Mei, in her lane, adds a caution; Kim sees all of it, and who has looked."""
    terms = {
        "severity": "caution",
        "region": "lower_back",
        "patterns": ["rotate"],
        "reason": "Twisting under load brings the ache back the same evening.",
        "review_by": clinic.on(21),
        "review_rule": "lapses",
    }
    clinic.does(MEI, "cautioned", "/restrictions", {"terms": terms})
    clinic.reads(clinic.client, "kim")
    clinic.reads(clinic.client, "accesses", "/accesses")


def held_terms(clinic: Clinic) -> Json:
    """What Sam saw: a hinge that shifts to one side, with pain down the leg."""
    return {
        "severity": "stop",
        "region": "lower_back",
        "patterns": ["hinge", "spinal_flexion"],
        "reason": "Shifts to the left under load from the third rep, with pain into the leg.",
        "review_by": clinic.on(7),
    }


def terms(clinic: Clinic) -> Json:
    """What Priya makes of it."""
    return {
        "severity": "modify",
        "region": "lower_back",
        "patterns": ["hinge", "spinal_flexion", "carry"],
        "limits": {"loads": [{"max_kg": 10}], "max_effort": 5, "max_pain": 3},
        "substitutes": [{"name": "hip bridge"}, {"name": "split squat", "pattern": "lunge"}],
        "stop_signs": ["pain below the knee", "tingling in the foot"],
        "reason": "A nerve in the lower back is irritated; it calms down if it is not provoked.",
        "review_by": clinic.on(21),
        "call": {"name": "Priya Nair", "phone": "555 0134"},
    }
