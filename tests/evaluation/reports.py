"""Results as they are measured, small, with all that a page must stand: odd names, gaps, keys that nobody knows."""

import numpy as np

KEYS = (
    "l1", "l1_disco", "psnr", "psnr_disco_2023", "psnr_disco_2024", "ssim_disco", "ssim_gaussian", "lpips", "lpips_disco",
    "l1_foreground", "l1_masked_disco",
)  # fmt: skip
ODD = "<img src=x onerror=alert(1)>&\"'"
FRAMES = 9


def results(count: int = 5, **changes) -> dict:
    """Results of so many videos; video v has v + 1 by every metric."""
    names = [ODD, *(f"dance {number}" for number in range(1, count))]
    videos = {name: dict.fromkeys(KEYS, float(place + 1)) | {"frames": FRAMES} for place, name in enumerate(names)}
    return {
        "overall": {key: 3.0 + number / 7 for number, key in enumerate(KEYS)},
        "intervals": {key: {"low": 1.25, "high": 4.75} for key in KEYS},
        "videos": videos,
        "distances": {
            "fid": {"value": 41.2371, "generated": 451, "true": 452, "low": 38.25, "high": 46.5},
            "fvd": {"value": None, "generated": 1, "true": 2},
        },
        "joints": {"akd": 2.915, "mkr": 0.0345, "akd_frames": 611, "mkr_frames": 617},
        "identity": {"aed": 0.1195, "frames": 619},
        "left_out": {"psnr": 13},
        "missing": {"fid_vid": f"{ODD} is missing: the archive that https://example.com/networks links to."},
        "notes": {"psnr_disco_2023": "errors overflow in 8 bits", "fid": "of all frames", "sizes": "were brought together"},
        "frames": {"generated": 453, "true": 454},
        "provenance": {"layout": "frames", "versions": {"numpy": "2.4.1"}, "networks": {ODD: "sha256 397923af"}},
    } | changes  # fmt: skip


def films(name: str, frames: int = FRAMES, size: tuple[int, int] = (48, 40)):
    """Generated and true frames of a video: a bar that goes from left to right, a little late in the generated ones."""

    def film(late: int):
        for number in range(frames):
            frame = np.full((*size, 3), 40, np.uint8)
            frame[:, 4 * (number - late) % size[1] :][:, :6] = 220
            yield frame

    return film(1), film(0)


def curves(found: dict) -> dict:
    """Values of all frames, one of them not defined."""
    return {
        name: {key: [*(values[key] + np.arange(FRAMES - 1) / 50), float("nan")] for key in KEYS}
        for name, values in found["videos"].items()
    }
