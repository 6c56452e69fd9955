"""The only place that knows a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate.store.sharing.election import OpenedStore, open_store

__all__ = ["OpenedStore", "open_store"]


def __getattr__(name: str) -> Any:
    """Load the engine when a store is opened, not when a message type is imported."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tidegate.store.sharing import election

    return getattr(election, name)
