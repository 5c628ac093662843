"""The result files: JSON for programs, Markdown for people. Written anew after every process."""

import json
import re
from pathlib import Path

from benchmarks.report import header, machine, table

from .table import Part

TITLE = "What only a GPU can tell"


class Results:
    """The rows of a run, and of earlier ones with the same date and card that measured other parts."""

    def __init__(self, folder: Path, card: dict, tiny: bool, command: str):
        about, name = machine(), re.sub(r"[^a-z0-9]+", "-", card["name"].lower()) + ("_tiny" if tiny else "")
        self.about, self.command = about | {"card": card}, command
        folder.mkdir(parents=True, exist_ok=True)
        self.stem = folder.resolve() / f"gpu_{about['date']}_{name}"
        self.json, self.markdown = (self.stem.with_name(f"{self.stem.name}.{end}") for end in ("json", "md"))
        self.rows: list[dict] = json.loads(self.json.read_text())["rows"] if self.json.is_file() else []

    def begin(self, part: Part) -> None:
        """Forgets the part's earlier rows."""
        self.rows = [row for row in self.rows if row["part"] != part.number]

    def add(self, rows: list[dict], parts: tuple[Part, ...]) -> None:
        """Adds rows and writes both files."""
        self.rows = sorted(self.rows + rows, key=lambda row: row["part"])
        self.json.write_text(json.dumps({"about": self.about, "command": self.command, "rows": self.rows}, indent=1) + "\n")
        self.markdown.write_text(self.text(parts))

    def text(self, parts: tuple[Part, ...]) -> str:
        """Returns a section for each part that has rows."""
        card = self.about["card"]
        rates = ", ".join(f"{name} {rate:.4g}" for name, rate in card["matrix_tflops"].items())
        lines = [header(TITLE, self.command, self.about), f"Rate of matrix products, TFLOP/s: {rates}.\n"]
        for part in parts:
            rows = [row for row in self.rows if row["part"] == part.number]
            if rows:
                lines += [f"## {part.number}. {part.name}\n", section(rows), ""]
        return "\n".join(lines)


def section(rows: list[dict]) -> str:
    """Returns a part's table, and why numbers are missing."""
    columns = list(dict.fromkeys(name for row in rows for name in row["numbers"]))
    measured = [row for row in rows if row["numbers"]]
    lines = [[row["process"], row["name"], *(row["numbers"].get(name) for name in columns)] for row in measured]
    reasons = [f"- {row['process']} {row['name']}: {row['skipped']}" for row in rows if row.get("skipped")]
    reasons += [f"- {row['process']} ended early: {row['error']}" for row in rows if row.get("error")]
    nulls = {name: reason for row in rows for name, reason in row.get("why_null", {}).items()}
    reasons += [f"- {name}: {reason}" for name, reason in nulls.items()]
    tables = [table(["process", "", *columns], lines)] if lines else []
    return "\n".join([*tables, *([""] if lines and reasons else []), *reasons])
