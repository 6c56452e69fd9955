"""Connections of an open store: which there are, and what making one takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegate.model.windows import Window
from tidegate.services.held import Held
from tidegate.services.selection import Moment, instant
from tidegate.services.selection import connection as connection_named

if TYPE_CHECKING:
    from tidegate.model.secret import Secret
    from tidegate.store.messages import ConnectionRecord


class Connected(Held):
    """What an open store and its connections have in common."""

    def connections(self) -> list[ConnectionRecord]:
        """The connections that there are."""
        return self.verbs.connections()

    def test_connection(self, name: str | None = None) -> dict[str, Any]:
        """Sign in with the kept password; what the platform tells of itself."""
        from tidegate.services import connecting

        record = connection_named(self.verbs, name)
        return connecting.test(self.verbs, record, policies=self.policies)

    def remove_connection(self, name: str) -> None:
        """Forget a connection; its series and readings stay."""
        from tidegate.services import connecting

        connecting.remove(self.verbs, connection_named(self.verbs, name))
        self._mirror_connections()

    def _connect(self, record: ConnectionRecord, secret: Secret | None) -> ConnectionRecord:
        """A connection, made once its platform has answered."""
        from tidegate.services.connecting import connect

        made = connect(self.verbs, record, secret, policies=self.policies)
        self._mirror_connections()
        return made

    def _mirror_connections(self) -> None:
        """Keep the file of connections, which commands without a database read, as the store."""
        from tidegate.services.connection_files import mirror

        mirror(self.verbs, self.path)

    def _bounds(
        self, start: Moment | None, end: Moment | None, repository: str
    ) -> tuple[int | None, int | None]:
        zone = self.zone_or_default(None, repository)
        first, last = (
            None if moment is None else instant(moment, zone=zone) for moment in (start, end)
        )
        if first is not None and last is not None:
            Window(first, last)
        return first, last
