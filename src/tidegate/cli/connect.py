"""`tidegate connect`: make a connection to a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note

if TYPE_CHECKING:
    from tidegate.model.secret import Secret

app = App(name="connect", help="Make a connection to a platform.")


@app.command
def dcs(
    name: str,
    url: str,
    *,
    user: str | None = None,
    password_stdin: Annotated[bool, Parameter(negative=())] = False,
    api: Literal["auto", "app", "web"] = "auto",
    allow_http: Annotated[bool, Parameter(negative=())] = False,
    calibrated: bool = True,
    max_window: str | None = None,
    lag: str = "3d",
    common: Common = COMMON,
) -> None:
    """Connect to a Coherent DCS server; without a user, anonymously.

    The password is asked at a hidden prompt, or taken from TIDEGATE_PASSWORD.

    Args:
        name: what to call the connection.
        url: address of the server: of its user interface (App API) or its DcsWebApi (Web API).
        user: the account.
        password_stdin: read the password from standard input.
        api: which API to speak; auto tries the Web API, then the App API, and says which.
        allow_http: send the password by plain http to another machine.
        calibrated: keep totals as calibrated by the server.
        max_window: longest span to ask for at once, e.g. 365d.
        lag: how far back each pull asks again, since late data arrive there.
        common: common options.
    """
    with common.open() as store:
        made = store.connect_dcs(
            name,
            url,
            user=user,
            password=_password(user, name, stdin=password_stdin),
            api=api,
            allow_http=allow_http,
            calibrated=calibrated,
            max_window=max_window,
            lag=lag,
        )
        spoken = {"web": "the Web API", "app": "the App API"}[made.settings["api"]]
        note(f"connected '{name}' to {made.url} by {spoken}", quiet=common.quiet)
        note(f"hint: tidegate discover {name}", quiet=common.quiet)


def _password(user: str | None, name: str, *, stdin: bool) -> Secret | None:
    if user is None:
        return None
    from tidegate.services.secrets import ask

    return ask(f"password of {user} for {name}", stdin=stdin, connection=name)
