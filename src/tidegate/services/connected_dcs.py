"""What an open store does with Coherent DCS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.services.connected import Connected
from tidegate.services.selection import connection as connection_named
from tidegate.store.messages import ConnectionRecord

if TYPE_CHECKING:
    from tidegate.model.secret import Secret
    from tidegate.platforms.dcs.asking import Question
    from tidegate.services.dcs import Answered, Row


class ConnectedDcs(Connected):
    """Connections to Coherent DCS, and their servers in their own words."""

    def connect_dcs(
        self,
        name: str,
        url: str,
        *,
        user: str | None = None,
        password: Secret | None = None,
        api: str = "auto",
        allow_http: bool = False,
        calibrated: bool = True,
        max_window: str | None = None,
        lag: str = "3d",
    ) -> ConnectionRecord:
        """Make a connection to a Coherent DCS server, once it has answered; anonymous without user.

        Raises:
            NotSignedIn: the server does not accept the user or the password.
        """
        settings = {
            "user": user,
            "api": api,
            "allow_http": allow_http,
            "calibrated": calibrated,
            "max_window": max_window,
            "lag": lag,
        }
        record = ConnectionRecord(name=name, platform="dcs", url=url, settings=settings)
        return self._connect(record, password)

    def dcs_meters(self, id: int | None = None, *, connection: str | None = None) -> list[Row]:
        """All meters of a DCS server with their registers, or one, as the server has them."""
        from tidegate.services import dcs

        return dcs.meters(self.verbs, self._dcs(connection), id, policies=self.policies)

    def dcs_virtual_meters(
        self, id: int | None = None, *, connection: str | None = None
    ) -> list[Row]:
        """All virtual meters of a DCS server, or one, as the server has them."""
        from tidegate.services import dcs

        return dcs.virtual_meters(self.verbs, self._dcs(connection), id, policies=self.policies)

    def dcs_readings(self, question: Question, *, connection: str | None = None) -> Answered:
        """Readings straight from a DCS server, as they arrive; nothing is stored."""
        from tidegate.services import dcs

        return dcs.readings(self.verbs, self._dcs(connection), question, policies=self.policies)

    def _dcs(self, name: str | None) -> ConnectionRecord:
        return connection_named(self.verbs, name, platform="dcs")
