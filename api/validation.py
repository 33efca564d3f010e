"""What was wrong with a request, told by path and by what would be right, without repeating it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.problems import FieldError, Problem, invalid, not_found

LONGEST_LIST = 50
"""Errors beyond these are not told: a body can be made wrong in more ways than anyone will read."""

LONGEST_NAME = 64
"""Of a field that we do not know: its name came from the caller and is cut like any other text."""

_UNITS_OF_PATH = {"body", "query", "header", "path"}

_PROBLEMS: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "this field is required"),
    "extra_forbidden": ("is not a field here", "leave it out"),
    "json_invalid": ("is not JSON", "send one JSON document, UTF-8, without NaN or Infinity"),
    "uuid_parsing": ("is not an id", "a UUID, such as 3f2b1c9e-…"),
    "uuid_type": ("is not an id", "a UUID, such as 3f2b1c9e-…"),
    "string_type": ("is not text", "text"),
    "bool_type": ("is not true or false", "true or false"),
    "bool_parsing": ("is not true or false", "true or false"),
    "int_type": ("is not a whole number", "a whole number"),
    "int_parsing": ("is not a whole number", "a whole number"),
    "int_parsing_size": ("is too long a number", "a whole number of ordinary size"),
    "int_from_float": ("is not a whole number", "a whole number"),
    "float_type": ("is not a number", "a number"),
    "float_parsing": ("is not a number", "a number"),
    "finite_number": ("is not a finite number", "a finite number"),
    "decimal_parsing": ("is not a number", "a number"),
    "list_type": ("is not a list", "a list"),
    "tuple_type": ("is not a list", "a list"),
    "set_type": ("is not a list", "a list without repeats"),
    "frozen_set_type": ("is not a list", "a list without repeats"),
    "dict_type": ("is not an object", "a JSON object"),
    "model_type": ("is not an object", "a JSON object"),
    "model_attributes_type": ("is not an object", "a JSON object"),
    "timezone_aware": ("has no time zone", "an RFC 3339 time with its offset, such as …T14:00:00Z"),
}

_DATE = ("is not a date", "an RFC 3339 date, such as 2026-03-14")
_TIME = ("is not a time", "an RFC 3339 time with its offset, such as 2026-03-14T14:00:00Z")


def invalid_from(errors: Iterable[Mapping[str, Any]], *, root: str = "") -> Problem:
    """The problem that tells pydantic's `errors`; only their type, place and bounds are used.

    A path parameter that could not be an id names nothing: "not found", as for any unknown id.
    """
    told: list[FieldError] = []
    for error in errors:
        place = tuple(error["loc"])
        if place[:1] == ("path",):
            return not_found()
        if len(told) < LONGEST_LIST:
            problem, mend = _say(error)
            told.append(FieldError(path=_path(place, root), problem=problem, mend=mend))
    return invalid(told)


def _path(place: Sequence[str | int], root: str) -> str:
    """A JSON Pointer (RFC 6901) into the body, or the name of the parameter."""
    if place[:1] == ("body",):
        place = place[1:]
    elif place and place[0] in _UNITS_OF_PATH:
        return str(place[-1])
    segments = [str(segment)[:LONGEST_NAME] for segment in place if not _names_a_type(segment)]
    escaped = (segment.replace("~", "~0").replace("/", "~1") for segment in segments)
    return root + "".join(f"/{segment}" for segment in escaped)


def _names_a_type(segment: str | int) -> bool:
    """Whether pydantic put this segment into the place to say which member of a union it tried."""
    return isinstance(segment, str) and ("[" in segment or segment.endswith("()"))


def _say(error: Mapping[str, Any]) -> tuple[str, str]:
    kind: str = error["type"]
    bounds: Mapping[str, Any] = error.get("ctx") or {}
    if kind in _PROBLEMS:
        return _PROBLEMS[kind]
    if kind.startswith(("datetime", "time_")):
        return _TIME
    if kind.startswith("date"):
        return _DATE
    return _say_bounds(kind, bounds) or _say_rule(kind, bounds)


def _say_bounds(kind: str, bounds: Mapping[str, Any]) -> tuple[str, str] | None:
    match kind:
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
            told = [f"{words[name]} {bounds[name]}" for name in words if name in bounds]
            return "is outside what is possible", " and ".join(told)
        case "string_too_long" | "string_too_short" | "too_long" | "too_short":
            unit = "characters" if kind.startswith("string") else "entries"
            limit = "at most" if kind.endswith("long") else "at least"
            number = bounds.get("max_length" if kind.endswith("long") else "min_length", "")
            return f"is too {kind.rsplit('_', 1)[1]}", f"{limit} {number} {unit}"
        case "enum" | "literal_error":
            return "is not one of the choices", f"one of {bounds.get('expected', '')}"
        case "string_pattern_mismatch":
            return "is not written as expected", f"text that matches {bounds.get('pattern', '')}"
        case "multiple_of":
            return "is not a permitted step", f"a multiple of {bounds.get('multiple_of', '')}"
        case "union_tag_invalid" | "union_tag_not_found":
            return "is not one of the choices", f"one of {bounds.get('expected_tags', '')}"
    return None


def _say_rule(kind: str, bounds: Mapping[str, Any]) -> tuple[str, str]:
    """A rule of ours (a ValueError in a validator says what would be right), or anything else."""
    if kind in {"value_error", "assertion_error"} and "error" in bounds:
        return "is not possible", str(bounds["error"])
    return "is not accepted", kind.replace("_", " ")
