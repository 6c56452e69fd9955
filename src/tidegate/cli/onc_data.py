"""`tidegate onc availability`, `archive` and `latest`: which files there are, and the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from tidegate.cli.common import COMMON, Common
from tidegate.cli.onc_options import (
    LOOKED,
    NEAR,
    WHERE,
    Extension,
    From,
    Looked,
    Near,
    Product,
    To,
    Where,
)
from tidegate.cli.output import note, show
from tidegate.model.errors import NothingNew

if TYPE_CHECKING:
    from tidegate.cli.output import Row


def availability(
    *,
    looked: Looked = LOOKED,
    product: Product = None,
    extension: Extension = None,
    from_: From = None,
    to: To = None,
    by: Literal["span", "day", "month", "year"] = "span",
    where: Where = WHERE,
    common: Common = COMMON,
) -> None:
    """Show which files there are, by product and time.

    Args:
        looked: a device, or a location with a category.
        product: code of a data product.
        extension: file extension of a data product.
        from_: since when.
        to: until when.
        by: spans as the platform tells them, or archive files counted by day, month or year (UTC).
        where: who is asked.
        common: common options.
    """
    from tidegate.services import onc_files
    from tidegate.services.onc_places import span_of, times_of

    filters = looked.filters(product=product, extension=extension)
    times, window = times_of(from_, to), span_of(from_, to)
    with where.opened(common) as client:
        if by == "span":
            rows = onc_files.spans(client, filters, times)
            columns = list(onc_files.SPAN_COLUMNS)
        else:
            rows = onc_files.counted(client, filters, window, by)
            columns = [by, "product", "extension", "files", "bytes"]
    show(rows, json=common.json, columns=columns)
    note(f"{len(rows):,} rows", quiet=common.quiet)


def archive(
    *,
    looked: Looked = LOOKED,
    product: Product = None,
    extension: Extension = None,
    from_: From = None,
    to: To = None,
    archived_from: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    archived_to: str | None = None,
    where: Where = WHERE,
    common: Common = COMMON,
) -> None:
    """List the files of the archive that reach into a time.

    Args:
        looked: a device, or a location with a category.
        product: code of a data product.
        extension: file extension.
        from_: since when.
        to: until when.
        archived_from: only files that were archived, or archived anew, since.
        archived_to: only files that were archived before.
        where: who is asked.
        common: common options.
    """
    from tidegate.services import onc_files
    from tidegate.services.onc_places import times_of

    filters = looked.filters(product=product, extension=extension)
    times = times_of(from_, to)
    archived = times_of(archived_from, archived_to)
    times |= {name.replace("date", "dateArchived"): text for name, text in archived.items()}
    with where.opened(common) as client:
        tally = onc_files.Tally(onc_files.listed(client, filters, times))
        show(
            tally, json=common.json, columns=("file", "from", "to", "product", "bytes", "archived")
        )
    note(f"{tally.files:,} files, {tally.bytes:,} bytes", quiet=common.quiet)


def latest(
    *,
    looked: Looked = LOOKED,
    product: Product = None,
    extension: Extension = None,
    near: Near = NEAR,
    scalar: Annotated[bool, Parameter(negative=())] = False,
    since: str | None = None,
    where: Where = WHERE,
    common: Common = COMMON,
) -> None:
    """Show the newest archive file, or with --scalar the newest samples, of each source that fits.

    Exits with 0 if there is one that is new, with 3 if there is none, with another code if the
    platform could not be asked. A file that was made anew counts as new.

    Args:
        looked: a device, or a location with what lies below it, perhaps of one category.
        product: code of a data product.
        extension: file extension.
        near: where it is looked for; the nearest come first.
        scalar: samples, not files.
        since: what was seen before: an instant, or a file where each look is noted for the next.
        where: who is asked.
        common: common options.
    """
    from tidegate.services import onc_news

    filters = looked.filters(product=product, extension=extension)
    place = near.place()
    seen = onc_news.Seen.of(since)
    find = onc_news.newest_samples if scalar else onc_news.newest_files
    with where.opened(common) as client:
        rows: list[Row] = list(find(client, filters, seen, near=place))
    if not rows:
        thing = "sample" if scalar else "file"
        raise NothingNew(f"no new {thing}" if since else f"there is no {thing}")
    show(rows, json=common.json)
    seen.save()
