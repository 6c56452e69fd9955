"""Messages exactly as DCS sends them; unknown properties are left aside.

Meters, registers and virtual meters have one form in both APIs. Numbers may be absent, null or,
where the server divided by zero, one of three texts.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Number = float | Literal["NaN", "Infinity", "-Infinity"] | None


class SignedIn(msgspec.Struct, rename="camel", frozen=True):
    """Answer to a sign-in."""

    username: str
    role: str
    app_version: str | None = None


class Register(msgspec.Struct, rename="camel", frozen=True):
    """One measured quantity of a meter."""

    id: int
    name: str = ""
    address: str = ""
    is_instantaneous: bool = False
    scale_factor: str | None = ""
    default_scale_factor: str | None = ""
    unit: str | None = ""


class Meter(msgspec.Struct, rename="camel", frozen=True):
    """A physical device with its registers."""

    id: int
    name: str = ""
    status: str | None = None
    registers: list[Register] | None = None


class RegisterAlias(msgspec.Struct, rename="camel", frozen=True):
    """A variable of a virtual meter's expression and the register it stands for."""

    alias: str
    register_id: int
    register_name: str | None = ""


class VirtualMeter(msgspec.Struct, rename="camel", frozen=True):
    """A calculated series: an expression over registers."""

    id: int
    name: str = ""
    expression: str = ""
    decimal_places: int | None = None
    is_instantaneous: bool = False
    unit: str | None = ""
    register_aliases: list[RegisterAlias] = []


class AppReading(msgspec.Struct, rename="camel", gc=False):
    """One reading of the App API, as far as columns hold it."""

    start_time: str
    total_value: Number = None
    period_value: Number = None
    is_generated: bool = False
    is_interpolated: bool = False


class StandardReading(msgspec.Struct, gc=False):
    """One reading of the Web API in format `standard`."""

    timestamp: str
    value: Number = None
    status: int = 0


class CompleteReading(msgspec.Struct, rename="camel", gc=False):
    """One reading of the Web API in format `complete`."""

    timestamp: str
    total_value: Number = None
    period_value: Number = None
    status: int = 0
