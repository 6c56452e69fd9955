"""The credentials module: registering with token A, exchanging tokens B and C, and leaving."""

from __future__ import annotations

import asyncio
import base64
import json
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tidegate.standins.ocpi.exchange import SUCCESS, Answer, envelope
from tidegate.standins.ocpi.options import COUNTRY, PARTY, PROVIDER
from tidegate.standins.ocpi.refusals import Refusal
from tidegate.standins.ocpi.service import Party

if TYPE_CHECKING:
    from tidegate.standins.ocpi.exchange import Asked
    from tidegate.standins.ocpi.service import Service

_BUSINESS: Final = {"name": "Testlaadnet", "website": "https://tidegate.example"}
_PATIENCE_S: Final = 10


async def credentials(service: Service, asked: Asked, token: str, version: str) -> Answer:
    """The answer of the credentials address.

    Args:
        service: state of the stand-in.
        asked: the request.
        token: its token, which is known.
        version: version of OCPI.

    Raises:
        Refusal: the method does not fit whether the caller is registered, or its credentials
            do not work.
    """
    registered = token in service.parties
    match asked.method:
        case "GET":
            return Answer(envelope(service, asked, _own(asked, token, version)))
        case "POST" if not registered:
            party = await _visited(asked, version)
            service.registrations.discard(token)
        case "PUT" if registered:
            party = await _visited(asked, version)
            del service.parties[token]
        case "DELETE" if registered:
            del service.parties[token]
            return Answer(envelope(service, asked))
        case _:
            known = "already" if registered else "not"
            raise Refusal(405, 2000, f"This party is {known} registered.")
    return Answer(envelope(service, asked, _own(asked, service.admit(party), version)))


def _own(asked: Asked, token: str, version: str) -> dict[str, Any]:
    """The credentials of this platform, with the token that the client is to use."""
    body = {"token": token, "url": f"{asked.root}/ocpi/versions"}
    if version == "2.1.1":
        return {
            **body,
            "business_details": _BUSINESS,
            "party_id": PARTY,
            "country_code": COUNTRY,
        }
    roles = [
        {"role": role, "business_details": _BUSINESS, "party_id": party, "country_code": COUNTRY}
        for role, party in (("CPO", PARTY), ("EMSP", PROVIDER))
    ]
    return {**body, "roles": roles}


async def _visited(asked: Asked, version: str) -> Party:
    """The client that a body describes, whose own server has answered to token B."""
    try:
        given = json.loads(asked.body)
        token, url = str(given["token"]), str(given["url"])
        roles = [given["party_id"]] if version == "2.1.1" else list(given["roles"])
    except (ValueError, KeyError, TypeError):
        raise Refusal(400, 2001, "These are no credentials.") from None
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Refusal(200, 2001, "The url is no web address.")
    try:
        await asyncio.to_thread(_visit, url, token, version)
    except (OSError, HTTPException, ValueError, KeyError, TypeError, StopIteration):
        raise Refusal(200, 3001, "The client's own server cannot be used.") from None
    return Party(token, url, roles)


def _visit(url: str, token: str, version: str) -> None:
    """Reads the client's versions, and the details of the version in use, with token B."""
    form = token if version == "2.1.1" else base64.b64encode(token.encode()).decode()
    offered = _fetched(url, form)
    details = next(one["url"] for one in offered if one["version"] == version)
    _fetched(details, form)["endpoints"]


def _fetched(url: str, token: str) -> Any:
    request = Request(url, headers={"Authorization": f"Token {token}"})  # noqa: S310 - checked
    with urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310 - the scheme is checked
        document = json.load(answer)
    if document["status_code"] != SUCCESS:
        raise ValueError(document["status_code"])
    return document["data"]
