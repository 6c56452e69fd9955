"""A server that answers as a test tells it to, in the forms of WebTSM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.platforms.dcs.conftest import Canned, canned

from tidegate.model.secret import Secret
from tidegate.platforms.tsm.connector import TsmConnector
from tidegate.store.messages import ConnectionRecord
from tidegate.transport.policies import Policies
from tidegate.transport.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["canned"]

AT = "/api/repositories/main"
IMPATIENT = Policies(retry=RetryPolicy(attempts=1))


def connected(url: str, secret: str | None = None, **settings: Any) -> TsmConnector:
    """A connector to a server, which does not try again."""
    record = ConnectionRecord(name="market", platform="tsm", url=url, settings=settings)
    return TsmConnector(record, None if secret is None else Secret(secret), policies=IMPATIENT)


@pytest.fixture
def connector(canned: Canned) -> Iterator[TsmConnector]:
    """A connector to a server that has a repository."""
    canned.answer("/api/attributetypes", [{"ID": 2, "Name": "Text"}])
    canned.answer(f"{AT}/units", [])
    with connected(canned.url) as opened:
        yield opened
