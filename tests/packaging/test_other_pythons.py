"""Other Pythons, where they are on this machine: the wheel installs and the main calls work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
SMOKE = """
import tidegate, sys
with tidegate.open(sys.argv[1]) as store:
    store.create_series("A", unit="kW", interval="hour")
    store.write(sys.argv[2], "A")
    table = store.sum(series=["A"], start="2024-03-31", end="2024-04-01", interval="day",
                      zone="Europe/Vienna", unit="kWh")
    print(table.to_pylist()[0]["value"])
"""


def interpreter(version: str) -> str | None:
    """The interpreter of a version, if there is one that runs."""
    found = shutil.which(f"python{version}")
    if found is None:
        return None
    works = subprocess.run([found, "--version"], capture_output=True, check=False)
    if works.returncode == 0:
        return found
    versions = Path(found).parent.parent / "versions"
    return next((str(path) for path in versions.glob(f"{version}.*/bin/python")), None)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_wheel_works(version, tmp_path):
    """A sum over the local day of a clock change has 23 hours on every Python."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not on this machine")
    environment, inside = tmp_path / "environment", tmp_path / "environment" / "bin" / "python"
    hours = [f"2024-03-{30 + hour // 24:02}T{hour % 24:02}:00:00Z,1" for hour in range(48)]
    (tmp_path / "hours.csv").write_text("\n".join(["from,value", *hours]))
    subprocess.run([python, "-m", "venv", "--without-pip", environment], check=True)
    build = [*PIP, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run([*PIP, "--python", inside, "install", "--quiet", wheel], check=True)

    done = subprocess.run(
        [inside, "-c", SMOKE, tmp_path / "store", tmp_path / "hours.csv"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert done.stdout.strip() == "23.0", done.stderr
