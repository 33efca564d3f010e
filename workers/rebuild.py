"""`tandem rebuild`: fills lists anew from the beginning of the log, while the old ones serve."""

from collections.abc import Sequence

from projections.listing import Listing
from projections.projecting import rebuild
from workers.display import Display
from workers.failed import Exit, Failed
from workers.lists import NAMES, open_lists


def require_list(name: str | None) -> None:
    """Raise Failed for a name that no list has. None stands for all of them."""
    if name is not None and name not in NAMES:
        known = ", ".join(NAMES)
        raise Failed(f"There is no list {name!r}. Lists: {known}.", Exit.USAGE)


def rebuild_lists(
    url: str, lists: Sequence[Listing], name: str | None, display: Display
) -> dict[str, int]:
    """Rebuild the list called `name` (None: all) over the projector's `url`; the position that
    each now stands at."""
    positions = {}
    with open_lists(url) as (recorder, reader):
        for listing in (each for each in lists if name in (None, each.name)):
            with display.bar(listing.name, reader.head()) as bar:
                positions[listing.name] = rebuild(listing, recorder, reader, bar.show)
    return positions
