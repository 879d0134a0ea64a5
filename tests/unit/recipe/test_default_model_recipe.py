"""The recipe of the packaged models: networks that read as the library does, stages that run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from late import late

from dnabert_enhancer.engine import Engine, EngineSettings, Precision, Strand
from dnabert_enhancer.model import ModelCard, ModelParts, write_model
from dnabert_enhancer.model.encoder import bert_config
from dnabert_enhancer.sequence import KmerTokenizer, KmerVocabulary, reverse_complement

torch = late("torch")
flop_counter = late("torch.utils.flop_counter")


OTHERS = ("lentimpra_wtc11", "lentimpra_k562", "deeptfbu_hepg2", "promoter_core")
LENGTHS = (70, 101, 168, 200)
RECIPE = Path(__file__).resolve().parents[3] / "training" / "default_model"
TASKS = ("enhancer", "lentimpra_hepg2", "gue_tf0", *OTHERS)
SIZE = {"hidden": 64, "layers": 2, "heads": 4, "intermediate": 64, "dropout": 0.1}


@pytest.fixture(scope="module")
def recipe() -> Iterator[dict[str, ModuleType]]:
    sys.path.insert(0, str(RECIPE))
    before = set(sys.modules)
    names = [
        "damping",
        "ensemble",
        "fitting",
        "growing",
        "heads",
        "judging",
        "networks",
        "plan",
        "pools",
        "rows",
        "sizes",
        "start",
        "train",
    ]
    yield {name: importlib.import_module(name) for name in names}
    sys.path.remove(str(RECIPE))
    for name in set(sys.modules) - before:
        if str(RECIPE) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    windows = np.random.default_rng(2).integers(0, 4, (40, 101)).astype(np.uint8)
    windows[0, 50] = 4
    return windows


def signal_rows(number: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random windows, the odd ones with GATAAG, and targets of all tasks that follow it."""
    rng = np.random.default_rng(seed)
    windows = rng.integers(0, 4, (number, length)).astype(np.uint8)
    label = (np.arange(number) % 2).astype(np.float32)
    for row in np.flatnonzero(label):
        at = rng.integers(0, length - 6)
        windows[row, at : at + 6] = (2, 0, 3, 0, 0, 2)
    activity = label[:, None] + 0.1 * rng.standard_normal((number, 4))
    targets = np.column_stack([label, activity[:, 0], 1 - label, activity[:, 1:], label])
    return windows, targets.astype(np.float32)


def write_rows(folder: Path) -> None:
    """Write rows of four lengths with a signal, as `build.py --until data` does."""
    arrays: dict[str, np.ndarray] = {"tasks": np.array(TASKS)}
    arrays["kinds"] = np.array(["binary", "regression", "binary", *3 * ["regression"], "binary"])
    for seed, length in enumerate(LENGTHS, 5):
        arrays[f"codes_{length}"], arrays[f"targets_{length}"] = signal_rows(360, length, seed)
        arrays[f"split_{length}"] = np.repeat(["train", "validation", "test"], 120)
        arrays[f"source_{length}"] = np.full(360, "made_up")
    np.savez(folder / "tasks.npz", **arrays)


def test_tokens_are_those_of_the_library(recipe: dict[str, ModuleType], codes: np.ndarray) -> None:
    ids = recipe["networks"].kmer_tokens(torch.from_numpy(codes)).numpy()
    np.testing.assert_array_equal(ids, KmerTokenizer(KmerVocabulary(6)).tokenize(codes).ids)


def test_the_other_strand_is_that_of_the_library(recipe: dict[str, ModuleType], codes: np.ndarray) -> None:
    turned = recipe["rows"].turned(torch.from_numpy(codes)).numpy()
    np.testing.assert_array_equal(turned, reverse_complement(codes))


def written(student: Any, names: tuple[str, ...], folder: Path) -> Any:
    """Write a student as a model directory with these outputs."""
    settings = {"vocab_size": KmerVocabulary(6).size, "max_position_embeddings": 512, "hidden_act": "gelu"}
    settings |= {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    settings |= {"intermediate_size": 64, "layer_norm_eps": 1e-12, "type_vocab_size": 2, "pad_token_id": 0}
    config = bert_config(settings, names, "multi_label_classification")
    state = {name: tensor.numpy() for name, tensor in student.hugging_face_state().items()}
    card = ModelCard("student", 101, k=6, column=2)
    return write_model(folder, ModelParts(config, state, card, KmerVocabulary(6)))


def test_a_student_becomes_a_model_that_says_the_same(
    recipe: dict[str, ModuleType], codes: np.ndarray, tmp_path: Path
) -> None:
    torch.manual_seed(4)
    networks = recipe["networks"]
    student = networks.Student(networks.BertSize(**SIZE), 3).eval()
    model = written(student, ("first", "second", "third"), tmp_path / "model")
    engine = Engine(model, EngineSettings(precision=Precision.FLOAT32, strand=Strand.FORWARD))
    with torch.no_grad():
        expected = student(torch.from_numpy(codes)).numpy()[:, 2]
    np.testing.assert_allclose(engine.predict(codes).logit, expected, atol=1e-4)


def test_a_student_goes_on_from_a_packaged_model(
    recipe: dict[str, ModuleType], codes: np.ndarray, tmp_path: Path
) -> None:
    write_rows(tmp_path)
    data = recipe["rows"].load(tmp_path / "tasks.npz")
    torch.manual_seed(4)
    networks = recipe["networks"]
    before = networks.Student(networks.BertSize(**SIZE), 3).eval()
    names = ("lentimpra_hepg2", "old", "enhancer")
    written(before, names, tmp_path / "model")
    student, answered = recipe["start"].packaged_student(tmp_path / "model", data)
    with torch.no_grad():
        old, new = (network.eval()(torch.from_numpy(codes)).numpy() for network in (before, student))
    known = dict(zip(TASKS, answered.tolist(), strict=True))
    assert [task for task, found in known.items() if found] == ["enhancer", "lentimpra_hepg2"]
    np.testing.assert_allclose(new[:, TASKS.index("enhancer")], old[:, 2], atol=1e-4)
    training = np.load(tmp_path / "tasks.npz")
    values = np.concatenate(
        [training[f"targets_{length}"][training[f"split_{length}"] == "train", 1] for length in LENGTHS]
    )
    in_units = (old[:, 0] - values.mean()) / values.std()
    np.testing.assert_allclose(new[:, TASKS.index("lentimpra_hepg2")], in_units, atol=1e-3)
    assert not new[:, TASKS.index("gue_tf0")].any()


def test_windows_of_a_pair_differ_in_one_short_block(recipe: dict[str, ModuleType], tmp_path: Path) -> None:
    write_rows(tmp_path)
    data = recipe["rows"].load(tmp_path / "tasks.npz")
    torch.manual_seed(7)
    networks = recipe["networks"]
    start = networks.Student(networks.BertSize(**SIZE), len(TASKS)).eval()
    pools = recipe["pools"].answered_pairs(data, start, {200: 200, 101: 60})
    assert [tuple(pools[length].codes.shape) for length in (200, 101)] == [(200, 2, 200), (60, 2, 101)]
    codes, answers = pools[200]
    differs = (codes[:, 0] != codes[:, 1]).numpy()
    sizes = differs.sum(1)
    assert set(sizes) == set(range(1, 9))
    assert 0.35 < (sizes == 1).mean() < 0.65
    for row in differs:
        assert np.ptp(np.flatnonzero(row)) == row.sum() - 1
    turned = 3 - codes[:, 1].flip(1)
    with torch.no_grad():
        said = [start(part).numpy() for part in (codes[:, 1], turned)]
    np.testing.assert_allclose(answers[:, 1].numpy(), np.mean(said, axis=0), atol=0.02)


def test_errors_of_differences_are_measured_by_their_own_size(recipe: dict[str, ModuleType]) -> None:
    answers = torch.tensor([[[1.0, 0.0], [1.5, 0.0]]])
    outputs = torch.tensor([[[1.0, 3.0], [1.0, 5.0]]])
    change, weight = torch.tensor([0.25, 4.0]), torch.tensor([0.75, 0.25])
    found = recipe["fitting"].difference_loss(outputs, answers, change, weight)
    # differences: 0 against 1/2, over 1/4; 2 against 0, over 4
    expected = recipe["fitting"].DIFFERENCES * (0.75 * 4.0 + 0.25 * 0.25)
    assert float(found) == pytest.approx(expected)


def test_a_damped_row_says_the_same_where_windows_vary(recipe: dict[str, ModuleType]) -> None:
    rng = np.random.default_rng(8)
    features = rng.standard_normal((5000, 3)) * (0.5, 0.3, 1e-4) + (0.2, -0.1, -1.0)
    weight, bias = np.array([2.0, -1.0, 500.0]), 0.7
    kept, offset = recipe["damping"].damped(weight, bias, features)
    # independent features shrink by variance / (variance + damping)
    share = features.var(axis=0) / (features.var(axis=0) + recipe["damping"].DAMPING)
    np.testing.assert_allclose(kept[:2], weight[:2] * share[:2], rtol=0.01)
    assert abs(kept[2]) < 0.1
    before, after = features @ weight + bias, features @ kept + offset
    assert np.corrcoef(before, after)[0, 1] > 0.99
    assert after.mean() == pytest.approx(before.mean())
    unlike = np.array([0.2, -0.1, -0.9])
    assert abs(unlike @ weight + bias - before.mean()) > 40
    assert abs(unlike @ kept + offset - before.mean()) < 0.2


def test_a_classifier_takes_in_what_the_labels_say(recipe: dict[str, ModuleType], tmp_path: Path) -> None:
    write_rows(tmp_path)
    data = recipe["rows"].load(tmp_path / "tasks.npz")
    torch.manual_seed(5)
    networks = recipe["networks"]
    student = networks.Student(networks.BertSize(**SIZE), len(TASKS)).eval()
    before = student.classifier.weight.detach().clone().numpy()

    def read(split: int) -> tuple[np.ndarray, np.ndarray]:
        parts = []
        for length in LENGTHS:
            group = data.groups[length]
            windows = group.codes[group.split == split]
            both = [student.pooled(part).detach().numpy() for part in (windows, 3 - windows.flip(1))]
            parts.append((np.mean(both, axis=0), group.targets[group.split == split, 1].numpy()))
        features, truth = zip(*parts, strict=True)
        return np.concatenate(features).astype(np.float64), np.concatenate(truth).astype(np.float64)

    features, truth = read(0)
    damping = recipe["damping"].DAMPING
    deviation = np.sqrt(features.var(0) + damping)
    scaled = (features - features.mean(0)) / deviation
    gram = scaled.T @ scaled + np.eye(features.shape[1]) / 0.01
    fitted = np.linalg.solve(gram, scaled.T @ (truth - truth.mean())) / deviation
    recipe["heads"].refit(student, data, 0.01, kept=["enhancer"])
    after = student.classifier.weight.detach().numpy()
    spread = np.cov(features, rowvar=False, bias=True)

    def smaller(row: np.ndarray) -> np.ndarray:
        return np.asarray(np.linalg.solve(spread + damping * np.eye(len(spread)), spread @ row))

    # the row that is kept is damped alone; what is new lies in the plane of the damped row and the ridge's,
    # as far as features of 8 bits tell, and says more of the validation rows
    np.testing.assert_allclose(after[0], smaller(before[0]), atol=0.02)
    plane = np.stack([features @ smaller(before[1]), features @ fitted], axis=1)
    said = features @ after[1]
    parts, rest, _, _ = np.linalg.lstsq(plane - plane.mean(0), said - said.mean(), rcond=None)
    assert rest[0] < 0.02 * ((said - said.mean()) ** 2).sum()
    assert parts[1] > 0
    seen, expected = read(1)
    old, new = (np.corrcoef(seen @ weight, expected)[0, 1] for weight in (before[1], after[1]))
    assert new > old


def test_the_mixture_takes_the_member_that_knows(recipe: dict[str, ModuleType]) -> None:
    rng = np.random.default_rng(6)
    truth = (np.arange(300) % 2).astype(np.float32)[:, None]
    good, noise = (
        3 * truth - 1.5 + rng.standard_normal((300, 1)).astype(np.float32),
        rng.standard_normal((300, 1)).astype(np.float32),
    )
    mixture = recipe["ensemble"].mixture_of([good, noise], truth, np.array([True]))
    assert mixture.weight.sum() == pytest.approx(1)
    assert mixture.weight[0, 0] > 0.9


def normalised_anyhow(recipe: dict[str, ModuleType]) -> Any:
    """A student whose normalisations scale and shift, as those of a trained one do."""
    torch.manual_seed(9)
    networks = recipe["networks"]
    student = networks.Student(networks.BertSize(**SIZE | {"dropout": 0.0}), 3).eval()
    for module in student.modules():
        if isinstance(module, torch.nn.LayerNorm):
            torch.nn.init.normal_(module.weight, 1.0, 0.3)
            torch.nn.init.normal_(module.bias, 0.0, 0.3)
    return student


@pytest.mark.parametrize(("layers", "double"), [(2, True), (4, False), (3, True)])
def test_a_grown_student_begins_with_the_answers_of_the_given_one(
    recipe: dict[str, ModuleType], codes: np.ndarray, layers: int, double: bool
) -> None:
    student = normalised_anyhow(recipe)
    grown = recipe["sizes"].begun(recipe["sizes"].Run(layers, double), student).eval()
    assert (grown.size.layers, grown.size.hidden) == (layers, 128 if double else 64)
    windows = torch.from_numpy(codes)
    with torch.no_grad():
        np.testing.assert_allclose(grown(windows).numpy(), student(windows).numpy(), atol=1e-5)
    short = recipe["growing"].first_layer(student)
    assert len(short.layers) == short.size.layers == 1


def test_copies_of_a_channel_learn_different_things(recipe: dict[str, ModuleType], codes: np.ndarray) -> None:
    grown = recipe["growing"].widened(normalised_anyhow(recipe))
    grown(torch.from_numpy(codes)).square().sum().backward()
    for layer in grown.layers:
        for matrix in (layer.query, layer.value, layer.dense, layer.widen, layer.narrow):
            first, second = matrix.weight.grad.chunk(2)
            assert float((first - second).norm()) > 0.1 * float(first.norm())


def test_a_new_layer_learns(recipe: dict[str, ModuleType], codes: np.ndarray) -> None:
    grown = recipe["growing"].deepened(normalised_anyhow(recipe), 3)
    grown(torch.from_numpy(codes)).square().sum().backward()
    assert all(part.weight.grad.any() for part in (grown.layers[1].dense, grown.layers[1].narrow))


def test_operations_are_those_that_torch_counts(recipe: dict[str, ModuleType], codes: np.ndarray) -> None:
    networks = recipe["networks"]
    size = networks.BertSize(**SIZE)
    layer, states = networks.Layer(size), torch.zeros(1, 98, 64)
    with flop_counter.FlopCounterMode(display=False) as counter:
        layer(states)
    whole, read = recipe["sizes"].gflop(size, 101)
    assert whole == pytest.approx(2 * counter.get_total_flops() / 1e9)
    # one token: six matrices of 64 x 64; four heads' products with 98 states and their means
    assert read == pytest.approx(whole / 2 + (2 * 6 * 64 * 64 + 2 * 2 * 4 * 98 * 64) / 1e9)


@pytest.mark.slow
def test_a_student_learns_the_labels_and_keeps_what_it_knew(
    recipe: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path)
    (tmp_path / "models").mkdir()
    data = recipe["rows"].load(tmp_path / "tasks.npz")
    networks, train = recipe["networks"], recipe["train"]
    torch.manual_seed(4)
    written(
        networks.Student(networks.BertSize(**SIZE), 3), ("gue_tf0", "old", "enhancer"), tmp_path / "start"
    )
    monkeypatch.setattr(recipe["plan"], "ANSWERED_PAIRS", {200: 400, 101: 400})
    train._answers(tmp_path, tmp_path / "start", data)
    student, _ = recipe["start"].packaged_student(tmp_path / "start", data)
    group = data.groups[200]
    held = group.codes[group.split == 1]
    before = recipe["judging"].outputs_of(student, held)
    loss = train.student_loss(tmp_path / "models" / "start.pool.pt", data, student)
    with torch.no_grad():
        first = float(torch.stack([loss() for _ in range(4)]).mean())
    settings = {"learning_rate": 3e-3, "weight_decay": 0.01, "average": 0.9, "steps": 80}
    assert recipe["fitting"].fit(student, loss, settings) == 80
    with torch.no_grad():
        last = float(torch.stack([loss() for _ in range(4)]).mean())
    assert last < 0.8 * first
    after = recipe["judging"].outputs_of(student, held)
    kept = TASKS.index("gue_tf0")
    assert np.corrcoef(before[:, kept], after[:, kept])[0, 1] > 0.5
