"""Says what an error of DCS means: the server's own words, and ids mistaken for others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from tidegate.model.errors import UnknownToPlatform
from tidegate.transport.answers import Answer, own_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.model.errors import TransportError
    from tidegate.platforms.dcs.wire import Meter, Register, VirtualMeter

_MOST_LISTED = 20


def server_words(answer: Answer) -> str | None:
    """The text by which the server explains an error, with what else its JSON object says."""
    words = own_words(answer)
    if not answer.body.lstrip().startswith(b"{"):
        return words
    further = [
        f"{name}: {value}"
        for name, value in _object(answer.body).items()
        if value != words and isinstance(value, str | int | float)
    ]
    return "; ".join([words, *further] if words else further) or None


def back_off(answer: Answer) -> float | None:
    """Seconds of the `backOffSuggestion` in the body of an error, a number or a text of one."""
    suggestion = _object(answer.body).get("backOffSuggestion")
    if isinstance(suggestion, bool) or not isinstance(suggestion, str | int | float):
        return None
    try:
        seconds = float(suggestion)
    except ValueError:
        return None
    return seconds if 0 <= seconds < math.inf else None


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def unknown_register(
    id: int, meters: Iterable[Meter], cause: TransportError
) -> UnknownToPlatform | None:
    """The error of an id that is no register's but perhaps a meter's; None if it is a register's.

    Args:
        id: what readings were asked of.
        meters: the meters that the account may see.
        cause: the server's refusal.
    """
    registers = [(meter, register) for meter in meters for register in meter.registers or []]
    if any(register.id == id for _, register in registers):
        return None
    for meter in meters:
        if meter.id == id:
            what = f"{id} is the id of meter '{meter.name}', not of a register"
            return _unknown(f"register {id}", what, _listed(meter), cause)
    for meter, register in registers:
        if register.address == str(id):
            what = f"{id} is the address of register {register.id} of meter '{meter.name}', no id"
            return _unknown(f"register {id}", what, _listed(meter), cause)
    return _unknown(
        f"register {id}",
        f"the server has no register {id} for this account",
        "get_meters() and tidegate dcs meters list the ids of all registers",
        cause,
    )


def unknown_virtual_meter(
    id: int, virtual_meters: Iterable[VirtualMeter], cause: TransportError
) -> UnknownToPlatform | None:
    """The error of an id that is no virtual meter's; None if it is one's."""
    if any(virtual_meter.id == id for virtual_meter in virtual_meters):
        return None
    return _unknown(
        f"virtual meter {id}",
        f"the server has no virtual meter {id} for this account",
        "get_vms() and tidegate dcs vms list the ids of all virtual meters",
        cause,
    )


def _listed(meter: Meter) -> str:
    registers = meter.registers or []
    if not registers:
        return "this meter has no registers"
    named = [_called(register) for register in registers[:_MOST_LISTED]]
    more = len(registers) - len(named)
    return f"its registers: {', '.join(named)}" + (f" and {more} more" if more else "")


def _called(register: Register) -> str:
    return f"{register.id} '{register.name}'" + (f" ({register.unit})" if register.unit else "")


def _unknown(subject: str, what: str, hint: str, cause: TransportError) -> UnknownToPlatform:
    return UnknownToPlatform(
        what, hint=hint, status=cause.status, details=cause.details, subject=subject
    )
