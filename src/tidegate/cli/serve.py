"""`tidegate serve`: the store over REST."""

from __future__ import annotations

import ipaddress
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note
from tidegate.model.errors import UsageError

if TYPE_CHECKING:
    from tidegate.services.opened import Store
    from tidegate.web.serving import Certificate


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8400,
    prefix: str = "",
    certificate: Path | None = None,
    key: Path | None = None,
    common: Common = COMMON,
) -> None:
    """Serve the store over REST until stopped; the address is printed first.

    Other commands go on working on the store meanwhile. Requests under way are answered before
    it ends, and what it answered is on disk.

    Args:
        host: where to listen; 0.0.0.0 for every network this machine is in.
        port: where to listen; 0 takes a free one.
        prefix: what comes before /api in every path.
        certificate: file of a TLS certificate with its chain; serves https.
        key: file of its private key.
        common: common options.
    """
    from tidegate.services.sharing import Sharing
    from tidegate.web.application import create_application
    from tidegate.web.limits import Limits
    from tidegate.web.serving import address_of, listening
    from tidegate.web.serving import serve as serve_on

    tls = _certificate(certificate, key)
    with (
        common.open() as store,
        Sharing(store.verbs, store.path, policies=store.policies) as sharing,
        closing(listening(host, port)) as listener,
    ):
        application = create_application(
            store.verbs,
            prefix=prefix,
            limits=Limits.of(store.settings),
            passwords=store.settings.service_basic_auth,
            sharing=sharing,
        )
        address = address_of(listener, tls=tls is not None)

        def ready() -> None:
            inner = prefix.strip("/")
            print(f"{address}/{inner}/api" if inner else f"{address}/api", flush=True)
            note(f"serving {store.path}; Ctrl-C stops", quiet=common.quiet)
            if store.verbs.views():
                note("records leave through views at /share", quiet=common.quiet)
            _advise(store, host, tls)

        serve_on(application, listener, certificate=tls, ready=ready)


def _certificate(chain: Path | None, key: Path | None) -> Certificate | None:
    from tidegate.web.serving import Certificate

    if chain is None and key is None:
        return None
    if chain is None or key is None:
        raise UsageError("TLS needs both files", hint="give --certificate and --key")
    return Certificate(chain=chain, key=key)


def _advise(store: Store, host: str, tls: Certificate | None) -> None:
    """Tell what is still to be done before anybody can use it, and what should not stay."""
    if not store.verbs.users() and not store.verbs.api_keys():
        folder = f" --store {store.path}"
        note("nobody may use it yet; in another terminal make the first user, or a key:")
        note(f"  tidegate user add NAME --role administrator{folder}")
        note(f"  tidegate key create NAME --role administrator{folder}")
    if tls is None and not _is_loopback(host):
        note("warning: passwords travel unprotected; give --certificate and --key")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
