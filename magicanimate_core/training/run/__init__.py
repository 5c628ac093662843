"""The loop of a training run, whatever is trained: steps, checkpoints, log."""
