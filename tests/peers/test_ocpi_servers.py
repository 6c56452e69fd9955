"""Our OCPI client against servers that others wrote, each in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tidegate.gate.filtering import RecordFilter
from tidegate.model.errors import Forbidden, TransportError
from tidegate.model.secret import Secret
from tidegate.platforms.ocpi import login
from tidegate.platforms.ocpi.access import open_client
from tidegate.platforms.ocpi.rules import field_rules
from tidegate.platforms.ocpi.settings import OcpiSettings
from tidegate.standins.ocpi.options import Options
from tidegate.standins.ocpi.platform import Platform
from tidegate.store.messages import ConnectionRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300), pytest.mark.xdist_group("peers")]

SCRIPTS = Path(__file__).parent / "scripts"
SCRIPT = "serve_py_ocpi.py"
TOKEN = Secret("demo-token")
MODULES = ("locations", "sessions", "cdrs", "tariffs")
COUNTS = {"locations": 24, "sessions": 120, "cdrs": 120, "tariffs": 6}


@pytest.fixture(scope="module")
def records() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """What the servers hold, by version and module: the records of the stand-in."""
    platform = Platform(Options(examples=False))
    return {
        version: {
            module: [
                _as_peers_want(platform.modules[module].document(index, version))
                for index in range(COUNTS[module])
            ]
            for module in MODULES
        }
        for version in ("2.1.1", "2.2.1")
    }


def _as_peers_want(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what their models refuse although the standard has it."""
    location = record.get("location", record)
    changed = {name: value for name, value in location.items() if name != "energy_mix"}
    if "opening_times" in changed:
        changed["opening_times"] = {**changed["opening_times"], "regular_hours": []}
    if "location" in record:
        changed = {**record, "location": changed}
    if "stop_date_time" in record:
        changed["end_date_time"] = record["stop_date_time"]
    return changed


@pytest.fixture(scope="module")
def serve(
    make_peer: Callable[[str], Path], records: dict[str, Any], tmp_path_factory: Any
) -> Callable[..., Any]:
    """Starts a server of an environment while a block runs; gives its versions address."""
    folder = tmp_path_factory.mktemp("peers")
    (folder / "records.json").write_text(json.dumps(records))

    @contextmanager
    def served(name: str, script: str, *arguments: Path) -> Iterator[str]:
        command = [make_peer(name), "-I", SCRIPTS / script, folder / "records.json", *arguments]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder
        ) as child:
            assert child.stdout is not None
            try:
                yield child.stdout.readline().strip()
            finally:
                child.kill()

    return served


def logged_in(url: str, version: str | None = None, **settings: Any) -> OcpiSettings:
    """What a login finds out."""
    return login.logged_in(url, OcpiSettings(party="NLABC", **settings), TOKEN, version=version)


def exported(
    settings: OcpiSettings, module: str, page_size: int, token: Secret = TOKEN
) -> list[dict[str, Any]]:
    """All records of a module, through the filter with everything open."""
    url = settings.versions_url or ""
    connection = ConnectionRecord(
        name="peer", platform="ocpi", url=url, settings=msgspec.to_builtins(settings)
    )
    gate = RecordFilter(field_rules(module, settings.version, "full"))
    with open_client(connection, token) as client:
        lines = b"".join(gate.page(page.data) for page in client.pages(module, page_size=page_size))
    return [json.loads(line) for line in lines.splitlines()]


def require_whole(
    settings: OcpiSettings, records: dict[str, Any], module: str, page_size: int
) -> None:
    """Asserts that every record came once and in order; ids may come in another case."""
    expected = [record["id"].upper() for record in records[settings.version][module]]
    got = [record["id"].upper() for record in exported(settings, module, page_size)]
    assert got == expected


def by_command(folder: Path, url: str, *login_options: str, **environment: str) -> list[str]:
    """Ids of the sessions that the commands give out: `ocpi login`, then `ocpi get sessions`."""

    def run(*arguments: str, given: str | None = None) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tidegate", *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TIDEGATE_STORE": str(folder / "store"), **environment},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    options = ["--party", "NL-ABC", "--token-stdin", *login_options]
    run("ocpi", "login", url, *options, given=TOKEN.reveal())
    lines = run("ocpi", "get", "sessions", "--page-size", "25").splitlines()
    return [json.loads(line)["id"].upper() for line in lines]


def test_the_commands_give_everything_from_each_server(serve, records, tmp_path):
    """Login and export by the program itself, with the options that each server needs."""
    expected = [record["id"].upper() for record in records["2.2.1"]["sessions"]]
    with serve("extrawest-ocpi", SCRIPT) as url:
        assert by_command(tmp_path / "extrawest", url) == expected
    authority = tmp_path / "authority.pem"
    with serve("py-ocpi", SCRIPT, authority) as url:
        assert by_command(tmp_path / "py", url, SSL_CERT_FILE=str(authority)) == expected
    with serve("python-ocpi", "serve_python_ocpi.py") as url:
        assert by_command(tmp_path / "python", url, "--by-offset") == expected


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1"])
def test_extrawest_ocpi_gives_everything(serve, records, version):
    """Its links name another scheme and no path that exists; all modules come whole."""
    with serve("extrawest-ocpi", SCRIPT) as url:
        settings = logged_in(url, version)
        assert settings.token_form == ("plain" if version == "2.1.1" else "base64")
        assert set(settings.endpoints) == set(MODULES)
        for module in MODULES:
            require_whole(settings, records, module, 16)
        require_whole(settings, records, "sessions", 1000)


def test_extrawest_ocpi_refuses_another_token(serve):
    """A wrong token ends the login with an error, in whatever form that server says so."""
    with serve("extrawest-ocpi", SCRIPT) as url, pytest.raises(TransportError):
        login.logged_in(url, OcpiSettings(party="NLABC"), Secret("wrong"))


def test_py_ocpi_gives_everything_by_https(serve, records, tmp_path, monkeypatch):
    """Its certificate is trusted by `SSL_CERT_FILE`, its redirects and links are followed."""
    authority = tmp_path / "authority.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with serve("py-ocpi", SCRIPT, authority) as url:
        assert url.startswith("https://")
        settings = logged_in(url)
        for module in MODULES:
            require_whole(settings, records, module, 16)
        require_whole(settings, records, "sessions", 1000)


def test_py_ocpi_is_not_asked_without_its_authority(serve, tmp_path):
    """A certificate that nobody vouches for ends the login before the token is sent."""
    served = serve("py-ocpi", SCRIPT, tmp_path / "authority.pem")
    with served as url, pytest.raises(TransportError, match="certificate"):
        logged_in(url)


def test_python_ocpi_gives_all_sessions(serve, records):
    """It sends no links and no totals; pages are asked for while they are full."""
    with serve("python-ocpi", "serve_python_ocpi.py") as url:
        settings = logged_in(url, by_offset=True)
        assert settings.version == "2.2.1"
        for page_size in (16, 1000):
            require_whole(settings, records, "sessions", page_size)
        with pytest.raises(Forbidden):
            exported(settings, "sessions", 16, token=Secret("wrong"))
