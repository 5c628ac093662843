"""Jobs at the door of the command line."""

import argparse

from pack.magicanimate_core.command import cli
from pack.magicanimate_core.command.animate import read_jobs
from pack.magicanimate_core.command.job import check_jobs
from pack.tests.doors.jobs import ORDERS, furnish
from pack.tests.doors.table import cases, passes


def ordered(arguments: list[str]) -> list:
    """The jobs of a command line, as they are before models are loaded."""
    options: argparse.Namespace = cli.parser("animate").parse_args(["animate", "--base", "sd15", *arguments])
    jobs = read_jobs(options)
    check_jobs(jobs)
    return jobs


@cases(*ORDERS)
def test_what_is_ordered(case, tmp_path):
    furnish(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    arguments = case.brings(tmp_path)
    passes(case, lambda: ordered(arguments))
    assert {path.name for path in tmp_path.rglob("*")} <= {path.name for path in before} | {"jobs.jsonl"}
