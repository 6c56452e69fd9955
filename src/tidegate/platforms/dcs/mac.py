"""MAC addresses as the number that DCS puts in paths, and as people write them."""

from __future__ import annotations

import re

from tidegate.model.errors import BadValue

_PAIRS = re.compile(r"[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){5}")


def macint_to_hex(mac: int) -> str:
    """A MAC address as six pairs of hexadecimal digits with colons.

    Raises:
        BadValue: the number does not fit into 48 bits.
    """
    if not 0 <= mac < 1 << 48:
        raise BadValue("the MAC address", mac, "a whole number of 48 bits")
    return mac.to_bytes(6).hex(":").upper()


def machex_to_int(mac: str) -> int:
    """The number of a MAC address of six pairs of hexadecimal digits, with colons or without.

    Raises:
        BadValue: the text is no such address.
    """
    if not _PAIRS.fullmatch(str(mac).strip()):
        raise BadValue("the MAC address", mac, "like 00:17:BF:00:00:01")
    return int(mac.strip().replace(":", ""), 16)
