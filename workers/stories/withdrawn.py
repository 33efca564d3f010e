"""Story 4. The client withdraws the trainer's consent on Wednesday; the auditor proves what the
trainer had been shown and acknowledged by then, and that nothing was released on it afterwards."""

from datetime import date
from typing import Final

from workers.clinic import Clinic, Json
from workers.people import ADA, JO, NOA, PRIYA, SAM

SLUG: Final = "withdrawn"
WITHDRAWN: Final = "withdrawn"
"""The step in which the consent is withdrawn."""

TRAINER_READS: Final = "identity restrictions programme fitness goals"
COORDINATOR_READS: Final = "identity contact restrictions referrals"
PHYSIO_READS: Final = "identity contact alerts goals restrictions programme function clinical"


def tell(clinic: Clinic) -> None:
    """From the first day to the auditor's answer."""
    team_and_consents(clinic)
    restrict(clinic)
    trainer_reads(clinic)
    withdraw(clinic)
    audit(clinic)


def team_and_consents(clinic: Clinic) -> None:
    """Jo takes Noa in and builds the team; Noa lets Priya read, and Sam, after a preview."""
    clinic.enrols(JO, date(1988, 4, 12))
    clinic.joins(JO, PRIYA)
    clinic.joins(JO, SAM)
    clinic.grants(clinic.terms(PRIYA, PHYSIO_READS, "treatment"), "consent-priya")
    to_sam = clinic.terms(SAM, TRAINER_READS, "training")
    clinic.previews(to_sam, "preview-sam")
    clinic.grants(to_sam, "consent-sam")


def restrict(clinic: Clinic) -> None:
    """Priya restricts the right knee. The clinical reason is apart: Sam never sees it."""
    clinic.imposes(
        PRIYA,
        "restricted",
        terms(clinic, squat=70, press=40),
        "Illustrative: partial meniscectomy, right; effusion grade 1; quadriceps inhibited.",
    )


def terms(clinic: Clinic, *, squat: int, press: int) -> Json:
    """The knee, as far as it may be bent and loaded."""
    return {
        "severity": "modify",
        "region": "knee",
        "side": "right",
        "patterns": ["squat", "jump", "run", "rotate"],
        "limits": {
            "arcs": [{"movement": "flexion", "start": 0, "end": squat, "mode": "loaded"}],
            "loads": [{"exercise": "leg press", "max_kg": press}],
            "max_effort": 6,
            "max_impact": "none",
        },
        "substitutes": [{"name": "box squat", "pattern": "squat"}, {"name": "stationary bike"}],
        "stop_signs": ["swelling the same day", "pain above 4/10", "giving way"],
        "reason": "The knee was operated on and still swells after load.",
        "review_by": clinic.on(28),
        "call": {"name": "Priya Nair", "phone": "555 0134"},
    }


def trainer_reads(clinic: Clinic) -> None:
    """Sam opens the chart before the session and acknowledges what it showed, version and all; and
    takes the card along to where there is no signal."""
    restriction = clinic.told("restricted").id("restriction")
    screen = clinic.reads(SAM, "sam-before")
    clinic.receives(SAM, "received", screen)
    clinic.acknowledges(SAM, "acknowledged", restriction, screen)
    clinic.takes_along(SAM, "card")


def withdraw(clinic: Clinic) -> None:
    """Wednesday: Noa withdraws. Sam, still due to train, sees the safety minimum and no more; a
    change that Priya makes on Thursday reaches Sam as far as safety needs, and not on that consent:
    Sam is told, looks, and acknowledges it.
    """
    restricted = clinic.told("restricted")
    restriction = restricted.id("restriction")
    clinic.withdraws(clinic.told("consent-sam"), WITHDRAWN, "I would rather train by myself.")
    clinic.reads(SAM, "sam-after")
    so_far = clinic.caught_up(SAM, "sam-so-far")
    clinic.modifies(
        PRIYA,
        "tightened",
        restriction,
        terms(clinic, squat=60, press=30),
        seen=restricted.version,
    )
    screen = clinic.hears(SAM, "sam-told-tightened", restriction, so_far)
    clinic.acknowledges(SAM, "acknowledged-tightened", restriction, screen)
    consent = clinic.told("consent-sam").id("consent")
    clinic.reads(NOA, "proof", f"/consents/{consent}/withdrawal")
    clinic.reads(NOA, "accesses", "/accesses")


def audit(clinic: Clinic) -> None:
    """Ada asks what Sam knew a moment before the withdrawal, and now; then opens a case, and sees
    the very screen."""
    before = clinic.told(WITHDRAWN).position - 1
    knowledge = f"/audit/clients/{clinic.client.id}/knowledge?reader={SAM.id}"
    clinic.asks(ADA, "knowledge-before", f"{knowledge}&at={before}")
    clinic.asks(ADA, "knowledge-after", f"{knowledge}&at={clinic.told('tightened').position}")
    fact = clinic.told("restricted").position
    clinic.asks(ADA, "knowers", f"/audit/clients/{clinic.client.id}/facts/{fact}/knowers")
    clinic.opens_case(ADA, "case", "client_request")
    clinic.asks(ADA, "screen", f"/audit/disclosures/{clinic.told('sam-before').position}/screen")
