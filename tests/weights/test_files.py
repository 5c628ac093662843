"""Damaged, disguised and malicious files get one sentence that names them, and never run code."""

import os
import pickle

import pytest
import torch
from pack.magicanimate_core.weights.files import WrongFile, check_tensors, looks_like, read_tensors
from safetensors.torch import load_file, save_file

EXPECTED = "a motion module"


def load(path: str):
    return load_file(path) if path.endswith(".safetensors") else torch.load(path, weights_only=True)


def read(path):
    return read_tensors(path, EXPECTED, load)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("page.safetensors", b"<!DOCTYPE html><html>Not found</html>", "web page"),
        ("page.ckpt", b"\n  <html></html>", "web page"),
        ("pointer.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
        ("empty.safetensors", b"", "is empty"),
        ("noise.safetensors", os.urandom(7) + b"\x7f" * 100, "cut short or no safetensors"),
        ("text.ckpt", b"hello world", "cannot be opened|refused"),
    ],
)
def test_files_that_are_no_weights(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WrongFile, match=words) as error:
        read(path)
    assert name in str(error.value) and EXPECTED in str(error.value)


def test_truncated_file(tmp_path):
    path = tmp_path / "short.safetensors"
    save_file({"a": torch.zeros(1000)}, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(WrongFile, match=f"cut short \\({len(whole) - 100} of {len(whole)} bytes\\)"):
        read(path)


class Evil:
    def __reduce__(self):
        return os.system, ("touch evil-was-run",)


def test_pickles_run_no_code_and_are_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": {"a": torch.zeros(2), "b": Evil()}}, "evil.ckpt")
    with pytest.raises(WrongFile, match=r"`posix.system`.*refused|`nt.system`.*refused"):
        read(tmp_path / "evil.ckpt")
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(WrongFile):
        read(tmp_path / "plain.pkl")
    assert not (tmp_path / "evil-was-run").exists()


@pytest.mark.parametrize("wrap", [lambda d: d, lambda d: {"state_dict": d}, lambda d: {"state_dict": d, "epoch": 3}])
def test_tensors_are_found_inside_a_state_dict(tmp_path, wrap):
    torch.save(wrap({"a": torch.ones(2)}), tmp_path / "w.ckpt")
    assert list(read(tmp_path / "w.ckpt")) == ["a"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"lora_unet_x.lora_up.weight": (2, 2)}, "a LoRA"),
        ({"down_blocks.0.motion_modules.0.x": (2,)}, "motion module"),
        ({"controlnet_cond_embedding.conv_in.weight": (2,), "a.attn2.to_k.weight": (2, 768)}, "ControlNet of SD 1.5 width"),
        ({"add_embedding.linear_1.weight": (2,), "x.attn2.to_k.weight": (2, 2048)}, "SDXL UNet of SDXL width"),
        ({"model.diffusion_model.x": (1,), "first_stage_model.y": (1,)}, "whole Stable Diffusion checkpoint"),
        ({"decoder.up.0": (1,)}, "a VAE"),
        ({"whatever": (1,)}, "something else .*`whatever`"),
    ],
)
def test_what_a_file_looks_like(keys, words):
    import re

    assert re.search(words, looks_like(keys))


def test_missing_surplus_and_wrong_tensors_are_named():
    tensors = {"a": torch.zeros(2), "c": torch.zeros(1)}
    with pytest.raises(WrongFile, match=r"f\.ckpt looks like .*1 missing \(`b`.*1 surplus \(`c`.*`a` is \(2,\), not \(3,\)"):
        check_tensors("f.ckpt", tensors, {"a": (3,), "b": (1,)}, EXPECTED)
    check_tensors("f.ckpt", tensors, {"a": (2,), "c": (1,)}, EXPECTED)
