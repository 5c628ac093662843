"""Loaders for the three published files and the MODEL they belong to, and for what the paper puts in a file's place."""

from pathlib import Path

from comfy_api.latest import io

from ..magicanimate_core.host import loading
from ..magicanimate_core.host.advice import with_steps_advice
from ..magicanimate_core.host.temporal import apply_temporal_unet
from ..magicanimate_core.weights.made_for import read_made_for
from .checks import plain_errors
from .folders import ADAPTER_FOLDERS, CONTROLNET_FOLDERS, ENCODER_FOLDERS, MOTION_FOLDERS, choices, find
from .schema import AppearanceEncoderType, IPAdapterType, schema


class LoadTemporalUNet(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateTemporalUNetLoader",
            display_name="Load Temporal UNet",
            description="Turns a Stable Diffusion 1.5 model into MagicAnimate's video model: adds the temporal attention "
            "blocks and the noise schedule it was trained with. Checkpoints, LoRAs and other patches stay as they are.",
            search_aliases=["motion module", "temporal attention", "magic animate", "animatediff"],
            inputs=[
                io.Model.Input("model", tooltip="Stable Diffusion 1.5, any checkpoint, with or without LoRA."),
                io.Combo.Input(
                    "motion_module",
                    options=choices(MOTION_FOLDERS, "temporal"),
                    tooltip="temporal_attention.ckpt (or .safetensors) in models/magicanimate/temporal_attention.",
                ),
            ],
            outputs=[io.Model.Output(tooltip="The temporal UNet. The model that went in is left as it was.")],
        )

    @classmethod
    def execute(cls, model, motion_module: str) -> io.NodeOutput:
        with plain_errors():
            path = find(MOTION_FOLDERS, motion_module)
            model = apply_temporal_unet(model, loading.motion_module_in_use(path))
            return io.NodeOutput(with_steps_advice(model, read_made_for([Path(path)])))


class LoadAppearanceEncoder(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateAppearanceEncoderLoader",
            display_name="Load Appearance Encoder",
            description="Loads the second UNet, which reads the reference image so that identity and background are kept.",
            search_aliases=["reference net", "referencenet", "magic animate"],
            inputs=[
                io.Combo.Input(
                    "appearance_encoder",
                    options=choices(ENCODER_FOLDERS, "appearance"),
                    tooltip="diffusion_pytorch_model.safetensors in models/magicanimate/appearance_encoder.",
                )
            ],
            outputs=[
                AppearanceEncoderType.Output(
                    display_name="appearance_encoder", tooltip="For Apply Reference Image or Animate."
                )
            ],
        )

    @classmethod
    def execute(cls, appearance_encoder: str) -> io.NodeOutput:
        with plain_errors():
            return io.NodeOutput(loading.load_appearance_encoder(find(ENCODER_FOLDERS, appearance_encoder)))


class LoadDensePoseControlNet(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateDensePoseControlNetLoader",
            display_name="Load DensePose ControlNet",
            description="Loads the ControlNet that reads DensePose videos.",
            search_aliases=["densepose", "pose controlnet", "magic animate"],
            inputs=[
                io.Combo.Input(
                    "control_net",
                    options=choices(CONTROLNET_FOLDERS, "densepose"),
                    tooltip="diffusion_pytorch_model.safetensors in models/magicanimate/densepose_controlnet, "
                    "or a ControlNet for SD 1.5 in models/controlnet.",
                )
            ],
            outputs=[io.ControlNet.Output(tooltip="For Apply Pose Video or Animate; the host's own nodes take it too.")],
        )

    @classmethod
    def execute(cls, control_net: str) -> io.NodeOutput:
        with plain_errors():
            return io.NodeOutput(loading.load_pose_controlnet(find(CONTROLNET_FOLDERS, control_net)))


class LoadIPAdapter(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return schema(
            node_id="MagicAnimateIPAdapterLoader",
            display_name="Load IP-Adapter",
            description="Loads an IP-Adapter for SD 1.5, which shows the photo in place of the appearance encoder: for "
            "comparisons as in the paper's Table 2b.",
            search_aliases=["ip adapter", "ipadapter", "image prompt", "magic animate"],
            inputs=[
                io.Combo.Input(
                    "ip_adapter",
                    options=choices(ADAPTER_FOLDERS, "sd15"),
                    tooltip="ip-adapter_sd15, -plus_sd15, -plus-face_sd15 or -full-face_sd15 (.safetensors or .bin) in "
                    "models/ipadapter.",
                )
            ],
            outputs=[
                IPAdapterType.Output(display_name="ip_adapter", tooltip="For Animate, where reference_by is ip_adapter.")
            ],
        )

    @classmethod
    def execute(cls, ip_adapter: str) -> io.NodeOutput:
        with plain_errors():
            return io.NodeOutput(loading.load_ip_adapter(find(ADAPTER_FOLDERS, ip_adapter)))


NODES = [LoadTemporalUNet, LoadAppearanceEncoder, LoadDensePoseControlNet, LoadIPAdapter]
