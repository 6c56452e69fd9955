"""Clients of DCS metering servers, in the shape that scripts for them know.

`DCSSession` speaks the API of the server's user interface, `DcsWebApi` its public Web API:

    from datetime import date
    from tidegate.dcs import DCSSession

    with DCSSession("https://dcs.example.org/DCS", "user", "password") as dcs:
        readings = dcs.get_readings(733, start=date(2024, 1, 1), end=date(2024, 2, 1))
"""

from tidegate.platforms.dcs.administration import get_meters_from_group
from tidegate.platforms.dcs.mac import machex_to_int, macint_to_hex
from tidegate.platforms.dcs.session import DCSSession
from tidegate.platforms.dcs.webapi import DcsWebApi

__all__ = [
    "DCSSession",
    "DcsWebApi",
    "get_meters_from_group",
    "machex_to_int",
    "macint_to_hex",
]
