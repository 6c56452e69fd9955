"""The files of products that are made to order: real text where they are text."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.model.instants import SECOND
from tidegate.standins.onc import measurements
from tidegate.standins.onc.bodies import TEXTS, Body, filler, of_text
from tidegate.standins.onc.exchange import compact, stamp

if TYPE_CHECKING:
    from tidegate.standins.onc.catalogue import Deployment, Product
    from tidegate.standins.onc.service import Service

_MOST_ROWS = 500


def product_file(
    service: Service,
    product: Product,
    name: str,
    piece: tuple[Deployment, int, int],
    parameters: dict[str, str],
) -> Body:
    """One file of an order; of measurements at most some hundred rows, evenly spaced.

    Args:
        service: the stand-in.
        product: what was ordered.
        name: name of the file.
        piece: the deployment, begin and end that it covers.
        parameters: those of the order.
    """
    key = f"{service.options.seed}.{sorted(parameters.items())}"
    if product.extension not in TEXTS:
        return Body(name, service.options.file_bytes or product.bytes, key)
    if product.code != "TSSD":
        return filler(name, product.bytes, stamp(piece[1]))
    columns = _columns(service, piece, parameters.get("dpo_qualityControl", "1") == "1")
    if product.extension == "json":
        return of_text(name, json.dumps({"filename": name, "columns": columns}) + "\n")
    separator = "," if product.extension == "csv" else "\t"
    head = f"# {name}\n# times are UTC\n" + separator.join(columns) + "\n"
    rows = zip(*columns.values(), strict=True)
    lines = [separator.join(_cell(value) for value in row) for row in rows]
    return of_text(name, head + "\n".join(lines) + "\n")


def _cell(value: Any) -> str:
    return "NaN" if value is None else str(value)


def _columns(
    service: Service, piece: tuple[Deployment, int, int], clean: bool
) -> dict[str, list[Any]]:
    stay, start, end = piece
    period = service.catalogue.devices[stay.device].period * SECOND
    grid = measurements.Stay(stay.start_at, stay.end_at, period).grid(start, end)
    instants = np.array(grid[:: max(1, -(-len(grid) // _MOST_ROWS))], dtype=np.int64)
    columns: dict[str, list[Any]] = {"time": [stamp(at) for at in instants.tolist()]}
    for sensor in service.catalogue.sensors(stay.device):
        values, flags = measurements.measured(sensor, instants, period, service.options.seed)
        if clean:
            values = np.where(np.isin(flags, measurements.FAILING), np.nan, values)
        name = f"{sensor.name} ({sensor.unit})"
        columns[name] = [None if math.isnan(one) else one for one in values.tolist()]
        columns[f"{name} flag"] = flags.tolist()
    return columns


def product_meta(product: Product, parameters: dict[str, str], start: int, end: int) -> Body:
    """The metadata file of an order."""
    source = parameters.get("deviceCode") or parameters.get("locationCode", "")
    name = f"{source}_{product.code}_{compact(start)}_{compact(end)}_meta.xml"
    fields = "".join(
        f"  <parameter name={json.dumps(key)}>{value}</parameter>\n"
        for key, value in sorted(parameters.items())
    )
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<metadata product="{product.name}">\n{fields}'
    return of_text(name, text + "</metadata>\n")
