"""`tidegate ocpi fields`: what leaves of the records of a module, and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.services.ocpi.fields import ShownField

Flag = Annotated[bool, Parameter(negative=())]


def fields(
    module: str,
    *,
    version: str | None = None,
    connection: str | None = None,
    profile: Literal["default", "parity", "strict", "full"] = "default",
    privacy_pass: str | None = None,
    extensions: Flag = False,
    explain: Flag = False,
    common: Common = COMMON,
) -> None:
    """Show the fields of a module and which of them leave; nothing is asked of a platform.

    Args:
        module: cdrs, locations, sessions, tariffs or tokens.
        version: of OCPI: 2.1.1, 2.2.1 or 2.3.0; that of the connection unless given, else 2.2.1.
        connection: the connection; may be left out when there is one.
        profile: the verdicts to start from.
        privacy_pass: fields to let pass as well, as in kwh,charging_periods.dimensions; a single
            . passes everything.
        extensions: take unknown names in that list for fields that the platform added.
        explain: show only what would leave, and why.
        common: common options.
    """
    import msgspec

    from tidegate.gate.passlist import parse_pass_list
    from tidegate.services.ocpi.fields import shown_fields, spoken_version
    from tidegate.services.ocpi.outlet import Wanted
    from tidegate.services.settings import store_path

    version = version or spoken_version(store_path(common.store), connection)
    passes = () if privacy_pass is None else parse_pass_list(privacy_pass)
    wanted = Wanted(module=module, profile=profile, passes=passes, extensions=extensions)
    all_fields = list(shown_fields(wanted, version))
    if explain:
        show_leaving((field for field in all_fields if field.leaves), json=common.json)
    else:
        rows = [msgspec.to_builtins(field) for field in all_fields]
        show(rows, json=common.json, columns=("path", "type", "verdict"))
    known = [field for field in all_fields if field.is_known]
    added = sum(field.because == "pass list" for field in known)
    note(
        f"{sum(field.leaves for field in known)} of {len(known)} fields of {module} {version}"
        f" leave, {added} of them because of the pass list",
        quiet=common.quiet,
    )


def show_leaving(fields: Iterable[ShownField], *, json: bool) -> None:
    """Print fields that leave, and why they do."""
    import msgspec

    rows = [msgspec.to_builtins(field) for field in fields]
    show(rows, json=json, columns=("path", "type", "verdict", "because"))
