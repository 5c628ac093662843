"""Who is there: the figures of a map, the largest first."""

import numpy as np

from .limbs import HEAD, TORSO

COARSE = 96  # pixels of the longer side at which figures are told apart
LEAST_BODY = 0.3  # of the largest figure: what is smaller is a speck, or far away


def figures(limbs: np.ndarray) -> list[np.ndarray]:
    """Returns a mask (H, W) bool for every figure of a map of limbs (H, W), the largest first; specks are left out."""
    step = -(-max(limbs.shape) // COARSE)
    coarse = limbs[step // 2 :: step, step // 2 :: step]
    names = _components(coarse > 0)
    sizes = np.bincount(names.ravel())
    sizes[0] = 0
    bodies = [name for name in np.argsort(-sizes) if sizes[name] and _is_body(coarse[names == name])]
    large = [name for name in bodies if sizes[name] >= LEAST_BODY * sizes[bodies[0]]]
    return [_full(_widened(names == name), limbs, step) for name in large]


def heads(limbs: np.ndarray) -> int:
    """Returns how many heads a map of one figure's limbs (H, W) has: two people may touch."""
    step = -(-max(limbs.shape) // COARSE)
    names = _components(limbs[step // 2 :: step, step // 2 :: step] == HEAD)
    sizes = np.bincount(names.ravel())[1:]
    return int((sizes >= 0.5 * sizes.max()).sum()) if len(sizes) and sizes.max() > 0 else 0


def _is_body(limbs: np.ndarray) -> bool:
    """Whether some limbs (pixels,) hold a torso, or several others."""
    seen = np.unique(limbs)
    return TORSO in seen or len(seen) > 2 or len(limbs) > 20


def _components(mask: np.ndarray) -> np.ndarray:
    """Numbers 1.. of what hangs together in a mask (H, W), 0 elsewhere."""
    names = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        wide = np.pad(names, 1)
        rows = np.maximum(np.maximum(wide[:-2], wide[1:-1]), wide[2:])
        grown = np.where(mask, np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:]), 0)
        if np.array_equal(grown, names):
            break
        names = grown
    return np.unique(names, return_inverse=True)[1].reshape(mask.shape) + (0 if (~mask).any() else 1)


def _widened(mask: np.ndarray) -> np.ndarray:
    """One pixel around a mask (H, W), too: edges fall between the coarse pixels."""
    wide = np.pad(mask, 1)
    rows = wide[:-2] | wide[1:-1] | wide[2:]
    return rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:]


def _full(coarse: np.ndarray, limbs: np.ndarray, step: int) -> np.ndarray:
    """A coarse mask at the size of the limbs (H, W), without the background."""
    fine = coarse.repeat(step, 0).repeat(step, 1)[: limbs.shape[0], : limbs.shape[1]]
    missing = [(0, n - m) for n, m in zip(limbs.shape, fine.shape, strict=True)]
    return np.pad(fine, missing, mode="edge") & (limbs > 0)
