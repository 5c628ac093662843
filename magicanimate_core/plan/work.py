"""Floating-point operations of an animation, by a closed formula over the tables of the architecture.

Counted are matrix products and convolutions, a multiply-add as two operations, as `benchmarks.flops` counts them on the code
itself. Not counted: norms, activations, softmax, the VAE and the text encoder.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from ..media.images import MULTIPLE
from ..method.motion_module import MotionLayout, MotionModule
from ..weights import architecture as arch

PROMPT_TOKENS = 77  # of a prompt

Kind = tuple[int, bool]  # of a window: its frames, and whether both halves of guidance are computed


@dataclass(frozen=True)
class Net:
    """SD 1.5's parts at a size in pixels, all numbers in FLOP; a row is one frame of one conditioning."""

    width: int
    height: int
    shape: arch.UNetShape = arch.SD15
    hint_widths: tuple[int, ...] = arch.HINT_WIDTHS

    @cached_property
    def places(self) -> list[int]:
        """Pixels of the latent at each level; halves are rounded up."""
        height, width, places = self.height // MULTIPLE, self.width // MULTIPLE, []
        for _ in self.shape.widths:
            places.append(height * width)
            height, width = -(-height // 2), -(-width // 2)
        return places

    @cached_property
    def motion(self) -> MotionModule:
        """Temporal blocks, without storage."""
        return MotionModule(MotionLayout(arch.temporal_widths(self.shape)), device="meta")

    def window(self, length: int, guided: bool = True) -> int:
        """Returns what a window of `length` frames takes in the UNet; guided: both halves, else the one with the photo."""
        rows = length * (1 + guided)
        return rows * (self._row + length * self._across_frames) + length * self._to_reference

    def encoder(self) -> int:
        """Returns what the appearance encoder takes, once a step."""
        return self._tables(arch.encoder_tensors(self.shape))

    def reference(self) -> int:
        """Returns what the UNet's keys and values of the photo take, once a step."""
        return sum(
            2 * _size(spec.shape) * self.places_of(name)
            for name, spec in self._reference_tensors()
            if name.endswith(("attn1.to_k.weight", "attn1.to_v.weight"))
        )

    def pose(self) -> int:
        """Returns what a frame takes in the ControlNet."""
        return self._tables(arch.controlnet_tensors(self.shape, self.hint_widths))

    def places_of(self, name: str) -> int:
        """Returns at how many places of a row a layer works. name: of the layer or a tensor of it, diffusers'."""
        block, _, rest = name.partition(".")
        number = int(rest.split(".")[0]) if block.endswith("_blocks") else 0
        if block == "controlnet_cond_embedding":
            return self._pose_places(rest)
        if "time_emb" in name:
            return 1
        level = {
            "down_blocks": number + ("downsamplers" in name),
            "up_blocks": len(self.places) - 1 - number - ("upsamplers" in name),
            # a skip comes from each ResNet, and one before them that is the stem's or halves the sides
            "controlnet_down_blocks": number // (self.shape.res_blocks + 1),
            "mid_block": -1,
            "controlnet_mid_block": -1,
        }.get(block, 0)
        return self.places[level]

    @cached_property
    def _row(self) -> int:
        """A row through the UNet, but for what grows with the window or comes from the photo."""
        return self._tables(arch.unet_tensors(self.shape)) + sum(
            2 * self.places_of(site) * sum(_size(weight.shape) for weight in self.motion.at(site).parameters())
            for site in self.motion.layout.widths
        )

    @cached_property
    def _across_frames(self) -> int:
        """The temporal attention of a row to one frame."""
        layout = self.motion.layout
        attentions = 4 * layout.attentions * layout.blocks
        return sum(attentions * self.places_of(site) * width for site, width in layout.widths.items())

    @cached_property
    def _to_reference(self) -> int:
        """The attention of a row to the photo (Eq. 2)."""
        return sum(
            4 * self.places_of(name) ** 2 * spec.shape[0]
            for name, spec in self._reference_tensors()
            if name.endswith("attn1.to_q.weight")
        )

    def _reference_tensors(self) -> Iterable[tuple[str, arch.TensorSpec]]:
        tensors = arch.unet_tensors(self.shape).items()
        return ((name, spec) for name, spec in tensors if name.startswith(("mid_block.", "up_blocks.")))

    def _tables(self, tensors: Mapping[str, arch.TensorSpec]) -> int:
        """A row through a net: its weights at every place where they are used, and its spatial attentions."""
        total = 0
        for name, spec in tensors.items():
            places = self.places_of(name)
            total += 2 * _size(spec.shape) * (PROMPT_TOKENS if name.endswith(TEXT_PROJECTIONS) else places)
            if name.endswith(QUERIES):
                total += 4 * places * (PROMPT_TOKENS if name.endswith(QUERIES[1]) else places) * spec.shape[0]
        return total

    def _pose_places(self, layer: str) -> int:
        """Of the pose embedding, which begins with every pixel; every second block halves both sides."""
        blocks = 2 * (len(self.hint_widths) - 1)
        done = {"conv_in": 0, "conv_out": blocks}.get(layer.split(".")[0])
        halvings = (int(layer.split(".")[1]) + 1 if done is None else done) // 2
        return (self.height >> halvings) * (self.width >> halvings)


TEXT_PROJECTIONS = ("attn2.to_k.weight", "attn2.to_v.weight")
QUERIES = ("attn1.to_q.weight", "attn2.to_q.weight")


def _size(shape: tuple[int, ...]) -> int:
    """Numbers of a weight that is multiplied with something: a bias or a norm is none."""
    size = 1
    for side in shape:
        size *= side
    return size if len(shape) > 1 else 0


def run_flop(net: Net, windows: Mapping[Kind, int], frames: int, steps: int) -> int:
    """Returns the FLOP of a run whose every step is one evaluation.

    windows: how many of each kind there are in the whole run. frames: denoised, padding included.
    """
    unet = sum(count * net.window(length, guided) for (length, guided), count in windows.items())
    return unet + steps * (net.encoder() + net.reference() + frames * net.pose())
