"""The animation on diffusers' classes, as a library: nets, models, the denoising loop."""
