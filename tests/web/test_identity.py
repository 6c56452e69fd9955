"""Who may do what: users, roles, keys."""

from __future__ import annotations

import time
from base64 import b64encode
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.web.conftest import PASSWORD, Caller

from tidegate.model.identities import Role
from tidegate.model.instants import SECOND, now
from tidegate.model.intervals import parse_interval
from tidegate.model.secret import Secret
from tidegate.model.series import NewSeries
from tidegate.services import identity
from tidegate.services.identity import add_user, import_user, make_key
from tidegate.web.application import create_application
from tidegate.web.serving import listening, running

if TYPE_CHECKING:
    from tidegate.store.verbs import Verbs

PATH = "timeseries/1/data"
KEYS = "/api/auth/api-keys/keys"
POINT = {"Data": [{"From": "2017-04-01T00:00:00Z", "Value": 1}]}


@pytest.fixture(autouse=True)
def series(store: Verbs) -> None:
    """A series in each of two repositories."""
    store.create_repository("other")
    hourly = NewSeries(name="hourly", interval=parse_interval("hour"))
    for repository in ("main", "other"):
        store.create_series([hourly], repository=repository)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users and keys are read anew for every request."""
    monkeypatch.setattr(identity, "KNOWN_FOR_S", -1.0)


def basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(text.encode()).decode()}


class TestPasswords:
    """Basic authentication."""

    @pytest.mark.parametrize(
        "header",
        [
            {"Authorization": ""},
            {"Authorization": "Basic"},
            {"Authorization": "Basic %%%"},
            {"Authorization": "Basic " + b64encode(b"\xff\xfe:x").decode()},
            {"Authorization": "Digest abc"},
            {"Authorization": "Bearer "},
            {"Authorization": "Bearer tg_nothing"},
            basic("Max"),
            basic("Max:"),
            basic("Max:wrong"),
            basic(f"Nobody:{PASSWORD}"),
            basic(f"max:{PASSWORD}"),
        ],
    )
    def test_401_says_how(self, max_, header):
        """Missing and wrong credentials are answered alike, with the challenge."""
        answer = max_.get(PATH, headers=header)
        assert (answer.status, answer.json()["Code"]) == (401, "NotIdentified")
        assert answer.headers["www-authenticate"] == 'Basic realm="WebTSM"'
        assert "Nobody" not in answer.body.decode()

    def test_everything_but_health_and_docs_needs_a_name(self, service, max_):
        """Without credentials only health and the description answer."""
        document = max_.get("/docs/openapi.json").json()
        for path, operations in document["paths"].items():
            for method in operations:
                target = path.replace("{repository}", "main")
                answer = max_.ask(method.upper(), target, headers={"Authorization": ""})
                assert answer.status == 401, (method, path)
        for path in ("/healthz", "/docs", "/docs/openapi.json"):
            assert max_.ask("GET", path, headers={"Authorization": ""}).status == 200

    def test_a_password_with_colons_and_umlauts(self, max_, store):
        """All after the first colon is the password, in UTF-8."""
        add_user(store, "Jörg", Role.READER, Secret("a:b:ü€"))
        assert max_.get(PATH, headers=basic("Jörg:a:b:ü€")).status == 200
        assert max_.get(PATH, headers=basic("Jörg:a:b:u€")).status == 401

    def test_a_user_of_another_server(self, max_, store):
        """A user imported with the SHA-256 that WebTSM servers keep signs in as before."""
        digest = "5E884898DA28047151D0E56F8DC6292773603D0D6AABBDD62A11EF721D1542D8"
        import_user(store, "Legacy", Role.READER, digest)
        assert max_.get(PATH, headers=basic("Legacy:password")).status == 200
        assert max_.get(PATH, headers=basic(f"Legacy:{digest}")).status == 401
        (user,) = (one for one in store.users() if one.name == "Legacy")
        assert digest not in user.verifier

    def test_a_removed_user_is_out(self, max_, wanda, store):
        """Who is removed is not let in again, with password or with a key made before."""
        key = wanda.post(KEYS, {}).json()
        assert wanda.get(PATH).status == 200
        store.remove_user("Wanda")
        assert wanda.get(PATH).status == 401
        assert max_.get(PATH, headers={"Authorization": f"Bearer {key}"}).status == 401

    def test_passwords_can_be_switched_off(self, store):
        """A service for keys alone takes no password."""
        _, text = make_key(store, "job", Role.READER)
        application = create_application(store, passwords=False)
        with (
            running(application, listening("127.0.0.1", 0)) as url,
            closing(Caller(url)) as caller,
        ):
            assert caller.get(PATH).status == 401
            caller.token = text
            assert caller.get(PATH).status == 200

    def test_guessing_is_held_up(self, max_):
        """After a few wrong passwords of one name it must wait, right ones included."""
        answers = [max_.get(PATH, headers=basic(f"Rita:wrong{n}")) for n in range(6)]
        assert [one.status for one in answers[:5]] == [401] * 5
        assert (answers[5].status, answers[5].json()["Code"]) == (429, "TooManyAttempts")
        assert 1 <= int(answers[5].headers["retry-after"]) <= 2
        assert max_.get(PATH, headers=basic(f"Rita:{PASSWORD}")).status == 429
        assert max_.get(PATH).status == 200


class TestRoles:
    """What readers, writers and administrators may do."""

    def test_readers_read(self, rita):
        """A reader may read and no more."""
        assert rita.get(PATH).status == 200
        for answer in (
            rita.post(PATH, POINT),
            rita.delete(f"{PATH}?from=2017-01-01&to=2018-01-01"),
            rita.post("timeseries", {"Name": "mine"}),
            rita.post("attributes", {"Name": "mine"}),
            rita.post("/api/repositories", {"Name": "mine"}),
        ):
            assert (answer.status, answer.json()["Code"]) == (403, "NotAllowed")

    def test_writers_write(self, wanda):
        """A writer may also write data and definitions, and remove data."""
        assert wanda.post(PATH, POINT).status == 200
        assert wanda.delete(f"{PATH}?from=2017-01-01&to=2018-01-01").status == 204
        assert wanda.post("/api/repositories", {"Name": "mine"}).status == 403

    def test_refused_before_the_body_is_read(self, rita):
        """What somebody may not do is refused whatever the body says."""
        assert rita.post(PATH, b"no json").status == 403


class TestKeys:
    """`/auth/api-keys/keys`."""

    def test_made_listed_used_and_ended(self, wanda):
        """The key is told once as a bare text; lists show its beginning alone."""
        made = wanda.post(KEYS, {"Name": "job"})
        text = made.json()
        assert made.status == 201
        assert text.startswith("tg_")
        assert len(text) > 40
        (listed,) = wanda.get(KEYS).json()
        assert listed.keys() == {
            "KeyId",
            "Key",
            "IssuedAt",
            "ClaimValues",
            "OriginalIssuer",
            "KeyIssuer",
        }
        assert text not in wanda.get(KEYS).body.decode()
        assert listed["ClaimValues"] == {"Name": ["job"], "Role": ["writer"]}
        assert listed["OriginalIssuer"] == "Wanda"
        assert made.headers["location"].endswith(listed["KeyId"])
        assert wanda.get(made.headers["location"]).json() == listed
        with closing(Caller(wanda.url, token=text)) as holder:
            assert holder.post(PATH, POINT).status == 200
            assert wanda.delete(made.headers["location"]).status == 204
            assert holder.get(PATH).status == 401
        assert wanda.get(made.headers["location"]).status == 404

    def test_no_more_than_its_maker(self, wanda, max_):
        """A key cannot be given a role above that of who makes it; a lower one it can."""
        assert wanda.post(KEYS, {"Role": "administrator"}).status == 403
        assert wanda.post(KEYS, {"Role": "emperor"}).status == 400
        text = max_.post(KEYS, {"Role": "reader"}).json()
        with closing(Caller(max_.url, token=text)) as holder:
            assert holder.get(PATH).status == 200
            assert holder.post(PATH, POINT).status == 403

    def test_bound_to_repositories(self, max_):
        """A key for one repository opens no other, and lists no other."""
        assert max_.post(KEYS, {"Repositories": ["nowhere"]}).status == 404
        assert max_.post(KEYS, {"Repositories": []}).status == 400
        text = max_.post(KEYS, {"Repositories": ["other"]}).json()
        with closing(Caller(max_.url, token=text)) as holder:
            assert holder.get(PATH).status == 403
            assert holder.ask("GET", "/api/repositories/other/timeseries/1/data").status == 200
            assert "main" not in holder.ask("GET", "/api/repositories").body.decode()
            assert holder.post("/api/repositories", {"Name": "x"}).status == 403

    def test_expiry(self, max_, store):
        """A key is good until its expiry, which lies ahead when it is made."""
        assert max_.post(KEYS, {"ExpiresAt": "2001-01-01"}).status == 400
        text = max_.post(KEYS, {"ExpiresAt": "now+1d"}).json()
        with closing(Caller(max_.url, token=text)) as holder:
            assert holder.get(PATH).status == 200
        _, text = make_key(store, "short", Role.READER, expires_at=now() + SECOND // 4)
        with closing(Caller(max_.url, token=text)) as holder:
            time.sleep(0.3)
            assert holder.get(PATH).status == 401

    def test_keys_make_no_keys(self, max_):
        """Who holds a key can neither make nor end keys."""
        made = max_.post(KEYS, {})
        with closing(Caller(max_.url, token=made.json())) as holder:
            assert holder.post(KEYS, {}).status == 403
            assert holder.delete(made.headers["location"]).status == 403

    def test_others_keys(self, max_, wanda):
        """One sees and ends one's own keys; an administrator those of all."""
        of_max = max_.post(KEYS, {}).headers["location"]
        of_wanda = wanda.post(KEYS, {}).headers["location"]
        assert [one["OriginalIssuer"] for one in wanda.get(KEYS).json()] == ["Wanda"]
        assert wanda.get(of_max).status == 404
        assert wanda.delete(of_max).status == 404
        assert len(max_.get(KEYS).json()) == 2
        assert max_.delete(of_wanda).status == 204

    def test_without_a_body_and_without_api(self, max_):
        """The body may be left out, and so may `/api`, as other clients do."""
        assert max_.ask("POST", "/auth/api-keys/keys").status == 201
        assert len(max_.get("/auth/api-keys/keys").json()) == 1

    def test_the_audit_trail_names_makers_without_secrets(self, max_, wanda, store):
        """Making and ending is on record, hashes and texts are not."""
        made = wanda.post(KEYS, {"Name": "job"})
        max_.delete(made.headers["location"])
        add, revoke = store.audit_trail()[-2:]
        assert (add.verb, add.actor, revoke.verb, revoke.actor) == (
            "add-key",
            "Wanda",
            "revoke-key",
            "Max",
        )
        trail = repr(store.audit_trail())
        (user, *_) = store.users()
        assert made.json() not in trail
        assert user.verifier not in trail

    def test_only_the_hash_is_on_disk(self, max_, store, tmp_path):
        """Neither the text of a key nor a password is in any file of the store."""
        text = max_.post(KEYS, {}).json().encode()
        store.put_user(store.users()[0])
        for file in (tmp_path / "store").iterdir():
            if file.is_file():
                content = file.read_bytes()
                assert text not in content
                assert PASSWORD.encode() not in content


def test_what_a_change_of_definition_leaves(wanda, store):
    """Definitions and assignments are on record with who made them, before and after."""
    wanda.post("attributes", {"Name": "Supplier", "ID": 5})
    wanda.post("timeseries/1/attributes", {"AttributeID": 5, "Values": {"2017-01-01": "X"}})
    wanda.put("timeseries/1", {"Description": "new"})
    made = [one for one in store.audit_trail() if one.actor == "Wanda"]
    assert [one.verb for one in made] == ["create-attribute", "assign", "change-series"]
    assert made[2].before["description"] == ""
    assert made[2].after["description"] == "new"
