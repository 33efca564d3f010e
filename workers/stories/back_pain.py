"""Story 2. Fine on the couch, not under load: the trainer sees it and holds; the physio finds why.
The clinical reason is not visible to the trainer, the plain one is."""

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
    """From the hold in the gym to the restriction that replaces it."""
    clinic.enrols(SAM, date(1979, 1, 23))
    clinic.joins(SAM, JO)
    for who in (PRIYA, MEI):
        clinic.joins(JO, who)
    clinic.grants(clinic.terms(PRIYA, PHYSIO_READS, "treatment"), "consent-priya")
    clinic.grants(clinic.terms(SAM, TRAINER_READS, "training"), "consent-sam")
    clinic.grants(clinic.terms(JO, COORDINATOR_READS, "coordination"), "consent-jo")
    hold(clinic)
    review(clinic)
    caution(clinic)


def hold(clinic: Clinic) -> None:
    """Sam stops hinging under load until Priya has looked."""
    clinic.does(SAM, "held", "/holds", {"terms": held(clinic)})
    clinic.reads(PRIYA, "priya-hold")


def review(clinic: Clinic) -> None:
    """Priya finds the nerve, and restricts in the hold's stead; Sam reads the plain reason."""
    placed = clinic.told("held")
    body = {
        "rationale": "Looked on the couch and under load: the hold was right.",
        "terms": terms(clinic),
        "clinical_reason": CLINICAL,
    }
    path = f"/holds/{placed.id('hold')}/review"
    reviewed = clinic.does(PRIYA, "reviewed", path, body, seen=placed.version)
    screen = clinic.reads(SAM, "sam")
    clinic.acknowledges(SAM, "acknowledged", reviewed.id("restriction"), screen)


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


def held(clinic: Clinic) -> Json:
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
