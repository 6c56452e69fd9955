"""Scalar data: pages of measurements of every sensor of a place or of a device."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tidegate.model.instants import SECOND
from tidegate.standins.onc import dates, measurements
from tidegate.standins.onc.discovery import citation, deployed_there
from tidegate.standins.onc.exchange import Answer, document, stamp
from tidegate.standins.onc.measurements import AVERAGED, FAILING, MISSING, Page, Stay
from tidegate.standins.onc.paging import following, query_url
from tidegate.standins.onc.parameters import is_true, row_limit
from tidegate.standins.onc.refusals import MISSING as MISSING_PARAMETER
from tidegate.standins.onc.refusals import UNKNOWN, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from tidegate.standins.onc.catalogue import Deployment, Sensor
    from tidegate.standins.onc.exchange import Asked
    from tidegate.standins.onc.service import Service

_RESTRICTED = "Access to the data of this device is restricted."


@dataclass(frozen=True, slots=True)
class Rows:
    """The samples of a page as JSON, how many they are, and where the next page begins."""

    text: msgspec.Raw
    count: int
    following: int | None


def scalar(service: Service, asked: Asked) -> Answer:
    """The answer of `scalardata`.

    Raises:
        Refusal: a date makes no sense, or nothing was deployed there.
    """
    parameters = asked.parameters
    start, end = dates.span(parameters, service.clock.now())
    stays = deployed_there(service, parameters)
    sensors = _sensors(service, stays, parameters)
    begin = min((one.start_at for one in stays), default=0) if start is None else start
    until = min(service.clock.now(), service.clock.now() if end is None else end)
    if asked.fault("restricted"):
        return _answer(service, asked, stays, [], None)
    windows = _windows(service, stays)
    rows = [
        (sensor, _rows(service, asked, _page(sensor, windows, (begin, until), parameters)))
        for sensor in sensors
    ]
    more = [found.following for _, found in rows if found.following is not None]
    return _answer(
        service,
        asked,
        stays,
        [_sensor_row(sensor, found, parameters) for sensor, found in rows]
        if any(found.count for _, found in rows)
        else [],
        following(asked, min(more), until if end is None else end) if more else None,
    )


def _sensors(service: Service, stays: list[Deployment], parameters: dict[str, str]) -> list[Sensor]:
    found = {one.code: one for stay in stays for one in service.catalogue.sensors(stay.device)}
    for name, codes in (
        ("sensorCategoryCodes", set(found)),
        ("propertyCode", {one.property for one in found.values()}),
    ):
        wanted = {code for code in parameters.get(name, "").split(",") if code}
        if found and wanted - codes:
            raise Refusal(UNKNOWN, name)
        if wanted:
            found = {
                code: one
                for code, one in found.items()
                if {"sensorCategoryCodes": code, "propertyCode": one.property}[name] in wanted
            }
    return list(found.values())


def _windows(service: Service, stays: list[Deployment]) -> tuple[Stay, ...]:
    """Windows of sampling in order; where two overlap the earlier one goes on."""
    windows: list[Stay] = []
    for one in sorted(stays, key=lambda stay: stay.start_at):
        start = max(one.start_at, windows[-1].end if windows else one.start_at)
        end, period = one.end_at, service.catalogue.devices[one.device].period
        if start < end:
            windows.append(Stay(start, end, period * SECOND))
    return tuple(windows)


def _page(
    sensor: Sensor,
    windows: tuple[Stay, ...],
    span: tuple[int, int],
    parameters: dict[str, str],
) -> Page:
    kind = parameters.get("resampleType", "").lower()
    if kind and "resamplePeriod" not in parameters:
        raise Refusal(MISSING_PARAMETER, "resamplePeriod")
    return Page(
        sensor=sensor,
        stays=tuple(one for one in windows if one.start < span[1] and one.end > span[0]),
        start=span[0],
        end=span[1],
        limit=row_limit(parameters),
        latest=is_true(parameters, "getLatest"),
        raw=parameters.get("qualityControl", "").lower() == "raw",
        gaps=is_true(parameters, "fillGaps", default=True),
        breaks=is_true(parameters, "byDeployment"),
        objects=parameters.get("outputFormat", "").lower() == "object",
        resample=kind,
        length=int(parameters.get("resamplePeriod", 0)) * SECOND,
    )


def _rows(service: Service, asked: Asked, page: Page) -> Rows:
    if "excludescalardata" in asked.parameters.get("returnOptions", "").lower():
        return Rows(msgspec.Raw(b"{}"), 1, None)
    return service.page(page)


def rows_of(page: Page, seed: int, *, nan: bool) -> Rows:
    """The samples of a page; `nan` writes missing values as NaN, else they are null."""
    missing = "NaN" if nan else "null"
    if page.resample:
        return _resampled(page, seed, missing)
    times: list[int] = []
    columns: dict[str, list[Any]] = {"qaqcFlags": [], "values": []}
    for instants, period in measurements.instants_of(
        page.stays, page.start, page.end, latest=page.latest, breaks=page.breaks
    ):
        values, flags, kept = _samples(page, instants, period, seed)
        room = page.limit + 1 - len(times)
        times += instants[kept][:room].tolist()
        columns["values"] += values[kept][:room].tolist()
        columns["qaqcFlags"] += flags[kept][:room].tolist()
        if len(times) > page.limit:
            break
    rest = times[page.limit] if len(times) > page.limit and not page.latest else None
    return _written(page, times, columns, rest, missing)


def _samples(
    page: Page, instants: NDArray[np.int64], period: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Values, flags, and which of them the page shows."""
    if not period:
        one = np.ones(instants.shape)
        return one * np.nan, np.full(instants.shape, MISSING), one > 0
    gone = measurements.outage(instants)
    values, flags = measurements.measured(page.sensor, instants, period, seed)
    if not page.raw:
        values = np.where(np.isin(flags, FAILING), np.nan, values)
    shown = np.full(instants.shape, fill_value=True) if page.gaps else ~gone
    return np.where(gone, np.nan, values), np.where(gone, MISSING, flags), shown


def _resampled(page: Page, seed: int, missing: str) -> Rows:
    found, rest = measurements.resampled(page, seed)
    columns: dict[str, list[Any]] = {"qaqcFlags": [AVERAGED] * len(found.instants)}
    if page.resample.startswith("avg"):
        columns["values"] = found.mean.tolist()
    if page.resample != "avg":
        columns |= {"minValues": found.least.tolist(), "maxValues": found.greatest.tolist()}
    return _written(page, found.instants.tolist(), columns, rest, missing)


_SINGULAR = {
    "qaqcFlags": "qaqcFlag",
    "values": "value",
    "minValues": "minValue",
    "maxValues": "maxValue",
}


def _written(
    page: Page, times: list[int], columns: dict[str, list[Any]], rest: int | None, missing: str
) -> Rows:
    """The JSON of a page, written by hand as NaN is no JSON."""
    count = min(len(times), page.limit)
    texts = {name: _numbers(column[:count], missing) for name, column in columns.items()}
    stamps = _stamps(times[:count])
    if page.objects:
        lines = zip(stamps, *texts.values(), strict=True)
        names = ["sampleTime", *(_SINGULAR[name] for name in texts)]
        rows = ",".join(
            "{" + ",".join(f'"{name}":{text}' for name, text in zip(names, row, strict=True)) + "}"
            for row in lines
        )
        return Rows(msgspec.Raw(f"[{rows}]".encode()), count, rest)
    lists = {**texts, "sampleTimes": stamps}
    inner = ",".join(f'"{name}":[{",".join(text)}]' for name, text in sorted(lists.items()))
    return Rows(msgspec.Raw(f"{{{inner}}}".encode()), count, rest)


def _numbers(column: Iterable[float], missing: str) -> list[str]:
    return [missing if math.isnan(one) else repr(one) for one in column]


def _stamps(times: list[int]) -> list[str]:
    """Instants as quoted texts."""
    texts = np.datetime_as_string(np.array(times, dtype="datetime64[us]"), unit="ms")
    return [f'"{text}Z"' for text in texts.tolist()]


def _sensor_row(sensor: Sensor, rows: Rows, parameters: dict[str, str]) -> dict[str, Any]:
    objects = parameters.get("outputFormat", "").lower() == "object"
    row = {
        "actualSamples": rows.count,
        "data": rows.text,
        "outputFormat": "object" if objects else "array",
        "propertyCode": sensor.property,
        "sensorCategoryCode": sensor.code,
        "sensorCode": sensor.code,
        "sensorName": sensor.name,
        "unitOfMeasure": sensor.unit,
    }
    if "excludescalardata" in parameters.get("returnOptions", "").lower():
        del row["data"], row["actualSamples"]
    return row


def _answer(
    service: Service,
    asked: Asked,
    stays: list[Deployment],
    rows: list[dict[str, Any]],
    more: dict[str, Any] | None,
) -> Answer:
    parameters = {name: value for name, value in asked.given.items() if name != "token"}
    metadata = {
        "locationName": service.catalogue.locations[stays[0].location].name if stays else None,
        "depth": stays[0].depth if stays else None,
        "startDate": stamp(stays[0].start_at) if stays else None,
    }
    body: dict[str, Any] = {
        "citations": [citation(service, one) for one in stays],
        "messages": [_RESTRICTED] if asked.fault("restricted") else [],
        "next": more,
        "parameters": parameters,
        "queryUrl": query_url(asked),
        "sensorData": rows or None,
    }
    if "locationCode" in asked.parameters:
        body["metadata"] = metadata
    return document(body)
