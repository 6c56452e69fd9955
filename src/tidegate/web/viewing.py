"""Series for keys that are bound to a view: what the view lets out, entered in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.gate.refusals import NotAllowed
from tidegate.services.sums import sum_series
from tidegate.services.viewed_series import require_readable, sum_through
from tidegate.services.views import view_named

if TYPE_CHECKING:
    import pyarrow as pa

    from tidegate.calc.sums import SumRequest
    from tidegate.model.series import Series
    from tidegate.model.views import View
    from tidegate.model.windows import Window
    from tidegate.store.messages import Version
    from tidegate.web.identity import Access
    from tidegate.web.parameters import Selector


def require_group(access: Access, wanted: Selector) -> None:
    """Refuse single series where a view lets only groups out, before it is told whether they are.

    Raises:
        NotAllowed: names or numbers are asked for through such a view.
    """
    if access.caller.view is None or not (wanted.names or wanted.ids):
        return
    if view_named(access.store, access.caller.view).group.is_in_force:
        raise NotAllowed(f"the view '{access.caller.view}' lets out sums of its groups only")


def sum_seen(access: Access, request: SumRequest, version: Version) -> pa.Table:
    """A sum as the caller may see it."""
    name = access.caller.view
    if name is None:
        return sum_series(access.store, request, repository=access.repository, version=version)
    view = view_named(access.store, name)
    table = sum_through(access.store, view, request, repository=access.repository, version=version)
    _enter(access, view, table.num_rows)
    return table


def require_seen(access: Access, series: Series, window: Window) -> None:
    """Let pass a reading of a series that the caller may see.

    Raises:
        NotAllowed: the caller's view does not show it, or not for all of the time.
    """
    name = access.caller.view
    if name is not None:
        view = view_named(access.store, name)
        require_readable(access.store, view, [series], window, repository=access.repository)
        _enter(access, view, 1)


def _enter(access: Access, view: View, count: int) -> None:
    if access.service.sharing is not None:
        access.service.sharing.enter(
            view, "series", count, actor=access.actor, format="json", channel="rest"
        )
