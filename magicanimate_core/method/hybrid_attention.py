"""Hybrid attention (paper Eq. 2): conditional rows attend to themselves and to the reference image."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]  # q (B, L, D), k and v (B, M, D) -> (B, L, D)
KeysValues = tuple[Tensor, Tensor]  # keys and values of the reference image, each (1, M, D)


class FeaturesRead(Exception):
    """The last features are read: what the encoder would compute after them is for nobody."""


def hybrid_attention(q: Tensor, k: Tensor, v: Tensor, references: Sequence[KeysValues | None], attend: Attend) -> Tensor:
    """Attends with rows that come in len(references) equal chunks, one per conditioning.

    q, k, v: (B, L, D), already projected. A chunk with a reference attends to [own, reference] tokens,
    a chunk with None to its own only; nothing is computed to be masked away. Returns (B, L, D).
    """
    rows = q.shape[0] // len(references)
    out = []
    for q_own, k_own, v_own, reference in zip(q.split(rows), k.split(rows), v.split(rows), references, strict=True):
        if reference is not None:
            k_ref, v_ref = (r.expand(rows, -1, -1) for r in reference)  # (rows, M, D)
            k_own, v_own = torch.cat([k_own, k_ref], 1), torch.cat([v_own, v_ref], 1)  # (rows, L + M, D)
        out.append(attend(q_own, k_own, v_own))
    return torch.cat(out)
