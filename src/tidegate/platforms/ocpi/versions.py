"""Which version is spoken, and where its modules are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import msgspec

from tidegate.model.errors import MalformedAnswer, UnknownName
from tidegate.platforms.ocpi.settings import MODULES
from tidegate.platforms.ocpi.wire import Details, Version, Versions

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

SPOKEN: Final = ("2.3.0", "2.2.1", "2.1.1")
"""The versions that we speak, the best first."""

_ALIASES: Final = {"2.2": "2.2.1"}
"""Versions that differ from a spoken one so little that its rules serve."""

_HINT: Final = "give the address of the versions, or of one version, as its operator named it"


def listed(data: bytes) -> list[Version] | Details:
    """What an address given at login shows: the list of versions, or one version.

    Raises:
        MalformedAnswer: it is neither.
    """
    try:
        found = msgspec.json.decode(data, type=list[Version] | Details)
    except msgspec.ValidationError:
        found = _wrapped(data)
    except msgspec.DecodeError:
        raise _neither() from None
    if not found:
        raise MalformedAnswer("the platform lists no version", hint=_HINT)
    return found


def details(data: bytes) -> Details:
    """What one version offers.

    Raises:
        MalformedAnswer: the text tells no such thing.
    """
    try:
        return msgspec.json.decode(data, type=Details)
    except msgspec.DecodeError as problem:
        raise MalformedAnswer(
            f"the platform describes its version in an unknown way: {str(problem)[:120]}",
            hint="tell the operator of the platform",
        ) from None


def chosen(offered: Sequence[Version], wanted: str | None) -> Version:
    """The version to speak: the wanted one, or else the best of those that both sides speak.

    Raises:
        UnknownName: the platform does not offer it, or we do not speak it.
    """
    names = [version.version for version in offered]
    if wanted is not None and wanted not in names:
        raise UnknownName("version of this platform", wanted, names)
    for name in SPOKEN:
        for version in offered:
            is_right = version.version == wanted if wanted else True
            if is_right and _ALIASES.get(version.version, version.version) == name:
                return version
    raise UnknownName("version here", wanted or ", ".join(names), SPOKEN)


def spoken(version: str) -> str:
    """The version whose rules serve for a platform's version.

    Raises:
        UnknownName: we speak none like it.
    """
    name = _ALIASES.get(version, version)
    if name not in SPOKEN:
        raise UnknownName("version", version, SPOKEN)
    return name


def endpoints(version: Details) -> dict[str, str]:
    """The address of each module that the platform gives records of."""
    found: dict[str, str] = {}
    for endpoint in version.endpoints:
        is_ours = endpoint.identifier in MODULES and endpoint.role != "RECEIVER"
        if is_ours:
            found.setdefault(endpoint.identifier, endpoint.url)
    return found


def credentials_url(version: Details) -> str | None:
    """Where the platform says who it is; None if it does not."""
    found = (each.url for each in version.endpoints if each.identifier == "credentials")
    return next(found, None)


def _wrapped(data: bytes) -> list[Version]:
    try:
        return msgspec.json.decode(data, type=Versions).versions
    except msgspec.DecodeError:
        raise _neither() from None


def _neither() -> MalformedAnswer:
    return MalformedAnswer("the address shows no versions of OCPI", hint=_HINT)
