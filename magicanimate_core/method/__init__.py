"""The paper, as tensor maths: torch and einops, no ComfyUI, no diffusers."""
