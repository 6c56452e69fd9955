"""What an open store does with Ocean Networks Canada."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tidegate.services.connected import Connected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.secret import Secret
    from tidegate.store.messages import ConnectionRecord


class ConnectedOnc(Connected):
    """Connections to Ocean Networks Canada."""

    def connect_onc(
        self,
        name: str,
        url: str | None = None,
        *,
        token: Secret,
        locations: Sequence[str] = (),
        categories: Sequence[str] = (),
        quality: Literal["clean", "raw"] = "clean",
        allow_http: bool = False,
        max_window: str | None = None,
        lag: str | None = None,
    ) -> ConnectionRecord:
        """Make a connection to Ocean Networks Canada, once it has answered.

        Args:
            name: what to call it.
            url: address of the server; as the settings say, or the production server's, unless
                given.
            token: as the profile page of Oceans 3.0 shows it.
            locations: codes of what is discovered and pulled, with all below; everything if none.
            categories: codes of types of instruments; all if none.
            quality: `clean` keeps numbers that fail the platform's checks as points without number,
                `raw` keeps the numbers and flags them as faulty.
            allow_http: send the token by plain http to another machine.
            max_window: longest span of one request.
            lag: how far back each pull asks again.

        Raises:
            NotSignedIn: the server does not accept the token.
            UnknownToPlatform: it does not know a code.
            InsecureAddress: the token would travel by plain http.
        """
        from tidegate.services.onc import Server, record_of

        settings = {
            "locations": list(locations),
            "categories": list(categories),
            "quality": quality,
            "allow_http": allow_http,
            "max_window": max_window,
            "lag": lag,
        }
        record = record_of(name, Server(base_url=url), settings, defaults=self.settings)
        return self._connect(record, token)
