"""`tidegate user`: who may use the service."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show

app = App(name="user", help="Users of the service: name, role and password.")

RoleName = Literal["reader", "writer", "administrator"]
FromStdin = Annotated[bool, Parameter(negative=())]


@app.command
def add(
    name: str,
    *,
    role: RoleName,
    password_stdin: FromStdin = False,
    hash_stdin: FromStdin = False,
    common: Common = COMMON,
) -> None:
    """Add a user; the password is asked at a hidden prompt, or taken from TIDEGATE_PASSWORD.

    Args:
        name: what the user signs in as.
        role: what the user may do: read, also write, or everything.
        password_stdin: read the password from standard input.
        hash_stdin: read the hex SHA-256 of the password, as WebTSM servers keep it.
        common: common options.
    """
    from tidegate.model.identities import Role
    from tidegate.services.identity import add_user, import_user
    from tidegate.services.secrets import ask

    with common.open() as store:
        given = ask(f"password of {name}", stdin=password_stdin or hash_stdin)
        if hash_stdin:
            import_user(store.verbs, name, Role(role), given.reveal())
        else:
            add_user(store.verbs, name, Role(role), given)
        note(f"added user '{name}' as {role}", quiet=common.quiet)


@app.command
def change(
    name: str,
    *,
    role: RoleName | None = None,
    password: FromStdin = False,
    password_stdin: FromStdin = False,
    common: Common = COMMON,
) -> None:
    """Give a user another role or password.

    Args:
        name: the user.
        role: the new role.
        password: ask for a new password at a hidden prompt.
        password_stdin: read the new password from standard input.
        common: common options.
    """
    from tidegate.model.identities import Role
    from tidegate.services.identity import change_user
    from tidegate.services.secrets import ask

    with common.open() as store:
        wanted = password or password_stdin
        secret = ask(f"password of {name}", stdin=password_stdin) if wanted else None
        change_user(store.verbs, name, role=Role(role) if role else None, password=secret)
        note(f"changed user '{name}'", quiet=common.quiet)


@app.command(name="list")
def list_(*, common: Common = COMMON) -> None:
    """List users with their roles."""
    from tidegate.model.instants import to_text

    with common.open() as store:
        rows = [
            {"name": user.name, "role": user.role.value, "created": to_text(user.created_at)}
            for user in store.verbs.users()
        ]
        show(rows, json=common.json)


@app.command
def remove(name: str, *, common: Common = COMMON) -> None:
    """Remove a user, and end every key that the user made.

    Args:
        name: the user.
    """
    with common.open() as store:
        store.verbs.remove_user(name)
        note(f"removed user '{name}'", quiet=common.quiet)
