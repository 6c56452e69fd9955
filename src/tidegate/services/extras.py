"""Optional parts: whether they are installed, and one clear error where one is absent."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from tidegate.model.errors import MissingExtra, UnknownName

EXTRAS: Final = {
    "spark": "sums over stores larger than one machine",
    "grids-cluster": "grids computed on several machines",
}
_MODULES: Final = {"spark": ("pyspark", "sqlglot"), "grids-cluster": ("distributed",)}


def is_installed(extra: str) -> bool:
    """True if every package of an extra can be imported.

    Raises:
        UnknownName: there is no such extra.
    """
    if extra not in EXTRAS:
        raise UnknownName("extra", extra, list(EXTRAS))
    return all(find_spec(module) is not None for module in _MODULES[extra])


def require(extra: str) -> None:
    """Go on only if an extra is installed.

    Raises:
        MissingExtra: it is not; the hint says how to install it.
    """
    if not is_installed(extra):
        raise MissingExtra(extra, EXTRAS[extra])
