"""Our clients give what the published ones give, value by value, on stand-ins that are alike."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tidegate.model import instants
from tidegate.standins.dcs import Options, running

pytestmark = [pytest.mark.peers, pytest.mark.timeout(300), pytest.mark.xdist_group("peers")]

OPTIONS = Options(end=instants.parse("2026-01-01"))


def both(run_peer: Any, peer: tuple[str, ...], script: str, *, web: bool = False) -> list[Any]:
    """What `script` prints with a published client and with ours, each on a fresh stand-in."""
    printed: list[Any] = []
    name, *arguments = peer
    for environment, given in ((name, arguments), ("tidegate", ["tidegate.dcs", *arguments[1:]])):
        with running(OPTIONS) as standin:
            base = standin.base_web if web else standin.base_app
            printed.append(run_peer(environment, script, *given, base))
    return printed


def differing(theirs: dict[str, Any], ours: dict[str, Any]) -> set[str]:
    """The names under which the results differ, the kinds of numbers included."""
    assert theirs.keys() == ours.keys()
    return {
        name
        for name in theirs
        if json.dumps(theirs[name], sort_keys=True) != json.dumps(ours[name], sort_keys=True)
    }


@pytest.mark.parametrize(
    "peer", [("pythondcs-0.1.1", "pythondcs"), ("pythondcs-1.1.1", "pythondcspro")]
)
def test_sessions_give_the_same(run_peer, peer):
    """Every core function of DCSSession gives the results of both releases."""
    assert differing(*both(run_peer, peer, "drive_session.py")) <= {"printed"}


def test_extra_functions_give_the_same(run_peer):
    """Every function beyond the core gives the results of 1.1.1."""
    peer = ("pythondcs-1.1.1", "pythondcspro", "1.1.1")
    assert differing(*both(run_peer, peer, "drive_pro.py")) == set()


def test_web_clients_give_the_same(run_peer):
    """DcsWebApi differs only where a refused sign-in must not fall back, and in words of errors."""
    theirs, ours = both(run_peer, ("pythondcs-1.1.1", "pythondcs"), "drive_web.py", web=True)
    assert differing(theirs, ours) == {"after refusal", "errors"}
    assert ours["after refusal"] == "NotSignedIn"
    for name, (status, message) in theirs["errors"].items():
        details = message.partition("details : ")[2].strip()
        assert ours["errors"][name][0] == status
        assert details in ours["errors"][name][1]


def test_the_example_scripts_give_the_same(run_peer):
    """D34: both examples of the readme give the readings of the real 0.1.1, one by one."""
    theirs, ours = both(run_peer, ("pythondcs-0.1.1", "pythondcs"), "seed_examples.py")
    assert len(ours["readings"]) == 1440
    assert differing(theirs, ours) == set()
