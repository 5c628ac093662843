"""Training of MagicAnimate (paper Sec. 3.4): two stages, image-video joint training, on accelerate and diffusers."""
