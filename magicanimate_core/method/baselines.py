"""MagicAnimate, and what the paper compares it with (Tables 1 and 2b): what shows a method the photo, and whether frames
see each other. What each of them is for, and how honest it is: docs/baselines.md.
"""

from typing import NamedTuple

BY_THE_ENCODER, ADAPTER, TOKENS, PIXELS = "appearance encoder", "IP-Adapter", "CLIP tokens", "pixels"  # what shows the photo
MAGICANIMATE, REPEAT, WARP = "magicanimate", "repeat", "warp"
VIT_H = "CLIP ViT-H/14, models/image_encoder of h94/IP-Adapter on Hugging Face"  # what most IP-Adapters read
VIT_L = "CLIP ViT-L/14, openai/clip-vit-large-patch14 on Hugging Face"  # its projection is as wide as SD 1.5's text


class Method(NamedTuple):
    """What animates."""

    words: str
    photo: str  # what shows it the photo, of those above
    temporal: bool  # whether it has temporal layers

    @property
    def paints(self) -> bool:
        """Whether its frames come from a net, and not from the photo's pixels."""
        return self.photo != PIXELS

    @property
    def parts(self) -> tuple[str, ...]:
        """The published files that it needs, by name."""
        needed = {
            "appearance_encoder": self.photo == BY_THE_ENCODER,
            "densepose_controlnet": self.paints,
            "temporal_attention": self.temporal,
        }
        return tuple(name for name, is_needed in needed.items() if is_needed)


METHODS = {  # the default first
    MAGICANIMATE: Method("the paper's", BY_THE_ENCODER, True),
    "ipa_controlnet": Method("IPA+CtrlN: IP-Adapter and the ControlNet, every frame alone", ADAPTER, False),
    "ipa_controlnet_video": Method("IPA+CtrlN-V: the same with the temporal layers", ADAPTER, True),
    "clip_image": Method("CLIP's image tokens beside the text, in place of the appearance encoder", TOKENS, True),
    REPEAT: Method("the photo in every frame", PIXELS, False),
    WARP: Method("the photo's limbs moved by the part maps", PIXELS, False),
}
