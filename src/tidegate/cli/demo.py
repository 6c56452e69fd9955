"""`tidegate demo`: the main job on a stand-in server, end to end, in under a minute."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show
from tidegate.cli.reports import sentence

if TYPE_CHECKING:
    from tidegate.services.demo import Span
    from tidegate.services.opened import Store


def demo(*, folder: Path = Path("tidegate-demo"), common: Common = COMMON) -> None:
    """Run the main job on a stand-in server: pull, kill and resume, sum, virtual meter, export.

    Args:
        folder: where the store and the files of the demo go; it can be used again.
        common: common options; the store lies in the folder.
    """
    from tidegate.services import demo as steps
    from tidegate.services.opened import Store

    folder.mkdir(parents=True, exist_ok=True)
    path, span = folder / "store", steps.Span.latest()
    with steps.own_secrets(folder), steps.standin(folder) as url:
        _say(common, f"1. A stand-in for a DCS server answers at {url}")
        with Store.open(path) as store:
            steps.connect(store, url)
            _say(common, f"2. Discovered {store.discover(steps.NAME).sentence()}")
        _pull(path, span, common)
        with Store.open(path) as store:
            _sums(store, span, folder, common)
            _virtual_meter(store, span, common)
            _exports(store, span, folder, common)
    _where_to_look(folder, common)


def _pull(path: Path, span: Span, common: Common) -> None:
    from tidegate.services import demo as steps
    from tidegate.services.opened import Store

    done, planned = steps.pull_and_kill(path, span)
    if planned:
        _say(common, f"3. Pulled {done} of {planned} requests, then killed the pull (kill -9)")
    else:
        _say(common, "3. Nothing is due: the store has it all from the last time")
    with Store.open(path) as store:
        report = steps.resume(store, span)
        _say(common, f"4. Resumed: {sentence(report)}")


def _sums(store: Store, span: Span, folder: Path, common: Common) -> None:
    from tidegate.formats.plot import to_png, to_terminal
    from tidegate.services import demo as steps

    counts = steps.assign_suppliers(store, span)
    held = ", ".join(f"{count} by {supplier}" for supplier, count in counts.items())
    _say(common, f"5. Assigned suppliers to series ({held}); a third change theirs half way")
    sums = steps.daily_sums(store, span)
    show(steps.rows(sums), json=common.json)
    if not common.quiet:
        to_terminal(sums, sys.stderr, title="kWh a day, by supplier")
    to_png(sums, folder / "suppliers.png", title="Energy a day, by supplier")


def _virtual_meter(store: Store, span: Span, common: Common) -> None:
    from tidegate.services import demo as steps

    ours, theirs = steps.virtual_meter(store, span)
    apart = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    _say(
        common,
        f"6. '{steps.VIRTUAL_METER}', calculated here from stored registers: {sum(ours):,.1f} kWh; "
        f"by the server: {sum(theirs):,.1f} kWh; largest difference in {len(ours):,} half hours: "
        f"{apart:.2g}",
    )


def _exports(store: Store, span: Span, folder: Path, common: Common) -> None:
    from tidegate.services import demo as steps

    for path, count in steps.exports(store, span, folder):
        _say(common, f"7. Wrote {count:,} rows to {path}")


def _where_to_look(folder: Path, common: Common) -> None:
    store = folder / "store"
    _say(
        common,
        f"""
Look at {folder / "suppliers.png"} and at the files beside it. The store lies in {store}; try

  tidegate series list --store {store}
  tidegate coverage --store {store}
  tidegate sum --store {store} --attribute 'Supplier|Northern Power' --unit MWh \\
      --from today-8w --to today --interval week --zone Europe/London
  tidegate standin dcs        a server of your own to try `tidegate connect dcs` on""",
    )


def _say(common: Common, text: str) -> None:
    note(text, quiet=common.quiet)
