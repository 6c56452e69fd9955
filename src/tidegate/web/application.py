"""The application: routes under a prefix, one store for all of them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI
from starlette.middleware import Middleware

from tidegate.gate.rates import Rates
from tidegate.model.instants import now
from tidegate.services.identity import Identities
from tidegate.services.write_queue import WriteQueue
from tidegate.web.errors import handle_errors
from tidegate.web.identity import Service
from tidegate.web.limits import Limits
from tidegate.web.metrics import Measured, Metrics
from tidegate.web.openapi import PROBLEMS, describe
from tidegate.web.routers import (
    attributes,
    bulk_attributes,
    calculations,
    collections_data,
    data,
    keys,
    operations,
    repositories,
    search,
    series_attributes,
    share,
    timeseries,
    units,
)
from tidegate.web.wire import Wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tidegate.services.sharing import Sharing
    from tidegate.store.verbs import Verbs

TITLE: Final = "Tidegate"
SUMMARY: Final = "Time series with dated attributes, units, revisions and formulas"

_OF_A_REPOSITORY: Final = (
    data,
    collections_data,
    attributes,
    search,
    timeseries,
    series_attributes,
    bulk_attributes,
    calculations,
    units,
)
"""Modules whose `router` lies below `/api/repositories/{repository}`; the busiest come first."""
_OF_THE_API: Final = (repositories, keys)
"""Modules whose `router` lies below `/api`."""


def create_application(
    store: Verbs,
    *,
    prefix: str = "",
    limits: Limits = Limits(),
    passwords: bool = True,
    sharing: Sharing | None = None,
    clock: Callable[[], int] = now,
) -> FastAPI:
    """The service on an open store, which stays open when the application ends.

    Args:
        store: where everything is.
        prefix: what comes before `/api` in every path, such as `/metering`.
        limits: what the service takes and gives at most.
        passwords: take users with passwords, not only keys.
        sharing: gives records through views, at `/share`; no such path without it.
        clock: the present instant, which relative times count from.
    """
    prefix = "/" + prefix.strip("/") if prefix.strip("/") else ""
    metrics = Metrics()
    queue = WriteQueue(store)
    service = Service(
        store=store,
        identities=Identities(store, passwords=passwords),
        queue=queue,
        limits=limits,
        prefix=prefix,
        sharing=sharing,
        rates=Rates(limits.share_rate),
        clock=clock,
    )

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        del application
        yield
        queue.close()

    application = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        version=version("tidegate"),
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        middleware=[Middleware(Wire, prefix=prefix), Middleware(Measured, metrics=metrics)],
    )
    application.state.service = service
    application.state.metrics = metrics
    handle_errors(application)
    _include_routes(application, prefix)
    if sharing is not None:
        application.include_router(share.router, prefix=prefix)

    def openapi() -> dict[str, Any]:
        return describe(application)

    application.openapi = openapi  # type: ignore[method-assign]
    return application


def _include_routes(application: FastAPI, prefix: str) -> None:
    """Include every router at once, without levels between: each level costs time a request."""
    repository = f"{prefix}/api/repositories/{{repository}}"
    for module in _OF_A_REPOSITORY:
        application.include_router(module.router, prefix=repository, responses=PROBLEMS)
    for module in _OF_THE_API:
        application.include_router(module.router, prefix=f"{prefix}/api", responses=PROBLEMS)
    application.include_router(operations.router, prefix=prefix)
    # older clients leave /api out
    application.include_router(keys.router, prefix=prefix, include_in_schema=False)
