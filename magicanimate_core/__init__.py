"""MagicAnimate (Xu et al., 2023, arXiv:2311.16498): one photo, animated along a DensePose sequence.

The files of this folder are tensor maths and file layouts: torch and einops, no ComfyUI, no diffusers.
`host/` is the one room that talks to ComfyUI.

Letters in shapes: B rows, F frames, C channels, H W latent height and width, L tokens, R reference tokens, D width.
"""
