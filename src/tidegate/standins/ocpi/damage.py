"""Faults of records: the shapes and spellings that real platforms send beside the standard's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.standins.ocpi.faults import Fault

_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z")
_PRICES: Final = re.compile(r"total_(\w+_)?cost|m(in|ax)_price")
_IDS: Final = {
    "id", "uid", "country_code", "party_id", "location_id", "evse_uid", "evse_id", "connector_id",
    "tariff_id", "tariff_ids", "session_id", "contract_id", "auth_id", "authorization_reference",
    "credit_reference_id",
}  # fmt: skip
_OPTIONAL: Final = {
    "locations": (
        "related_locations[]",
        "directions[]",
        "images[]",
        "suboperator",
        "owner",
        "name",
    ),
    "sessions": ("end_date_time", "end_datetime", "meter_id", "total_cost", "charging_periods[]"),
    "cdrs": ("meter_id", "remark", "signed_data", "invoice_reference_id", "tariffs[]"),
    "tariffs": ("tariff_alt_text[]", "tariff_alt_url", "energy_mix", "max_price"),
    "tokens": ("visual_number", "group_id", "language", "energy_contract"),
}


def _map(change: Callable[[str, Any], Any], name: str, value: Any) -> Any:
    """A document with `change(name, leaf)` for each leaf; `name` is that of the member."""
    if isinstance(value, dict):
        return {key: _map(change, key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_map(change, name, item) for item in value]
    return change(name, value)


def _retimed(form: str) -> Callable[[str, Any], Any]:
    def change(name: str, value: Any) -> Any:
        del name
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        return form.format(*match.groups()) if match else value

    return change


def _lowered(name: str, value: Any) -> Any:
    return value.lower() if name in _IDS and isinstance(value, str) else value


def _mapped(change: Callable[[str, Any], Any]) -> Callable[[dict[str, Any], Fault, str], Any]:
    return lambda record, *_: _map(change, "", record)


def _null_lists(record: dict[str, Any], fault: Fault, module: str) -> Any:
    del fault, module
    return {key: None if isinstance(value, list) else value for key, value in record.items()}


def _with_nulls(record: dict[str, Any], fault: Fault, module: str) -> Any:
    del fault
    empty: dict[str, Any] = {
        name.removesuffix("[]"): [] if name.endswith("[]") else None for name in _OPTIONAL[module]
    }
    return {**empty, **record}


def _extended(record: dict[str, Any], fault: Fault, module: str) -> Any:
    del module
    inner = {
        key: [{**item, "x_inner": fault.text} if isinstance(item, dict) else item for item in value]
        for key, value in record.items()
        if isinstance(value, list)
    }
    extension = {"plate": fault.text, "notes": [{"text": fault.text}]}
    return {**record, **inner, "custom_ext": extension, "x_remark": fault.text}


def _price_shape(record: dict[str, Any], fault: Fault, module: str) -> Any:
    del fault, module

    def other(value: Any) -> Any:
        if isinstance(value, dict):
            return value.get("excl_vat", value.get("before_taxes"))
        return {"excl_vat": value}

    return {key: other(value) if _PRICES.fullmatch(key) else value for key, value in record.items()}


_RECORDS: Final[dict[str, Callable[[dict[str, Any], Fault, str], Any]]] = {
    "nulls": _with_nulls,
    "null-lists": _null_lists,
    "extension": _extended,
    "price-shape": _price_shape,
    "lower-case": _mapped(_lowered),
    "offset-times": _mapped(_retimed("{0}T{1}+00:00")),
    "space-times": _mapped(_retimed("{0} {1}+00:00")),
    "fraction-times": _mapped(_retimed("{0}T{1}.000Z")),
}


def _null_records(records: list[Any], fault: Fault) -> list[Any]:
    del fault
    return [
        item
        for at, record in enumerate(records)
        for item in ([record] if at % 3 else [None, record])
    ]


_PAGES: Final[dict[str, Callable[[list[Any], Fault], list[Any]]]] = {
    "null-records": _null_records,
    "odd-records": lambda records, fault: [fault.text, 5, *records],
    "repeat": lambda records, _: records + records[-1:],
}
KINDS: Final = frozenset(_RECORDS) | frozenset(_PAGES)
"""The kinds of fault that change records."""


def damaged(records: list[Any], faults: list[Fault], module: str) -> list[Any]:
    """The records of a page after the faults that change them."""
    for fault in faults:
        if fault.kind in _RECORDS:
            change = _RECORDS[fault.kind]
            records = [change(record, fault, module) for record in records]
    for fault in faults:
        if fault.kind in _PAGES:
            records = _PAGES[fault.kind](records, fault)
    return records
