"""What the first description of the OCPI exporter asks of a test platform."""

from __future__ import annotations

import subprocess
import sys

import httpx2


def test_o30_a_party_can_try_the_tool_with_a_test_platform():
    """O30: one command starts a platform; what it prints opens all five modules."""
    command = [sys.executable, "-m", "tidegate", "standin", "ocpi", "--until-stdin-closes"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        versions, token, party = (child.stdout.readline().split()[1] for _ in range(3))
        headers = {"Authorization": f"Token {token}"}

        def get(url):
            answer = httpx2.get(url, headers=headers, verify=False)
            assert answer.status_code == 200
            return answer.json()["data"]

        for version in get(versions):
            ends = [
                end for end in get(version["url"])["endpoints"] if end.get("role") != "RECEIVER"
            ]
            lists = {end["identifier"]: get(end["url"]) for end in ends}
            assert lists.pop("credentials")["token"] == token
            assert set(lists) == {"locations", "sessions", "cdrs", "tariffs", "tokens"}
            assert all(lists.values())
        child.communicate(timeout=10)
    assert party == "NL-TST"
    assert child.returncode == 0
