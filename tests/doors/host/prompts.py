"""Prompts, queued and run as the host does it, with stand-ins for models and pictures that note when they are computed."""

import asyncio
from types import SimpleNamespace
from typing import Any

COMPUTED: list[str] = []  # the stand-ins that ran, in order
BROUGHT: dict[str, Any] = {}  # what the stand-ins give, by name
KINDS = {  # stand-in -> type of its output
    "model": "MODEL", "appearance_encoder": "MAGICANIMATE_APPEARANCE_ENCODER", "control_net": "CONTROL_NET", "vae": "VAE",
    "positive": "CONDITIONING", "negative": "CONDITIONING", "reference_image": "IMAGE", "pose_video": "IMAGE",
    "noise": "NOISE", "whole": "INT", "share": "FLOAT",
}  # fmt: skip


def stand_in(name: str, kind: str) -> type:
    """A node of the host's older kind that gives BROUGHT[name]."""

    def make(self) -> tuple:
        COMPUTED.append(name)
        return (BROUGHT.get(name, object()),)

    values = {"RETURN_TYPES": (kind,), "FUNCTION": "make", "CATEGORY": "test", "make": make}
    return type(name, (), values | {"INPUT_TYPES": classmethod(lambda cls: {"required": {}})})


class Sink:
    """Takes anything, as the end of a prompt."""

    RETURN_TYPES, FUNCTION, OUTPUT_NODE, CATEGORY = (), "take", True, "test"

    @classmethod
    def INPUT_TYPES(cls) -> dict:
        return {"required": {"anything": ("*",)}}

    def take(self, anything: Any) -> dict:
        return {"ui": {}}


def known_nodes(ours: dict[str, type]) -> dict[str, type]:
    """Everything that the prompts here are made of, by name."""
    return ours | {f"Some {name}": stand_in(name, kind) for name, kind in KINDS.items()} | {"Sink": Sink}


def prompt(node_id: str, sockets: tuple[str, ...], **values: Any) -> dict:
    """One of our nodes with a stand-in at each socket; a value may be a stand-in's name in brackets: ["whole"]."""
    made = {name: {"class_type": f"Some {name}", "inputs": {}} for name in KINDS}
    links = {name: [value[0], 0] if isinstance(value, list) else value for name, value in values.items()}
    inputs = {name: [name, 0] for name in sockets} | links
    return made | {
        "ours": {"class_type": node_id, "inputs": inputs},
        "end": {"class_type": "Sink", "inputs": {"anything": ["ours", 0]}},
    }


def queue(workflow: dict, *, by_server: bool = True) -> dict:
    """Returns the errors that the host shows for a prompt that is queued, by node. by_server: its handlers are told."""
    import execution
    from pack.nodes.queued import note

    note({"prompt": workflow if by_server else {}})
    return asyncio.run(execution.validate_prompt("id", workflow, None))[3]


def execute(workflow: dict) -> dict | None:
    """Runs a prompt; returns the host's message where it failed. COMPUTED tells what was computed for it."""
    import execution

    COMPUTED.clear()
    server = SimpleNamespace(client_id=None, last_node_id=None, send_sync=lambda *args: None)
    sizes = {"lru": 0, "ram": 0.0, "ram_inactive": 0.0}
    executor = execution.PromptExecutor(server, cache_type=execution.CacheType.CLASSIC, cache_args=sizes)
    asyncio.run(executor.execute_async(workflow, "id", {}, ["end"]))
    failed = [data for event, data in executor.status_messages if event == "execution_error"]
    return failed[0] if failed else None
