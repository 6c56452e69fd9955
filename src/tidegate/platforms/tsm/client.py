"""Speaks the WebTSM API: one repository of one server, as messages of `wire`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from tidegate.model.errors import MalformedAnswer, Refused
from tidegate.model.instants import to_text
from tidegate.platforms.tsm.facts import PAGE
from tidegate.platforms.tsm.wire import (
    About,
    AssignmentRecord,
    AttributeRecord,
    QuotationRecord,
    SeriesData,
    SeriesRecord,
    UnitRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.windows import Window
    from tidegate.transport.answers import Answer
    from tidegate.transport.client import HttpClient

T = TypeVar("T")

Document = dict[str, Any]

_TOO_MANY: Final = 413
_PART: Final = 206
_WILDCARDS: Final = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})


class TsmClient:
    """One repository of a server; safe to share between threads.

    Args:
        http: whose base address ends in `/api`.
        repository: as the server names it.
    """

    def __init__(self, http: HttpClient, repository: str) -> None:
        self._http = http
        self._prefix = f"/repositories/{quote(repository, safe='')}"

    # -- reading -------------------------------------------------------------------------------

    def about(self) -> About:
        """What the server says of itself."""
        return self._decoded(self._get(self._http.address, "server"), About)

    def repositories(self) -> list[str]:
        """The repositories that the account may use."""
        found = self._get("/repositories", "repositories").json()
        rows = found if isinstance(found, list) else []
        return [str(row.get("Name") if isinstance(row, dict) else row) for row in rows]

    def attribute_types(self) -> list[Document]:
        """The types that attributes may have, as the server lists them."""
        return self._decoded(self._get("/attributetypes", "attribute types"), list[Document])

    def attributes(self) -> list[AttributeRecord]:
        """Every attribute."""
        return self._list("/attributes", AttributeRecord, "attributes")

    def units(self) -> list[UnitRecord]:
        """Every unit."""
        return self._list("/units", UnitRecord, "units")

    def series(self) -> list[Document]:
        """Every definition, as the server sends it."""
        path = f"{self._prefix}/timeseries"
        try:
            answer = self._get(path, "series")
        except Refused as refusal:
            if refusal.status != _TOO_MANY:
                raise
            return list(self._pages(path))
        if answer.status == _PART:
            return list(self._pages(path))
        return self._decoded(answer, list[Document])

    def definition(self, id: int) -> Document:
        """One definition, as the server sends it."""
        return self._decoded(self._get(self._series(id), f"series {id}"), Document)

    def series_with(self, id: int) -> SeriesRecord:
        """The definition of an id."""
        return self._converted(self.definition(id), SeriesRecord, f"series {id}")

    def series_named(self, name: str) -> SeriesRecord | None:
        """The definition of a name; None if no series has it."""
        query = urlencode({"name": name.translate(_WILDCARDS)})
        path = f"/timeseries?{query}"
        found = self._list(path, SeriesRecord, f"series '{name}'")
        exact = next((one for one in found if one.name == name), None)
        return exact if exact is None or exact.interval is not None else self.series_with(exact.id)

    def assignments(self, id: int) -> list[AssignmentRecord]:
        """Every attribute of a series with its dated values."""
        path = f"/timeseries/{id}/attributes"
        return self._list(path, AssignmentRecord, f"attributes of series {id}")

    def data(
        self,
        id: int,
        window: Window,
        *,
        audit: int | None = None,
        exact: bool = False,
        quotation: int | None = None,
    ) -> SeriesData:
        """Values of a series on its own raster.

        Args:
            id: of the series.
            window: the time that is asked for; the first and last value may reach beyond.
            audit: the instant whose knowledge is wanted; now if None.
            exact: only what was written exactly then.
            quotation: the named version that is wanted, and no other; unnamed values if None.
        """
        params = {"from": to_text(window.start), "to": to_text(window.end)}
        if audit is not None:
            params["audit"] = to_text(audit)
        if exact:
            params["exactAudit"] = "true"
        if quotation is not None:
            params |= {"quotation": to_text(quotation), "exactQuotation": "true"}
        answer = self._get(f"{self._series(id)}/data", f"data of series {id}", params)
        return self._decoded(answer, SeriesData)

    def modifications(self, id: int, window: Window) -> list[str]:
        """Instants at which values in a window were written, as the server spells them."""
        params = {"from": to_text(window.start), "to": to_text(window.end)}
        path = f"{self._series(id)}/data/modifications"
        found = self._get(path, f"modifications of series {id}", params).json()
        listed = found.get("Modifications", []) if isinstance(found, dict) else found
        return self._converted(listed, list[str], f"modifications of series {id}")

    def quotations(self, id: int, window: Window | None) -> list[QuotationRecord]:
        """Named versions with values in a window, or all; not every server lists them."""
        params = {}
        if window is not None:
            params = {"from": to_text(window.start), "to": to_text(window.end)}
        subject = f"quotations of series {id}"
        answer = self._get(f"{self._series(id)}/data/quotations", subject, params)
        return self._decoded(answer, list[QuotationRecord])

    # -- writing -------------------------------------------------------------------------------

    def write(self, id: int, body: Document, *, quotation: int | None = None) -> None:
        """Upsert values by their instants; sent again if the answer does not come.

        Args:
            id: of the series.
            body: the values.
            quotation: the named version that they are of.
        """
        query = "" if quotation is None else "?" + urlencode({"quotation": to_text(quotation)})
        self._post(f"/timeseries/{id}/data{query}", body, f"data of series {id}", retry=True)

    def create_series(self, body: Document) -> SeriesRecord:
        """Create a series."""
        subject = f"series '{body['Name']}'"
        return self._decoded(self._post("/timeseries", body, subject), SeriesRecord)

    def create_attribute(self, body: Document) -> AttributeRecord:
        """Create an attribute; the answer has the id that the server gave it."""
        subject = f"attribute '{body['Name']}'"
        document = self._post("/attributes", body, subject).json()
        answer = {**body, **document} if isinstance(document, dict) else document
        return self._converted(answer, AttributeRecord, subject)

    def create_unit(self, body: Document) -> None:
        """Create a unit."""
        self._post("/units", body, f"unit '{body['Name']}'")

    def add_assignment(self, id: int, body: Document) -> None:
        """Add one attribute to those of a series; its dated values are merged by instant."""
        subject = f"attributes of series {id}"
        self._post(f"/timeseries/{id}/attributes", body, subject, retry=True)

    def replace_assignment(self, id: int, body: Document) -> None:
        """Put dated values of one attribute of a series in place of the old ones."""
        self._http.request(
            "PUT",
            f"{self._series(id)}/attributes",
            json=body,
            subject=f"attributes of series {id}",
            retry=True,
        )

    def close(self) -> None:
        """Disconnect."""
        self._http.close()

    def _pages(self, path: str) -> Iterator[Document]:
        """All series of a server that does not list them at once."""
        first = 0
        while True:
            wanted = {"Range": f"timeseries={first}-{first + PAGE - 1}"}
            answer = self._http.request("GET", path, headers=wanted, subject="series")
            page = self._decoded(answer, list[Document])
            yield from page
            first += len(page)
            total = answer.headers.get("content-range", "").rpartition("/")[2]
            if not page or answer.status != _PART or (total.isdigit() and first >= int(total)):
                return

    def _series(self, id: int) -> str:
        return f"{self._prefix}/timeseries/{id}"

    def _get(self, path: str, subject: str, params: Mapping[str, str] | None = None) -> Answer:
        return self._http.request("GET", path, params=params, subject=subject)

    def _post(self, path: str, body: Document, subject: str, *, retry: bool = False) -> Answer:
        return self._http.request(
            "POST", f"{self._prefix}{path}", json=body, subject=subject, retry=retry
        )

    def _list(self, path: str, kind: type[T], subject: str) -> list[T]:
        answer = self._get(f"{self._prefix}{path}", subject)
        return self._decoded(answer, list[kind])  # type: ignore[valid-type]

    def _decoded(self, answer: Answer, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except msgspec.DecodeError:
            # Slower, but tells an empty answer and a web page from JSON of another form.
            return self._converted(answer.json(), kind, answer.subject)

    @staticmethod
    def _converted(document: Any, kind: type[T], subject: str | None) -> T:
        try:
            return msgspec.convert(document, kind)
        except msgspec.ValidationError as problem:
            raise MalformedAnswer(
                f"the server describes {subject} in an unknown way: {problem}",
                hint="check the connection's address; it must be that of a WebTSM service",
                subject=subject,
            ) from problem
