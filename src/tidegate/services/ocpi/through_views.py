"""`ocpi get --view`: the records of a module as a view lets them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidegate.gate.verdicts import Mark
from tidegate.model.errors import BadValue, Interrupted
from tidegate.services.ocpi.getting import CHANNEL, Taken
from tidegate.services.ocpi.outlet import Outlet
from tidegate.services.sharing import MOST, PageAsked, Sharing
from tidegate.services.views import view_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.model.views import View
    from tidegate.services.ocpi.outlet import Wanted
    from tidegate.services.ocpi.sinks import Sink
    from tidegate.services.opened import Store
    from tidegate.services.sharing import SharedPage


def get_through(
    store: Store,
    name: str,
    wanted: Wanted,
    sink: Sink,
    *,
    stop: Callable[[], bool] = lambda: False,
    actor: str = "owner",
) -> Taken:
    """Give out the records of a module through a view, as its consumers get them.

    Args:
        store: that has the view.
        name: of the view.
        wanted: what to give out; the view decides which fields and records may leave.
        sink: where they go.
        stop: asked after each page; True ends the export there.
        actor: who takes them, as the journal calls them.

    Raises:
        NotFound: there is no such view.
        NotAllowed: the view does not show the module.
        BadValue: options by which the view decides.
        Interrupted: `stop` ended it.
    """
    _require_plain(name, wanted)
    view = view_named(store.verbs, name)
    taken = Taken()
    with Sharing(store.verbs, store.path, policies=store.policies) as sharing:

        def page(offset: int) -> SharedPage:
            asked = _asked(wanted, offset)
            return sharing.page(view, asked, actor=actor, format=wanted.format, channel=CHANNEL)

        shared = page(wanted.offset)
        outlet = Outlet(msgspec.structs.replace(wanted, mark=Mark.OMIT), shared.rules)
        with sink.writing(outlet) as writer:
            while True:
                writer.write(shared.lines)
                taken.records += shared.count
                if wanted.limit is not None or shared.following is None:
                    return taken
                if stop():
                    raise _stopped(view, taken)
                shared = page(shared.following)


def _require_plain(name: str, wanted: Wanted) -> None:
    """Refuse what a view decides."""
    decided = {
        "--privacy-pass": wanted.passes,
        "--join": wanted.joins,
        "--times": wanted.times,
        "--profile": wanted.profile != "default",
    }
    given = [option for option, value in decided.items() if value]
    if given:
        raise BadValue("--view", name, f"given without {' and '.join(given)}; the view decides it")


def _asked(wanted: Wanted, offset: int) -> PageAsked:
    return PageAsked(
        module=wanted.module,
        start=wanted.date_from,
        end=wanted.date_to,
        offset=offset,
        limit=min(wanted.limit or MOST, MOST),
    )


def _stopped(view: View, taken: Taken) -> Interrupted:
    return Interrupted(
        f"stopped after {taken.records:,} records of view '{view.name}', at the end of a page",
        hint="run the same command again",
    )
