"""Words by which people find the blueprints (subgraphs/*.json), told to the server: its page reads them nowhere else."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..magicanimate_core.host.page import running_server

_SUBGRAPHS = Path(__file__).resolve().parent.parent / "subgraphs"


def watch_start() -> None:
    """Asks the server to be told when all packs are loaded and it begins to answer; nothing to do without a server."""
    app = getattr(running_server(), "app", None)
    if app is not None and not app.frozen:  # one that answers already has no start left, as where a pack is added to it
        app.on_startup.append(lambda _: tell_words())


async def tell_words() -> None:
    """Adds each file's search aliases to what the server lists of it.

    The page's search reads `info` of the list alone, although files of the page's own making carry their aliases inside.
    Where a server keeps its list otherwise, or a file cannot be read, the names alone are searched: no search may stop it.
    """
    with suppress(AttributeError, KeyError, TypeError, OSError, ValueError):
        listed = await running_server().subgraph_manager.get_custom_node_subgraphs({})
        for entry in listed.values():
            _add_words(entry)


def _add_words(entry: dict[str, Any]) -> None:
    path = Path(entry["path"]).resolve()
    if path.parent == _SUBGRAPHS:
        entry["info"]["search_aliases"] = json.loads(path.read_text(encoding="utf-8"))["extra"]["BlueprintSearchAliases"]
