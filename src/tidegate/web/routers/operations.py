"""`/healthz`, `/docs` and the root of the API: what the service says of itself."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

from tidegate.web.answers import JsonAnswer
from tidegate.web.docs_page import page
from tidegate.web.forms import About
from tidegate.web.identity import Service, SignedIn
from tidegate.web.metrics import CONTENT_TYPE, Metrics
from tidegate.web.openapi import answers

VERSION: Final = version("tidegate")

router = APIRouter(tags=["service"])


@router.get("/api", responses=answers(About))
def about(access: SignedIn) -> JsonAnswer:
    """What the service is."""
    del access
    return JsonAnswer.of(
        About(
            name="Tidegate",
            description="Time series with dated attributes",
            version=VERSION,
        )
    )


@router.get("/healthz", include_in_schema=False)
def healthz(request: Request) -> JsonAnswer:
    """Whether the store answers; open to everybody, and says nothing else."""
    Service.of(request).store.repositories()
    return JsonAnswer.of({"Status": "ok"})


@router.get("/metrics", include_in_schema=False)
def metrics(access: SignedIn, request: Request) -> Response:
    """Measurements for Prometheus, for anybody who is known."""
    del access
    found: Metrics = request.app.state.metrics
    return Response(found.exposition(), headers={"Content-Type": CONTENT_TYPE})


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """The description of the service, to read."""
    source = f"{Service.of(request).prefix}/docs/openapi.json"
    return HTMLResponse(page(request.app.openapi(), source=source))


@router.get("/docs/openapi.json", include_in_schema=False)
def openapi(request: Request) -> JsonAnswer:
    """The service's own description."""
    return JsonAnswer.of(request.app.openapi())
