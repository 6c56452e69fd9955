"""The machine that runs orders: a queue per token, runs with a length, files at their end."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tidegate.standins.onc.bodies import Body

_MESSAGES: Final = ("Searching for data", "Generating the data product")


@dataclass(slots=True)
class Run:
    """One execution of an order; times are seconds of a clock without a date.

    Attributes:
        id: its number.
        seconds: how long it takes.
        status: queued, running, complete, error or cancelled.
        started: when it left the queue.
        polls: how often it was asked for before it was complete.
        told: when the last of the answers that it owes was given.
        asked_after: how often its files were asked for once it was complete.
        dropped: indices of files that were delivered and dropped.
    """

    id: int
    seconds: float
    status: str = "queued"
    started: float = 0.0
    polls: int = 0
    told: float = 0.0
    asked_after: int = 0
    dropped: set[str] = field(default_factory=set)

    @property
    def is_active(self) -> bool:
        """Whether it waits or goes on."""
        return self.status in {"queued", "running"}


@dataclass(slots=True)
class Order:
    """An order for one product over one window.

    Attributes:
        id: its number.
        owner: token of the user.
        seconds: how long each of its runs takes.
        fate: how its runs end: complete, error or cancelled.
        run_count: how many runs it has.
        files: names of its files.
        body: gives a file by its place.
        meta: the metadata file.
        runs: its runs, once it is run.
    """

    id: int
    owner: str
    seconds: float
    fate: str
    run_count: int
    files: Sequence[str]
    body: Callable[[int], Body]
    meta: Body
    runs: list[Run] = field(default_factory=list)


class Orders:
    """All orders of a stand-in.

    Args:
        slots: runs of one owner that go on at once.
        polls: answers that say that a run is not complete, at least.
    """

    def __init__(self, slots: int, polls: int) -> None:
        self._slots, self._polls = slots, polls
        self._numbers, self._run_numbers = count(1000), count(5000)
        self.orders: dict[int, Order] = {}
        self._of_run: dict[int, tuple[Order, Run]] = {}
        self._active: dict[str, list[tuple[Order, Run]]] = {}

    def add(self, **fields: Any) -> Order:
        """A new order."""
        order = Order(id=next(self._numbers), **fields)
        self.orders[order.id] = order
        return order

    def start(self, order: Order, now: float) -> list[Run]:
        """Runs an order; a second time it starts nothing."""
        if not order.runs:
            numbers = [next(self._run_numbers) for _ in range(order.run_count)]
            order.runs = [Run(number, order.seconds) for number in numbers]
            self._of_run.update({run.id: (order, run) for run in order.runs})
            self._enter(order)
        self.advance(now)
        return order.runs

    def run(self, number: int, now: float) -> tuple[Order, Run] | None:
        """A run and its order, as they stand."""
        self.advance(now)
        return self._of_run.get(number)

    def ask(self, runs: list[Run], now: float) -> None:
        """Counts that somebody asked how runs stand, after they were told."""
        for run in runs:
            run.polls += run.is_active
            if run.polls <= self._polls:
                run.told = now
        self.advance(now)

    def cancel(self, order: Order) -> None:
        """Ends the runs of an order that are not complete."""
        for run in order.runs:
            if run.is_active:
                run.status = "cancelled"

    def restart(self, order: Order, now: float) -> None:
        """Begins the runs of an order again; they keep their numbers."""
        for run in order.runs:
            run.status, run.polls, run.asked_after = "queued", 0, 0
            run.dropped.clear()
        self._enter(order)
        self.advance(now)

    def _enter(self, order: Order) -> None:
        mine = [pair for pair in self._active.get(order.owner, []) if pair[0] is not order]
        self._active[order.owner] = mine + [(order, run) for run in order.runs]

    def active(self) -> int:
        """How many runs wait or go on."""
        return sum(run.is_active for mine in self._active.values() for _, run in mine)

    def place(self, order: Order, run: Run) -> int:
        """Where a run stands in the queue of its owner, from 1."""
        queue = [other for _, other in self._active[order.owner] if other.status == "queued"]
        return 1 + queue.index(run)

    def message(self, order: Order, run: Run, now: float) -> str:
        """What a run does."""
        if run.status == "queued":
            return f"Waiting in the queue at place {self.place(order, run)}"
        share = (now - run.started) / run.seconds if run.seconds else 1.0
        if share < 0.7 or not order.files:
            return _MESSAGES[share > 0.2]
        return f"Transferring ({order.files[0]}) to the FTP server"

    def advance(self, now: float) -> None:
        """Lets time pass: runs end, and those that wait take their places."""
        for owner, mine in self._active.items():
            self._advance(mine, now)
            self._active[owner] = [pair for pair in mine if pair[1].is_active]

    def _advance(self, mine: list[tuple[Order, Run]], now: float) -> None:
        told = min(1, self._polls)  # whoever asks is told once that a run waits
        ended = 0.0
        while True:
            going = sum(run.status == "running" for _, run in mine)
            waiting = [run for _, run in mine if run.status == "queued" and run.polls >= told]
            for run in waiting[: max(0, self._slots - going)]:
                run.status, run.started = "running", ended or now
            ending = [
                (max(run.started + run.seconds, run.told), run.id, order, run)
                for order, run in mine
                if run.status == "running"
                and run.started + run.seconds <= now
                and run.polls >= self._polls
            ]
            if not ending:
                return
            ended, _, order, run = min(ending)
            run.status = order.fate
