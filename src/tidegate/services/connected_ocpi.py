"""What an open store does with OCPI platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.services.connected import Connected
from tidegate.transport.progress import SILENT

if TYPE_CHECKING:
    from tidegate.model.secret import Secret
    from tidegate.platforms.ocpi.settings import OcpiSettings
    from tidegate.store.messages import ConnectionRecord
    from tidegate.transport.progress import Progress


class ConnectedOcpi(Connected):
    """Connections to OCPI platforms."""

    def connect_ocpi(
        self,
        name: str,
        url: str,
        settings: OcpiSettings,
        token: Secret,
        *,
        version: str | None = None,
        progress: Progress = SILENT,
    ) -> ConnectionRecord:
        """Log in to an OCPI platform: make a connection once the platform has answered.

        Args:
            name: what to call it; a connection of that name is replaced.
            url: address of the platform's versions, or of one version.
            settings: at least the party in whose name the platform is asked.
            token: as the platform's operator gave it, not encoded.
            version: of OCPI; the best that both sides speak unless given.
            progress: told of requests.

        Raises:
            NotSignedIn, Forbidden: the platform does not take the token.
            InsecureAddress: the token would travel by plain http.
        """
        from tidegate.services.ocpi.login import log_in

        made = log_in(
            self.verbs,
            name,
            url,
            settings,
            token,
            version=version,
            policies=self.policies,
            progress=progress,
        )
        self._mirror_connections()
        return made
