"""Options of data products as texts: `dpo_qualityControl=1; dpo_resample=none`."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.errors import BadValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PREFIX: Final = "dpo_"
"""How the name of each option of a product begins."""

_SEPARATORS: Final = re.compile(r"[,;&\r\n]+")
_BETWEEN_LISTS: Final = re.compile(r"[;&\r\n]+")
_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*$")


def parse_options(text: str, *, prefix: str = PREFIX, has_lists: bool = False) -> dict[str, str]:
    """The options that a text names, with their values.

    Args:
        text: pairs `name=value`, separated by `,`, `;`, `&` or line breaks; blanks do not matter.
        prefix: how each name must begin.
        has_lists: a comma stands between the values of an option, and separates no pairs.

    Raises:
        BadValue: a pair is none, a name begins otherwise, or a name has two values.
    """
    found: dict[str, str] = {}
    separators = _BETWEEN_LISTS if has_lists else _SEPARATORS
    for pair in filter(None, map(str.strip, separators.split(text))):
        name, sign, value = (part.strip() for part in pair.partition("="))
        if not sign or not value:
            raise BadValue("the option", pair, f"a name and a value, such as {prefix}name=value")
        if not _NAME.match(name) or not name.startswith(prefix):
            raise BadValue("the option", name, f"a name that begins with {prefix}")
        if found.setdefault(name, value) != value:
            raise BadValue("the option", pair, f"given once; it is also {name}={found[name]}")
    return found


def options_text(options: Mapping[str, str]) -> str:
    """Options as one text, which `parse_options` reads."""
    return "; ".join(f"{name}={value}" for name, value in options.items())


def default_options(known: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The defaults of a product's options as its catalogue tells them, parents only.

    The defaults of suboptions are internal numbers of the platform, so none is taken; a parent
    whose default needs one is left out.
    """
    return {
        option["option"]: str(option["defaultValue"])
        for option in known
        if option.get("defaultValue") not in {None, ""}
        and _suboption(option, str(option["defaultValue"])) is None
    }


def check_options(options: Mapping[str, str], known: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with options, by the catalogue of the product.

    Args:
        options: as given.
        known: `dataProductOptions` of the product.

    Returns:
        A sentence for each option that is missing, unknown or out of range.
    """
    return list(_faults(options, known))


def _faults(options: Mapping[str, str], known: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    wanted: dict[str, Mapping[str, Any]] = {one["option"]: one for one in known}
    for option in known:
        value = options.get(option["option"])
        if value is not None and (needed := _suboption(option, value)) is not None:
            wanted[needed["option"]] = needed
    suboptions = {sub["option"]: one["option"] for one in known for sub in _suboptions(one)}
    for name in wanted:
        if name not in options:
            yield f"{name} missing"
    for name, value in options.items():
        if name in wanted:
            yield from _fault_of_value(value, wanted[name])
        elif name in suboptions:
            parent = suboptions[name]
            yield f"{name} needs {parent}={name.removeprefix(PREFIX)}"
        else:
            close = difflib.get_close_matches(name, wanted, n=1)
            yield f"{name} unknown" + (f", did you mean {close[0]}?" if close else "")


def _suboptions(option: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    given = option.get("suboptions") or ()
    return list(given.values()) if isinstance(given, dict) else given


def _suboption(option: Mapping[str, Any], value: str) -> Mapping[str, Any] | None:
    """The suboption that a value of its parent brings with it."""
    name = f"{PREFIX}{value}"
    return next((one for one in _suboptions(option) if one["option"] == name), None)


def _fault_of_value(value: str, option: Mapping[str, Any]) -> Iterator[str]:
    allowed = [str(one) for one in option.get("allowableValues") or ()]
    bounds = option.get("allowableRange")
    if value in allowed or (bounds and _is_within(value, bounds)):
        return
    parts = [", ".join(allowed)] if allowed else []
    if bounds:
        parts.append(f"{bounds['lowerBound']} to {bounds['upperBound']}")
    if parts:
        yield f"{option['option']}={value} not allowed, only {' or '.join(parts)}"


def _is_within(value: str, bounds: Mapping[str, Any]) -> bool:
    try:
        number = float(value)
        low, high = float(bounds["lowerBound"]), float(bounds["upperBound"])
    except ValueError:
        return False
    is_whole = number.is_integer() or not bounds.get("onlyIntegers")
    return low <= number <= high and is_whole
