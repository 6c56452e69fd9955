"""Finding out how a platform is spoken with: token form, version, party, modules."""

from __future__ import annotations

import base64

import msgspec
import pytest

from tidegate.model.errors import (
    BadValue,
    Forbidden,
    InsecureAddress,
    MalformedAnswer,
    NotSignedIn,
    ServerFault,
    Throttled,
    UnknownName,
    UnknownToPlatform,
)
from tidegate.model.secret import Secret
from tidegate.platforms.ocpi import versions
from tidegate.platforms.ocpi.access import Access
from tidegate.platforms.ocpi.login import asked_party, logged_in, proved
from tidegate.platforms.ocpi.settings import OcpiSettings, party, read_settings
from tidegate.platforms.ocpi.wire import Credentials, Role, opened
from tidegate.standins.ocpi import running
from tidegate.transport.credentials import Credentials as Proof
from tidegate.transport.policies import Policies


class TestToken:
    @pytest.mark.parametrize(
        ("token", "plain", "packed"),
        [
            ("s3cret-token", "Token s3cret-token", "Token czNjcmV0LXRva2Vu"),
            ("example-token", "Token example-token", "Token ZXhhbXBsZS10b2tlbg=="),
            ("wrong", "Token wrong", "Token d3Jvbmc="),
        ],
    )
    def test_13_1_both_forms(self, token, plain, packed):
        """The header of each; no form is in the representation."""
        for is_packed, header in ((False, plain), (True, packed)):
            proof = Proof.token("https://h", token, packed=is_packed)
            assert proof.headers_for("https://h/x") == {"Authorization": header}
            assert proof.headers_for("https://other/x") == {}
            assert token not in repr(proof)

    @pytest.mark.parametrize("form", ["plain", "base64"])
    def test_the_form_is_found_and_remembered(self, asking, form):
        """Whichever the platform takes, of any version."""
        other = "plain" if form == "base64" else "base64"
        asking.fault("status", status=401, token=other)
        assert asking.log_in().token_form == form
        assert asking.log_in("2.1.1").token_form == form

    @pytest.mark.parametrize(
        "fault", [{"kind": "status", "status": 500}, {"kind": "code", "code": 3000}]
    )
    def test_a_failure_at_login_may_be_the_form(self, asking, fault):
        """Servers that cannot decode a token answer 5xx, or 200 with an error of OCPI."""
        asking.fault(**fault, token="base64")
        assert asking.log_in().token_form == "plain"

    def test_the_form_of_the_version_is_tried_first(self, asking):
        """One request each, where the platform takes both."""
        asking.log_in("2.1.1")
        assert [entry.headers["authorization"] for entry in asking.standin.log[1:]] == [
            "Token demo-token",
            "Token demo-token",
        ]

    def test_d20_a_pause_is_no_question_of_form(self, asking):
        """429 at login: asked again by the same form."""
        asking.fault("throttle", retry_after="1", times=1)
        assert asking.log_in().token_form == "base64"
        assert asking.clock.waits[0] >= 1
        asking.standin.log.clear()
        asking.fault("throttle", retry_after="100000")
        with pytest.raises(Throttled):
            asking.log_in()
        assert len(asking.standin.log) == 1

    def test_a_wrong_token_is_told_without_it(self, asking):
        """Two requests, one error."""
        asking.token = "wrong-but-secret"
        with pytest.raises(NotSignedIn) as caught:
            asking.log_in()
        assert "wrong-but-secret" not in str(caught.value)
        assert len(asking.standin.log) == 2

    def test_the_platforms_words_are_scrubbed_of_the_token(self, asking):
        """In either form."""
        from tidegate.platforms.ocpi.statuses import error_of
        from tidegate.platforms.ocpi.wire import Envelope

        packed = base64.b64encode(b"s3cret-token").decode()
        envelope = Envelope(status_code=2002, status_message=f"who is s3cret-token or {packed}?")
        proof = Proof.token("https://h", "s3cret-token", packed=True)
        error = error_of(envelope, "h", "sessions", secrets=proof.secrets)
        assert "s3cret-token" not in str(error)
        assert packed not in str(error)

    def test_a_token_that_no_header_can_hold_has_one_form(self):
        """Blanks and letters beyond ASCII travel as Base64 only."""
        with running(token="two wörds") as standin:
            found = logged_in(
                standin.versions_url, OcpiSettings(party="NLABC"), Secret("two wörds")
            )
            assert found.token_form == "base64"
            standin.faults.clear()
            with pytest.raises(NotSignedIn):
                logged_in(standin.versions_url, OcpiSettings(party="NLABC"), Secret("two wörd"))


class TestParty:
    @pytest.mark.parametrize("text", ["nl-abc", "NLABC", "NL-ABC"])
    def test_13_1_spellings(self, text):
        """Country NL, party ABC."""
        assert party(text) == "NLABC"

    @pytest.mark.parametrize("text", ["N-ABC", "NL-ABCD", "BADPARTY", "", "NL ABC"])
    def test_13_1_rejected(self, text):
        """The text is in the error."""
        with pytest.raises(BadValue, match=f"--party is '{text}'"):
            party(text)

    def test_the_platform_says_who_it_is(self, asking):
        """By its credentials, in every version; as the user says, where he does."""
        assert asking.log_in().to_party == "NLTST"
        assert asking.log_in("2.1.1").to_party == "NLTST"
        assert asking.log_in(to_party="DEHUB").to_party == "DEHUB"

    def test_a_platform_may_keep_it_to_itself(self, asking):
        """Nobody is named then."""
        asking.fault("status", status=404, path="credentials")
        assert asking.log_in().to_party is None

    def test_a_hub_is_asked_before_an_operator(self):
        """By its role in 2.2.1, by a field of its own in 2.3.0; what is no party is none."""
        operator, hub = Role("CPO", "nl", "tst"), Role("HUB", "DE", "HUB")
        assert asked_party(Credentials([Role("EMSP", "NL", "MSP"), operator])) == "NLTST"
        assert asked_party(Credentials([operator, hub])) == "DEHUB"
        assert asked_party(Credentials([operator], hub_party_id="BEHUB")) == "BEHUB"
        assert asked_party(Credentials([], country_code="NL", party_id="TST")) == "NLTST"
        assert asked_party(Credentials([Role("CPO", "NL", "TOOLONG")])) is None
        assert asked_party(Credentials([])) is None

    def test_no_party_is_named_to_versions_and_credentials(self, asking):
        """The standard forbids it."""
        asking.log_in()
        assert len(asking.standin.log) == 3
        for entry in asking.standin.log:
            assert not [name for name in entry.headers if name.startswith("ocpi-")]


class TestVersion:
    def test_the_best_that_both_speak(self, asking):
        """2.3.0, 2.2.1, 2.1.1; or the wanted one; or that of the address."""
        assert asking.log_in(None).version == "2.3.0"
        assert asking.log_in("2.1.1").version == "2.1.1"
        details = asking.standin.versions_url.replace("versions", "2.2.1")
        assert asking.log_in(None, url=details).version == "2.2.1"
        with running(versions=("2.1.1",)) as standin:
            only = logged_in(
                standin.versions_url, OcpiSettings(party="NLABC"), Secret("demo-token")
            )
        assert only.version == "2.1.1"

    def test_a_version_that_is_not_offered(self, asking):
        """By the list, and by an address of another version."""
        with pytest.raises(UnknownName, match=r"'2\.0' is not a known version of this platform"):
            asking.log_in("2.0")
        details = asking.standin.versions_url.replace("versions", "2.2.1")
        with pytest.raises(UnknownName, match="at this address"):
            asking.log_in("2.1.1", url=details)

    def test_2_2_is_taken_as_2_2_1(self):
        """An older spelling, and versions that we do not speak."""
        offered = versions.listed(b'[{"version":"2.0","url":"a"},{"version":"2.2","url":"b"}]')
        assert isinstance(offered, list)
        assert versions.chosen(offered, None).url == "b"
        assert versions.spoken("2.2") == "2.2.1"
        with pytest.raises(UnknownName, match=r"'2\.0' is not"):
            versions.chosen(offered[:1], None)

    def test_a_list_inside_an_object(self):
        """As one implementation sends it."""
        offered = versions.listed(b'{"versions":[{"version":"2.2","url":"b"}]}')
        assert isinstance(offered, list)
        assert [one.version for one in offered] == ["2.2"]

    @pytest.mark.parametrize("data", [b"[]", b'[{"id":"S1"}]', b'{"a":1}', b"3", b"", b"null"])
    def test_an_address_that_shows_no_versions(self, data):
        """D: any array is not a list of versions."""
        with pytest.raises(MalformedAnswer):
            versions.listed(data)

    def test_the_module_of_the_sender(self):
        """The first that is not RECEIVER; identifiers that we do not know are left out."""
        listed = msgspec.json.encode(
            {
                "version": "2.2.1",
                "endpoints": [
                    {"identifier": "tokens", "role": "RECEIVER", "url": "no"},
                    {"identifier": "tokens", "role": "SENDER", "url": "yes"},
                    {"identifier": "cdrs", "url": "roleless"},
                    {"identifier": "nltnm-tokens", "role": "SENDER", "url": "custom"},
                    {"identifier": "credentials", "role": "SENDER", "url": "who"},
                ],
            }
        )
        details = versions.details(listed)
        assert versions.endpoints(details) == {"tokens": "yes", "cdrs": "roleless"}
        assert versions.credentials_url(details) == "who"


class TestAddress:
    def test_plain_http_needs_leave(self):
        """Before anything is sent; the hint names the option."""
        with pytest.raises(InsecureAddress) as caught:
            logged_in("http://example.org/v", OcpiSettings(party="NLABC"), Secret("t"))
        assert "--allow-http" in (caught.value.hint or "")

    def test_a_module_by_plain_http_is_refused_too(self):
        """A platform's https address may list others."""
        settings = OcpiSettings(party="NLABC", endpoints={"cdrs": "http://example.org/cdrs"})
        access = Access(settings, Secret("t"), policies=Policies())
        with pytest.raises(InsecureAddress):
            access.ask(settings.endpoints["cdrs"], "cdrs")
        with pytest.raises(InsecureAddress):
            proved(settings, Secret("t"))

    @pytest.mark.parametrize("url", ["example.org", "ftp://h/x", "http://", "https://h/a b"])
    def test_what_is_no_address(self, url):
        """It is shown as it was given."""
        with pytest.raises(BadValue):
            logged_in(url, OcpiSettings(party="NLABC"), Secret("t"))

    def test_an_address_that_is_wrong(self, asking):
        """404; a web page; a module instead of versions."""
        root = asking.standin.versions_url
        with pytest.raises(UnknownToPlatform):
            asking.log_in(url=f"{root}x")
        with pytest.raises(MalformedAnswer):
            asking.log_in(url=root.replace("versions", "cpo/2.2.1/tariffs"))
        asking.fault("html")
        with pytest.raises(MalformedAnswer):
            asking.log_in()

    def test_a_platform_that_names_no_address(self, asking):
        """Of its version."""
        crooked = b'{"data":[{"version":"2.2.1","url":"/ocpi/2.2.1"}],"status_code":"1000"}'
        envelope = opened(crooked, "x")
        assert envelope.status_code == 1000
        access = Access(OcpiSettings(party="NLABC"), Secret("t"), policies=Policies())
        with pytest.raises(MalformedAnswer, match=r"'/ocpi/2\.2\.1', which is no address"):
            access.ask("/ocpi/2.2.1", "version 2.2.1")

    def test_both_forms_fail(self, asking):
        """A refusal says more than a failure."""
        asking.fault("status", status=403, token="plain")
        asking.fault("status", status=500, token="base64")
        with pytest.raises(Forbidden):
            asking.log_in()
        asking.standin.faults.clear()
        asking.fault("status", status=500)
        with pytest.raises(ServerFault):
            asking.log_in()


class TestSettings:
    def test_they_survive_being_kept(self, asking):
        """As plain values, and back."""
        found = asking.log_in(throttle=2.0, page_size=500)
        assert read_settings(msgspec.to_builtins(found)) == found

    def test_unknown_and_impossible_ones(self):
        """A hint for each."""
        with pytest.raises(UnknownName, match="page_sice"):
            read_settings({"party": "NLABC", "page_sice": 3})
        with pytest.raises(BadValue, match="page_size"):
            read_settings({"party": "NLABC", "page_size": 0})
        with pytest.raises(UnknownName):
            read_settings({"party": "NLABC", "interval": "never"})
