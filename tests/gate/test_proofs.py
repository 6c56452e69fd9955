"""Passwords and keys: what is kept of them, and what proves them."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from tidegate.gate.callers import Caller
from tidegate.gate.keys import PREFIX, digest_of, key_of, new_id, new_text
from tidegate.gate.passwords import proves, verifier_of, verifier_of_legacy
from tidegate.gate.refusals import NotAllowed
from tidegate.model.errors import BadValue, UnknownName
from tidegate.model.identities import ApiKey, Role
from tidegate.model.secret import Secret


class TestPasswords:
    """Argon2id, and the hashes of other servers."""

    def test_only_the_password_proves_itself(self):
        """A verifier is salted, says argon2id, and takes the one password."""
        one, other = verifier_of(Secret("geheim")), verifier_of(Secret("geheim"))
        assert one.startswith("$argon2id$")
        assert one != other
        assert proves("geheim", one)
        assert proves("geheim", other)
        assert not proves("Geheim", one)
        assert not proves("", one)
        assert not proves("geheim", None)
        assert not proves("geheim", "no hash at all")

    def test_legacy_hashes_are_wrapped(self):
        """A hex SHA-256 in either case proves the password, and is not kept as it came."""
        digest = hashlib.sha256(b"Mustermann123").hexdigest()
        for text in (digest, digest.upper(), f" {digest}\n"):
            verifier = verifier_of_legacy(text)
            assert proves("Mustermann123", verifier)
            assert not proves(digest.upper(), verifier)
            assert digest.upper() not in verifier

    @pytest.mark.parametrize("text", ["", "abc", "g" * 64, "a" * 63, "a" * 65])
    def test_what_is_no_hash_is_refused(self, text):
        """Something else than 64 hexadecimal digits is not taken, and not shown."""
        with pytest.raises(BadValue) as refused:
            verifier_of_legacy(text)
        assert not text or text not in str(refused.value)


class TestKeys:
    """Random texts of which the SHA-256 is kept."""

    def test_texts_are_long_and_unlike(self):
        """A key begins so that it can be searched for, and holds 256 random bits."""
        texts = {new_text() for _ in range(100)}
        assert len(texts) == 100
        assert all(text.startswith(PREFIX) and len(text) == len(PREFIX) + 43 for text in texts)
        assert new_id() != new_id()

    def test_found_by_digest_until_expiry(self):
        """A text finds its key among others, until the instant at which it expires."""
        texts = [new_text() for _ in range(3)]
        keys = [
            ApiKey(id=str(n), digest=digest_of(text), name="", role=Role.READER, expires_at=10 * n)
            for n, text in enumerate(texts)
        ]
        keys.append(msgspec.structs.replace(keys[0], id="x", digest="0", expires_at=None))
        found = key_of(texts[2], keys, now=19)
        assert found is not None
        assert found.id == "2"
        assert key_of(texts[2], keys, now=20) is None
        assert key_of("tg_else", keys, now=0) is None
        assert key_of("\ud800", keys, now=0) is None


class TestRoles:
    """What each role covers."""

    @pytest.mark.parametrize("role", list(Role))
    @pytest.mark.parametrize("needed", list(Role))
    def test_each_covers_those_before_it(self, role, needed):
        """A role lets pass what needs it or a lower one."""
        caller = Caller("max", role)
        if list(Role).index(role) >= list(Role).index(needed):
            caller.require(needed, "main")
        else:
            with pytest.raises(NotAllowed):
                caller.require(needed, "main")

    def test_bound_callers(self):
        """Somebody bound to repositories passes there and nowhere else."""
        caller = Caller("key 1", Role.ADMINISTRATOR, frozenset({"main"}), user="max")
        caller.require(Role.ADMINISTRATOR, "main")
        with pytest.raises(NotAllowed):
            caller.require(Role.READER, "other")
        with pytest.raises(NotAllowed):
            caller.require_everywhere()
        assert caller.is_key
        assert not Caller("max", Role.READER, user="max").is_key

    def test_names_in_any_case(self):
        """A role is named in any case; another name is an error."""
        assert Role.named(" Administrator ") is Role.ADMINISTRATOR
        with pytest.raises(UnknownName):
            Role.named("root")
