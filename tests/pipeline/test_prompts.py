"""A model without a text encoder: one set of tokens stands for the empty prompt, and words are refused."""

import pytest
import torch
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.pipeline.models import encode_prompt, load_models
from pack.magicanimate_core.pipeline.prompts import EmptyPrompt, from_folder
from pack.magicanimate_core.testing import random_weights
from pack.magicanimate_core.weights.files import WrongFile
from safetensors.torch import load_file, save_file


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("no_text_encoder")
    random_weights.write_demo(folder)
    return folder


def test_tokens_stand_for_the_empty_prompt(weights):
    models = load_models(weights / "base", weights / "magicanimate").to("cpu", torch.bfloat16)
    tokens = encode_prompt(models, "")
    stored = load_file(weights / "base" / "empty_prompt.safetensors")["tokens"]
    assert tokens.shape == (1, 1, 32) and tokens.dtype == torch.bfloat16
    assert torch.equal(tokens[0], stored.to(torch.bfloat16))
    with pytest.raises(ValueError, match="has no text encoder.*leave prompt and negative empty"):
        encode_prompt(models, "a cat")


def test_command(weights, files, tmp_path, capsys):
    command = files.command(tmp_path / "out.mp4", "--base", str(weights / "base"))
    command += ["--magicanimate", str(weights / "magicanimate"), "--steps", "1"]
    assert cli.main([*command, "--negative", "blurry"]) == 2
    assert "has no text encoder" in capsys.readouterr().err and not (tmp_path / "out.mp4").exists()
    assert cli.main(command) == 0 and (tmp_path / "out.mp4").exists()


def test_a_text_encoder_comes_first(weights, files, tmp_path):
    (tmp_path / "text_encoder").symlink_to(files.base / "text_encoder", target_is_directory=True)
    (tmp_path / "empty_prompt.safetensors").symlink_to(weights / "base" / "empty_prompt.safetensors")
    encoder, tokenizer = from_folder(tmp_path)
    assert not isinstance(encoder, EmptyPrompt) and tokenizer is None


@pytest.mark.parametrize("content", [{"tokens": torch.zeros(32)}, {"step": torch.zeros(1)}])
def test_file_that_holds_no_tokens(tmp_path, content):
    save_file(content, tmp_path / "empty_prompt.safetensors")
    with pytest.raises(WrongFile, match="expected the text tokens of the empty prompt"):
        from_folder(tmp_path)
