"""Serves records with either release of py_ocpi: `serve_py_ocpi.py RECORDS.json [AUTHORITY.pem]`.

The records are lists by version and module. With a second argument it serves by https and writes
the authority that signed its certificate there. Prints its address, then serves until it is killed.
"""

import json
import os
import socket
import ssl
import sys
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn

TOKEN = "demo-token"
records: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(Path(sys.argv[1]).read_bytes())
listener = socket.create_server(("127.0.0.1", 0))
host = f"127.0.0.1:{listener.getsockname()[1]}"
is_https = len(sys.argv) > 2
# Read when the package is imported.
os.environ |= {"OCPI_HOST": host, "PROTOCOL": "https" if is_https else "http"}

main = import_module("py_ocpi.main")
enums = import_module("py_ocpi.core.enums")
crud = import_module("py_ocpi.core.crud")
versions = import_module("py_ocpi.modules.versions.enums")


def updated(record: dict[str, Any]) -> datetime:
    """The last update of a record."""
    return datetime.fromisoformat(record["last_updated"])


class Records(crud.Crud):  # type: ignore[name-defined, misc]
    """Lists the records; everything else is left out."""

    @classmethod
    async def list(
        cls, module: Any, role: Any, filters: dict[str, Any], *_: Any, **more: Any
    ) -> Any:
        """A page, how many there are, and whether it is the last."""
        del role
        first, last = filters["date_from"], filters["date_to"]
        found = [
            record
            for record in records[more["version"].value].get(module.value, [])
            if (first is None or first <= updated(record))
            # The default of `date_to` has no zone and is the start of the server.
            and (last is None or last.tzinfo is None or updated(record) < last)
        ]
        end = filters["offset"] + filters["limit"]
        return found[filters["offset"] : end], len(found), end >= len(found)

    @classmethod
    async def _nothing(cls, *_: Any, **__: Any) -> None:
        return None

    get = create = update = delete = _nothing

    @classmethod
    async def do(cls, *_: Any, **more: Any) -> Any:
        """What the older release knows a caller by."""
        return TOKEN if more.get("auth_token") == TOKEN else None


def application() -> Any:
    """The application of whichever release this is."""
    roles = [enums.RoleEnum.cpo]
    if not is_https:
        authenticator = import_module("py_ocpi.core.authentication.authenticator")

        class OneToken(authenticator.Authenticator):  # type: ignore[name-defined, misc]
            """Knows the token of the tests."""

            @classmethod
            async def get_valid_token_c(cls) -> list[str]:
                """The token of the tests."""
                return [TOKEN]

            @classmethod
            async def get_valid_token_a(cls) -> list[str]:
                """None: nobody registers."""
                return []

        numbers = versions.VersionNumber
        return main.get_application(
            version_numbers=[numbers.v_2_1_1, numbers.v_2_2_1],
            roles=roles,
            crud=Records,
            modules=[enums.ModuleID(name) for name in ("locations", "sessions", "cdrs", "tariffs")],
            authenticator=OneToken,
        )

    def adapter(module: str, name: str) -> Any:
        schema = getattr(import_module(f"py_ocpi.modules.{module}s.v_2_2_1.schemas"), name)
        return classmethod(lambda cls, record, *_: schema(**record))

    shapes = {"location": "Location", "session": "Session", "cdr": "Cdr", "tariff": "Tariff"}
    adapters = {f"{kind}_adapter": adapter(kind, name) for kind, name in shapes.items()}
    numbers = [versions.VersionNumber.v_2_2_1]
    return main.get_application(numbers, roles, Records, type("Adapters", (), adapters))


config = uvicorn.Config(application(), log_level="critical")
if is_https:
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(sys.argv[2])
    config.load()
    config.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(config.ssl)
print(f"{os.environ['PROTOCOL']}://{host}/ocpi/versions", flush=True)
uvicorn.Server(config).run(sockets=[listener])
