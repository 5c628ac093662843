"""Training goes on from what is whole, says what it leaves out, and never begins again in silence."""

import json
import re

import pytest
import torch
from pack.magicanimate_core.training.run import checkpoints
from pack.tests.doors import training as brought
from pack.tests.doors.table import Case, Refused, cases, passes
from pack.tests.doors.training import Outcome, cut, gone, recorded, run
from safetensors.torch import load_file


def goes_on(said: str = "", other: bool = False):
    """The run goes on, to the weights of one that nobody touched (or to `other` ones), and says what is to be said."""

    def check(outcome: Outcome) -> None:
        assert outcome.steps == [1, 2, 3, 4, 5]
        assert re.search(said, outcome.said) if said else not outcome.said, outcome.said
        assert torch.equal(outcome.weight, outcome.whole) != other

    return check


STEPS_SAID = "Going on from step-0000003 with other settings than it was written with: run.steps is 5 \\(was 3\\)"
FROM_2 = "step-0000003 {}.* Going on from step-0000002, the newest that is whole"


def row(what: str, spoil, out, **changes) -> Case:
    return Case(what, lambda folder: (spoil(folder), changes)[1], out)


RESUMED = (
    row("nothing at all", lambda folder: None, goes_on(STEPS_SAID)),
    row("half a line at the end of the log", brought.half_a_line, goes_on(STEPS_SAID)),
    row("zeros at the end of the log, after a power cut", brought.zeros_in_the_log, goes_on(STEPS_SAID)),
    row("the newest weights are cut", cut("model.safetensors"), goes_on(FROM_2.format("is damaged"))),
    row("the newest optimiser is cut", cut("optimizer.bin"), goes_on(FROM_2.format("has a optimizer.bin of .* bytes, not"))),
    row("the newest optimiser is gone", gone("optimizer.bin"), goes_on(FROM_2.format("has no optimizer.bin"))),
    row("the newest weights are gone", gone("model.safetensors"), goes_on(FROM_2.format("has no model.safetensors"))),
    row("bytes of the newest optimiser are others", brought.scrambled, goes_on(FROM_2.format("(has a|is) damaged"))),
    row("the newest record is cut", cut("run.json"), goes_on(FROM_2.format("is damaged"))),
    row("the newest weights are no numbers", brought.no_numbers, goes_on(FROM_2.format("has weights that are no numbers"))),
    row("all are damaged", brought.all_cut, Refused("No checkpoint can be read.*step-0000003.*step-0000001.*another --out")),
    row(
        "checkpoints of another program", brought.foreign, Refused("checkpoint-500, which is no checkpoint of this command")
    ),
    row("another program's, of our name", brought.foreign_of_our_name, Refused("step-0000500 has no model.safetensors")),
    row("a file where checkpoints are kept", brought.a_file_in_the_way, Refused("is a file; expected a folder")),
    row("a result whose checkpoints are gone", brought.only_an_export, Refused("no checkpoint to go on from")),
    row("checkpoints of before there were records", brought.old, goes_on()),
    row("optimiser states of 8 bits", brought.eight_bits, Refused("states of 8 bits, but run.adam_8bit is false")),
    row("averages switched on later", lambda folder: None, goes_on("run.ema is 0.5 \\(was 0.0\\)", other=True), ema=0.5),
    row("another learning rate", lambda folder: None, goes_on("learning_rate is 0.02", other=True), learning_rate=2e-2),
    row("another weight decay", lambda folder: None, goes_on("weight_decay is 10", other=True), weight_decay=10.0),
    row("another seed", recorded(settings={"seed": 7}), goes_on("seed is 1 \\(was 7\\)")),
    row("half as many processes", recorded(processes=2), Refused("2 batches a step .* set run.accumulate to 2")),
    row("processes that do not divide", recorded(processes=3), Refused("3 batches a step .* run.accumulate to 3")),
    row("fewer processes that take turns", recorded(processes=2), goes_on("processes is 1", other=True), accumulate=2),
)


@cases(*RESUMED)
def test_a_run_goes_on(case, tmp_path, capsys):
    run(tmp_path / "run")
    changes = {"steps": 5} | case.brings(tmp_path / "run")
    capsys.readouterr()

    def door() -> Outcome:
        weight, said = run(tmp_path / "run", **changes), capsys.readouterr().err
        lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
        said = " ".join(line for line in said.splitlines() if "Going on" in line)
        return Outcome([json.loads(line)["step"] for line in lines], weight, run(tmp_path / "whole", steps=5), said)

    passes(case, door)


def test_averages_that_are_switched_on_begin_with_the_weights(tmp_path):
    """Else the average would hold on to the weights that the run began with."""
    run(tmp_path)
    run(tmp_path, steps=4, ema=0.9)
    averages = torch.load(tmp_path / "checkpoints/step-0000004/ema.pt", weights_only=True)
    third, fourth = (load_file(tmp_path / f"checkpoints/step-000000{i}/model.safetensors") for i in (3, 4))
    assert not torch.equal(third["learns.weight"], fourth["learns.weight"])
    assert torch.equal(averages["shadow_params"][0], fourth["learns.weight"])  # decay begins at zero
    run(tmp_path, steps=5, ema=0.5)
    assert torch.load(tmp_path / "checkpoints/step-0000005/ema.pt", weights_only=True)["decay"] == 0.5


def test_a_damaged_newest_checkpoint_pushes_no_good_one_out(tmp_path):
    run(tmp_path)
    cut("model.safetensors")(tmp_path)
    cut("model.safetensors", 2)(tmp_path)
    run(tmp_path, steps=2, keep=1)
    assert [path.name for _, path in checkpoints.checkpoints(tmp_path)] == ["step-0000002", "step-0000003"]
    assert load_file(tmp_path / "checkpoints/step-0000002/model.safetensors")


def test_a_checkpoint_gets_its_name_when_all_processes_have_written(tmp_path, monkeypatch):
    calls, accelerator = [], checkpoints.Accelerator(cpu=True)
    for thing, name in ((accelerator, "save_state"), (accelerator, "wait_for_everyone"), (checkpoints, "take_place")):
        real = getattr(thing, name)
        monkeypatch.setattr(thing, name, lambda *given, name=name, real=real: (calls.append(name), real(*given))[1])
    net = torch.nn.Linear(2, 2)
    accelerator.prepare(net)
    checkpoints.save_checkpoint(accelerator, tmp_path, 1, checkpoints.trained_parameters(net), None, keep=1)
    begin = calls.index("save_state")
    assert calls[begin:] == ["save_state", "wait_for_everyone", "take_place", "wait_for_everyone"]


def test_fp16_switched_on_later_begins_with_a_new_scale(tmp_path):
    accelerator = checkpoints.Accelerator(cpu=True)
    net = torch.nn.Linear(2, 2)
    accelerator.prepare(net)
    place = checkpoints.save_checkpoint(accelerator, tmp_path, 1, checkpoints.trained_parameters(net), None, keep=1)
    accelerator.scaler = scaler = torch.amp.GradScaler("cpu")
    assert checkpoints.load_checkpoint(accelerator, place, checkpoints.trained_parameters(net), None) == 1
    assert accelerator.scaler is scaler


NO_NUMBERS = (
    Case("in the loss", lambda: ({"nan": "loss"}, {}), Refused("After step 4 the loss is nan, or a weight is no number")),
    Case("in the gradients", lambda: ({"nan": "gradients"}, {}), Refused("After step 4 .* or a weight is no number")),
    Case("in the gradients, with averages", lambda: ({"nan": "gradients"}, {"ema": 0.5}), Refused("After step 4")),
    Case("between checkpoints", lambda: ({"nan": "gradients"}, {"log_every": 9, "save_every": 3}), Refused("After step 6")),
    Case("in validation", lambda: ({"nan": "validation"}, {"validate_every": 1}), Refused("The latents are no numbers")),
)


@cases(*NO_NUMBERS)
def test_numbers_that_are_none(case, tmp_path):
    """The run ends in a sentence, and whatever is kept, weights and averages, is numbers."""
    run(tmp_path, ema=case.brings()[1].get("ema", 0.0))
    task, changes = case.brings()
    passes(case, lambda: run(tmp_path, brought.SmallTask(**task), steps=6, **changes))
    for _, place in checkpoints.checkpoints(tmp_path):
        kept = [*load_file(place / "model.safetensors").values()]
        averages = place / "ema.pt"
        kept += torch.load(averages, weights_only=True)["shadow_params"] if averages.is_file() else []
        assert all(torch.isfinite(tensor).all() for tensor in kept), place


@pytest.mark.parametrize("processes", [0, 1])
def test_loader_processes_say_what_they_leave_out(tmp_path, capsys, processes):
    """Once while it runs, and how often in the end: their counts are not lost with them, and their errors are sentences."""
    task = brought.SmallTask(bad="clip_7 is torn.")
    run(tmp_path / "a", task, loader_processes=processes)
    assert capsys.readouterr().out.count("left out: clip_7 is torn.") == 1 and task.skipped == {"clip_7 is torn.": 3}
    with pytest.raises(ValueError, match="^Nothing can be used; the last: clip_7 is torn.$"):
        run(tmp_path / "b", brought.SmallTask(bad="clip_7 is torn.", broken=True), loader_processes=processes)
