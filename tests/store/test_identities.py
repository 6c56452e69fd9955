"""Users, keys and modifications in the store; what is remembered of definitions."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

from tidegate.model.errors import Duplicate, NotFound
from tidegate.model.identities import ApiKey, Role, User
from tidegate.model.intervals import parse_interval
from tidegate.model.series import NewSeries
from tidegate.model.units import Unit
from tidegate.model.windows import Window
from tidegate.store.local import LocalStore
from tidegate.store.messages import SeriesSelection, Version
from tidegate.store.remembering import Remembered

USER = User(name="max", role=Role.WRITER, verifier="v")
KEY = ApiKey(id="1", digest="d", name="job", role=Role.READER, issuer="max", issued_at=5)


class TestUsers:
    """Users by name."""

    def test_put_list_remove(self, store):
        """A user is kept as given; putting the name again changes it, and keeps its beginning."""
        store.put_user(USER)
        (made,) = store.users()
        assert msgspec.structs.replace(made, created_at=0) == USER
        store.put_user(msgspec.structs.replace(USER, role=Role.READER, verifier="w"))
        (changed,) = store.users()
        assert (changed.role, changed.verifier) == (Role.READER, "w")
        assert changed.created_at == made.created_at > 0
        store.remove_user("max")
        assert store.users() == []
        with pytest.raises(NotFound):
            store.remove_user("max")

    def test_keys_end_with_their_maker(self, store):
        """Removing a user ends the keys that the user made, and no others."""
        store.put_user(USER)
        store.add_api_key(KEY)
        other = msgspec.structs.replace(KEY, id="2", digest="e", issuer="owner")
        store.add_api_key(other)
        store.remove_user("max")
        assert store.api_keys() == [other]


class TestKeys:
    """Keys by id."""

    def test_add_list_revoke(self, store):
        """A key is kept with all that binds it; its id and digest are its own."""
        bound = msgspec.structs.replace(KEY, repositories=("a", "b"), expires_at=9)
        store.add_api_key(bound)
        assert store.api_keys() == [bound]
        for taken in ({"digest": "e"}, {"id": "2"}):
            with pytest.raises(Duplicate):
                store.add_api_key(msgspec.structs.replace(KEY, **taken))
        store.revoke_api_key("1")
        assert store.api_keys() == []
        with pytest.raises(NotFound):
            store.revoke_api_key("1")

    def test_the_audit_trail_holds_no_hash(self, store):
        """What proves somebody is not written to the trail."""
        store.put_user(msgspec.structs.replace(USER, verifier="hash-of-password"))
        store.add_api_key(msgspec.structs.replace(KEY, digest="hash-of-key"))
        trail = repr(store.audit_trail())
        assert "put-user" in trail
        assert "hash-of" not in trail


class TestModifications:
    """Instants at which readings changed."""

    def test_writes_changes_and_ends(self, store, keys, readings):
        """Each write that changed something in the window is one instant; equal ones are none."""
        window = Window(0, 100)
        key = keys[0]

        def instants(*, quoted: bool = False) -> Any:
            return store.modifications([key], window, quoted=quoted)

        assert instants() == []
        store.merge_readings(readings([(key, 5, 1.0, 9), (key, 500, 1.0, 9)]))
        store.merge_readings(readings([(key, 5, 1.0, 9)]))
        store.merge_readings(readings([(key, 500, 2.0, 9), (keys[1], 5, 2.0, 9)]))
        first = instants()
        assert len(first) == 1
        store.merge_readings(readings([(key, 5, 2.0, 9)]))
        store.delete_readings([key], window)
        found = instants()
        assert found[:1] == first
        assert len(found) == 3
        assert found == sorted(found)
        values = [
            store.read([key], window, version=Version(as_of=at)).read_all()["value"].to_pylist()
            for at in found
        ]
        assert values == [[1.0], [2.0], []]
        assert instants(quoted=True) == []
        store.merge_readings(readings([(key, 5, 3.0, 9)]), quotation=7)
        assert len(instants(quoted=True)) == 1


class TestRemembering:
    """Definitions that are asked for again."""

    def test_every_change_shows_at_once(self, store):
        """Series, units and repositories are as the last change left them."""
        hourly = parse_interval("hour")

        def names() -> list[str]:
            return [one.name for one in store.find_series(SeriesSelection(names=("a", "b")))]

        assert names() == []
        (made,) = store.create_series([NewSeries(name="a", interval=hourly)])
        assert names() == ["a"]
        store.change_series(msgspec.structs.replace(made, name="b"))
        assert names() == ["b"]
        assert "fathom" not in [unit.name for unit in store.units()]
        store.put_unit(Unit(name="fathom"))
        assert "fathom" in [unit.name for unit in store.units()]
        assert store.repositories() == ["main"]
        with LocalStore.open(store._engine.path.parent) as other:
            other.create_repository("x")
            other.remove_series([made.key])
        assert store.repositories() == ["main", "x"]
        assert names() == []

    def test_a_failed_change_leaves_what_was(self, store):
        """After a change that is undone the answers are those from before."""
        store.create_series([NewSeries(name="a")])
        with pytest.raises(Duplicate):
            store.create_series([NewSeries(name="b"), NewSeries(name="a")])
        assert [one.name for one in store.find_series()] == ["a"]

    def test_a_change_through_another_process_shows(self, store):
        """A verb done once for a caller elsewhere is forgotten about only after it is kept."""
        assert store.find_series() == []

        def verb() -> bytes:
            store.create_series([NewSeries(name="a")])
            assert store.find_series() == []
            return b""

        store.once("call", verb)
        assert [one.name for one in store.find_series()] == ["a"]

    def test_the_list_is_the_callers_own(self):
        """What a caller does to an answer does not change the next one."""
        remembered = Remembered()
        remembered.recall("x", lambda: [1]).append(2)
        again = remembered.recall("x", lambda: [9])
        again.clear()
        assert remembered.recall("x", lambda: [9]) == [1]

    def test_an_answer_from_before_a_change_is_not_kept(self):
        """An answer that was on its way while a definition changed is given, not remembered."""
        remembered = Remembered()
        asked, changed = threading.Event(), threading.Event()

        def slow() -> list[int]:
            asked.set()
            changed.wait(5)
            return [1]

        found: list[list[int]] = []
        thread = threading.Thread(target=lambda: found.append(remembered.recall("x", slow)))
        thread.start()
        asked.wait(5)
        remembered.forget()
        changed.set()
        thread.join()
        assert found == [[1]]
        assert remembered.recall("x", lambda: [2]) == [2]

    def test_memory_is_bounded(self):
        """The oldest answers go, and long ones are not kept at all."""
        remembered = Remembered()
        for number in range(5000):
            remembered.recall(number, lambda: [1])
        assert len(remembered._answers) <= 4096
        assert len(remembered.recall("long", lambda: [1] * 1000)) == 1000
        assert remembered.recall("long", list) == []
