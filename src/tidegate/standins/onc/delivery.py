"""Data product delivery: orders, their runs, and the files of those."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tidegate.model import instants
from tidegate.standins.onc import dates
from tidegate.standins.onc.archive import Wanted
from tidegate.standins.onc.discovery import citation, deployed, offers
from tidegate.standins.onc.exchange import Answer, compact, document
from tidegate.standins.onc.products import product_file, product_meta
from tidegate.standins.onc.refusals import MISSING, UNKNOWN, Refusal

if TYPE_CHECKING:
    from tidegate.standins.onc.archive import File
    from tidegate.standins.onc.bodies import Body
    from tidegate.standins.onc.catalogue import Deployment, Option, Product
    from tidegate.standins.onc.exchange import Asked
    from tidegate.standins.onc.orders import Order, Run
    from tidegate.standins.onc.service import Service

_UNITS: Final = ("B", "KB", "MB", "GB", "TB")
_SPEEDS: Final = {"1 Mb/s": 125_000, "10 Mb/s": 1_250_000, "100 Mb/s": 12_500_000}
_FAILED: Final = "The data product could not be generated"
_STATES: Final = {"error": "ERROR", "cancelled": "CANCELLED", "complete": "COMPLETED"}


@dataclass(frozen=True, slots=True)
class _Request:
    """What is ordered: a product of some deployments over a window, UTC microseconds."""

    product: Product
    stays: list[Deployment]
    start: int
    end: int
    messages: list[str]


def request(service: Service, asked: Asked) -> Answer:
    """The answer of `request`: a new order, from the archive where the product is there.

    Raises:
        Refusal: the source, the product, its options or the dates are wrong.
    """
    ordered = _ordered(service, asked)
    product = ordered.product
    archived = _archived(service, ordered) if product.archive else None
    names, bodies = archived or _made(service, ordered, asked.parameters)
    limit = 0 if asked.fault("no-data") else service.options.files or len(names)
    runs, fate = asked.fault("runs"), asked.fault("run-error", "run-cancelled")
    order = service.orders.add(
        owner=asked.given.get("token", ""),
        seconds=product.seconds * service.options.pace,
        fate=fate.kind.removeprefix("run-") if fate else "complete",
        run_count=runs.items if runs else 1,
        files=names[:limit],
        body=bodies,
        meta=product_meta(product, asked.parameters, ordered.start, ordered.end),
    )
    size = sum(bodies(at).size for at in range(min(len(order.files), 3)))
    size = size * len(order.files) // max(1, min(len(order.files), 3))
    answer: dict[str, Any] = {
        "dpRequestId": order.id,
        "citations": [citation(service, one) for one in ordered.stays],
        "messages": ordered.messages,
    }
    if archived:
        answer |= {
            "numFiles": len(order.files),
            "fileSize": size,
            "compressedFileSize": size * 3 // 4,
            "downloadTimes": {name: size / speed for name, speed in _SPEEDS.items()},
        }
    else:
        answer |= {
            "estimatedFileSize": _size_text(size),
            "estimatedProcessingTime": _time_text(product.seconds),
        }
    return document(answer)


def _ordered(service: Service, asked: Asked) -> _Request:
    parameters = asked.parameters
    names = ("dateFrom", "dateTo")
    if "begin" in parameters or "end" in parameters:
        names = ("begin", "end")
    missing = [name for name in names if not parameters.get(name)]
    if missing:
        raise Refusal(MISSING, *missing)
    by_device = bool(parameters.get("deviceCode"))
    narrowed = parameters.get("deviceCategoryCode") or parameters.get("propertyCode")
    if not by_device and not (parameters.get("locationCode") and narrowed):
        raise Refusal(MISSING, "deviceCode", "locationCode", "deviceCategoryCode")
    start, end = dates.span(parameters, service.clock.now(), names)
    sources = ("locationCode", "deviceCategoryCode", "deviceCode", "propertyCode")
    filters = {name: parameters[name] for name in sources if parameters.get(name)}
    pair = (parameters["dataProductCode"], parameters["extension"])
    stays = deployed(service, filters)
    product = next(
        (
            one
            for one in service.catalogue.products
            if (one.code, one.extension) == pair
            and any(offers(service, one, filters, stay.device) for stay in stays)
        ),
        None,
    )
    if product is None:
        raise Refusal(UNKNOWN, "dataProductCode", "extension")
    messages = _check_options(service, product, parameters)
    begin, until = start or 0, min(end or 0, service.clock.now())
    inside = [one for one in stays if one.start_at < until and one.end_at > begin]
    fitting = [one for one in inside if offers(service, product, filters, one.device)]
    return _Request(product, fitting, begin, max(begin, until), messages)


def _check_options(service: Service, product: Product, parameters: dict[str, str]) -> list[str]:
    """Checks the options of an order; gives a message for each default that is filled in."""
    options = {one.option: one for one in service.catalogue.options(product)}
    given = {name: value for name, value in parameters.items() if name.startswith("dpo_")}
    options |= {
        sub.option: sub
        for name in list(options)
        for sub in options[name].suboptions or ()
        if sub.option == f"dpo_{given.get(name)}"
    }
    for name, value in given.items():
        if name not in options or not options[name].allows(value):
            raise Refusal(UNKNOWN, name)
    missing = [name for name in options if name not in given]
    if missing and service.options.strict_options:
        raise Refusal(MISSING, *missing)
    return [_filled(options[name]) for name in missing]


def _filled(option: Option) -> str:
    value = option.defaultValue
    if value not in option.allowableValues:
        value = option.allowableValues[0]
    return f"{option.option} was not given; {value} is used"


def _archived(service: Service, ordered: _Request) -> tuple[list[str], Any]:
    """The files of the archive that an order takes, and what gives each."""
    product, archive = ordered.product, service.archive
    streams = archive.streams(ordered.stays, product.code, product.extension)
    window = Wanted(ordered.start, ordered.end, instants.BEGINNING, instants.FOREVER)
    files = list(archive.list(streams, window, service.clock.now()))
    return [file.name for file in files], partial(_archived_body, service, files)


def _archived_body(service: Service, files: list[File], place: int) -> Body:
    return service.archive.body(files[place])


def _made(service: Service, ordered: _Request, parameters: dict[str, str]) -> tuple[list[str], Any]:
    """The files that are made for an order, and what makes each."""
    product, pieces = ordered.product, []
    span, wanted = product.span * instants.SECOND, service.options.files
    for stay in ordered.stays:
        start = max(ordered.start, stay.start_at)
        end = min(ordered.end, stay.end_at)
        if wanted:
            span = -(-(end - start) // wanted)
        pieces += [(stay, at, min(at + span, end)) for at in range(start, end, span) if at < end]
    clean = "-clean" if parameters.get("dpo_qualityControl") == "1" else ""
    tail = f"{product.suffix}{clean}.{product.extension}"
    names = [f"{stay.device}_{compact(start)}_{compact(end)}{tail}" for stay, start, end in pieces]

    def body(place: int) -> Body:
        stay, start, end = pieces[place]
        return product_file(service, product, names[place], (stay, start, end), parameters)

    return names, body


def _size_text(size: int) -> str:
    """A size as the service words it: a whole number of the unit that fits."""
    unit = 0
    while size >= 1024 * 10 and unit < len(_UNITS) - 1:
        size, unit = -(-size // 1024), unit + 1
    return f"{size} {_UNITS[unit]}"


def _time_text(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} s"
    return f"{-(-seconds // 60)} min" if seconds < 3600 else f"{-(-seconds // 3600)} hour"


def _order(service: Service, asked: Asked) -> Order:
    """The order that a request names.

    Raises:
        Refusal: there is none.
    """
    order = service.orders.orders.get(int(asked.parameters["dpRequestId"]))
    if order is None:
        raise Refusal(UNKNOWN, "dpRequestId")
    return order


def run(service: Service, asked: Asked) -> Answer:
    """The answer of `run`: 202 until every run is over.

    Raises:
        Refusal: there is no such order.
    """
    order = _order(service, asked)
    runs = service.orders.start(order, service.elapsed())
    answer = document(
        [_run_row(service, order, one) for one in runs],
        202 if any(one.is_active for one in runs) else 200,
    )
    service.orders.ask(runs, service.elapsed())
    return answer


def _run_row(service: Service, order: Order, one: Run) -> dict[str, Any]:
    row: dict[str, Any] = {
        "dpRunId": one.id,
        "fileCount": len(order.files) if one.status == "complete" else 0,
        "status": one.status,
    }
    if one.status == "queued":
        row["queuePosition"] = service.orders.place(order, one)
    return row


def status(service: Service, asked: Asked) -> Answer:
    """The answer of `status`.

    Raises:
        Refusal: there is no such order or run.
    """
    if "dpRequestId" in asked.parameters:
        order = _order(service, asked)
        runs = order.runs
    elif "dpRunId" in asked.parameters:
        order, one = _run(service, asked)
        runs = [one]
    else:
        raise Refusal(MISSING, "dpRequestId", "dpRunId")
    service.orders.advance(service.elapsed())
    is_open = not runs or any(one.is_active for one in runs)
    state = "OPEN" if is_open else _STATES[runs[-1].status]
    return document({"searchHdrStatus": state, "cartStatus": int(is_open)})


def cancel(service: Service, asked: Asked) -> Answer:
    """The answer of `cancel`.

    Raises:
        Refusal: there is no such order.
    """
    order = _order(service, asked)
    service.orders.advance(service.elapsed())
    service.orders.cancel(order)
    return document([{"dpRunId": one.id, "status": one.status} for one in order.runs])


def restart(service: Service, asked: Asked) -> Answer:
    """The answer of `restart`.

    Raises:
        Refusal: there is no such order.
    """
    order = _order(service, asked)
    service.orders.restart(order, service.elapsed())
    return document([{"dpRunId": one.id, "status": one.status} for one in order.runs])


def _run(service: Service, asked: Asked) -> tuple[Order, Run]:
    found = service.orders.run(int(asked.parameters["dpRunId"]), service.elapsed())
    if found is None:
        raise Refusal(UNKNOWN, "dpRunId")
    return found


def download(service: Service, asked: Asked) -> Answer:
    """The answer of `download`: a file, or why there is none.

    Raises:
        Refusal: there is no such run, or it failed.
    """
    order, one = _run(service, asked)
    index = asked.parameters["index"]
    if asked.fault("gone"):
        return document({"message": "The file is not on the FTP server."}, 410)
    if one.is_active:
        message = service.orders.message(order, one, service.elapsed())
        answer = document({"status": one.status, "message": message}, 202)
        service.orders.ask([one], service.elapsed())
        return answer
    if one.status == "cancelled":
        return document({"status": "cancelled", "message": "The run was cancelled."}, 400)
    if one.status == "error":
        raise Refusal(UNKNOWN, "dpRunId", message=_FAILED)
    return _file_of(service, asked, order, one, index)


def _file_of(service: Service, asked: Asked, order: Order, one: Run, index: str) -> Answer:
    if not order.files:
        return Answer(b"", 204)
    one.asked_after += asked.method == "GET"
    kept = service.options.keep_polls
    if index in one.dropped or (kept and one.asked_after > kept):
        return document({"message": "The file was removed from the FTP server."}, 410)
    if index != "meta" and not 1 <= int(index) <= len(order.files):
        return document({"message": "There is no file of this index."}, 404)
    body = order.meta if index == "meta" else order.body(int(index) - 1)
    headers = {"Content-Disposition": f"attachment; filename={body.name}"}
    drops = asked.method == "GET" and asked.parameters.get("deleteFile", "true").lower() == "true"
    return Answer(body, headers=headers, sent=partial(one.dropped.add, index) if drops else None)
