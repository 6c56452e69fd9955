"""Records in any order, against a model that keeps the latest of each and sums by hand."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.test_records import EVER, QUARTER, T0, entry, keep, record

from tidegate.store.local import LocalStore
from tidegate.store.messages import ConnectionRecord

KEYS = "abcde"
RECORDS = st.fixed_dictionaries(
    {
        "key": st.sampled_from(KEYS),
        "at": st.integers(1, 6),
        "credits": st.sampled_from([None, None, None, *KEYS]),
        "bins": st.lists(
            st.tuples(st.sampled_from("AB"), st.integers(0, 3), st.integers(0, 5000)), max_size=3
        ),
    }
)


def expected(latest: dict[str, dict[str, Any]]) -> dict[tuple[str, int], float]:
    """Energy of the latest versions, without credits and what they credit."""
    credited = {one["credits"] for one in latest.values() if one["credits"]}
    sums: defaultdict[tuple[str, int], int] = defaultdict(int)
    for key, one in latest.items():
        if key not in credited:
            for subject, quarter, watts in one["bins"]:
                sums[subject, quarter] += watts
    return {place: watts / 1000 for place, watts in sums.items()}


@settings(max_examples=20)
@given(batches=st.lists(st.lists(RECORDS, min_size=1, max_size=4), min_size=1, max_size=5))
def test_bins_are_always_the_sums_of_the_latest(empty_store, batches):
    """Whatever comes, repeats, changes or is credited: every bin is the sum of what counts now."""
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copytree(empty_store, Path(folder) / "store")
        with LocalStore.open(path) as store:
            store.put_connection(ConnectionRecord(name="cpo", platform="ocpi", url="https://x"))
            store.record_catalogue("cpo", [entry("A"), entry("B")])
            store.start_run("cpo", "test")
            latest: dict[str, dict[str, Any]] = {}
            for batch in batches:
                rows, bins = [], []
                for place, one in enumerate(batch):
                    told = f'"{one["credits"]}"'
                    rows.append(record(one["key"], one["at"], told, credits=one["credits"]))
                    bins += [(place, s, quarter, watts / 1000) for s, quarter, watts in one["bins"]]
                    if one["at"] >= latest.get(one["key"], one)["at"]:
                        latest[one["key"]] = one
                keep(store, rows, bins)
            found = {}
            for series in store.find_series():
                table = store.read([series.key], EVER).read_all()
                for row in table.to_pylist():
                    found[series.name, (row["ts"] - T0) // QUARTER] = row["value"]
            assert found == expected(latest)
            assert store.count_records("cpo", "sessions") == len(latest)
