"""A pose video in any form comes out in this model's colours; what holds no parts is refused by name."""

import numpy as np
from pack.magicanimate_core.pose.preparing import PoseReport, prepare_poses
from pack.tests.doors import forms as rows
from pack.tests.doors.table import cases, passes


def prepared(frames: np.ndarray) -> tuple[PoseReport, np.ndarray]:
    report = PoseReport()
    return report, np.stack(list(prepare_poses(frames, steady=0, report=report)))


@cases(*rows.RECOGNISED, *rows.ODD)
def test_forms(case):
    passes(case, lambda: prepared(case.brings()))


@cases(*rows.LOST, *rows.OTHERS)
def test_what_holds_no_parts(case):
    passes(case, lambda: prepared(case.brings()))
