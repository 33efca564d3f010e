"""One's own chart at an earlier moment: the record as it stood then, in the scope of today."""

from datetime import datetime

from domain.record import CareRecord
from domain.scope import Scope
from projections.sheet import NothingToShow, View
from projections.time_machine import Moment
from projections.views import CHART


def past_chart_view(
    then: CareRecord, at: Moment, record: CareRecord, scope: Scope, now: datetime
) -> View:
    """The chart of `then`, as far as the reader may see it today."""
    render = CHART.get(scope.acting_as)
    if render is None:
        raise NothingToShow
    view = render(then, scope, at.time)
    moment = {"position": at.position, "time": at.time.isoformat()}
    return View(
        body={**view.body, "at": moment},
        shown=view.shown,
        categories=view.categories,
        withheld=view.withheld,
        mentions=view.mentions,
    )
