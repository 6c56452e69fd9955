"""Write the reference pages from the code: commands, errors, settings.

`python docs/generate.py` writes them, `--check` says which are stale.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.model import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE = Path(__file__).parent / "reference"


def commands() -> str:
    """Every command with its arguments and options."""
    from tidegate.cli.app import app

    return app.generate_docs(output_format="markdown").rstrip() + "\n"


def error_codes() -> str:
    """Every error with its code, exit code and HTTP status."""
    rows = [
        f"| `{kind.code}` | {kind.exit_code} | {kind.http_status} | {_first_line(kind)} |"
        for kind in sorted(_kinds(errors.TidegateError), key=lambda kind: kind.exit_code)
    ]
    head = (
        "# Errors\n\nAn error prints `error[CODE]: what happened to which thing` and "
        "`hint: what to do next` on standard error.\n"
        "Exit codes: 0 good, 1 some tasks failed, 2 the request is wrong, 3 nothing new, "
        "4 outside the daily window, 70 a bug, 130 stopped by Ctrl-C; others below.\n\n"
        "| code | exit code | HTTP status | meaning |\n| --- | ---: | ---: | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


def settings() -> str:
    """Every setting with its default, environment variable and meaning."""
    from tidegate.services.settings import SETTINGS

    rows = [
        f"| `{one.name}` | `{one.environment}` | {one.default_text} | {one.help} |"
        for one in SETTINGS
    ]
    head = (
        "# Settings\n\nA setting comes from the command line, the environment, "
        "`tidegate.toml` in the store, the user's `config.toml`, or its default, "
        "in this order; `tidegate config show` says which.\n\n"
        "| setting | environment | default | meaning |\n| --- | --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n"


PAGES = {"commands.md": commands, "errors.md": error_codes, "settings.md": settings}


def stale() -> list[str]:
    """Names of the pages that differ from the code."""
    return [
        name
        for name, page in PAGES.items()
        if not (REFERENCE / name).exists() or (REFERENCE / name).read_text("utf-8") != page()
    ]


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
