"""Where the next page is: every row of the table of links, and what servers get wrong."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from tidegate.model.errors import UnsafeLink
from tidegate.platforms.ocpi.dedup import Seen
from tidegate.platforms.ocpi.paging import Walk, next_link, with_query

PAGE = b"[" + b",".join(b'{"id":"S%d"}' % number for number in range(16)) + b"]"
DATES = {"date_from": "2024-01-01T00:00:00Z"}


def step(link, endpoint="http://h/s", *, filters=DATES, total=None, data=PAGE, **options):
    """A walk after its first page, which had this link."""
    walk = Walk(endpoint, filters, **{"limit": 16, **options})
    walk.advance(data, link, total)
    return walk


def parts(url):
    """An address without its query, and the query."""
    return url.partition("?")[0], dict(parse_qsl(urlsplit(url).query))


def test_13_2_1_a_quoted_next_link_is_followed():
    """`rel="next"`."""
    walk = step('<http://h/s?offset=16&limit=16>; rel="next"')
    assert parts(walk.url) == ("http://h/s", {"offset": "16", "limit": "16", **DATES})
    assert walk.next_offset == 16


def test_13_2_2_an_unquoted_relation_without_blank_is_followed():
    """`rel=next`, limit before offset."""
    walk = step("<http://h/s?limit=16&offset=16>;rel=next")
    assert parts(walk.url)[1]["offset"] == "16"


def test_13_2_3_next_is_found_beside_prev():
    """Two links in one header."""
    walk = step('<http://h/s?offset=0>; rel="prev", <http://h/s?offset=32&limit=16>; rel="next"')
    assert walk.next_offset == 32


@pytest.mark.parametrize("link", ["", '<http://h/s?offset=0>; rel="prev"'])
def test_13_2_4_no_next_link_is_the_last_page(link):
    """Empty, or without `next`."""
    assert step(link).url is None


def test_13_2_5_a_link_to_another_origin_gives_only_its_offset():
    """Own address and own dates are kept, `None` is not sent."""
    link = '<https://h/x/VersionNumber.v_2_2_1/?date_from=None&offset=2&limit=2>; rel="next"'
    walk = step(link, "http://h/s/", limit=2)
    assert parts(walk.url) == ("http://h/s/", {"offset": "2", "limit": "2", **DATES})


def test_13_2_6_no_request_goes_to_another_host():
    """The offset is used at the own address."""
    walk = step('<http://evil/s?offset=16&limit=16>; rel="next"')
    assert walk.url.startswith("http://h/s?")


def test_13_2_7_a_cursor_of_the_same_origin_is_followed_verbatim():
    """Nothing is added."""
    walk = step('<http://h/s?cursor=abc>; rel="next"')
    assert walk.url == "http://h/s?cursor=abc"
    assert walk.next_offset is None


def test_13_2_8_a_link_to_the_same_offset_is_an_error():
    """Without progress there is no end."""
    with pytest.raises(UnsafeLink, match="would never end"):
        step('<http://h/s?offset=0&limit=0>; rel="next"')


def test_13_2_9_a_relative_link_is_resolved():
    """`</s?offset=16>`."""
    assert parts(step('</s?offset=16>; rel="next"').url)[0] == "http://h/s"


def test_a_cursor_given_before_is_an_error():
    """A circle of cursors."""
    walk = step('<http://h/s?cursor=a>; rel="next"')
    walk.advance(PAGE, '<http://h/s?cursor=b>; rel="next"', None)
    with pytest.raises(UnsafeLink, match="given before"):
        walk.advance(PAGE, '<http://h/s?cursor=a>; rel="next"', None)


def test_the_query_of_an_endpoint_is_kept():
    """An address with a query of its own (the endpoint is never cut at `?`)."""
    walk = Walk("http://h/ocpi?module=sessions", {}, limit=10)
    assert parts(walk.url)[1] == {"module": "sessions", "offset": "0", "limit": "10"}
    assert with_query("http://h/s?offset=3", {"offset": "5"}) == "http://h/s?offset=5"


def test_a_link_without_limit_gets_the_own_limit():
    """Servers that leave it out fall back to small pages."""
    walk = step('<http://h/s?offset=16>; rel="next"', limit=500)
    assert parts(walk.url)[1]["limit"] == "500"


def test_an_undefined_offset_counts_the_records_instead():
    """`offset=undefined` is not sent."""
    walk = step('<http://h/s?offset=undefined>; rel="next"', total=40)
    assert walk.next_offset == 16
    assert "undefined" not in walk.url


def test_without_link_a_total_says_that_there_is_more():
    """Until the total is reached, and no farther."""
    walk = step("", total=20)
    assert walk.next_offset == 16
    walk.advance(b'[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"}]', "", 20)
    assert walk.url is None


def test_pages_without_any_sign_are_followed_only_on_demand():
    """Neither link nor total: the last page, unless the connection says `by_offset`.

    Then it goes on until pages become shorter, since the platform may give fewer than asked for.
    """
    assert step("").url is None
    assert step("", by_offset=True).next_offset == 16
    walk = step("", by_offset=True, limit=1000)
    assert walk.next_offset == 16
    walk.advance(PAGE.replace(b"S", b"T"), "", None)
    assert walk.next_offset == 32
    walk.advance(b'[{"id":"last"}]', "", None)
    assert walk.url is None
    assert step("", by_offset=True, data=b"[]").url is None


def test_an_empty_page_with_a_link_is_not_the_end():
    """Unless it is beyond the total."""
    assert step('<http://h/s?offset=16>; rel="next"', data=b"[]", total=40).next_offset == 16
    assert step('<http://h/s?offset=56>; rel="next"', data=b"[ ]", total=40, offset=40).url is None


def test_a_smaller_total_steps_back_by_the_difference():
    """What has moved before the page is asked for again."""
    walk = step('<http://h/s?offset=16>; rel="next"', total=100)
    walk.advance(PAGE, '<http://h/s?offset=32>; rel="next"', 97)
    assert walk.stepped_back == 3
    assert walk.next_offset == 13


def test_totals_that_go_up_and_down_are_soon_not_heeded(caplog):
    """A platform that counts what is left would else never be done."""
    walk = Walk("http://h/s", {}, limit=16)
    for _ in range(50):
        if walk.url is None:
            break
        end = walk.offset + 16
        link = f'<http://h/s?offset={end}>; rel="next"' if end < 64 else ""
        walk.advance(PAGE, link, 64 - walk.offset)
    assert walk.url is None
    assert "not heeded" in caplog.text


def test_a_crooked_link_is_an_error_that_names_the_host():
    """No address can be made of it."""
    with pytest.raises(UnsafeLink, match="h sent a link that is no address"):
        step('<http://[::1?offset=1>; rel="next"')


def test_links_are_found_by_relation_in_any_case():
    """Several relations, other parameters, upper case."""
    assert next_link('<a>; title="x"; REL="prev Next"') == "a"
    assert next_link("<a>; rel=last") is None


class TestSeen:
    def test_drops_what_came_before(self):
        """By country, party, id and last update; ids in any case."""
        seen = Seen()
        first = b'[{"country_code":"NL","id":"a","last_updated":"1"},{"id":"b"}]'
        assert seen.unseen(first) == first
        again = b'[{"country_code":"nl","id":"A","last_updated":"1"},{"id":"c"},{"id":"B"}]'
        assert seen.unseen(again) == b'[{"id":"c"}]'
        newer = b'[{"country_code":"NL","id":"a","last_updated":"2"}]'
        assert seen.unseen(newer) == newer

    def test_keeps_what_has_no_identity(self):
        """null, texts and records without id are the reader's to judge."""
        seen = Seen()
        odd = b'[null,"x",{"kwh":1},{"kwh":1}]'
        assert seen.unseen(odd) == odd
        assert seen.unseen(odd) == odd

    def test_forgets_the_oldest(self):
        """Memory is bounded."""
        seen = Seen(generation=10)
        for number in range(100):
            seen.unseen(b'[{"uid":"%d"}]' % number)
        assert len(seen) <= 20
        assert seen.unseen(b'[{"uid":"99"}]') == b"[]"
        assert seen.unseen(b'[{"uid":"1"}]') != b"[]"
