"""The demo: the main job on real input, in under a minute, again and again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook  # type: ignore[import-untyped,unused-ignore]

LIMIT_S = 60


def demo(folder, mark):
    """Run the demo as a process whose descendants can be told by a variable of theirs."""
    return subprocess.run(
        [sys.executable, "-m", "tidegate", "demo", "--folder", str(folder)],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={**os.environ, "DEMO_MARK": mark},
    )


def living(mark):
    """Command lines of the processes that carry the mark."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    return found


@pytest.mark.timeout(3 * LIMIT_S)
def test_demo_twice_in_one_folder(tmp_path):
    """The demo ends by itself, works again on its folder, and leaves nothing outside of it."""
    mark, folder = uuid.uuid4().hex, tmp_path / "demo"

    first = demo(folder, mark)
    again = demo(folder, mark)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert living(mark) == []
    for ran in (first, again):
        assert len(ran.stdout.splitlines()) == 1 + 84
        assert "Traceback" not in ran.stderr
        assert re.search(
            r"6\. 'Sample Virtual Meter'.*difference in 4,032 half hours: 0\n", ran.stderr
        )
    assert re.search(r"3\. Pulled \d+ of \d+ requests, then killed the pull", first.stderr)
    assert re.search(r"4\. Resumed: \d+ of \d+ requests done; readings: [\d,]+ new", first.stderr)
    assert "3. Nothing is due: the store has it all from the last time" in again.stderr
    assert first.stdout == again.stdout
    assert pq.read_metadata(folder / "half_hours.parquet").num_rows == 133_056
    assert (
        len(CalamineWorkbook.from_path(folder / "northern.xlsx").get_sheet_by_index(0).to_python())
        == 85
    )
    assert (folder / "suppliers.png").read_bytes().startswith(b"\x89PNG")
    home = [path for path in Path(os.environ["HOME"]).rglob("*") if path.is_file()]
    assert [path for path in home if "matplotlib" not in path.parts] == []
    assert {path.name for path in tmp_path.iterdir()} == {"demo", "home", "run"}
