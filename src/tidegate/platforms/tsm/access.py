"""Finds the API of a server below the address that the user gave, and proves who asks."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from tidegate.model.errors import (
    MalformedAnswer,
    NoCredentials,
    Refused,
    TidegateError,
    TransportError,
    UnknownToPlatform,
)
from tidegate.platforms.tsm.client import TsmClient
from tidegate.platforms.tsm.facts import API
from tidegate.platforms.tsm.wire import About
from tidegate.transport.client import HttpClient
from tidegate.transport.credentials import Credentials
from tidegate.transport.limiter import Limiter
from tidegate.transport.links import base_address

if TYPE_CHECKING:
    from tidegate.model.secret import Secret
    from tidegate.platforms.tsm.settings import TsmSettings
    from tidegate.transport.policies import Policies
    from tidegate.transport.progress import Progress


class Access:
    """One account on one server; nothing is asked of it before that is needed.

    Args:
        url: address of the connection, with or without `/api` at its end.
        settings: of the connection.
        secret: password of the user, or a token where there is no user; None to ask anonymously.
        policies: how to treat the server.
        limiter: of the connection.
        progress: told of requests.

    Raises:
        NoCredentials: there is a user but no password.
    """

    def __init__(
        self,
        url: str,
        settings: TsmSettings,
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
        self._url = url
        self._settings = settings
        self._secret = secret
        self._policies = policies
        in_flight = min(settings.requests_at_once, policies.in_flight)
        self._limiter = limiter or Limiter(rate=policies.rate, in_flight=in_flight)
        self._progress = progress
        self._lock = threading.Lock()
        self._client: TsmClient | None = None
        self._failure: TidegateError | None = None
        self.root = ""

    @property
    def client(self) -> TsmClient:
        """The client that the server has answered; finds the API when first asked for.

        Raises:
            NotSignedIn: the server does not accept the account.
            TransportError: there is no server that speaks the API, or it lacks the repository.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self._client is None:
                try:
                    self._client = self._find()
                except TidegateError as error:
                    # One answer is enough: hundreds of tasks must not try the password each.
                    self._failure = error
                    raise
            return self._client

    def about(self) -> About:
        """What the server says of itself; nothing, where it does not."""
        try:
            return self.client.about()
        except (Refused, MalformedAnswer):
            return About()

    def close(self) -> None:
        """Disconnect."""
        with self._lock:
            if self._client is not None:
                self._client.close()

    def _find(self) -> TsmClient:
        if self._settings.root is not None:
            return self._opened(self._settings.root)
        failures: list[TransportError] = []
        for root in roots(self._url):
            client = self._opened(root)
            try:
                if _speaks(client, failures):
                    self._require_repository(client)
                    return client
            except TidegateError:
                client.close()
                raise
            client.close()
        raise failures[0]

    def _opened(self, root: str) -> TsmClient:
        self.root = base_address(root)
        http = HttpClient(
            root,
            credentials=self._credentials(root),
            allow_http=self._settings.allow_http,
            timeouts=self._policies.timeouts,
            retry=self._policies.retry,
            limits=self._policies.limits,
            limiter=self._limiter,
            progress=self._progress,
        )
        return TsmClient(http, self._settings.repository)

    def _credentials(self, root: str) -> Credentials | None:
        if self._secret is None:
            return None
        address, secret = base_address(root), self._secret.reveal()
        if self._settings.user is None:
            return Credentials.bearer(address, secret)
        return Credentials.basic(address, self._settings.user, secret)

    def _require_repository(self, client: TsmClient) -> None:
        try:
            client.units()
        except UnknownToPlatform as error:
            name = self._settings.repository
            raise UnknownToPlatform(
                f"the server has no repository '{name}' for this account",
                hint=f"known: {', '.join(_known(client)[:20]) or 'none'}; choose with --repository",
                status=error.status,
                details=error.details,
                subject=f"repository {name}",
            ) from error


def _speaks(client: TsmClient, failures: list[TransportError]) -> bool:
    try:
        client.attribute_types()
    except (UnknownToPlatform, MalformedAnswer) as error:
        failures.append(error)
        return False
    return True


def _known(client: TsmClient) -> list[str]:
    try:
        return client.repositories()
    except TidegateError:
        return []


def roots(url: str) -> list[str]:
    """Where the API may lie: at the address itself if that ends in `/api`, else below it first."""
    parts = urlsplit(url.strip())
    path = parts.path.rstrip("/")
    below = urlunsplit((parts.scheme, parts.netloc, f"{path}/{API}", parts.query, parts.fragment))
    itself = urlunsplit((parts.scheme, parts.netloc, path, parts.query, parts.fragment))
    is_api = path.rpartition("/")[2].lower() == API
    return [itself] if is_api else [below, itself]
