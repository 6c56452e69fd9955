"""Options that every command has, and the ones that many share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tidegate.model.errors import BadValue

if TYPE_CHECKING:
    from tidegate.services.opened import Store


@Parameter(name="*", group="Common options")
@dataclass(frozen=True, kw_only=True)
class Common:
    """Options of every command.

    Attributes:
        store: folder of the store.
        json: print JSON lines on standard output instead of text.
        quiet: no progress and no messages but warnings and errors.
        debug: log everything, and show the traceback of an error.
    """

    store: Annotated[Path | None, Parameter(env_var="TIDEGATE_STORE")] = None
    json: Annotated[bool, Parameter(negative=())] = False
    quiet: Annotated[bool, Parameter(negative=())] = False
    debug: Annotated[bool, Parameter(negative=())] = False

    def open(self) -> Store:
        """The store that the options name; made if it does not exist."""
        from tidegate.cli.logs import follow
        from tidegate.services.opened import Store

        opened = Store.open(self.store)
        follow(opened.settings, quiet=self.quiet, debug=self.debug)
        return opened


COMMON = Common()


def aliases_of(texts: Iterable[str]) -> dict[str, str]:
    """What names in a formula stand for, from texts such as `R1=1156`.

    Raises:
        BadValue: a text is not of that form.
    """
    found = {}
    for text in texts:
        name, sign, series = text.partition("=")
        if not sign or not name.strip() or not series.strip():
            raise BadValue("alias", text, "a name and a series, such as R1=1156")
        found[name.strip()] = series.strip()
    return found


From = Annotated[str | None, Parameter(name=["--from"])]
"""First instant: ISO 8601, or relative such as `today-7d`."""
To = Annotated[str | None, Parameter(name=["--to"])]
"""End, exclusive: ISO 8601, or relative such as `now`."""
