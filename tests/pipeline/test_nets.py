"""What a call of the nets knows lives as long as the call: nothing stays on a module, and threads do not mix."""

import copy
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from pack.magicanimate_core.pipeline.call import CALL, READING

T = torch.tensor(501)


def latent(rows: int, seed: int) -> torch.Tensor:
    return torch.randn(rows, 4, 8, 8, generator=torch.Generator().manual_seed(seed))


def reference(nets, conditions, seed: int):
    """Keys and values of a reference image."""
    return nets.unet.keys_values(nets.encoder(latent(1, seed), T, conditions.positive))


def predict(nets, conditions, frames: int, seed: int, reference) -> torch.Tensor:
    """A window without and with the reference."""
    text = conditions.positive.expand(2 * frames, -1, -1)
    return nets.unet(latent(2 * frames, seed), T, text, frames=frames, references=[None, reference])


def fail(*_):
    raise InterruptedError


@pytest.mark.parametrize("fails", [False, True])
@torch.no_grad()
def test_nothing_of_a_call_of_the_unet_stays(nets, conditions, fails):
    """Also where it ends in the middle with an exception."""
    given = reference(nets, conditions, seed=1)
    mortal = [weakref.ref(tensor) for pair in given.values() for tensor in pair]
    handle = nets.unet.unet.mid_block.register_forward_hook(fail if fails else lambda *_: None)
    with pytest.raises(InterruptedError) if fails else nullcontext():
        predict(nets, conditions, frames=2, seed=1, reference=given)
    handle.remove()
    assert all(tensor() is not None for tensor in mortal) and CALL.get(None) is None
    del given
    gc.collect()
    assert not [tensor for tensor in mortal if tensor() is not None]


@pytest.mark.parametrize("fails", [False, True])
@torch.no_grad()
def test_nothing_of_a_call_of_the_encoder_stays(nets, conditions, fails):
    mortal, middle = [], nets.encoder.unet.mid_block
    norm = middle.attentions[0].transformer_blocks[0].norm1
    handles = [norm.register_forward_hook(lambda _, __, features: mortal.append(weakref.ref(features)))]
    handles.append(middle.register_forward_hook(fail if fails else lambda *_: None))
    with pytest.raises(InterruptedError) if fails else nullcontext():
        features = nets.encoder(latent(1, 1), T, conditions.positive)
        assert mortal[0]() is next(tensor for name, tensor in features.items() if name.startswith("mid_block"))
        del features
    for handle in handles:
        handle.remove()
    gc.collect()
    assert len(mortal) == 1 and mortal[0]() is None and READING.get() is None


def test_two_threads_do_not_mix(nets, conditions):
    """Windows of different length, other references, the same nets at once."""
    kinds = [(2, 1), (3, 2)]

    @torch.no_grad()
    def run(kind):
        frames, seed = kind
        return predict(nets, conditions, frames, seed, reference(nets, conditions, seed))

    alone = [run(kind) for kind in kinds]
    with ThreadPoolExecutor(2) as pool:
        for made, expected in zip(pool.map(run, kinds * 5), alone * 5, strict=True):
            torch.testing.assert_close(made, expected)


def test_checkpointed_blocks_run_in_their_own_call_again(nets, conditions):
    """Two calls before one way back, of different windows and references: the gradients are those without checkpointing."""

    def gradients(checkpointing: bool) -> list[torch.Tensor]:
        unet = copy.deepcopy(nets.unet).train()
        unet.motion.requires_grad_(True)
        if checkpointing:
            unet.enable_gradient_checkpointing()
        loss = 0
        for frames, seed in ((3, 1), (1, 2)):
            out = predict(replace(nets, unet=unet), conditions, frames, seed, reference(nets, conditions, seed))
            loss = loss + out.square().mean()
        with ThreadPoolExecutor(1) as pool:  # as on a GPU, where autograd works in a thread of its own
            pool.submit(loss.backward).result()
            assert pool.submit(CALL.get, None).result() is None
        return [parameter.grad for parameter in unet.motion.parameters()]

    for plain, saving in zip(gradients(False), gradients(True), strict=True):
        assert plain.any()
        torch.testing.assert_close(saving, plain)
