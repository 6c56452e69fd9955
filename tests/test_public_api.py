"""The public interface: what it names, with which signatures."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import tidegate
import tidegate.dcs
import tidegate.onc

SNAPSHOT = Path(__file__).parent / "public_api.txt"


def members(kind: type) -> list[str]:
    """Public members of a class with their signatures, inherited ones included."""
    return [
        f"{kind.__name__}.{name}{signature(member)}"
        for name, member in sorted(inspect.getmembers(kind))
        if not name.startswith("_")
    ]


def signature(member: Any) -> str:
    """The signature of what can be called, else its kind."""
    if callable(member):
        return str(inspect.signature(member))
    return f": {type(member).__name__}"


def public_api() -> str:
    """Every public name of `tidegate`, `tidegate.dcs` and `tidegate.onc`, a line each."""
    lines: list[str] = []
    for module in (tidegate, tidegate.dcs, tidegate.onc):
        for name in sorted(module.__all__):
            member = getattr(module, name)
            lines.append(f"{module.__name__}.{name}")
            if inspect.isclass(member) and not issubclass(member, Exception):
                lines += [f"    {line}" for line in members(member)]
            elif inspect.isfunction(member):
                lines[-1] += signature(member)
    return "\n".join(lines) + "\n"


def test_public_api_is_the_snapshot():
    """The public interface changes only together with its snapshot, `tests/public_api.txt`."""
    assert public_api() == SNAPSHOT.read_text("utf-8")


def test_all_names_can_be_imported():
    """Every name of `__all__` is there, in order."""
    for module in (tidegate, tidegate.dcs, tidegate.onc):
        assert list(module.__all__) == sorted(module.__all__)
        assert all(hasattr(module, name) for name in module.__all__)


def test_unknown_name_is_an_attribute_error():
    """A name that the package does not have is an ordinary AttributeError."""
    assert not hasattr(tidegate, "sesame")
