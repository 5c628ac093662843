"""Tables of what was found in frames: joints, or who it is; a row a frame, matched between two sets by name and number."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PUBLISHED_COLUMNS = ("file_name", "frame_number", "value")  # as the tables of the published evaluation call them
CONVERT = (
    "t = pandas.read_pickle(IN); numpy.savez(OUT, file_name=t.file_name.to_list(), frame_number=t.frame_number.to_list(), "
    "value=numpy.stack(t.value.to_list()))"
)
FrameKey = tuple[str, int]  # a file and a frame of it
Name = Callable[[str], str]


@dataclass(frozen=True)
class Table:
    """files: a name for every row. frames: (N,) whole numbers. values: (N, ...) numbers, one shape for all rows."""

    files: tuple[str, ...]
    frames: np.ndarray
    values: np.ndarray

    def __post_init__(self) -> None:
        counts = [len(self.files), len(self.frames), len(self.values)]
        if len(set(counts)) > 1:
            raise ValueError(f"it has {counts[0]} file names, {counts[1]} frame numbers and {counts[2]} values")

    def rows(self, name: Name = str) -> list[FrameKey]:
        """Returns what every row is of."""
        return [(name(file), int(frame)) for file, frame in zip(self.files, self.frames, strict=True)]

    def sorted(self, name: Name = str) -> "Table":
        """Returns the rows by file name, then frame number. Raises ValueError where a frame is there twice."""
        rows = self.rows(name)
        order = sorted(range(len(rows)), key=rows.__getitem__)
        for i, j in zip(order, order[1:], strict=False):
            if rows[i] == rows[j]:
                names = " and ".join(sorted({self.files[i], self.files[j]}))
                raise ValueError(f"Frame {rows[i][1]} of {rows[i][0]} is twice in one table ({names}).")
        return Table(tuple(self.files[i] for i in order), self.frames[order], self.values[order])


def stem(file: str) -> str:
    """A file's name up to its first dot: a true clip.mp4 and a generated clip.png are of one video."""
    return file.split(".")[0]


def matched(true: Table, generated: Table) -> tuple[Table, Table]:
    """Returns both tables sorted, with the same frame in each row. Raises ValueError where one has a frame more."""
    if true.values.shape[1:] != generated.values.shape[1:]:
        shapes = " and ".join(str(table.values.shape[1:]) for table in (true, generated))
        raise ValueError(f"True and generated values are {shapes}; expected one shape.")
    name = str if set(true.rows()) == set(generated.rows()) else stem
    true, generated = true.sorted(name), generated.sorted(name)
    a, b = set(true.rows(name)), set(generated.rows(name))
    if a != b:
        file, frame = min(a ^ b)
        there, not_there = ("true", "generated") if (file, frame) in a else ("generated", "true")
        raise ValueError(
            f"Frame {frame} of {file} is in the {there} table and not in the {not_there} one ({len(a)} true frames, "
            f"{len(b)} generated); expected the same frames in both."
        )
    return true, generated


def read_table(path: str | Path) -> Table:
    """Reads a table from .npz or JSON, with the columns file_name, frame_number, value; JSON also as a list of rows.

    Raises FileNotFoundError and ValueError; the latter for a pickled one, as the published evaluation writes them, since a
    pickle runs code while it loads.
    """
    path = Path(path)
    try:
        columns = _json_columns(path) if path.suffix.lower() == ".json" else dict(np.load(path, allow_pickle=False))
        files, frames, values = (columns[name] for name in PUBLISHED_COLUMNS)
        return Table(tuple(str(file) for file in files), np.asarray(frames).astype(np.int64), _numbers(values))
    except FileNotFoundError:
        raise
    except (KeyError, TypeError, ValueError, OSError, EOFError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else str(error).splitlines()[0].rstrip(".")
        raise ValueError(
            f"{path} is no table ({reason}); expected .npz or JSON with {', '.join(PUBLISHED_COLUMNS)}. A pickled one is "
            f"converted in Python: {CONVERT}."
        ) from error


def _json_columns(path: Path) -> dict[str, list]:
    content = json.loads(path.read_text(encoding="utf-8"))
    return {name: [row[name] for row in content] for name in PUBLISHED_COLUMNS} if isinstance(content, list) else content


def _numbers(values: object) -> np.ndarray:
    values = np.asarray(values)
    if values.dtype.kind not in "iuf":
        raise TypeError(f"its values are {values.dtype}, not numbers of one shape")
    if not np.isfinite(values).all():
        raise ValueError("it holds values that are no numbers")
    return values
