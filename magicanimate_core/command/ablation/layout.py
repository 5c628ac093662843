"""What was measured, laid out as the paper's Table 2: Markdown, CSV, JSON."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...disk import whole, writing
from ...evaluation.averages import DRAWS, LEVEL
from ...evaluation.results import as_json, write_json
from .measuring import MeasuredRow
from .tables import PAPER_ROWS, PAPER_TABLES, WHOLE_METHOD


class Column(NamedTuple):
    """A metric's place. better: 1 where more is better, -1 where less is."""

    key: str
    title: str
    better: int
    digits: int
    factor: float = 1.0


TABLE_COLUMNS = (
    Column("l1", "L1", -1, 4),
    Column("l1_disco", "L1\\* E-04", -1, 2, 1e4),
    Column("psnr", "PSNR", 1, 2),
    Column("psnr_disco_2023", "PSNR\\*", 1, 2),
    Column("ssim_disco", "SSIM\\*", 1, 3),
    Column("lpips", "LPIPS", -1, 3),
    Column("lpips_disco", "LPIPS\\*", -1, 3),
    Column("fid", "FID", -1, 2),
    Column("fid_vid", "FID-VID", -1, 2),
    Column("fvd", "FVD", -1, 2),
    Column("person_l1", "person L1", -1, 2),
    Column("change_l1", "change L1", -1, 2),
)
STARRED = "\\* as the published numbers are computed; L1\\* is comparable at one size of frames only, PSNR\\* overflows."
OF_OURS = "person L1, change L1: of 255, on the person in photo or frame, and of the change from frame to frame."


class Line(NamedTuple):
    """A line of a table: what stands before the numbers, and whose they are."""

    labels: tuple[str, ...]
    row: str


def markdown(
    rows: Mapping[str, MeasuredRow], differences: Mapping, left_out: Mapping[str, str], about: Sequence[str]
) -> str:
    """Returns the tables, then each row beside ours, then what is left out and why, then `about`."""
    shown = [column for column in TABLE_COLUMNS if row_number(rows[WHOLE_METHOD], column.key) is not None]
    parts = []
    for table in PAPER_TABLES:
        lines = [Line(labels, name) for labels, name in table.lines if name in rows]
        if len(lines) > 1:
            parts += [f"**({table.letter})** {table.caption}", "", *_table(table.heads, lines, shown, rows), ""]
    others = [Line((name,), name) for name in rows if name == WHOLE_METHOD or name not in PAPER_ROWS]
    if len(others) > 1 or not parts:
        parts += ["**Other rows**", "", *_table(("Row",), others, shown, rows), ""]
    if len(rows) > 1:
        parts += _apart(differences, [name for name in rows if name != WHOLE_METHOD], shown)
    missing = rows[WHOLE_METHOD].results.get("missing", {})
    parts += [f"- left out: {name}: {why}" for name, why in left_out.items()]
    for why in dict.fromkeys(missing.values()):
        parts.append(f"- left out: {', '.join(key for key in missing if missing[key] == why)}: {why}")
    return "\n".join([*parts, *(f"- {line}" for line in (STARRED, OF_OURS, *about))]) + "\n"


def _table(
    heads: Sequence[str], lines: Sequence[Line], shown: Sequence[Column], rows: Mapping[str, MeasuredRow]
) -> list[str]:
    """A table of the paper's kind, its best numbers in bold."""
    titles = [f"{column.title} {'↑' if column.better > 0 else '↓'}" for column in shown]
    out = [f"| {' | '.join([*heads, *titles])} |", "|" + "---|" * (len(heads) + len(shown))]
    best = {}
    for column in shown:
        found = [row_number(rows[line.row], column.key) for line in lines]
        best[column.key] = max((value for value in found if value is not None), key=lambda v, c=column: c.better * v)
    for line in lines:
        cells = []
        for column in shown:
            value = row_number(rows[line.row], column.key)
            if value is None:
                cells.append("–")
                continue
            text = _written(value, column)
            cells.append((f"**{text}**" if value == best[column.key] else text) + _interval(rows[line.row], column))
        out.append(f"| {' | '.join([*line.labels, *cells])} |")
    return out


def _apart(differences: Mapping, names: Sequence[str], shown: Sequence[Column]) -> list[str]:
    """The table of differences from ours: bold where the interval leaves 0 out."""
    shown = [column for column in shown if column.key in differences[WHOLE_METHOD]]
    out = ["**Beside ours**, the same videos in pairs: positive is more than ours; bold where 0 is not in the interval.", ""]
    out += [f"| Row | {' | '.join(c.title for c in shown)} |", "|" + "---|" * (len(shown) + 1)]
    for name in names:
        cells = []
        for column in shown:
            found = differences[name][column.key]
            text = _written(found["value"], column, sign="+")
            if found["low"] is not None:
                clear = found["low"] > 0 or found["high"] < 0
                ends = f"[{_written(found['low'], column, '+')}, {_written(found['high'], column, '+')}]"
                text = f"{'**' * clear}{text}{'**' * clear} {ends}"
            cells.append(text)
        out.append(f"| {name} | {' | '.join(cells)} |")
    return [*out, ""]


def row_number(row: MeasuredRow, key: str) -> float | None:
    """Returns a row's number of a metric, None where there is none."""
    value = row.results["overall"].get(key)
    value = row.results["distances"].get(key, {}).get("value") if value is None else value
    return None if value is None or not math.isfinite(value) else float(value)


def _written(value: float, column: Column, sign: str = "") -> str:
    return f"{value * column.factor:{sign}.{column.digits}f}"


def _interval(row: MeasuredRow, column: Column) -> str:
    """The interval of a mean; behind a distance, how many samples it has."""
    found = row.results["intervals"].get(column.key)
    if found:
        return f" [{_written(found['low'], column)}, {_written(found['high'], column)}]"
    distance = row.results["distances"].get(column.key)
    return f" (N {distance['generated']}/{distance['true']})" if distance else ""


def table_rows(rows: Mapping[str, MeasuredRow]) -> Iterator[list]:
    """Gives the lines of the CSV: a row each, every number with its interval, as it is (no factors)."""
    keys = [column.key for column in TABLE_COLUMNS if row_number(rows[WHOLE_METHOD], column.key) is not None]
    yield ["row", *(f"{key}{end}" for key in keys for end in ("", "_low", "_high"))]
    for name, row in rows.items():
        ends = [row.results["intervals"].get(key, {}) for key in keys]
        yield [
            name,
            *(v for key, e in zip(keys, ends, strict=True) for v in (row_number(row, key), e.get("low"), e.get("high"))),
        ]


def write_tables(out: Path, text: str, rows: Mapping[str, MeasuredRow], record: Mapping[str, Any]) -> list[Path]:
    """Writes ablation.md, ablation.csv and ablation.json; returns their paths. Raises OSError."""
    paths = [out / f"ablation.{ending}" for ending in ("md", "csv", "json")]
    with writing(paths[0]), whole(paths[0]) as part:
        part.write_text(text, encoding="utf-8")
    with writing(paths[1]), whole(paths[1]) as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(as_json(list(table_rows(rows))))
    write_json(paths[2], dict(record))
    return paths


INTERVALS = f"Intervals: {LEVEL:.0%}, {DRAWS} draws of whole videos with replacement."
