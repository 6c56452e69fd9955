"""Starting the command line: quick, helpful, and clear about wrong words."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "duckdb", "pyarrow", "numpy", "httpx2", "h5py", "matplotlib", "plotext", "pandas", "polars",
    "msgspec", "uvicorn", "starlette", "lark", "keyring",
}  # fmt: skip


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_help_loads_nothing_heavy():
    """`tidegate --help` loads no database, dataframe, HTTP, HDF5 or plotting module."""
    code = (
        "import sys; from tidegate.cli import run; run(['--help']);"
        "print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    )

    printed = python("-c", code).stdout

    loaded = set(printed.partition("LOADED")[2].split())
    assert "cyclopts" in loaded
    assert loaded & HEAVY == set()


def test_module_is_the_command():
    """`python -m tidegate` is the command `tidegate`."""
    ran = python("-m", "tidegate", "--version")

    assert (ran.returncode, ran.stdout.strip()) == (0, "0.1.0")


@pytest.mark.parametrize(
    "words", [("help",), ("help", "pull"), ("help", "dcs"), ("help", "dcs", "readings")]
)
def test_help_works_at_every_level(tidegate, words):
    """`tidegate help [command…]` prints the usage of that command."""
    printed = tidegate(*words).out

    assert printed.startswith(f"Usage: tidegate {' '.join(words[1:])}".rstrip())


def test_flag_h_is_help(tidegate):
    """`-h` prints the same as `--help`."""
    assert tidegate("sum", "-h").out == tidegate("sum", "--help").out


@pytest.mark.parametrize(
    "words",
    [
        ("pul",),
        ("pull", "--form", "2024-01-01"),
        ("sum", "--attribute", "A"),
        ("series", "create"),
        ("dcs", "readings", "M405"),
    ],
)
def test_wrong_words_are_usage_errors(tidegate, words):
    """A word that does not fit is one error line, a hint and exit code 2."""
    ran = tidegate(*words, check=False)

    assert ran.code == 2
    assert ran.out == ""
    error, hint = ran.err.splitlines()
    assert error.startswith("error[usage]: ")
    assert hint.startswith("hint: tidegate help")


def test_unknown_command_suggests_the_nearest(tidegate):
    """A command that does not exist is answered with the one that is meant."""
    assert '"pull"' in tidegate("pul", check=False).err


def test_broken_pipe_is_no_error(tmp_path):
    """A reader that goes away ends the command quietly."""
    command = f"{sys.executable} -m tidegate units list --json --store {tmp_path / 's'} | head -n 1"

    ran = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)

    assert ran.stdout.startswith('{"name":"')
    assert ran.stderr == ""


def test_error_without_debug_has_no_traceback(tidegate):
    """An error is a line and a hint; the traceback comes with `--debug`."""
    ran = tidegate("series", "show", "nothing", check=False)

    assert ran.code == 2
    assert ran.err.splitlines()[0] == "error[not-found]: no series 'nothing' here"
    assert "Traceback" not in ran.err


def test_debug_raises(tidegate):
    """With `--debug` the error itself comes through."""
    from tidegate.model.errors import NotFound

    with pytest.raises(NotFound):
        tidegate("series", "show", "nothing", "--debug")
