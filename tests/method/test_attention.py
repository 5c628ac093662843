"""Hybrid attention (Eq. 2) and window-wide normalisation."""

import torch
import torch.nn.functional as F
from pack.magicanimate_core.method.hybrid_attention import hybrid_attention
from pack.magicanimate_core.method.window_norm import join_frames, split_frames

attend = F.scaled_dot_product_attention


def rows(n=2, tokens=6, width=8):
    return [torch.randn(2 * n, tokens, width, generator=torch.Generator().manual_seed(i)) for i in range(3)]


def test_conditional_rows_attend_to_themselves_and_the_reference():
    q, k, v = rows()
    reference = torch.randn(1, 5, 8), torch.randn(1, 5, 8)
    out = hybrid_attention(q, k, v, [None, reference], attend)
    k_all, v_all = (torch.cat([own[2:], r.expand(2, -1, -1)], 1) for own, r in zip((k, v), reference, strict=True))
    assert torch.equal(out[2:], attend(q[2:], k_all, v_all))


def test_unconditional_rows_do_not_see_the_reference():
    q, k, v = rows()
    out = [hybrid_attention(q, k, v, [None, (torch.randn(1, 5, 8),) * 2], attend) for _ in range(2)]
    assert torch.equal(out[0][:2], out[1][:2])
    assert not torch.equal(out[0][2:], out[1][2:])


def test_order_of_the_chunks_does_not_matter():
    q, k, v = rows()
    reference = torch.randn(1, 5, 8), torch.randn(1, 5, 8)
    swapped = [torch.cat([t[2:], t[:2]]) for t in (q, k, v)]
    out, back = hybrid_attention(q, k, v, [None, reference], attend), hybrid_attention(*swapped, [reference, None], attend)
    assert torch.equal(out, torch.cat([back[2:], back[:2]]))


def test_joined_frames_give_one_statistic_per_window():
    x = torch.randn(6, 32, 4, 5)  # two rows of three frames
    joined = split_frames(F.group_norm(join_frames(x, 3), 32), 3)
    for row, got in zip(x.split(3), joined.split(3), strict=True):
        mean, variance = row.mean((0, 2, 3), keepdim=True), row.var((0, 2, 3), unbiased=False, keepdim=True)
        torch.testing.assert_close(got, (row - mean) / (variance + 1e-5).sqrt(), rtol=1e-4, atol=1e-5)
    assert torch.equal(split_frames(join_frames(x, 3), 3), x)
