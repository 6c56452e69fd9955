"""Installing: from the checkout and from the wheel, each into an empty environment."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def ran(*command: str | Path, cwd: Path) -> str:
    """The standard output of a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout as a user has it: what git tracks, nothing else."""
    copy = tmp_path_factory.mktemp("checkout")
    files = ran("git", "ls-files", "-z", cwd=ROOT).split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from that copy."""
    folder = tmp_path_factory.mktemp("wheel")
    ran(
        *PIP,
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
        checkout,
        cwd=folder,
    )
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_the_package_and_its_data(wheel):
    """The wheel has the modules, `py.typed` and the stand-in's load curve, and no tests."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert "tidegate/py.typed" in names
    assert any(name.startswith("tidegate/standins/dcs/data/") for name in names)
    assert not [name for name in names if name.startswith(("tests", "benchmarks", "docs"))]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("source", ["wheel", "checkout"])
def test_installed_into_an_empty_environment(source, request, tmp_path):
    """`pip install` gives a command on PATH, a module, an import and types."""
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    ran(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    what = request.getfixturevalue(source)
    ran(*PIP, "--python", python, "install", "--quiet", what, cwd=tmp_path)

    version = ran(environment / "bin" / "tidegate", "--version", cwd=tmp_path).strip()
    module = ran(python, "-m", "tidegate", "--version", cwd=tmp_path).strip()
    code = (
        "from importlib.resources import files; print((files('tidegate') / 'py.typed').is_file())"
    )
    typed = ran(python, "-c", code, cwd=tmp_path).strip()
    extras = ran(
        environment / "bin" / "tidegate", "config", "extras", "--json", "--store", "s", cwd=tmp_path
    )

    assert (version, module, typed) == ("0.1.0", "0.1.0", "True")
    assert extras.count('"installed":false') == 2
