"""Base models are loaded whole and predict what they were trained to, in training and animation alike, or are refused."""

import shutil

import pytest
from pack.magicanimate_core.command import cli
from pack.magicanimate_core.pipeline.base import load_base, read_weights
from pack.magicanimate_core.pipeline.models import load_models
from pack.magicanimate_core.training.building import load_or_build_base
from pack.magicanimate_core.training.config import Config, ModelFiles
from pack.magicanimate_core.weights.prediction import file_prediction, prediction_type
from pack.tests.doors import base_models as brought
from pack.tests.doors.base_models import checkpoint, kept_as, scheduler
from pack.tests.doors.table import Case, Refused, cases, passes


def parts_of(base) -> dict:
    return {name: getattr(base, name).state_dict() for name in ("unet", "vae", "text_encoder")}


WHOLE: dict = {}  # of the folder that nobody changed


def is_like(base, digits: float) -> None:
    """Every weight of every part, in 32 bits."""
    for name, part in parts_of(base).items():
        for key, tensor in part.items():
            true = WHOLE[name][key]
            assert tensor.dtype == true.dtype and (tensor.double() - true.double()).abs().max() <= digits, (name, key)


def exactly(base) -> None:
    is_like(base, 0)


def to_16_bits(base) -> None:
    is_like(base, 2e-3)


FOLDERS = (
    Case("as downloaded", lambda base: base, exactly),
    Case("pickled only", lambda base: kept_as(base, ".bin"), exactly),
    Case("fp16 only", lambda base: kept_as(base, ".fp16.safetensors", brought.halves), to_16_bits),
    Case("fp16 and pickled only", lambda base: kept_as(base, ".fp16.bin", brought.halves), to_16_bits),
    Case("another variant only", lambda base: kept_as(base, ".non_ema.safetensors"), exactly),
    Case("fp16 beside 32 bits", lambda base: kept_as(base, ".fp16.safetensors", brought.zeros, keep=True), exactly),
    Case("a VAE with the first names", brought.old_names, exactly),
    Case("a UNet without a weight", lambda base: brought.unet(base, lambda t: dict(list(t.items())[1:])),
         Refused("unet does not have all weights")),
    Case("a UNet that is cut", brought.torn, Refused("unet/diffusion_pytorch_model.safetensors is cut short")),
    Case("a pointer for a VAE", brought.pointer, Refused("vae/diffusion_pytorch_model.safetensors is a Git LFS pointer")),
    Case("no weights", lambda base: brought.without(base, "unet/diffusion_pytorch_model.safetensors"),
         Refused("unet has no weights")),
    Case("no config", lambda base: brought.without(base, "vae/config.json"), Refused("vae has no config.json")),
    Case("only a VAE", lambda base: shutil.rmtree(base / "unet") or base, Refused("unet has no config.json")),
)  # fmt: skip


@cases(*FOLDERS)
def test_a_folder(case, files, tmp_path):
    if not WHOLE:
        WHOLE.update(parts_of(load_base(files.base)))
    folder = case.brings(shutil.copytree(files.base, tmp_path / "sd15"))
    passes(case, lambda: load_base(folder))


def says(prediction: str):
    def check(found: str) -> None:
        assert found == prediction

    return check


EPSILON, VELOCITY = says("epsilon"), says("v_prediction")
V = {"modelspec__prediction_type": "v"}
YAML = 'model: {params: {parameterization: "v"}}'
SNR = Refused("terminal SNR of zero")
SAYS = (
    Case("nothing", lambda at: (checkpoint(at), ""), EPSILON),
    Case("nothing, but the user does", lambda at: (checkpoint(at), "v_prediction"), VELOCITY),
    Case("a marker", lambda at: (checkpoint(at, "v_pred"), ""), VELOCITY),
    Case("a marker of the UNet's", lambda at: (checkpoint(at, "model.diffusion_model.v_pred"), ""), VELOCITY),
    Case("a marker in a pickle", lambda at: (checkpoint(at, "v_pred", ending=".ckpt"), ""), VELOCITY),
    Case("its header", lambda at: (checkpoint(at, **V), ""), VELOCITY),
    Case("its header: epsilon", lambda at: (checkpoint(at, modelspec__prediction_type="epsilon"), ""), EPSILON),
    Case("its trainer's header", lambda at: (checkpoint(at, ss_v_parameterization="True"), ""), VELOCITY),
    Case("the config beside it", lambda at: (checkpoint(at, config=YAML), ""), VELOCITY),
    Case("a config about other things", lambda at: (checkpoint(at, config="a: 1"), ""), EPSILON),
    Case("all of them", lambda at: (checkpoint(at, "v_pred", config=YAML, **V), "v_prediction"), VELOCITY),
    Case("the contrary of the user", lambda at: (checkpoint(at, "v_pred"), "epsilon"), Refused("v_pred v_prediction, but")),
    Case("two things", lambda at: (checkpoint(at, "v_pred", modelspec__prediction_type="epsilon"), ""),
         Refused("contradicts itself: .*epsilon and v_pred v_prediction")),
    Case("two, the user one", lambda at: (checkpoint(at, "v_pred", ss_v_parameterization="False"), "epsilon"), EPSILON),
    Case("pictures", lambda at: (checkpoint(at, modelspec__prediction_type="sample"), ""), Refused("says .* sample")),
    Case("zero SNR, by its marker", lambda at: (checkpoint(at, "v_pred", "ztsnr"), ""), SNR),
    Case("zero SNR, in its header", lambda at: (checkpoint(at, ss_zero_terminal_snr="True"), ""), SNR),
)  # fmt: skip


@cases(*SAYS)
def test_what_a_checkpoint_says_that_it_predicts(case, tmp_path):
    path, asked = case.brings(tmp_path)
    passes(case, lambda: file_prediction(path, read_weights(path, "a checkpoint"), asked))


OTHER = Refused("expected the noise schedule of Stable Diffusion 1.5")
FOLDER_SAYS = (
    Case("nothing", lambda at: (at, ""), EPSILON),
    Case("nothing, but the user does", lambda at: (at, "v_prediction"), VELOCITY),
    Case("velocity", lambda at: (scheduler(at, prediction_type="v_prediction"), ""), VELOCITY),
    Case("the contrary", lambda at: (scheduler(at, prediction_type="epsilon"), "v_prediction"), Refused("was asked for")),
    Case("pictures", lambda at: (scheduler(at, prediction_type="sample"), ""), Refused("expected one of epsilon")),
    Case("zero SNR", lambda at: (scheduler(at, rescale_betas_zero_snr=True), ""), OTHER),
    Case("other betas", lambda at: (scheduler(at, beta_schedule="linear"), ""), OTHER),
    Case("the betas of SD 1.5", lambda at: (scheduler(at, beta_start=0.00085, beta_end=0.012), ""), EPSILON),
)  # fmt: skip


@cases(*FOLDER_SAYS)
def test_what_a_folder_says_that_it_predicts(case, tmp_path):
    folder, asked = case.brings(tmp_path)
    passes(case, lambda: prediction_type(folder, asked))


@pytest.mark.parametrize("asked, found", [("", "epsilon"), ("v_prediction", "v_prediction")])
def test_training_and_animation_are_told_alike(files, asked, found):
    assert load_models(files.base, files.magicanimate, None, asked).nets.prediction == found
    config = Config(model=ModelFiles(base=str(files.base), prediction=asked))
    assert load_or_build_base(config, None).prediction == found


def test_a_contradiction_on_the_command_line(files, tmp_path, capsys):
    base = scheduler(shutil.copytree(files.base, tmp_path / "sd15"), prediction_type="epsilon")
    command = [part if part != str(files.base) else str(base) for part in files.command(tmp_path / "out.mp4")]
    assert cli.main([*command, "--prediction-type", "v_prediction"]) == 2
    assert "says prediction_type epsilon, but prediction type v_prediction was asked for" in capsys.readouterr().err
