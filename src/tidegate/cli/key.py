"""`tidegate key`: keys of the service, for programs."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.output import note, show
from tidegate.cli.user import RoleName

app = App(name="key", help="Keys of the service, for programs.")


@app.command
def create(
    name: str,
    *,
    role: RoleName = "reader",
    repository: Annotated[list[str] | None, Parameter(negative=())] = None,
    expires: str | None = None,
    view: str | None = None,
    common: Common = COMMON,
) -> None:
    """Make a key and print it; it is shown only this once.

    Args:
        name: what it is for.
        role: what its holder may do.
        repository: where; may be given several times, everywhere unless given.
        expires: when it ends, such as now+90d or 2027-01-01; never unless given.
        view: the only view through which its holder sees anything.
        common: common options.
    """
    from tidegate.model.identities import Role
    from tidegate.services.identity import make_key
    from tidegate.services.selection import instant

    with common.open() as store:
        key, text = make_key(
            store.verbs,
            name,
            Role(role),
            repositories=repository,
            expires_at=instant(expires) if expires else None,
            view=view,
        )
        if common.json:
            show([{"id": key.id, "key": text}], json=True)
        else:
            print(text)
        what = f"view {view}" if view else role
        note(f"made key {key.id} ('{name}', {what}); keep it safe", quiet=common.quiet)


@app.command(name="list")
def list_(*, common: Common = COMMON) -> None:
    """List keys; their texts are known to their holders alone."""
    from tidegate.model.instants import to_text

    with common.open() as store:
        rows = [
            {
                "id": key.id,
                "name": key.name,
                "role": key.role.value,
                "repositories": ", ".join(key.repositories) if key.repositories else "all",
                "view": key.view,
                "begins": key.beginning,
                "issuer": key.issuer,
                "issued": to_text(key.issued_at),
                "expires": to_text(key.expires_at) if key.expires_at else None,
            }
            for key in store.verbs.api_keys()
        ]
        show(rows, json=common.json)


@app.command
def revoke(id: str, *, common: Common = COMMON) -> None:
    """End a key at once.

    Args:
        id: its id, as the list shows it.
    """
    with common.open() as store:
        store.verbs.revoke_api_key(id)
        note(f"revoked key {id}", quiet=common.quiet)
