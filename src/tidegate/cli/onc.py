"""`tidegate onc`: Ocean Networks Canada in its own words: what there is, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.onc_options import (
    LOOKED,
    NEAR,
    WHERE,
    Extension,
    From,
    Looked,
    Near,
    Product,
    To,
    Where,
)
from tidegate.cli.output import note, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tidegate.cli.output import Row

app = App(
    name="onc", help="Ocean Networks Canada: what there is and where, what is new, bulk downloads."
)
app.command(
    "tidegate.cli.onc_data:availability",
    name="availability",
    help="Show which files there are, by product and time.",
)
app.command("tidegate.cli.onc_data:archive", name="archive", help="List files of the archive.")
app.command(
    "tidegate.cli.onc_data:latest",
    name="latest",
    help="Show the newest file or sample; the exit code tells whether there is a new one.",
)
app.command(
    "tidegate.cli.onc_samples:scalar",
    name="scalar",
    help="Show samples straight from the platform; nothing is stored.",
)
app.command(
    "tidegate.cli.onc_samples:raw",
    name="raw",
    help="Show lines as instruments wrote them; nothing is stored.",
)
app.command(
    "tidegate.cli.onc_create:create_xls",
    name="createXLS",
    help="Make a workbook of the data products that can be downloaded, or add to one.",
)
app.command(
    "tidegate.cli.onc_download:download",
    name="download",
    help="Fetch the files that a workbook asks for; run it again to go on.",
)


@app.command
def locations(
    *,
    looked: Looked = LOOKED,
    product: Product = None,
    near: Near = NEAR,
    from_: From = None,
    to: To = None,
    tree: Annotated[bool, Parameter(negative=())] = False,
    subjects: Annotated[bool, Parameter(negative=())] = False,
    where: Where = WHERE,
    common: Common = COMMON,
) -> None:
    """List locations: those that have such instruments, in a time, near a place.

    `tidegate pull NAME $(tidegate onc locations --category CTD --subjects)` pulls what is measured
    at them; `tidegate pull NAME --near 49.08,-123.33 --within 20km` what is near.

    Args:
        looked: what is looked for.
        product: code of a data product.
        near: where it is looked for.
        from_: only with instruments there since, or later.
        to: only with instruments there before.
        tree: show which location lies within which.
        subjects: print nothing but what pull takes to mean them, a line each.
        where: who is asked.
        common: common options.
    """
    from tidegate.services import onc_places

    filters, times = looked.filters(product=product), onc_places.times_of(from_, to)
    place = near.place()
    with where.opened(common) as client:
        if tree and place is None:
            rows = onc_places.tree(client, filters, times)
        else:
            rows = onc_places.locations(client, filters, times, near=place)
    if subjects:
        for subject in onc_places.subjects_at(rows):
            print(subject)
        return
    columns = ["locationCode", "locationName", "lat", "lon", "depth", "deployments"]
    if place is not None:
        columns.insert(0, "distance")
    if tree and not common.json:
        rows = [{**row, "locationCode": "  " * row["level"] + row["locationCode"]} for row in rows]
        _tree(rows)
    else:
        _tell(rows, columns, common, "locations")


@app.command
def categories(*, looked: Looked = LOOKED, where: Where = WHERE, common: Common = COMMON) -> None:
    """List types of instruments that have data.

    Args:
        looked: what is looked for.
        where: who is asked.
        common: common options.
    """
    asked = looked.filters().named("location", "category", "property")
    with where.opened(common) as client:
        rows = client.discovery.categories(asked)
    columns = ("deviceCategoryCode", "deviceCategoryName", "description")
    _tell(rows, columns, common, "categories")


@app.command
def devices(
    *,
    looked: Looked = LOOKED,
    product: Product = None,
    from_: From = None,
    to: To = None,
    where: Where = WHERE,
    common: Common = COMMON,
) -> None:
    """List instruments.

    Args:
        looked: what is looked for.
        product: code of a data product.
        from_: only those that were somewhere since, or later.
        to: only those that were somewhere before.
        where: who is asked.
        common: common options.
    """
    from tidegate.services.onc_places import times_of

    names = ("location", "category", "device", "property", "product")
    asked = looked.filters(product=product).named(*names) | times_of(from_, to)
    if looked.location:
        asked["includeChildren"] = "true"
    with where.opened(common) as client:
        rows = client.discovery.devices(asked)
    columns = ("deviceCode", "deviceId", "deviceCategoryCode", "deviceName")
    _tell(rows, columns, common, "devices")


@app.command
def properties(*, looked: Looked = LOOKED, where: Where = WHERE, common: Common = COMMON) -> None:
    """List what is observed, and in which unit.

    Args:
        looked: what is looked for.
        where: who is asked.
        common: common options.
    """
    asked = looked.filters().named("location", "category", "device", "property")
    with where.opened(common) as client:
        rows = client.discovery.properties(asked)
    columns = ("propertyCode", "propertyName", "uom", "description")
    _tell(rows, columns, common, "properties")


@app.command
def deployments(
    *,
    looked: Looked = LOOKED,
    near: Near = NEAR,
    from_: From = None,
    to: To = None,
    where: Where = WHERE,
    common: Common = COMMON,
) -> None:
    """List which instrument was where, from when to when; the dates are the true ones.

    Args:
        looked: what is looked for.
        near: where it is looked for.
        from_: only stays that last beyond this.
        to: only stays that begin before this.
        where: who is asked.
        common: common options.
    """
    from tidegate.services import onc_places

    times, place = onc_places.times_of(from_, to), near.place()
    with where.opened(common) as client:
        rows = onc_places.deployments(
            client, looked.filters(), times, near=place, children=looked.location is not None
        )
    columns = ["locationCode", "deviceCategoryCode", "deviceCode", "begin", "end", "lat", "lon"]
    columns.append("distance" if place else "depth")
    _tell(rows, columns, common, "deployments")


@app.command
def products(
    *,
    looked: Looked = LOOKED,
    product: Product = None,
    extension: Extension = None,
    options: Annotated[bool, Parameter(negative=())] = False,
    where: Where = WHERE,
    common: Common = COMMON,
) -> None:
    """List data products and the formats that they come in.

    Args:
        looked: what is looked for.
        product: code of a data product.
        extension: file extension of a data product.
        options: list the options of each product, a row a value.
        where: who is asked.
        common: common options.
    """
    names = ("location", "category", "device", "property", "product", "extension")
    asked = looked.filters(product=product, extension=extension).named(*names)
    with where.opened(common) as client:
        rows = client.discovery.products(asked)
    if options and not common.json:
        show([one for row in rows for one in _options(row)], json=False)
        return
    shown = rows if common.json else [{**row, "options": _option_names(row)} for row in rows]
    columns = ("dataProductCode", "extension", "dataProductName", "options")
    _tell(shown, columns, common, "products")


def _option_names(row: Row) -> str:
    return " ".join(one["option"] for one in row.get("dataProductOptions") or [])


def _options(row: Row) -> Iterable[dict[str, Any]]:
    for one in row.get("dataProductOptions") or []:
        for option in (one, *(one.get("suboptions") or [])):
            reach = option.get("allowableRange") or {}
            values = [str(value) for value in option.get("allowableValues") or []]
            if reach:
                values.append(f"{reach.get('lowerBound')}…{reach.get('upperBound')}")
            yield {
                "product": row["dataProductCode"],
                "extension": row["extension"],
                "option": option["option"],
                # What the catalogue has as default of a suboption is no value that it takes.
                "default": option.get("defaultValue") if option is one else None,
                "values": " ".join(values),
            }


def _tree(rows: Sequence[Row]) -> None:
    width = max((len(row["locationCode"]) for row in rows), default=0)
    for row in rows:
        print(f"{row['locationCode']:{width}}  {row['locationName']}")


def _tell(rows: Sequence[Row], columns: Sequence[str], common: Common, what: str) -> None:
    show(rows, json=common.json, columns=columns)
    note(f"{len(rows):,} {what}", quiet=common.quiet)
