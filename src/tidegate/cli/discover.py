"""`tidegate discover`: the catalogue of a connection."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show
from tidegate.cli.progress import progress


def discover(
    name: str | None = None,
    *pattern: str,
    kind: str | None = None,
    changes: Annotated[bool, Parameter(negative=())] = False,
    offline: Annotated[bool, Parameter(negative=())] = False,
    repository: str = "main",
    common: Common = COMMON,
) -> None:
    """Refresh and show the catalogue: what is new, changed, gone; new series are created.

    Args:
        name: the connection; may be left out when there is one.
        pattern: show only names or subjects like these; % and _ are wildcards.
        kind: show only this kind, e.g. meter, register, virtual-meter.
        changes: show only what is new, changed or gone.
        offline: show what is known without asking the platform.
        repository: the repository for new series.
        common: common options.
    """
    with common.open() as store, progress(quiet=common.quiet) as drawn:
        found = store.discover(name, repository=repository, offline=offline, progress=drawn)
        shown = found.narrowed(patterns=pattern, kind=kind, changes=changes)
    show(shown.rows(), json=common.json)
    note(found.sentence(), quiet=common.quiet)
