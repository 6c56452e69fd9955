"""The OCPI stand-in read by validators and clients that others wrote."""

from __future__ import annotations

import pytest

from tidegate.standins.ocpi import running

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300), pytest.mark.xdist_group("peers")]

WHOLE = {"locations": 24, "sessions": 120, "cdrs": 120, "tariffs": 6, "tokens": 50}
NO_PRICE_OF_2_3_0 = ["missing excl_vat"]
"""This client still has the price of 2.2.1, which 2.3.0 replaced."""


@pytest.fixture(scope="module")
def read(run_peer):
    """What all readers make of a stand-in whose records all conform."""
    with running(examples=False, token_form="both") as standin:
        return run_peer("ocpi-readers", "read_ocpi.py", standin.versions_url, standin.token)


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_the_dataclasses_of_each_version_take_every_record(read, version):
    """No record of any module, and no credentials, are refused."""
    assert read["types"][version] == {"good": WHOLE, "complaints": []}


def test_a_client_of_2_3_0_reads_what_its_models_know(read):
    """All modules whose objects its models have as the standard has them."""
    expected = {**WHOLE, "sessions": NO_PRICE_OF_2_3_0, "cdrs": NO_PRICE_OF_2_3_0}
    assert read["newest"] == expected


def test_a_generated_client_of_2_1_1_reads_what_its_models_know(read):
    """It wants members of later versions in sessions and CDRs, and nothing that 2.1.1 has."""
    assert read["oldest"]["locations"] == WHOLE["locations"]
    assert read["oldest"]["tariffs"] == WHOLE["tariffs"]
    assert read["oldest"]["sessions"] == ["missing connector_id", "missing evse_uid"]
    assert read["oldest"]["cdrs"] == [
        "missing connector_format",
        "missing connector_id",
        "missing connector_power_type",
        "missing connector_standard",
        "missing evse_id",
        "missing evse_uid",
    ]
