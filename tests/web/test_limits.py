"""What the service refuses to take, give or wait for."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tidegate.model.identities import Role
from tidegate.model.intervals import parse_interval
from tidegate.model.series import NewSeries
from tidegate.web.limits import Limits

if TYPE_CHECKING:
    from tests.web.conftest import Caller

    from tidegate.store.verbs import Verbs

PATH = "timeseries/seconds/data"


@pytest.fixture
def limits() -> Limits:
    """Small ones."""
    return Limits(points=10_000, series=3, body=200_000, body_time=0.5)


@pytest.fixture(autouse=True)
def series(store: Verbs) -> None:
    """A series of seconds, and four more."""
    second = parse_interval("second")
    store.create_series([NewSeries(name="seconds", interval=second)])
    store.create_series([NewSeries(name=f"more {n}", interval=second) for n in range(4)])


def is_refused(answer, code: str) -> bool:
    return bool(answer.status == 413 and answer.json()["Code"] == code)


class TestPoints:
    """The number of points."""

    def test_a_thousand_years_of_seconds_is_refused_before_any_work(self, max_):
        """Every kind of data request counts its points first."""
        long = "from=1017-01-01&to=2017-01-01"
        began = time.monotonic()
        for path in (
            f"{PATH}?{long}",
            f"{PATH}?{long}&interval=second",
            f"timeseriescollections/data?name=seconds&{long}",
            f"timeseriescollections/data/sum?name=seconds&{long}&interval=second",
        ):
            assert is_refused(max_.get(path), "TooMuch"), path
        assert time.monotonic() - began < 2

    def test_each_of_several_series_counts(self, max_):
        """Points of several series add up."""
        asked = "timeseriescollections/data?from=2017-01-01&to=2017-01-01T01:30&name="
        assert max_.get(f"{asked}seconds").status == 200
        assert is_refused(max_.get(f"{asked}seconds&name=more%200"), "TooMuch")

    def test_points_far_apart_in_one_body(self, max_):
        """Two points that span more steps than there may be are no reason to build them all."""
        points = [{"From": f"{year}-01-01T00:00:00Z", "Value": 1} for year in (1000, 3000)]
        body = {"Interval": {"Value": 8}, "Data": points}
        answer = max_.post(PATH, body)
        assert is_refused(answer, "TooMuch")
        assert max_.get(f"{PATH}/modifications").json() == []

    def test_a_body_of_too_many(self, max_):
        """More points than allowed in one body are 413."""
        points = [{"From": "2017-01-01"}] * 10_001
        assert max_.post(PATH, {"Data": points}).status == 413


def test_too_many_series(max_):
    """A request about more series than allowed is 413."""
    range_ = "from=2017-01-01&to=2017-01-01T00:01"
    for path in ("data?", "data/sum?interval=minute&"):
        answer = max_.get(f"timeseriescollections/{path}name=%25&{range_}")
        assert is_refused(answer, "TooMuch")


class TestBodies:
    """The size of bodies, and the time they take."""

    def test_an_announced_size_is_enough_to_refuse(self, max_):
        """A body of 200 MB is refused by its announced length, before a byte of it is read."""
        answer = raw(max_, b"Content-Length: 209715200\r\n", b"{")
        assert answer.startswith(b"HTTP/1.1 413")
        assert b'"Code":"BodyTooLarge"' in answer
        assert b"onnection: close" in answer

    def test_a_size_that_shows_on_the_way(self, max_):
        """A body in chunks is refused as soon as it is too long."""
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        answer = raw(max_, b"Transfer-Encoding: chunked\r\n", chunk * 8)
        assert answer.startswith(b"HTTP/1.1 413")

    def test_200_mb_that_are_really_sent(self, max_):
        """Somebody who sends them all the same is cut off, and the service goes on."""
        address = urlsplit(max_.url)
        with socket.create_connection((address.hostname, address.port), 30) as line:
            line.sendall(head(max_, b"Content-Length: 209715200\r\n"))
            piece, sent = b" " * (1 << 20), 0
            try:
                while sent < 200:
                    line.sendall(piece)
                    sent += 1
            except OSError:
                pass
        assert sent < 200
        assert max_.get(f"{PATH}?from=now&to=now").status == 200

    @pytest.mark.parametrize("body", [b"", b'{"Data": ['])
    def test_a_short_body_ends_in_408(self, max_, body):
        """A body shorter than its Content-Length is waited for, but not for ever."""
        began = time.monotonic()
        answer = raw(max_, b"Content-Length: 100\r\n", body)
        assert answer.startswith(b"HTTP/1.1 408")
        assert 0.4 < time.monotonic() - began < 5

    def test_a_body_that_drips_ends_in_408(self, max_):
        """A byte now and then does not keep a request alive."""
        address = urlsplit(max_.url)
        with socket.create_connection((address.hostname, address.port), 30) as line:
            line.sendall(head(max_, b"Content-Length: 1000\r\n"))
            done = threading.Event()

            def drip() -> None:
                while not done.wait(0.05):
                    try:
                        line.sendall(b" ")
                    except OSError:
                        return

            thread = threading.Thread(target=drip)
            thread.start()
            try:
                assert line.recv(65536).startswith(b"HTTP/1.1 408")
            finally:
                done.set()
                thread.join()

    class TestPatience:
        """With patience for bodies that outlasts every call."""

        @pytest.fixture
        def limits(self) -> Limits:
            return Limits(body_time=600)

        def test_many_hanging_bodies_leave_the_service_free(self, max_):
            """Forty requests whose bodies do not come hold up nobody else."""
            at = urlsplit(max_.url)
            lines = [socket.create_connection((at.hostname, at.port), 60) for _ in range(40)]
            try:
                for line in lines:
                    line.sendall(head(max_, b"Content-Length: 100\r\n"))
                assert max_.get(f"{PATH}?from=now&to=now").status == 200
                for line in lines:
                    line.setblocking(False)
                    with pytest.raises(BlockingIOError):
                        line.recv(1)
            finally:
                for line in lines:
                    line.close()


class TestDeletions:
    """The role that deletions need."""

    def test_administrators_unless_set_otherwise(self, wanda, max_):
        """A writer may not remove a series."""
        answer = wanda.delete("timeseries/seconds")
        assert (answer.status, answer.json()["Code"]) == (403, "NotAllowed")
        assert max_.delete("timeseries/seconds").status == 204

    class TestWriters:
        """With the limit lowered."""

        @pytest.fixture
        def limits(self) -> Limits:
            return Limits(deletions_need=Role.WRITER)

        def test_writers_may(self, wanda, rita):
            """A writer may remove a series, a reader still not."""
            assert rita.delete("timeseries/seconds").status == 403
            assert wanda.delete("timeseries/seconds").status == 204


def head(caller: Caller, more: bytes) -> bytes:
    return (
        (
            f"POST /api/repositories/main/{PATH} HTTP/1.1\r\nHost: here\r\n"
            f"Authorization: {caller.authorization}\r\n"
        ).encode()
        + more
        + b"Content-Type: application/json\r\n\r\n"
    )


def raw(caller: Caller, more: bytes, body: bytes) -> bytes:
    return caller.send_raw(head(caller, more) + body)


class TestTime:
    """The time that one answer may take."""

    @pytest.fixture
    def limits(self) -> Limits:
        """Hardly any."""
        return Limits(seconds=0.05)

    def test_a_long_calculation_is_stopped(self, max_):
        """It ends in 503 with a code of its own, soon after its time is up; the service goes on."""
        long = "%2B".join(["MovingAvg([seconds],600)*Sin([seconds])"] * 40)
        window = "from=2017-01-01&to=2017-01-05"
        began = time.monotonic()
        answer = max_.get(f"calculations?{window}&formula={long}&calculationInterval=second")
        assert time.monotonic() - began < 3
        assert answer.status == 503
        assert answer.json()["Code"] == "OutOfTime"
        assert answer.json()["Details"]["Seconds"] == 0.05
        short = "calculations?from=2017-01-01&to=2017-01-01T01:00&formula=1&calculationInterval=3"
        assert max_.get(short).status == 200
