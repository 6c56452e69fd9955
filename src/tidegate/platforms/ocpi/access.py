"""Asks the addresses of one platform with its token, in the form that the platform takes."""

from __future__ import annotations

import uuid
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import (
    BadTime,
    Forbidden,
    MalformedAnswer,
    NoCredentials,
    NotSignedIn,
    Refused,
    ServerFault,
    TransportError,
)
from tidegate.model.instants import from_datetime, parse
from tidegate.platforms.ocpi.client import OcpiClient
from tidegate.platforms.ocpi.settings import OcpiSettings, TokenForm, read_settings
from tidegate.platforms.ocpi.statuses import error_of
from tidegate.platforms.ocpi.wire import Envelope, opened
from tidegate.transport.answers import is_html, not_json
from tidegate.transport.client import HttpClient
from tidegate.transport.clock import SYSTEM, Clock
from tidegate.transport.credentials import Credentials, packed_form
from tidegate.transport.limiter import Limiter
from tidegate.transport.links import Origin, redacted
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.connector import Connection
    from tidegate.model.secret import Secret
    from tidegate.transport.answers import Answer

FORMS: Final[tuple[TokenForm, TokenForm]] = ("base64", "plain")


class Answered(msgspec.Struct, frozen=True):
    """What came of one request that succeeded.

    Attributes:
        data: text of what the envelope holds; empty if it holds nothing.
        timestamp: the platform's clock, UTC microseconds; None if it tells none.
        headers: of the answer, in any case.
    """

    data: bytes
    timestamp: int | None
    headers: Mapping[str, str]


class Access:
    """One token of one platform; safe to share between threads.

    Args:
        settings: of the connection; the form of the token is where to begin.
        secret: the token.
        policies: how to treat the platform.
        limiter: of the connection.
        progress: told of requests.
        trying: True at login, where any failure may mean that the other form is wanted.
    """

    def __init__(
        self,
        settings: OcpiSettings,
        secret: Secret,
        *,
        policies: Policies,
        limiter: Limiter | None = None,
        progress: Progress = SILENT,
        clock: Clock = SYSTEM,
        trying: bool = False,
    ) -> None:
        self._settings = settings
        self._token = secret.reveal()
        self._secrets = frozenset({self._token, packed_form(self._token)})
        self._policies = policies
        self.limiter = limiter or Limiter(
            rate=policies.rate, in_flight=policies.in_flight, clock=clock
        )
        self._progress = progress
        self._clock = clock
        self._trying = trying
        self._is_settled = False
        self._clients: dict[tuple[Origin, TokenForm], HttpClient] = {}
        self.form: TokenForm = settings.token_form or natural_form(settings.version)

    def ask(self, url: str, subject: str, *, routed: bool = True) -> Answered:
        """What an address answers, by the form of the token that the platform takes.

        Args:
            url: absolute.
            subject: what is asked for, as errors name it.
            routed: whether the parties are named, as functional modules want it.

        Raises:
            TransportError: the platform cannot be asked, or says no by HTTP or by OCPI.
            InsecureAddress: the token would travel by plain http.
        """
        failures: list[TransportError] = []
        for form in self._forms():
            try:
                answered = self._ask(url, subject, form, routed=routed)
            except TransportError as error:
                if not self._may_be_the_form(error):
                    raise
                failures.append(error)
            else:
                self.form, self._is_settled = form, True
                return answered
        said = [error for error in failures if isinstance(error, NotSignedIn | Forbidden)]
        raise (said or failures)[0]

    def close(self) -> None:
        """Disconnect."""
        for client in list(self._clients.values()):
            client.close()

    def _forms(self) -> list[TokenForm]:
        if self._is_settled and not self._trying:
            return [self.form]
        return [self.form, *(form for form in FORMS if form != self.form and self._can_be(form))]

    def _can_be(self, form: TokenForm) -> bool:
        text = self._token
        return form == "base64" or (text.isascii() and text.isprintable() and " " not in text)

    def _may_be_the_form(self, error: TransportError) -> bool:
        if isinstance(error, NotSignedIn | Forbidden):
            return True
        return self._trying and (
            isinstance(error, ServerFault) or (isinstance(error, Refused) and error.status == 200)
        )

    def _ask(self, url: str, subject: str, form: TokenForm, *, routed: bool) -> Answered:
        client = self._client(url, form)
        held: list[Envelope] = []

        def check(answer: Answer) -> None:
            held[:] = [self._envelope(answer, url, subject)]

        answer = client.request(
            "GET",
            url,
            headers=self._routing() if routed else None,
            subject=subject,
            check=check,
        )
        return Answered(bytes(held[0].data), clock_of(held[0], answer.headers), answer.headers)

    def _envelope(self, answer: Answer, url: str, subject: str) -> Envelope:
        if is_html(answer.headers, answer.body[:64]):
            raise not_json(answer.status, subject)
        envelope = opened(answer.body, subject)
        error = error_of(envelope, Origin.of(url).host, subject, secrets=self._secrets)
        if error is not None:
            raise error
        return envelope

    def _routing(self) -> dict[str, str]:
        """Who asks; and who is asked, where the version knows of it and anybody knows who."""
        own, other = self._settings.party, self._settings.to_party
        headers = {"OCPI-from-country-code": own[:2], "OCPI-from-party-id": own[2:]}
        if other is not None and self._settings.version != "2.1.1":
            headers |= {"OCPI-to-country-code": other[:2], "OCPI-to-party-id": other[2:]}
        return headers

    def _client(self, url: str, form: TokenForm) -> HttpClient:
        try:
            origin = Origin.of(url)
        except ValueError:
            raise MalformedAnswer(
                f"the platform names '{redacted(url)[:80]}', which is no address",
                hint="tell the operator of the platform",
            ) from None
        if (origin, form) not in self._clients:
            base = f"{origin.scheme}://{_bracketed(origin.host)}:{origin.port}"
            self._clients[origin, form] = HttpClient(
                base,
                credentials=Credentials.token(base, self._token, packed=form == "base64"),
                allow_http=self._settings.allow_http,
                timeouts=self._policies.timeouts,
                retry=replace(self._policies.retry, retry_500=not self._trying),
                limits=self._policies.limits,
                limiter=self.limiter,
                progress=self._progress,
                explain=explained,
                stamps=_stamps,
                clock=self._clock,
            )
        return self._clients[origin, form]


def open_client(
    connection: Connection,
    secret: Secret | None,
    *,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
    limiter: Limiter | None = None,
    clock: Clock = SYSTEM,
) -> OcpiClient:
    """A client that speaks for a connection; nothing is asked of the platform yet.

    Raises:
        NoCredentials: there is no token.
        UnknownName, BadValue: the connection has settings that it cannot have.
    """
    if secret is None:
        raise NoCredentials(
            f"connection '{connection.name}'",
            f"tidegate ocpi login {connection.url} --party XX-YYY, or set TIDEGATE_TOKEN",
        )
    settings = read_settings(connection.settings)
    access = Access(
        settings, secret, policies=policies, limiter=limiter, progress=progress, clock=clock
    )
    return OcpiClient(connection.name, settings, access)


def natural_form(version: str) -> TokenForm:
    """The form of the token that a version of the protocol prescribes."""
    return "plain" if version == "2.1.1" else "base64"


def _stamps() -> dict[str, str]:
    return {"X-Request-ID": str(uuid.uuid4()), "X-Correlation-ID": str(uuid.uuid4())}


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def explained(answer: Answer) -> str | None:
    """The words of an error in OCPI's own form; other bodies may repeat what is personal."""
    try:
        words = opened(answer.body, "an error").status_message
    except MalformedAnswer:
        return None
    return words if isinstance(words, str) else None


def clock_of(envelope: Envelope, headers: Mapping[str, str]) -> int | None:
    """The platform's clock as an answer tells it, UTC microseconds; None if it tells none."""
    try:
        if isinstance(envelope.timestamp, str):
            return parse(envelope.timestamp)
    except BadTime:
        pass
    try:
        return from_datetime(parsedate_to_datetime(headers.get("date", "")))
    except ValueError:
        return None
