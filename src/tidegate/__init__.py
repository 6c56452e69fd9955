"""Tidegate: pull measurement data completely, keep it in one store, calculate with it exactly.

    import tidegate

    with tidegate.open("store") as store:
        table = store.sum(
            attributes=["Supplier|AT123456"], start="2024-01-01", end="2025-01-01", interval="month"
        )

What this module names is the public interface; `tidegate.dcs` has the clients of DCS servers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate import dcs
    from tidegate.model.errors import TidegateError
    from tidegate.model.secret import Secret
    from tidegate.services.opened import Store

__all__ = ["Secret", "Store", "TidegateError", "__version__", "dcs", "open"]

_HOMES = {
    "Secret": "tidegate.model.secret",
    "Store": "tidegate.services.opened",
    "TidegateError": "tidegate.model.errors",
}


def open(path: str | Path | None = None) -> Store:  # noqa: A001
    """The store in a folder, made if it does not exist; a context manager.

    Args:
        path: the folder; `TIDEGATE_STORE`, the settings or the user's data folder unless given.

    Raises:
        StoreBusy: another process owns the store and does not answer.
        StoreTooNew: a later release wrote the store.
    """
    from tidegate.services.opened import Store

    return Store.open(path)


def __getattr__(name: str) -> Any:
    """Names that are loaded when they are first used."""
    if name == "__version__":
        from importlib.metadata import version

        return version("tidegate")
    if name == "dcs":
        return import_module("tidegate.dcs")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
