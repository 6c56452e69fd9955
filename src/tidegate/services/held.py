"""What every part of an open store works with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.services.settings import Settings
    from tidegate.store import OpenedStore
    from tidegate.transport.policies import Policies


class Held:
    """An open store, where it lies, and the settings in force for it."""

    def __init__(self, verbs: OpenedStore, path: Path) -> None:
        self.verbs = verbs
        self.path = path

    def zone_or_default(self, zone: str | None, repository: str) -> str:
        """A zone; where none is given, that of the repository."""
        return zone or self.verbs.repository_zone(repository=repository)

    @property
    def settings(self) -> Settings:
        """The settings in force now, those in the store's own file included."""
        from tidegate.services.settings import resolve

        return resolve({"store": str(self.path)})

    @property
    def policies(self) -> Policies:
        """How platforms are treated."""
        from tidegate.services.connecting import policies_of

        return policies_of(self.settings)
