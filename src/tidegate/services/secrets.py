"""Where passwords and tokens come from, and where they are kept between runs.

In this order: the environment (`TIDEGATE_PASSWORD_<CONNECTION>`, `TIDEGATE_TOKEN_<CONNECTION>`,
`TIDEGATE_PASSWORD`, `TIDEGATE_TOKEN`), the system's keyring, a file that only its owner can read.
`TIDEGATE_SECRETS` names that file, and then the keyring is not used.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import NoCredentials
from tidegate.model.secret import Secret
from tidegate.services.secret_file import SecretFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

logger = logging.getLogger(__name__)

SERVICE: Final = "tidegate"
"""The name under which the system's keyring holds our secrets."""

_KINDS: Final = ("TIDEGATE_PASSWORD", "TIDEGATE_TOKEN")


def save(connection: str, store_id: str, secret: Secret) -> None:
    """Keep the secret of a connection of a store, in place of an earlier one.

    Raises:
        SecretExposed: the file of secrets can be read by others.
    """
    entry = _entry(connection, store_id)
    if _put_into_keyring(entry, secret):
        _file().remove(entry)
    else:
        _file().put(entry, secret)


def load(
    connection: str, store_id: str, *, environment: Mapping[str, str] = os.environ
) -> Secret | None:
    """The secret of a connection of a store, or None.

    Raises:
        SecretExposed: the file of secrets can be read by others.
    """
    given = from_environment(connection, environment)
    if given is not None:
        return given
    entry = _entry(connection, store_id)
    return _get_from_keyring(entry) or _file().get(entry)


def remove(connection: str, store_id: str) -> None:
    """Forget the secret of a connection of a store, wherever it is kept."""
    entry = _entry(connection, store_id)
    _remove_from_keyring(entry)
    _file().remove(entry)


def from_environment(
    connection: str | None, environment: Mapping[str, str] = os.environ
) -> Secret | None:
    """The secret that the environment gives for a connection, or for all of them."""
    names = list(_KINDS)
    if connection is not None:
        suffix = re.sub(r"[^A-Z0-9]", "_", connection.upper())
        names = [f"{kind}_{suffix}" for kind in _KINDS] + names
    for name in names:
        if environment.get(name):
            return Secret(environment[name])
    return None


def ask(
    what: str, *, stdin: bool = False, connection: str | None = None, environment: str | None = None
) -> Secret:
    """A secret from standard input, the environment or a hidden prompt.

    Args:
        what: what the secret is of, e.g. `password of anna for campus`.
        stdin: take the first line of standard input, and look nowhere else.
        connection: the connection whose variables of the environment count too.
        environment: one variable to look at; all that `load` knows unless given.

    Raises:
        NoCredentials: nothing was given, and there is no terminal to ask at.
    """
    if stdin:
        return from_stream(what, sys.stdin)
    if environment is not None and os.environ.get(environment):
        return Secret(os.environ[environment])
    return from_environment(connection) or _prompted(what)


def from_stream(what: str, stream: TextIO) -> Secret:
    """The secret in the first line of a stream, without its line end.

    Raises:
        NoCredentials: the line is empty.
    """
    line = stream.readline().rstrip("\r\n")
    if not line:
        raise NoCredentials(_bare(what), "pipe it in, as one line on standard input")
    return Secret(line)


def _prompted(what: str) -> Secret:
    import getpass

    kind = "token" if what.startswith("token") else "password"
    hint = f"set TIDEGATE_{kind.upper()}, or pipe it in with --{kind}-stdin"
    if not sys.stdin or not sys.stdin.isatty():
        raise NoCredentials(_bare(what), hint)
    try:
        line = getpass.getpass(f"{what}: ", stream=sys.stderr)
    except EOFError as error:
        raise NoCredentials(_bare(what), hint) from error
    if not line:
        raise NoCredentials(_bare(what), hint)
    return Secret(line)


def _bare(what: str) -> str:
    return re.sub(r"^(password|token) (of|for) ", "", what)


def _entry(connection: str, store_id: str) -> str:
    return f"{store_id}/{connection}"


def _file() -> SecretFile:
    named = os.environ.get("TIDEGATE_SECRETS")
    if named:
        return SecretFile(Path(named).expanduser())
    import platformdirs

    return SecretFile(platformdirs.user_config_path("tidegate") / "secrets.json")


# The keyring belongs to the system: whatever fails there, the file is the answer.


def _put_into_keyring(entry: str, secret: Secret) -> bool:
    if os.environ.get("TIDEGATE_SECRETS"):
        return False
    import keyring
    import keyring.errors

    try:
        keyring.set_password(SERVICE, entry, secret.reveal())
        return keyring.get_password(SERVICE, entry) == secret.reveal()
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        logger.debug("no keyring: %s", type(error).__name__)
        return False


def _get_from_keyring(entry: str) -> Secret | None:
    if os.environ.get("TIDEGATE_SECRETS"):
        return None
    import keyring
    import keyring.errors

    try:
        text = keyring.get_password(SERVICE, entry)
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        logger.debug("no keyring: %s", type(error).__name__)
        return None
    return Secret(text) if text else None


def _remove_from_keyring(entry: str) -> None:
    if os.environ.get("TIDEGATE_SECRETS"):
        return
    import keyring
    import keyring.errors

    try:
        keyring.delete_password(SERVICE, entry)
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        logger.debug("no keyring: %s", type(error).__name__)
