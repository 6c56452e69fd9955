"""A store with a connection to a stand-in, and what its records amount to, summed by hand."""

from __future__ import annotations

import json
import urllib.request
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tidegate.model.secret import Secret
from tidegate.model.windows import Window
from tidegate.platforms.ocpi.settings import OcpiSettings
from tidegate.services.opened import Store
from tidegate.standins.ocpi import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tidegate.standins.ocpi import Standin

Record = dict[str, Any]
EVER = Window(0, 10**17)
QUARTER = 900


def connect(store: Store, standin: Standin, version: str = "2.2.1", **settings: Any) -> None:
    """Log the store in as `ocpi`."""
    given = OcpiSettings(party="NLABC", **settings)
    store.connect_ocpi("ocpi", standin.versions_url, given, Secret(standin.token), version=version)


@contextmanager
def pulled(
    tmp_path: Path, version: str = "2.2.1", *, energy_from: str = "cdrs", **options: Any
) -> Iterator[tuple[Store, Standin]]:
    """A store that everything of a stand-in was pulled into once."""
    with running(seed=1, **options) as standin, Store.open(tmp_path / "store") as store:
        connect(store, standin, version, energy_from=energy_from)
        report = store.pull()
        assert report.exit_code == 0, report
        yield store, standin


def sent(standin: Standin, module: str, version: str = "2.2.1") -> list[Record]:
    """All records of a module as a plain client gets them."""
    role = "emsp" if module == "tokens" else "cpo"
    root = standin.versions_url.removesuffix("/versions")
    records: list[Record] = []
    while True:
        url = f"{root}/{role}/{version}/{module}?offset={len(records)}&limit=1000"
        if module == "sessions":
            url += "&date_from=1970-01-01T00:00:00Z"
        request = urllib.request.Request(url, headers={"Authorization": f"Token {standin.token}"})
        with urllib.request.urlopen(request) as answer:
            page = json.load(answer)["data"]
        records += page
        if not page:
            return records


def by_evse(records: list[Record], step: int = QUARTER) -> dict[str, dict[int, Fraction]]:
    """Exact kWh by evse and second of the start of the bin, credits taken out."""
    credited = {one.get("credit_reference_id") for one in records if one.get("credit")}
    sums: dict[str, dict[int, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for one in records:
        old = "credit" not in one and isinstance(one.get("total_cost"), (int, float))
        sign = -1 if old and one["total_cost"] < 0 else 1
        if not one.get("credit") and one["id"] not in credited:
            for ts, kwh in _bins(one, step):
                sums[_evse(one)][ts] += sign * kwh
    return sums


def stored(store: Store) -> dict[str, dict[int, float]]:
    """kWh in the store by subject and second."""
    found: dict[str, dict[int, float]] = {}
    for series in store.series():
        table = store.verbs.read([series.key], EVER).read_all()
        seconds = [ts // 1_000_000 for ts in table["ts"].to_pylist()]
        if seconds and series.origin:
            found[series.origin.subject] = dict(
                zip(seconds, table["value"].to_pylist(), strict=True)
            )
    return found


def _bins(record: Record, step: int) -> Iterator[tuple[int, Fraction]]:
    end = _seconds(
        record.get("end_date_time")
        or record.get("stop_date_time")
        or record.get("end_datetime")
        or record["last_updated"]
    )
    periods = record["charging_periods"]
    starts = [_seconds(period["start_date_time"]) for period in periods]
    for period, start, stop in zip(periods, starts, [*starts[1:], end], strict=True):
        kwh = Fraction(0)
        for dimension in period["dimensions"]:
            if dimension["type"] == "ENERGY":
                kwh += Fraction(str(dimension["volume"]))
        if stop == start:
            yield start // step * step, kwh
        for ts in range(start // step * step, stop, step):
            inside = min(ts + step, stop) - max(ts, start)
            yield ts, kwh * inside / (stop - start)


def _evse(record: Record) -> str:
    place = record.get("location") or record.get("cdr_location")
    if place is None and "location_id" not in record:
        return "?"
    if place is None:
        names = [record["location_id"], record["evse_uid"]]
    elif "evses" in place:
        names = [place["id"], place["evses"][0]["uid"]]
    else:
        names = [place["id"], place["evse_uid"]]
    party = [record[name] for name in ("country_code", "party_id") if name in record]
    return "*".join([*party, *names])


def _seconds(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
