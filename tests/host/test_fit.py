"""Photos and poses are brought to size as ComfyUI's own upscaling does it."""

import pytest
import torch


@pytest.mark.parametrize("fit", ["crop", "stretch", "pad"])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (24, 72), (128, 16)])
def test_sizes_are_comfyuis(fit, width, height):
    import comfy.utils
    from pack.magicanimate_core.media.densepose import BACKGROUND
    from pack.magicanimate_core.media.images import fit_image, fit_photo, fit_poses

    def comfy_resize(method: str):
        return lambda pixels, *size: comfy.utils.common_upscale(pixels, *size, method, "disabled")

    image = torch.rand(2, 45, 61, 3, generator=torch.Generator().manual_seed(0))
    photo = fit_image(image, width, height, fit, comfy_resize("lanczos"), (0.5,) * 3)
    poses = fit_image(image, width, height, fit, comfy_resize("nearest-exact"), tuple(c / 255 for c in BACKGROUND))
    assert torch.equal(fit_photo(image, width, height, fit), photo)
    assert torch.equal(fit_poses(image, width, height, fit), poses)
