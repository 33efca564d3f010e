"""Story 1. A new knee: both lanes assess it; the physio says what it must not do and what comes
next; the trainer is told, measures and proposes; the physio confirms, and with that very fact the
limits change.

Not told yet, as nothing decides it yet: a planned deep squat that is refused with a box squat
offered (for that a session has to be planned), and discharge with a progress report.
"""

from datetime import date
from typing import Final

from workers.clinic import Clinic, Json
from workers.people import JO, MEI, PRIYA, SAM
from workers.stories.withdrawn import COORDINATOR_READS, PHYSIO_READS, TRAINER_READS

SLUG: Final = "knee"
CLINICAL: Final = (
    "Illustrative: total knee arthroplasty, right, six weeks ago; wound healed; extension lag 5°."
)


def tell(clinic: Clinic) -> None:
    """From the first session in the gym to the second milestone ahead."""
    clinic.enrols(JO, date(1957, 9, 30))
    for who in (PRIYA, SAM, MEI):
        clinic.joins(JO, who)
    clinic.grants(clinic.terms(PRIYA, f"{PHYSIO_READS} fitness", "treatment"), "consent-priya")
    # Of function a trainer reads what trainers measure, and no more.
    clinic.grants(clinic.terms(SAM, f"{TRAINER_READS} function", "training"), "consent-sam")
    clinic.grants(clinic.terms(JO, COORDINATOR_READS, "coordination"), "consent-jo")
    clinic.grants(clinic.terms(MEI, "identity restrictions function", "treatment"), "consent-mei")
    assess(clinic)
    restrict(clinic)
    reach_first_milestone(clinic, clinic.told("restricted").id("restriction"))
    clinic.reads(clinic.client, "robin")


def assess(clinic: Clinic) -> None:
    """One form, two parts: Priya starts it on the couch, Sam completes it in the gym."""
    baseline = clinic.assesses(PRIYA, "assessed", {"occasion": "baseline"})
    on_the_couch = {
        "readings": [
            flexion(clinic, 92, days=-14),
            {**flexion(clinic, 5, days=-14), "measure": "knee_short_of_straight"},
            {**flexion(clinic, 5, days=-14), "measure": "quadriceps_lag"},
        ],
        "findings": "Bends well for week four; does not quite straighten; still warm at night.",
        "clinical_findings": CLINICAL,
        "complete": True,
    }
    clinic.records(PRIYA, "assessed-clinical", baseline, "clinical", on_the_couch)
    under_load = {
        "readings": [
            {
                "measure": "walk_minutes",
                "value": 12,
                "unit": "min",
                "method": "stopwatch",
                "taken_at": clinic.at(-13, 17),
            }
        ],
        "movement": [
            {
                "pattern": "squat",
                "side": "right",
                "compensation": "Shifts to the left leg when sitting down.",
                "extent": "clear",
                "pain": 2,
            }
        ],
        "complete": True,
    }
    clinic.records(SAM, "assessed-fitness", baseline, "fitness", under_load)


def restrict(clinic: Clinic) -> None:
    """Priya says what the knee must not do; Sam is told, looks, and acknowledges."""
    so_far = clinic.caught_up(SAM, "sam-so-far")
    # It has held since the operation; when it was recorded is the log's to say.
    clinic.imposes(PRIYA, "restricted", terms(clinic), CLINICAL, effective=clinic.at(-42))
    restriction = clinic.told("restricted").id("restriction")
    clinic.hears(SAM, "sam-told", restriction, so_far)
    screen = clinic.reads(SAM, "sam-first")
    clinic.acknowledges(SAM, "acknowledged", restriction, screen)
    clinic.reads(MEI, "mei")


def reach_first_milestone(clinic: Clinic, restriction: str) -> None:
    """Sam measures, and proposes what was measured; Priya is told, and confirms; Sam is told that
    the limits have changed, and takes note."""
    progress = clinic.assesses(SAM, "measured", {"occasion": "progress"})
    bend = {"readings": [flexion(clinic, 104, days=-1)]}
    reading = clinic.records(SAM, "measured-bend", progress, "clinical", bend)
    path = f"/restrictions/{restriction}/milestones/bends-to-100"
    seen = clinic.told("restricted").version
    named = {
        "assessment": progress.id("assessment"),
        "part": "clinical",
        "reading": {"recorded": reading.version, "number": 1},
    }
    body = {"assessed": [named], "note": "Bike felt easy, no swelling."}
    so_far = clinic.caught_up(PRIYA, "priya-so-far")
    proposed = clinic.does(SAM, "proposed", f"{path}/proposals", body, seen=seen)
    clinic.hears(PRIYA, "priya-told", restriction, so_far)
    clinic.reads(PRIYA, "priya-proposal")
    clinic.reads(PRIYA, "trend", "/trends?code=knee_flexion&side=right")
    confirmation = {"proposal": proposed.version}
    clinic.does(PRIYA, "confirmed", f"{path}/confirmation", confirmation, seen=seen)
    changed = clinic.hears(SAM, "sam-told-changed", restriction, clinic.told("sam-told"))
    clinic.reads(SAM, "sam-after")
    clinic.acknowledges(SAM, "acknowledged-change", restriction, changed)


def flexion(clinic: Clinic, degrees: int, *, days: int) -> Json:
    """A measured bend of the right knee, on that day."""
    return {
        "measure": "knee_flexion",
        "value": degrees,
        "unit": "deg",
        "side": "right",
        "method": "goniometer",
        "taken_at": clinic.at(days, 17),
    }


def terms(clinic: Clinic) -> Json:
    """Weight as tolerated with an aid, no impact, loaded bend to 90°; then, step by step, more."""
    return {
        **bounds(90, 40),
        "limits": bounds(90, 40)["limits"]
        | {"weight_bearing": {"grade": "WBAT"}, "aid": "one crutch outdoors"},
        "region": "knee",
        "side": "right",
        "reason": "The new joint is not to be bent far under load, and takes no impact, yet.",
        "review_by": clinic.on(42),
        "review_rule": "blocks_new_load",
        "call": {"name": "Priya Nair", "phone": "555 0134"},
        "milestones": [
            milestone("bends-to-100", "Bends to 100°", 100, clinic.on(-3), bounds(110, 60)),
            milestone(
                "bends-to-115", "Bends to 115°, week 12", 115, clinic.on(42), bounds(125, 80)
            ),
        ],
    }


def milestone(code: str, title: str, degrees: int, earliest: str, then: Json) -> Json:
    """Reached at so many degrees of bend, not before its week; then these bounds hold."""
    criterion = {
        "measure": "knee_flexion",
        "comparison": "at_least",
        "value": degrees,
        "unit": "deg",
        "side": "right",
    }
    return {
        "code": code,
        "title": title,
        "criteria": [criterion],
        "earliest": earliest,
        "then": then,
    }


def bounds(squat: int, press: int) -> Json:
    """What is ruled out and what is left, at one stage."""
    return {
        "severity": "modify",
        "patterns": ["squat", "lunge", "jump", "run", "kneel"],
        "limits": {
            "arcs": [{"movement": "flexion", "start": 0, "end": squat, "mode": "loaded"}],
            "loads": [{"exercise": "leg press", "max_kg": press}],
            "max_impact": "none",
            "max_pain": 4,
        },
        "substitutes": [{"name": "box squat", "pattern": "squat"}, {"name": "stationary bike"}],
        "stop_signs": ["swelling the same day", "calf pain", "giving way"],
    }
