"""What each address answers: versions, details, lists and single locations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tidegate.standins.ocpi.credentials import credentials
from tidegate.standins.ocpi.exchange import Answer, envelope, tokens_of
from tidegate.standins.ocpi.lists import listed
from tidegate.standins.ocpi.options import COUNTRY, MODULES, PARTY
from tidegate.standins.ocpi.refusals import Refusal

if TYPE_CHECKING:
    from tidegate.standins.ocpi.exchange import Asked
    from tidegate.standins.ocpi.service import Service

PREFIX: Final = "/ocpi"
_ADDRESS: Final = re.compile(
    PREFIX + r"(?:/(?P<role>cpo|emsp))?/(?P<version>versions|\d[\d.]*)(?:/(?P<rest>.+?))?/?"
)
_ROUTING: Final = tuple(
    f"ocpi-{end}-{what}" for end in ("to", "from") for what in ("country-code", "party-id")
)


async def answered(service: Service, asked: Asked) -> Answer:
    """The answer to a request.

    Raises:
        Refusal: it is turned down.
    """
    match = _ADDRESS.fullmatch(asked.path)
    if match is None:
        raise Refusal(404, 2000, "There is no such address.")
    role, version, rest = match["role"], match["version"], match["rest"] or ""
    offered = service.options.versions
    if version != "versions" and version not in offered:
        raise Refusal(404, 3002, "This version is not offered.")
    if role is None and rest == "credentials":
        return await credentials(service, asked, _token(service, asked, version), version)
    if asked.method != "GET":
        raise Refusal(405, 2000, "This address takes GET only.")
    if role is None and not rest:
        _token(service, asked, version)
        _check_no_routing(service, asked)
        data = _versions(service, asked) if version == "versions" else _details(asked, version)
        return Answer(envelope(service, asked, data))
    if role is None:
        raise Refusal(404, 2000, "There is no such address.")
    return _functional(service, asked, (role, version), rest.split("/"))


def _versions(service: Service, asked: Asked) -> list[dict[str, str]]:
    return [
        {"version": version, "url": f"{asked.root}{PREFIX}/{version}"}
        for version in service.options.versions
    ]


def _details(asked: Asked, version: str) -> dict[str, Any]:
    """The endpoints of a version; 2.1.1 knows no roles, so its tokens are those of the eMSP."""
    old, root = version == "2.1.1", asked.root + PREFIX
    receiver = ("tokens", "RECEIVER", f"{root}/cpo/{version}/tokens")
    custom = ("nltst-tokens", "SENDER", f"{root}/custom/{version}/tokens")
    endpoints = [
        *([custom] if asked.fault("custom-endpoint") else []),
        ("credentials", "SENDER", f"{root}/{version}/credentials"),
        *([] if old else [receiver]),
        *((name, "SENDER", f"{root}/cpo/{version}/{name}") for name in MODULES if name != "tokens"),
        ("tokens", "SENDER", f"{root}/emsp/{version}/tokens"),
    ]
    return {
        "version": version,
        "endpoints": [
            {"identifier": name, **({} if old else {"role": role}), "url": url}
            for name, role, url in endpoints
        ],
    }


def _token(service: Service, asked: Asked, version: str) -> str:
    """The token of a request, in a form that is accepted.

    Raises:
        Refusal: it is missing or unknown.
    """
    form = service.options.token_form
    if form == "standard":
        form = "both" if version == "versions" else "plain" if version == "2.1.1" else "base64"
    for meaning, token in tokens_of(asked.headers.get("authorization", "")).items():
        known = token in service.parties or token in service.registrations
        if known and form in {"both", meaning}:
            return token
    raise Refusal(401, 2000, "The token is missing or unknown.", {"WWW-Authenticate": "Token"})


def _check_no_routing(service: Service, asked: Asked) -> None:
    given = [name for name in _ROUTING if name in asked.headers]
    if given and service.options.routing == "check":
        raise Refusal(200, 2001, f"{given[0]} does not belong here")


def _functional(service: Service, asked: Asked, place: tuple[str, str], rest: list[str]) -> Answer:
    role, version = place
    if _token(service, asked, version) in service.registrations:
        raise Refusal(401, 2000, "This token is for registration only.")
    if service.options.routing == "check" and version != "2.1.1":
        _check_routing(asked)
    module, *ids = rest
    if (role == "emsp") != (module == "tokens") or module not in MODULES:
        raise Refusal(404, 2000, "There is no such list here.")
    if not ids:
        return listed(service, asked, module, version)
    if module != "locations" or len(ids) > 3:
        raise Refusal(404, 2000, "There are no single objects here.")
    return Answer(envelope(service, asked, _single(service, version, ids)))


def _check_routing(asked: Asked) -> None:
    missing = [name for name in _ROUTING if not asked.headers.get(name)]
    if missing:
        raise Refusal(200, 2001, f"{missing[0]} is missing")
    receiver = (asked.headers[name].upper() for name in _ROUTING[:2])
    if tuple(receiver) != (COUNTRY, PARTY):
        raise Refusal(200, 4001, "unknown receiver")


def _single(service: Service, version: str, ids: list[str]) -> Any:
    """A location, one of its EVSEs, or one connector of that."""
    found: Any = service.platform.location(ids[0], version)
    for wanted, members, name in zip(ids[1:], ("evses", "connectors"), ("uid", "id"), strict=False):
        inner = (found or {}).get(members) or []
        found = next((one for one in inner if str(one.get(name)).upper() == wanted.upper()), None)
    if found is None:
        raise Refusal(404, 2003, "unknown location")
    return found
