"""Makes the environments of the real clients and servers: `make.py [NAME…]` fills `.peers/NAME`.

Runs on a bare Python with pip; an environment that is complete is left alone.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PEERS = HERE.parents[1] / ".peers"
NAMES = (
    "pythondcs-0.1.1",
    "pythondcs-1.1.1",
    "ocpi-readers",
    "extrawest-ocpi",
    "py-ocpi",
    "python-ocpi",
    "onc-2.3.5",
    "onc-2.5.1",
    "onc-2.6.0",
)


def make(name: str) -> Path:
    """The environment of one client, made if it is not there; gives its interpreter."""
    folder = PEERS / name
    python = folder / "bin" / "python"
    ready = folder / "ready"
    requirements = HERE / f"{name}.txt"
    if ready.exists() and ready.read_text() == requirements.read_text():
        return python
    venv.create(folder, clear=True, symlinks=True, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    subprocess.run(
        [*pip, "install", "--quiet", "--require-hashes", "-r", str(requirements)], check=True
    )
    ready.write_text(requirements.read_text())
    return python


if __name__ == "__main__":
    for peer in sys.argv[1:] or NAMES:
        make(peer)
