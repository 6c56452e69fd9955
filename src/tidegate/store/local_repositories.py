"""The verbs of a store in this process that concern repositories and their units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.series import MAIN
from tidegate.store import repositories as repository_rows

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tidegate.model.units import Unit
    from tidegate.store.changes import Change
    from tidegate.store.engine.duckdb import Engine


class LocalRepositories:
    """Repositories and units; a part of `LocalStore`, which opens the engine."""

    _engine: Engine

    def _change(self, actor: str) -> AbstractContextManager[Change]:
        """One transaction that changes definitions, audited under the actor's name."""
        raise NotImplementedError

    def repositories(self) -> list[str]:
        """Names of all repositories, sorted."""

        def found() -> list[str]:
            with self._engine.reading() as session:
                return repository_rows.repositories(session)

        return self._engine.remembered.recall("repositories", found)

    def create_repository(self, name: str, *, zone: str = "UTC", actor: str = "owner") -> None:
        """Create an empty repository."""
        with self._change(actor) as change:
            repository_rows.create_repository(change, name, zone=zone)

    def repository_zone(self, *, repository: str = MAIN) -> str:
        """The zone of times that name none, of sums, and of series made without one."""

        def found() -> list[str]:
            with self._engine.reading() as session:
                return [repository_rows.repository_zone(session, repository)]

        return self._engine.remembered.recall(("zone", repository), found)[0]

    def set_repository_zone(
        self, zone: str, *, repository: str = MAIN, actor: str = "owner"
    ) -> None:
        """Change the zone of a repository; series that it has keep theirs."""
        with self._change(actor) as change:
            repository_rows.set_repository_zone(change, zone, repository)

    def remove_repository(self, name: str, *, actor: str = "owner") -> None:
        """Remove a repository that holds no series."""
        with self._change(actor) as change:
            repository_rows.remove_repository(change, name)

    def units(self, *, repository: str = MAIN) -> list[Unit]:
        """The units of a repository, in the order in which they were made."""

        def found() -> list[Unit]:
            with self._engine.reading() as session:
                return repository_rows.units(session, repository)

        return self._engine.remembered.recall(("units", repository), found)

    def put_unit(
        self, unit: Unit, *, new: bool | None = None, repository: str = MAIN, actor: str = "owner"
    ) -> None:
        """Add a unit, or put it in place of the one with its name."""
        with self._change(actor) as change:
            repository_rows.put_unit(change, unit, repository, new=new)
