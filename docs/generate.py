"""Write the reference pages from the code: commands, errors, settings.

`python docs/generate.py` writes them, `--check` says which are stale.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import tidegate
from tidegate.model import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE = Path(__file__).parent / "reference"


def commands() -> str:
    """Every command with its arguments and options."""
    from tidegate.cli.app import app

    return app.generate_docs(output_format="markdown").rstrip() + "\n"


def error_codes() -> str:
    """Every error with its code, exit code and HTTP status, wherever in the package it lives."""
    for module in pkgutil.walk_packages(tidegate.__path__, "tidegate."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    rows = [
        f"| `{kind.code}` | {kind.exit_code} | {kind.http_status} | {_first_line(kind)} |"
        for kind in sorted(
            _kinds(errors.TidegateError), key=lambda kind: (kind.exit_code, kind.code)
        )
    ]
    head = (
        "# Errors\n\nAn error prints `error[CODE]: what happened to which thing` and "
        "`hint: what to do next` on standard error.\n"
        "Exit codes: 0 good, 1 some tasks failed, 2 the request is wrong, 3 nothing new, "
        "4 outside the daily window, 70 a bug, 130 stopped by Ctrl-C; others below.\n\n"
        "| code | exit code | HTTP status | meaning |\n| --- | ---: | ---: | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


def standins() -> str:
    """The options of each stand-in, in lines of one width wherever this runs."""
    os.environ["COLUMNS"] = "100"
    pages = [
        "# Stand-ins\n\nServers on loopback that behave as the platforms do, faults included.\n"
    ]
    for name in ("dcs", "ocpi", "onc"):
        parser = importlib.import_module(f"tidegate.standins.{name}.running").option_parser()
        options = parser.format_help().replace("\n\n", "\n").strip()
        pages.append(f"## {name}\n\n```text\n{options}\n```\n")
    return "\n".join(pages)


def settings() -> str:
    """Every setting with its default, environment variable and meaning."""
    from tidegate.services.settings import definitions

    rows = [
        f"| `{one.name}` | `{one.variable}` | {_default(one.name, one.default)} | {one.help} |"
        for one in definitions()
    ]
    head = (
        "# Settings\n\nA setting comes from the command line, the environment, "
        "`tidegate.toml` in the store, the user's `config.toml`, or its default, "
        "in this order; `tidegate config show` says which.\n\n"
        "| setting | environment | default | meaning |\n| --- | --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


PAGES = {
    "commands.md": commands,
    "errors.md": error_codes,
    "settings.md": settings,
    "standins.md": standins,
}


def stale() -> list[str]:
    """Names of the pages that differ from the code."""
    return [
        name
        for name, page in PAGES.items()
        if not (REFERENCE / name).exists() or (REFERENCE / name).read_text("utf-8") != page()
    ]


def _default(name: str, value: object) -> str:
    if name == "store":
        return "the user's data folder"
    return "none" if value is None else f"`{value}`"


def _kinds(kind: type[errors.TidegateError]) -> Iterator[type[errors.TidegateError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)


def _first_line(kind: type[errors.TidegateError]) -> str:
    return (kind.__doc__ or "").splitlines()[0]


def main() -> int:
    """Write the pages, or with `--check` only say which are stale."""
    if "--check" in sys.argv:
        names = stale()
        print("\n".join(f"stale: {name}" for name in names))
        return bool(names)
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
