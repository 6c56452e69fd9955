"""Commands of the user that are called when something happened."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tidegate.model.errors import BadValue

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

PATIENCE: Final = 600.0
"""Seconds after which a command that does not end is ended."""

_SECRET: Final = ("TIDEGATE_PASSWORD", "TIDEGATE_TOKEN", "TIDEGATE_SECRETS", "ONC_TOKEN")


class Hook:
    """A command and its arguments, as the user wrote them; no shell reads them."""

    def __init__(self, command: str, *, patience: float = PATIENCE) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as problem:
            raise BadValue("run", command, f"a command; {problem}") from None
        if not self._words or shutil.which(self._words[0]) is None:
            raise BadValue("run", command, "a command that can be run, with its arguments")
        self._patience = patience

    def call(self, facts: Mapping[str, Any]) -> bool:
        """Run the command; whether it ended well.

        The facts are its environment, `start` as `TIDEGATE_EVENT_START`, and one JSON object on
        its standard input. What it prints goes to standard error. Passwords are kept from it.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(_SECRET)
        }
        for name, value in facts.items():
            environment[f"TIDEGATE_EVENT_{name.upper()}"] = "" if value is None else str(value)
        try:
            done = subprocess.run(
                self._words,
                input=msgspec.json.encode(facts) + b"\n",
                env=environment,
                stdout=sys.stderr.fileno(),
                timeout=self._patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            logger.warning("the command '%s' was ended after %g s", self._words[0], self._patience)
            return False
        except OSError as problem:
            logger.warning("the command '%s' did not start: %s", self._words[0], problem.strerror)
            return False
        if done.returncode:
            logger.warning("the command '%s' ended with %d", self._words[0], done.returncode)
        return done.returncode == 0
