"""The catalogue of measures, as data.

Left out rather than guessed: LOINC codes that could not be verified against a published use of
them, and ranges of change without a publication that could be named. A range holds for the
population that it was found in; a trend says which that is.
"""

from collections.abc import Iterator

from domain.lanes import Category
from domain.measures import Better, Change, Kind, Licence, Meaning, Measure, Named, Taker

_UP, _DOWN, _TARGET, _NEITHER = Better.HIGHER, Better.LOWER, Better.TARGET, Better.NEITHER
_FUNCTION, _FITNESS, _WEARABLES = Category.FUNCTION, Category.FITNESS, Category.WEARABLES

_CLINICIAN = frozenset({Taker.CLINICIAN})
_EITHER = frozenset({Taker.CLINICIAN, Taker.TRAINER})
_CLIENT = frozenset({Taker.CLIENT})
_ANYBODY = frozenset({Taker.CLINICIAN, Taker.TRAINER, Taker.CLIENT, Taker.DEVICE})
_DEVICE = frozenset({Taker.DEVICE})

_ABBOTT = "Abbott and Schmitt, J Orthop Sports Phys Ther 2014;44:560-564"
_OSTELO = "Ostelo et al., Spine 2008;33:90-94"
_PERERA = "Perera et al., J Am Geriatr Soc 2006;54:743-749"
_ALGHADIR = "Alghadir et al., BMC Musculoskelet Disord 2015;16:174"
_BOHANNON = "Bohannon, J Phys Ther Sci 2019;31:75-78"
_OUTPATIENTS = "adults with musculoskeletal disorders in outpatient physiotherapy"


def _important(low: float, high: float, population: str, source: str) -> Change:
    return Change(low, high, Meaning.IMPORTANT, population, source)


def _questionnaire(
    code: str,
    name: str,
    high: float,
    better: Better,
    change: Change | None = None,
    *,
    unit: str = "{score}",
    licence: Licence = Licence.SCORE_ONLY,
    loinc: str | None = None,
) -> Measure:
    return Measure(
        code,
        name,
        unit,
        0,
        high,
        better,
        Kind.QUESTIONNAIRE,
        _FUNCTION,
        _CLIENT,
        change=change,
        licence=licence,
        loinc=loinc,
    )


def _motion(
    code: str,
    name: str,
    low: float,
    high: float,
    better: Better = _UP,
    *,
    sided: bool = True,
    target: float | None = None,
) -> Measure:
    kind, by = Kind.MOTION, _EITHER
    return Measure(
        code, name, "deg", low, high, better, kind, _FUNCTION, by, sided=sided, target=target
    )


def _activity(code: str, name: str, unit: str, high: float, loinc: str) -> Measure:
    kind = Kind.ACTIVITY
    return Measure(code, name, unit, 0, high, _UP, kind, _FITNESS, _CLIENT, loinc=loinc)


# fmt: off
_QUESTIONNAIRES = (
    _questionnaire("nprs", "Pain now, 0–10", 10, _DOWN,
                   _important(1.5, 3.5, _OUTPATIENTS, _ABBOTT),
                   licence=Licence.FREE, loinc="72514-3"),
    _questionnaire("psfs", "Patient-specific functional scale", 10, _UP,
                   _important(1.3, 2.7, _OUTPATIENTS, _ABBOTT), licence=Licence.FREE),
    _questionnaire("lefs", "Lower extremity functional scale", 80, _UP,
                   _important(9, 16, _OUTPATIENTS, _ABBOTT)),
    _questionnaire("uefi", "Upper extremity functional index", 80, _UP,
                   _important(6, 11, _OUTPATIENTS, _ABBOTT)),
    _questionnaire("ndi", "Neck disability index", 100, _DOWN,
                   _important(14, 14, _OUTPATIENTS, _ABBOTT), unit="%"),
    _questionnaire("odi", "Oswestry disability index", 100, _DOWN,
                   _important(12, 12, _OUTPATIENTS, _ABBOTT), unit="%"),
    _questionnaire("rmdq", "Roland-Morris disability questionnaire", 24, _DOWN,
                   _important(5, 5, "low back pain", _OSTELO)),
    _questionnaire("koos12", "KOOS-12 knee summary", 100, _UP),
)

_RATINGS = (
    Measure("pain_session", "Pain during the session, 0–10", "{score}", 0, 10, _DOWN,
            Kind.RATING, _FITNESS, _CLIENT),
    Measure("effort", "Perceived effort, 0–10", "{score}", 0, 10, _NEITHER,
            Kind.RATING, _FITNESS, _CLIENT),
    Measure("srpe", "Session load (effort × minutes)", "{score}", 0, 3000, _NEITHER,
            Kind.DERIVED, _FITNESS, _EITHER),
)

_MOTIONS = (
    _motion("knee_flexion", "Knee bend", 0, 170),
    _motion("knee_short_of_straight", "Knee short of straight", -20, 90, _TARGET, target=0),
    _motion("quadriceps_lag", "Lag in straight-leg raise", 0, 60, _DOWN),
    _motion("hip_flexion", "Hip bend", 0, 160),
    _motion("hip_extension", "Hip straightened backwards", -40, 60),
    _motion("hip_abduction", "Leg lifted sideways", 0, 90),
    _motion("hip_internal_rotation", "Hip turned inwards", 0, 90),
    _motion("hip_external_rotation", "Hip turned outwards", 0, 90),
    _motion("ankle_dorsiflexion", "Ankle, knee over toes", -30, 60),
    _motion("ankle_plantarflexion", "Ankle, toes pointed", 0, 90),
    _motion("shoulder_flexion", "Arm raised forwards", 0, 200),
    _motion("shoulder_abduction", "Arm raised sideways", 0, 200),
    _motion("shoulder_external_rotation", "Arm turned out", -30, 130),
    _motion("shoulder_internal_rotation", "Arm turned in", -30, 130),
    _motion("elbow_flexion", "Elbow bend", 0, 170),
    _motion("elbow_short_of_straight", "Elbow short of straight", -20, 90, _TARGET, target=0),
    _motion("wrist_flexion", "Wrist bent", 0, 110),
    _motion("wrist_extension", "Wrist bent back", 0, 110),
    _motion("neck_rotation", "Neck turned", 0, 110),
    _motion("neck_side_bending", "Neck tilted", 0, 70),
    _motion("neck_flexion", "Neck bent forwards", 0, 90, sided=False),
    _motion("neck_extension", "Neck bent back", 0, 110, sided=False),
    _motion("straight_leg_raise", "Straight-leg raise", 0, 130),
)

_STRENGTHS = (
    Measure("mmt", "Manual muscle test", "{grade}", 0, 5, _UP, Kind.STRENGTH, _FUNCTION,
            _CLINICIAN, sided=True, of=Named.MUSCLE),
    Measure("grip", "Grip strength", "kg", 0, 120, _UP, Kind.STRENGTH, _FITNESS, _EITHER,
            sided=True,
            change=_important(5, 6.5, "adults, review of several populations", _BOHANNON)),
    Measure("onerm", "One-repetition maximum", "kg", 0, 500, _UP, Kind.STRENGTH, _FITNESS,
            _EITHER, of=Named.EXERCISE),
    Measure("limb_symmetry", "Weaker side against the other", "%", 0, 200, _TARGET,
            Kind.DERIVED, _FITNESS, _EITHER, target=100, of=Named.TEST),
    Measure("single_leg_squats", "Single-leg squats in a row", "{count}", 0, 200, _UP,
            Kind.STRENGTH, _FITNESS, _EITHER, sided=True),
    Measure("heel_raises", "Single-leg heel raises", "{count}", 0, 200, _UP,
            Kind.STRENGTH, _FITNESS, _EITHER, sided=True),
)

_PERFORMANCES = (
    Measure("hop", "Single-leg hop for distance", "cm", 0, 300, _UP, Kind.PERFORMANCE, _FITNESS,
            _EITHER, sided=True),
    Measure("balance_sl", "Single-leg stance", "s", 0, 60, _UP, Kind.PERFORMANCE, _FUNCTION,
            _EITHER, sided=True),
    Measure("tug", "Timed up and go", "s", 3, 180, _DOWN, Kind.PERFORMANCE, _FUNCTION, _EITHER,
            change=Change(1.1, 1.1, Meaning.DETECTABLE,
                          "knee osteoarthritis, grade 1 to 3; 1.14 s between raters", _ALGHADIR),
            loinc="89423-8"),
    Measure("chair30", "30-second chair stand", "/(30.s)", 0, 60, _UP, Kind.PERFORMANCE,
            _FUNCTION, _EITHER, loinc="66247-8"),
    Measure("sts5", "Five times sit to stand", "s", 3, 120, _DOWN, Kind.PERFORMANCE, _FUNCTION,
            _EITHER),
    Measure("sixmwt", "Six-minute walk distance", "m", 0, 1000, _UP, Kind.PERFORMANCE, _FUNCTION,
            _EITHER, change=_important(20, 50, "older adults", _PERERA), loinc="64098-7"),
    Measure("gait4", "Gait speed over 4 m", "m/s", 0.1, 3, _UP, Kind.PERFORMANCE, _FUNCTION,
            _EITHER, change=_important(0.05, 0.1, "older adults", _PERERA)),
    Measure("walk_minutes", "Walking without a limp", "min", 0, 240, _UP, Kind.PERFORMANCE,
            _FITNESS, _EITHER),
    Measure("run_minutes", "Running without symptoms", "min", 0, 240, _UP, Kind.PERFORMANCE,
            _FITNESS, _EITHER),
)

_BODIES = (
    Measure("girth", "Girth (swelling)", "cm", 5, 150, _DOWN, Kind.BODY, _FUNCTION, _EITHER,
            sided=True, of=Named.LANDMARK),
    Measure("body_mass", "Body mass", "kg", 20, 350, _NEITHER, Kind.VITAL, _FITNESS, _ANYBODY,
            loinc="29463-7"),
    Measure("resting_hr", "Resting heart rate", "/min", 25, 220, _NEITHER, Kind.VITAL, _FITNESS,
            _ANYBODY, loinc="40443-4"),
    Measure("bp_systolic", "Systolic blood pressure", "mm[Hg]", 50, 260, _NEITHER, Kind.VITAL,
            _FITNESS, _ANYBODY, loinc="8480-6"),
    Measure("bp_diastolic", "Diastolic blood pressure", "mm[Hg]", 30, 160, _NEITHER, Kind.VITAL,
            _FITNESS, _ANYBODY, loinc="8462-4"),
    Measure("falls", "Falls in the last 12 months", "{falls}", 0, 100, _DOWN, Kind.HISTORY,
            _FUNCTION, _CLIENT),
)

_ACTIVITIES = (
    _activity("pa_days", "Days a week of moderate to vigorous activity", "d/wk", 7, "89555-7"),
    _activity("pa_minday", "Minutes per active day", "min/d", 1440, "68516-4"),
    _activity("pa_minweek", "Minutes a week of moderate to vigorous activity", "min/wk", 10080,
              "82290-8"),
    _activity("pa_strength", "Days a week of muscle strengthening", "d/wk", 7, "82291-6"),
    Measure("steps", "Steps in 24 hours", "{steps}/d", 0, 100000, _NEITHER, Kind.ACTIVITY,
            _WEARABLES, _DEVICE, loinc="41950-7"),
)
# fmt: on


def _all() -> Iterator[Measure]:
    for group in (
        _QUESTIONNAIRES,
        _RATINGS,
        _MOTIONS,
        _STRENGTHS,
        _PERFORMANCES,
        _BODIES,
        _ACTIVITIES,
    ):
        yield from group


TABLE: tuple[Measure, ...] = tuple(_all())
"""Every measure, in the order in which they are read."""

MEASURES: dict[str, Measure] = {measure.code: measure for measure in TABLE}
"""The same, by code."""
