"""Tables of joints and of identities that people bring, and what is said of them."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pack.magicanimate_core.evaluation.tables import Table
from pack.tests.doors.networks import Files, written
from pack.tests.doors.table import Case, Refused

JOINTS = np.arange(12.0).reshape(2, 3, 2)
ROWS = {"file_name": ["b.mp4", "a.mp4"], "frame_number": [0, 3], "value": JOINTS}


def npz(**changes: Any) -> Files:
    def write(folder: Path) -> Path:
        np.savez(folder / "pose.npz", **{key: value for key, value in (ROWS | changes).items() if value is not None})
        return folder / "pose.npz"

    return write


def text(content: Any) -> Files:
    return written(json.dumps(content).encode(), "pose.json")


def of(*rows: tuple[str, int]) -> Callable[[tuple], None]:
    """The first table has these rows."""

    def check(tables: tuple) -> None:
        assert tables[0].rows() == list(rows)

    return check


def same(table: Table) -> None:
    assert table.rows() == [("b.mp4", 0), ("a.mp4", 3)] and (table.values == JOINTS).all()


LISTS = ROWS | {"value": JOINTS.tolist()}
RECORDS = [dict(zip(ROWS, row, strict=True)) for row in zip(*LISTS.values(), strict=True)]
IS_NONE = r"is no table \(.*\); expected .npz or JSON with file_name, frame_number, value"
TABLES = [
    Case("columns as .npz", npz(), same),
    Case("frame numbers as text", npz(frame_number=["0", "3"]), same),
    Case("columns as JSON", text(LISTS), same),
    Case("rows as JSON, as pandas writes records", text(RECORDS), same),
    Case("a column more", npz(score=[1, 2]), same),
    Case("nothing found", npz(file_name=[], frame_number=[], value=np.zeros((0, 18, 2))), lambda table: of()((table,))),
    Case("no file", lambda folder: folder / "pose.npz", Refused("No such file.*pose.npz")),
    Case("pandas' pickle", written(pickle.dumps({"file_name": ["a"]}), "pose.pkl"), Refused(IS_NONE + ".*read_pickle")),
    Case("objects in .npz", npz(value=np.array([None, [1]], object)), Refused(IS_NONE)),
    Case("a column less", npz(value=None), Refused("it has no 'value'")),
    Case("a value less", npz(value=JOINTS[:1]), Refused("2 file names, 2 frame numbers and 1 values")),
    Case("joints of unequal number", text(LISTS | {"value": [[[1, 2]], [[1, 2], [3, 4]]]}), Refused(IS_NONE)),
    Case("words", text(LISTS | {"value": ["left", "right"]}), Refused("not numbers of one shape")),
    Case("values that are none", npz(value=JOINTS * np.nan), Refused("values that are no numbers")),
    Case("a plain array", written(b"\x93NUMPY", "pose.npy"), Refused(IS_NONE)),
    Case("broken JSON", written(b'{"file_name": [', "pose.json"), Refused(IS_NONE)),
    Case("a number as JSON", text(3), Refused(IS_NONE)),
    Case("an empty file", written(b"", "pose.npz"), Refused(IS_NONE)),
]  # fmt: skip


def frames(*rows: tuple[str, int], shape: tuple[int, ...] = (3, 2)) -> Table:
    return Table(tuple(row[0] for row in rows), np.array([row[1] for row in rows], int), np.zeros((len(rows), *shape)))


A, B = ("a.mp4", 0), ("b.mp4", 1)
V1, V2 = ("v.1.mp4", 0), ("v.2.mp4", 0)
PAIRS = [
    Case("the same rows", lambda: (frames(A, B), frames(A, B)), of(A, B)),
    Case("rows in another order", lambda: (frames(B, A), frames(A, B)), of(A, B)),
    Case("another suffix", lambda: (frames(A), frames(("a.png", 0))), of(A)),
    Case("a suffix more", lambda: (frames(A), frames(("a.mp4.png", 0))), of(A)),
    Case("names with dots, the same", lambda: (frames(V2, V1), frames(V1, V2)), of(V1, V2)),
    Case("ten comes after nine", lambda: (frames(("a", 10), ("a", 9)),) * 2, of(("a", 9), ("a", 10))),
    Case("nothing", lambda: (frames(), frames()), of()),
    Case("names with dots and another suffix", lambda: (frames(V1, V2), frames(("v.1.png", 0), ("v.2.png", 0))),
         Refused(r"Frame 0 of v is twice in one table \(v.1.mp4 and v.2.mp4\)")),
    Case("a frame twice", lambda: (frames(A, A), frames(A, A)), Refused("Frame 0 of a.mp4 is twice")),
    Case("a frame less", lambda: (frames(A, B), frames(A)),
         Refused(r"Frame 1 of b is in the true table and not in the generated one \(2 true frames, 1 generated\)")),
    Case("a frame more", lambda: (frames(A), frames(A, B)), Refused("Frame 1 of b is in the generated table")),
    Case("frames counted from one", lambda: (frames(A), frames(("a.mp4", 1))), Refused("Frame 0 of a is in the true")),
    Case("other videos", lambda: (frames(A), frames(("b.mp4", 0))), Refused("Frame 0 of a is in the true table")),
    Case("identity against joints", lambda: (frames(A), frames(A, shape=(1, 2048))),
         Refused(r"are \(3, 2\) and \(1, 2048\); expected one shape")),
]  # fmt: skip
