"""Body regions, sides and movement patterns, each with the words that a gym uses for it."""

from enum import StrEnum, auto


class Region(StrEnum):
    """Part of the body that a restriction is about."""

    HEAD = auto()
    NECK = auto()
    UPPER_BACK = auto()
    LOWER_BACK = auto()
    CHEST = auto()
    ABDOMEN = auto()
    PELVIS = auto()
    SHOULDER = auto()
    UPPER_ARM = auto()
    ELBOW = auto()
    FOREARM = auto()
    WRIST = auto()
    HAND = auto()
    HIP = auto()
    THIGH = auto()
    KNEE = auto()
    LOWER_LEG = auto()
    ANKLE = auto()
    FOOT = auto()
    WHOLE_BODY = auto()


UNSIDED = frozenset(
    {
        Region.HEAD,
        Region.NECK,
        Region.UPPER_BACK,
        Region.LOWER_BACK,
        Region.CHEST,
        Region.ABDOMEN,
        Region.PELVIS,
        Region.WHOLE_BODY,
    }
)
"""Regions of which there is one: a side may be named (left of the neck) but is not required."""


class Side(StrEnum):
    """Side of the body, always the client's own left and right."""

    LEFT = auto()
    RIGHT = auto()
    BOTH = auto()


class Movement(StrEnum):
    """Movement of a joint, for arcs in degrees from the neutral position."""

    FLEXION = auto()
    EXTENSION = auto()
    ABDUCTION = auto()
    ADDUCTION = auto()
    INTERNAL_ROTATION = auto()
    EXTERNAL_ROTATION = auto()
    ROTATION = auto()
    SIDE_BENDING = auto()
    DORSIFLEXION = auto()
    PLANTARFLEXION = auto()


class Pattern(StrEnum):
    """Movement pattern in which a trainer plans a session."""

    SQUAT = auto()
    HINGE = auto()
    LUNGE = auto()
    STEP = auto()
    KNEEL = auto()
    PUSH = auto()
    PULL = auto()
    CARRY = auto()
    ROTATE = auto()
    SPINAL_FLEXION = auto()
    SPINAL_EXTENSION = auto()
    OVERHEAD = auto()
    GRIP = auto()
    JUMP = auto()
    RUN = auto()
    IMPACT = auto()
    CONTACT = auto()
    BALANCE = auto()
    SUPINE = auto()
    BREATH_HOLDING = auto()


IMPACT_PATTERNS = frozenset({Pattern.JUMP, Pattern.RUN, Pattern.IMPACT})
"""What "no impact" rules out."""

PATTERN_WORDS: dict[Pattern, str] = {
    Pattern.SQUAT: "squatting",
    Pattern.HINGE: "hip hinging",
    Pattern.LUNGE: "lunging",
    Pattern.STEP: "stepping up or down",
    Pattern.KNEEL: "kneeling",
    Pattern.PUSH: "pushing",
    Pattern.PULL: "pulling",
    Pattern.CARRY: "carrying",
    Pattern.ROTATE: "twisting",
    Pattern.SPINAL_FLEXION: "rounding the back",
    Pattern.SPINAL_EXTENSION: "arching the back",
    Pattern.OVERHEAD: "working overhead",
    Pattern.GRIP: "gripping hard",
    Pattern.JUMP: "jumping",
    Pattern.RUN: "running",
    Pattern.IMPACT: "impact",
    Pattern.CONTACT: "contact with others",
    Pattern.BALANCE: "balancing on one leg",
    Pattern.SUPINE: "lying flat on the back",
    Pattern.BREATH_HOLDING: "holding the breath",
}
"""What somebody does who does it: fits after "no" and before "up to"."""

MOVEMENT_WORDS: dict[Movement, str] = {
    Movement.FLEXION: "bend",
    Movement.EXTENSION: "straightening",
    Movement.ABDUCTION: "lift to the side",
    Movement.ADDUCTION: "move across the body",
    Movement.INTERNAL_ROTATION: "turn inwards",
    Movement.EXTERNAL_ROTATION: "turn outwards",
    Movement.ROTATION: "turn",
    Movement.SIDE_BENDING: "side bend",
    Movement.DORSIFLEXION: "knee over toes",
    Movement.PLANTARFLEXION: "pointing the toes",
}


def place(region: Region, side: Side | None) -> str:
    """The region in words: "right knee", "both shoulders", "lower back"."""
    name = region.value.replace("_", " ")
    match side:
        case None:
            return name
        case Side.BOTH:
            return f"both {_plural(name)}"
        case _:
            return f"{side.value} {name}"


def _plural(name: str) -> str:
    return "feet" if name == "foot" else f"{name}s"
