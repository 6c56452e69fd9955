"""Reads an OCPI platform with readers by others: `read_ocpi.py VERSIONS-ADDRESS TOKEN`."""

import asyncio
import base64
import importlib
import json
import sys
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.request import Request, urlopen

from latam_evra_ocpi import OcpiClient as LatamClient
from ocpplab_ocpi_211 import OcpiClient as OldClient
from pydantic import ValidationError

versions_url, token = sys.argv[1:]
root = versions_url.removesuffix("/versions")
base64_token = base64.b64encode(token.encode()).decode()
CLASSES = {
    "locations": "Location",
    "sessions": "Session",
    "cdrs": "Cdr",
    "tariffs": "Tariff",
    "tokens": "Token",
}


def get(url: str, form: str) -> tuple[Any, str | None]:
    """The data of an answer, and its `Link` header."""
    with urlopen(Request(url, headers={"Authorization": f"Token {form}"})) as answer:
        document = json.load(answer)
        assert document["status_code"] == 1000, document
        return document["data"], answer.headers["Link"]


def records(version: str, module: str, form: str) -> list[dict[str, Any]]:
    """All records of a module, page by page."""
    role = "emsp" if module == "tokens" else "cpo"
    found: list[dict[str, Any]] = []
    url: str | None = f"{root}/{role}/{version}/{module}?limit=50"
    while url:
        data, link = get(url, form)
        found += data
        url = link.partition("<")[2].partition(">")[0] if link else None
    return found


def checked(version: str) -> dict[str, Any]:
    """How many records the dataclasses of a version take, and what they say of the others."""
    form = token if version == "2.1.1" else base64_token
    types = importlib.import_module("ocpi_types.v" + version.replace(".", "_"))
    good: Counter[str] = Counter()
    complaints: set[str] = set()
    for module, name in CLASSES.items():
        for record in records(version, module, form):
            try:
                getattr(types, name).from_dict(record)
                good[module] += 1
            except (AssertionError, ValueError, KeyError, TypeError) as problem:
                complaints.add(f"{module}: {type(problem).__name__} {problem}")
    types.Credentials.from_dict(get(f"{root}/{version}/credentials", form)[0])
    return {"good": good, "complaints": sorted(complaints)}


def outcome(read: Any) -> Any:
    """How many records a client reads, or which members it misses in them."""
    try:
        return len(read())
    except ValidationError as problem:
        return sorted({f"{one['type']} {one['loc'][-1]}" for one in problem.errors()})


def newest() -> dict[str, Any]:
    """What an asynchronous client of 2.3.0 makes of the first records of four modules."""

    def page(role: str, module: str) -> Any:
        async def read() -> Any:
            async with LatamClient(base_url=f"{root}/{role}/2.3.0") as client:
                found = await getattr(client, f"get_{module}")(token, offset=0, limit=500)
                return getattr(found, module)

        return asyncio.run(read())

    return {
        module: outcome(partial(page, "emsp" if module == "tokens" else "cpo", module))
        for module in CLASSES
    }


def oldest() -> dict[str, Any]:
    """What a generated client of 2.1.1 makes of all records of four modules."""
    client = OldClient(base_url=f"{root}/cpo/2.1.1", api_key=f"Token {token}")
    since = datetime(2020, 1, 1, tzinfo=UTC)
    return {
        "sessions": outcome(lambda: client.sessions.get_sessions(date_from=since, limit=500).data),
        "cdrs": outcome(lambda: client.cdrs.get_cdrs(limit=500).data),
        "locations": outcome(lambda: client.locations.get_locations(limit=500).data),
        "tariffs": outcome(lambda: client.tariffs.get_tariffs(limit=500).data),
    }


print(
    json.dumps(
        {
            "types": {version: checked(version) for version in ("2.1.1", "2.2.1", "2.3.0")},
            "oldest": oldest(),
            "newest": newest(),
        }
    )
)
