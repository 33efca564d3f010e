"""Writes `docs/doors.md` from the routes: `python -m api.doors_page`."""

from pathlib import Path

from api.app import SUBJECTS
from api.doors import table

PAGE = Path(__file__).parents[1] / "docs" / "doors.md"


def page() -> str:
    """The page as the routes are now."""
    return table(route for routes in SUBJECTS for route in routes.routes)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), "utf-8")
