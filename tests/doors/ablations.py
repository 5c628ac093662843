"""What people write into the config of an ablation, and what it must become before any work: rows, or a sentence."""

from pathlib import Path

from .table import Case, Refused

GOOD = """\
models: {base: DIR/sd15, magicanimate: DIR/ma}
data: {clips: "dancers:held_out?clips=2&frames=20&size=64"}
"""


def config(text: str = "", good: str = GOOD, encoding: str = "utf-8"):
    """A config of this text behind one that is right. DIR stands for its folder."""

    def bring(folder: Path) -> Path:
        for name in ("sd15", "ma", "other"):
            (folder / name).mkdir()
        path = folder / "my.yaml"
        path.write_bytes((good + text).replace("DIR", str(folder)).encode(encoding))
        return path

    return bring


def models(text: str):
    """A config with these models."""
    return config(good=f"models: {text}\ndata: {{clips: 'dancers:held_out?clips=2'}}\n")


def data(text: str):
    """A config with this set."""
    return config(good=f"models: {{base: DIR/sd15, magicanimate: DIR/ma}}\ndata: {text}\n")


def reads(*names: str, **values):
    """These rows, the last with these settings."""

    def check(ablation) -> None:
        assert [row.name for row in ablation.rows] == list(names)
        assert {name: getattr(ablation.rows[-1].settings, name) for name in values} == values

    return check


def of_other_models(ablation) -> None:
    ours, other = ablation.rows
    assert other.models.magicanimate.name == "other" and other.models.base == ours.models.base
    assert other.settings == ours.settings and not ablation.left_out


def of_method(name: str):
    """One row beside the whole method, made by another one."""

    def check(ablation) -> None:
        assert [row.animator.method for row in ablation.rows] == ["magicanimate", name]

    return check


ADAPTED = GOOD.replace("DIR/ma}", "DIR/ma, ip_adapter: DIR/ma, image_encoder: DIR/ma}")
PAPER = ("ours", "no_temporal_attention", "no_fusion", "separate_noise")
FILES = [
    Case("no rows: the paper's that can be made", config(), reads(*PAPER, shared_noise=False)),
    Case("a byte order mark", config(encoding="utf-8-sig"), reads(*PAPER)),
    Case("options of all rows", config("options: {steps: 4, cfg: 1}"), reads(*PAPER, steps=4, cfg=1)),
    Case("nothing after a name", config("options:\nnetworks:\n"), reads(*PAPER)),
    Case("no file", lambda d: d / "none.yaml", Refused("config .*none.yaml does not exist")),
    Case("a folder", lambda d: d, Refused("is a folder; expected a YAML file")),
    Case("a code page of Windows", config("# Zürich", encoding="cp1252"), Refused("my.yaml is no text in UTF-8")),
    Case("an empty file", config(good=""), Refused("my.yaml: models has no base")),
    Case("a list", config(good="- ours\n"), Refused("my.yaml is .*; expected names with values")),
    Case("no YAML", config("rows: {a: [}"), Refused("my.yaml is no YAML")),
    Case("a name that is none", config("steps: 4"), Refused("my.yaml has an unknown name steps; there are data, models")),
    Case("a name that stands twice", config("options: {steps: 4}\noptions: {cfg: 1}"), Refused("options stands twice")),
    Case("a row that stands twice", config("rows:\n  a: {options: {cfg: 1}}\n  a: {options: {cfg: 2}}"), Refused(
        "my.yaml: a stands twice .line 4")),
    Case("networks that are no folder", config("networks: DIR/none"), Refused("networks is .*none, which is no folder")),
    Case("networks that are a list", config("networks: [a]"), Refused("networks is .*expected a folder")),
    Case("a size that is a word", config("size: large"), Refused("size is 'large'; expected a whole number")),
]  # fmt: skip
MODELS = [
    Case("no base model", models("{magicanimate: DIR/ma}"), Refused("models has no base; expected a Stable Diffusion 1.5")),
    Case("a base model that is not there", models("{base: DIR/none}"), Refused("none does not exist")),
    Case("a base model that is a number", models("{base: 5}"), Refused("models.base is 5; expected a path")),
    Case("an empty path", models("{base: ''}"), Refused("models.base is ''; expected a path")),
    Case("an unknown file", models("{base: DIR/sd15, unet: x}"), Refused("models has an unknown name unet")),
    Case("a prediction that is none", models("{base: DIR/sd15, magicanimate: DIR/ma, prediction_type: x}"), Refused(
        "prediction_type is x; expected one of epsilon")),
    Case("a row of other models", config("rows: {no_joint_training: {models: {magicanimate: DIR/other}}}"), of_other_models),
    Case("a row of models that are not there", config("rows: {a: {models: {vae: DIR/none}}}"), Refused("row a.models: ")),
]  # fmt: skip
SETS = [
    Case("no set", config(good="models: {base: DIR/sd15, magicanimate: DIR/ma}\n"), Refused("data.clips is None; expected")),
    Case("a set that is a word", data("dancers"), Refused("data is 'dancers'; expected names with values")),
    Case("clips that are a list", data("{clips: [a, b]}"), Refused("data.clips is .*; expected a folder of clips")),
    Case("half a clip", data("{clips: x, items: 0.5}"), Refused("data.items is 0.5; expected a whole number")),
    Case("fewer than no frames", data("{clips: x, frames: -1}"), Refused("data.frames is -1; expected a whole number")),
    Case("a reference that is a file", data("{clips: x, reference: a.png}"), Refused("data.reference is 'a.png'; expected")),
    Case("a true and a false set", data("{clips: x, items: yes}"), Refused("data.items is True; expected a whole number")),
]  # fmt: skip
ROWS = [
    Case("a row of the paper by its name", config("rows: {no_fusion: }"), reads("ours", "no_fusion", fuse_method="none")),
    Case("a row of one's own", config("rows: {twelve: {options: {steps: 12}}}"), reads("ours", "twelve", steps=12)),
    Case("more on a row of the paper", config("rows: {no_fusion: {options: {steps: 9}}}"), reads(
        "ours", "no_fusion", fuse_method="none", steps=9)),
    Case("the whole method changed", config("rows: {ours: {options: {steps: 9}}}"), reads("ours", steps=9)),
    Case("a baseline", config("rows: {repeat: {method: repeat}}"), of_method("repeat")),
    Case("an adapter's row, which has all", config("rows: {ip_adapter: {models: {ip_adapter: DIR/ma, image_encoder: DIR}}}"),
         of_method("ipa_controlnet_video")),
    Case("an adapter's row, which has half", config("rows: {ip_adapter: {models: {ip_adapter: DIR/ma}}}"), Refused(
        "row ip_adapter: method ipa_controlnet_video needs models.image_encoder")),
    Case("a method without what it needs", config("rows: {a: {method: clip_image}}"), Refused(
        "row a: method clip_image needs models.image_encoder")),
    Case("a method that is none", config("rows: {a: {method: mraa}}"), Refused("row a: method is mraa; expected one of")),
    Case("a method that is a list", config("rows: {a: {method: [repeat]}}"), Refused("row a: method is .*expected a word")),
    Case("another training that is none", config("rows: {no_joint_training: {options: {steps: 9}}}"), Refused(
        "row no_joint_training: it is another training")),
    Case("options of a row without a net", config("rows: {a: {method: repeat, options: {steps: 9}}}"), Refused(
        "row a.options: steps is 9, but method repeat does not look at it: leave it out")),
    Case("options of all rows and one without a net", config("options: {steps: 4}\nrows: {a: {method: repeat}}"),
         of_method("repeat")),
    Case("seams of a row without windows", config("rows: {no_fusion: {method: ipa_controlnet}}", ADAPTED), Refused(
        "row no_fusion.options: fuse_method is none, but method ipa_controlnet")),
    Case("no rows at all", config("rows: {}"), Refused("rows is {}; expected names of rows")),
    Case("rows as a list", config("rows: [no_fusion]"), Refused("rows is .*; expected names of rows, each")),
    Case("a row in another folder", config("rows: {../a: {options: {steps: 9}}}"), Refused("rows has '../a'; expected")),
    Case("a row that is a number", config("rows: {5: {options: {steps: 9}}}"), Refused("rows has 5; expected names")),
    Case("a row that is an option", config("rows: {a: {steps: 9}}"), Refused("row a has an unknown name steps")),
    Case("a row like the whole method", config("rows: {a: }"), Refused("rows ours and a are the same; expected an option")),
    Case("a row that all rows are like", config("options: {fuse_method: none}"), Refused("ours and no_fusion are the same")),
    Case("an unknown option", config("rows: {a: {options: {step: 9}}}"), Refused("row a.options has an unknown name step")),
    Case("an option of another kind", config("rows: {a: {options: {steps: '9'}}}"), Refused("row a.options: steps is '9'")),
    Case("an option out of its limits", config("options: {cfg: 101}"), Refused("options: cfg is 101; expected 0 to 100")),
    Case("a switch that is a word", config("rows: {a: {options: {temporal_attention: 'no'}}}"), Refused(
        "temporal_attention is 'no'; expected true or false")),
    Case("frames of another size in one row", config("rows: {a: {options: {width: 128}}}"), Refused(
        "row a.options has width; all rows are compared with the same frames")),
    Case("an overlap that is no overlap", config("rows: {a: {options: {context_overlap: 16}}}"), Refused(
        "row a.options: context_overlap is 16")),
]  # fmt: skip
CONFIGS = [*FILES, *MODELS, *SETS, *ROWS]
