"""`tidegate ocpi login` and `tidegate connect ocpi`: a connection to an OCPI platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show
from tidegate.model.errors import BadValue

if TYPE_CHECKING:
    from tidegate.model.secret import Secret
    from tidegate.platforms.ocpi.settings import OcpiSettings
    from tidegate.services.ocpi.login import Session
    from tidegate.store.messages import ConnectionRecord


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Options:
    """How a platform is spoken with.

    Attributes:
        party: in whose name it is asked: country and party id such as NL-ABC.
        token_stdin: read the token from standard input.
        token: the token itself; everybody on this machine can read it while the command runs.
        version: of OCPI; the best that both sides speak unless given.
        to_party: the party that is asked, or the hub; as the platform says unless given.
        allow_http: send the token by plain http to another machine.
        import_: take token, party and modules from another exporter's file, ~/.ocpi or
            OCPI_SESSION_FILE; it is only read.
        page_size: records to ask for at once.
        throttle: least time between the starts of two page requests, e.g. 2s.
        by_offset: go on by offset where pages name neither a next page nor a total.
        profile: of privacy, for what a pull keeps.
        keep_full: let a pull keep whole records, personal data included.
        energy_from: the module whose records become series of energy.
        interval: raster of these series.
        lag: how far back each pull asks again, since late records arrive there.
    """

    party: str | None = None
    token_stdin: Annotated[bool, Parameter(negative=())] = False
    token: Annotated[str | None, Parameter(name=["--token", "-t"])] = None
    version: str | None = None
    to_party: str | None = None
    allow_http: Annotated[bool, Parameter(negative=())] = False
    import_: Annotated[bool, Parameter(name="--import", negative=())] = False
    page_size: int = 1000
    throttle: str | None = None
    by_offset: Annotated[bool, Parameter(negative=())] = False
    profile: Literal["default", "parity", "strict"] = "strict"
    keep_full: Annotated[bool, Parameter(negative=())] = False
    energy_from: Literal["cdrs", "sessions"] = "cdrs"
    interval: str = "15m"
    lag: str = "3d"


OPTIONS = Options()


def login(
    url: str | None = None,
    *,
    name: str = "ocpi",
    options: Options = OPTIONS,
    common: Common = COMMON,
) -> None:
    """Log in to an OCPI platform with the token that its operator gave.

    The token is asked at a hidden prompt, or taken from TIDEGATE_TOKEN.

    Args:
        url: address of the platform's versions, or of one version.
        name: what to call the connection; one of that name is replaced.
        options: how the platform is spoken with.
        common: common options.
    """
    session = _imported() if options.import_ else None
    if url is None and session is None:
        raise BadValue("URL", None, "given, unless there is --import")
    settings = _settings(options, session)
    secret = _token(url, name, options, session)
    with common.open() as store:
        made = store.connect_ocpi(name, url or "", settings, secret, version=options.version)
    _tell(made, common)


def connect(name: str, url: str, *, options: Options = OPTIONS, common: Common = COMMON) -> None:
    """Connect to an OCPI platform; the same as `tidegate ocpi login`.

    The token is asked at a hidden prompt, or taken from TIDEGATE_TOKEN.

    Args:
        name: what to call the connection; one of that name is replaced.
        url: address of the platform's versions, or of one version.
        options: how the platform is spoken with.
        common: common options.
    """
    login(url, name=name, options=options, common=common)


def _imported() -> Session:
    from tidegate.services.ocpi.login import imported

    return imported()


def _settings(options: Options, session: Session | None) -> OcpiSettings:
    from tidegate.platforms.ocpi.settings import party, read_settings, seconds

    who = options.party or (session and session.party_id)
    if not who:
        raise BadValue("--party", None, "a country and a party id such as NL-ABC")
    if options.page_size < 1:
        raise BadValue("--page-size", options.page_size, "at least one")
    known = {} if session is None else {"version": session.version, "endpoints": session.modules}
    to_party = options.to_party and party(options.to_party, "--to-party")
    return read_settings(
        known
        | {
            "party": party(who),
            "to_party": to_party,
            "page_size": options.page_size,
            "throttle": seconds(options.throttle) if options.throttle else None,
            "by_offset": options.by_offset,
            "allow_http": options.allow_http,
            "profile": options.profile,
            "keep_full": options.keep_full,
            "energy_from": options.energy_from,
            "interval": options.interval,
            "lag": options.lag,
        }
    )


def _token(url: str | None, name: str, options: Options, session: Session | None) -> Secret:
    from tidegate.model.secret import Secret
    from tidegate.platforms.ocpi.login import require_address
    from tidegate.services.secrets import ask

    if url is not None:
        require_address(url, allow_http=options.allow_http)
    if options.token is not None and options.token_stdin:
        raise BadValue("--token", "given", "left out where --token-stdin is given")
    if options.token is not None:
        note(
            "warning: others on this machine can see --token while the command runs;"
            " leave it out to be asked, or use --token-stdin"
        )
        return Secret(options.token)
    if session is not None and not options.token_stdin:
        return session.secret
    return ask(f"token for '{name}'", stdin=options.token_stdin, connection=name)


def _tell(made: ConnectionRecord, common: Common) -> None:
    settings = made.settings
    modules = ", ".join(settings["endpoints"])
    if common.json:
        row = {"name": made.name, "url": made.url, "version": settings["version"]}
        show([row | {"modules": list(settings["endpoints"])}], json=True)
    note(
        f"logged in to {made.url} as '{made.name}': OCPI {settings['version']}, {modules}",
        quiet=common.quiet,
    )
    option = "" if made.name == "ocpi" else f" --connection {made.name}"
    note(f"hint: tidegate ocpi get sessions{option}", quiet=common.quiet)
