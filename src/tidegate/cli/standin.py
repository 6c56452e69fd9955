"""`tidegate standin`: stand-in platforms on loopback."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

app = App(name="standin", help="A stand-in platform on loopback, to try things on.")


@app.command(help_flags=[], version_flags=[])
def dcs(*options: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> int:
    """Serve a stand-in for a Coherent DCS server until it is stopped.

    Its addresses, user and password are printed first. `tidegate standin dcs --help` lists its
    sizes, limits and faults.

    Args:
        options: passed on to the stand-in.
    """
    from tidegate.standins.dcs.running import main

    return main(options)


@app.command(help_flags=[], version_flags=[])
def ocpi(*options: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> int:
    """Serve a stand-in for an OCPI platform until it is stopped.

    Its versions address, token and party are printed first. `tidegate standin ocpi --help` lists
    its sizes, choices and faults.

    Args:
        options: passed on to the stand-in.
    """
    from tidegate.standins.ocpi.running import main

    return main(options)


@app.command(help_flags=[], version_flags=[])
def onc(*options: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> int:
    """Serve a stand-in for the web services of Ocean Networks Canada until it is stopped.

    Its address and token are printed first. `tidegate standin onc --help` lists its sizes, choices
    and faults.

    Args:
        options: passed on to the stand-in.
    """
    from tidegate.standins.onc.running import main

    return main(options)
