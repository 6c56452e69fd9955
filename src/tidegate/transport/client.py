"""One HTTP client a connection: synchronous, safe to share between threads, polite.

Proxies are taken from the environment (`HTTPS_PROXY`, `NO_PROXY` …), since many machines have no
other way out; addresses of this machine are never asked through one. Passwords in `.netrc` are
never used.
"""

from __future__ import annotations

import functools
import importlib.metadata
import logging
import ssl
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import httpx2
import msgspec

from tidegate.model.closing import Closing
from tidegate.model.errors import BadValue, Interrupted, Throttled, TransportError
from tidegate.transport.answers import Answer, StreamedAnswer, own_words
from tidegate.transport.clock import SYSTEM, Clock, wait_for_either
from tidegate.transport.credentials import Credentials, require_confidential
from tidegate.transport.exchange import Call, Exchange
from tidegate.transport.failures import Asked
from tidegate.transport.limiter import Limiter
from tidegate.transport.limits import AnswerLimits, Timeouts
from tidegate.transport.links import Origin, base_address, resolve
from tidegate.transport.progress import SILENT, Progress
from tidegate.transport.redaction import quiet_driver, secrets_in, silence_driver
from tidegate.transport.retry import Attempts, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

logger = logging.getLogger(__name__)

T = TypeVar("T")


def _no_pause(answer: Answer) -> float | None:
    """No pause, whatever the body says."""
    del answer
    return None


class HttpClient(Closing):
    """Asks one platform; holds its cookies, its limiter and the patience to have with it.

    Args:
        base_url: what every path is appended to; nothing is ever sent to another host.
        limiter: shared with whoever else asks the same platform; one of its own unless given.
        credentials: headers that prove who asks.
        allow_http: True to let secrets travel by plain http to another machine.
        explain: the platform's own words in the body of an error.
        suggested_pause: seconds that the body of a 429 asks for, where no header does.
        stamps: headers made anew for every request that is sent, e.g. its id.

    Raises:
        BadValue: the address is none.
        InsecureAddress: credentials would travel by plain http.
    """

    def __init__(
        self,
        base_url: str,
        *,
        limiter: Limiter | None = None,
        retry: RetryPolicy = RetryPolicy(),
        timeouts: Timeouts = Timeouts(),
        limits: AnswerLimits = AnswerLimits(),
        credentials: Credentials | None = None,
        allow_http: bool = False,
        progress: Progress = SILENT,
        explain: Callable[[Answer], str | None] = own_words,
        suggested_pause: Callable[[Answer], float | None] = _no_pause,
        stamps: Callable[[], Mapping[str, str]] = dict,
        clock: Clock = SYSTEM,
    ) -> None:
        self.address = base_address(base_url)
        if credentials is not None:
            require_confidential(self.address, allow_http=allow_http)
        self._allow_http = allow_http
        self._limiter = limiter or Limiter(clock=clock)
        self._retry = retry
        self._progress = progress
        self._clock = clock
        self._closed = threading.Event()
        self._http = _driver(Origin.of(self.address), timeouts)
        self._exchange = Exchange(
            http=self._http,
            credentials=credentials,
            allow_http=allow_http,
            timeouts=timeouts,
            limits=limits,
            explain=explain,
            suggested_pause=suggested_pause,
            stamps=stamps,
            progress=progress,
            clock=clock,
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
        subject: str | None = None,
        retry: bool | None = None,
        check: Callable[[Answer], object] | None = None,
    ) -> Answer:
        """The whole answer, decoded.

        Args:
            method: of HTTP.
            path: appended to the base address; or a link from an answer of the same host.
            params: of the query; they are never part of an error.
            json: a document to send.
            headers: further ones, none of them a secret.
            subject: what is asked for, e.g. `register 733`, as errors name it.
            retry: whether to try again; by default only what changes nothing (GET, HEAD).
            check: raises the error that an answer stands for in spite of its status; it is tried
                again like any other.

        Raises:
            TransportError: the platform cannot be asked, or answers with status 400 or more.
            InsecureAddress: the document holds a secret that would travel by plain http.
            Interrupted: the client was closed meanwhile.
        """
        call = replace(self._call(method, path, params, json, subject), headers=dict(headers or {}))

        def attempt(attempts: Attempts) -> Answer:
            with self._slotted(call, attempts, held=True) as opened:
                body = b"".join(opened.chunks())
            answer = Answer(opened.status, opened.headers, body, subject)
            if check is not None:
                check(answer)
            return answer

        return self._persist(call, attempt, may_retry=self._retry.allows(call.method, retry))

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object | None = None,
        headers: Mapping[str, str] | None = None,
        subject: str | None = None,
        retry: bool | None = None,
    ) -> Iterator[StreamedAnswer]:
        """The answer while its body comes; it is retried until the body begins, not after.

        Leaving the block early drops the rest. Arguments and errors as with `request`.
        """
        call = replace(self._call(method, path, params, json, subject), headers=dict(headers or {}))
        with ExitStack() as stack:

            def attempt(attempts: Attempts) -> StreamedAnswer:
                return stack.enter_context(self._slotted(call, attempts, held=False))

            may_retry = self._retry.allows(call.method, retry)
            yield self._persist(call, attempt, may_retry=may_retry)

    @property
    def has_cookies(self) -> bool:
        """True while the platform's cookies are held."""
        return len(self._http.cookies.jar) > 0

    def clear_cookies(self) -> None:
        """Forget every cookie."""
        self._http.cookies.clear()

    def close(self) -> None:
        """End what is waiting, close the connections, forget the cookies."""
        self._closed.set()
        with quiet_driver():
            self._http.close()
        self._http.cookies.clear()

    def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        json: object | None,
        subject: str | None,
    ) -> Call:
        is_link = path.startswith(("http://", "https://"))
        url = resolve(f"{self.address}/", path) if is_link else f"{self.address}/{path.lstrip('/')}"
        secrets = secrets_in(json)
        if secrets:
            require_confidential(url, allow_http=self._allow_http)
        plain_path = url.partition("?")[0].removeprefix(self.address) or "/"
        return Call(
            method=method.upper(),
            url=url,
            params=dict(params) if params else None,
            body=None if json is None else msgspec.json.encode(json),
            secrets=secrets,
            asked=Asked(Origin.of(url).host, subject or f"{method.upper()} {plain_path}", subject),
        )

    @contextmanager
    def _slotted(self, call: Call, attempts: Attempts, *, held: bool) -> Iterator[StreamedAnswer]:
        if self._closed.is_set():
            raise Interrupted("the connection is closed")
        with (
            self._limiter.slot(self._closed, self._retry.stop),
            self._exchange.opened(call, attempts, held=held) as answer,
        ):
            yield answer

    def _persist(self, call: Call, attempt: Callable[[Attempts], T], *, may_retry: bool) -> T:
        attempts = Attempts(self._retry, self._clock)
        while True:
            try:
                return attempt(attempts)
            except TransportError as error:
                if self._closed.is_set():  # whoever closed it wants no answer any more
                    raise Interrupted("the connection is closed") from error
                pause = attempts.pause_after(error) if may_retry else None
                if pause is None:
                    raise
                self._wait(pause, call, error)

    def _wait(self, pause: float, call: Call, error: TransportError) -> None:
        logger.info(
            "%s for %s; asking again in %.1f s", type(error).__name__, call.asked.what, pause
        )
        subject = call.asked.subject
        self._progress.update("request.paused", amount=round(pause * 1000), subject=subject)
        if isinstance(error, Throttled) or error.retry_after is not None:
            self._limiter.hold_off(pause)
        elif wait_for_either(self._clock, self._closed, self._retry.stop, pause):
            raise Interrupted("stopped while waiting to ask again") from error
        self._progress.update("request.retried", subject=subject)


def _driver(origin: Origin, timeouts: Timeouts) -> httpx2.Client:
    silence_driver()
    # On this machine compression costs more than the bytes it saves.
    headers = {
        "Accept": "application/json, */*;q=0.5",
        "Accept-Encoding": "identity" if origin.is_loopback else "gzip",
        "User-Agent": user_agent(),
    }
    try:
        return httpx2.Client(
            headers=headers,
            timeout=httpx2.Timeout(
                connect=timeouts.connect, read=timeouts.read, write=timeouts.write, pool=None
            ),
            # The limiter bounds the connections; the pool must not make its holders wait again.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=16),
            verify=_trust(origin),
            trust_env=not origin.is_loopback,
        )
    except (ImportError, ValueError, httpx2.InvalidURL):
        raise BadValue("the proxy of the environment", "…", "an http or https address") from None


def _trust(origin: Origin) -> ssl.SSLContext:
    if origin.scheme == "http" and origin.is_loopback:
        # Reading the authorities takes longer than a small run; without any, https is refused.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx2.create_ssl_context()


@functools.cache
def user_agent() -> str:
    """How we introduce ourselves: name, version and where to read about us."""
    facts = importlib.metadata.metadata("tidegate")
    pages = [line.partition(",")[2].strip() for line in facts.get_all("Project-URL") or ()]
    return f"tidegate/{facts['Version']} (+{pages[0]})" if pages else f"tidegate/{facts['Version']}"
