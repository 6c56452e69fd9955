"""Connections and the runs that pull from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tidegate.model.errors import BadValue, NotFound
from tidegate.store.changes import Change, to_json
from tidegate.store.messages import ConnectionRecord, Run, RunState
from tidegate.store.records_keys import forget_keys
from tidegate.store.records_tables import RECORD_TABLE_NAMES

if TYPE_CHECKING:
    from tidegate.store.engine.duckdb import Session


def connections(session: Session) -> list[ConnectionRecord]:
    """All connections, by name."""
    rows = session.rows("SELECT name, platform, url, settings FROM connections ORDER BY name")
    return [
        ConnectionRecord(name=name, platform=platform, url=url, settings=_settings(settings))
        for name, platform, url, settings in rows
    ]


def require_connection(session: Session, name: str) -> None:
    """Do nothing if the connection exists.

    Raises:
        NotFound: it does not.
    """
    if session.row("SELECT 1 FROM connections WHERE name = $name", name=name) is None:
        raise NotFound("connection", name, hint="see `tidegate connections`")


def put_connection(change: Change, connection: ConnectionRecord) -> None:
    """Add a connection, or put it in place of the one with its name."""
    if not connection.name.strip():
        raise BadValue("connection name", connection.name, "a text that is not blank")
    before = {one.name: one for one in connections(change.session)}.get(connection.name)
    if before == connection:
        return
    change.session.run("DELETE FROM connections WHERE name = $name", name=connection.name)
    change.session.run(
        "INSERT INTO connections VALUES ($name, $platform, $url, $settings)",
        name=connection.name,
        platform=connection.platform,
        url=connection.url,
        settings=to_json(connection.settings),
    )
    change.audit("put-connection", f"connection {connection.name}", before=before, after=connection)


def remove_connection(change: Change, name: str) -> None:
    """Forget a connection, its catalogue, its coverage and its records."""
    require_connection(change.session, name)
    change.session.run("DELETE FROM connections WHERE name = $name", name=name)
    for table in ("catalogue", "coverage", *RECORD_TABLE_NAMES):
        change.session.run(f"DELETE FROM {table} WHERE connection = $name", name=name)
    forget_keys(change.session, name)
    change.audit("remove-connection", f"connection {name}")


def start_run(change: Change, connection: str, request: str) -> int:
    """Begin a run; runs of the connection that never ended count as interrupted from now on."""
    session = change.session
    require_connection(session, connection)
    session.run(
        "UPDATE runs SET state = $interrupted WHERE connection = $connection AND state = $running",
        interrupted=RunState.INTERRUPTED.value,
        running=RunState.RUNNING.value,
        connection=connection,
    )
    run = int(session.value("SELECT max(run) FROM runs") or 0) + 1
    session.run(
        "INSERT INTO runs VALUES ($run, $connection, $request, $at, $at, NULL, $running, '{}')",
        run=run,
        connection=connection,
        request=request,
        at=change.at,
        running=RunState.RUNNING.value,
    )
    return run


def beat(change: Change, run: int, connection: str) -> None:
    """Note that a run is alive.

    Raises:
        NotFound: the connection has no such run.
    """
    beaten = change.session.run(
        "UPDATE runs SET heartbeat_at = $at,"
        " state = CASE WHEN ended_at IS NULL THEN $running ELSE state END"
        " WHERE run = $run AND connection = $connection",
        at=change.at,
        running=RunState.RUNNING.value,
        run=run,
        connection=connection,
    )
    if not beaten:
        raise NotFound("run", run)


def end_run(change: Change, run: int, state: RunState, summary: dict[str, object]) -> None:
    """Record how a run ended."""
    ended = change.session.row(
        "UPDATE runs SET ended_at = $at, heartbeat_at = $at, state = $state, summary = $summary"
        " WHERE run = $run RETURNING connection",
        at=change.at,
        state=state.value,
        summary=to_json(summary),
        run=run,
    )
    if ended is None:
        raise NotFound("run", run)
    forget_keys(change.session, ended[0])


def runs(session: Session, connection: str | None) -> list[Run]:
    """Runs, of one connection or of all, the latest first."""
    rows = session.rows(
        "SELECT run, connection, started_at, ended_at, state, summary FROM runs"
        " WHERE $connection IS NULL OR connection = $connection ORDER BY run DESC",
        connection=connection,
    )
    return [
        Run(
            run=run,
            connection=name,
            started_at=started_at,
            ended_at=ended_at,
            state=RunState(state),
            summary=_settings(summary),
        )
        for run, name, started_at, ended_at, state, summary in rows
    ]


def _settings(text: str) -> dict[str, object]:
    return msgspec.json.decode(text, type=dict[str, object])
