"""Distillation: few steps without guidance that do what many guided ones did. Not in the paper."""
