"""What is distilled: how many steps of the student, and of how many guided ones of its teacher each is made."""

from dataclasses import dataclass
from typing import ClassVar

from ..sections import Section, at_least, between, setting

PUBLISHED_STEPS = 25  # what is enough without any distillation


@dataclass(frozen=True, kw_only=True)
class Distil(Section):
    """The steps of student and teacher."""

    name: ClassVar[str] = "distil"
    caption: ClassVar[str] = "stage distil: the finished nets, guided, teach themselves to do with few steps at cfg 1"

    steps: int = setting(
        4, "of the student, at `trailing` timesteps; it is made for this number", between(1, PUBLISHED_STEPS)
    )
    teacher_steps: int = setting(
        5, "of the teacher for each of the student's, which learns to arrive where they do", between(1, PUBLISHED_STEPS)
    )
    cfg: float = setting(7.5, "guidance of the teacher, which the student then has in it", at_least(0))
