"""`/healthz`, `/docs` and the root of the API: what the service says of itself."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Request

from tidegate.web.answers import JsonAnswer
from tidegate.web.forms import About
from tidegate.web.identity import SignedIn
from tidegate.web.openapi import answers

router = APIRouter(tags=["service"])


@router.get("/api", responses=answers(About))
def about(access: SignedIn) -> JsonAnswer:
    """What the service is."""
    del access
    return JsonAnswer.of(
        About(
            name="Tidegate",
            description="Time series with dated attributes",
            version=version("tidegate"),
        )
    )


@router.get("/healthz", include_in_schema=False)
def healthz(request: Request) -> JsonAnswer:
    """Whether the store answers; open to everybody, and says nothing else."""
    request.app.state.service.store.repositories()
    return JsonAnswer.of({"Status": "ok"})


@router.get("/docs/openapi.json", include_in_schema=False)
def openapi(request: Request) -> JsonAnswer:
    """The service's own description."""
    return JsonAnswer.of(request.app.openapi())
