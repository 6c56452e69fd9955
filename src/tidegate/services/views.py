"""Views: making, finding and describing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.errors import NotFound

if TYPE_CHECKING:
    from tidegate.model.views import View
    from tidegate.store.verbs import Verbs


def view_named(store: Verbs, name: str) -> View:
    """The view of a name.

    Raises:
        NotFound: there is no such view.
    """
    for view in store.views():
        if view.name == name:
            return view
    raise NotFound("view", name, hint="tidegate view list shows the names")
