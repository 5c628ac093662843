"""torch.compile, as the host's node applies it: one graph for all windows, and the same latents."""

import pytest
import torch
from pack.tests.host.small import EIGHTS


@pytest.fixture
def graphs():
    """What the compiler was given, in order."""
    torch.compiler.reset()
    yield []
    torch.compiler.reset()


@pytest.fixture
def compiled(small, graphs):
    """The temporal UNet, compiled by something that runs its graphs as they are."""
    from comfy_api.torch_helpers import set_torch_compile_wrapper
    from comfy_extras.nodes_torch_compile import skip_torch_compile_dict

    def backend(graph, inputs, **options):
        graphs.append(graph)
        return graph.forward

    model = small.temporal()
    set_torch_compile_wrapper(model, backend, options={"guard_filter_fn": skip_torch_compile_dict})
    return model


def test_every_window_of_every_step_runs_the_same_graph(small, compiled, graphs):
    """The appearance encoder, which ends half-way, and the ControlNet stay as they are."""
    assert torch.equal(small.animate(10, **EIGHTS, model=compiled), small.expected(10, **EIGHTS))
    assert len(graphs) == 1
