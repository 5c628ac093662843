"""Commands: `python -m scripts.demo`, `scripts.test`, `scripts.random_weights`, `scripts.sample_inputs`."""
