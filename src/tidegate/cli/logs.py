"""What the library logs, on standard error."""

from __future__ import annotations

import logging
import sys


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
