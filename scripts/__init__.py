"""Commands for newcomers and tests: `python -m scripts.demo`, `python -m scripts.test`, `python -m scripts.random_weights`."""
