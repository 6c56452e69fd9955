"""What the first bytes of a file tell, held against the ending of its name."""

from __future__ import annotations

from typing import Final

BEGINNING: Final = 16
"""Bytes of a file that are looked at."""

_GZIP: Final = b"\x1f\x8b"
_HDF5: Final = b"\x89HDF\r\n\x1a\n"
_MAGIC: Final[dict[str, tuple[bytes, ...]]] = {
    "gz": (_GZIP,),
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "wav": (b"RIFF", b"RF64"),
    "flac": (b"fLaC",),
    "mat": (b"MATLAB", _HDF5),
    "nc": (b"CDF", _HDF5),
    "pdf": (b"%PDF",),
}


def complaint(name: str, beginning: bytes) -> str | None:
    """What is odd about the first bytes of a file of this name; None if nothing is.

    Endings that have no fixed beginning are only held against that of a packed file.
    """
    ending = name.rpartition(".")[2].lower()
    if beginning.startswith(_GZIP) and ending != "gz":
        return "holds packed (gzip) bytes under a name that does not say so"
    wanted = _MAGIC.get(ending)
    if wanted is None or beginning.startswith(wanted):
        return None
    return f"does not begin as a .{ending} file does"


def is_packed(beginning: bytes) -> bool:
    """True if the bytes begin as a gzip file does."""
    return beginning.startswith(_GZIP)
