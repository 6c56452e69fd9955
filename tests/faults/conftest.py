"""A connected campus, and the command line to drive it."""

from __future__ import annotations

from tests.cli.conftest import Ran, campus, standin, tidegate, web_campus

__all__ = ["Ran", "campus", "standin", "tidegate", "web_campus"]
