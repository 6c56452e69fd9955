"""The pipe between fetching and writing."""

from __future__ import annotations

import threading
import time

from tidegate.plans.pipe import Pipe

NEVER = threading.Event()


def test_enough_makes_a_batch():
    """What is held comes out together once it is enough."""
    pipe: Pipe[str] = Pipe(producers=1, capacity=100)
    pipe.put("a", 6)
    pipe.put("b", 6)
    assert pipe.take(enough=10, patience=60, until=NEVER) == ["a", "b"]


def test_patience_makes_a_batch():
    """Less than enough comes out once its first has waited long enough, counted from its coming."""
    pipe: Pipe[str] = Pipe(producers=1, capacity=100)
    began = time.monotonic()
    pipe.put("a", 1)
    assert pipe.take(enough=10, patience=0.1, until=NEVER) == ["a"]
    assert 0.09 <= time.monotonic() - began < 1


def test_the_rest_comes_when_all_have_left():
    """When every producer has left, the rest comes out at once, then nothing."""
    pipe: Pipe[str] = Pipe(producers=2, capacity=100)
    pipe.put("a", 1)
    pipe.leave()
    pipe.leave()
    assert pipe.take(enough=10, patience=60, until=NEVER) == ["a"]
    assert pipe.take(enough=10, patience=60, until=NEVER) == []


def test_full_pipe_holds_its_producer():
    """A producer waits while the pipe is full, so that memory stays bounded."""
    pipe: Pipe[int] = Pipe(producers=1, capacity=10)
    put: list[int] = []

    def produce() -> None:
        for number in range(6):
            pipe.put(number, 5)
            put.append(number)
        pipe.leave()

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    time.sleep(0.3)
    held = list(put)
    taken: list[int] = []
    while things := pipe.take(enough=10, patience=60, until=NEVER):
        taken += things
    thread.join()
    assert held == [0, 1]
    assert taken == [0, 1, 2, 3, 4, 5]


def test_event_ends_the_wait():
    """A waiting reader gives up when told to, even if nothing comes."""
    pipe: Pipe[str] = Pipe(producers=1, capacity=10)
    stopped = threading.Event()
    threading.Timer(0.05, stopped.set).start()
    assert pipe.take(enough=10, patience=60, until=stopped) == []


def test_abort_frees_producers():
    """An aborted pipe holds nobody and keeps nothing more."""
    pipe: Pipe[str] = Pipe(producers=1, capacity=1)
    pipe.put("a", 1)
    threading.Timer(0.05, pipe.abort).start()
    pipe.put("b", 1)
    pipe.put("c", 1)
    pipe.leave()
    assert pipe.take(enough=1, patience=0.01, until=NEVER) == ["a"]
