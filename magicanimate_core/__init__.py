"""MagicAnimate (Xu et al., 2023, arXiv:2311.16498): one photo, animated along a DensePose sequence.

Begin reading at `method/windows.py`, then `pipeline/denoise.py` (the whole sampler), then `host/sliding.py` (the same inside
ComfyUI). Imports run one way: disk, method, media; weights, pose, dancers; bodies; data, host, pipeline; training,
evaluation; testing; command.

Letters in shapes: B rows, F frames, K frames of a window, N reference images, C channels, L tokens, D width, H W pixels,
h w latent pixels (an eighth).
"""
