"""`tidegate ocpi fields`: what leaves of the records of a module, and what stays."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show

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

    from tidegate.services.ocpi.fields import ocpi_rules, shown_fields, spoken_version
    from tidegate.services.settings import store_path

    version = version or spoken_version(store_path(common.store), connection)
    rules = ocpi_rules(
        module, version, profile=profile, privacy_pass=privacy_pass, extensions=extensions
    )
    rows = [msgspec.to_builtins(field) for field in shown_fields(rules)]
    leaving = [row for row in rows if row["verdict"] in {"pass", "hash"}]
    columns = ("path", "type", "verdict", "because")
    if explain:
        show(leaving, json=common.json, columns=columns)
    else:
        show(rows, json=common.json, columns=columns[:3])
    known = [row for row in rows if row["type"] != "unknown fields"]
    kept = sum(row["verdict"] not in {"pass", "hash"} for row in known)
    added = sum(row["because"] == "pass list" for row in known)
    note(
        f"{len(known) - kept} of {len(known)} fields of {module} {version} leave,"
        f" {added} of them because of the pass list",
        quiet=common.quiet,
    )
