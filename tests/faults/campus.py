"""A small campus on a stand-in, and what is true of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from tidegate.model.instants import parse
from tidegate.model.windows import Window
from tidegate.services.opened import Store
from tidegate.standins.dcs import Options
from tidegate.standins.dcs.arithmetic import half_hours
from tidegate.standins.dcs.signals import MICRO
from tidegate.standins.dcs.slots import SLOT_US

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.cli.conftest import Ran

    from tidegate.standins.dcs import Standin

OPTIONS = Options(meters=0, examples=False, start=parse("2024-01-01"), end=parse("2024-04-01"))
"""Five meters with eight registers, a quarter of a year."""

WINDOW = Window(parse("2024-01-01"), parse("2024-02-01"))
SPAN = ("--from", "2024-01-01", "--to", "2024-02-01")
REGISTERS = ("R123", "R124", "R125", "R126", "R733", "R1156", "R1164", "R1168")
POINTS = WINDOW.length // SLOT_US


def truth(standin: Standin, subject: str, window: Window = WINDOW) -> dict[str, list[float]]:
    """Every value of a register in a window by quantity, by the stand-in's own arithmetic."""
    estate = standin.service.estate
    register = estate.registers[int(subject[1:])]
    first, last = window.start // SLOT_US, window.end // SLOT_US
    found = half_hours(register, first, last, estate.span(), calibrated=True)
    assert found.known.all()
    if register.instantaneous:
        return {"value": list(found.total / MICRO)}
    return {"total": list(found.total / MICRO), "period": list(found.period / MICRO)}


def stored(folder: Path, window: Window = WINDOW) -> dict[tuple[str, str], list[float | None]]:
    """Every stored value by subject and quantity, each at the half hour it belongs to."""
    kept: dict[tuple[str, str], list[float | None]] = {}
    with Store.open(folder) as store:
        for one in store.series():
            if one.origin is None or one.formula is not None:
                continue
            table = store.verbs.read([one.key], window).read_all()
            expected = np.arange(window.start, window.end, SLOT_US)
            if table.num_rows:
                assert table["ts"].to_pylist() == expected.tolist(), one.name
            kept[one.origin.subject, one.origin.quantity] = table["value"].to_pylist()
    return kept


def assert_whole(
    standin: Standin, folder: Path, *, without: Sequence[str] = (), window: Window = WINDOW
) -> None:
    """Every reading of the window is stored once, as it is on the server; of `without`, none."""
    found = stored(folder, window)
    assert {subject for subject, _ in found} == set(REGISTERS)
    for (subject, quantity), values in found.items():
        if subject in without:
            assert values == []
        else:
            assert values == truth(standin, subject, window)[quantity], (subject, quantity)


def asked(standin: Standin) -> list[str]:
    """The subjects whose readings were asked for since the log was cleared, in order of time."""
    pattern = re.compile(r"id=(R\d+)|registerId=(\d+)")
    hits = [pattern.search(e.query) for e in standin.log if "readings" in e.path.lower()]
    return [hit[1] or f"R{hit[2]}" for hit in hits if hit]


def the_error(ran: Ran) -> tuple[str, str, str]:
    """Code, message and hint of the one error on standard error; there is nothing worse."""
    assert "Traceback" not in ran.err
    lines = ran.err.splitlines()
    at = [place for place, line in enumerate(lines) if line.startswith("error[")]
    assert len(at) == 1, ran.err
    found = re.fullmatch(r"error\[([a-z-]+)\]: (.+)", lines[at[0]])
    assert found is not None
    assert lines[at[0] + 1].startswith("hint: "), ran.err
    return found[1], found[2], lines[at[0] + 1].removeprefix("hint: ")
