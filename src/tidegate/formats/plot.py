"""Plots of answers: small ones in a terminal, and PNG files."""

from __future__ import annotations

import os
import shutil
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TextIO

import numpy as np

from tidegate.formats.curves import Chart, Curve, chart, levels, ticks
from tidegate.formats.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

_COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""The palette of Okabe and Ito, which colour-blind readers can tell apart; yellow left out."""
_DASHES: Final = ("-", "--", ":", "-.")
_MOST_NAMED: Final = 12
"""Curves that are named beside the plot."""
_MARKERS: Final = ("braille", "*", "o", "x", "+", "#")
"""Marks of curves where there is no colour to tell them apart."""

_terminal = Lock()  # the terminal library draws on one figure a process


def to_terminal(
    answer: pa.Table | Mapping[str, pa.Table],
    stream: TextIO,
    *,
    title: str | None = None,
    width: int | None = None,
    height: int = 20,
) -> None:
    """Draw an answer with characters, as wide as the terminal; coloured only on one.

    Args:
        answer: a table of readings, or one a name.
        stream: where it is written.
        title: what stands above.
        width: characters a line; those of the terminal, or 80, unless given.
        height: lines.
    """
    columns = max(40, width or shutil.get_terminal_size((80, 24)).columns)
    drawn = chart(answer, columns=2 * columns)
    wanted = stream.isatty() or "FORCE_COLOR" in os.environ
    coloured = wanted and "NO_COLOR" not in os.environ
    with _terminal:
        text = _characters(drawn, title, columns, height, coloured=coloured)
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.write("\n")


def to_png(
    answer: pa.Table | Mapping[str, pa.Table],
    path: Path,
    *,
    title: str | None = None,
    size: tuple[int, int] = (1200, 600),
) -> None:
    """Draw an answer into a PNG file, in the zone of the answer, gaps as gaps.

    Args:
        answer: a table of readings, or one a name.
        path: the file; it appears when it is whole.
        title: what stands above.
        size: pixels across and down.

    Raises:
        BadFile: the path cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = chart(answer, columns=4 * size[0])
    figure = Figure(figsize=(size[0] / 100, size[1] / 100), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    _draw(figure.add_subplot(), drawn, title)
    with replacing(path) as stream:
        figure.savefig(stream, format="png")


# ---- terminal --------------------------------------------------------------------------------


def _characters(drawn: Chart, title: str | None, width: int, height: int, *, coloured: bool) -> str:
    import plotext

    if drawn.span is None or drawn.extremes is None:
        return "no readings to plot"
    figure = plotext.figure
    plotext.terminal.limit(False, False)
    figure.clear()
    try:
        named = len(drawn.curves[:_MOST_NAMED]) if len(drawn.curves) > 1 else 0
        figure.theme("simple" if coloured else "colorless")
        figure.plot_size(width, height + (named + 2 if named else 0))
        for place, curve in enumerate(drawn.curves):
            marker = "braille" if coloured else _MARKERS[place % len(_MARKERS)]
            figure.draw(_signal(figure, curve, marker, named=place < named))
        _dress(figure, drawn, title)
        _scale(figure, drawn, width, above=(named + 2) / height if named else 0.0)
        text = figure.build().string(colorless=not coloured)
    finally:
        figure.clear()
    return "\n".join(line.rstrip() for line in text.splitlines())


def _signal(figure: Any, curve: Curve, marker: str, *, named: bool) -> Any:
    """A curve without its gaps: the lines over them are taken away."""
    there = ~np.isnan(curve.y)
    signal = figure.signal(curve.x[there].tolist(), curve.y[there].tolist(), marker=marker).lines()
    after_gap = np.append(False, ~there[:-1])[there]
    for place in np.flatnonzero(after_gap).tolist():
        signal.line(place, False)
    return signal.label(curve.name) if named else signal


def _dress(figure: Any, drawn: Chart, title: str | None) -> None:
    heading = title or (drawn.curves[0].name if len(drawn.curves) == 1 else "")
    if heading:
        figure.title(heading)
    figure.label(drawn.unit or "value", axis="y")
    figure.label(drawn.zone.key, axis="x")


def _scale(figure: Any, drawn: Chart, width: int, *, above: float) -> None:
    """Set limits and ticks; `above` is the share of the height to leave for the legend."""
    assert drawn.span is not None
    assert drawn.extremes is not None
    low, high = drawn.extremes
    margin = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    top = high + margin
    figure.ruler("y").lim(low - margin, top + (top - low + margin) * above)
    figure.ruler("y").ticks(*levels(low - margin, top))
    figure.ruler("x").lim(*drawn.span)
    figure.ruler("x").ticks(*ticks(*drawn.span, drawn.zone, max(2, width // 14)))


# ---- PNG -------------------------------------------------------------------------------------


def _draw(axes: Any, drawn: Chart, title: str | None) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    if drawn.extremes is None:
        axes.text(0.5, 0.5, "no readings", ha="center", transform=axes.transAxes)

    for place, curve in enumerate(drawn.curves):
        named = len(drawn.curves) > 1 and place < _MOST_NAMED
        axes.plot(
            curve.x.astype("datetime64[us]"),
            curve.y,
            color=_COLOURS[place % len(_COLOURS)],
            linestyle=_DASHES[place // len(_COLOURS) % len(_DASHES)],
            linewidth=1.2,
            label=curve.name if named else None,
        )
    locator = AutoDateLocator(tz=drawn.zone)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=drawn.zone)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    axes.yaxis.set_major_formatter("{x:,g}")
    axes.set_xlabel(f"time ({drawn.zone.key})")
    axes.set_ylabel(drawn.unit or "value")
    axes.set_title(title or (drawn.curves[0].name if len(drawn.curves) == 1 else ""))
    axes.margins(x=0.01)
    axes.grid(visible=True, color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if len(drawn.curves) > 1:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
