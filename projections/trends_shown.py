"""How trends look: readings alike, and whether a change is more than the measure's own noise."""

from datetime import datetime

from domain.assessment_lanes import reads
from domain.assessment_part import Part
from domain.body import Side
from domain.measures import Measure
from domain.record import CareRecord
from domain.scope import Scope
from domain.trend import Change, Point, Trend, points, trends
from projections.assessments_shown import measured
from projections.sheet import Body, NothingToShow, Sheet, View, ViewFunction


def of(code: str | None = None, side: Side | None = None) -> ViewFunction:
    """The view of the trends of one measure (or all) on one side (or each), as far as the reader
    may see the readings. Raises NothingToShow to whom no part of an assessment is open."""

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        found = _shown(sheet, code, side)
        if not found and not any(part.category in scope.categories for part in Part):
            raise NothingToShow
        return sheet.view({"view": "trends", "client": str(record.id), "trends": found})

    return view


def changes(sheet: Sheet) -> list[Body]:
    """The trends of a chart: those of which there is more than one reading."""
    return [body for body in _shown(sheet, None, None) if len(body["points"]) > 1]


def _shown(sheet: Sheet, code: str | None, side: Side | None) -> list[Body]:
    """Only readings that the reader may see are compared, so that a change tells no other."""
    for part in Part:
        sheet.lists(part.category)
    mine = [
        point
        for point in points(sheet.record.assessments.every_part())
        if code in (None, point.reading.measured.measure)
        and side in (None, point.reading.measured.side)
        and _opens(sheet, point)
    ]
    return [_trend(sheet, trend) for trend in trends(mine)]


def _opens(sheet: Sheet, point: Point) -> bool:
    category, source = point.part.category, point.reading.source
    if not reads(sheet.scope.acting_as, category, point.reading.measured.measure):
        return False
    return sheet.opens(category, source.version, item=point.assessment, author=source.author)


def _trend(sheet: Sheet, trend: Trend) -> Body:
    return {
        "measure": trend.like.measure,
        "name": trend.measure.name,
        "unit": trend.measure.unit,
        "side": trend.like.side,
        "method": trend.like.method,
        "of": trend.points[-1].reading.measured.of,
        "better": trend.measure.better,
        "target": trend.measure.target,
        "range_of_change": _range(trend.measure),
        "points": [
            {"assessment": str(point.assessment), **measured(sheet, point.reading)}
            for point in trend.points
        ],
        "since_first": _change(trend.since_first),
        "since_previous": _change(trend.since_previous),
    }


def _range(measure: Measure) -> Body | None:
    """From how much a change means something: what, in whom, and who says so."""
    found = measure.change
    if found is None:
        return None
    return {
        "low": found.low,
        "high": found.high,
        "meaning": found.meaning,
        "population": found.population,
        "source": found.source,
    }


def _change(found: Change | None) -> Body | None:
    if found is None:
        return None
    return {
        "by": found.by,
        "size": found.size,
        "direction": found.direction,
        "same_rater": found.same_rater,
    }
