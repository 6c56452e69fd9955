"""Pages of 1,000 sessions through the filter, against reading and writing them unfiltered.

The pages come from the stand-in, over loopback, before the clock starts. The ways take turns on the
same pages in one process; each figure is the best round, since other work on the machine only adds,
in microseconds a record.

    python benchmarks/bench_ocpi_filter.py [ROUNDS]
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import msgspec

from tidegate.gate.filtering import RecordFilter
from tidegate.gate.transforms import Hasher
from tidegate.platforms.ocpi.rules import field_rules
from tidegate.standins.ocpi import running

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 1_000
PAGES = 10
CEILING = 0.33
"""The promised ratio of the default filter to `json.loads` and `json.dumps`."""


class Answer(msgspec.Struct):
    data: msgspec.Raw


def fetched(module: str = "sessions", version: str = "2.2.1") -> list[bytes]:
    """Pages of the stand-in as they come over the wire."""
    with running(sessions=SIZE * PAGES) as standin:
        address = f"{standin.versions_url.removesuffix('/versions')}/cpo/{version}/{module}"
        return [_page(f"{address}?offset={SIZE * number}&limit={SIZE}") for number in range(PAGES)]


def _page(address: str) -> bytes:
    headers = {"Authorization": "Token ZGVtby10b2tlbg=="}
    with urlopen(Request(address, headers=headers)) as answer:  # loopback
        return bytes(msgspec.json.decode(answer.read(), type=Answer).data)


def ways() -> dict[str, Callable[[bytes], object]]:
    """What is measured, by name."""
    default, strict, full = (
        RecordFilter(field_rules("sessions", "2.2.1", name), hasher=Hasher(bytes(32)))
        for name in ("default", "strict", "full")
    )
    whole = RecordFilter(field_rules("sessions", "2.2.1", "full").rounding("hour"))
    return {
        "json.loads + json.dumps": lambda page: json.dumps(json.loads(page)),
        "msgspec decode + encode": lambda page: msgspec.json.encode(msgspec.json.decode(page)),
        "filter, default": default.page,
        "filter, strict with hashes": strict.page,
        "filter, everything passes": full.page,
        "filter, times to the hour": whole.page,
    }


def measured(rounds: int) -> dict[str, float]:
    """Microseconds a record of each way."""
    pages, made = fetched(), ways()
    found: dict[str, list[float]] = {name: [] for name in made}
    for way in made.values():
        way(pages[0])  # the shape of the records is learned once for a whole export
    for _ in range(rounds):
        for name, way in made.items():
            started = time.perf_counter()
            for page in pages:
                way(page)
            found[name].append((time.perf_counter() - started) / (SIZE * PAGES) * 1e6)
    print(f"{sum(map(len, pages)) / (SIZE * PAGES):.0f} bytes a record")
    return {name: min(times) for name, times in found.items()}


def main() -> None:
    found = measured(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
    bare, quick = list(found.values())[:2]
    print(f"{'':28} {'µs/record':>9} {'to json':>8} {'to msgspec':>10}")
    for name, figure in found.items():
        print(f"{name:28} {figure:9.2f} {figure / bare:8.2f} {figure / quick:10.2f}")
    if (ratio := found["filter, default"] / bare) > CEILING:
        raise SystemExit(f"the default filter takes {ratio:.2f} of json, promised {CEILING}")


if __name__ == "__main__":
    main()
