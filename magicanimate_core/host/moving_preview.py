"""A preview in which all frames move, by the host's own previewers and under its own settings."""

import latent_preview
from comfy.model_patcher import ModelPatcher
from PIL import Image, ImageOps
from torch import Tensor

from .page import show_moving, takes_moving_pictures

MOST_FRAMES, FEW_FRAMES = 48, 12  # frames of a preview: of colours by a matrix, and by a small decoder
PREVIEW_SIDE = 256  # pixels, at most
FRAME_MS, SLOWEST = 40, 160  # milliseconds that a frame is shown; where frames are left out, longer


class MovingPreview:
    """Previews of a clip of `frames`. None are made where the host's are off."""

    def __init__(self, model: ModelPatcher, frames: int) -> None:
        self.previewer = latent_preview.get_previewer(model.load_device, model.model.latent_format)
        self.frames = frames

    def show(self, x0: Tensor) -> tuple | None:
        """Shows frames x0 (F, 4, h, w), or returns one picture for the host to show: (format, image, largest side)."""
        if self.previewer is None:
            return None
        own = type(self.previewer).__module__ == latent_preview.__name__  # another pack's may animate, too, its own way
        if not (own and takes_moving_pictures()):
            return self.previewer.decode_latent_to_preview_image("JPEG", x0)
        by_matrix = isinstance(self.previewer, latent_preview.Latent2RGBPreviewer)
        stride = -(-self.frames // (MOST_FRAMES if by_matrix else FEW_FRAMES))
        show_moving([self._picture(x0[f : f + 1]) for f in range(0, self.frames, stride)], min(FRAME_MS * stride, SLOWEST))
        return None

    def _picture(self, latent: Tensor) -> Image.Image:
        """One frame (1, 4, h, w), no larger than the host's previews are to be."""
        side = min(PREVIEW_SIDE, latent_preview.MAX_PREVIEW_RESOLUTION)
        return ImageOps.contain(self.previewer.decode_latent_to_preview(latent), (side, side), Image.Resampling.BILINEAR)
