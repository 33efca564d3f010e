"""Story 7. A complaint, later: which version of the restriction had the trainer been shown, and
which had they acknowledged, on the day of the injury; on which screen; and who else knew.

Not told yet: the legal hold that keeps the record meanwhile, and the proof over the whole log.
"""

from datetime import date
from typing import Final

from workers.clinic import Clinic, Json
from workers.people import ADA, JO, PRIYA, SAM
from workers.stories.withdrawn import PHYSIO_READS, TRAINER_READS

SLUG: Final = "complaint"


def tell(clinic: Clinic) -> None:
    """From the restriction to the answer: shown the second version, acknowledged the first."""
    clinic.enrols(JO, date(1994, 6, 2))
    clinic.joins(JO, PRIYA)
    clinic.joins(JO, SAM)
    clinic.grants(clinic.terms(PRIYA, PHYSIO_READS, "treatment"), "consent-priya")
    clinic.grants(clinic.terms(SAM, TRAINER_READS, "training"), "consent-sam")
    two_versions(clinic)
    investigate(clinic)


def two_versions(clinic: Clinic) -> None:
    """Sam is told of both versions and acknowledges the first. The second reached Sam's phone and
    Sam's screen; nobody said that it was understood."""
    so_far = clinic.caught_up(SAM, "sam-so-far")
    clinic.imposes(
        PRIYA, "restricted", terms(clinic, 12), "Illustrative: rotator cuff tendinopathy, left."
    )
    restricted = clinic.told("restricted")
    restriction = restricted.id("restriction")
    clinic.hears(SAM, "sam-told-first", restriction, so_far)
    screen = clinic.reads(SAM, "sam-first-version")
    clinic.acknowledges(SAM, "acknowledged", restriction, screen)
    clinic.modifies(PRIYA, "tightened", restriction, terms(clinic, 4), seen=restricted.version)
    clinic.hears(SAM, "sam-told-second", restriction, clinic.told("sam-told-first"))
    clinic.has(SAM, "phone-told-second", clinic.told("sam-told-second"))
    screen = clinic.reads(SAM, "sam-second-version")
    clinic.receives(SAM, "phone-shown-second", screen)


def investigate(clinic: Clinic) -> None:
    """Ada opens a case, and asks."""
    clinic.opens_case(ADA, "case", "complaint")
    about = f"/audit/clients/{clinic.client.id}"
    day = clinic.told("phone-shown-second").position
    earlier = clinic.told("acknowledged").position
    clinic.asks(ADA, "knowledge", f"{about}/knowledge?reader={SAM.id}&at={day}")
    clinic.asks(
        ADA, "differences", f"{about}/differences?reader={SAM.id}&at={earlier}&and_at={day}"
    )
    shown = clinic.told("sam-second-version").position
    clinic.asks(ADA, "screen", f"/audit/disclosures/{shown}/screen")
    clinic.asks(ADA, "knowers", f"{about}/facts/{clinic.told('tightened').position}/knowers")


def terms(clinic: Clinic, kilograms: int) -> Json:
    """The shoulder, as far as it may be loaded overhead."""
    return {
        "severity": "modify",
        "region": "shoulder",
        "side": "left",
        "patterns": ["overhead", "push"],
        "limits": {"loads": [{"max_kg": kilograms}], "max_pain": 3},
        "substitutes": [{"name": "landmine press", "pattern": "push"}],
        "stop_signs": ["pain at night after training", "loss of strength"],
        "reason": "A tendon in the shoulder is irritated by weight above the head.",
        "review_by": clinic.on(21),
        "call": {"name": "Priya Nair", "phone": "555 0134"},
    }
