"""One wrong number, one error, at its input; nothing is loaded for a run that cannot be."""

import pytest
from pack.tests.doors.host import nodes_inputs as rows
from pack.tests.doors.host import prompts
from pack.tests.doors.table import cases, passes


@pytest.fixture(autouse=True)
def known(nodes, monkeypatch):
    import nodes as host

    monkeypatch.setattr(host, "NODE_CLASS_MAPPINGS", prompts.known_nodes(nodes))
    brought = {"reference_image": rows.film(1), "pose_video": rows.drawn(), "whole": 60, "share": 0.5}
    monkeypatch.setattr(prompts, "BROUGHT", brought)


@cases(*rows.QUEUED)
def test_one_error_at_its_input_when_queued(case):
    def door():
        errors = prompts.queue(case.brings())
        if not errors:
            return errors
        assert list(errors) == ["ours"]
        (error,) = errors["ours"]["errors"]  # one
        raise ValueError(f"{error['extra_info']['input_name']}: {error['message']} {error['details']}")

    passes(case, door)


def run(workflow, **brought):
    """Raises what the host shows of a failed run, as a ValueError; returns None for a run that ends well."""
    prompts.BROUGHT.update(brought)
    failed = prompts.execute(workflow)
    if failed is not None:
        assert failed["node_id"] == "ours" and failed["exception_type"] == "ValueError"  # no path of a class
        raise ValueError(failed["exception_message"].strip())


@cases(*rows.OPTIONS)
def test_options_are_checked_before_anything_is_computed(case):
    passes(case, lambda: run(case.brings()))
    assert prompts.COMPUTED == []


@cases(*rows.LINKED)
def test_linked_options_are_checked_as_soon_as_they_are_known(case):
    passes(case, lambda: run(case.brings()))
    assert prompts.COMPUTED in (["whole"], ["share"])


@cases(*rows.BAD_PICTURES)
def test_pictures_are_checked_before_a_model_is_loaded(case):
    workflow, brought = case.brings()
    passes(case, lambda: run(workflow, **brought))
    assert prompts.COMPUTED and set(prompts.COMPUTED) <= set(rows.PICTURES)


@cases(*rows.GOOD_PICTURES)
def test_the_models_come_last(case, nodes, monkeypatch):
    from comfy_api.latest import io

    workflow, brought = case.brings()
    ours = nodes[workflow["ours"]["class_type"]]
    monkeypatch.setattr(ours, "execute", classmethod(lambda cls, **inputs: io.NodeOutput(1, 2)))
    passes(case, lambda: run(workflow, **brought))
    sockets = [name for name in (*rows.MODELS, *rows.PICTURES) if name in workflow["ours"]["inputs"]]
    assert set(prompts.COMPUTED) == set(sockets) and len(prompts.COMPUTED) == len(sockets)
    pictures = [name for name in prompts.COMPUTED if name in rows.PICTURES]
    assert prompts.COMPUTED[: len(pictures)] == pictures


def test_without_a_server_the_node_itself_says_no():
    workflow = rows.animate(context_overlap=16)
    assert prompts.queue(workflow, by_server=False) == {}
    with pytest.raises(ValueError, match="context_overlap is 16"):
        run(workflow)
