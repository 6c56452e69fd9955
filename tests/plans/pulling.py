"""A process that pulls from the known platform into a store folder until it is done or killed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.plans.conftest import START, KnownPlatform, enrol

from tidegate.model.instants import DAY
from tidegate.model.windows import Window
from tidegate.plans.runner import Batching, run
from tidegate.plans.splitting import plan
from tidegate.store.local import LocalStore

if TYPE_CHECKING:
    from tidegate.model.connector import Task

SUBJECTS = [f"R{number}" for number in range(1, 7)]
WINDOW = Window(START, START + 120 * DAY)
LATER = START + 200 * DAY


def main(folder: Path) -> None:
    """Pull what is due; say when the first request is about to go out."""

    def slow(_task: Task) -> None:
        time.sleep(0.01)

    platform = KnownPlatform(trouble=slow)
    with LocalStore.open(folder) as store:
        keys = enrol(store, SUBJECTS)
        coverage = store.coverage("known")
        tasks = plan(SUBJECTS, WINDOW, coverage, platform.capabilities, now=LATER)
        print(len(tasks), flush=True)
        batching = Batching(readings=1500, seconds=0.05, ahead=3000)
        report = run(store, platform, "known", tasks, keys, batching=batching)
    sys.exit(report.exit_code)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
