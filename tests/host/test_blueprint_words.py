"""The words of blueprints go to the server's list of them, whatever this server is like; nothing else in it changes."""

import asyncio
import copy
from types import SimpleNamespace

import pytest
from aiohttp import web
from pack.scripts.comfyui import PACK

OURS = next((PACK / "subgraphs").glob("*.json")).as_posix()
OTHER = {"name": "Other", "path": "custom_nodes/other/subgraphs/Other.json", "info": {"node_pack": "custom_nodes.other"}}


def server(listed: object) -> SimpleNamespace:
    async def get_custom_node_subgraphs(modules):
        return listed

    return SimpleNamespace(subgraph_manager=SimpleNamespace(get_custom_node_subgraphs=get_custom_node_subgraphs))


def tell(monkeypatch, running: object) -> None:
    from pack.nodes import blueprints

    monkeypatch.setattr(blueprints, "running_server", lambda: running)
    asyncio.run(blueprints.tell_words())


def test_ours_get_their_words_and_others_stay(monkeypatch):
    listed = {"a": copy.deepcopy(OTHER), "b": {"name": "Ours", "path": OURS, "info": {"node_pack": "custom_nodes.ours"}}}
    tell(monkeypatch, server(listed))
    assert listed["a"] == OTHER
    assert "dance" in listed["b"]["info"]["search_aliases"]


@pytest.mark.parametrize(
    "running",
    [
        None,
        SimpleNamespace(),  # before blueprints
        server(None),
        server([OURS]),  # a list of another form
        server({"b": {"name": "Ours", "file": OURS}}),
        server({"b": {"name": "Ours", "path": OURS}}),  # without a place for words
        server({"b": {"name": "Ours", "path": OURS, "info": None}}),
        server({"b": None}),
    ],
    ids=("none", "no blueprints", "no list", "another list", "no path", "no info", "empty info", "no entry"),
)
def test_a_server_of_another_form_starts_all_the_same(monkeypatch, running):
    tell(monkeypatch, running)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"extra": null}', None], ids=("empty", "list", "bare", "null", "gone"))
def test_a_file_that_cannot_be_read_stops_no_server(monkeypatch, tmp_path, content):
    from pack.nodes import blueprints

    if content is not None:
        (tmp_path / "a.json").write_text(content)
    monkeypatch.setattr(blueprints, "_SUBGRAPHS", tmp_path)
    tell(monkeypatch, server({"b": {"name": "Ours", "path": str(tmp_path / "a.json"), "info": {}}}))


def test_words_are_told_when_all_packs_are_loaded(monkeypatch):
    from pack.nodes import blueprints

    running = SimpleNamespace(app=web.Application(), **vars(server({})))
    monkeypatch.setattr(blueprints, "running_server", lambda: running)
    before = len(running.app.on_startup)
    blueprints.watch_start()
    (told,) = list(running.app.on_startup)[before:]
    asyncio.run(told(running.app))
    running.app.freeze()
    blueprints.watch_start()  # a server that answers already takes no more
    monkeypatch.setattr(blueprints, "running_server", lambda: None)
    blueprints.watch_start()  # nothing to ask
