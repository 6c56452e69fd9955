"""Leaving alone, in a forked child, the ends of lines that belong to its parent.

Flight waits for threads that a fork does not copy when one of its ends is destroyed, so a child
must never destroy any, not even when it exits.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import Any, Final

_ends: Final[weakref.WeakSet[Any]] = weakref.WeakSet()


def leave_to_parent(end: Any) -> None:
    """Never destroy a Flight server or client in a child that is forked from this process."""
    _ends.add(end)


def _abandon() -> None:
    ends = list(_ends)
    for end in ends:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(end))
    for finalizer in list(getattr(weakref.finalize, "_registry", ())):
        watched = finalizer.peek()
        if watched is not None and any(watched[0] is end for end in ends):
            finalizer.detach()


os.register_at_fork(after_in_child=_abandon)
