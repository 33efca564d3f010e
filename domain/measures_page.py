"""Writes `docs/measures.md` from the catalogue: `python -m domain.measures_page`."""

from collections.abc import Iterator
from pathlib import Path

from domain.measures import Better, Change, Measure
from domain.measures_table import TABLE

PAGE = Path(__file__).parents[1] / "docs" / "measures.md"

_HEAD = """# Measures

Generated from `domain/measures_table.py` by `python -m domain.measures_page`; a test compares the
two. A reading outside the plausible range, in another unit or without its side is refused with what
would be right. Plausible ranges catch slips of the keyboard: they are not norms.

**Score only**: licensed, or its licence has not been checked; the score is recorded and the text of
the form is nowhere. LOINC codes stand only where a published use of them was found. **Of**: what
else a reading names, because only the same is compared.

| code | measure | UCUM unit | plausible | better | side | of | consent to | taken by | LOINC | |
|---|---|---|---|---|---|---|---|---|---|---|
"""

_CHANGES = """
## When a change is a change

Below the range a change is no more than noise, beyond it it is more than the largest that was asked
about. A range holds for the population that it was found in. Measures that are not here have none:
of their changes nothing is said but the direction.

| measure | range | question | population | source |
|---|---|---|---|---|
"""


def page() -> str:
    """The page as the catalogue is now."""
    return _HEAD + "".join(map(_line, TABLE)) + _CHANGES + "".join(_changes())


def _line(measure: Measure) -> str:
    better = f"near {measure.target:g}" if measure.better is Better.TARGET else measure.better.value
    cells = (
        f"`{measure.code}`",
        measure.name,
        f"`{measure.unit}`",
        f"{measure.low:g} to {measure.high:g}",
        better,
        "left or right" if measure.sided else "",
        measure.of or "",
        measure.category,
        ", ".join(sorted(measure.taken_by)),
        measure.loinc or "",
        measure.licence.replace("_", " "),
    )
    return f"| {' | '.join(cells)} |\n"


def _changes() -> Iterator[str]:
    for measure in TABLE:
        if measure.change is not None:
            found = measure.change
            cells = (measure.name, _range(found, measure.unit), found.meaning, found.population)
            yield f"| {' | '.join(cells)} | {found.source} |\n"


def _range(found: Change, unit: str) -> str:
    span = f"{found.low:g}" if found.low == found.high else f"{found.low:g} to {found.high:g}"
    return f"{span} `{unit}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
