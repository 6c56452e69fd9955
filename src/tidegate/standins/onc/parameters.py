"""The parameters of each service: which it takes, which it needs, which values are valid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.standins.onc.refusals import MISSING, NOT_TAKEN, UNKNOWN, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.standins.onc.catalogue import Catalogue

LARGEST_PAGE: Final = 100_000

_DATES: Final = "dateFrom dateTo"
_PLACE: Final = "locationCode deviceCategoryCode"
_LISTED: Final = (
    f"{_DATES} dateArchivedFrom dateArchivedTo fileExtension dataProductCode returnOptions"
    " rowLimit page getLatest"
)
_SCALAR: Final = (
    f"sensorCategoryCodes {_DATES} rowLimit outputFormat returnOptions getLatest qualityControl"
    " resampleType resamplePeriod fillGaps sensorsToInclude byDeployment"
)
_RAW: Final = f"{_DATES} rowLimit sizeLimit convertHexToDecimal outputFormat getLatest skipErrors"


@dataclass(frozen=True, slots=True)
class Rule:
    """The parameters of a service.

    Attributes:
        needs: those that it needs.
        takes: all others.
        options: whether it takes any `dpo_…`.
    """

    needs: tuple[str, ...]
    takes: tuple[str, ...]
    options: bool = False


def _rule(needs: str = "", takes: str = "", *, options: bool = False) -> Rule:
    return Rule(tuple(needs.split()), tuple(takes.split()), options)


_FILTERS: Final = f"{_PLACE} locationName deviceCode propertyCode dataProductCode {_DATES}"
RULES: Final = {
    "locations": _rule(takes=f"{_FILTERS} includeChildren"),
    "tree": _rule(takes=_FILTERS),
    "deployments": _rule(takes=f"{_PLACE} deviceCode propertyCode {_DATES}"),
    "devices": _rule(
        takes=f"{_PLACE} deviceCode deviceId deviceName propertyCode includeChildren"
        f" dataProductCode {_DATES}"
    ),
    "deviceCategories": _rule(
        takes="deviceCategoryCode deviceCategoryName description locationCode propertyCode"
    ),
    "properties": _rule(takes=f"{_PLACE} propertyCode propertyName description deviceCode"),
    "dataProducts": _rule(
        takes=f"{_PLACE} dataProductCode extension dataProductName propertyCode deviceCode"
    ),
    "availability": _rule(
        takes=f"{_PLACE} deviceCode propertyCode {_DATES} dataProductCode extension minimumCoverage"
        " maximumCoverage getLatest groupBy mergeGaps includeEmptyDays rowLimit page"
    ),
    "archive/location": _rule(_PLACE, _LISTED),
    "archive/device": _rule("deviceCode", _LISTED),
    "archive/download": _rule("filename"),
    "scalar/location": _rule(_PLACE, f"propertyCode metadata {_SCALAR}"),
    "scalar/device": _rule("deviceCode", _SCALAR),
    "raw/location": _rule(_PLACE, _RAW),
    "raw/device": _rule("deviceCode", _RAW),
    "delivery/request": _rule(
        "dataProductCode extension",
        f"{_PLACE} propertyCode deviceCode begin end {_DATES}",
        options=True,
    ),
    "delivery/run": _rule("dpRequestId"),
    "delivery/status": _rule(takes="dpRequestId dpRunId"),
    "delivery/download": _rule("dpRunId index", "deleteFile"),
    "delivery/cancel": _rule("dpRequestId"),
    "delivery/restart": _rule("dpRequestId"),
}
"""The parameters of each service beside `token`."""

_BOOLEANS: Final = [
    "includeChildren",
    "getLatest",
    "mergeGaps",
    "includeEmptyDays",
    "fillGaps",
    "byDeployment",
    "convertHexToDecimal",
    "skipErrors",
    "deleteFile",
]
_NUMBERS: Final = {
    **dict.fromkeys(("rowLimit", "page"), re.compile(r"-?[0-9]{1,9}")),
    **dict.fromkeys(("deviceId", "dpRequestId", "dpRunId"), re.compile(r"[0-9]{1,9}")),
    **dict.fromkeys(("minimumCoverage", "maximumCoverage"), re.compile(r"[0-9]+(\.[0-9]+)?")),
    **dict.fromkeys(("resamplePeriod", "sizeLimit"), re.compile(r"0*[1-9][0-9]{0,8}")),
    "index": re.compile(r"[0-9]{1,9}|meta"),
}
_WORDS: Final = {
    "outputFormat": ("array", "object"),
    "metadata": ("minimum", "full"),
    "qualityControl": ("clean", "raw"),
    "resampleType": ("avg", "avgminmax", "minmax"),
    "sensorsToInclude": ("original", "externallyderived"),
    "groupBy": ("none", "deployment"),
}


def check(service: str, parameters: Mapping[str, str], catalogue: Catalogue) -> None:
    """Checks names and values of the parameters of a request; dates are another matter.

    Raises:
        Refusal: a name is not taken, one is missing, or a value is not valid.
    """
    rule = RULES[service]
    for name in parameters:
        taken = name in rule.needs or name in rule.takes
        if not (taken or (rule.options and name.startswith("dpo_"))):
            raise Refusal(NOT_TAKEN, name)
    missing = [name for name in rule.needs if not parameters.get(name)]
    if missing:
        raise Refusal(MISSING, *missing)
    for name, value in parameters.items():
        if not _valid(name, value, catalogue):
            raise Refusal(UNKNOWN, name)


def _valid(name: str, value: str, catalogue: Catalogue) -> bool:
    known = {
        "locationCode": set(catalogue.locations),
        "deviceCategoryCode": set(catalogue.categories),
        "deviceCode": set(catalogue.devices),
        "propertyCode": set(catalogue.properties),
        "dataProductCode": {product.code for product in catalogue.products},
        "extension": {product.extension for product in catalogue.products},
    }.get(name)
    if known is not None:
        codes = value.split(",") if name == "propertyCode" else [value]
        return all(code in known for code in codes)
    if name in _BOOLEANS:
        return value.lower() in {"true", "false"}
    if name in _NUMBERS:
        return _NUMBERS[name].fullmatch(value) is not None
    return name not in _WORDS or value.lower() in _WORDS[name]


def is_true(parameters: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """Whether a parameter says `true`."""
    return parameters.get(name, str(default)).lower() == "true"


def row_limit(parameters: Mapping[str, str]) -> int:
    """Rows of a page: the largest page unless a smaller one is asked for."""
    asked = int(parameters.get("rowLimit", LARGEST_PAGE))
    return asked if 0 < asked <= LARGEST_PAGE else LARGEST_PAGE
