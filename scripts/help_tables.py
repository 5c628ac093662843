"""Writes inputs, outputs and options into the nodes' help pages:  python -m scripts.help_tables

Their words are those of locales/<language>/nodeDefs.json, the defaults those of magicanimate_core/options.py.
On a page they stand between `<!-- sockets -->` and `<!-- end sockets -->`, and `<!-- options -->` and `<!-- end -->`.
"""

from dataclasses import fields
from pathlib import Path

from magicanimate_core.declaring import Options
from magicanimate_core.options import Aligning, PoseWork, Settings, Windows

from .comfyui import PACK
from .locales import ENGLISH, read

DOCS = PACK / "web" / "docs"
PICTURES = DOCS / "pictures"  # a page calls one by its path from DOCS, in whatever language it is
HEADS = {  # of the tables, in every language that has pages
    ENGLISH: {"inputs": "input", "outputs": "output", "options": "option", "default": "default"},
    "zh": {"inputs": "输入", "outputs": "输出", "options": "选项", "default": "默认值"},
    "es": {"inputs": "entrada", "outputs": "salida", "options": "opción", "default": "por defecto"},
    "fr": {"inputs": "entrée", "outputs": "sortie", "options": "option", "default": "par défaut"},
    "ja": {"inputs": "入力", "outputs": "出力", "options": "オプション", "default": "初期値"},
    "ko": {"inputs": "입력", "outputs": "출력", "options": "옵션", "default": "기본값"},
}
WHOLE = (ENGLISH, "zh")  # languages in which every node has its page
MAIN = ("MagicAnimateAnimate", "MagicAnimateDensePose")  # nodes that have one in the others, too; else the English is shown
OPTION_GROUPS: dict[str, type[Options]] = {  # nodes whose pages have a table of options with their defaults
    "MagicAnimateAlignPose": Aligning,
    "MagicAnimateAnimate": Settings,
    "MagicAnimateContextWindows": Windows,
    "MagicAnimatePlan": Windows,
    "MagicAnimatePreparePose": PoseWork,
}


def main() -> None:
    for node, language in pages():
        path = page(node, language)
        path.write_text(with_tables(path.read_text(encoding="utf-8"), node, language), encoding="utf-8")


def pages() -> list[tuple[str, str]]:
    """Lists the help pages that there are: a node and a language each."""
    return [(node, language) for language in HEADS for node in read(language) if language in WHOLE or node in MAIN]


def page(node: str, language: str) -> Path:
    """Returns where the front end looks for a node's help in a language, and for all others."""
    return DOCS / f"{node}.md" if language == ENGLISH else DOCS / node / f"{language}.md"


def picture_of(node: str) -> Path:
    """Returns where the picture of a node's help pages lies."""
    return PICTURES / f"{node}.webp"


def with_tables(text: str, node: str, language: str) -> str:
    """Returns a page with its tables anew. Raises ValueError where a table has no place."""
    text = _between(text, "<!-- sockets -->", "<!-- end sockets -->", sockets(node, language))
    return _between(text, "<!-- options -->", "<!-- end -->", options(node, language)) if node in OPTION_GROUPS else text


def _between(text: str, begin: str, end: str, words: str) -> str:
    if text.count(begin) != 1 or end not in text.split(begin)[1]:
        raise ValueError(f"A help page needs {begin} and {end}, once and in this order: {text.splitlines()[0]}")
    before, rest = text.split(begin)
    return f"{before}{begin}\n{words}\n{end}{rest.split(end, 1)[1]}"


def sockets(node: str, language: str) -> str:
    """Returns tables of a node's inputs, without those among its options, and of its outputs."""
    words, apart = read(language)[node], {option.name for option in fields(OPTION_GROUPS.get(node, Options))}
    inputs = [_row(key, value) for key, value in words["inputs"].items() if key not in apart]
    outputs = [_row("", value) for value in words["outputs"].values()]
    heads = HEADS[language]
    return "\n\n".join(_table([heads[kind]], rows) for kind, rows in (("inputs", inputs), ("outputs", outputs)) if rows)


def options(node: str, language: str) -> str:
    """Returns the table of a node's options with their defaults."""
    words, heads = read(language)[node]["inputs"], HEADS[language]
    rows = [_row(option.name, words[option.name], f"{option.default}") for option in fields(OPTION_GROUPS[node])]
    return _table([heads["options"], heads["default"]], rows)


def _table(heads: list[str], rows: list[str]) -> str:
    return "\n".join([f"| {' | '.join(heads)} | |", "|---" * (len(heads) + 1) + "|", *rows])


def _row(key: str, words: dict[str, str], *cells: str) -> str:
    """One row: the name that the node shows, its name in workflows where that is another, what is to be said of it."""
    name = f"`{words['name']}`" + (f" ({key})" if key not in ("", words["name"]) else "")
    return f"| {' | '.join((name, *cells, words.get('tooltip', '')))} |"


if __name__ == "__main__":
    main()
