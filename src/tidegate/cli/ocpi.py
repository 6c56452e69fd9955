"""`tidegate ocpi`: OCPI platforms in their own words."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from tidegate.model.errors import UnknownName

app = App(
    name="ocpi",
    help="OCPI platforms: log in, take the records of a module, private by default.",
    version_flags=[],
)
app.command(
    "tidegate.cli.ocpi_login:login",
    name="login",
    help="Log in to a platform; its token is asked at a hidden prompt, or is in TIDEGATE_TOKEN.",
)
app.command(
    "tidegate.cli.ocpi_get:get",
    name="get",
    help="Take the records of a module; what is sensitive is blanked.",
)
app.command(
    "tidegate.cli.ocpi_fields:fields",
    name="fields",
    help="Show which fields of a module pass, and which are blanked.",
)


@app.default
def usage(*words: Annotated[str, Parameter(show=False)]) -> int:
    """Show the commands that there are; without one of them there is nothing to do."""
    if words:
        raise UnknownName("command of tidegate ocpi", words[0], ["login", "get", "fields", "help"])
    from rich.console import Console

    from tidegate.cli.app import app as root

    root.help_print(["ocpi"], console=Console(stderr=True))
    return 2


@app.command(name="help")
def show_help(*command: str) -> None:
    """Show the help of a command.

    Args:
        command: the words of the command, e.g. `login`.
    """
    from tidegate.cli.app import app as root

    root.help_print(["ocpi", *command])
