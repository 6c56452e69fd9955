"""The `Link` header: the next page as the standard asks for it, and as some platforms send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.standins.ocpi.exchange import Asked
    from tidegate.standins.ocpi.faults import Fault

_FILTERS: Final = ("date_from", "date_to")


@dataclass(slots=True)
class Link:
    """A link while it is put together.

    Attributes:
        root: scheme and host.
        path: path of the list.
        here: offset of the page that carries it.
        query: its parameters.
        form: the header, with `{}` in place of the address.
    """

    root: str
    path: str
    here: int
    query: dict[str, Any]
    form: str = '<{}>; rel="next"'


def header(asked: Asked, here: int, offset: int, limit: int) -> str:
    """The header that leads to the page at `offset`.

    Args:
        asked: the request for the page before.
        here: where that page begins.
        offset: where the next page begins.
        limit: most records of a page.
    """
    filters = {name: asked.parameters[name] for name in _FILTERS if asked.parameters.get(name)}
    link = Link(asked.root, asked.path, here, {**filters, "offset": offset, "limit": limit})
    for fault in asked.faults:
        if fault.kind in _CHANGES:
            _CHANGES[fault.kind](link, fault)
    return link.form.format(f"{link.root}{link.path}?{urlencode(link.query)}")


def _bare(link: Link, _: Fault) -> None:
    link.query = {"offset": link.query["offset"]}


def _relative(link: Link, _: Fault) -> None:
    link.root = ""


def _unquoted(link: Link, _: Fault) -> None:
    link.form = f'<{link.root}{link.path}?offset=0>; rel="prev", <{{}}>;rel=next'


def _foreign(link: Link, fault: Fault) -> None:
    link.root = f"{urlsplit(link.root).scheme}://{fault.text}"


def _other_scheme(link: Link, _: Fault) -> None:
    parts = urlsplit(link.root)
    link.root = f"{'http' if parts.scheme == 'https' else 'https'}://{parts.netloc}"


def _placeholder(link: Link, fault: Fault) -> None:
    _other_scheme(link, fault)
    link.path = "/ocpi/cpo/VersionNumber.v_2_2_1/ModuleID.sessions/"
    link.query = {"date_from": None, "date_to": None, **link.query}


def _undefined(link: Link, _: Fault) -> None:
    link.query["offset"] = "undefined"


def _same(link: Link, _: Fault) -> None:
    link.query["offset"] = link.here


def _cursor(link: Link, _: Fault) -> None:
    link.query = {"cursor": f"{link.query['offset']}-{link.query['limit']}", **link.query}
    del link.query["offset"], link.query["limit"]


_CHANGES: Final[dict[str, Callable[[Link, Fault], None]]] = {
    "bare-link": _bare,
    "relative-link": _relative,
    "unquoted-link": _unquoted,
    "foreign-link": _foreign,
    "scheme-link": _other_scheme,
    "placeholder-link": _placeholder,
    "undefined-link": _undefined,
    "self-link": _same,
    "cursor-link": _cursor,
}
