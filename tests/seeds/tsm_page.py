"""The requests and answers that the first description of the service prints, as it prints them.

Only what stands for something else is filled in: the address and the repository. `Content-Length`
is computed, since the printed ones fit no body.
"""

from __future__ import annotations

import socket
from typing import Final

SENT_WITH_BODY: Final = """\
Accept: application/json
Content-Type: application/json
Authorization: Basic TWF4Ok11c3Rlcm1hbm4xMjM=
Content-Length: {length}
Host: webtsm.hakom.at
Connection: Keep-Alive
User-Agent: Apache-HttpClient/4.1.1 (java 1.5)"""

CONTENT_TYPE_FIRST: Final = """\
Content-Type: application/json
Accept: application/json
Authorization: Basic TWF4Ok11c3Rlcm1hbm4xMjM=
Content-Length: {length}
Host: webtsm.hakom.at
Connection: Keep-Alive
User-Agent: Apache-HttpClient/4.1.1 (java 1.5)"""

SENT_WITHOUT_BODY: Final = """\
Accept: application/json
Authorization: Basic TWF4Ok11c3Rlcm1hbm4xMjM=
Host: webtsm.hakom.at
Connection: Keep-Alive
User-Agent: Apache-HttpClient/4.1.1 (java 1.5)"""

BULK_PUT: Final = """\
Accept: application/json
Authorization: Basic TWF4Ok11c3Rlcm1hbm4xMjM=
Host: webtsm.hakom.at
Content-Type: application/json
Content-Length: {length}"""

BULK_DELETE: Final = """\
Accept: application/json
Authorization: Basic TWF4Ok11c3Rlcm1hbm4xMjM=
Host: webtsm.hakom.at"""

REQUESTS: Final = {
    "create attribute": (
        "POST {base}/api/repositories/{repository}/attributes HTTP/1.1",
        SENT_WITH_BODY,
        """\
{
"ID": -1,
"Name": "Documentation_Attribute",
"Type": 2
}""",
    ),
    "assign several values": (
        "POST {base}/api/repositories/{repository}/timeseries/{TS_ID}/attributes HTTP/1.1",
        SENT_WITH_BODY,
        """\
[
{
"AttributeID": 192,
"Values":{
"2017-04-01T00:00:00Z": "Text1",
"2017-04-02T00:00:00Z": "Text2"
}
}
]""",
    ),
    "sum": (
        "GET {base}/api/repositories/{repository}/timeseriescollections/data/sum"
        "?from=2017-04-01T01:00:00Z&to=2017-04-01T02:00:00Z&interval=3"
        "&attribute=Automated_Test_Attribute|Text1 HTTP/1.1",
        SENT_WITHOUT_BODY,
        "",
    ),
    "tsaa": (
        "GET {base}/api/repositories/{repository}/calculations"
        "?from=2017-04-01T01:00:00Z&to=2017-04-01T02:00:00Z"
        '&formula=TSAA("kW","TRUE","Automated_Test_Attribute|Test1")'
        "&calculationInterval=3&calculationIntervalMultiplier=1 HTTP/1.1",
        SENT_WITHOUT_BODY,
        "",
    ),
    "assign to the first": (
        "POST {base}/api/repositories/{repository}/timeseries/Documentation_TS/attributes HTTP/1.1",
        CONTENT_TYPE_FIRST,
        """\
[
{
"AttributeID": 192,
"Values":{
"2000-01-01T00:00:00Z": "AT123456",
"2001-01-01T00:00:00Z": "AT99999",
}
}
]""",
    ),
    "assign to the second": (
        "POST {base}/api/repositories/{repository}/timeseries/Documentation_TS_2/attributes"
        " HTTP/1.1",
        CONTENT_TYPE_FIRST,
        """\
[
{
"AttributeID": 192,
"Values":{
"2000-01-01T00:00:00Z": "AT123456",
}
}
]""",
    ),
    "write to the first": (
        "POST {base}/api/repositories/{repository}/timeseries/Documentation_TS/data HTTP/1.1",
        CONTENT_TYPE_FIRST,
        """\
{
"Interval": {
"Value": 8,
"Multiplier": 1
},
"Unit": "none",
"Data": [
{
"From":"2000-01-01T00:00:00Z",
"Value": 71.3,
"Flag": 9
}
]
}""",
    ),
    "write to the second": (
        "POST {base}/api/repositories/{repository}/timeseries/Documentation_TS_2/data HTTP/1.1",
        CONTENT_TYPE_FIRST,
        """\
{
"Interval": {
"Value": 8,
"Multiplier": 1
},
"Unit": "none",
"Data": [
{
"From":"2000-01-01T00:00:00Z",
"Value": 3.7,
"Flag": 9
}
]
}""",
    ),
    "sum by years": (  # the page leaves this line out
        "GET {base}/api/repositories/{repository}/timeseriescollections/data/sum"
        "?from=2000-01-01T00:00:00Z&to=2002-01-01T00:00:00Z&interval=8"
        "&attribute=Documentation_Attribute|AT123456 HTTP/1.1",
        SENT_WITHOUT_BODY,
        "",
    ),
    "sum by two attributes": (
        "GET {base}/api/repositories/{repository}/timeseriescollections/data/sum"
        "?from=2017-04-01T01:00:00Z&to=2017-04-01T02:00:00Z&interval=3"
        "&attribute=Automated_Test_Attribute|Text1&attribute=Automated_Test_Attribute_2|true"
        " HTTP/1.1",
        SENT_WITHOUT_BODY,
        "",
    ),
    "bulk assignment": (
        "PUT {base}/api/repositories/{repository}/timeseriescollections/attributes/123/values"
        "/2018-01-01T00:00:00Z HTTP/1.1",
        BULK_PUT,
        """\
[
{
"ID": 15,
"Value": "attribute value"
},
{
"ID": 16,
"Value": "attribute value"
},
]""",
    ),
    "bulk removal": (
        "DELETE {base}/api/repositories/{repository}/timeseriescollections/attributes/123"
        "?ID=15&ID=16 HTTP/1.1",
        BULK_DELETE,
        "",
    ),
}
"""Request line, headers and body of each request of the page."""

ANSWER_OF_A_SUM: Final = """\
{
"Interval": {
"Value": 3,
"Multiplier": 1
},
"Unit": null,
"Data": [
{
"From": "2017-04-01T01:00:00Z",
"Value": 110,
"Flag": 9
}
]
}"""

ANSWER_BY_YEARS: Final = """\
{
"Interval": {
"Value": 8,
"Multiplier": 1
},
"Unit": "none",
"Data": [
{
"From": "2000-01-01T00:00:00Z",
"Value": 75,
"Flag": 9
},
{
"From": "2001-01-01T00:00:00Z",
"Value": 3.7,
"Flag": 9
}
]
}"""


def request(
    name: str,
    *,
    base: str = "",
    repository: str = "main",
    series: str = "Documentation_TS",
    newline: str = "\n",
    replaced: tuple[str, str] = ("", ""),
) -> bytes:
    """One request as bytes.

    Args:
        name: which, of `REQUESTS`.
        base: what stands before `/api`: nothing for the origin form, the address for the absolute.
        repository: for the place held in the printed path.
        series: for the place of the series.
        newline: of the body.
        replaced: a text of the page and what is sent for it.
    """
    line, headers, body = REQUESTS[name]
    line = line.format(base=base, repository=repository, TS_ID=series).replace(*replaced)
    sent = body.replace("\n", newline).encode()
    headers = headers.format(length=len(sent))
    return "\r\n".join([line, *headers.split("\n"), "", ""]).encode() + sent


class Line:
    """One connection to a server, on which requests are sent as bytes."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, timeout=20)
        self._received = b""

    def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send a request; status, headers in lower case and body of its answer."""
        self._socket.sendall(request)
        return self.answer()

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer."""
        while b"\r\n\r\n" not in self._received:
            self._receive()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (one.partition(": ") for one in lines)
        headers = {name.lower(): value for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        while len(self._received) < length:
            self._receive()
        body, self._received = self._received[:length], self._received[length:]
        return int(first.split()[1]), headers, body

    def is_closed(self) -> bool:
        """Whether the other side ends the connection, after it has sent nothing more."""
        return self._socket.recv(1) == b""

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def _receive(self) -> None:
        piece = self._socket.recv(65536)
        if not piece:
            raise ConnectionError("the connection was closed")
        self._received += piece
