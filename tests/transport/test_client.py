"""The client against a server that misbehaves on a real socket."""

from __future__ import annotations

import gzip
import logging
import threading
import time
import zlib
from contextlib import ExitStack
from typing import Any

import pytest
from tests.transport.conftest import RESET, Action, SteppingClock, WireServer, answer, chunked

from tidegate.model.errors import (
    AnswerTooLarge,
    BadValue,
    Forbidden,
    InsecureAddress,
    Interrupted,
    MalformedAnswer,
    NotSignedIn,
    Refused,
    ServerFault,
    Throttled,
    TimedOut,
    TransportError,
    UnknownToPlatform,
    Unreachable,
    UnsafeLink,
)
from tidegate.transport.answers import Answer
from tidegate.transport.client import HttpClient
from tidegate.transport.credentials import Credentials
from tidegate.transport.limiter import Limiter
from tidegate.transport.limits import AnswerLimits, Timeouts
from tidegate.transport.progress import Tally
from tidegate.transport.retry import RetryPolicy

ONCE = RetryPolicy(attempts=1)


class TestAnswers:
    """What a well-behaved server sends arrives."""

    def test_json_is_decoded(self, server: WireServer):
        """The document of an answer is what the server sent."""
        server.answers(answer(b'{"a": [1, 2.5, null]}'))
        with HttpClient(server.url) as client:
            assert client.request("GET", "/x").json() == {"a": [1, 2.5, None]}

    def test_path_follows_the_base(self, server: WireServer):
        """Paths are appended to the base address, whatever slashes either has."""
        with HttpClient(f"{server.url}/DCS//") as client:
            client.request("GET", "/api/Meters/")
            client.request("GET", "api/Meters")
        assert [seen.target for seen in server.seen] == ["/DCS/api/Meters/", "/DCS/api/Meters"]

    def test_an_answer_may_be_an_error_in_spite_of_its_status(
        self, server: WireServer, clock: SteppingClock
    ):
        """What `check` raises is tried again like a status, and comes out if it stays."""

        def check(answer: Answer) -> None:
            if answer.json() == "busy":
                raise Throttled("busy")

        server.answers(answer(b'"busy"'), answer(b'"done"'))
        with HttpClient(server.url, clock=clock) as client:
            assert client.request("GET", "/x", check=check).json() == "done"
        server.answers(answer(b'"busy"'))
        with HttpClient(server.url, retry=ONCE, clock=clock) as client, pytest.raises(Throttled):
            client.request("GET", "/x", check=check)

    def test_stamps_are_made_for_every_request(self, server: WireServer, clock: SteppingClock):
        """Retries and redirects have their own; credentials are not overwritten."""
        server.answers(
            answer(b"{}", "503 Busy"),
            answer(b"", "307 Moved", Location="/y"),
            answer(b"{}"),
        )
        numbers = iter("123")
        client = HttpClient(server.url, stamps=lambda: {"X-Request-ID": next(numbers)}, clock=clock)
        with client:
            client.request("GET", "/x", headers={"Accept": "text/plain"})
        assert [seen.headers["x-request-id"] for seen in server.seen] == ["1", "2", "3"]
        assert {seen.headers["accept"] for seen in server.seen} == {"text/plain"}

    def test_parameters_are_escaped(self, server: WireServer):
        """Colons and plus signs of instants travel percent-encoded."""
        with HttpClient(server.url) as client:
            client.request("GET", "/r", params={"from": "2021-01-01T00:00:00+01:00"})
        assert server.seen[0].target == "/r?from=2021-01-01T00%3A00%3A00%2B01%3A00"

    def test_a_secret_parameter_is_sent_and_never_shown(
        self, server: WireServer, caplog: pytest.LogCaptureFixture
    ):
        """It joins each address when it is sent, a link's query too; logs and errors lack it."""
        caplog.set_level(logging.DEBUG)
        server.answers(
            answer(b"", "302 Moved", Location="/y?a=1&token=s3-cret"),
            answer(b"{}"),
            answer(b'{"message": "no such s3-cret"}', "400 Bad"),
        )
        token = Credentials.parameter(server.url, "token", "s3-cret")
        with HttpClient(server.url, credentials=token) as client:
            client.request("GET", "/x", params={"q": "é"})
            with pytest.raises(Refused) as caught:
                client.request("GET", f"{server.url}/z?page=2")
        assert [seen.target for seen in server.seen] == [
            "/x?q=%C3%A9&token=s3-cret",
            "/y?a=1&token=s3-cret",
            "/z?page=2&token=s3-cret",
        ]
        shown = caplog.text + str(caught.value) + repr(token) + repr(caught.value.__dict__)
        assert "s3-cret" not in shown

    def test_document_is_sent(self, server: WireServer):
        """A document goes out as JSON with its type and length."""
        with HttpClient(server.url) as client:
            client.request("POST", "/s", json={"username": "é", "password": "geheim"})
        seen = server.seen[0]
        assert seen.body == '{"username":"é","password":"geheim"}'.encode()
        assert seen.headers["content-type"] == "application/json"

    def test_post_without_document_has_length_zero(self, server: WireServer):
        """A sign-out carries `Content-Length: 0`."""
        with HttpClient(server.url) as client:
            client.request("POST", "/signout")
        assert server.seen[0].headers["content-length"] == "0"

    def test_introduces_itself(self, server: WireServer):
        """The user agent has the version and the project's address."""
        with HttpClient(server.url) as client:
            client.request("GET", "/")
        agent = server.seen[0].headers["user-agent"]
        assert agent.startswith("tidegate/")
        assert "(+https://" in agent

    def test_loopback_is_asked_for_plain_bytes(self, server: WireServer):
        """This machine is asked not to compress."""
        with HttpClient(server.url) as client:
            client.request("GET", "/")
        assert server.seen[0].headers["accept-encoding"] == "identity"

    def test_cookies_return(self, server: WireServer):
        """Cookies are kept, sent back, and forgotten when told to."""
        server.answers(answer(Set_Cookie="COHERENT-DCS-API=abc; Path=/; HttpOnly"), answer())
        with HttpClient(server.url) as client:
            client.request("POST", "/signin")
            held = client.has_cookies
            client.request("GET", "/a")
            client.clear_cookies()
            client.request("GET", "/b")
            assert (held, client.has_cookies) == (True, False)
        assert [seen.headers.get("cookie") for seen in server.seen] == [
            None,
            "COHERENT-DCS-API=abc",
            None,
        ]

    def test_stream_gives_chunks(self, server: WireServer):
        """A chunked body arrives piece by piece, before it is whole."""
        head, _, rest = chunked(b"[1,", b"2]").partition(b"[1,")
        server.answers([head + b"[1,", 0.2, rest])
        with HttpClient(server.url) as client, client.stream("GET", "/r") as opened:
            pieces = list(opened.chunks())
        assert pieces == [b"[1,", b"2]"]

    @pytest.mark.parametrize(
        ("encoding", "body"),
        [
            ("gzip", gzip.compress(b'{"a": 1}', mtime=0)),
            ("x-gzip", gzip.compress(b'{"a"', mtime=0) + gzip.compress(b": 1}", mtime=0)),
            ("deflate", zlib.compress(b'{"a": 1}')),
            ("deflate", zlib.compress(b'{"a": 1}')[2:-4]),
            ("identity", b'{"a": 1}'),
        ],
    )
    def test_compressed_body(self, server: WireServer, encoding: str, body: bytes):
        """Bodies in gzip of one or more members and both kinds of deflate are understood."""
        server.answers(answer(body, Content_Encoding=encoding))
        with HttpClient(server.url) as client:
            assert client.request("GET", "/").json() == {"a": 1}

    def test_threads_share_a_client(self, server: WireServer):
        """Threads ask at once, no more of them than the limiter has places."""
        server.answers([0.05, answer(b"[1]")])
        with HttpClient(server.url, limiter=Limiter(in_flight=3)) as client:
            found: list[object] = []
            threads = [
                threading.Thread(target=lambda: found.append(client.request("GET", "/").json()))
                for _ in range(9)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert found == [[1]] * 9
        assert server.most_open == 3

    def test_progress_is_told(self, server: WireServer):
        """Requests sent and bytes received are events."""
        server.answers(answer(b"[1,2,3]"))
        tally = Tally()
        with HttpClient(server.url, progress=tally) as client:
            client.request("GET", "/")
        assert (tally["request.sent"], tally["bytes.received"]) == (1, 7)


class TestRefusals:
    """Statuses of 400 and more are errors with the server's own words."""

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            ("400 Bad Request", Refused),
            ("401 Unauthorized", NotSignedIn),
            ("403 Forbidden", Forbidden),
            ("404 Not Found", UnknownToPlatform),
            ("405 Not Allowed", Refused),
            ("429 Too Many", Throttled),
            ("500 Oops", ServerFault),
            ("503 Busy", ServerFault),
        ],
    )
    def test_status_names_the_error(
        self, server: WireServer, status: str, kind: type[TransportError]
    ):
        """Each status has its class, and carries status, details and subject."""
        server.answers(answer(b'{"details": "not today"}', status))
        with HttpClient(server.url, retry=ONCE) as client, pytest.raises(kind) as caught:
            client.request("GET", "/r", params={"key": "q"}, subject="register 733")
        error = caught.value
        assert type(error) is kind
        assert (error.status, error.details, error.subject) == (
            int(status[:3]),
            "not today",
            "register 733",
        )
        assert "register 733" in error.message
        assert error.hint

    def test_explain_is_asked(self, server: WireServer):
        """A platform's own reading of an error body becomes the details."""
        server.answers(answer(b'{"reason": {"text": "span too long"}}', "400 No"))
        explain = lambda said: said.json()["reason"]["text"]  # noqa: E731
        with HttpClient(server.url, explain=explain) as client, pytest.raises(Refused) as caught:
            client.request("GET", "/")
        assert caught.value.details == "span too long"

    def test_explain_that_fails_is_no_failure(self, server: WireServer):
        """An error body of another shape leaves the error without details."""
        server.answers(answer(b"[]", "400 No"))
        explain = lambda said: said.json()["reason"]  # noqa: E731
        with HttpClient(server.url, explain=explain) as client, pytest.raises(Refused) as caught:
            client.request("GET", "/")
        assert caught.value.details is None

    def test_error_page_has_no_details(self, server: WireServer):
        """A web page is not repeated in an error."""
        server.answers(answer(b"<html>Server Error in '/DCS'</html>", "500 Oops", "text/html"))
        with HttpClient(server.url) as client, pytest.raises(ServerFault) as caught:
            client.request("GET", "/")
        assert caught.value.details is None

    def test_huge_error_body_is_cut(self, server: WireServer):
        """Of an error's body only the beginning is read."""
        server.answers(answer(b"x" * 1_000_000, "400 No", "text/plain"))
        with HttpClient(server.url) as client, pytest.raises(Refused) as caught:
            client.request("GET", "/")
        assert len(caught.value.details or "") == 400

    def test_echoed_password_is_masked(self, server: WireServer):
        """A server that repeats the password does not get it shown."""
        server.answers(answer(b'{"details": "no user Max with Muster123!"}', "401 No"))
        with HttpClient(server.url) as client, pytest.raises(NotSignedIn) as caught:
            client.request("POST", "/in", json={"username": "Max", "password": "Muster123!"})
        assert caught.value.details == "no user Max with ***"
        assert "Muster123!" not in str(caught.value)


class TestBrokenAnswers:
    """What a server breaks is an error, never a shorter result."""

    def test_html_is_no_json(self, server: WireServer):
        """A web page where JSON was due is malformed, with a hint at the address."""
        server.answers(answer(b"<!DOCTYPE html><p>Sign in", kind="text/html; charset=utf-8"))
        with HttpClient(server.url) as client:
            found = client.request("GET", "/", subject="the meters")
        with pytest.raises(MalformedAnswer, match="web page") as caught:
            found.json()
        assert caught.value.subject == "the meters"
        assert "address" in (caught.value.hint or "")

    def test_html_stream_is_refused_by_its_type(self, server: WireServer):
        """A stream of a web page is refused before its body is read."""
        server.answers(answer(b"<p>", kind="text/html"))
        with (
            HttpClient(server.url) as client,
            client.stream("GET", "/") as opened,
            pytest.raises(MalformedAnswer),
        ):
            opened.expect_json()

    @pytest.mark.parametrize("body", [b"", b"  ", b'{"a": [1, 2', b"{'a': 1}", b"\xff\xfe", b"NaN"])
    def test_not_json(self, server: WireServer, body: bytes):
        """Empty, cut and ill-formed documents are malformed."""
        server.answers(answer(body))
        with HttpClient(server.url) as client, pytest.raises(MalformedAnswer):
            client.request("GET", "/").json()

    @pytest.mark.parametrize(
        "broken",
        [
            [answer(b'{"a"', length=99)],
            [chunked(b'{"a"', ended=False)],
            [
                answer(
                    gzip.compress(b'{"a": "' + b"long" * 99 + b'"}', mtime=0)[:-12],
                    Content_Encoding="gzip",
                )
            ],
            [answer(b'{"a"', length=99), RESET],
            [RESET],
            [b"HTTP/1.1 200"],
            [b"no http at all\r\n\r\n"],
        ],
        ids=["length", "chunked", "gzip", "reset-in-body", "reset", "head", "no-http"],
    )
    def test_truncation(self, server: WireServer, broken: list[Action]):
        """A body that breaks off is asked for again, and unreachable if it stays so."""
        server.answers(broken, answer(b'{"a": 1}'))
        with HttpClient(server.url, retry=RetryPolicy(base=0.01)) as client:
            assert client.request("GET", "/", subject="s").json() == {"a": 1}
        server.seen.clear()
        server.answers(broken)
        with HttpClient(server.url, retry=ONCE) as client, pytest.raises(Unreachable) as caught:
            client.request("GET", "/", subject="s")
        assert caught.value.subject == "s"

    def test_stream_that_breaks_is_not_retried(self, server: WireServer):
        """Once a streamed body has begun, its end is the reader's business."""
        server.answers([answer(b"[1,2", length=99)], answer(b"[]"))
        with HttpClient(server.url) as client, client.stream("GET", "/") as opened:
            pieces = opened.chunks()
            first = next(pieces)
            with pytest.raises(Unreachable):
                list(pieces)
        assert (first, len(server.seen)) == (b"[1,2", 1)

    def test_wrong_compression(self, server: WireServer):
        """A body that is not compressed as it says is malformed."""
        server.answers(answer(b'{"a": 1}', Content_Encoding="gzip"))
        with HttpClient(server.url) as client, pytest.raises(MalformedAnswer, match="compressed"):
            client.request("GET", "/")

    def test_unasked_encoding(self, server: WireServer):
        """A body in an encoding that we never offer is malformed."""
        server.answers(answer(b"\x0b\x02", Content_Encoding="br"))
        with HttpClient(server.url) as client, pytest.raises(MalformedAnswer, match="'br'"):
            client.request("GET", "/")

    @pytest.mark.parametrize("streamed", [False, True])
    def test_bomb(self, server: WireServer, streamed: bool):
        """A small body that grows beyond measure is dropped before it fills the memory."""
        bomb = gzip.compress(bytes(100 << 20), compresslevel=1, mtime=0)
        server.answers(answer(bomb, Content_Encoding="gzip"))
        taken = 0
        with ExitStack() as stack:
            client = stack.enter_context(HttpClient(server.url, limits=AnswerLimits(ratio=100)))
            stack.enter_context(pytest.raises(AnswerTooLarge))
            if not streamed:
                client.request("GET", "/")
            for piece in stack.enter_context(client.stream("GET", "/")).chunks():
                taken += len(piece)
        assert taken < 40 << 20

    def test_too_large(self, server: WireServer):
        """A body over the limit is refused whether it is held or streamed."""
        server.answers(answer(b"x" * 5000))
        limits = AnswerLimits(whole=1000, decoded=2000)
        with HttpClient(server.url, limits=limits) as client:
            with pytest.raises(AnswerTooLarge, match="1,000"):
                client.request("GET", "/")
            with client.stream("GET", "/") as opened, pytest.raises(AnswerTooLarge, match="2,000"):
                list(opened.chunks())


class TestSilence:
    """A silent server does not hold a run for ever."""

    def test_silence_times_out(self, server: WireServer):
        """No answer within the time is an error of its own."""
        server.answers([2.0, answer()])
        client = HttpClient(server.url, timeouts=Timeouts(read=0.1), retry=ONCE)
        with client, pytest.raises(TimedOut) as caught:
            client.request("GET", "/", subject="register 1")
        assert caught.value.subject == "register 1"

    def test_slow_drip_ends(self, server: WireServer):
        """A body that drips for longer than one answer may take is given up."""
        drip: list[Action] = [0.06, b"1"]
        server.answers([answer(b"[", length=100), *(drip * 50)])
        client = HttpClient(server.url, timeouts=Timeouts(whole=0.3), retry=ONCE)
        began = time.monotonic()
        with client, pytest.raises(TimedOut, match="not done"):
            client.request("GET", "/")
        assert time.monotonic() - began < 2

    def test_slow_reader_is_no_drip(self, server: WireServer):
        """Only waiting for the server counts, not what the reader does between pieces."""
        server.answers(chunked(b"1", b"2", b"3"))
        with HttpClient(server.url, timeouts=Timeouts(whole=0.1)) as client:
            found = []
            with client.stream("GET", "/") as opened:
                for piece in opened.chunks():
                    time.sleep(0.1)
                    found.append(piece)
        assert found == [b"1", b"2", b"3"]

    def test_nobody_there(self, server: WireServer):
        """A refused connection is unreachable, with a hint at address and network."""
        server.stopping.set()
        time.sleep(0.1)
        with HttpClient("http://127.0.0.1:1", retry=ONCE) as client:
            with pytest.raises(Unreachable) as caught:
                client.request("GET", "/", params={"token": "s3cret"})
            assert "network" in (caught.value.hint or "")
            assert "s3cret" not in str(caught.value)

    def test_closing_wakes_a_waiter(self, server: WireServer):
        """Closing a client ends the pause of another thread at once."""
        server.answers(answer(b"{}", "429 Slow down", Retry_After="30"))
        client = HttpClient(server.url)
        raised: list[BaseException] = []

        def ask() -> None:
            try:
                client.request("GET", "/")
            except Interrupted as error:
                raised.append(error)

        thread = threading.Thread(target=ask)
        thread.start()
        while not server.seen:
            time.sleep(0.01)
        time.sleep(0.1)
        client.close()
        thread.join(timeout=5)
        assert [type(error) for error in raised] == [Interrupted]

    @pytest.mark.parametrize("status", ["429 Slow down", "503 Busy"])
    def test_a_stop_wakes_a_waiter(self, server: WireServer, status: str):
        """Whoever pauses before another try is told of a stop at once, by whatever pause."""
        asked: dict[str, Any] = {"Retry_After": "100"} if status.startswith("429") else {}
        server.answers(answer(b"{}", status, **asked))
        stop, paused = threading.Event(), threading.Event()
        retry = RetryPolicy(base=1e9, longest=1e9, silence=1e9, stop=stop)

        class Watching(Tally):
            def update(self, event: str, **more: object) -> None:
                if event == "request.paused":
                    paused.set()

        raised: list[BaseException] = []

        def ask(client: HttpClient) -> None:
            try:
                client.request("GET", "/")
            except Interrupted as error:
                raised.append(error)

        with HttpClient(server.url, retry=retry, progress=Watching()) as client:
            thread = threading.Thread(target=ask, args=(client,))
            thread.start()
            assert paused.wait(30)
            stop.set()
            thread.join(timeout=30)
        assert [type(error) for error in raised] == [Interrupted]
        assert len(server.seen) == 1


class TestRetries:
    """What may succeed soon is asked again, politely."""

    @pytest.mark.parametrize("status", ["429 Slow", "502 Bad", "503 Busy", "504 Late"])
    def test_passing_fault(self, server: WireServer, clock: SteppingClock, status: str):
        """Gateway errors and throttling are asked again for a GET."""
        server.answers(answer(b"{}", status), answer(b"{}", status), answer(b"[1]"))
        with HttpClient(server.url, clock=clock) as client:
            assert client.request("GET", "/").json() == [1]
        assert len(server.seen) == 3
        assert len(clock.waits) == 2

    def test_server_fault_is_final(self, server: WireServer):
        """500 is not asked again unless the platform is known for hiccups."""
        server.answers(answer(b"{}", "500 Oops"), answer(b"[1]"))
        with HttpClient(server.url) as client, pytest.raises(ServerFault):
            client.request("GET", "/")
        server.seen.clear()
        with HttpClient(server.url, retry=RetryPolicy(retry_500=True, base=0.01)) as client:
            assert client.request("GET", "/").json() == [1]

    def test_post_is_sent_once(self, server: WireServer, clock: SteppingClock):
        """What may change the server is not sent again by itself."""
        server.answers(answer(b"{}", "503 Busy", Retry_After="0"))
        with HttpClient(server.url, clock=clock) as client, pytest.raises(ServerFault):
            client.request("POST", "/")
        assert len(server.seen) == 1

    def test_post_is_sent_again_if_allowed(self, server: WireServer, clock: SteppingClock):
        """A call that says so is retried whatever its method."""
        server.answers(answer(b"{}", "503 Busy"), answer(b"[1]"))
        with HttpClient(server.url, clock=clock) as client:
            assert client.request("POST", "/", retry=True).json() == [1]

    def test_retry_after_is_kept(self, server: WireServer, clock: SteppingClock):
        """The pause that a platform asks for is made, and little more."""
        server.answers(answer(b"{}", "429 Slow", Retry_After="7"), answer(b"[1]"))
        with HttpClient(server.url, clock=clock) as client:
            client.request("GET", "/")
        assert 7 <= sum(clock.waits) <= 7.7

    def test_long_pause_is_resumable(self, server: WireServer, clock: SteppingClock):
        """A pause beyond the cap ends the call at once, with what was asked for."""
        server.answers(answer(b"{}", "503 Busy", Retry_After="3600"))
        with HttpClient(server.url, clock=clock) as client, pytest.raises(Throttled) as caught:
            client.request("GET", "/", subject="register 1")
        error = caught.value
        assert (error.retry_after, error.status, error.subject) == (3600.0, 503, "register 1")
        assert clock.waits == []

    def test_endless_throttling_ends(self, server: WireServer, clock: SteppingClock):
        """A platform that always asks for another moment is given up after six requests."""
        server.answers(answer(b'{"details": "slow"}', "429 Slow", Retry_After="0"))
        with HttpClient(server.url, clock=clock) as client, pytest.raises(Throttled) as caught:
            client.request("GET", "/")
        assert (len(server.seen), caught.value.details) == (6, "slow")

    def test_stream_is_retried_before_its_body(self, server: WireServer, clock: SteppingClock):
        """A stream that does not begin is asked for again."""
        server.answers(answer(b"{}", "503 Busy"), answer(b"[1]"))
        with HttpClient(server.url, clock=clock) as client, client.stream("GET", "/") as opened:
            assert list(opened.chunks()) == [b"[1]"]

    def test_place_is_free_during_a_pause(self, server: WireServer):
        """A thread that waits to ask again does not keep others from asking."""
        server.answers([RESET], answer(b"[1]"))
        retry = RetryPolicy(base=2.0, longest=0.6)
        with HttpClient(server.url, limiter=Limiter(in_flight=1), retry=retry) as client:
            thread = threading.Thread(target=lambda: client.request("GET", "/first"))
            thread.start()
            while not server.seen:
                time.sleep(0.005)
            client.request("GET", "/second")
            thread.join()
        assert {seen.target for seen in server.seen} == {"/first", "/second"}


class TestRedirects:
    """A redirect stays at the host."""

    def test_same_host(self, server: WireServer):
        """A redirect within the host is followed."""
        server.answers(answer(b"", "302 Found", Location="/DCS/new?x=1"), answer(b"[1]"))
        with HttpClient(server.url) as client:
            assert client.request("GET", "/old", params={"a": "b"}).json() == [1]
        assert [seen.target for seen in server.seen] == ["/old?a=b", "/DCS/new?x=1"]

    @pytest.mark.parametrize(
        "location",
        [
            "http://evil.example/",
            "//evil.example/x",
            "http://127.0.0.1:1/",
            "http://user:pw@127.0.0.1/",
            "ftp://127.0.0.1/",
            "http://127.0.0.1\\@evil.example/",
        ],
    )
    def test_elsewhere(self, server: WireServer, location: str):
        """A redirect to another host, port, scheme or user is refused."""
        server.answers(answer(b"", "302 Found", Location=location))
        with HttpClient(server.url) as client, pytest.raises(UnsafeLink):
            client.request("GET", "/")
        assert len(server.seen) == 1

    def test_endless(self, server: WireServer):
        """Redirects that never end are refused."""
        server.answers(answer(b"", "302 Found", Location="/a"))
        with HttpClient(server.url) as client, pytest.raises(UnsafeLink, match="without end"):
            client.request("GET", "/")

    @pytest.mark.parametrize(("status", "method"), [("303 See", "GET"), ("307 Same", "POST")])
    def test_method(self, server: WireServer, status: str, method: str):
        """303 turns a POST into a GET without body, 307 repeats it."""
        server.answers(answer(b"", status, Location="/b"), answer())
        with HttpClient(server.url) as client:
            client.request("POST", "/a", json={"x": 1})
        assert (server.seen[1].method, server.seen[1].body) == (
            method,
            b'{"x":1}' if method == "POST" else b"",
        )


class TestSecrets:
    """Secrets go where they belong and nowhere else."""

    def test_credentials_are_sent(self, server: WireServer):
        """Credentials bound to the address travel as a header."""
        token = Credentials.bearer(server.url, "t0ken")
        with HttpClient(server.url, credentials=token) as client:
            client.request("GET", "/")
        assert server.seen[0].headers["authorization"] == "Bearer t0ken"

    def test_credentials_of_another_host_stay(self, server: WireServer):
        """Credentials given for another host are not sent."""
        token = Credentials.bearer("https://other.example", "t0ken")
        with HttpClient(server.url, credentials=token) as client:
            client.request("GET", "/")
        assert "authorization" not in server.seen[0].headers

    def test_plain_http_is_refused(self):
        """Credentials and documents with secrets do not travel by plain http, unless allowed."""
        url = "http://dcs.example"
        token = Credentials.bearer(url, "t0ken")
        with pytest.raises(InsecureAddress, match=r"dcs\.example"):
            HttpClient(url, credentials=token)
        with HttpClient(url) as client, pytest.raises(InsecureAddress):
            client.request("POST", "/signin", json={"username": "u", "password": "p"})
        HttpClient(url, credentials=token, allow_http=True).close()

    def test_nothing_secret_is_logged(
        self, server: WireServer, caplog: pytest.LogCaptureFixture, clock: SteppingClock
    ):
        """At the most talkative level no query, cookie, password or token is logged."""
        caplog.set_level(logging.DEBUG)
        cookie = "sid=c00kie; Path=/"
        server.answers(answer(b"{}", Set_Cookie=cookie), answer(b"{}", "503 Busy"), answer())
        token = Credentials.header(server.url, "X-Api-Key", "hdr-s3cret")
        with HttpClient(server.url, credentials=token, clock=clock) as client:
            client.request("POST", "/in", json={"password": "body-s3cret"})
            client.request("GET", "/r", params={"token": "query-s3cret", "id": "R733"})
        text = caplog.text
        assert "GET http://127.0.0.1" in text
        for secret in ("c00kie", "hdr-s3cret", "body-s3cret", "query-s3cret", "R733"):
            assert secret not in text

    def test_other_users_of_the_library_still_log(
        self, server: WireServer, caplog: pytest.LogCaptureFixture
    ):
        """The HTTP library stays as talkative as before for everybody else."""
        import httpx2

        caplog.set_level(logging.INFO)
        HttpClient(server.url).close()
        httpx2.get(f"{server.url}/theirs")
        assert "/theirs" in caplog.text

    def test_representation_hides(self, server: WireServer):
        """Neither client nor credentials show a secret when printed."""
        token = Credentials.basic(server.url, "Max", "Muster123!")
        with HttpClient(server.url, credentials=token) as client:
            shown = repr(token) + repr(client) + repr(vars(client))
        assert "Muster" not in shown
        assert "TWF4" not in shown

    @pytest.mark.parametrize(
        "url", ["ftp://x", "dcs.example", "https://u:p@x/", "https://x/?a=1", "https://x y/", ""]
    )
    def test_bad_address(self, url: str):
        """An address that is none, or holds more than an address, is refused by name."""
        with pytest.raises(BadValue) as caught:
            HttpClient(url)
        assert "u:p" not in str(caught.value)

    def test_link_of_another_host(self, server: WireServer):
        """A full address as path is asked only at the client's own host."""
        with HttpClient(server.url) as client:
            client.request("GET", f"{server.url}/next?cursor=2")
            with pytest.raises(UnsafeLink):
                client.request("GET", "https://evil.example/next")
        assert server.seen[0].target == "/next?cursor=2"

    def test_environment_proxy_is_not_used_for_loopback(
        self, server: WireServer, monkeypatch: pytest.MonkeyPatch
    ):
        """This machine is asked directly whatever proxies the environment names."""
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        with HttpClient(server.url) as client:
            assert client.request("GET", "/").status == 200

    def test_environment_proxy_is_used(self, server: WireServer, monkeypatch: pytest.MonkeyPatch):
        """Other hosts are asked through the proxy of the environment."""
        monkeypatch.setenv("HTTP_PROXY", server.url)
        with HttpClient("http://data.example") as client:
            client.request("GET", "/x")
        assert server.seen[0].target == "http://data.example/x"

    def test_bad_proxy(self, monkeypatch: pytest.MonkeyPatch):
        """A proxy address that cannot be used is a clear error."""
        monkeypatch.setenv("HTTPS_PROXY", "gopher://x")
        with pytest.raises(BadValue, match="proxy"):
            HttpClient("https://data.example")


def test_answer_remembers_its_subject():
    """An answer that is no JSON says what was asked for."""
    with pytest.raises(MalformedAnswer) as caught:
        Answer(200, {}, b"x", "register 9").json()
    assert caught.value.subject == "register 9"
