"""Evaluate Animation: what people connect to it, and what it says: the numbers of exactly that, or one sentence."""

import builtins
import math

import pytest
import torch
from pack.tests.doors.host.evaluating import NODE, film, lighter, numbers
from pack.tests.doors.table import Case, Refused, cases, passes


def opaque(image, alpha=1.0):
    return torch.cat([image, torch.full_like(image[..., :1], alpha)], -1)


def hole(image, value):
    image = image.clone()
    image[-1, 3, 5, 1] = value
    return image


def given(generated, ground_truth=None):
    return lambda: {"generated": generated(), "ground_truth": (ground_truth or film)()}


def says(*words, **means):
    """A report with these words and means, and a picture."""

    def look(found):
        report, picture = found
        assert picture.ndim == 4 and picture.shape[0] == 1 and picture.shape[-1] == 3 and picture.dtype == torch.float32
        assert picture.isfinite().all() and 0 <= picture.min() and picture.max() <= 1 and picture.numel() < 10**7
        for line in words:
            assert line in report, report
        found = numbers(report)
        for name, mean in means.items():
            assert found[name] == mean, report

    return look


PSNR8 = f"{20 * math.log10(255 / 8):.2f}"  # of a constant error of 8 levels
GOOD = [
    Case("a constant error", given(lighter), says("3 frames", L1="0.03137", PSNR=PSNR8)),
    Case("the same", given(film), says("3 frames without a value left out", L1="0", PSNR="–", SSIM="1.000")),
    Case("one frame", given(lambda: lighter(frames=1), lambda: film(1)), says("1 frame\n", L1="0.03137", PSNR=PSNR8)),
    Case("a long clip", given(lambda: lighter(frames=300), lambda: film(300)), says("300 frames", L1="0.03137")),
    Case("half precision", given(lambda: lighter().half(), lambda: film().half()), says(L1="0.03137", PSNR=PSNR8)),
    Case("doubles", given(lambda: lighter().double()), says(L1="0.03137")),
    Case("opaque alpha", given(lambda: opaque(lighter()), lambda: opaque(film())), says(L1="0.03137")),
    Case("opaque alpha on one side", given(lambda: opaque(lighter())), says(L1="0.03137")),
    Case("a flipped view", given(lambda: lighter().flip(1), lambda: film().flip(1)), says(L1="0.03137")),
    Case("published size", given(lambda: lighter(height=256, width=256), lambda: film(3, 256, 256)), says(L1="0.03137")),
    Case("black and white", given(lambda: film() * 0, lambda: film() * 0 + 1), says(L1="1.000", PSNR="0")),
    Case("another size", given(lambda: lighter(height=48, width=64)), says("generated is 64 x 48 and was brought to")),
    Case("a size nearly so", given(lambda: film(3, 23, 32)), says("is 32 x 23 and was brought to")),
    Case("above white", given(lambda: film() + 0.5), says("Look at this: generated reaches from", "was cut off")),
    Case("below black", given(film, lambda: film() - 0.5), says("Look at this: ground_truth reaches from -")),
    Case("small", given(lambda: lighter(height=8, width=9), lambda: film(3, 8, 9)), says("without SSIM: it needs")),
    Case("a pixel", given(lambda: lighter(height=1, width=1), lambda: film(3, 1, 1)), says("without SSIM, DisCo: it needs")),
    Case("a street", given(lambda: lighter(height=8, width=99), lambda: film(3, 8, 99)), says("SSIM, DisCo")),
    Case("one frame of three", given(lambda: torch.cat([lighter()[:1], film()[1:]])), says("worst 0.03137 at frame 0")),
]  # fmt: skip
BAD = [
    Case("more generated", given(lambda: film(4)), Refused("generated has 4 frames and ground_truth 3; expected as many")),
    Case("fewer generated", given(lambda: film(1)), Refused("generated has 1 frame and ground_truth 3; expected as many")),
    Case("none generated", given(lambda: film()[:0]), Refused("generated is empty .*connect at least one image")),
    Case("no truth", given(film, lambda: film()[:0]), Refused("ground_truth is empty")),
    Case("neither", given(lambda: film()[:0], lambda: film()[:0]), Refused("generated is empty")),
    Case("no pixel", given(lambda: film()[:, :0]), Refused("generated is empty")),
    Case("nan", given(lambda: hole(film(), math.nan)), Refused("generated holds values that are no numbers")),
    Case("infinity", given(film, lambda: hole(film(), math.inf)), Refused("ground_truth holds values that are no numbers")),
    Case("a veil", given(lambda: opaque(film(), 0.5)), Refused("generated has an alpha channel")),
    Case("a veil on the truth", given(film, lambda: opaque(film(), 0.99)), Refused("ground_truth has an alpha channel")),
    Case("grey", given(lambda: film()[..., :1]), Refused("generated has 1 channels; expected 3")),
    Case("a mask", given(lambda: film()[..., 0]), Refused(r"generated has shape .*expected \(frames, height, width, 3\)")),
    Case("one picture without a batch", given(film, lambda: film()[0]), Refused("ground_truth has shape")),
    Case("upright", given(lambda: film(3, 32, 24)), Refused("24 x 32 pixels .* of other proportions")),
    Case("a square of it", given(lambda: film(3, 24, 24)), Refused("of other proportions; expected the same part")),
]  # fmt: skip


@cases(*GOOD, *BAD)
def test_what_comes_in(case, run):
    passes(case, lambda: run(NODE, **case.brings()))


def test_numbers_are_those_of_the_formulas(run):
    """Each mean and each extreme frame, with the formulas asked one frame at a time."""
    from pack.magicanimate_core.evaluation.per_frame import METRICS, FramePair
    from pack.magicanimate_core.evaluation.report.columns import title
    from pack.magicanimate_core.evaluation.report.scale import number_words

    made, true = film(5, seed=1), film(5)
    report = run(NODE, generated=made, ground_truth=true)[0]
    levels = [[(frame * 255).round().byte().numpy() for frame in frames] for frames in (made, true)]
    for key, metric in METRICS.items():
        if metric.needs:
            continue
        values = [metric.of(FramePair(a, b)) for a, b in zip(*levels, strict=True)]
        assert numbers(report)[title(key)] == number_words(float(sum(values) / 5)), key
        assert f"{number_words(float(max(values)))} at frame {values.index(max(values))}" in report
        assert metric.note in report


def test_the_plot_shows_the_frame_that_is_worse(run):
    """A frame further off raises the curve of L1 there, and nothing else of the picture's upper left half."""
    a, b = film(9), film(9)
    a[4] += 40 / 255
    flat, bent = (run(NODE, generated=clip, ground_truth=b + 8 / 255)[1] for clip in (film(9), a))
    assert not torch.equal(flat, bent)


def test_it_stops_when_the_host_says_so(run):
    from comfy import model_management as mm

    mm.interrupt_current_processing()
    with pytest.raises(mm.InterruptProcessingException):
        run(NODE, generated=film(), ground_truth=film())


def test_the_hosts_bar_goes_to_its_end(run, monkeypatch):
    import comfy.utils

    seen = []
    monkeypatch.setattr(comfy.utils, "PROGRESS_BAR_HOOK", lambda value, total, *_, **__: seen.append((value, total)))
    run(NODE, generated=film(4), ground_truth=film(4))
    assert seen[-1] == (8, 8)  # newer hosts leave out what comes too soon after the last


@pytest.mark.parametrize(("module", "package"), [("skimage", "scikit-image"), ("cv2", "opencv-python-headless")])
def test_a_missing_library_is_said_before_the_animation_is_made(nodes, monkeypatch, module, package):
    import sys

    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] == module:
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "pack.magicanimate_core.evaluation.per_frame", raising=False)
    monkeypatch.delattr("pack.magicanimate_core.evaluation.per_frame", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    for ask in (
        lambda: nodes[NODE].check_lazy_status(generated=None, ground_truth=None),
        lambda: nodes[NODE].execute(generated=film(), ground_truth=film()),
    ):
        with pytest.raises(ValueError, match=rf"needs {package}: run `pip install {package}`") as error:
            ask()
        assert "\n" not in str(error.value)


def test_a_library_that_cannot_be_loaded_is_said(nodes, monkeypatch):
    """OpenCV with a window system, where there is none."""
    import sys

    class Broken:
        @staticmethod
        def find_spec(name, *_):
            if name.endswith("evaluation.per_frame"):
                raise ImportError("libGL.so.1: cannot open shared object file\nmore")

    monkeypatch.delitem(sys.modules, "pack.magicanimate_core.evaluation.per_frame", raising=False)
    monkeypatch.delattr("pack.magicanimate_core.evaluation.per_frame", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken, *sys.meta_path])
    with pytest.raises(ValueError, match=r"\(libGL.so.1: .* file\): run `pip install scikit-image opencv") as error:
        nodes[NODE].check_lazy_status(generated=None, ground_truth=None)
    assert "\n" not in str(error.value)


def test_the_pack_comes_up_without_the_libraries():
    """The nodes are listed where neither is installed: nothing of ours imports them before it runs."""
    import subprocess
    import sys

    from pack.scripts.comfyui import PACK

    script = (
        "import sys; sys.modules['skimage'] = sys.modules['cv2'] = sys.modules['lpips'] = None\n"
        "import magicanimate_core.evaluation.images, magicanimate_core.evaluation.report.picture\n"
        "import magicanimate_core.evaluation.report.words"
    )
    subprocess.run([sys.executable, "-c", script], cwd=PACK, check=True)


def test_both_are_asked_for_at_once(nodes):
    ask = nodes[NODE].check_lazy_status
    assert ask(generated=None, ground_truth=None) == ["generated", "ground_truth"]
    assert ask(generated=film(), ground_truth=None) == ["ground_truth"]
    assert ask(generated=film(), ground_truth=film()) == []
