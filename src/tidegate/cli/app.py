"""The tree of commands; each is an import path that is loaded only when it runs."""

from __future__ import annotations

from cyclopts import App, Group

START = Group("Start here", sort_key=1)
DATA = Group("Data", sort_key=2)
STORE = Group("Store", sort_key=3)
SERVER = Group("Service", sort_key=4)
PLATFORMS = Group("Platforms in their own words", sort_key=5)

app = App(
    name="tidegate",
    help="Pull measurement data completely, keep it in one store, calculate with it exactly.",
    help_format="plaintext",
    help_formatter="plain",
    version_flags=["--version"],
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


def _add(group: Group, name: str, target: str, summary: str) -> None:
    app.command(f"tidegate.cli.{target}", name=name, help=summary, group=group)


_add(
    START, "demo", "demo:demo", "The main job on a stand-in server, end to end, in under a minute."
)
_add(START, "connect", "connect:app", "Make a connection to a platform.")
_add(START, "connections", "connections:app", "List, test and remove connections.")
_add(START, "discover", "discover:discover", "Refresh and show what a connection can give.")
_add(START, "pull", "pull:pull", "Fetch what is due into the store; run it again to resume.")
_add(START, "plan", "plan:app", "Workbooks that say what is wanted, from when to when.")
_add(START, "coverage", "coverage:coverage", "What is done, empty, failed and due; gaps.")

_add(DATA, "read", "read:read", "Readings of series on any raster, in any zone and unit.")
_add(DATA, "sum", "sum:sum_", "Sum over the series that match dated attributes.")
_add(DATA, "calc", "calc:calc", "Calculate a formula over series, or find when it holds.")
_add(DATA, "export", "export:export", "Write readings or sums to a file.")
_add(DATA, "write", "write:write", "Take readings from a file, standard input or a URL.")

_add(STORE, "series", "series:app", "List, show, create, rename and remove series.")
_add(
    STORE,
    "attributes",
    "attributes:app",
    "Attributes of series, with values that change over time.",
)
_add(STORE, "units", "units:app", "Units and how they convert.")
_add(STORE, "repositories", "repositories:app", "Named sets of series within the store.")
_add(STORE, "store", "store:app", "Size, health and upkeep of the store.")
_add(STORE, "config", "config:app", "Every setting, its value and where it came from.")

_add(SERVER, "serve", "serve:serve", "The store over REST, as a WebTSM-compatible service.")
_add(SERVER, "user", "user:app", "Users of the service: name, role and password.")
_add(SERVER, "key", "key:app", "Keys of the service, for programs.")
_add(SERVER, "view", "view:app", "Views: named rules of what may leave.")
_add(SERVER, "audit", "audit:audit", "Who took what, and who changed what, when.")

_add(
    PLATFORMS,
    "dcs",
    "dcs:app",
    "Coherent DCS: meters, virtual meters, readings as the server gives them.",
)
_add(PLATFORMS, "ocpi", "ocpi:app", "OCPI: charging records of a platform, private by default.")
_add(PLATFORMS, "onc", "onc:app", "Ocean Networks Canada: what there is, what is new, downloads.")
_add(PLATFORMS, "tsm", "tsm:app", "WebTSM: send readings and attributes, take revisions.")
_add(PLATFORMS, "standin", "standin:app", "A stand-in platform on loopback, to try things on.")


@app.command(name="help", group=START)
def show_help(*command: str) -> None:
    """Show the help of a command.

    Args:
        command: the words of the command, e.g. `dcs readings`.
    """
    app.help_print(list(command))
