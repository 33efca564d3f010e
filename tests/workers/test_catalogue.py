"""The catalogue in docs/ is the one that the declarations give."""

from pathlib import Path

from workers.catalogue import catalogue

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"


def test_the_catalogue_is_current() -> None:
    assert PAGE.read_text("utf-8") == catalogue(), (
        "a fact was declared or changed: `tandem catalogue --to docs/catalogue.md`"
    )


def test_it_says_of_each_fact_what_a_reader_needs() -> None:
    text = catalogue()
    assert "### `restriction.imposed.v1`" in text
    assert "category `clinical`" in text
    assert "**policy**" in text
    assert "*in clear*" in text
