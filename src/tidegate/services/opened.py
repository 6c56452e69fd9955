"""An open store as users handle it: `tidegate.open` gives one, every command works on one."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from tidegate.model.closing import Closing
from tidegate.model.errors import TidegateError
from tidegate.services.answers import Answers
from tidegate.services.definitions import Definitions
from tidegate.services.platforms import Platforms


class Store(Definitions, Answers, Platforms, Closing):
    """One open store; a context manager.

    Times are ISO 8601 texts, relative texts such as `today-7d`, dates or datetimes; one without
    zone is local in its repository, UTC unless set. Windows are half-open. Series are named by name
    (with `%` and `_` as wildcards), their id, or given as `Series`.
    """

    @classmethod
    def open(cls, path: str | Path | None = None) -> Self:
        """The store in a folder, made if it does not exist.

        Args:
            path: the folder; `TIDEGATE_STORE`, the settings or the user's data folder unless given.

        Raises:
            StoreBusy: another process owns the store and does not answer.
            StoreTooNew: a later release wrote the store.
        """
        from tidegate.services.connection_files import mirror
        from tidegate.services.settings import store_path
        from tidegate.store import open_store

        folder = store_path(None if path is None else Path(path))
        opened = cls(open_store(folder), folder)
        try:
            mirror(opened.verbs, folder)
        except TidegateError:
            opened.close()
            raise
        return opened

    def close(self) -> None:
        """Let the store go; another process may own it then."""
        self.verbs.close()
