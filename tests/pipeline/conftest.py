import pytest
import torch


@pytest.fixture
def nets(models):
    return models.nets


@pytest.fixture
def conditions():
    from pack.magicanimate_core.pipeline.conditions import Conditions, PoseImages

    generator = torch.Generator().manual_seed(1)
    reference, positive, negative = (
        torch.randn(shape, generator=generator) for shape in ((1, 4, 8, 8), (1, 77, 48), (1, 77, 48))
    )
    poses = PoseImages(torch.rand(64, 3, 64, 64, generator=generator))
    return Conditions(reference=reference, positive=positive, negative=negative, poses=poses)
