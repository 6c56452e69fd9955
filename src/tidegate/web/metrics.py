"""Measurements of the service for Prometheus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class Metrics:
    """Requests by method, route and status, how long they took, and how many are under way."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "tidegate_request_seconds",
            "Time from a request to the end of its answer",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._answers = Counter(
            "tidegate_answers",
            "Answers by status",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._open = Gauge("tidegate_requests_open", "Requests under way", registry=self._registry)

    def exposition(self) -> bytes:
        """Everything measured so far, as Prometheus reads it."""
        return generate_latest(self._registry)

    def began(self) -> None:
        """Count a request that came in."""
        self._open.inc()

    def ended(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        route = getattr(scope.get("route"), "path", "none")  # never the address: it has names in it
        self._open.dec()
        self._seconds.labels(scope["method"], route).observe(seconds)
        self._answers.labels(scope["method"], route, status).inc()


class Measured:
    """Wraps an application and measures every request."""

    def __init__(self, application: ASGIApp, *, metrics: Metrics) -> None:
        self._application = application
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._metrics.began()
        try:
            await self._application(scope, receive, told)
        finally:
            self._metrics.ended(scope, status, time.perf_counter() - began)
