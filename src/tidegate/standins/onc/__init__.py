"""A stand-in for the web services of Ocean Networks Canada, any size, faults on demand."""

from tidegate.standins.onc.faults import Fault
from tidegate.standins.onc.options import Options
from tidegate.standins.onc.running import Standin, main, running, serve

__all__ = ["Fault", "Options", "Standin", "main", "running", "serve"]
