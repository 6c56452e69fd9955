"""Finds the API of a server and signs in; hands its clients out, one to a request."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from tidegate.model.errors import (
    NoCredentials,
    NotSignedIn,
    Refused,
    TidegateError,
    TransportError,
)
from tidegate.platforms.dcs.session import DCSSession
from tidegate.platforms.dcs.webapi import DcsWebApi
from tidegate.transport.limiter import Limiter
from tidegate.transport.links import base_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.secret import Secret
    from tidegate.platforms.dcs.settings import DcsSettings
    from tidegate.transport.policies import Policies
    from tidegate.transport.progress import Progress

Client = DCSSession | DcsWebApi

_BASES = {"web": "DCSWebApi", "app": "DCS"}
"""Where the vendor's installer puts each API."""
_ABSENT = frozenset({404, 405})
"""How a web server answers that has something else at an address."""
_CLASSES: dict[str, type[Client]] = {"web": DcsWebApi, "app": DCSSession}


class Access:
    """One account on one server: signed in when first needed, and again when that expires.

    Args:
        url: address of the connection.
        settings: of the connection.
        secret: the password, None to ask anonymously.
        policies: how to treat the server.
        limiter: of the connection.
        progress: told of requests.

    Raises:
        BadValue: the address is none, or holds a user name, a query or a fragment.
        NoCredentials: there is a user but no password.
    """

    def __init__(
        self,
        url: str,
        settings: DcsSettings,
        secret: Secret | None,
        *,
        policies: Policies,
        limiter: Limiter | None,
        progress: Progress,
    ) -> None:
        if settings.user is not None and secret is None:
            raise NoCredentials(
                f"user '{settings.user}' of {url}",
                "set TIDEGATE_PASSWORD, or connect again with --password-stdin",
            )
        self._url = base_address(url)
        self._settings = settings
        self._secret = secret
        self._policies = policies
        in_flight = min(settings.requests_at_once, policies.in_flight)
        self._limiter = limiter or Limiter(rate=policies.rate, in_flight=in_flight)
        self._progress = progress
        self._lock = threading.Lock()
        self._first: Client | None = None
        self._failure: TidegateError | None = None
        self._idle: queue.LifoQueue[Client] = queue.LifoQueue()
        self._sign_ins = 0

    def first(self) -> Client:
        """The client that is signed in; finds the API and signs in when first called.

        Raises:
            NotSignedIn: the server does not accept the account.
            TransportError: there is no server that speaks the API.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._first is None:
                try:
                    self._first = self._find()
                except TidegateError as error:
                    # One answer is enough: hundreds of tasks must not try the password each.
                    self._failure = error
                    raise
                self._sign_ins = 1
                for _ in range(self._settings.requests_at_once):
                    self._idle.put(self._first.twin())
            return self._first

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client for one request and its answer, which no other thread has meanwhile."""
        self.first()
        client = self._idle.get()
        try:
            yield client
        finally:
            self._idle.put(client)

    def sign_in_again(self, sign_ins: int) -> None:
        """Sign in once more after the `sign_ins`-th time has expired, unless it was done since.

        Raises:
            NotSignedIn: the server does not accept the account any more.
        """
        first = self.first()
        with self._lock:
            if self._sign_ins == sign_ins:
                self._sign_ins += 1
                if self._secret is None or self._settings.user is None:
                    raise NotSignedIn(
                        "the server wants to know who asks",
                        hint="connect again with --user",
                    )
                first.authenticate(self._settings.user, self._secret.reveal())

    @property
    def sign_ins(self) -> int:
        """How often this has signed in."""
        return self._sign_ins

    def close(self) -> None:
        """Sign out and disconnect."""
        with self._lock:
            if self._first is not None:
                self._first.close()

    def _find(self) -> Client:
        settings = self._settings
        failures: list[TransportError] = []
        for api in ("web", "app") if settings.api == "auto" else (settings.api,):
            for root in _roots(settings.root or self._url, api):
                try:
                    return self._open(api, root)
                except TransportError as error:
                    if isinstance(error, NotSignedIn) and error.details:
                        # It is DCS that refuses, and an account is locked after a few attempts.
                        raise
                    failures.append(error)
        if all(error.status in _ABSENT for error in failures):
            raise Refused(
                f"no DCS server is at {self._url}",
                hint="the App API lies at …/DCS, the Web API at …/DCSWebApi; check the address",
                status=failures[0].status,
            ) from failures[0]
        raise min(failures, key=_tells_least)

    def _open(self, api: str, root: str) -> Client:
        settings = self._settings
        client = _CLASSES[api](
            root,
            allow_http=settings.allow_http,
            timeouts=self._policies.timeouts,
            retry=self._policies.retry,
            limits=self._policies.limits,
            limiter=self._limiter,
            progress=self._progress,
        )
        try:
            if settings.user is not None and self._secret is not None:
                client.authenticate(settings.user, self._secret.reveal())
            elif settings.root is None:
                client.meters() if isinstance(client, DcsWebApi) else client.get_meters()
        except TidegateError:
            client.close()
            raise
        return client


def _roots(url: str, api: str) -> list[str]:
    """Where the API may lie: at the address itself, beside it, below it."""
    parts = urlsplit(url.strip().rstrip("/"))
    base, _, last = parts.path.rpartition("/")
    usual = _BASES[api]
    is_other = last.lower() in {name.lower() for name in _BASES.values()} - {usual.lower()}
    beside = f"{base}/{usual}" if is_other else f"{parts.path}/{usual}"
    paths = [parts.path] if last.lower() == usual.lower() else [parts.path, beside]
    if is_other:
        paths.reverse()
    return [urlunsplit((parts.scheme, parts.netloc, path, "", "")) for path in paths]


def _tells_least(error: TransportError) -> int:
    """Of several failed attempts the one to tell of comes first: a refusal before an absence."""
    if isinstance(error, NotSignedIn):
        return 0
    return 1 if error.status in {None, 403, 429} else 2
