"""Clocks, memory peaks and operation counts."""

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

from .bench import Numbers

GIB = 2**30


def has_card() -> bool:
    return torch.cuda.is_available()


def now() -> float:
    """Returns the time in seconds when all work that was given to the card is done."""
    if has_card():
        torch.cuda.synchronize()
    return time.perf_counter()


@dataclass(kw_only=True)
class Timed:
    """A run of the sampler."""

    marks: list[float]  # when it was called, then when each step was over
    latents: Tensor | None = None  # (F, 4, h, w)

    def numbers(self) -> Numbers:
        """Seconds to the end of the first step, loading included, and a step after it (median; two steps or more)."""
        steps = [end - begin for begin, end in pairwise(self.marks)]
        return {"seconds_to_first_step": steps[0]} | ({"seconds_a_step": statistics.median(steps[1:])} if steps[1:] else {})

    @property
    def whole_s(self) -> float:
        """Seconds of the whole run."""
        return self.marks[-1] - self.marks[0]


class Memory:
    """`with Memory() as memory:` keeps the peaks of what happens inside."""

    def __enter__(self) -> "Memory":
        self.before, self.least_free, self._over = 0, None, threading.Event()
        if has_card():
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
            self.before = torch.cuda.memory_allocated()
        self._sampling = threading.Thread(target=self._sample, daemon=True)
        self._sampling.start()
        return self

    def __exit__(self, *_) -> None:
        self.peak = torch.cuda.max_memory_allocated() if has_card() else None
        self._over.set()
        self._sampling.join()

    def _sample(self) -> None:
        """What lies outside the allocator (dynamic VRAM's weights, other processes) only shows in what is free."""
        while has_card() and not self._over.wait(0.01):
            free, total = torch.cuda.mem_get_info()
            self.least_free, self.total = min(free, self.least_free or free), total

    def numbers(self) -> Numbers:
        """allocator_gib: PyTorch's peak. card_gib: the peak of everything on the card, sampled. None without a card."""
        card = self.least_free and (self.total - self.least_free) / GIB
        return {"allocator_gib": self.peak and self.peak / GIB, "card_gib": card}

    @property
    def rise_gib(self) -> float | None:
        """How far the allocator's peak rose above what was there at the beginning."""
        return None if self.peak is None else (self.peak - self.before) / GIB


def tflop_a_step(run: Callable[[int], object]) -> float:
    """Returns the TFLOP of a step of run(steps): matrix products and convolutions, multiply-add as two.

    It is what two steps take more than one, so what happens once a run is left out.
    """
    counts = []
    for steps in (1, 2):
        attention_of_the_cpu = {torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: attention_flop}
        with FlopCounterMode(display=False, custom_mapping=attention_of_the_cpu) as counter:
            run(steps)
        counts.append(counter.get_total_flops() / 1e12)
    return counts[1] - counts[0]


def attention_flop(query, key, value, *_, **__) -> int:
    """Counts attention by the shapes of its inputs; the only kernel that FlopCounterMode does not know."""
    return sdpa_flop_count(query, key, value)


def counted(run: Callable[[int], Timed], steps: int, rate: float) -> Numbers:
    """Counts and times run(steps). rate: TFLOP/s of the card's matrix products."""
    tera, seconds = tflop_a_step(run), run(steps).numbers()["seconds_a_step"]
    return {"seconds_a_step": seconds, "tflop_a_step": tera, "share_of_matrix_rate": tera / seconds / rate}
