"""Wrong ids, times, zones and expressions: refused by name, before or after asking."""

from __future__ import annotations

import dataclasses

import pytest
from tests.faults.campus import SPAN, the_error


def test_id_of_a_meter_given_as_a_register(campus):
    """Readings asked of a meter's id are refused with the registers of that meter."""
    ran = campus(
        "dcs", "readings", "405", "--start", "2024-01-01", "--end", "2024-01-02", check=False
    )

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (31, "unknown-id")
    assert message == "405 is the id of meter 'Sample meter', not of a register"
    assert hint == "its registers: 733 'Active Energy (import)' (kWh)"
    assert ran.out == ""


def test_address_of_a_register_given_as_its_id(campus):
    """Readings asked of a register's address are refused with the id that is meant."""
    ran = campus("dcs", "readings", "131", check=False)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (31, "unknown-id")
    assert message == "131 is the address of register 124 of meter 'Library', no id"
    assert "126 'Solar generation' (kWh)" in hint


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("dcs", "readings", "99999"), "no register 99999"),
        (("dcs", "readings", "733", "--virtual"), "no virtual meter 733"),
        (("dcs", "meters", "733"), "no meter 733"),
        (("dcs", "vms", "405"), "no virtual meter 405"),
    ],
)
def test_ids_that_nothing_has(campus, words, what):
    """An id that nothing has is refused with the way to the ids there are."""
    ran = campus(*words, check=False)

    code, message, _ = the_error(ran)
    assert (ran.code, code) == (31, "unknown-id")
    assert what in message


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("pull", "campus", "R405"), "not-found"),
        (("pull", "camps"), "not-found"),
        (("pull", "--kind", "gauge"), "unknown-name"),
        (("pull", "--from", "2024-02-01", "--to", "2024-01-01"), "bad-window"),
        (("pull", "--from", "yesteryear"), "bad-time"),
        (("pull", "--every", "often"), "unknown-name"),
        (("coverage", "campus", "R405"), "not-found"),
        (("coverage", "--from", "2024-02-01", "--to", "2024-01-01"), "bad-window"),
        (("read", "Sample%", "--from", "2024-02-01", "--to", "2024-01-01"), "bad-window"),
        (("read", "Sample%", *SPAN, "--zone", "Europe/Atlantis"), "unknown-zone"),
        (("read", "R733", *SPAN), "not-found"),
        (("dcs", "readings", "733", "--start", "2024-02-01", "--end", "2024-01-01"), "bad-window"),
        (("dcs", "readings", "733", "--decimal-places", "16"), "bad-value"),
        (("dcs", "readings", "733", "--start", "31/01/2024"), "bad-time"),
        (("dcs", "readings", "733", "--period", "fortnight"), "usage"),
        (("connect", "dcs", "other", "not an address"), "bad-value"),
        (("connect", "dcs", "other", "https://dcs.example/DCSWebApi?password=x"), "bad-value"),
        (("connect", "dcs", "other", "https://demo:demo@dcs.example/DCSWebApi"), "bad-value"),
        (("connect", "dcs", "other", "https://dcs.example", "--lag", "soon"), "unknown-name"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_asked(web_campus, standin, words, code):
    """What is wrong by itself is a usage error with exit code 2, and the server is not asked."""
    ran = web_campus(*words, check=False)

    assert (ran.code, the_error(ran)[0]) == (2, code)
    assert ran.out == ""
    assert standin.log == []


def test_series_named_by_their_subject_are_offered(web_campus):
    """Who reads `R733` is told the names of the series that it fills."""
    hint = the_error(web_campus("read", "R733", check=False))[2]

    assert "'Sample meter: Active Energy (import)'" in hint


def test_expression_with_a_syntax_error(web_campus, standin, tmp_path):
    """A virtual meter that cannot be read harms only itself: it is named with the place in it."""
    meters = standin.service.estate.virtual
    meters[9] = dataclasses.replace(meters[9], expression="R1 + * R3")
    web_campus("discover")
    web_campus("pull", *SPAN)

    ran = web_campus("read", "Sample Virtual Meter", *SPAN, check=False)

    code, message, hint = the_error(ran)
    assert (ran.code, code) == (2, "bad-expression")
    assert "position 5 of 'R1 + * R3'" in message
    assert hint
    assert len(web_campus("read", "Virtual Meter of Interest", *SPAN, "--json").rows) == 1488
