"""Settings: one table of what can be set, and the value of each with where it came from.

Most specific first: the command line, the environment (`TIDEGATE_…`), `tidegate.toml` in the
store, the user's `config.toml`, the default. Files name settings at their top level.
"""

from __future__ import annotations

import difflib
import os
import tomllib
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import platformdirs
from msgspec import Meta

from tidegate.model.errors import BadFile, BadValue, UnknownName
from tidegate.model.secret import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX: Final = "TIDEGATE_"
STORE_FILE: Final = "tidegate.toml"
USER_FILE: Final = "config.toml"

COMMAND_LINE: Final = "command line"
DEFAULT: Final = "default"

_SECRETS: Final = ("TIDEGATE_PASSWORD", "TIDEGATE_TOKEN")
SECRETS_FILE: Final = "TIDEGATE_SECRETS"

Positive = Annotated[float, Meta(gt=0)]
Address = Annotated[str, Meta(pattern="^https?://[^/]+[^?#]*$")]
When = Literal["auto", "always", "never"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting: its name, type, bounds, meaning and default."""

    store: Annotated[
        str,
        Meta(min_length=1, description="folder of the store; not to be set inside one"),
    ] = msgspec.field(default_factory=lambda: str(platformdirs.user_data_path("tidegate")))
    connect_timeout: Annotated[Positive, Meta(description="seconds to wait for a connection")] = (
        10.0
    )
    read_timeout: Annotated[
        Positive, Meta(description="seconds to wait for the next bytes of an answer")
    ] = 120.0
    answer_timeout: Annotated[
        Positive, Meta(description="seconds that one answer may take from first to last byte")
    ] = 3600.0
    retry_attempts: Annotated[
        int, Meta(ge=1, le=100, description="requests sent for one call, the first included")
    ] = 6
    silence_budget: Annotated[
        Positive, Meta(description="seconds without any data after which a call is given up")
    ] = 300.0
    longest_pause: Annotated[
        Positive, Meta(description="longest pause in seconds that a platform may ask for")
    ] = 120.0
    requests_per_second: Annotated[
        Positive | None, Meta(description="requests to a platform a second; no limit unless set")
    ] = None
    requests_in_flight: Annotated[
        int, Meta(ge=1, le=64, description="requests to a platform that may be open at once")
    ] = 4
    answer_limit_mib: Annotated[
        int, Meta(ge=1, description="largest answer held in memory, in MiB")
    ] = 256
    onc_url: Annotated[
        Address | None,
        Meta(
            description="address of the services of Ocean Networks Canada, where no other is given",
        ),
    ] = None
    service_max_points: Annotated[
        int, Meta(ge=1, description="points that one request to the service may send or get")
    ] = 5_000_000
    service_max_series: Annotated[
        int, Meta(ge=1, description="series that one request to the service may name")
    ] = 50_000
    service_max_seconds: Annotated[
        Positive, Meta(description="seconds that a sum, calculation or reading may take to begin")
    ] = 60.0
    service_max_body_mib: Annotated[
        int, Meta(ge=1, description="largest body that the service takes, in MiB")
    ] = 64
    service_body_timeout: Annotated[
        Positive, Meta(description="seconds in which the body of a request must come")
    ] = 30.0
    service_share_rate: Annotated[
        int, Meta(ge=1, description="requests to /share that one key may make a minute")
    ] = 120
    service_address: Annotated[
        Address | None,
        Meta(
            description="address at which others reach the service, such as https://data.example;"
            " links to next pages begin with it",
        ),
    ] = None
    service_basic_auth: Annotated[
        bool, Meta(description="whether the service takes users with passwords, not only keys")
    ] = True
    service_deletions_need: Annotated[
        Literal["writer", "administrator"],
        Meta(description="role for removing series, attributes and bulk assignments"),
    ] = "administrator"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="least level that is shown")
    ] = "info"
    color: Annotated[When, Meta(description="colour; auto means on a terminal")] = "auto"
    progress: Annotated[When, Meta(description="progress; auto means on a terminal")] = "auto"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is in force; the value of a secret one is masked."""

    name: str
    value: Any
    source: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """What a setting is: for help, docs and validation.

    Attributes:
        variable: the name of its environment variable.
        kind: its type, bounds included.
    """

    name: str
    variable: str
    kind: Any
    default: Any
    help: str


def definitions() -> tuple[Definition, ...]:
    """Every setting there is, the store first, in the order in which they are shown."""
    return tuple(_definitions())


def _definitions() -> Iterator[Definition]:
    hints = typing.get_type_hints(Settings, include_extras=True)
    defaults = Settings()
    for name in Settings.__struct_fields__:
        metas = [meta for meta in hints[name].__metadata__ if isinstance(meta, Meta)]
        yield Definition(
            name=name,
            variable=PREFIX + name.upper(),
            kind=hints[name],
            default=getattr(defaults, name),
            help=next(meta.description for meta in metas if meta.description),
        )


def resolve(
    given: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    user_file: Path | None = None,
) -> Settings:
    """The settings in force as one value.

    Args:
        given: what the command line says; None values count as not given.
        environment: the variables of the environment.
        user_file: the user's file; the usual one unless given.

    Raises:
        UnknownName: a file, the environment or the command line names no setting.
        BadValue: a value that its setting cannot take.
        BadFile: a settings file that is no TOML.
    """
    found = effective(given, environment=environment, user_file=user_file)
    return Settings(**{one.name: one.value for one in found if not one.secret})


def effective(
    given: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] = os.environ,
    user_file: Path | None = None,
) -> list[Setting]:
    """Every setting with its value and where that came from; see `resolve`.

    Secrets of the environment come last, masked.
    """
    table = definitions()
    command_line = {name: value for name, value in (given or {}).items() if value is not None}
    user_file = user_file or platformdirs.user_config_path("tidegate") / USER_FILE
    layers = [
        (COMMAND_LINE, _known(command_line, "setting")),
        ("environment", _of_environment(environment, table)),
        (str(user_file), _of_file(user_file)),
    ]
    store_file = Path(_setting(table[0], layers).value).expanduser() / STORE_FILE
    of_store = _of_file(store_file)
    if "store" in of_store:
        hint = "take that line out; set it in the user's file, by TIDEGATE_STORE or --store"
        raise BadFile(store_file, "'store' cannot be set inside a store", hint=hint)
    layers.insert(2, (str(store_file), of_store))
    settings = [_setting(definition, layers) for definition in table]
    return settings + [
        Setting(name.removeprefix(PREFIX).lower(), MASK, f"environment {name}", secret=True)
        for name in sorted(environment)
        if _is_secret(name) and environment[name]
    ]


def store_path(given: Path | None = None) -> Path:
    """The folder of the store: as given, or as the settings say."""
    chosen = resolve({"store": None if given is None else str(given)}).store
    return Path(chosen).expanduser()


def _setting(definition: Definition, layers: list[tuple[str, dict[str, Any]]]) -> Setting:
    name = definition.name
    for source, values in layers:
        if name not in values:
            continue
        place = f"environment {definition.variable}" if source == "environment" else source
        return Setting(name, _converted(definition, values[name], place), place)
    return Setting(name, definition.default, DEFAULT)


def _converted(definition: Definition, value: Any, source: str) -> Any:
    try:
        return msgspec.convert(value, definition.kind, strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        raise BadValue(f"{definition.name} ({source})", value, _wanted(definition, error)) from None


def _wanted(definition: Definition, error: msgspec.ValidationError) -> str:
    choices = typing.get_args(typing.get_args(definition.kind)[0])
    if choices and all(isinstance(choice, str) for choice in choices):
        return f"one of {', '.join(choices)}"
    return f"{definition.help} ({str(error).partition(' - at')[0].lower()})"


def _of_environment(
    environment: Mapping[str, str], table: tuple[Definition, ...]
) -> dict[str, Any]:
    """Settings of the environment; a variable that merely begins like ours may be another's."""
    by_variable = {one.variable: one.name for one in table}
    known = [*by_variable, *_SECRETS, SECRETS_FILE]
    for variable in environment:
        if not variable.startswith(PREFIX) or variable in known or _is_secret(variable):
            continue
        if difflib.get_close_matches(variable, known, n=1, cutoff=0.85):
            raise UnknownName("environment variable", variable, known)
    return {
        name: environment[variable]
        for variable, name in by_variable.items()
        if environment.get(variable)
    }


def _of_file(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        hint = "write TOML, one line such as retry_attempts = 3 a setting"
        raise BadFile(path, f"cannot be read as settings: {error}", hint=hint) from error
    return _known(document, f"setting ({path})")


def _known(values: Mapping[str, Any], kind: str) -> dict[str, Any]:
    for name in values:
        if name not in Settings.__struct_fields__:
            raise UnknownName(kind, name, Settings.__struct_fields__)
    return dict(values)


def _is_secret(variable: str) -> bool:
    return variable.startswith(_SECRETS)
