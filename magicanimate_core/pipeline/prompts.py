"""Prompts: CLIP's tokens, the text encoder of a folder or a checkpoint, and what stands in where a model has none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from ..weights.files import WrongFile, read_tensors
from ..weights.published import EMPTY_PROMPT, empty_prompt
from .folders import load_part

EMPTY = [49406] + [49407] * 76  # CLIP's tokens of "", so that the published setting needs no tokenizer files

Tokenizer = Callable[..., Any]  # transformers' CLIPTokenizer, or `refuse`


class EmptyPrompt(nn.Module):
    """In place of a text encoder: knows the text tokens (1, L, D) of the empty prompt only. Goes with `refuse`."""

    def __init__(self, tokens: Tensor) -> None:  # (1, L, D)
        super().__init__()
        self.tokens = nn.Parameter(tokens)

    def forward(self, ids: Tensor) -> tuple[Tensor]:  # (1, 77) -> (1, L, D)
        return (self.tokens,)


def refuse(prompt: str, **_: Any) -> NoReturn:
    """Raises ValueError: a tokenizer that takes no words."""
    raise ValueError("This model has no text encoder, so it takes no words: leave prompt and negative empty.")


def token_ids(prompt: str, tokenizer: Tokenizer | None) -> Tensor:
    """Returns CLIP's tokens of a prompt, (1, 77); without a tokenizer, by one from the hub or its cache.

    Raises ValueError where words have no tokenizer.
    """
    if not prompt:
        return torch.tensor([EMPTY])
    tokenizer = tokenizer or _hub_tokenizer()
    return tokenizer(prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids


def from_folder(folder: Path) -> tuple[nn.Module, Tokenizer | None]:
    """Loads the text encoder and, where there is one, the tokenizer of a diffusers folder.

    A model without text_encoder/ has empty_prompt.safetensors instead, with `tokens` (L, D). Raises WrongFile where that
    holds something else.
    """
    from transformers import CLIPTextModel, CLIPTokenizer

    only_empty = folder / "empty_prompt.safetensors"
    if only_empty.is_file() and not (folder / "text_encoder").is_dir():
        tokens = empty_prompt(only_empty.name, read_tensors(only_empty, EMPTY_PROMPT, load_file))
        return EmptyPrompt(tokens.float()), refuse
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer") if (folder / "tokenizer").is_dir() else None
    return load_part(CLIPTextModel, folder, "text_encoder", "CLIP's text model"), tokenizer


def from_checkpoint(name: str, tensors: dict[str, Tensor]) -> nn.Module:
    """Builds CLIP ViT-L/14's text model, as it is in every SD 1.5 checkpoint. Raises WrongFile where it is not."""
    from transformers import CLIPTextConfig, CLIPTextModel

    prefixes = ("cond_stage_model.transformer.text_model.", "cond_stage_model.transformer.")
    config = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        max_position_embeddings=77, hidden_act="quick_gelu", projection_dim=768,
    )  # fmt: skip
    model = CLIPTextModel(config)
    stored = {k.removeprefix(prefixes[0]).removeprefix(prefixes[1]): v for k, v in tensors.items() if k.startswith(prefixes)}
    weights = {}
    for key in (k for k in model.state_dict() if not k.endswith("position_ids")):
        short = key.removeprefix("text_model.")
        if short not in stored:
            raise WrongFile(f"{name} has no text encoder (`{short}` is missing); expected a whole SD 1.5 checkpoint.")
        weights[key] = stored[short].float()
    model.load_state_dict(weights, strict=False)
    return model


def _hub_tokenizer() -> Tokenizer:
    """CLIP's tokenizer, which single-file checkpoints do not hold, from the hub or its cache. Raises ValueError offline."""
    from transformers import CLIPTokenizer

    try:
        tokenizer = CLIPTokenizer.from_pretrained("openai/clip-vit-large-patch14")
        if len(tokenizer) != EMPTY[-1] + 1:  # offline, some versions give one without a vocabulary
            raise ValueError(f"it has {len(tokenizer)} tokens")
    except (OSError, ValueError) as error:
        raise ValueError(
            f"A prompt needs CLIP's tokenizer, which could not be fetched ({str(error).splitlines()[0]}): give --base a "
            "diffusers folder (with tokenizer/), or leave prompt and negative empty, as the published results do."
        ) from error
    return tokenizer
