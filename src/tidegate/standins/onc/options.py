"""What an ONC stand-in is started with: catalogue, sizes, the pace of runs, how strict it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

DEMO_TOKEN: Final = "00000000-demo-4000-8000-000000000000"  # noqa: S105 - printed at every start


@dataclass(frozen=True, slots=True)
class Options:
    """How a stand-in is set up.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        token: the token that is accepted.
        any_token: whether every token that is not empty is accepted.
        catalogue: file with the catalogue; `None` is the one that comes with the stand-in.
        seed: decides all values and bytes.
        clock: instant at which the server's clock starts, UTC microseconds; `None` is the present.
        clock_rate: seconds of the server's clock in one second; 0 lets it stand still.
        file_bytes: size of every archive file and of every product file that is no text; 0 takes
            the sizes of the catalogue.
        file_every: seconds from one archive file to the next; 0 takes those of the catalogue.
        files: number of files of each run; 0 lets it follow from the product and the window.
        pace: time that a run takes, as a fraction of the product's time in the catalogue.
        polls: answers that say a run is not complete, at least; the first of them says it is
            queued.
        slots: runs of one token that go on at once; more wait in a queue.
        keep_polls: requests for files of a run, after its completion, before they are gone; 0 keeps
            them for ever.
        strict_options: whether a product that is ordered without all its options is refused (128);
            else defaults are filled in, and a message says so.
        ranges: whether files heed `Range`.
        nan: whether missing values are the bare word NaN; else they are null.
        empty_ok: whether discovery that finds nothing answers 200 as old servers did, not 404.
        cache_pages: pages of measurements kept to be sent again.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token: str = DEMO_TOKEN
    any_token: bool = False
    catalogue: Path | None = None
    seed: int = 1
    clock: int | None = None
    clock_rate: float = 1.0
    file_bytes: int = 0
    file_every: int = 0
    files: int = 0
    pace: float = 0.02
    polls: int = 1
    slots: int = 4
    keep_polls: int = 0
    strict_options: bool = True
    ranges: bool = False
    nan: bool = True
    empty_ok: bool = False
    cache_pages: int = 32
