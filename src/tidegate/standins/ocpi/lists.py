"""Lists of records: filters, pages, and the headers that lead to the next page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model import instants
from tidegate.model.errors import BadTime
from tidegate.standins.ocpi import damage, links
from tidegate.standins.ocpi.exchange import Answer, envelope
from tidegate.standins.ocpi.refusals import Refusal

if TYPE_CHECKING:
    from tidegate.standins.ocpi.exchange import Asked
    from tidegate.standins.ocpi.service import Service

_CURSOR: Final = re.compile(r"(\d+)-(\d+)")
_LOST_PLUS: Final = re.compile(r"(?<=:\d\d) (?=\d\d:\d\d$)")
"""The sign of an offset that was sent without being encoded."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a list request asks for.

    Attributes:
        first: `date_from`, UTC microseconds.
        last: `date_to`.
        offset: how many records to pass over.
        limit: most records to send.
    """

    first: int | None
    last: int | None
    offset: int
    limit: int


def listed(service: Service, asked: Asked, module: str, version: str) -> Answer:
    """A page of a module.

    Raises:
        Refusal: a parameter makes no sense, or a mandatory one is missing.
    """
    window = _window(service, asked, module)
    _change(service, asked, module, window)
    last = window.last
    if last is not None and asked.fault("inclusive-end"):
        last += 1
    selection = service.platform.modules[module].select(window.first, last)
    total, count = len(selection), window.limit
    short = asked.fault("short-page", "ignore-limit")
    if short:
        count = short.items if short.kind == "ignore-limit" else min(count, short.items)
    key = (module, version, window.first, last, total, window.offset, count)
    text = None if asked.faults else service.pages.get(key)
    if text is None:
        text = _rendered(service, asked, (module, version), selection.page(window.offset, count))
        if not asked.faults:
            service.pages.keep(key, text)
    following = window.offset + count
    headers = _headers(service, asked, window, total, following)
    return Answer(envelope(service, asked, msgspec.Raw(text)), headers=headers)


def _window(service: Service, asked: Asked, module: str) -> Window:
    given, options = asked.parameters, service.options
    if module == "sessions" and options.require_date_from and not given.get("date_from"):
        raise Refusal(200, 2001, "missing date_from")
    most = options.max_limit
    cursor = _CURSOR.fullmatch(given.get("cursor", ""))
    if cursor:
        given = {**given, "offset": cursor[1], "limit": cursor[2]}
    limit = _number(given, "limit", min(options.page_size, most))
    return Window(
        _moment(given, "date_from"),
        _moment(given, "date_to"),
        0 if asked.fault("ignore-offset") else _number(given, "offset", 0),
        min(limit, most),
    )


def _number(given: dict[str, str], name: str, missing: int) -> int:
    text = given.get(name, str(missing))
    if not text.isdecimal():
        raise Refusal(200, 2001, f"{name} is no number")
    return int(text)


def _moment(given: dict[str, str], name: str) -> int | None:
    text = given.get(name)
    if not text:
        return None
    try:
        return instants.parse(_LOST_PLUS.sub("+", text))
    except BadTime:
        raise Refusal(200, 2001, f"{name} is no date with time") from None


def _change(service: Service, asked: Asked, module: str, window: Window) -> None:
    """What happens to records just before the page is made."""
    for fault in asked.faults:
        if fault.kind == "grow":
            service.grow(fault.items)
        elif fault.kind in {"touch", "vanish"}:
            selection = service.platform.modules[module].select(window.first, window.last)
            for index in selection.page(fault.item, 1):
                if fault.kind == "touch":
                    service.touch(module, index)
                else:
                    service.remove(module, index)


def _rendered(service: Service, asked: Asked, what: tuple[str, str], indices: Any) -> bytes:
    module, version = what
    records = service.platform.modules[module]
    if asked.fault("empty-page"):
        indices = iter(())
    if not any(fault.kind in damage.KINDS for fault in asked.faults):
        return b"[" + b",".join(records.rendered(indices, version)) + b"]"
    documents = [records.document(index, version) for index in indices]
    return msgspec.json.encode(damage.damaged(documents, asked.faults, module))


def _headers(
    service: Service, asked: Asked, window: Window, total: int, following: int
) -> dict[str, str]:
    headers = {"X-Total-Count": str(total), "X-Limit": str(service.options.max_limit)}
    wrong = asked.fault("wrong-total")
    if wrong:
        headers["X-Total-Count"] = str(total + wrong.items)
    if asked.fault("no-total"):
        del headers["X-Total-Count"]
    if asked.fault("no-limit"):
        del headers["X-Limit"]
    endless = asked.fault("ignore-offset")
    if (following < total or endless) and not asked.fault("no-link"):
        headers["Link"] = links.header(asked, window.offset, following, window.limit)
    elif asked.fault("empty-link"):
        headers["Link"] = ""
    return headers
