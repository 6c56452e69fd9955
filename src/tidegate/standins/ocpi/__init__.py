"""A stand-in for an OCPI platform: three versions, five modules, any size, faults on demand."""

from tidegate.standins.ocpi.faults import Fault
from tidegate.standins.ocpi.options import Options
from tidegate.standins.ocpi.running import Standin, main, running, serve

__all__ = ["Fault", "Options", "Standin", "main", "running", "serve"]
