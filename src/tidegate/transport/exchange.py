"""One request and its answer, redirects followed, body decoded; no second try."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import httpx2

from tidegate.model.errors import TidegateError, TimedOut, TransportError, UnsafeLink
from tidegate.transport.answers import Answer, StreamedAnswer
from tidegate.transport.decoding import Gauge, decoder
from tidegate.transport.failures import Asked, error_of, translated
from tidegate.transport.links import redacted, resolve
from tidegate.transport.redaction import quiet_driver, scrubbed
from tidegate.transport.retry import Attempts, asked_pause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tidegate.transport.clock import Clock
    from tidegate.transport.credentials import Credentials
    from tidegate.transport.limits import AnswerLimits, Timeouts
    from tidegate.transport.progress import Progress

logger = logging.getLogger(__name__)

_REDIRECTS: Final = 5
_METHOD_KEPT: Final = frozenset({307, 308})
_MOVED: Final = _METHOD_KEPT | {301, 302, 303}


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be sent, and how errors tell of it."""

    method: str
    url: str
    params: dict[str, str] | None
    body: bytes | None
    secrets: frozenset[str]
    asked: Asked
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Sends calls by one HTTP client, under the rules of one connection."""

    http: httpx2.Client
    credentials: Credentials | None
    allow_http: bool
    timeouts: Timeouts
    limits: AnswerLimits
    explain: Callable[[Answer], str | None]
    suggested_pause: Callable[[Answer], float | None]
    stamps: Callable[[], Mapping[str, str]]
    progress: Progress
    clock: Clock

    @contextmanager
    def opened(self, call: Call, attempts: Attempts, *, held: bool) -> Iterator[StreamedAnswer]:
        """The answer to a call while its body comes; `held` if the body is kept in memory.

        Raises:
            TransportError: there is none, or its status is 400 or more.
        """
        response = self._send(call)
        try:
            if response.status_code >= 400:
                raise self._refusal(response, call)
            yield StreamedAnswer(
                response.status_code,
                response.headers,
                lambda: self._pieces(response, call, attempts, held=held),
            )
        finally:
            with quiet_driver():
                response.close()

    def _send(self, call: Call) -> httpx2.Response:
        method, url, params, body = call.method, call.url, call.params, call.body
        for _ in range(_REDIRECTS + 1):
            request = self.http.build_request(
                method,
                self._target(url, params),
                content=body,
                headers={**call.headers, **self.stamps(), **self._headers(url, body)},
            )
            self.progress.update("request.sent", subject=call.asked.subject)
            with quiet_driver(), translated(call.asked):
                response = self.http.send(request, stream=True)
            url = str(request.url)
            logger.debug("%s %s: %d", method, redacted(url), response.status_code)
            if response.status_code not in _MOVED or "location" not in response.headers:
                return response
            with quiet_driver():
                response.close()
            url, params = resolve(url, response.headers["location"]), None
            if response.status_code not in _METHOD_KEPT and method != "HEAD":
                method, body = "GET", None
        raise UnsafeLink(
            f"{call.asked.host} redirects {call.asked.what} without end",
            hint="check the address of the connection",
            subject=call.asked.subject,
        )

    def _target(self, url: str, params: dict[str, str] | None) -> httpx2.URL:
        """The address with its query, and with the parameters that prove who asks."""
        target = httpx2.URL(url, params=params) if params else httpx2.URL(url)
        if self.credentials is None:
            return target
        secret = self.credentials.parameters_for(url, allow_http=self.allow_http)
        return target.copy_merge_params(secret) if secret else target

    def _headers(self, url: str, body: bytes | None) -> dict[str, str]:
        headers = {} if body is None else {"Content-Type": "application/json"}
        if self.credentials is not None:
            headers |= self.credentials.headers_for(url, allow_http=self.allow_http)
        return headers

    def _pieces(
        self, response: httpx2.Response, call: Call, attempts: Attempts, *, held: bool
    ) -> Iterator[bytes]:
        try:
            body = decoder(response.headers.get("content-encoding", ""))
            gauge = Gauge(self.limits, held=held)
            for data in self._arriving(response, call.asked):
                attempts.data_arrived()
                gauge.arrived(len(data))
                self.progress.update("bytes.received", amount=len(data), subject=call.asked.subject)
                for piece in body.decode(data):
                    gauge.gave(len(piece))
                    yield piece
            body.finish()
        except TransportError as error:
            error.status = error.status or response.status_code
            error.subject = error.subject or call.asked.subject
            raise

    def _arriving(self, response: httpx2.Response, asked: Asked) -> Iterator[bytes]:
        """The body as sent; only the time spent waiting for it counts, not that of its reader."""
        waited = 0.0
        raw = response.iter_raw()
        while True:
            before = self.clock.monotonic()
            with quiet_driver(), translated(asked):
                data = next(raw, None)
            waited += self.clock.monotonic() - before
            if data is None:
                return
            if waited > self.timeouts.whole:
                raise TimedOut(
                    f"{asked.host} was not done after {waited:.0f} s with {asked.what}",
                    hint="ask for less time at once",
                )
            yield data

    def _refusal(self, response: httpx2.Response, call: Call) -> TransportError:
        answer = Answer(response.status_code, response.headers, self._beginning(response, call))
        try:
            words = self.explain(answer)
        except (TidegateError, LookupError, TypeError, ValueError, AttributeError):
            words = None
        secrets = call.secrets | (self.credentials.secrets if self.credentials else frozenset())
        return error_of(
            answer,
            call.asked,
            details=scrubbed(words, secrets) if words else None,
            retry_after=self._asked_pause(answer),
        )

    def _asked_pause(self, answer: Answer) -> float | None:
        """Seconds that the platform asks for, by its headers or else in its own way."""
        asked = asked_pause(answer.headers, self.clock)
        return self.suggested_pause(answer) if asked is None and answer.status == 429 else asked

    def _beginning(self, response: httpx2.Response, call: Call) -> bytes:
        """As much of an error's body as an explanation may have; less if it breaks off."""
        found = bytearray()
        try:
            body = decoder(response.headers.get("content-encoding", ""))
            for data in self._arriving(response, call.asked):
                for piece in body.decode(data):
                    found += piece
                    if len(found) >= self.limits.error:
                        return bytes(found[: self.limits.error])
        except TransportError:
            logger.debug("the body of an error broke off after %d bytes", len(found))
        return bytes(found)
