"""Who said something, in which discipline, and when: as every view shows it."""

from domain.source import Source
from projections.sheet import Body, Sheet


def authored(sheet: Sheet, source: Source) -> Body:
    """Author (named at the door), discipline acted in, clinical time and recorded time."""
    return {
        "by": sheet.mention(source.author),
        "acting_as": source.acting_as,
        "effective": source.effective.isoformat(),
        "recorded_at": source.recorded_at.isoformat(),
    }
