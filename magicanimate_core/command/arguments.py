"""Options of the one table as arguments of a command, and back."""

import argparse
from dataclasses import fields
from typing import TypeVar

from ..declaring import Options

Group = TypeVar("Group", bound=Options)


def add_options(arguments: argparse._ArgumentGroup, group: type[Options]) -> None:
    """Adds every option of a group, spelled with hyphens or as the node has it."""
    for option in fields(group):
        names = dict.fromkeys([f"--{option.name.replace('_', '-')}", f"--{option.name}"])
        text = f"{option.metadata['words']} ({option.default})".replace("%", "%%")
        if isinstance(option.default, bool):
            arguments.add_argument(*names, action=argparse.BooleanOptionalAction, default=option.default, help=text)
        else:
            choices = group.choices(option.name) or None
            arguments.add_argument(*names, type=type(option.default), default=option.default, choices=choices, help=text)


def from_arguments(group: type[Group], arguments: argparse.Namespace) -> Group:
    """Returns a group with the values of a command line. Raises ValueError for values that cannot be used."""
    return group(**{option.name: getattr(arguments, option.name) for option in fields(group)})
