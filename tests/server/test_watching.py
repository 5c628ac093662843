"""While frames are denoised, the page gets a bar that moves with every window, text, and a preview that moves."""

import asyncio
import io
import json
import struct
import uuid
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageSequence

STILL, TEXT, PREVIEW = 1, 3, 4  # kinds of binary messages
PAGE = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}


def watched(server, prompt: dict, *hello: dict, previews: str = "latent2rgb") -> list:
    """Runs a prompt; returns all that a page gets meanwhile: dicts, or (kind, bytes)."""
    with ThreadPoolExecutor(1) as apart:  # this thread's event loop is the browser's
        return apart.submit(asyncio.run, _watched(server, prompt, hello, previews)).result()


async def _watched(server, prompt: dict, hello: tuple[dict, ...], previews: str) -> list:
    import aiohttp

    client, messages = uuid.uuid4().hex, []
    request = {"prompt": prompt, "client_id": client, "extra_data": {"preview_method": previews}}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url.replace('http', 'ws')}/ws?clientId={client}", max_msg_size=0) as page,
    ):
        for message in hello:
            await page.send_json(message)
        await session.post(f"{server.url}/prompt", json=request)
        async for message in page:
            if message.type == aiohttp.WSMsgType.BINARY:
                messages.append((struct.unpack(">I", message.data[:4])[0], message.data[4:]))
                continue
            messages.append(json.loads(message.data))
            if messages[-1]["type"] in ("execution_success", "execution_error"):
                return messages


def demo(steps: int, decoded: bool = True) -> dict:
    nodes: dict[str, tuple[str, dict]] = {
        "model": ("MagicAnimateDemoModel", {}),
        "inputs": ("MagicAnimateDemoInputs", {"dancer": "dancer_2", "motion": "motion_2"}),
        "run": ("MagicAnimateAnimate", {
            "model": ["model", 0], "appearance_encoder": ["model", 1], "control_net": ["model", 2], "vae": ["model", 3],
            "positive": ["model", 4], "negative": ["model", 4], "reference_image": ["inputs", 0],
            "pose_video": ["inputs", 1], "seed": uuid.uuid4().int % 1000, "steps": steps, "cfg": 1.0,
            "sampler_name": "ddim", "scheduler": "trailing", "pose_strength": 1.0, "context_length": 16,
            "context_overlap": 4, "context_schedule": "official", "fuse_method": "flat", "shared_noise": True,
            "width": 64, "height": 64}),
    }  # fmt: skip
    if decoded:
        nodes["frames"] = ("VAEDecode", {"samples": ["run", 0], "vae": ["model", 3]})
        nodes["end"] = ("SaveImage", {"images": ["frames", 0], "filename_prefix": "watched"})
    else:
        nodes["end"] = ("SaveLatent", {"samples": ["run", 0], "filename_prefix": "watched"})
    return {number: {"class_type": kind, "inputs": inputs} for number, (kind, inputs) in nodes.items()}


@pytest.fixture(scope="module")
def run(server):
    messages = watched(server, demo(steps=2), PAGE)
    assert messages[-1]["type"] == "execution_success"
    return messages


def test_the_bar_moves_with_windows_and_never_back(run):
    values = [
        m["data"]["value"] for m in run if isinstance(m, dict) and m["type"] == "progress" and m["data"]["node"] == "run"
    ]
    assert values == sorted(values) and len(set(values)) > 3  # more than steps, although the host holds some back


def test_text_tells_step_and_window(run):
    texts = [data[4 + struct.unpack(">I", data[:4])[0] :].decode() for data in binary(run, TEXT)]
    assert texts[0] == "step 1 of 2, window 1 of 4" and texts[-1] == "step 2 of 2, window 4 of 4"
    assert len(texts) == 8


def binary(messages: list, kind: int) -> list[bytes]:
    return [message[1] for message in messages if isinstance(message, tuple) and message[0] == kind]


def previews(messages: list) -> list[tuple[dict, Image.Image]]:
    """Every preview, with what it says of its node."""
    found = []
    for data in binary(messages, PREVIEW):
        end = 4 + struct.unpack(">I", data[:4])[0]
        found.append((json.loads(data[4:end]), Image.open(io.BytesIO(data[end:]))))
    return found


def test_all_frames_move_in_a_preview_of_right_colours(run, server):
    shown = previews(run)
    assert len(shown) == 2 and all(about["display_node_id"] == "run" for about, _ in shown)
    last = [np.asarray(frame.convert("RGB").resize((24, 24)), float) for frame in ImageSequence.Iterator(shown[-1][1])]
    (saved,) = [m["data"]["output"]["images"] for m in run if isinstance(m, dict) and m["type"] == "executed"]
    true = [Image.open(server.base / "output" / image["filename"]).convert("RGB").resize((24, 24)) for image in saved]
    assert len(last) == len(true) == 48
    assert np.mean([np.abs(a - np.asarray(b, float)).mean() for a, b in zip(last, true, strict=True)]) < 25


def test_who_takes_no_moving_pictures_gets_one_of_the_hosts(server):
    messages = watched(server, demo(steps=1, decoded=False))
    (still,) = binary(messages, STILL)
    assert not previews(messages) and Image.open(io.BytesIO(still[4:])).format == "JPEG"


def test_none_where_the_hosts_previews_are_off(server):
    messages = watched(server, demo(steps=1, decoded=False), PAGE, previews="none")
    assert not previews(messages) and not binary(messages, STILL) and binary(messages, TEXT)
