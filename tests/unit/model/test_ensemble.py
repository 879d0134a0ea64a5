"""What models must have in common to be an ensemble, and what the ensemble says of itself."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from tiny_models import tiny_model

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import EnsembleModel, Threshold, common_threshold, model_folders, open_model


def ensemble(folder: Path, *cards: dict[str, Any]) -> EnsembleModel:
    """Return an ensemble of models that differ in these fields of their cards."""
    paths = [tiny_model(folder / f"m{number}", number, **card) for number, card in enumerate(cards)]
    return EnsembleModel([open_model(path) for path in paths])


def test_an_ensemble_tells_its_members(tmp_path: Path) -> None:
    found = ensemble(
        tmp_path, {"training": {"assembly": "hg38"}}, {"training": {"assembly": ["hg19", "hg38"]}}
    )
    lines = "".join(f"{member.digest}  member\n" for member in found.members)
    assert found.digest == hashlib.sha256(lines.encode()).hexdigest()
    assert found.card.name == "ensemble of 2: m0, m1"
    assert found.card.training == {"assembly": ["hg38", "hg19"]}
    assert (found.window_length, found.card.labels, found.card.k) == (60, ("other", "enhancer"), 3)
    told = found.description()
    assert told["directory"] == str(tmp_path)
    assert [(one["name"], one["digest"], one["directory"]) for one in told["members"]] == [
        (member.card.name, member.digest, str(tmp_path / member.card.name)) for member in found.members
    ]


def test_the_digest_is_of_the_members_in_their_order(tmp_path: Path) -> None:
    one, two = (open_model(tiny_model(tmp_path / name, seed)) for seed, name in enumerate("ab"))
    assert EnsembleModel([one, two]).digest != EnsembleModel([two, one]).digest


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"labels": ("other", "promoter")},
            "predicts enhancer against other (binary), {b} promoter against other (binary)",
        ),
        (
            {"labels": ("activity",), "task": "regression"},
            "predicts enhancer against other (binary), {b} activity (regression)",
        ),
        (
            {"labels": ("x", "y", "z"), "task": "multiclass"},
            "predicts enhancer against other (binary), {b} x, y, z (multiclass)",
        ),
        ({"window_length": 50}, "reads windows of 60 bp, {b} 50 bp"),
        ({"window_length": None}, "reads windows of 60 bp, {b} an unknown length"),
    ],
)
def test_models_that_differ_are_refused_with_both_and_the_difference(
    changes: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        ensemble(tmp_path, {}, changes)
    expected = said.format(b=tmp_path / "m1")
    start = "the models of an ensemble must predict the same thing: "
    assert caught.value.problem == f"{start}{tmp_path / 'm0'} {expected}"


def test_classes_of_several_must_stand_in_one_order(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x, y, z .*m1 x, z, y"):
        ensemble(
            tmp_path,
            {"labels": ("x", "y", "z"), "task": "multiclass"},
            {"labels": ("x", "z", "y"), "task": "multiclass"},
        )


def test_two_classes_may_stand_in_either_order_and_be_written_in_another_case(tmp_path: Path) -> None:
    found = ensemble(tmp_path, {}, {"labels": ("Enhancer", "Other")})
    assert (found.card.positive_label, found.card.negative_label) == ("enhancer", "other")


def test_one_model_or_a_model_twice_is_no_ensemble(tmp_path: Path) -> None:
    model = open_model(tiny_model(tmp_path / "m", 1))
    with pytest.raises(InputError, match="two models or more"):
        EnsembleModel([model])
    copy = open_model(tiny_model(tmp_path / "copy" / "m", 1))
    with pytest.raises(InputError, match=r"m and .*copy/m are the same model"):
        EnsembleModel([model, copy])


def test_thresholds_hold_where_all_agree(tmp_path: Path) -> None:
    def card(default: float, strict: float) -> dict[str, Any]:
        return {"thresholds": {"default": Threshold(default, "t"), "strict": Threshold(strict, "t")}}

    same = ensemble(tmp_path / "same", card(0.3, 0.8), card(0.3, 0.9)).card
    assert same.thresholds == {"default": Threshold(0.3, "the same in all 2 models")}
    differing = ensemble(tmp_path / "differing", card(0.3, 0.8), card(0.4, 0.8)).card
    assert differing.thresholds == {
        "strict": Threshold(0.8, "the same in all 2 models"),
        "default": Threshold(0.5, "one half, since those of the models differ (0.3 to 0.4)"),
    }
    with pytest.raises(InputError, match="no threshold 'strict'"):
        same.threshold("strict")


def test_the_common_threshold() -> None:
    assert common_threshold([0.7, 0.7, 0.7]).value == 0.7
    assert common_threshold([0.7, 0.7, 0.6]).value == 0.5


def test_windows_must_fit_every_member_and_a_network_of_its_own_is_missed(tmp_path: Path) -> None:
    found = ensemble(tmp_path, {}, {})
    assert found.maximum_length == min(member.maximum_length for member in found.members)
    assert found.weights_size == sum(path.stat().st_size for path in tmp_path.glob("*/model.safetensors"))
    found.check_window(60)
    with pytest.raises(InputError):
        found.check_window(found.maximum_length + 1)
    with pytest.raises(InputError, match="are of one network, and"):
        _ = found.tokenizer
    with pytest.raises(InputError, match="are those of its models"):
        found.with_card(found.card)
    assert (found.layout, found.encoder, found.has_onnx) == (None, None, False)


def test_models_in_a_folder_are_found_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    assert model_folders(tmp_path) == []
    for number in (10, 2, 1):
        tiny_model(tmp_path / f"fold{number}", number)
    (tmp_path / "logs").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "config.json").write_text("{}")
    assert [path.name for path in model_folders(tmp_path)] == ["fold1", "fold2", "fold10"]
    assert model_folders(tmp_path / "fold1") == []
    assert model_folders(None) == model_folders("default") == []


def test_a_folder_that_is_no_model_names_those_in_it(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"m{number:02}").mkdir()
        (tmp_path / f"m{number:02}" / "config.json").write_text("{}")
    with pytest.raises(InputError, match=r"lacks config\.json") as caught:
        open_model(tmp_path)
    shown = ", ".join(f"m{number:02}" for number in range(10))
    assert caught.value.remedy == f"name one of the models in it: {shown} … (12 in all)"
