"""A stand-in for a Data Collection Server: both web APIs over an estate with real load curves."""

from tidegate.standins.dcs.faults import Fault
from tidegate.standins.dcs.options import Choices, Limits, Options
from tidegate.standins.dcs.running import Standin, main, running, serve

__all__ = ["Choices", "Fault", "Limits", "Options", "Standin", "main", "running", "serve"]
