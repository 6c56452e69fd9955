"""Signing in and out, and one transaction at a time, on either API."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
import sys
import threading
import time
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.platforms.dcs.conftest import Asked, Canned, Reply

from tidegate.dcs import DCSSession, DcsWebApi
from tidegate.model.errors import (
    InsecureAddress,
    Interrupted,
    MalformedAnswer,
    NotSignedIn,
    Refused,
    ServerFault,
    Throttled,
    Unreachable,
)
from tidegate.platforms.dcs import turns
from tidegate.platforms.dcs.explaining import back_off
from tidegate.standins.dcs.faults import parse_fault
from tidegate.transport.answers import Answer
from tidegate.transport.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.standins.dcs import Standin

WELCOME = "Successfully logged in to DCS as 'demo' with Administrator privileges"
SIGN_OUTS = {"POST /DCS/api/account/logout/", "POST /DCSWebApi/authentication/signout"}
CLIENTS = pytest.mark.parametrize("kind", [DCSSession, DcsWebApi])


def root(standin: Standin, kind: type[Any]) -> str:
    return standin.base_app if kind is DCSSession else standin.base_web


def opened(standin: Standin, kind: type[Any], password: str | None = "demo") -> Any:
    user = None if password is None else "demo"
    return kind(root(standin, kind), user, password)


def paths(standin: Standin) -> list[str]:
    return [f"{entry.method} {entry.path}" for entry in standin.log]


def sign_in(client: Any, user: str, password: str) -> str:
    call = client.login if isinstance(client, DCSSession) else client.signin
    return str(call(user, password))


def ask(client: Any) -> Any:
    return client.get_vms() if isinstance(client, DCSSession) else client.virtualmeters()


@CLIENTS
class TestSignIn:
    def test_success(self, dcs_standin: Standin, kind: type, caplog: pytest.LogCaptureFixture):
        """Signing in sets name and role and logs the seed's sentence at level INFO."""
        caplog.set_level(logging.INFO, "tidegate.dcs")
        with opened(dcs_standin, kind) as client:
            assert (client.username, client.role) == ("demo", "Administrator")
            assert root(dcs_standin, kind) == client.rooturl

        assert caplog.record_tuples == [("tidegate.dcs", logging.INFO, WELCOME)]

    def test_later(self, dcs_standin: Standin, kind: type):
        """An object made without credentials signs in later, and gives the server's message."""
        with opened(dcs_standin, kind, None) as client:
            assert client.role is None
            assert sign_in(client, "demo", "demo") == WELCOME
            assert ask(client)

    def test_refusal(self, dcs_standin: Standin, kind: type, caplog: pytest.LogCaptureFixture):
        """A refusal is logged, not raised; what follows fails without a request."""
        with opened(dcs_standin, kind, "wrong") as client:
            asked = len(dcs_standin.log)
            with pytest.raises(NotSignedIn) as caught:
                ask(client)

            assert client.role is None
            assert asked == len(dcs_standin.log)
            assert "password is incorrect" in caplog.text
            assert "password is incorrect" in (caught.value.details or "")
            assert sign_in(client, "demo", "demo") == WELCOME
            assert ask(client)

    def test_refusal_gives_the_message(self, dcs_standin: Standin, kind: type):
        """Signing in gives the server's own words when it refuses."""
        with opened(dcs_standin, kind, None) as client:
            assert "password is incorrect" in sign_in(client, "demo", "wrong")

    def test_again(self, dcs_standin: Standin, kind: type):
        """Signing in while signed in signs out first."""
        with opened(dcs_standin, kind) as client:
            sign_in(client, "demo", "demo")

            assert paths(dcs_standin)[1] in SIGN_OUTS

    def test_expiry(self, dcs_standin: Standin, kind: type):
        """When the server has forgotten the session, a call says so with its status."""
        with opened(dcs_standin, kind) as client:
            dcs_standin.faults.add(parse_fault("status:status=401,path=virtual"))
            with pytest.raises(NotSignedIn) as caught:
                ask(client)

        assert caught.value.status == 401

    def test_plain_http(self, kind: type):
        """A password does not travel by plain http to another machine, unless allowed."""
        with pytest.raises(InsecureAddress):
            kind("http://dcs.example.org/DCS", "demo", "demo")

    def test_something_else_answers(self, canned: Canned, kind: type):
        """A web page in place of the answer to a sign-in is an error with a hint."""
        canned.replies["/"] = Reply(b"<html>Welcome</html>", headers={"Content-Type": "text/html"})
        with pytest.raises(MalformedAnswer) as caught:
            kind(canned.url, "demo", "demo")

        assert caught.value.hint

    def test_nobody_answers(self, kind: type):
        """A server that is not there is an error, since it refused nothing."""
        with pytest.raises(Unreachable):
            kind("http://127.0.0.1:9", "demo", "demo")


@CLIENTS
class TestSignOut:
    def test_leaving_the_block(self, dcs_standin: Standin, kind: type):
        """Leaving the `with` block signs out on the server."""
        with opened(dcs_standin, kind):
            pass

        assert paths(dcs_standin)[-1] in SIGN_OUTS

    def test_leaving_by_an_error(self, dcs_standin: Standin, kind: type):
        """An error inside the block signs out all the same, and is not replaced."""
        with pytest.raises(ZeroDivisionError), opened(dcs_standin, kind):
            raise ZeroDivisionError

        assert paths(dcs_standin)[-1] in SIGN_OUTS

    def test_dropping_the_object(self, dcs_standin: Standin, kind: type):
        """An object that nobody holds any more signs out."""
        client = opened(dcs_standin, kind)
        del client
        gc.collect()

        assert paths(dcs_standin)[-1] in SIGN_OUTS

    def test_end_of_the_program(self, dcs_standin: Standin, kind: type):
        """A program that ends without signing out signs out, and says nothing of it."""
        program = (
            "from tidegate.dcs import DCSSession, DcsWebApi\n"
            f"client = {kind.__name__}({root(dcs_standin, kind)!r}, 'demo', 'demo')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
        )

        assert (done.stdout, done.stderr) == ("", "")
        assert paths(dcs_standin)[-1] in SIGN_OUTS

    def test_the_object_goes_on(self, dcs_standin: Standin, kind: type):
        """After signing out the object can sign in again, also as somebody else."""
        with opened(dcs_standin, kind) as client:
            client.logout() if kind is DCSSession else client.signout()

            assert (client.username, client.role) == (None, None)
            assert sign_in(client, "demo", "demo") == WELCOME
            assert ask(client)

    def test_never_raises(self, dcs_standin: Standin, kind: type):
        """Signing out ignores what goes wrong, and forgets the account here."""
        with opened(dcs_standin, kind) as client:
            dcs_standin.faults.add(parse_fault("status:status=500,path=out"))
            client.logout() if kind is DCSSession else client.signout()

            assert client.role is None

    def test_closed(self, dcs_standin: Standin, kind: type):
        """A closed object says so when it is asked."""
        with opened(dcs_standin, kind) as client:
            pass
        with pytest.raises(Interrupted):
            ask(client)


class TestAnonymous:
    def test_public_endpoint(self, dcs_standin: Standin):
        """Without credentials, and after signing out, the public endpoint is asked."""
        with DcsWebApi(dcs_standin.base_web) as client:
            client.meters()
            client.signin("demo", "demo")
            client.meters()
            client.signout()
            client.meters()

        assert [entry.path for entry in dcs_standin.log if entry.path.endswith("meters")] == [
            "/DCSWebApi/public/meters",
            "/DCSWebApi/meters",
            "/DCSWebApi/public/meters",
        ]

    def test_never_while_signing_in_again(
        self, dcs_standin: Standin, monkeypatch: pytest.MonkeyPatch
    ):
        """What another thread asks while the sign-in is renewed never goes to the public one."""
        with DcsWebApi(dcs_standin.base_web, "demo", "demo") as client:
            other, send = client.twin(), client._http.request

            def request(method: str, path: str, **more: Any) -> Any:
                if path.endswith("signin"):
                    with pytest.raises(NotSignedIn):
                        other.meters()
                return send(method, path, **more)

            monkeypatch.setattr(client._http, "request", request)
            client.authenticate("demo", "demo")
            assert other.meters()

        assert not [entry.path for entry in dcs_standin.log if "public" in entry.path]

    def test_never_after_a_failed_sign_in(self, dcs_standin: Standin):
        """A sign-in that got no answer does not make a caller with credentials anonymous."""
        with DcsWebApi(dcs_standin.base_web, "demo", "demo") as client:
            dcs_standin.faults.add(parse_fault("html:path=signin"))
            with pytest.raises(MalformedAnswer):
                client.signin("demo", "demo")
            with pytest.raises(NotSignedIn):
                client.meters()

        assert not [entry.path for entry in dcs_standin.log if "public" in entry.path]

    def test_app_api(self, dcs_standin: Standin):
        """The App API knows no anonymous callers; the server's refusal arrives."""
        with DCSSession(dcs_standin.base_app) as session, pytest.raises(NotSignedIn) as caught:
            session.get_meters()

        assert caught.value.status == 401


class TestFailures:
    @pytest.mark.parametrize(
        "details", [{"details": "no", "status": 400}, {"backOffSuggestion": 2}, ["no"], "no"]
    )
    def test_error_bodies_of_any_kind(self, canned: Canned, details: Any):
        """An error body of any JSON kind arrives as our error with its status and words."""
        canned.answer("/", details, status=400)
        with DcsWebApi(canned.url) as client, pytest.raises(Refused) as caught:
            client.meters()

        assert caught.value.status == 400
        assert caught.value.subject == "meters"
        if isinstance(details, dict):
            assert str(next(iter(details.values()))) in (caught.value.details or "")

    def test_throttled(self, canned: Canned):
        """A pause that is too long to wait for ends the call with the pause that was asked."""
        canned.answer("/", {"details": "slow down"}, status=429, headers={"Retry-After": "3600"})
        with DcsWebApi(canned.url) as client, pytest.raises(Throttled) as caught:
            client.meters()

        assert caught.value.retry_after == 3600

    @pytest.mark.parametrize("suggestion", [3600, "3600", 3600.0])
    @pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}])
    def test_a_pause_suggested_by_the_body(self, canned: Canned, suggestion: Any, headers: Any):
        """Without a header that can be read, `backOffSuggestion` in the body says how long."""
        body = {"details": "slow down", "backOffSuggestion": suggestion}
        canned.answer("/", body, status=429, headers=headers)
        with DcsWebApi(canned.url) as client, pytest.raises(Throttled) as caught:
            client.meters()

        assert caught.value.retry_after == 3600

    @pytest.mark.parametrize("suggestion", ["soon", "nan", "inf", -1, None, [], True])
    def test_a_suggestion_that_is_none(self, suggestion: Any):
        """A suggestion that is no number of seconds asks for nothing."""
        body = msgspec.json.encode({"backOffSuggestion": suggestion})
        assert back_off(Answer(429, {}, body)) is None

    def test_changes_are_sent_once(self, canned: Canned):
        """A call that changes the server is not sent again after a gateway error."""
        canned.answer("/", {}, status=503)
        with DCSSession(canned.url) as session:
            for change in (
                lambda: session.update_meter({"id": 1}),
                lambda: session.delete_user("x"),
                lambda: session.add_registers(1, [2]),
            ):
                before = len(canned.asked)
                with pytest.raises(ServerFault):
                    change()

                assert len(canned.asked) - before == 1

    def test_broken_answers_are_asked_for_again(self, canned: Canned):
        """A list whose answer breaks off is asked for again, whole."""
        good = json.dumps([{"startTime": "2024-01-01T00:00:00Z", "totalValue": 1}]).encode()

        def twice(_: Asked) -> Reply:
            if len(canned.asked) < 2:
                return Reply(pieces=lambda: iter([good[:9]]), headers={"Content-Length": "99"})
            return Reply(good)

        canned.replies["/api"] = twice
        with DCSSession(canned.url, retry=RetryPolicy(base=0.001)) as session:
            assert len(session.get_readings(1, start=date(2024, 1, 1))) == 1
        assert len(canned.asked) == 2


def slowly(rows: int, pause: float = 0.0) -> Iterator[bytes]:
    yield b"["
    for number in range(rows):
        comma = b"," if number else b""
        filler = b"x" * 100_000
        yield comma + b'{"startTime":"2024-01-01T00:00:00Z","id":%d,"f":"%b"}' % (number, filler)
        time.sleep(pause)
    yield b"]"


class TestOneTransactionAtATime:
    def test_threads_wait_for_the_body(self, dcs_standin: Standin):
        """Threads on one object have one answer open at a time, its body included."""
        with DCSSession(dcs_standin.base_app, "demo", "demo") as session:
            dates: dict[str, Any] = {"start": date(2023, 1, 1), "end": date(2023, 3, 1)}
            threads = [
                threading.Thread(target=session.get_readings, args=(733,), kwargs=dates)
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
        readings = [entry for entry in dcs_standin.log if "Readings" in entry.path]

        assert len(readings) == 4
        assert {1} == {entry.in_flight for entry in readings}

    @pytest.mark.timeout(20)
    @pytest.mark.parametrize("in_memory", [100, 16 * 1024 * 1024])
    def test_call_inside_the_loop(
        self, canned: Canned, monkeypatch: pytest.MonkeyPatch, in_memory: int
    ):
        """A call inside the loop over an iterator goes out at once; the loop loses nothing."""
        monkeypatch.setattr(turns, "SPOOL_IN_MEMORY", in_memory)
        canned.replies["/api/registerReadings"] = Reply(pieces=lambda: slowly(60))
        canned.answer("/api/VirtualMeters", [{"id": 9}])
        with DCSSession(canned.url) as session:
            seen = []
            for reading in session.get_readings(1, start=date(2024, 1, 1), iterator=True):
                seen.append(reading["id"])
                if len(seen) in {1, 2, 30}:
                    assert session.get_vms() == [{"id": 9}]

        assert list(range(60)) == seen

    @pytest.mark.timeout(20)
    def test_two_iterators_at_once(self, steady_standin: Standin):
        """Two iterators of one object, read in step by one thread, both give everything."""
        with DCSSession(steady_standin.base_app, "demo", "demo") as session:
            span: dict[str, Any] = {
                "start": date(2023, 1, 1),
                "end": date(2023, 1, 8),
                "iterator": True,
            }
            pairs = list(
                zip(
                    session.get_readings(733, **span),
                    session.get_readings(123, **span),
                    strict=True,
                )
            )

        assert len(pairs) == 7 * 48
        assert all(one["startTime"] == two["startTime"] for one, two in pairs)

    @pytest.mark.timeout(20)
    def test_other_threads_wait_until_the_iterator_is_dropped(self, steady_standin: Standin):
        """Another thread waits for an open iterator; closing or dropping it lets that go on."""
        done = threading.Event()
        with DCSSession(steady_standin.base_app, "demo", "demo") as session:

            def other() -> None:
                session.get_vms()
                done.set()

            for end in (lambda it: it.close(), lambda _: None):
                done.clear()
                iterator = session.get_readings(733, start=date(2023, 1, 1), iterator=True)
                next(iterator)
                thread = threading.Thread(target=other)
                thread.start()

                assert not done.wait(0.2)
                end(iterator)
                del iterator
                assert done.wait(10)
                thread.join(10)

    @pytest.mark.timeout(20)
    def test_iterator_that_never_ran(self, steady_standin: Standin):
        """Dropping an iterator before its first reading frees the object too."""
        with DcsWebApi(steady_standin.base_web, "demo", "demo") as client:
            answer = client.readings("R733", date(2023, 1, 1), periodCount=3, iterator=True)
            del answer
            thread = threading.Thread(target=client.meters)
            thread.start()
            thread.join(10)

            assert not thread.is_alive()

    def test_failure_while_read_aside(self, canned: Canned):
        """When the rest of an answer breaks off as it is read aside, its own loop learns of it."""
        body = b'[{"startTime":"2024-01-01T00:00:00Z","f":"%b"}' % (b"x" * 300_000)
        canned.replies["/api/registerReadings"] = Reply(
            pieces=lambda: iter([body, b',{"startTime"']), headers={"Content-Length": "999999"}
        )
        canned.answer("/api/VirtualMeters", [])
        with DCSSession(canned.url) as session:
            iterator = session.get_readings(1, start=date(2024, 1, 1), iterator=True)

            assert session.get_vms() == []
            with pytest.raises(Unreachable):
                list(iterator)

    def test_leaving_the_block_inside_the_loop(self, canned: Canned):
        """Leaving the block with an answer half read does not read the rest of it."""
        canned.replies["/api/registerReadings"] = Reply(pieces=lambda: slowly(200, 0.05))
        began = time.monotonic()
        with DCSSession(canned.url) as session:
            iterator = session.get_readings(1, start=date(2024, 1, 1), iterator=True)
            next(iterator)
        with pytest.raises(Unreachable):
            list(iterator)

        assert time.monotonic() - began < 5
