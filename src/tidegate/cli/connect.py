"""`tidegate connect`: make a connection to a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note
from tidegate.model.errors import BadValue

if TYPE_CHECKING:
    from tidegate.model.secret import Secret

app = App(name="connect", help="Make a connection to a platform.")
app.command(
    "tidegate.cli.ocpi_login:connect",
    name="ocpi",
    help="Connect to an OCPI platform; the same as tidegate ocpi login.",
)


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
        root = made.settings.get("root", made.url)
        note(f"connected '{name}' by {spoken} at {root}", quiet=common.quiet)
        note(f"hint: tidegate discover {name}", quiet=common.quiet)


def _password(user: str | None, name: str, *, stdin: bool) -> Secret | None:
    if user is None and stdin:
        raise BadValue("--user", None, "given with --password-stdin")
    if user is None:
        return None
    from tidegate.services.secrets import ask

    return ask(f"password of user '{user}' at '{name}'", stdin=stdin, connection=name)


@app.command
def tsm(
    name: str,
    url: str,
    *,
    repository: str = "main",
    user: str | None = None,
    password_stdin: Annotated[bool, Parameter(negative=())] = False,
    token_stdin: Annotated[bool, Parameter(negative=())] = False,
    allow_http: Annotated[bool, Parameter(negative=())] = False,
    formulas: Annotated[bool, Parameter(negative=())] = False,
    max_window: str | None = None,
    lag: str = "3d",
    ahead: str | None = None,
    common: Common = COMMON,
) -> None:
    """Connect to a WebTSM server: with user and password, or with a token.

    The password or token is asked at a hidden prompt, or taken from TIDEGATE_PASSWORD or
    TIDEGATE_TOKEN.

    Args:
        name: what to call the connection.
        url: address of the server, with or without /api at its end.
        repository: the repository to ask, as the server names it.
        user: the account; without one, a token is sent.
        password_stdin: read the password from standard input.
        token_stdin: read the token from standard input.
        allow_http: send the password or token by plain http to another machine.
        formulas: take formulas over as such, instead of the values that the server calculates.
        max_window: longest span to ask for at once, e.g. 90d.
        lag: how far back each pull asks again, since late data arrive there.
        ahead: how far beyond now each pull asks too, for forecasts and schedules, e.g. 7d.
        common: common options.
    """
    from tidegate.services.secrets import ask

    if token_stdin and (user is not None or password_stdin):
        raise BadValue("--token-stdin", True, "given without --user and --password-stdin")
    if password_stdin and user is None:
        raise BadValue("--user", None, "given with --password-stdin")
    what = f"token for '{name}'" if user is None else f"password of user '{user}' at '{name}'"
    secret = ask(what, stdin=password_stdin or token_stdin, connection=name)
    with common.open() as store:
        made = store.connect_tsm(
            name,
            url,
            repository=repository,
            user=user,
            secret=secret,
            allow_http=allow_http,
            formulas=formulas,
            max_window=max_window,
            lag=lag,
            ahead=ahead,
        )
        server = made.settings.get("server") or "a server"
        note(f"connected '{name}' to {made.url}: {server}", quiet=common.quiet)
        note(f"hint: tidegate discover {name}", quiet=common.quiet)


@app.command
def onc(
    name: str = "onc",
    url: str | None = None,
    *,
    token_stdin: Annotated[bool, Parameter(negative=())] = False,
    token: Annotated[str | None, Parameter(name=["--token", "-t"])] = None,
    base_url: str | None = None,
    qa: Annotated[bool, Parameter(name=["--qa", "-q"], negative=())] = False,
    location: Annotated[list[str] | None, Parameter(name=["--location", "-l"], negative=())] = None,
    category: Annotated[list[str] | None, Parameter(name=["--category", "-c"], negative=())] = None,
    quality: Literal["clean", "raw"] = "clean",
    allow_http: Annotated[bool, Parameter(negative=())] = False,
    max_window: str = "2d",
    lag: str = "6h",
    common: Common = COMMON,
) -> None:
    """Connect to Ocean Networks Canada with your token.

    The token is asked at a hidden prompt, or taken from ONC_TOKEN or TIDEGATE_TOKEN. It is under
    Web Services at https://data.oceannetworks.ca/Profile.

    Args:
        name: what to call the connection.
        url: address of the server; that of Ocean Networks Canada unless given.
        token_stdin: read the token from standard input.
        token: the token itself; everybody on this machine can read it while the command runs.
        base_url: the same as the address.
        qa: connect to the server for tests, which is open to staff only.
        location: what discover and pull look at: a location with all below it; may be repeated.
        category: a type of instruments, such as CTD; may be repeated.
        quality: clean keeps numbers that fail the platform's checks as points without number, raw
            keeps the numbers and flags them as faulty.
        allow_http: send the token by plain http to another machine.
        max_window: longest span to ask for at once.
        lag: how far back each pull asks again, since late samples arrive there.
        common: common options.
    """
    from tidegate.services.onc import Server, address, token_of

    if url is not None and base_url is not None:
        raise BadValue("--base-url", base_url, "left out where the address is given")
    secret = token_of(name, token, stdin=token_stdin)
    if token is not None:
        note(
            "warning: others on this machine can see --token while the command runs;"
            " leave it out to be asked, or use --token-stdin"
        )
    with common.open() as store:
        made = store.connect_onc(
            name,
            address(Server(base_url=url or base_url, qa=qa), store.settings),
            token=secret,
            locations=location or (),
            categories=category or (),
            quality=quality,
            allow_http=allow_http,
            max_window=max_window,
            lag=lag,
        )
    note(f"connected '{name}' to {made.url}", quiet=common.quiet)
    if not location and not category:
        note(
            "hint: discover asks for every instrument there is; --location and --category of"
            " tidegate connect onc narrow that down",
            quiet=common.quiet,
        )
    note(f"hint: tidegate discover {name}", quiet=common.quiet)
