"""Progress events."""

from __future__ import annotations

import threading

from tidegate.transport.progress import SILENT, Tally


def test_silent_takes_everything():
    """The silent progress takes any event and does nothing."""
    SILENT.update("anything", amount=3, total=9, subject="x")


def test_tally_counts_and_passes_on():
    """A tally sums amounts by event and tells the next one."""
    inner = Tally()
    outer = Tally(inner)
    outer.update("bytes.received", amount=5)
    outer.update("bytes.received", amount=7, subject="x")
    assert (outer["bytes.received"], inner["bytes.received"], inner["other"]) == (12, 12, 0)


def test_tally_counts_from_many_threads():
    """No event of any thread is lost."""
    tally = Tally()

    def work() -> None:
        for _ in range(2000):
            tally.update("task.done")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally["task.done"] == 8000
