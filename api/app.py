"""The application: every route, in one place, behind what stands around them all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from api import (
    accesses,
    acknowledgements,
    administration,
    assessment_corrections,
    assessments,
    audit,
    board,
    break_glass,
    caseload,
    clients,
    consents,
    deliveries,
    directory,
    external,
    holds,
    legal_labels,
    locks,
    me,
    milestones,
    notifications,
    offline,
    operations,
    organisations,
    practitioners,
    referral_inbox,
    referral_steps,
    referrals,
    restrictions,
    schema,
    team,
    today,
    worklist,
)
from api.access_log import AccessLog, Write, silence_others, to_standard_output
from api.composition import Clock, open_tandem, utc_now
from api.dispatch import Dispatch
from api.head import HeadAsGet
from api.metrics import Metrics
from api.route import Route
from deploy.settings import Settings, load_settings

SUBJECTS: tuple[APIRouter, ...] = (
    clients.routes,
    restrictions.routes,
    acknowledgements.routes,
    milestones.routes,
    holds.routes,
    assessments.routes,
    assessment_corrections.routes,
    board.routes,
    referrals.routes,
    referral_steps.routes,
    referral_inbox.routes,
    external.routes,
    caseload.routes,
    today.routes,
    worklist.routes,
    team.routes,
    consents.routes,
    locks.routes,
    legal_labels.routes,
    break_glass.routes,
    accesses.routes,
    deliveries.routes,
    offline.routes,
    audit.routes,
    me.routes,
    notifications.routes,
    practitioners.routes,
    directory.routes,
    organisations.routes,
    administration.routes,
    operations.routes,
    schema.routes,
)
"""In the order in which a request is matched: the busiest first."""


class Api(FastAPI):
    """FastAPI with nothing around its routes but what is ours."""

    metrics: Metrics
    log: Write | None

    def build_middleware_stack(self) -> ASGIApp:
        """What a request passes on its way in, outermost first. The framework's own layers are for
        telemetry, files and debugging; its router is only for start and stop."""
        routes = [route for route in self.routes if isinstance(route, Route)]
        return AccessLog(HeadAsGet(Dispatch(routes, self.router)), self.metrics, self.log)


def create_app(
    settings: Settings | None = None,
    *,
    service_url: str | None = None,
    clock: Clock = utc_now,
) -> Api:
    """The API. `settings`: those of the environment by default. `service_url`: a migrated database
    to connect to, instead of opening the one that the settings name.

    Raises WrongSettings. What the database lacks is said when the application starts.
    """
    chosen = settings or load_settings()
    silence_others()
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_tandem(
            chosen, metrics=metrics, service_url=service_url, clock=clock
        ) as tandem:
            app.state.tandem = tandem
            yield

    app = Api(
        lifespan=lifespan,
        # The pages of these load scripts from elsewhere; the document itself is served.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # It would tell a tracing system of paths and of the messages of exceptions.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.metrics = metrics
    app.log = to_standard_output if chosen.log_level in ("debug", "info") else None
    # Not `include_router`: routes of one flat list are matched without detours.
    app.router.routes.extend(route for routes in SUBJECTS for route in routes.routes)
    schema.describe(app)
    return app
