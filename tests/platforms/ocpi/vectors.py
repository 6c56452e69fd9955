"""Records made up to show what filters of OCPI records get wrong."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

_SESSION_211 = {
    "id": "S1",
    "start_datetime": "2024-03-01T08:00:00Z",
    "end_datetime": "2024-03-01T09:30:00Z",
    "kwh": 21.5,
    "auth_id": "NL-MSP-C0000001-X",
    "auth_method": "WHITELIST",
    "location": {
        "id": "LOC1",
        "type": "ON_STREET",
        "address": "Proefstraat 1",
        "city": "Arnhem",
        "postal_code": "6811AA",
        "country": "NLD",
        "coordinates": {"latitude": "51.985103", "longitude": "5.898730"},
        "evses": [
            {
                "uid": "E1",
                "evse_id": "NL*TST*E1",
                "status": "CHARGING",
                "connectors": [
                    {
                        "id": "1",
                        "standard": "IEC_62196_T2",
                        "format": "SOCKET",
                        "power_type": "AC_3_PHASE",
                        "voltage": 230,
                        "amperage": 32,
                        "tariff_id": "T1",
                        "last_updated": "2024-01-01T00:00:00Z",
                    }
                ],
                "last_updated": "2024-03-01T08:00:00Z",
            }
        ],
        "last_updated": "2024-03-01T08:00:00Z",
    },
    "currency": "EUR",
    "charging_periods": [
        {
            "start_date_time": "2024-03-01T08:00:00Z",
            "dimensions": [{"type": "ENERGY", "volume": 21.5}],
        }
    ],
    "total_cost": 6.88,
    "status": "COMPLETED",
    "last_updated": "2024-03-01T09:31:00Z",
}

_SESSION_221 = {
    "country_code": "NL",
    "party_id": "TST",
    "id": "S2",
    "start_date_time": "2024-03-01T08:00:00Z",
    "end_date_time": "2024-03-01T09:30:00Z",
    "kwh": 21.5,
    "cdr_token": {
        "country_code": "NL",
        "party_id": "MSP",
        "uid": "04A1B2C3",
        "type": "RFID",
        "contract_id": "NL-MSP-C0000001-X",
    },
    "auth_method": "WHITELIST",
    "location_id": "LOC1",
    "evse_uid": "E1",
    "connector_id": "1",
    "currency": "EUR",
    "charging_periods": [
        {
            "start_date_time": "2024-03-01T08:00:00Z",
            "dimensions": [
                {"type": "ENERGY", "volume": 21.5},
                {"type": "TIME", "volume": 1.5},
            ],
            "tariff_id": "T1",
        }
    ],
    "total_cost": {"excl_vat": 6.88, "incl_vat": 8.32},
    "status": "COMPLETED",
    "last_updated": "2024-03-01T09:31:00Z",
}

_SESSION_221_BLANK = {
    "country_code": "NL",
    "party_id": "TST",
    "id": "S2",
    "start_date_time": "#NA",
    "end_date_time": "#NA",
    "kwh": "#NA",
    "cdr_token": {
        "country_code": "NL",
        "party_id": "MSP",
        "uid": "#NA",
        "type": "RFID",
        "contract_id": "#NA",
    },
    "auth_method": "WHITELIST",
    "location_id": "#NA",
    "evse_uid": "#NA",
    "connector_id": "#NA",
    "currency": "EUR",
    "charging_periods": [
        {
            "start_date_time": "#NA",
            "dimensions": [
                {"type": "#NA", "volume": "#NA"},
                {"type": "#NA", "volume": "#NA"},
            ],
            "tariff_id": "T1",
        }
    ],
    "total_cost": {"excl_vat": "#NA", "incl_vat": "#NA"},
    "status": "#NA",
    "last_updated": "#NA",
}

_TARIFF = {
    "country_code": "NL",
    "party_id": "TST",
    "id": "T1",
    "currency": "EUR",
    "elements": [
        {
            "price_components": [{"type": "ENERGY", "price": 0.32, "vat": 21.0, "step_size": 1}],
            "restrictions": {"day_of_week": ["SATURDAY", "SUNDAY"], "start_time": "09:00"},
        }
    ],
    "last_updated": "2024-01-01T00:00:00Z",
}

DOCUMENTED_SESSION = {
    "id": "4283da431b2a4f8c9f421eaa53d0428b",
    "kwh": 16,
    "status": "COMPLETED",
    "auth_id": "IEZZZC12E46L89",
    "currency": "EUR",
    "total_cost": 0,
    "auth_method": "WHITELIST",
    "end_datetime": "2023-01-13T12:44:52Z",
    "last_updated": "2023-01-13T12:44:52Z",
    "start_datetime": "2023-01-13T12:44:41Z",
    "charging_periods": [
        {
            "dimensions": [{"type": "ENERGY", "volume": 16}],
            "start_date_time": "2023-01-13T12:44:42Z",
        }
    ],
}
"""The session of 2.1.1 that the original documentation prints, member by member."""


def session_211() -> dict[str, Any]:
    return deepcopy(_SESSION_211)


def session_221(**changes: object) -> dict[str, Any]:
    return {**deepcopy(_SESSION_221), **changes}


def session_221_blank(**changes: object) -> dict[str, Any]:
    """The session of 2.2.1 under the verdicts of ocpi-tool."""
    return {**deepcopy(_SESSION_221_BLANK), **changes}


def session_230() -> dict[str, Any]:
    taxes = [{"name": "VAT", "percentage": 21, "amount": 1.44}]
    return session_221(total_cost={"before_taxes": 6.88, "taxes": taxes})


def tariff() -> dict[str, Any]:
    return deepcopy(_TARIFF)


def seed_session() -> dict[str, Any]:
    return deepcopy(DOCUMENTED_SESSION)
