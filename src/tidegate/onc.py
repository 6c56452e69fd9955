"""Bulk downloads of Ocean Networks Canada, in the shape that scripts for them know.

`createXLS` makes a workbook of what can be downloaded, to be looked through and edited:

    from tidegate.onc import createXLS

    x = createXLS(outPath="ocean")
    x.locationCode = "USDDL"
    x.deviceCategoryCode = "CTD"
    x.begin = "2017-05-01T00:00:00.000Z"
    x.end = "2017-06-01T00:00:00.000Z"
    x.createWorkbook("ocean/download.xlsx")

`download` fetches what a workbook asks for; called again, it goes on:

    from tidegate.onc import download

    d = download()
    d.execute("ocean/download.xlsx")
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tidegate.model.secret import Secret

if TYPE_CHECKING:
    from tidegate.plans.dates import Moment
    from tidegate.plans.download_report import DownloadReport
    from tidegate.services.onc_planning import Codes
    from tidegate.services.planning import Made

__all__ = ["createXLS", "download"]


class createXLS:
    """Makes a workbook of the data products that pass filters.

    A filter is a code, several codes separated by commas, or a list of codes; None passes all.

    Args:
        token: of the account; kept with the connection to the server. Without one, that of
            ONC_TOKEN or of the connection.
        outPath: folder of the data files, and of the workbook unless its name has a folder.
        baseUrl: address of the server; that of TIDEGATE_ONC_URL, of the connection, or the
            production server's unless given.
        connection: name of the connection to ask through.
        allowHttp: send the token by plain http to another machine.
        store: folder of the store that the connections belong to.

    Attributes:
        locationCode: the search covers the location and all below it.
        deviceCategoryCode: types of instruments.
        deviceCode: instruments.
        propertyCode: what is observed.
        dataProductCode: data products.
        extension: of the files, such as `mp3`.
        begin: first instant: a date, a text such as `2017-05-01T00:00:00.000Z` or `today-7d`.
        end: end, exclusive.
        events: file with a list of events, around which data are wanted.
        padding: before and after each event, such as `5m`.
        downloadMethod: `byLocation`, `byDevice` or `all`: which tabs are made.
        append: add to the workbook that is there.
        force: replace the workbook that is there, and keep it as a backup.
        qa: ask the server for tests.
        tokenInWorkbook: write the token into the workbook.
    """

    def __init__(
        self,
        token: str | None = None,
        outPath: str | Path = ".",
        *,
        baseUrl: str | None = None,
        connection: str | None = None,
        allowHttp: bool = False,
        store: str | Path | None = None,
    ) -> None:
        self._token = Secret(token) if token else None
        self._store = None if store is None else Path(store)
        self._connection = connection
        self.outPath = outPath
        self.baseUrl = baseUrl
        self.allowHttp = allowHttp
        self.locationCode: Codes = None
        self.deviceCategoryCode: Codes = None
        self.deviceCode: Codes = None
        self.propertyCode: Codes = None
        self.dataProductCode: Codes = None
        self.extension: Codes = None
        self.begin: Moment | None = None
        self.end: Moment | None = None
        self.events: str | Path | None = None
        self.padding: str | None = None
        self.downloadMethod = "byLocation"
        self.append = False
        self.force = False
        self.qa = False
        self.tokenInWorkbook = False

    def createWorkbook(self, file: str | Path | None = None) -> Made:
        """Make the workbook, or add to the one that is there if `append` is set.

        Args:
            file: its name; `download.xlsx` in `outPath` unless given.

        Returns:
            Where it is, and how many rows it has.

        Raises:
            UsageError: something of the request cannot be like that; nothing was asked.
            TransportError: the server refuses, or cannot be asked.
        """
        from tidegate.services.onc import Server
        from tidegate.services.onc_planning import Request, create
        from tidegate.services.settings import resolve, store_path

        request = Request(
            out_path=str(self.outPath),
            begin=self.begin,
            end=self.end,
            file=None if file is None else str(file),
            append=self.append,
            force=self.force,
            method=self.downloadMethod,
            location=self.locationCode,
            category=self.deviceCategoryCode,
            device=self.deviceCode,
            property=self.propertyCode,
            product=self.dataProductCode,
            extension=self.extension,
            events=None if self.events is None else Path(self.events),
            padding=self.padding,
            token_in_workbook=self.tokenInWorkbook,
        )
        server = Server(
            connection=self._connection,
            base_url=self.baseUrl,
            qa=self.qa,
            allow_http=self.allowHttp,
            token=self._token,
        )
        return create(store_path(self._store), request, server, settings=resolve())


class download:
    """Fetches the files that a workbook asks for; what came is not fetched again.

    The token is the workbook's, else that of ONC_TOKEN, else that of the connection.

    Args:
        token: of the account, in place of those.
        baseUrl: address of the server, in place of the workbook's.
        connection: name of the connection to ask through, in place of the workbook's.
        allowHttp: send the token by plain http to another machine.
        store: folder of the store that the connections belong to.

    Attributes:
        qa: ask the server for tests.
        retryFailed: also try again what the platform refused for good.
        keepOld: keep a file that changed, as `NAME.old-HASH`.
        layout: folders within the download folder, such as `{location}/{product}/{yyyy}`.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        baseUrl: str | None = None,
        connection: str | None = None,
        allowHttp: bool = False,
        store: str | Path | None = None,
    ) -> None:
        self._token = Secret(token) if token else None
        self._store = None if store is None else Path(store)
        self._connection = connection
        self.baseUrl = baseUrl
        self.allowHttp = allowHttp
        self.qa = False
        self.retryFailed = False
        self.keepOld = False
        self.layout = ""

    def execute(self, file: str | Path) -> DownloadReport:
        """Fetch what is missing.

        Args:
            file: the workbook, or the JSON log of an earlier run.

        Returns:
            What was done; single failures are in it, by cause.

        Raises:
            UsageError: the workbook or a setting cannot be like that; nothing was asked.
            LogBusy: another process works on the same plan.
            TransportError: the server cannot be asked at all.
        """
        from tidegate.services import downloading
        from tidegate.services.onc import Server
        from tidegate.services.settings import resolve, store_path

        wish = downloading.Wish(
            file=Path(file),
            retry_failed=self.retryFailed,
            keep_old=self.keepOld,
            layout=self.layout,
        )
        server = Server(
            connection=self._connection,
            base_url=self.baseUrl,
            qa=self.qa,
            allow_http=self.allowHttp,
            token=self._token,
        )
        return downloading.download(
            store_path(self._store), wish, settings=resolve(), server=server
        )
