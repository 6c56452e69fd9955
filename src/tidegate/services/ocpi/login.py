"""Logging in to OCPI platforms: a connection of a store, once the platform has answered."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tidegate.model.errors import BadFile, Duplicate
from tidegate.model.secret import Secret
from tidegate.platforms.ocpi import login, versions
from tidegate.platforms.ocpi.settings import party
from tidegate.platforms.ocpi.wire import Details, Endpoint
from tidegate.services import connecting
from tidegate.store.messages import ConnectionRecord
from tidegate.transport.links import redacted
from tidegate.transport.policies import Policies
from tidegate.transport.progress import SILENT, Progress

if TYPE_CHECKING:
    from tidegate.platforms.ocpi.settings import OcpiSettings
    from tidegate.store.verbs import Verbs

logger = logging.getLogger(__name__)


class Session(msgspec.Struct, frozen=True, rename="camel"):
    """What the file of another exporter holds, `~/.ocpi`; its token is shown nowhere."""

    version: str
    endpoints: list[Endpoint]
    token: str
    party_id: str

    def __repr__(self) -> str:
        return f"Session({self.party_id}, {self.version})"

    @property
    def secret(self) -> Secret:
        """The token."""
        return Secret(self.token)

    @property
    def modules(self) -> dict[str, str]:
        """The address of each module that it names."""
        return versions.endpoints(Details(self.version, self.endpoints))


class _File(msgspec.Struct, frozen=True):
    session: Session


def log_in(
    store: Verbs,
    name: str,
    url: str,
    settings: OcpiSettings,
    secret: Secret,
    *,
    version: str | None = None,
    policies: Policies = Policies(),
    progress: Progress = SILENT,
) -> ConnectionRecord:
    """Make a connection, or put it in place of one of the same name, once it has answered.

    Args:
        store: where it is kept.
        name: of the connection.
        url: address of the platform's versions, or of one version; without address, the modules
            of the settings are taken as they are.
        settings: what the user says of the connection.
        secret: the token.
        version: to speak; the best that both sides speak unless given.
        policies: how to treat the platform.
        progress: told of requests.

    Raises:
        Duplicate: another platform's connection has the name.
        NotSignedIn, Forbidden: the platform does not take the token.
        InsecureAddress: the token would travel by plain http.
    """
    connecting.require_name(name)
    earlier = next((one for one in store.connections() if one.name == name), None)
    if earlier is not None and earlier.platform != "ocpi":
        raise Duplicate("connection", name)
    if url:
        found = login.logged_in(
            url, settings, secret, version=version, policies=policies, progress=progress
        )
    else:
        found = login.proved(settings, secret, policies=policies, progress=progress)
        url = next(iter(found.endpoints.values()))
    if earlier is not None:
        logger.info("replacing the connection '%s' to %s", name, redacted(earlier.url))
    record = ConnectionRecord(
        name=name, platform="ocpi", url=url, settings=msgspec.to_builtins(found)
    )
    connecting.keep(store, record, secret)
    return record


def imported(path: Path | None = None) -> Session:
    """The login that another exporter keeps; its file is only read.

    Args:
        path: of the file; what `OCPI_SESSION_FILE` says, or `~/.ocpi`, unless given.

    Raises:
        BadFile: there is none, or it is no such file.
        UnknownName: it is of a version that we do not speak.
    """
    path = path or Path(os.environ.get("OCPI_SESSION_FILE") or "~/.ocpi").expanduser()
    hint = "log in with a URL instead, or name the file by OCPI_SESSION_FILE"
    try:
        session = msgspec.json.decode(path.read_bytes(), type=_File).session
    except OSError as problem:
        why = (problem.strerror or "cannot be read").lower()
        raise BadFile(path, why, hint=hint) from None
    except msgspec.DecodeError:
        raise BadFile(path, "is no session of an OCPI exporter", hint=hint) from None
    if not session.modules:
        raise BadFile(path, "names no module with records", hint=hint)
    if path.stat().st_mode & 0o077:
        logger.warning("others can read the token in %s; chmod 600 it, or remove it", path)
    return msgspec.structs.replace(
        session, version=versions.spoken(session.version), party_id=party(session.party_id)
    )
