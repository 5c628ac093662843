"""The page of the user whose prompt runs: a line of text on a node, and moving pictures, which the host has no way for."""

import asyncio
import io
import json
import struct
import sys
from typing import Any

from comfy_api import feature_flags
from comfy_execution.progress import get_progress_state
from comfy_execution.utils import get_executing_context
from PIL import Image
from protocol import BinaryEventTypes

TAKES_PREVIEWS = "supports_preview_metadata"  # what a page says that shows previews by node


def show_text(text: str) -> None:
    """Shows a line of text on the node that is being executed; nothing where nobody looks."""
    server, node = _server(), get_executing_context()
    if server is not None and node is not None:
        server.send_progress_text(text, node.node_id, server.client_id)


def takes_moving_pictures() -> bool:
    """Whether the user's page shows what `show_moving` sends."""
    server = _server()
    return server is not None and feature_flags.supports_feature(
        server.sockets_metadata, server.client_id, TAKES_PREVIEWS
    )  # fmt: skip


def show_moving(frames: list[Image.Image], milliseconds: int) -> None:
    """Shows frames, each for so long, again and again, as the preview of the node that is being executed."""
    server, node = _server(), get_executing_context()
    if server is None or node is None:
        return
    picture = io.BytesIO()
    frames[0].save(
        picture, "WEBP", save_all=True, append_images=frames[1:], duration=milliseconds, loop=0, quality=60, method=0
    )
    metadata = json.dumps({**_ids(node), "image_type": "image/webp"}).encode()
    message = struct.pack(">I", len(metadata)) + metadata + picture.getvalue()
    kind = BinaryEventTypes.PREVIEW_IMAGE_WITH_METADATA
    asyncio.run_coroutine_threadsafe(server.send_bytes(kind, message, server.client_id), server.loop)


def _ids(node: Any) -> dict[str, str | None]:
    """By which names the page knows the node, as the host's own previews tell them."""
    graph = get_progress_state().dynprompt
    return {
        "node_id": node.node_id,
        "prompt_id": node.prompt_id,
        "display_node_id": graph.get_display_node_id(node.node_id),
        "parent_node_id": graph.get_parent_node_id(node.node_id),
        "real_node_id": graph.get_real_node_id(node.node_id),
    }


def running_server() -> Any:
    """Returns the host's server; None outside one, where its module is not even imported."""
    return getattr(getattr(sys.modules.get("server"), "PromptServer", None), "instance", None)


def _server() -> Any:
    """The host's server, where one runs and somebody's page is open."""
    server = running_server()
    return server if getattr(server, "client_id", None) is not None else None
