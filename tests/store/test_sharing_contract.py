"""Tests of what travels between processes, and of the places where sockets lie."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pytest

from tidegate.model import errors
from tidegate.model.errors import BadExpression, NotFound, StoreError, TidegateError, Unreachable
from tidegate.store.messages import ConnectionRecord
from tidegate.store.sharing import places
from tidegate.store.sharing.contract import READERS, REPEATABLE, VERBS, Shape, protocol
from tidegate.store.sharing.lines import hang_up
from tidegate.store.sharing.owner import answer
from tidegate.store.sharing.wire import Failure, decode, encode, error_of, failure_of, pack, unpack
from tidegate.store.verbs import READINGS

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.store.local import LocalStore


CAMPUS = ConnectionRecord(name="campus", platform="dcs", url="https://dcs.example")


class TestContract:
    def test_every_verb_is_judged(self):
        """Every verb either changes nothing, may be repeated, or is done once; a new one too."""
        assert VERBS.keys() >= READERS | REPEATABLE
        assert {name for name, verb in VERBS.items() if verb.writes} == {
            "alter_series",
            "add_api_key",
            "assign",
            "change_attribute",
            "change_series",
            "confirm",
            "confirm_records",
            "create_attribute",
            "create_repository",
            "create_series",
            "delete_readings",
            "end_run",
            "merge_readings",
            "put_connection",
            "put_unit",
            "put_user",
            "record_catalogue",
            "record_history",
            "remove_attribute",
            "remove_connection",
            "remove_repository",
            "remove_series",
            "remove_user",
            "replace_window",
            "put_view",
            "remove_view",
            "revoke_api_key",
            "set_repository_zone",
            "start_run",
        }

    def test_local_store_has_all_verbs(self, store: LocalStore):
        """The store of this process has every verb that travels."""
        assert [name for name in VERBS if not callable(getattr(store, name, None))] == []

    def test_streams(self):
        """Only readings are streamed; other tables arrive whole."""
        assert [name for name, verb in VERBS.items() if verb.shape is Shape.STREAM] == ["read"]

    def test_protocol_is_stable(self):
        """The protocol has one version, whenever and wherever it is computed."""
        assert protocol() == protocol.__wrapped__()

    def test_split(self):
        """Tables travel apart from the other arguments, however they were given."""
        rows = READINGS.empty_table()
        by_place = VERBS["merge_readings"].split(rows, quotation=5)
        by_name = VERBS["merge_readings"].split(readings=rows, quotation=5)

        assert by_place == by_name
        assert by_place[1] == {"readings": rows}

    def test_once(self, store: LocalStore):
        """A call that comes again gets its first answer, and nothing is done again."""
        verb = VERBS["start_run"]
        arguments = msgspec.Raw(encode(verb.split("campus", "all")[0]))
        store.put_connection(CAMPUS)
        first = answer(store, verb, "call-1", arguments, {})
        again = answer(store, verb, "call-1", arguments, {})

        assert first == again
        assert len(store.runs()) == 1

    def test_once_failed(self, store: LocalStore):
        """A call that failed changed nothing and may succeed when it comes again."""
        verb = VERBS["start_run"]
        arguments = msgspec.Raw(encode(verb.split("campus", "all")[0]))
        with pytest.raises(NotFound):
            answer(store, verb, "call-1", arguments, {})
        store.put_connection(CAMPUS)

        assert decode(answer(store, verb, "call-1", arguments, {}), int) == 1


class TestWire:
    @pytest.mark.parametrize(
        "error",
        [
            BadExpression("a comma is missing", "R1 R2", 3, [",", ")"]),
            NotFound("series", 5, hint="look it up"),
            Unreachable("no answer", status=502, details="down", subject="R1"),
        ],
    )
    def test_error(self, error: TidegateError):
        """An error travels with its class and everything that can be asked of it."""
        arrived = error_of(msgspec.convert(msgspec.to_builtins(failure_of(error)), Failure))

        assert type(arrived) is type(error)
        assert vars(arrived) == vars(error)
        assert str(arrived) == str(error)

    @pytest.mark.parametrize("kind", ["Nothing", "difflib", "Sequence"])
    def test_unknown_error(self, kind: str):
        """An error of a class that is not ours rises as a failure of the store."""
        failure = msgspec.structs.replace(failure_of(ValueError("x")), kind=kind)

        assert type(error_of(failure)) is StoreError

    def test_every_error_travels(self):
        """Every class of error can be made again without its constructor."""
        kinds = [
            kind
            for kind in vars(errors).values()
            if isinstance(kind, type) and issubclass(kind, TidegateError)
        ]
        for kind in kinds:
            error = kind.__new__(kind)
            TidegateError.__init__(error, "message", hint="hint")
            assert type(error_of(failure_of(error))) is kind

    def test_tables(self):
        """Small tables travel inside a call."""
        table = pa.table({"a": [1, None], "b": ["x", "y"]})

        assert unpack({"t": pack(table)})["t"].equals(table)


class TestPlaces:
    @pytest.fixture(autouse=True)
    def databases(self, tmp_path: Path) -> None:
        (tmp_path / "store.duckdb").touch()
        (tmp_path / "other.duckdb").touch()

    def test_runtime_folder(self, tmp_path: Path):
        """Sockets lie under a short name in a folder that only their owner can enter."""
        path = places.socket_for(tmp_path / "store.duckdb")

        assert path is not None
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert len(os.fsencode(path)) <= 107

    def test_open_runtime_folder(self, tmp_path: Path):
        """A runtime folder that others can enter is passed over."""
        (tmp_path / "run" / "tidegate").mkdir(mode=0o755)
        path = places.socket_for(tmp_path / "store.duckdb")

        assert path is not None
        assert path.parent != tmp_path / "run" / "tidegate"

    def test_linked_runtime_folder(self, tmp_path: Path):
        """A runtime folder that is a link is passed over."""
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        (tmp_path / "run" / "tidegate").symlink_to(tmp_path / "elsewhere")
        path = places.socket_for(tmp_path / "store.duckdb")

        assert path is not None
        assert path.parent.name != "tidegate"

    def test_left_sockets(self, tmp_path: Path):
        """Sockets that earlier owners of a store left behind are removed."""
        left = places.socket_for(tmp_path / "store.duckdb")
        other = places.socket_for(tmp_path / "other.duckdb")
        assert left is not None
        assert other is not None
        left.touch()
        other.touch()
        places.socket_for(tmp_path / "store.duckdb")

        assert not left.exists()
        assert other.exists()

    def test_pointer_of_another(self, tmp_path: Path):
        """Only the pointer to one's own socket is removed."""
        pointer = places.Pointer(socket="/run/x", pid=1, host="h")
        places.write_pointer(tmp_path, pointer)
        places.remove_pointer(tmp_path, tmp_path / "y")

        assert places.read_pointer(tmp_path) == pointer
        assert stat.S_IMODE((tmp_path / places.POINTER).stat().st_mode) == 0o600

    @pytest.mark.parametrize("content", ["", "{}", "[" * 9000, '{"socket":1}', "fifo", "link"])
    def test_bad_pointer(self, tmp_path: Path, content: str):
        """A pointer file that is none names nobody, and reading it never waits."""
        pointer = tmp_path / places.POINTER
        if content == "fifo":
            os.mkfifo(pointer)
        elif content == "link":
            pointer.symlink_to("/dev/zero")
        else:
            pointer.write_text(content)

        assert places.read_pointer(tmp_path) is None


class TestHangUp:
    def test_only_that_path(self, tmp_path: Path):
        """Only connections over the named socket end; others and listeners stay."""
        lines = []
        for name in ("a", "b"):
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(tmp_path / name))
                listener.listen()
                client = socket.socket(socket.AF_UNIX)
                client.connect(str(tmp_path / name))
                server, _ = listener.accept()
                lines.append((client, server))
        ended = hang_up(tmp_path / "a")
        lines[1][0].send(b"still here")

        assert ended == 2
        assert lines[0][0].recv(1) == b""
        assert lines[1][1].recv(10) == b"still here"
        for line in lines:
            for end in line:
                end.close()
