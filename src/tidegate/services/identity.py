"""Identity: who holds a password or a key, and the making and ending of both."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import threading
import time
from typing import TYPE_CHECKING, Final

from tidegate.gate.callers import Caller
from tidegate.gate.guessing import GuessingGuard
from tidegate.gate.keys import SHOWN, digest_of, key_of, new_id, new_text
from tidegate.gate.passwords import proves, verifier_of, verifier_of_legacy
from tidegate.gate.refusals import NotIdentified
from tidegate.model.errors import BadValue, Duplicate, NotFound
from tidegate.model.identities import ApiKey, Role, User
from tidegate.model.instants import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegate.model.secret import Secret
    from tidegate.store.verbs import Verbs

KNOWN_FOR_S: Final = 1.0
"""Seconds for which users and keys are remembered: so long a removed one may still be let in."""
_MOST_PROVEN: Final = 10_000
_KEYED: Final = frozenset({"bearer", "token"})
"""Schemes of keys; those who speak OCPI say `Token`."""
_TAKEN: Final = re.compile(r"owner$|key |connection ")
"""Names by which the audit trail means others than users."""


class Identities:
    """Tells who sends an `Authorization` header; safe to use from several threads.

    A password that was proven once is recognised by a keyed hash from then on, since proving one
    takes long on purpose.
    """

    def __init__(
        self, store: Verbs, *, guard: GuessingGuard | None = None, passwords: bool = True
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._guard = guard or GuessingGuard()
        self._secret = secrets.token_bytes(32)
        self._proven: dict[bytes, str] = {}
        self._lock = threading.Lock()
        self._users: dict[str, User] = {}
        self._keys: list[ApiKey] = []
        self._read_at = float("-inf")

    def at_once(self, authorization: str | None) -> Caller | None:
        """Who sends a header, where telling so takes no time; None leaves it to `identify`."""
        if authorization is None or time.monotonic() - self._read_at > KNOWN_FOR_S:
            return None
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "basic" and self._passwords:
            name, password = _basic(credentials)
            user = self._users.get(name)
            if user is not None and self._is_proven(user, password):
                return _user(user)
        elif scheme.lower() in _KEYED:
            key = key_of(credentials.strip(), self._keys, now=now())
            return None if key is None else _holder(key)
        return None

    def identify(self, authorization: str | None, address: str) -> Caller:
        """Who sends a header from an address; takes long for a password seen the first time.

        Raises:
            NotIdentified: nobody that is known.
            TooManyAttempts: too many wrong attempts came from there.
        """
        if not authorization:
            raise NotIdentified
        self._refresh()
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "basic" and self._passwords:
            return self._by_password(*_basic(credentials), address)
        if scheme.lower() in _KEYED:
            return self._by_key(credentials.strip(), address)
        raise NotIdentified

    def forget(self) -> None:
        """Read users and keys anew at the next request."""
        self._read_at = float("-inf")

    def _by_password(self, name: str, password: str, address: str) -> Caller:
        self._guard.admit(name, address)
        user = self._users.get(name)
        if user is not None and self._is_proven(user, password):
            return _user(user)
        if not proves(password, user.verifier if user else None) or user is None:
            self._guard.failed(name, address)
            raise NotIdentified
        self._guard.succeeded(name, address)
        with self._lock:
            if len(self._proven) >= _MOST_PROVEN:
                self._proven.clear()
            self._proven[self._mark(user, password)] = user.name
        return _user(user)

    def _by_key(self, text: str, address: str) -> Caller:
        self._guard.admit("", address)
        key = key_of(text, self._keys, now=now())
        if key is None:
            self._guard.failed("", address)
            raise NotIdentified
        return _holder(key)

    def _refresh(self) -> None:
        if time.monotonic() - self._read_at <= KNOWN_FOR_S:
            return
        users = {user.name: user for user in self._store.users()}
        keys = self._store.api_keys()
        with self._lock:
            self._users, self._keys, self._read_at = users, keys, time.monotonic()

    def _is_proven(self, user: User, password: str) -> bool:
        return self._mark(user, password) in self._proven

    def _mark(self, user: User, password: str) -> bytes:
        """Says nothing to who does not hold this process's secret; changes with the password."""
        parts = (user.name, user.verifier, password)
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, text, hashlib.sha256).digest()


def add_user(
    store: Verbs, name: str, role: Role, password: Secret, *, actor: str = "owner"
) -> User:
    """Add a user.

    Raises:
        BadValue: the name cannot stand in a Basic header, or stands for something else.
        Duplicate: there is such a user.
    """
    return _add(store, name, role, verifier_of(password), actor)


def import_user(store: Verbs, name: str, role: Role, digest: str, *, actor: str = "owner") -> User:
    """Add a user of whom another server gave only the hex SHA-256 of the password.

    Raises:
        BadValue: the digest is none, or the name cannot be used.
        Duplicate: there is such a user.
    """
    return _add(store, name, role, verifier_of_legacy(digest), actor)


def change_user(
    store: Verbs,
    name: str,
    *,
    role: Role | None = None,
    password: Secret | None = None,
    actor: str = "owner",
) -> User:
    """Give a user another role or password.

    Raises:
        NotFound: there is no such user.
    """
    for user in store.users():
        if user.name == name:
            verifier = user.verifier if password is None else verifier_of(password)
            changed = User(name=name, role=role or user.role, verifier=verifier)
            store.put_user(changed, actor=actor)
            return changed
    raise NotFound("user", name, hint="tidegate user list shows the names")


def make_key(
    store: Verbs,
    name: str,
    role: Role,
    *,
    repositories: Sequence[str] | None = None,
    expires_at: int | None = None,
    issuer: str = "owner",
    view: str | None = None,
) -> tuple[ApiKey, str]:
    """Make a key; its text comes second and is kept nowhere.

    A key for a view sees nothing but what the view lets out.

    Raises:
        NotFound: there is no such view.
        BadValue: it would have expired already, or would be good for no repository.
    """
    issued_at = now()
    if expires_at is not None and expires_at <= issued_at:
        raise BadValue("the expiry", expires_at, "an instant to come")
    if repositories is not None and not repositories:
        raise BadValue("the repositories", [], "at least one; leave them out for all")
    if view is not None and view not in {one.name for one in store.views()}:
        raise NotFound("view", view, hint="tidegate view list shows the names")
    text = new_text()
    key = ApiKey(
        id=new_id(),
        digest=digest_of(text),
        name=name,
        role=role,
        repositories=None if repositories is None else tuple(repositories),
        beginning=text[:SHOWN],
        issuer=issuer,
        issued_at=issued_at,
        expires_at=expires_at,
        view=view,
    )
    store.add_api_key(key, actor=issuer)
    return key, text


def _add(store: Verbs, name: str, role: Role, verifier: str, actor: str) -> User:
    if not name.strip() or ":" in name or not name.isprintable() or _TAKEN.match(name):
        raise BadValue("the name of a user", name, "one line of text without a colon")
    if any(user.name == name for user in store.users()):
        raise Duplicate("user", name)
    user = User(name=name, role=role, verifier=verifier)
    store.put_user(user, actor=actor)
    return user


def _user(user: User) -> Caller:
    return Caller(user.name, user.role, user=user.name)


def _holder(key: ApiKey) -> Caller:
    bound = None if key.repositories is None else frozenset(key.repositories)
    return Caller(f"key {key.id}", key.role, bound, user=key.issuer, view=key.view)


def _basic(credentials: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise NotIdentified from None
    name, colon, password = text.partition(":")
    if not colon:
        raise NotIdentified
    return name, password
