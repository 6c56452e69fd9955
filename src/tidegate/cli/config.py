"""`tidegate config`: every setting, its value and where it came from."""

from __future__ import annotations

from cyclopts import App

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import show

app = App(name="config", help="Every setting, its value and where it came from.")


@app.command(name="show")
def show_(*, common: Common = COMMON) -> None:
    """Show every setting with its value and where that came from; secrets are masked."""
    from tidegate.services.settings import effective

    given = {"store": str(common.store)} if common.store else {}
    rows = [
        {"setting": one.name, "value": one.value, "source": one.source} for one in effective(given)
    ]
    show(rows, json=common.json)


@app.command
def extras(*, common: Common = COMMON) -> None:
    """Show which optional parts are installed, and how to add the others."""
    from tidegate.services.extras import EXTRAS, is_installed

    rows = [
        {
            "extra": name,
            "installed": is_installed(name),
            "for": purpose,
            "add": f"pip install 'tidegate[{name}]'",
        }
        for name, purpose in EXTRAS.items()
    ]
    show(rows, json=common.json)
