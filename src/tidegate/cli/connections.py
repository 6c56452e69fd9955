"""`tidegate connections`: list, test and remove connections."""

from __future__ import annotations

from cyclopts import App

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show

app = App(name="connections", help="List, test and remove connections.")


@app.default
def list_(*, common: Common = COMMON) -> None:
    """List the connections."""
    with common.open() as store:
        rows = [
            {"name": c.name, "platform": c.platform, "url": c.url, **c.settings}
            for c in store.connections()
        ]
        show(rows, json=common.json, columns=("name", "platform", "url", "user", "api"))


@app.command(name="test")
def test_(name: str | None = None, *, common: Common = COMMON) -> None:
    """Sign in to a platform with the kept password and say what it answers.

    Args:
        name: the connection; may be left out when there is one.
        common: common options.
    """
    with common.open() as store:
        show([store.test_connection(name)], json=common.json)


@app.command
def remove(name: str, *, common: Common = COMMON) -> None:
    """Forget a connection, its catalogue, coverage and password; its series and readings stay.

    Args:
        name: the connection.
        common: common options.
    """
    with common.open() as store:
        store.remove_connection(name)
        note(f"removed connection '{name}'", quiet=common.quiet)
