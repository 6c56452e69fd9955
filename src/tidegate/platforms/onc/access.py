"""One account on one server: finds how it is addressed, asks it, explains what it refuses."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, overload
from urllib.parse import urlencode

from tidegate.model.errors import (
    MalformedAnswer,
    NoCredentials,
    NotSignedIn,
    Refused,
    TidegateError,
    UnsafeLink,
    UsageError,
)
from tidegate.platforms.onc.decoding import decoded
from tidegate.platforms.onc.explaining import explained, is_nothing, words
from tidegate.platforms.onc.facts import (
    DEFAULT_RATE,
    LEGACY,
    LISTS,
    PATH,
    PRODUCTION,
    SERVICES,
    Scheme,
)
from tidegate.transport.client import HttpClient
from tidegate.transport.clock import SYSTEM, Clock
from tidegate.transport.credentials import Credentials
from tidegate.transport.limiter import Limiter
from tidegate.transport.links import Origin, base_address
from tidegate.transport.redaction import scrubbed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.secret import Secret
    from tidegate.platforms.onc.settings import OncSettings
    from tidegate.transport.answers import StreamedAnswer
    from tidegate.transport.policies import Policies
    from tidegate.transport.progress import Progress

logger = logging.getLogger(__name__)

_EMPTY_PAGES: Final = 3
"""Pages in a row without anything in them that may lead on to others."""


class Page(Protocol):
    """One page of a listing."""

    @property
    def next(self) -> dict[str, Any] | None:
        """How the next one is asked for."""
        ...

    def is_empty(self) -> bool:
        """True if there is nothing in it."""
        ...


T = TypeVar("T")
PageT = TypeVar("PageT", bound=Page)

Row = dict[str, Any]


class Access:
    """Asks the services; safe to share between threads.

    Args:
        url: address of the server, with or without `/api` at its end; the production server's if
            empty.
        settings: of the connection.
        secret: the token.
        policies: how to treat the server. Where they name no rate it is asked five times a second
            at most, on this machine as often as wanted.
        limiter: of the connection.
        progress: told of requests.
        clock: to wait by.

    Raises:
        NoCredentials: there is no token.
        InsecureAddress: the token would travel by plain http.
    """

    def __init__(
        self,
        url: str,
        settings: OncSettings,
        secret: Secret | None,
        *,
        policies: Policies,
        limiter: Limiter | None,
        progress: Progress,
        clock: Clock = SYSTEM,
    ) -> None:
        self.address = base_address((url or PRODUCTION).rstrip("/").removesuffix("/api"))
        if secret is None:
            raise NoCredentials(
                f"Ocean Networks Canada at {Origin.of(self.address).host}",
                "set ONC_TOKEN, or connect with tidegate connect onc NAME --token-stdin",
            )
        self._token = secret.reveal()
        self._scheme = settings.scheme
        self._lock = threading.Lock()
        self._failure: TidegateError | None = None
        is_near = Origin.of(self.address).is_loopback
        in_flight = min(settings.requests_at_once, policies.in_flight)
        rate = policies.rate or (None if is_near else DEFAULT_RATE)
        self._http = HttpClient(
            self.address,
            limiter=limiter or Limiter(rate=rate, in_flight=in_flight, clock=clock),
            # Faults of its servers come and go.
            retry=replace(policies.retry, retry_500=True),
            timeouts=policies.timeouts,
            limits=policies.limits,
            credentials=Credentials.parameter(self.address, "token", self._token),
            allow_http=settings.allow_http,
            progress=progress,
            explain=words,
            clock=clock,
        )

    @property
    def scheme(self) -> Scheme:
        """How the server is addressed: by paths if it can, else in the old way; asked for once.

        Raises:
            NotSignedIn: it does not accept the token.
            TransportError: nothing that speaks for it answers.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._scheme is None:
                try:
                    self._scheme = self._find()
                except TidegateError as error:
                    # One answer is enough: hundreds of tasks must not try the token each.
                    self._failure = error
                    raise
            return self._scheme

    def probe(self) -> Scheme:
        """Ask the server now, whatever was known of it; how it is addressed."""
        with self._lock:
            self._scheme = None
        return self.scheme

    @overload
    def ask(self, service: str, filters: Mapping[str, Any], subject: str) -> Any: ...
    @overload
    def ask(self, service: str, filters: Mapping[str, Any], subject: str, form: type[T]) -> T: ...
    def ask(self, service: str, filters: Mapping[str, Any], subject: str, form: Any = Any) -> Any:
        """The document that a service answers.

        Args:
            service: a key of `SERVICES`.
            filters: parameters; lists are joined, None is left out.
            subject: what is asked for, as errors name it.
            form: of the document.

        Raises:
            TransportError: the service refuses, or cannot be asked.
        """
        path, parameters = self._addressed(service, filters, self.scheme)
        try:
            answer = self._http.request("GET", path, params=parameters, subject=subject)
        except Refused as refusal:
            raise explained(refusal) from refusal.__cause__
        return decoded(answer, form)

    def rows(self, service: str, filters: Mapping[str, Any], subject: str) -> list[Row]:
        """The rows that a service of discovery answers; none where it finds nothing.

        Raises:
            UnknownToPlatform: a code is not known.
            TransportError: the service refuses, or cannot be asked.
        """
        assert service in LISTS
        try:
            found = self.ask(service, filters, subject)
        except Refused as refusal:
            if refusal.status == 404 or (service == "deployments" and is_nothing(refusal)):
                return []
            raise
        if not isinstance(found, list):
            raise MalformedAnswer(f"the answer for {subject} is no list", subject=subject)
        return [_with_booleans(row) for row in found if isinstance(row, dict)]

    def pages(
        self, service: str, filters: Mapping[str, Any], subject: str, form: type[PageT]
    ) -> Iterator[PageT]:
        """Every page of a listing.

        Raises:
            UnsafeLink: the pages go in a circle, or on without anything in them.
            TransportError: the service refuses, or cannot be asked.
        """
        asked = _given(filters)
        seen = {frozenset(asked.items())}
        empty = 0
        while True:
            page = self.ask(service, asked, subject, form)
            yield page
            following = next_parameters(page.next)
            if following is None:
                return
            asked = following
            key = frozenset(asked.items())
            empty = empty + 1 if page.is_empty() else 0
            if key in seen or empty > _EMPTY_PAGES:
                raise UnsafeLink(
                    f"the pages of {subject} go in a circle, after {len(seen)}",
                    hint="tell the operator of the platform",
                    subject=subject,
                )
            seen.add(key)

    @contextmanager
    def stream(
        self,
        service: str,
        filters: Mapping[str, Any],
        subject: str,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[StreamedAnswer]:
        """A file as it comes, not compressed for the way; arguments and errors as with `ask`."""
        path, parameters = self._addressed(service, filters, self.scheme)
        sent = {"Accept-Encoding": "identity", "Accept": "*/*", **(headers or {})}
        try:
            with self._http.stream(
                "GET", path, params=parameters, headers=sent, subject=subject
            ) as answer:
                yield answer
        except Refused as refusal:
            raise explained(refusal) from refusal.__cause__

    def address_of(
        self, service: str, filters: Mapping[str, Any], *, with_token: bool = False
    ) -> str:
        """The address under which a service answers, for programs that ask by themselves.

        Args:
            service: a key of `SERVICES`.
            filters: parameters.
            with_token: put the token into it; whoever has the address then has the account.
        """
        path, parameters = self._addressed(service, filters, self.scheme)
        if with_token:
            parameters = {**parameters, "token": self._token}
        return f"{str(self.address).rstrip('/')}/{path}?{urlencode(parameters)}"

    def told(self, texts: object) -> tuple[str, ...]:
        """Messages of the server, fit to be shown."""
        listed = texts if isinstance(texts, list) else []
        return tuple(scrubbed(str(text), {self._token}) for text in listed if text)

    def close(self) -> None:
        """Disconnect."""
        self._http.close()

    def _addressed(
        self, service: str, filters: Mapping[str, Any], scheme: Scheme
    ) -> tuple[str, dict[str, str]]:
        path, old_path, method = SERVICES[service]
        if scheme == PATH:
            return path, _given(filters)
        if not old_path:
            raise UsageError(
                f"the server at {Origin.of(self.address).host} is of an older kind, which cannot"
                f" tell the {service}",
                hint="tidegate onc archive lists the files that there are",
            )
        return old_path, {"method": method, **_given(filters)}

    def _find(self) -> Scheme:
        refusals: list[TidegateError] = []
        for scheme in (PATH, LEGACY):
            path, parameters = self._addressed("categories", {}, scheme)
            try:
                found = self._http.request("GET", path, params=parameters, subject="categories")
                if isinstance(decoded(found), list):
                    logger.debug("%s is addressed by the %s scheme", self.address, scheme)
                    return scheme
                refusals.append(MalformedAnswer("the answer for categories is no list"))
            except NotSignedIn as refusal:
                raise explained(refusal) from refusal.__cause__
            except (Refused, MalformedAnswer) as refusal:
                refusals.append(refusal)
        raise refusals[0]


def next_parameters(following: object) -> dict[str, str] | None:
    """What to ask for after a page, without the token and the verb; None after the last one."""
    if not isinstance(following, dict):
        return None
    parameters = following.get("parameters")
    if not isinstance(parameters, dict):
        return None
    return {
        name: text for name, text in _given(parameters).items() if name not in {"token", "method"}
    }


def _given(filters: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as sent: booleans as words, lists joined by commas, nothing for None."""
    return {name: _text(value) for name, value in filters.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(_text(one) for one in value)
    return str(value)


_WORDS = {"true": True, "false": False}


def _with_booleans(row: Row) -> Row:
    """A row with real booleans where servers send the words, children included."""
    mended = dict(row)
    for name in ("hasDeviceData", "hasPropertyData"):
        if isinstance(mended.get(name), str):
            mended[name] = _WORDS.get(mended[name].strip().lower(), False)
    if isinstance(mended.get("children"), list):
        mended["children"] = [_with_booleans(child) for child in mended["children"]]
    return mended
