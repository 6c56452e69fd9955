"""The demo: the main job on a stand-in server, end to end, with a pull killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.coverage import CoverageState
from tidegate.model.errors import RunFailed
from tidegate.model.flags import Flag
from tidegate.model.instants import DAY, now, to_datetime, to_text, zone
from tidegate.model.secret import Secret
from tidegate.platforms.dcs.asking import Question
from tidegate.services.opened import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa

    from tidegate.model.series import Series
    from tidegate.plans.report import RunReport

METERS: Final = 50
WEEKS: Final = 12
SUPPLIERS: Final = ("Northern Power", "Southern Gas & Light")
VIRTUAL_METER: Final = "Sample Virtual Meter"
NAME: Final = "campus"

_SECRETS: Final = "secrets.json"
_PAUSE: Final = "delay:path=readings,seconds=0.15"
"""Each answer of the stand-in takes as long as one of a real server."""
_PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time that the demo is about, in UTC microseconds; `switch` is its middle."""

    start: int
    switch: int
    end: int

    @classmethod
    def latest(cls) -> Span:
        """The last whole weeks before today, from Monday to Monday."""
        today = now() // DAY
        monday = today - (today + 3) % 7
        return cls(
            start=(monday - 7 * WEEKS) * DAY,
            switch=(monday - 7 * WEEKS // 2) * DAY,
            end=monday * DAY,
        )


@contextmanager
def standin(folder: Path) -> Iterator[str]:
    """A stand-in as a process of its own while the block runs; the address of its Web API."""
    command = [
        *(sys.executable, "-m", "tidegate", "standin", "dcs", "--port", "0"),
        *("--meters", str(METERS), "--no-examples", "--until-stdin-closes", "--fault", _PAUSE),
    ]
    with (folder / "standin.log").open("wb") as log:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
    try:
        yield _address(child)
    finally:
        child.communicate()


def _address(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("Web API"):
            return line.split()[-1]
    raise RunFailed("the stand-in did not start", hint="see standin.log in the demo's folder")


def connect(store: Store, url: str) -> None:
    """The connection to the stand-in, as its user."""
    store.connect_dcs(NAME, url, user="demo", password=Secret("demo"))


def pull_and_kill(folder: Path, span: Span) -> tuple[int, int]:
    """Pull what is due in a child process and kill it half way: tasks done, and planned."""
    with Store.open(folder) as store:
        planned = len(store.plan_pull(NAME, start=to_text(span.start), end=to_text(span.end)))
    if not planned:
        return 0, 0
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "tidegate", "pull", NAME, "--store", str(folder), "--quiet"),
            *("--from", to_text(span.start), "--to", to_text(span.end)),
        ]
    )
    done = _wait_for(child, folder, planned // 2)
    child.send_signal(signal.SIGKILL)
    child.wait()
    return done, planned


def _wait_for(child: subprocess.Popen[bytes], folder: Path, wanted: int) -> int:
    """Look at the store, beside the process that fills it, until enough is done."""
    deadline = time.monotonic() + _PATIENCE_S
    done = 0
    while done < wanted and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
        with Store.open(folder) as store:
            done = sum(
                any(row.state is not CoverageState.DUE for row in one.rows)
                for one in store.coverage(NAME)
            )
    return done


def resume(store: Store, span: Span) -> RunReport:
    """The same pull again: it asks for what is missing and nothing else."""
    return store.pull(NAME, start=to_text(span.start), end=to_text(span.end))


def energy_series(store: Store) -> list[Series]:
    """The series of electricity meters that hold energy a half hour."""
    return [
        one
        for one in store.series()
        if one.unit == "kWh" and one.origin and one.origin.quantity == "period"
    ]


def assign_suppliers(store: Store, span: Span) -> dict[str, int]:
    """Give each meter a supplier; every third one changes it half way. Series by first supplier."""
    if "Supplier" not in {attribute.name for attribute in store.attributes()}:
        store.create_attribute("Supplier")
    metered = energy_series(store)
    first, second = metered[::2], metered[1::2]
    for supplier, series in zip(SUPPLIERS, (first, second), strict=True):
        store.assign("Supplier", supplier, series=series, at=to_text(span.start))
    for old, new in zip((first, second), reversed(SUPPLIERS), strict=True):
        store.assign("Supplier", new, series=old[::3], at=to_text(span.switch))
    return {SUPPLIERS[0]: len(first), SUPPLIERS[1]: len(second)}


def daily_sums(store: Store, span: Span) -> dict[str, pa.Table]:
    """Energy a day by supplier, in days of London."""
    return {
        supplier: store.sum(
            attributes=[f"Supplier|{supplier}"],
            start=to_datetime(span.start),
            end=to_datetime(span.end),
            interval="day",
            zone="Europe/London",
            unit="kWh",
        )
        for supplier in SUPPLIERS
    }


def rows(sums: dict[str, pa.Table]) -> list[dict[str, Any]]:
    """Sums as rows for printing: a day each, a column a supplier."""
    (first, *_) = sums.values()
    days = [local_date(moment) for moment in first["from"].to_pylist()]
    columns = {supplier: table["value"].to_pylist() for supplier, table in sums.items()}
    return [
        {"day": day, **{supplier: round(values[at], 1) for supplier, values in columns.items()}}
        for at, day in enumerate(days)
    ]


def local_date(moment: datetime) -> str:
    """The day of London in which an instant lies."""
    return moment.astimezone(zone("Europe/London")).date().isoformat()


def virtual_meter(store: Store, span: Span) -> tuple[list[float], list[float]]:
    """A virtual meter's half hours: calculated from stored registers, and the server's own."""
    start, end = to_datetime(span.start), to_datetime(span.end)
    ours = store.read(VIRTUAL_METER, start=start, end=end)
    (meter,) = [vm for vm in store.dcs_virtual_meters() if vm["name"] == VIRTUAL_METER]
    question = Question(id=meter["id"], is_virtual=True, start=start, end=end)
    theirs = {row["startTime"]: row["periodValue"] for row in store.dcs_readings(question)}
    pairs = [
        (value, theirs[moment])
        for moment, value, flag in zip(
            *(ours[name].to_pylist() for name in ("from", "value", "flag")), strict=True
        )
        if flag != Flag.MISSING
    ]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def exports(store: Store, span: Span, folder: Path) -> Iterator[tuple[Path, int]]:
    """Half hours of every series as Parquet, daily sums of each supplier as a workbook."""
    times: dict[str, Any] = {"start": to_datetime(span.start), "end": to_datetime(span.end)}
    metered = energy_series(store)
    path = folder / "half_hours.parquet"
    yield path, store.export(*metered, out=path, **times)
    for supplier in SUPPLIERS:
        path = folder / f"{supplier.split()[0].lower()}.xlsx"
        options: dict[str, Any] = {"interval": "day", "zone": "Europe/London", "unit": "kWh"}
        yield path, store.export(attributes=[f"Supplier|{supplier}"], out=path, **times, **options)


@contextmanager
def own_secrets(folder: Path) -> Iterator[None]:
    """Keep the demo's password in its folder instead of the user's keyring."""
    before = os.environ.get("TIDEGATE_SECRETS")
    os.environ["TIDEGATE_SECRETS"] = str(folder / _SECRETS)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TIDEGATE_SECRETS"]
        else:
            os.environ["TIDEGATE_SECRETS"] = before
