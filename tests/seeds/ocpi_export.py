"""The command line with a connection to an OCPI stand-in, for tests of exports."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.instants import SECOND
from tidegate.model.secret import Secret
from tidegate.platforms.ocpi import login
from tidegate.platforms.ocpi.settings import OcpiSettings
from tidegate.services.connection_files import FILE, Known
from tidegate.standins.ocpi import running
from tidegate.store.messages import ConnectionRecord

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from tidegate.standins.ocpi import Standin


@contextmanager
def logged_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, version: str = "2.2.1", **options: Any
) -> Iterator[Standin]:
    """A stand-in, and in the folder of a store the connection `ocpi` to it, without a database."""
    with running(**{"seed": 1, **options}) as standin:
        connect(folder, standin, version)
        monkeypatch.setenv("TIDEGATE_TOKEN", standin.token)
        monkeypatch.setenv("TIDEGATE_RETRY_ATTEMPTS", "2")
        standin.log.clear()
        yield standin


def connect(folder: Path, standin: Standin, version: str, name: str = "ocpi") -> None:
    """Put the connection to a stand-in where commands without a database find it."""
    wanted = OcpiSettings(party="NLABC")
    found = login.logged_in(standin.versions_url, wanted, Secret(standin.token), version=version)
    record = ConnectionRecord(
        name=name,
        platform="ocpi",
        url=standin.versions_url,
        settings=msgspec.to_builtins(found),
    )
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_bytes(msgspec.json.encode(Known("a-store", [record])))


def queries(standin: Standin, module: str = "sessions") -> list[dict[str, str]]:
    """The parameters of the requests for a module so far, in their order."""
    return [entry.parameters for entry in standin.log if entry.path.endswith(f"/{module}")]


def touch(standin: Standin, *places: int, module: str = "sessions") -> None:
    """Update records now; the platform's clock goes on by two seconds."""
    for place in places:
        standin.service.touch(module, place)
    clock = standin.service.clock
    clock.set(clock.now() + 2 * SECOND)
