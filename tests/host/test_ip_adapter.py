"""Animate with an IP-Adapter in the appearance encoder's place: the other body's latents, and nothing but what it is for."""

import pytest
import torch
from pack.magicanimate_core.method.baselines import METHODS
from pack.magicanimate_core.options import Settings
from pack.magicanimate_core.pipeline.animate import sample_clip
from pack.magicanimate_core.pipeline.conditions import Conditions, PoseImages
from pack.magicanimate_core.pipeline.models import ImageFiles, load_models
from pack.magicanimate_core.testing import image_prompts
from pack.magicanimate_core.weights.architecture import LATENT_SCALE
from pack.tests.doors.host.graphs import Graph
from pack.tests.doors.host.test_rows import PLACED, TOLERANCE
from pack.tests.host.small import host_vision

KINDS = {"plain": (image_prompts.plain_adapter, ".safetensors"), "plus": (image_prompts.plus_adapter, ".bin"),
         "full face": (image_prompts.full_face_adapter, ".bin")}  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Files of all kinds, by kind, and the image model's folder."""
    folder = tmp_path_factory.mktemp("adapters")
    made = {kind: image_prompts.write_adapter(folder / f"{kind}{end}", make()) for kind, (make, end) in KINDS.items()}
    return made | {"encoder": image_prompts.write_image_encoder(folder / "encoder")}


@pytest.fixture(scope="module")
def vision(written):
    return host_vision(written["encoder"])


@pytest.fixture(scope="module")
def by(written, vision, run):
    """Inputs of Animate for a kind of IP-Adapter, from the loader node."""
    import folder_paths

    folder_paths.add_model_folder_path("ipadapter", str(written["plain"].parent))
    folder_paths.filename_list_cache.clear()
    names = {kind: path.name for kind, path in written.items() if kind in KINDS}
    made = {kind: run("MagicAnimateIPAdapterLoader", ip_adapter=name)[0] for kind, name in names.items()}

    def inputs(kind="plain", scale=1.0):
        shown = {"reference_by": "ip_adapter", "clip_vision": vision, "appearance_encoder": None}
        return shown | {"ip_adapter": made[kind], "ip_adapter_scale": scale}

    return inputs


@pytest.fixture(scope="module")
def seen(small, vision):
    """What the kinds read of no photo and of one, by the host."""
    from pack.magicanimate_core.host.clip_image import photo_embeddings

    def embeddings(kind="plain", seed=6):
        image = small.image(seed).mul(255).round() / 255  # which transformers' processor sees in whole levels
        with torch.inference_mode():
            return photo_embeddings(vision, image, kind == "plain").clone()

    return embeddings


@pytest.fixture(scope="module")
def shown(by, seen):
    """A patch of a MODEL by which it sees a photo."""
    from pack.magicanimate_core.host.ip_adapter import apply_ip_adapter

    @torch.inference_mode()
    def patch(seed=6, kind="plain"):
        return lambda model: apply_ip_adapter(model, by(kind)["ip_adapter"], seen(kind, seed), 1.0)

    return patch


@pytest.fixture
def graph(small, run):
    return Graph(small, run)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("plain", {}),
        ("plus", {}),
        ("full face", {}),
        ("plain", {"cfg": 1.0}),
        ("plus", {"temporal_attention": False}),
        ("plain", {"ip_adapter_scale": 0.5}),
        ("plain", {"guidance_end": 0.6}),
    ],
)
def test_host_and_diffusers_agree(small, written, by, seen, relative, kind, options):
    options = {"ip_adapter_scale": 1.0} | options
    files = ImageFiles(image_encoder=written["encoder"], ip_adapter=written[kind], scale=options["ip_adapter_scale"])
    where = small.files.base, small.files.magicanimate
    nets = load_models(*where, method=METHODS["ipa_controlnet_video"], image=files).to("cpu", torch.float32).nets
    (positive, _), (negative, _) = (conditioning[0] for conditioning in small.text)
    poses = PoseImages(small.poses(6).movedim(-1, 1))
    image = small.image().mul(255).round() / 255
    conditions = Conditions(reference=None, positive=positive, negative=negative, poses=poses, image=seen(kind))
    settings = {name: value for name, value in options.items() if name != "ip_adapter_scale"}
    latents = sample_clip(nets, conditions, Settings(**{"seed": 3, "steps": 2} | settings))
    made = small.animate(6, reference_image=image, **by(kind) | options)
    assert relative(latents, made * LATENT_SCALE) < 1e-5
    assert relative(small.animate(6, **by(kind) | options | {"reference_image": small.image(8)}), made) > 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_reads_is_the_other_bodys(written, small, seen, relative, kind):
    from pack.magicanimate_core.pipeline.base import open_weights
    from pack.magicanimate_core.pipeline.image_prompt import load_image_encoder
    from pack.magicanimate_core.weights.ip_adapter import read_adapter

    prompt = load_image_encoder(written["encoder"], read_adapter(written[kind], open_weights))
    image = small.image().mul(255).round() / 255
    nothing, photo = prompt.embeddings(image.movedim(-1, 1))
    assert torch.equal(seen(kind)[0], nothing) or relative(seen(kind)[0], nothing) < 3e-3  # the host's in fp16
    assert relative(seen(kind)[1], photo) < 3e-2  # and of another resize


def test_scale_0_is_no_photo_at_all(small, by):
    none = small.animate(4, reference_by="none", appearance_encoder=None)
    assert torch.equal(small.animate(4, **by(scale=0.0)), none)
    assert not torch.equal(small.animate(4, **by()), none)


@pytest.mark.parametrize("placed", PLACED)
def test_only_conditional_rows_see_the_photo(graph, shown, placed):
    """Wherever a prompt stands, and however the host copies its entries."""
    (a, photo), (b, other) = (
        graph.predictions(PLACED[placed](graph.text(1)), before=shown(seed), reference=False) for seed in (1, 2)
    )
    assert torch.equal(a, b)
    assert not torch.equal(photo, other)


def test_two_prompts_see_the_same_photo(graph, shown, relative):
    alone = graph.predictions(graph.text(1), before=shown(), reference=False)[1]
    twice = graph.predictions(graph.text(1) + graph.text(1), before=shown(), reference=False)[1]
    assert relative(twice, alone) < TOLERANCE


def test_rows_one_at_a_time(small, by, relative, monkeypatch):
    """Short of memory the host runs one conditioning at a time, the unconditional one first."""
    import comfy.model_base

    expected = small.animate(6, **by())
    monkeypatch.setattr(comfy.model_base.BaseModel, "memory_required", lambda *args, **kwargs: 1e30)
    assert relative(small.animate(6, **by()), expected) < TOLERANCE


def test_windows_in_one_go(small, by, relative):
    how = {"context_length": 4, "context_overlap": 1}
    assert relative(small.animate(8, **by(), **how, windows_per_batch=3), small.animate(8, **by(), **how)) < TOLERANCE


def test_nothing_stays(small, by):
    before = small.animate(4)
    model = small.temporal()
    first = small.animate(4, model=model, **by())
    assert torch.equal(small.animate(4, model=model), before)
    assert torch.equal(small.animate(4, model=model, **by()), first)


def test_a_second_photo_takes_the_place_of_the_first(graph, shown):
    once = graph.latents(before=shown(2), reference=False)
    assert torch.equal(graph.latents(before=lambda model: shown(2)(shown(1)(model)), reference=False), once)


def test_another_packs_cross_attention_keeps_the_text(graph, shown, relative):
    """Whether it is there for a block or for a layer of it, and whatever it makes of the text."""
    from comfy.ldm.modules.attention import optimized_attention

    def replaced(*key, factor=1.0):
        def attend(q, k, v, options):
            return factor * optimized_attention(q, k, v, options["n_heads"])

        def patch(model):
            model = shown()(model).clone()
            model.set_model_attn2_replace(attend, *key)
            return model

        return graph.latents(before=patch, reference=False)

    expected = graph.latents(before=shown(), reference=False)
    for key in (("output", 4), ("output", 4, 0)):
        assert relative(replaced(*key), expected) < TOLERANCE
        assert relative(replaced(*key, factor=0.0), expected) > 1e-4


def test_a_lora_of_the_model_counts(small, by, relative):
    changed = small.base()
    key = "diffusion_model.output_blocks.4.1.transformer_blocks.0.attn2.to_q.weight"
    size = changed.model.state_dict()[key].shape
    changed.add_patches({key: (torch.full(size, 0.3),)})
    assert relative(small.animate(4, model=small.temporal(changed), **by()), small.animate(4, **by())) > 1e-5


def test_its_parts_are_asked_for_and_no_others(nodes, small, by):
    node = nodes["MagicAnimateAnimate"]
    waiting = dict.fromkeys(("model", "appearance_encoder", "clip_vision", "ip_adapter"))
    pictures = {"reference_image": small.image(), "pose_video": small.poses(2), "steps": 2}
    asked = {use: node.check_lazy_status(**waiting, **pictures, reference_by=use) for use in
             ("appearance_encoder", "clip_image", "ip_adapter", "none")}  # fmt: skip
    assert asked["ip_adapter"] == ["model", "clip_vision", "ip_adapter"]
    assert asked["clip_image"] == ["model", "clip_vision"] and asked["none"] == ["model"]
    assert asked["appearance_encoder"] == ["model", "appearance_encoder"]
