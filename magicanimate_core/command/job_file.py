"""A file of jobs: JSON lines, as people write them with editors and shells of all systems."""

import codecs
import json
import re
from pathlib import Path
from typing import Any, NoReturn

MARKS = {  # what a file begins with that is not in plain UTF-8; the longer ones first
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def job_lines(path: Path) -> list[tuple[int, str]]:
    """Returns the lines of a job file that are not empty, with their numbers; in UTF-8, or what its byte order mark says.

    Raises FileNotFoundError, and ValueError for a file without jobs or in another encoding.
    """
    if path.is_dir():
        raise ValueError(f"job file {path} is a folder; expected a file of JSON lines.")
    if not path.is_file():
        raise FileNotFoundError(f"job file {path} does not exist.")
    data = path.read_bytes()
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8-sig")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError(f"job file {path} is no text in UTF-8 (from byte {error.start} on): save it as UTF-8.") from error
    if "\0" in text:
        raise ValueError(f"job file {path} is no text in UTF-8 (it holds zeros): save it as UTF-8.")
    lines = [(number, line) for number, line in enumerate(re.split("\r\n|\r|\n", text), 1) if line.strip()]
    if not lines:
        raise ValueError(f"job file {path} holds no jobs; expected a line each, with reference, pose and out.")
    return lines


def read_object(line: str) -> dict[str, Any]:
    """Reads a line that is one JSON object. Raises ValueError, also for a name that stands twice and for NaN."""
    entry = json.loads(line, parse_constant=_no_number, object_pairs_hook=_once)
    if not isinstance(entry, dict):
        raise ValueError(f"it is a {type(entry).__name__}, not a line {{...}}")
    return entry


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these names and values, each name once."""
    entry = dict(pairs)
    if len(entry) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} stands twice")
    return entry
