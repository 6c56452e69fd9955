"""Serves sessions with python-ocpi: `serve_python_ocpi.py RECORDS.json`.

The records are lists by version and module. Prints its address, then serves until it is killed.
"""

import json
import sys
from pathlib import Path

from flask import Flask
from ocpi import createOcpiBlueprint
from ocpi.managers import CredentialsManager, SessionManager
from werkzeug.serving import make_server


class OneToken(CredentialsManager):  # type: ignore[misc]
    """Knows the token of the tests."""

    def isAuthenticated(self, token: str) -> bool:
        """Whether it is that token."""
        return token == "demo-token"


sessions = SessionManager()
for record in json.loads(Path(sys.argv[1]).read_bytes())["2.2.1"]["sessions"]:
    sessions.sessions[record["id"]] = record
application = Flask("peer")
server = make_server("127.0.0.1", 0, application, threaded=True)
address = f"http://127.0.0.1:{server.server_port}/ocpi"
application.register_blueprint(
    createOcpiBlueprint(
        address,
        {
            "credentials": {"object": OneToken([], address), "role": "SENDER"},
            "sessions": {"object": sessions, "role": "SENDER"},
        },
    )
)
print(f"{address}/versions", flush=True)
server.serve_forever()
