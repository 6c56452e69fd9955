"""What the library logs, on standard error."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tidegate.services.settings import Settings


def show_logs(*, quiet: bool, debug: bool) -> None:
    """Show messages of the `tidegate` loggers on standard error.

    Args:
        quiet: only warnings and worse.
        debug: everything, with the logger's name.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s" if debug else "%(message)s"))
    logger = logging.getLogger("tidegate")
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG if debug else logging.WARNING if quiet else logging.INFO)


def follow(settings: Settings, *, quiet: bool, debug: bool) -> None:
    """Show as much, and in such colours, as the settings say; options come first."""
    if not quiet and not debug:
        logging.getLogger("tidegate").setLevel(settings.log_level.upper())
    if settings.color == "never":
        os.environ["NO_COLOR"] = "1"
    elif settings.color == "always":
        os.environ["FORCE_COLOR"] = "1"
