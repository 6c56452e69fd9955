"""What handlers of both APIs need of a request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tidegate.standins.dcs.answers import FAULTS_KEY, Answer, choose_encoding, encoded
from tidegate.standins.dcs.refusals import Refusal, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.requests import Request

    from tidegate.standins.dcs.accounts import Account
    from tidegate.standins.dcs.queries import Query
    from tidegate.standins.dcs.registers import Register
    from tidegate.standins.dcs.service import Service
    from tidegate.standins.dcs.virtual import VirtualMeter


def parameters(request: Request) -> dict[str, str]:
    """The query parameters by lower-case name."""
    return {name.lower(): value for name, value in request.query_params.items()}


async def json_body(request: Request) -> Any:
    """The body as JSON.

    Raises:
        Refusal: it is not JSON.
    """
    try:
        return json.loads(await request.body())
    except ValueError:
        raise bad_request("The body is not JSON.") from None


def set_cookie(name: str, token: str | None) -> dict[str, str]:
    """The header that gives a cookie, or takes it back."""
    if token is None:
        past = "Thu, 01 Jan 1970 00:00:00 GMT"
        return {"Set-Cookie": f"{name}=; Path=/; HttpOnly; Expires={past}"}
    return {"Set-Cookie": f"{name}={token}; Path=/; HttpOnly; SameSite=Lax"}


def find_series(service: Service, account: Account, query: Query) -> Register | VirtualMeter:
    """The register or virtual meter that a query names.

    Raises:
        Refusal: there is none (400), or the account may not see it or its time (403).
    """
    estate = service.estate
    found: Register | VirtualMeter | None
    if query.virtual:
        found = estate.virtual.get(query.id)
        open_to = account.sees_virtual(query.id)
    else:
        found = estate.registers.get(query.id)
        open_to = found is not None and account.sees_meter(found.meter)
    kind = "virtual meter" if query.virtual else "register"
    if found is None:
        raise bad_request(f"There is no {kind} with the id {query.id}.")
    if not open_to:
        raise Refusal(403, f"You do not have access to the {kind} {query.id}.")
    too_early = account.first is not None and query.first < account.first
    too_late = account.last is not None and query.last > account.last
    if too_early or too_late:
        raise Refusal(403, "The requested range is outside the dates that you may view.")
    return found


def sent_again(
    service: Service, request: Request, chunks: Iterable[bytes], headers: dict[str, str]
) -> Answer:
    """An answer from `chunks`, or from memory if the stand-in keeps answers and sent it before."""
    if not service.memory.limit or request.scope[FAULTS_KEY]:
        return Answer(chunks, headers=headers, whole=False)
    encoding = choose_encoding(request.headers.get("accept-encoding", ""), [])
    key = (request.scope["path"], request.scope["query_string"].decode(), encoding)
    body = service.memory.get(key)
    if body is not None:
        return Answer(_pieces(body), headers=headers, whole=False, encoded_as=encoding)
    made = _kept(service, key, encoded(chunks, encoding))
    return Answer(made, headers=headers, whole=False, encoded_as=encoding)


_PIECE = 1 << 16


def _pieces(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), _PIECE):
        yield body[at : at + _PIECE]


def _kept(service: Service, key: tuple[str, ...], chunks: Iterable[bytes]) -> Iterator[bytes]:
    pieces = []
    for chunk in chunks:
        pieces.append(chunk)
        yield chunk
    service.memory.keep(key, b"".join(pieces))
