"""Doors of the node pack open into the same real ComfyUI as tests/host."""

from pack.tests.host.conftest import nodes, run, small  # noqa: F401 - fixtures
