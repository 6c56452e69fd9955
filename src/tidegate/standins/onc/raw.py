"""Raw data: the lines that instruments sent, with the times when they came."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from tidegate.model.instants import SECOND
from tidegate.standins.onc import dates, measurements
from tidegate.standins.onc.discovery import citation, deployed_there
from tidegate.standins.onc.exchange import Answer, document, stamp
from tidegate.standins.onc.paging import following, query_url
from tidegate.standins.onc.parameters import is_true, row_limit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.standins.onc.catalogue import Deployment
    from tidegate.standins.onc.exchange import Asked
    from tidegate.standins.onc.service import Service

_MEGABYTE = 1 << 20
_NO_LIMIT = 1 << 20


def raw(service: Service, asked: Asked) -> Answer:
    """The answer of `rawdata`.

    Raises:
        Refusal: a date makes no sense, or nothing was deployed there.
    """
    parameters, now = asked.parameters, service.clock.now()
    start, end = dates.span(parameters, now)
    stays = deployed_there(service, parameters)
    until = now if end is None else min(end, now)
    latest = is_true(parameters, "getLatest")
    lines = _lines(service, stays, (start or 0, until), latest=latest)
    kept, rest = _page(lines, parameters)
    more = None if rest is None or latest else following(asked, rest, until if end is None else end)
    return document(_body(service, asked, stays, kept, more))


def _page(
    lines: Iterator[tuple[int, str]], parameters: dict[str, str]
) -> tuple[list[tuple[int, str]], int | None]:
    """The lines of a page, which ends by rows or by size, and the time of the next line."""
    room = int(parameters.get("sizeLimit", _NO_LIMIT)) * _MEGABYTE
    kept: list[tuple[int, str]] = []
    for line in islice(lines, row_limit(parameters)):
        room -= len(line[1]) + len(stamp(line[0]))
        if room < 0:
            return kept, line[0]
        kept.append(line)
    after = next(lines, None)
    return kept, after[0] if after else None


def _lines(
    service: Service, stays: list[Deployment], window: tuple[int, int], *, latest: bool
) -> Iterator[tuple[int, str]]:
    for stay in sorted(stays, key=lambda one: one.start_at, reverse=latest):
        period = service.catalogue.devices[stay.device].period * SECOND
        windows = [measurements.Stay(stay.start_at, stay.end_at, period)]
        for instants, _ in measurements.instants_of(windows, *window, latest=latest):
            for at in range(0, len(instants), 1000):
                yield from _some(service, stay, instants[at : at + 1000], period)


def _some(
    service: Service, stay: Deployment, instants: Any, period: int
) -> Iterator[tuple[int, str]]:
    kept = instants[~measurements.outage(instants)]
    columns = [
        measurements.measured(sensor, kept, period, service.options.seed)[0]
        for sensor in service.catalogue.sensors(stay.device)
    ]
    table = np.stack(columns, axis=1).tolist() if columns else [[] for _ in kept]
    for instant, values in zip(kept.tolist(), table, strict=True):
        yield instant, "# " + ", ".join(f"{value:.4f}" for value in values)


def _body(
    service: Service,
    asked: Asked,
    stays: list[Deployment],
    lines: list[tuple[int, str]],
    more: dict[str, Any] | None,
) -> dict[str, Any]:
    objects = asked.parameters.get("outputFormat", "").lower() == "object"
    data: Any = {
        "lineTypes": [" " for _ in lines],
        "readings": [text for _, text in lines],
        "times": [stamp(instant) for instant, _ in lines],
    }
    if objects:
        data = [
            {"lineType": " ", "reading": text, "time": stamp(instant)} for instant, text in lines
        ]
    body: dict[str, Any] = {
        "citations": [citation(service, one) for one in stays],
        "data": data,
        "messages": [],
        "next": more,
        "outputFormat": "object" if objects else "array",
        "queryUrl": query_url(asked),
    }
    if "locationCode" in asked.parameters and stays:
        name = service.catalogue.locations[stays[0].location].name
        body["metadata"] = {"locationName": name}
    return body
