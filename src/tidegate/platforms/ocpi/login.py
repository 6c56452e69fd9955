"""Finds out how a platform is spoken with: version, modules, form of the token, its party."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from tidegate.model.errors import BadValue, MalformedAnswer, TransportError, UnknownName
from tidegate.platforms.ocpi import versions
from tidegate.platforms.ocpi.access import Access, natural_form
from tidegate.platforms.ocpi.paging import with_query
from tidegate.platforms.ocpi.settings import party
from tidegate.platforms.ocpi.wire import Credentials, Details
from tidegate.transport.clock import SYSTEM, Clock
from tidegate.transport.credentials import require_confidential
from tidegate.transport.links import redacted
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from tidegate.model.secret import Secret
    from tidegate.platforms.ocpi.settings import OcpiSettings

logger = logging.getLogger(__name__)

_LONG_AGO: Final = "1970-01-01T00:00:00Z"
_SENDERS: Final = ("HUB", "CPO")
"""Roles of the party that listings are asked of, the first that is there; else any."""


def logged_in(
    url: str,
    settings: OcpiSettings,
    secret: Secret,
    *,
    version: str | None = None,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
    clock: Clock = SYSTEM,
) -> OcpiSettings:
    """The settings of a connection with what the platform tells of itself.

    Args:
        url: address of the platform's versions, or of one version.
        settings: what the user says of the connection.
        secret: the token.
        version: to speak; the best that both sides speak unless given.
        policies: how to treat the platform.
        progress: told of requests.
        clock: that waiting goes by.

    Raises:
        NotSignedIn, Forbidden: the platform does not take the token, in neither form.
        UnknownName: it does not offer the version.
        MalformedAnswer: the address is none of versions.
        InsecureAddress: the token would travel by plain http.
    """
    require_address(url, allow_http=settings.allow_http)
    access = Access(
        settings, secret, policies=policies, progress=progress, clock=clock, trying=True
    )
    try:
        return _asked(access, url, settings, version)
    finally:
        access.close()


def proved(
    settings: OcpiSettings,
    secret: Secret,
    *,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
    clock: Clock = SYSTEM,
) -> OcpiSettings:
    """The settings of a connection whose modules are known, with the form of its token.

    Raises:
        TransportError: its first module cannot be asked.
    """
    module, url = next(iter(settings.endpoints.items()))
    access = Access(
        settings, secret, policies=policies, progress=progress, clock=clock, trying=True
    )
    try:
        access.ask(with_query(url, {"date_from": _LONG_AGO, "offset": "0", "limit": "1"}), module)
        return msgspec.structs.replace(settings, token_form=access.form)
    finally:
        access.close()


def require_address(url: str, *, allow_http: bool) -> None:
    """Refuse an address that no token may be sent to.

    Raises:
        BadValue: it is no address.
        InsecureAddress: it is reached by plain http.
    """
    try:
        require_confidential(url, allow_http=allow_http)
    except ValueError:
        raise BadValue("the address", redacted(url), "like https://host/path") from None


def _asked(access: Access, url: str, settings: OcpiSettings, version: str | None) -> OcpiSettings:
    found = _details(access, url, version)
    spoken = versions.spoken(found.version)
    if spoken != found.version:
        logger.warning("the platform speaks %s; it is taken as %s", found.version, spoken)
    endpoints = versions.endpoints(found)
    if not endpoints:
        raise MalformedAnswer(
            f"version {found.version} of the platform has no module with records",
            hint="choose another with --version",
        )
    elsewhere = sorted({_host(each) for each in endpoints.values()} - {_host(url)})
    if elsewhere:
        logger.info("the platform has modules at %s", ", ".join(elsewhere))
    other = settings.to_party or _party_of(access, versions.credentials_url(found))
    return msgspec.structs.replace(
        settings,
        version=spoken,
        versions_url=url,
        endpoints=endpoints,
        token_form=access.form,
        to_party=other,
    )


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _details(access: Access, url: str, wanted: str | None) -> Details:
    shown = versions.listed(access.ask(url, "the list of versions", routed=False).data)
    if isinstance(shown, Details):
        if wanted not in {None, shown.version}:
            raise UnknownName("version at this address", str(wanted), [shown.version])
        return shown
    choice = versions.chosen(shown, wanted)
    access.form = natural_form(versions.spoken(choice.version))
    answered = access.ask(choice.url, f"version {choice.version}", routed=False)
    return versions.details(answered.data)


def _party_of(access: Access, url: str | None) -> str | None:
    """The party that the platform is; None if it does not say."""
    if url is None:
        return None
    try:
        answered = access.ask(url, "the credentials", routed=False)
        found = msgspec.json.decode(answered.data, type=Credentials)
    except (TransportError, msgspec.DecodeError) as problem:
        logger.debug("the platform does not say who it is: %s", type(problem).__name__)
        return None
    return asked_party(found)


def asked_party(found: Credentials) -> str | None:
    """The party that listings are asked of: a hub before an operator; None if there is none."""
    roles = sorted(found.roles, key=lambda role: _rank(role.role))
    first = roles[0] if roles else found
    name = found.hub_party_id or f"{first.country_code}{first.party_id}"
    try:
        return party(name)
    except BadValue:
        return None


def _rank(role: str) -> int:
    return _SENDERS.index(role) if role in _SENDERS else len(_SENDERS)
