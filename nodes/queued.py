"""The prompt that is being queued, for rules that read two values: the host shows a node's check only what it will mark."""

from contextvars import ContextVar
from typing import Any

from comfy_api.latest import io

from ..magicanimate_core.host.page import running_server

HIDDEN_INPUTS = [io.Hidden.unique_id]  # what a node's schema must ask the host for
_PROMPT: ContextVar[dict[str, Any] | None] = ContextVar("prompt", default=None)


def watch() -> None:
    """Asks the server to be told of every prompt before it is checked; without a server, nodes say no when they run."""
    server = running_server()
    if server is not None:
        server.add_on_prompt_handler(note)


def note(request: dict[str, Any]) -> dict[str, Any]:
    """Remembers the prompt of a request that is being queued, and hands the request on as it is."""
    prompt = request.get("prompt")
    _PROMPT.set(prompt if isinstance(prompt, dict) else None)
    return request


def queued_value(node: type[io.ComfyNode], name: str) -> Any:
    """Returns the value of a node's input in the prompt that is being queued; None for one that is linked or not known."""
    entry = (_PROMPT.get() or {}).get(node.hidden.unique_id)
    value = entry.get("inputs", {}).get(name) if isinstance(entry, dict) else None
    return None if isinstance(value, (list, dict)) else value
