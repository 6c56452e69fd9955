"""The privacy oracle: nothing that may not leave is in anything that came out.

A platform serves records in which every value is a token (`planting`). Every command, every form of
output and every error path runs on them, with all logging on; then all that came out is searched:
standard output and error, files, the state of the store, its database, and the answers of the
service. Control runs with everything passed find the tokens, so the search can fail.
"""

from __future__ import annotations

import json
import logging
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from base64 import b64encode
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pytest
from tests.faults.planting import Planted, let_out, records, shown
from tests.web.conftest import Caller

from tidegate.cli import run
from tidegate.gate.views import seen_rules
from tidegate.model.identities import Role
from tidegate.platforms.ocpi.ingest import ingest_rules
from tidegate.platforms.ocpi.joining import JOINABLE
from tidegate.platforms.ocpi.rules import MODULES, VERSIONS, field_rules
from tidegate.platforms.ocpi.settings import read_settings
from tidegate.services.identity import make_key
from tidegate.services.opened import Store
from tidegate.services.sharing import Sharing
from tidegate.services.views import view_named
from tidegate.standins.ocpi import running
from tidegate.web.application import create_application
from tidegate.web.serving import listening
from tidegate.web.serving import running as serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tidegate.standins.ocpi import Standin

TOKEN: Final = "zqSecretTokenOfThePlatform"
FORMS: Final = (TOKEN, b64encode(TOKEN.encode()).decode())
FORMATS: Final = ("jsonl", "json", "csv", "tsv", "parquet", "xlsx")

DESCRIBED: Final = {
    "id", "city", "postal_code", "country", "country_code", "party_id", "parking_type",
    "operator.name", "evses.uid", "evses.evse_id", "evses.connectors.power_type", "evse_uid",
    "evse_id", "connector_power_type", "location_id",
}  # fmt: skip
"""What becomes the name and the attributes of a series of energy, by the end of its path."""
MEASURED: Final = ("kwh", "total_energy", "volume")
"""What becomes energy, by the end of its path."""


@dataclass
class World:
    """A platform full of tokens, the command line on a store of its own, and all that came out."""

    folder: Path
    version: str
    planted: Planted
    standin: Standin
    capture: pytest.CaptureFixture[str]
    said: list[str] = field(default_factory=list)

    def run(self, *words: str, code: int | None = 0) -> str:
        """Run a command with all logging on; gives its output and keeps what it said besides."""
        try:
            ended = run([*words, "--debug"])
        except SystemExit as stop:
            ended = int(stop.code or 0)
        except Exception:  # noqa: BLE001 (--debug lets errors through, as Python shows them)
            self.said.append(traceback.format_exc())
            ended = 1
        out, err = self.capture.readouterr()
        self.said.append(err)
        assert code is None or ended == code, f"{words}: {err}{self.said[-2:]}"
        assert "error[bug]" not in err, err
        return out

    def leaks(self, text: str, allowed: Iterable[str] = ()) -> dict[str, tuple[str, str, str]]:
        """What a text shows although it is not allowed; the credentials never are."""
        found = self.planted.found(text)
        own = {form: (self.version, "credentials", "token") for form in FORMS if form in text}
        return {token: place for token, place in found.items() if token not in allowed} | own

    def log_in(self, *words: str) -> None:
        """Log in to the platform."""
        url = self.standin.versions_url
        self.run("ocpi", "login", url, "--party", "NL-ABC", "--version", self.version, *words)

    @property
    def files(self) -> dict[Path, str]:
        """All text of all files so far, but for the file of secrets."""
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {path: shown(path.read_bytes()) for path in paths if path.name != "secrets.json"}


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store and secrets of the test's own; the token is known, and failures come at once."""
    monkeypatch.setenv("TIDEGATE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("TIDEGATE_SECRETS", str(tmp_path / "secrets.json"))
    monkeypatch.setenv("TIDEGATE_TOKEN", TOKEN)
    monkeypatch.setenv("TIDEGATE_RETRY_ATTEMPTS", "1")
    monkeypatch.setenv("TIDEGATE_READ_TIMEOUT", "1")
    monkeypatch.setenv("TIDEGATE_LONGEST_PAUSE", "0.01")


@pytest.fixture(params=VERSIONS)
def world(
    request: pytest.FixtureRequest, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """A platform of each version in turn."""
    planted = Planted()
    served = records(planted, request.param)
    with running(records=served, token=TOKEN, versions=(request.param,)) as standin:
        yield World(tmp_path, request.param, planted, standin, capfd)


class TestExports:
    """`tidegate ocpi get` in every form."""

    @pytest.mark.parametrize("profile", ["default", "strict"])
    def test_every_module_and_format(self, world: World, profile: str):
        """No output shows what the profile blanks; what passes is there, so nothing is lost."""
        world.log_in()
        for module in MODULES:
            allowed = let_out(
                world.planted, world.version, module, field_rules(module, world.version, profile)
            )
            assert allowed
            outputs = {}
            formats = FORMATS if profile == "default" else FORMATS[:3]
            for form in formats:
                file = world.folder / f"{module}.{form}"
                words = ["--format", form, "--profile", profile, "--out", str(file)]
                printed = world.run("ocpi", "get", module, *words)
                assert not world.leaks(printed)
                outputs[form] = shown(file.read_bytes())
            for form, text in outputs.items():
                assert not world.leaks(text, allowed), f"{module} as {form}"
                assert len(world.planted.found(text)) > 3, f"{module} as {form}"
            assert not world.leaks(world.run("ocpi", "get", module, "--profile", profile), allowed)
        assert not world.leaks("\n".join(world.said))
        journal = (world.folder / "store" / "takings.jsonl").read_text()
        assert len(journal.splitlines()) == len(MODULES) * (len(formats) + 1)
        assert not world.leaks(journal + (world.folder / "store" / "connections.json").read_text())

    def test_the_search_finds_what_passes(self, world: World):
        """The control: with everything passed, all tokens of all records come out."""
        world.log_in()
        for module in MODULES:
            for way in (["--privacy-pass", "."], ["--profile", "full"]):
                text = world.run("ocpi", "get", module, *way)
                found = world.leaks(text)
                sent = json.dumps(world.standin.service.options.records[module][:-2])
                assert found.keys() == world.planted.found(sent).keys()
                assert len(found) > 50
            for form in FORMATS[2:]:
                file = world.folder / f"{module}.{form}"
                world.run("ocpi", "get", module, "--privacy-pass", ".", "--out", str(file))
                assert len(world.leaks(shown(file.read_bytes()))) > 30

    def test_joins_and_exploded_tables(self, world: World):
        """What is joined leaves by the rules of its own module, and tells no more of the record."""
        world.log_in()
        for module in JOINABLE:
            others = JOINABLE[module]
            own = let_out(world.planted, world.version, module)
            named = set(world.planted.of(world.version, module)) - own
            allowed = own.union(*(let_out(world.planted, world.version, one) for one in others))
            allowed -= named
            for form in ("jsonl", "csv", "parquet"):
                file = world.folder / f"{module}.{form}"
                words = ["--join", ",".join(others), "--out", str(file), "--format", form]
                explode = ["--explode", "charging_periods"] if form != "jsonl" else []
                world.run("ocpi", "get", module, *words, *explode)
                text = shown(file.read_bytes())
                assert "joined" in text
                assert not world.leaks(text, allowed), f"{module} as {form}"
            assert world.planted.found(text).keys() - own, "nothing was joined"
        assert not world.leaks("\n".join(world.said))

    def test_runs_that_go_on(self, world: World):
        """What is remembered of runs shows nothing, nor does a run that never ends."""
        world.log_in()
        for module in MODULES:
            allowed = let_out(world.planted, world.version, module)
            for _ in range(2):
                text = world.run("ocpi", "get", module, "--since-last", f"weekly-{module}")
                assert not world.leaks(text, allowed)
        out = world.folder / "out"
        words = ["ocpi", "get", "sessions", "--follow", "--out", str(out), "--debug"]
        allowed = let_out(world.planted, world.version, "sessions")
        with subprocess.Popen(
            [sys.executable, "-m", "tidegate", *words], stderr=subprocess.PIPE, text=True
        ) as following:
            _until(lambda: list(out.glob("sessions-*.jsonl")))
            following.send_signal(signal.SIGINT)
            _, err = following.communicate(timeout=20)
        assert following.returncode == 0
        world.said.append(err)
        (file,) = out.glob("sessions-*.jsonl")
        assert not world.leaks(file.read_text(), allowed)
        file.unlink()
        assert (world.folder / "store" / "exports").is_dir()
        assert not world.leaks("\n".join([*world.said, *world.files.values()]))


class TestStores:
    """What a pull keeps by default, and every command on it."""

    def test_commands_and_files(self, world: World):
        """Records are kept by the strict profile; only what describes an EVSE is kept besides."""
        world.log_in()
        described = _described(world)
        outputs = [
            world.run(*words.split(), code=None) if isinstance(words, str) else world.run(*words)
            for words in COMMANDS
        ]
        for words, text in zip(COMMANDS, outputs, strict=True):
            assert not world.leaks(text, described), words
        for form in ("csv", "parquet", "xlsx", "jsonl"):
            world.run("export", "%", "--from", "2029-01-01", "--to", "2029-01-02", "--out",
                      str(world.folder / f"energy.{form}"), code=None)  # fmt: skip
        assert not world.leaks("\n".join(world.said), described)
        allowed = described.union(*(_held(world, module) for module in MODULES))
        for path, text in world.files.items():
            assert not world.leaks(text, allowed), path
        tables = _tables(world.folder / "store")
        assert len(world.planted.found(tables)) > 100, "nothing was kept"
        assert not world.leaks(tables, allowed)

    def test_whole_records_only_if_asked_for(self, world: World):
        """The control: with --keep-full the same search of the same tables finds everything."""
        world.log_in("--keep-full")
        world.run("pull", "ocpi")
        found = world.leaks(_tables(world.folder / "store"))
        for module in MODULES:
            sent = json.dumps(world.standin.service.options.records[module][:2])
            assert world.planted.found(sent).keys() <= found.keys()
        assert not world.leaks("\n".join(world.said))


COMMANDS: Final[tuple[Any, ...]] = (
    ("discover", "ocpi"),
    ("pull", "ocpi", "--dry-run"),
    ("pull", "ocpi"),
    "pull ocpi --again --json",
    "coverage ocpi",
    "coverage ocpi --json",
    "connections",
    "connections --json",
    "connections test ocpi",
    "series list --json",
    "series list",
    ("series", "show", "%"),
    "attributes list --json",
    ("attributes", "show", "%", "--json"),
    ("read", "%", "--from", "2030-01-01", "--to", "2030-01-03", "--interval", "hour"),
    ("sum", "--attribute", "city", "--from", "2030-01-01", "--to", "2030-01-03"),
    "sum --attribute nothing|here --from 2030-01-01 --to 2030-01-03",
    "calc nonsense",
    "ocpi fields sessions --explain --privacy-pass kwh",
    "ocpi fields cdrs --json",
    ("ocpi", "get", "cdrs", "--explain", "--privacy-pass", "."),
    "ocpi get nothing",
    "ocpi get cdrs --privacy-pass nothing",
    ("view", "create", "city", "--module", "sessions", "--module", "cdrs", "--module",
     "locations", "--module", "tariffs", "--exclude", "nothing"),
    "view list --json",
    ("view", "show", "city", "--fields", "--json"),
    ("view", "test", "city", "--json"),
    "store status --json",
    "store audit --json",
    "store compact",
    "config show",
    "audit --json",
)  # fmt: skip
"""Commands on a store; those in one text may fail."""


class TestViews:
    """Everything that leaves through a view, over the service and by commands."""

    def test_records_and_every_other_address(self, world: World, caplog: pytest.LogCaptureFixture):
        """A strict view shows what the strict profile does, live and stored, in any form."""
        caplog.set_level(logging.DEBUG)
        world.log_in("--keep-full")
        world.run("pull", "ocpi")
        modules = [word for one in SHARED for word in ("--module", one)]
        for source in ("store", "live"):
            words = [*modules, "--exclude", "nothing", "--source", source]
            world.run("view", "create", source, *words)
        answers = []
        with _service(world.folder / "store") as (url, keys):
            for source in ("store", "live"):
                for module in SHARED:
                    allowed = _seen(world, source, module)
                    for path in _paths_of(module):
                        answer = _asked(url, keys[source], path)
                        assert not world.leaks(answer, allowed), f"{path} of {source}"
                    whole = _asked(url, keys[source], f"/share/{module}")
                    assert len(world.planted.found(whole)) > 3, f"{module} of {source}"
                    answers.append(whole)
            described = _described(world)
            for path in (*ADDRESSES, *_addresses(url, keys["reader"])):
                for key in keys.values():
                    assert not world.leaks(_asked(url, key, path), described), path
        assert not world.leaks(caplog.text + "\n".join(world.said))
        for source in ("store", "live"):
            for sample in ([], ["--sample"]):
                allowed = set().union(*(_seen(world, source, module) for module in SHARED))
                text = world.run("view", "test", source, "--json", *sample)
                assert not world.leaks(text, allowed if sample else ())
            for module in SHARED:
                text = world.run("ocpi", "get", module, "--view", source)
                assert not world.leaks(text, _seen(world, source, module))
        text = world.run("audit", "--json") + world.run("key", "list", "--json")
        assert not world.leaks(text + "\n".join(world.said), described)
        assert all(key not in text for key in keys.values())

    def test_the_search_finds_what_a_view_passes(self, world: World):
        """The control: a view that passes a structure shows all that is in it."""
        world.log_in("--keep-full")
        world.run("pull", "ocpi")
        world.run("view", "create", "open", "--pass", "cdrs.charging_periods", "--exclude",
                  "nothing")  # fmt: skip
        with _service(world.folder / "store") as (url, keys):
            found = world.leaks(_asked(url, keys["open"], "/share/cdrs"))
        inside = {
            token
            for token, path in world.planted.of(world.version, "cdrs").items()
            if path == "charging_periods.dimensions.volume"
        }
        assert len(found.keys() & inside) > 3


SHARED: Final = ("locations", "sessions", "cdrs", "tariffs")
ADDRESSES: Final = (
    "/metrics", "/docs/openapi.json", "/docs", "/", "/api", "/api/repositories", "/share",
    "/share/tokens", "/share/nothing", "/share/sessions?offset=x", "/share/sessions?date_from=x",
    "/share/sessions?fields=nothing", "/share/sessions.xml", "/share/sessions?evse_id=x",
    "/api/repositories/main/series?name=%25", "/healthz",
)  # fmt: skip


class TestErrors:
    """A platform whose every mistake holds records and the token that it was sent."""

    def test_no_answer_is_repeated(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ):
        """Bodies, headers, links and addresses of errors stay out of messages, logs and state."""
        with _hostile() as hostile:
            world = World(tmp_path, "2.2.1", Planted(), hostile, capfd)  # type: ignore[arg-type]
            words = ["--party", "NL-ABC", "--throttle", "1ms"]
            world.run("ocpi", "login", hostile.versions_url, *words)
            world.run("view", "create", "city", "--module", "sessions", "--source", "live")
            secret = world.planted.text("2.2.1", "sessions", "error")
            asked = 0
            with _service(tmp_path / "store") as (url, keys):
                for answer in _mistakes(secret):
                    hostile.mistake = answer
                    text = _asked(url, keys["city"], "/share/sessions")
                    assert not world.leaks(text), answer
                    assert text.count("platform said") == 0, answer
            caplog.set_level(logging.DEBUG)
            for answer in _mistakes(secret):
                hostile.mistake, before = answer, len(hostile.asked)
                for command in ASKING:
                    out = world.run(*command, code=None)
                    assert not world.leaks(out + "\n".join(world.said)), answer
                    world.said.clear()
                assert len(hostile.asked) > before, answer
                asked += 1
            for words in (["discover", "ocpi"], ["coverage", "ocpi", "--json"]):
                world.run(*words, code=None)
            assert not world.leaks(caplog.text + "\n".join(world.said))
            for path, text in world.files.items():
                assert not world.leaks(text), path
            assert not world.leaks(_tables(tmp_path / "store"))
            assert asked > 30

    def test_the_platforms_own_words_are_told_without_the_token(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ):
        """The control: a message of the protocol is shown, the token in it is not, in any form."""
        with _hostile() as hostile:
            world = World(tmp_path, "2.2.1", Planted(), hostile, capfd)  # type: ignore[arg-type]
            world.run("ocpi", "login", hostile.versions_url, "--party", "NL-ABC")
            for status in (200, 400, 401, 500):
                words = f"you sent {FORMS[0]} as {FORMS[1]}, platform said"
                hostile.mistake = Mistake({"status_code": 2001, "status_message": words}, status)
                for command in ASKING:
                    world.run(*command, code=None)
                said = "\n".join(world.said)
                assert "platform said" in said
                assert not world.leaks(said), status
                world.said.clear()


ASKING: Final = (
    ("ocpi", "get", "sessions", "--since-last", "--join", "locations"),
    ("pull", "ocpi"),
    ("connections", "test", "ocpi"),
)
"""Commands that ask the platform."""


@dataclass
class Mistake:
    """One answer that something is wrong with."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None

    @property
    def sent(self) -> bytes:
        """The body as bytes."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def _mistakes(secret: str) -> Iterator[Mistake]:
    """Answers that hold records and the token, and cannot be taken."""
    record = {"id": "S1", "x_seen": [secret, *FORMS], "cdr_token": {"uid": secret}}
    words = f"{secret} {' '.join(FORMS)}"
    whole = {"data": [record], "status_code": 1000, "timestamp": "2024-01-01T00:00:00Z"}
    for status in (301, 308, 400, 401, 403, 404, 405, 422, 429, 500, 503):
        yield Mistake(record | {"status_code": 2000, "detail": words}, status)
        yield Mistake(words.encode(), status, {"Location": f"http://cpo.example/{secret}"})
    text = json.dumps(whole).encode()
    yield Mistake(f"<html><body>{words}</body></html>".encode(), 200, {"Content-Type": "text/html"})
    yield Mistake(text[:-40])
    yield Mistake(text, length=len(text) + 100)
    yield Mistake(text.replace(b'"id"', b'\xff\xfe"id"'))
    yield Mistake(text.replace(b'"id":', b'"id" words '))
    yield Mistake(b'{"status_code":1000,"data":[' + b"[" * 5000 + words.encode())
    yield Mistake(text, headers={"Content-Encoding": "gzip"})
    yield Mistake({**whole, "data": record})
    yield Mistake({**whole, "data": words})
    yield Mistake({**whole, "status_code": words})
    yield Mistake({**whole, "status_code": 2001, "status_message": record})
    yield Mistake({**whole, "status_code": 2001, "status_message": None, "error": words})
    yield Mistake([record])
    yield Mistake(words)
    for link in (f"<http://[{secret}>", f"<http://h:{secret}/>", f"<http://cpo.example/{secret}>",
                 f"<ftp://{secret}>", f"<http://h\u2100{secret}/>", f"<//{secret}@h/x?offset=q>",
                 f"</{secret}?offset=0>", f"<?cursor={secret}>"):  # fmt: skip
        yield Mistake(whole, headers={"Link": f'{link}; rel="next"'})
    for name in ("X-Total-Count", "X-Limit", "Date", "Retry-After", "Content-Type", "Set-Cookie"):
        yield Mistake({**whole, "status_code": 3000, "timestamp": words}, headers={name: words})
    yield Mistake(record, 429, {"Retry-After": words})


@dataclass
class _Hostile:
    """A platform that lets one log in, and then makes the same mistake each time it is asked."""

    versions_url: str
    mistake: Mistake | None = None
    asked: list[str] = field(default_factory=list)


@contextmanager
def _hostile() -> Iterator[_Hostile]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = _friendly(self.path, root)
            if answer is None:
                hostile.asked.append(self.path)
                answer = hostile.mistake or Mistake({"status_code": 1000, "data": []})
            self.send_response(answer.status)
            length = len(answer.sent) if answer.length is None else answer.length
            own = {"Content-Length": str(length), "Connection": "close"}
            for name, value in (own | answer.headers).items():
                self.send_header(name, value.encode("latin-1", "replace").decode("latin-1"))
            self.end_headers()
            self.wfile.write(answer.sent)

        def log_message(self, *words: Any) -> None:
            del words

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        root = f"http://127.0.0.1:{server.server_port}"
        hostile = _Hostile(f"{root}/versions")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield hostile
        finally:
            server.shutdown()
            thread.join()


def _friendly(path: str, root: str) -> Mistake | None:
    if path == "/versions":
        return Mistake({"status_code": 1000, "data": [{"version": "2.2.1", "url": f"{root}/v"}]})
    if path == "/v":
        endpoints = [
            {"identifier": one, "role": "SENDER", "url": f"{root}/{one}"}
            for one in ("sessions", "locations")
        ]
        return Mistake({"status_code": 1000, "data": {"version": "2.2.1", "endpoints": endpoints}})
    return None


def _paths_of(module: str) -> Iterator[str]:
    base = f"/share/{module}"
    yield from (base, f"{base}.json", f"{base}.csv", f"{base}?format=csv&limit=2")
    yield from (f"{base}?limit=1&offset=2", f"{base}?date_from=2030-01-01T00:00:00Z")
    names = [one.path for one in field_rules(module, "2.2.1", "full").fields()]
    yield f"{base}?fields={','.join(names)}"
    yield f"{base}.csv?fields={','.join(names)}"


def _seen(world: World, source: str, module: str) -> set[str]:
    """What a view of the world shows of a module."""
    with Store.open(world.folder / "store") as store:
        view = view_named(store.verbs, source)
    strict = field_rules(module, world.version, "strict")
    return let_out(world.planted, world.version, module, seen_rules(strict, view))


def _described(world: World) -> set[str]:
    """What is the name, an attribute or the energy of a series."""
    return {
        token
        for module in MODULES
        for token, path in world.planted.of(world.version, module).items()
        if module in {"locations", "sessions", "cdrs"}
        and (path.endswith(MEASURED) or _last(path) in DESCRIBED)
    }


def _last(path: str) -> str:
    """A path without the name of the embedded location it may begin with."""
    for prefix in ("location.", "cdr_location."):
        path = path.removeprefix(prefix)
    return path


def _held(world: World, module: str) -> set[str]:
    with Store.open(world.folder / "store") as store:
        (record,) = store.verbs.connections()
    rules = ingest_rules(module, read_settings(record.settings))
    return let_out(world.planted, world.version, module, rules)


def _tables(folder: Path) -> str:
    """All rows of all tables of a store's databases."""
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy, dirs_exist_ok=True)
    rows = []
    for file in [path for path in copy.rglob("*") if path.suffix in {".duckdb", ".db"}]:
        with duckdb.connect(str(file)) as database:
            for (name,) in database.sql(
                "SELECT format('{}.{}', table_schema, table_name) FROM information_schema.tables"
            ).fetchall():
                rows += database.sql(f"SELECT * FROM {name}").fetchall()
    assert rows
    shutil.rmtree(copy)
    return "\n".join(map(str, rows))


@contextmanager
def _service(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The service on a store, and a key for each view and for a reader of everything."""
    with (
        Store.open(folder) as store,
        Sharing(store.verbs, store.path, policies=store.policies) as sharing,
    ):
        keys = {
            view.name: make_key(store.verbs, view.name, Role.READER, view=view.name)[1]
            for view in store.verbs.views()
        }
        keys["reader"] = make_key(store.verbs, "reader", Role.READER)[1]
        application = create_application(store.verbs, sharing=sharing)
        with serving(application, listening("127.0.0.1", 0)) as url:
            yield url, keys


def _asked(url: str, key: str, path: str) -> str:
    """Everything in an answer, headers included."""
    with closing(Caller(url, token=key)) as caller:
        answer = caller.get(path)
        return f"{answer.headers}{answer.body.decode(errors='replace')}"


def _addresses(url: str, key: str) -> Iterator[str]:
    """Every address of the service that takes no more than a repository."""
    with closing(Caller(url, token=key)) as caller:
        described = caller.get("/docs/openapi.json").json()
    for path, methods in described["paths"].items():
        filled = path.replace("{repository}", "main")
        if "get" in methods and "{" not in filled:
            yield filled


def _until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
