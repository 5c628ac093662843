"""A YAML config in sections whose names are known."""

from pathlib import Path
from typing import Any

import yaml


class OnceLoader(yaml.SafeLoader):
    """YAML in which a name that stands twice is an error, not the last one's."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} stands twice (line {node.start_mark.line + 1} and on); keep one.")
        return super().construct_mapping(node, deep)


def parsed(path: Path) -> Any:
    """What is in the file. Raises FileNotFoundError or ValueError."""
    if path.is_dir():
        raise ValueError(f"config {path} is a folder; expected a YAML file.")
    if not path.is_file():
        raise FileNotFoundError(f"config {path} does not exist.")
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), OnceLoader)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is no text in UTF-8: save it as UTF-8.") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is no YAML: {' '.join(str(error).split())}.") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def section(values: Any, where: str, known: set[str]) -> dict[str, Any]:
    """A section as a copy, empty where there is none. Raises ValueError for anything else, and for unknown names."""
    if values is not None and not isinstance(values, dict):
        raise ValueError(f"{where} is {values!r}; expected names with values.")
    unknown = sorted(str(name) for name in values or {} if name not in known)
    if unknown:
        raise ValueError(f"{where} has an unknown name {unknown[0]}; there are {', '.join(sorted(known))}.")
    return dict(values or {})


def count(value: Any, where: str) -> int:
    """Raises ValueError for what is no number of things."""
    if type(value) is not int or value < 0:
        raise ValueError(f"{where} is {value!r}; expected a whole number, 0 or more.")
    return value
