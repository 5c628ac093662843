import pytest
import torch


@pytest.fixture
def conditions(models, files):
    from pack.magicanimate_core.pipeline.denoise import Conditions

    generator = torch.Generator().manual_seed(1)
    reference, positive, negative = (
        torch.randn(shape, generator=generator) for shape in ((1, 4, 8, 8), (1, 77, 48), (1, 77, 48))
    )
    poses = torch.rand(64, 3, 64, 64, generator=generator)
    return Conditions(reference, positive, negative, lambda frames: poses[frames], 64)
