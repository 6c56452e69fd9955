"""`tidegate audit`: who took what, and who changed what, when."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import show

Yes = Annotated[bool, Parameter(negative=())]


def audit(
    *,
    since: str | None = None,
    takings: Yes = False,
    changes: Yes = False,
    common: Common = COMMON,
) -> None:
    """Show who took what through which view, and who changed what; both unless one is named.

    Args:
        since: from this instant on; ISO 8601, or relative such as now-7d.
        takings: only what was taken.
        changes: only what was changed.
        common: common options.
    """
    from tidegate.services.auditing import entries
    from tidegate.services.selection import instant

    with common.open() as store:
        found = entries(
            store.verbs,
            store.path,
            since=instant(since) if since else None,
            takings=takings or not changes,
            changes=changes or not takings,
        )
        show((one.as_row(detailed=common.json) for one in found), json=common.json)
