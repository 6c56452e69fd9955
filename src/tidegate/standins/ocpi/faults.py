"""Faults that the stand-in shows on demand: which requests they hit, and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tidegate.standins.faulting import BadFault, Faults, Hit, fields_of, made

__all__ = ["KINDS", "BadFault", "Fault", "Faults", "make_fault", "parse_fault"]

KINDS: Final = {
    "status": "answers with an HTTP error `status`, with `retry_after` as its header if given",
    "throttle": "answers 429; `retry_after` is the header as sent, nothing leaves it out",
    "code": "answers 200 with the OCPI status `code` and no data",
    "delay": "waits `seconds` before anything is answered",
    "slow": "waits `seconds` before each quarter of the body",
    "hang": "accepts the request and never answers",
    "drop": "breaks the connection after `bytes` of the body, 0 is before the answer",
    "truncate": "ends the body after `bytes` as if it were whole",
    "html": "answers 200 with a page instead of JSON",
    "malformed": "puts text into the middle of the body that is no JSON",
    "gzip": "compresses the body",
    "empty-page": "sends no records, with the link to the next page",
    "short-page": "sends at most `items` records, with the link to what follows them",
    "no-link": "leaves the link to the next page out",
    "bare-link": "leaves the limit and the filters out of the link",
    "empty-link": "sends an empty `Link` header where there is no next page",
    "relative-link": "sends the link without scheme and host",
    "unquoted-link": "sends the link as `rel=next`, after a link to the previous page",
    "foreign-link": "names the host `text` in the link",
    "scheme-link": "names the other scheme in the link, http or https",
    "placeholder-link": "sends `date_from=None` and a made-up path in the link",
    "undefined-link": "sends `offset=undefined` in the link",
    "self-link": "links to the same page again",
    "cursor-link": "sends a link with a cursor in place of the offset",
    "slash": "redirects (308) to the address with a slash at its end",
    "custom-endpoint": "names a module of the platform's own before the others",
    "no-total": "leaves `X-Total-Count` out",
    "wrong-total": "adds `items` to `X-Total-Count`",
    "no-limit": "leaves `X-Limit` out",
    "ignore-limit": "sends pages of `items` whatever the request's limit",
    "ignore-offset": "sends the first page whatever the request's offset",
    "inclusive-end": "lets `last_updated` equal to `date_to` through",
    "no-timestamp": "leaves the timestamp of the envelope out",
    "touch": "updates the record at place `item` of the list before this page is made",
    "vanish": "takes away the record at place `item` of the list before this page is made",
    "grow": "adds `items` charging sessions before this page is made",
    "nulls": "adds optional members as null, lists as empty",
    "null-lists": "sends null in place of every list",
    "extension": "adds members that are in no standard, with the text `text`",
    "price-shape": "sends a number where the version has a price object, and the reverse",
    "lower-case": "sends ids in lower case",
    "offset-times": "writes times as `2024-01-01T00:00:00+00:00`",
    "space-times": "writes times as `2024-01-01 00:00:00+00:00`",
    "fraction-times": "writes times as `2024-01-01T00:00:00.000Z`",
    "null-records": "puts null before every third record",
    "odd-records": "puts a text and a number before the first record",
    "repeat": "sends the last record of the page twice",
}
"""What each kind of fault does."""


@dataclass(frozen=True, slots=True)
class Fault(Hit):
    """One fault and the requests that it hits.

    Attributes:
        token: hits only requests whose token has this form, `plain` or `base64`.
        status: status of an HTTP error.
        code: OCPI status code.
        seconds: length of a pause.
        bytes: where a body ends.
        items: a number of records.
        item: place of a record in the list.
        text: a text.
        retry_after: text of the header `Retry-After`.
    """

    token: str = ""
    status: int = 503
    code: int = 2001
    seconds: float = 1.0
    bytes: int = 1000
    items: int = 10
    item: int = 0
    text: str = "elsewhere.example"
    retry_after: str = ""

    def matches(self, path: str, query: str = "", form: str = "") -> bool:
        """Whether it hits a request for `path` with `query` and a token of `form`."""
        return self.token in {"", form} and Hit.matches(self, path, query)


def parse_fault(text: str) -> Fault:
    """A fault written as `kind` or `kind:name=value,name=value`.

    Raises:
        BadFault: the kind or a setting is unknown.
    """
    return make_fault(fields_of(text))


def make_fault(fields: dict[str, Any]) -> Fault:
    """A fault from named settings, given as text or as JSON values.

    Raises:
        BadFault: the kind or a setting is unknown.
    """
    return made(Fault, KINDS, fields)
