"""Tokens of the eMSP role and tariffs of the CPO role, in each version's form."""

from __future__ import annotations

from typing import Any, Final

from tidegate.standins.ocpi.mixing import mixed, moment
from tidegate.standins.ocpi.options import COUNTRY, PARTY, PROVIDER

_ISSUED: Final = 1_640_995_200  # 2022-01-01T00:00:00Z
_APART_S: Final = 5 * 3600 + 60
_TYPES: Final = ("REGULAR", "AD_HOC_PAYMENT", "PROFILE_GREEN", "REGULAR", "PROFILE_FAST", "REGULAR")


def updated_at(index: int) -> int:
    """The last update of a token or a tariff in seconds since 1970; later for a higher index."""
    return _ISSUED + index * _APART_S


def token_uid(seed: int, index: int) -> str:
    """The uid of a token: that of an RFID card."""
    return f"04{mixed(seed ^ 0x70CE, index) & 0xFFFFFFFFFF:010X}80"


def contract(index: int) -> str:
    """The contract id of a token."""
    return f"{COUNTRY}-{PROVIDER}-C{index + 1:08d}-X"


def token(seed: int, index: int, version: str, touched: int | None = None) -> dict[str, Any]:
    """A token in the form of a version."""
    uid = token_uid(seed, index)
    common: dict[str, Any] = {
        "visual_number": f"MSP {index + 1:06d}",
        "issuer": "Testpas",
        "valid": index % 9 != 8,
        "whitelist": "ALLOWED",
        "language": "nl",
        "last_updated": moment(updated_at(index) if touched is None else touched),
    }
    if version == "2.1.1":
        return {"uid": uid, "type": "RFID", "auth_id": contract(index), **common}
    return {
        "country_code": COUNTRY,
        "party_id": PROVIDER,
        "uid": uid,
        "type": "RFID",
        "contract_id": contract(index),
        **common,
        **({"group_id": f"FLEET{index % 3}"} if index % 4 == 1 else {}),
        **({"energy_contract": {"supplier_name": "Groenstroom"}} if index % 5 == 2 else {}),
    }


def energy_price(index: int) -> int:
    """The price of a tariff in thousandths of a euro a kWh, without taxes."""
    return 250 + 30 * (index % 7)


def tariff(index: int, version: str, touched: int | None = None) -> dict[str, Any]:
    """A tariff in the form of a version."""
    old = version == "2.1.1"
    vat: dict[str, Any] = {"vat": 21.0} if version == "2.2.1" else {}
    price = energy_price(index) / 1000
    elements: list[dict[str, Any]] = [
        {
            "price_components": [
                {"type": "ENERGY", "price": price, **vat, "step_size": 1},
                {"type": "PARKING_TIME", "price": 1.5, **vat, "step_size": 300},
            ],
            "restrictions": {
                "day_of_week": ["SATURDAY", "SUNDAY"],
                "start_time": "09:00",
                "end_time": "18:00",
            },
        },
        {"price_components": [{"type": "ENERGY", "price": price, **vat, "step_size": 1}]},
    ]
    body: dict[str, Any] = {
        **({} if old else {"country_code": COUNTRY, "party_id": PARTY}),
        "id": f"T{index + 1}",
        "currency": "EUR",
        **({} if old else {"type": _TYPES[index % len(_TYPES)]}),
        "tariff_alt_text": [{"language": "nl", "text": f"{price:.2f} euro per kWh"}],
    }
    if version == "2.2.1":
        body["min_price"] = {"excl_vat": 0.5, "incl_vat": 0.61}
    if version == "2.3.0":
        body["min_price"] = {"before_taxes": 0.5, "after_taxes": 0.61}
        body["tax_included"] = "NO"
    return {
        **body,
        "elements": elements,
        "last_updated": moment(updated_at(index) if touched is None else touched),
    }
