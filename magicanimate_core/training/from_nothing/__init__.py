"""What a model needs that is trained from nothing, and the paper does not: a VAE, guides for attention, its decoder."""
