"""`tandem rebuild`: fills lists anew from the beginning of the log, while the old ones serve."""

from collections.abc import Sequence

from projections.listing import Listing
from projections.projecting import rebuild
from workers.display import Display
from workers.failed import Exit, Failed
from workers.lists import LISTS, open_lists


def chosen(name: str | None, lists: Sequence[Listing] = LISTS) -> Sequence[Listing]:
    """The list called `name`, or all. Raises Failed for a name that no list has."""
    if name is None:
        return lists
    found = [listing for listing in lists if listing.name == name]
    if not found:
        known = ", ".join(listing.name for listing in lists)
        raise Failed(f"There is no list {name!r}. Lists: {known}.", Exit.USAGE)
    return found


def rebuild_lists(url: str, lists: Sequence[Listing], display: Display) -> dict[str, int]:
    """Rebuild `lists` over the projector's `url`; the position that each now stands at."""
    positions = {}
    with open_lists(url) as (recorder, reader):
        for listing in lists:
            with display.bar(listing.name, reader.head()) as bar:
                positions[listing.name] = rebuild(listing, recorder, reader, bar.show)
    return positions
