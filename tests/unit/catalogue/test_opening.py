"""Names that are opened without the network, and what is said of those that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_enhancer.catalogue import checkpoint, locate, open_model
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.model import new_model, write_model


def test_a_path_that_exists_is_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_model("dnabert-6", new_model("tiny", k=3, window_length=90))
    assert locate("dnabert-6") == "dnabert-6"
    assert open_model("dnabert-6").window_length == 90
    with checkpoint("dnabert-6") as (folder, source):
        assert (folder, source) == (Path("dnabert-6"), "dnabert-6")


def test_the_packaged_model_and_its_outputs_are_names() -> None:
    assert open_model().digest == open_model("default").digest
    assert open_model("default:gue_tf0").window_length == 101


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("deepvregulome/CTFCL", "nearest: deepvregulome/CTCFL, "),
        (
            "zhihan1996/DNA_bert_6",
            "write hub:zhihan1996/DNA_bert_6@main; nearest: dnabert-6",
        ),
        ("./model", "no such model directory, and no model of this name in the catalogue; see "),
        ("hub:owner/model", "names no revision; write hub:NAME@REVISION"),
    ],
)
def test_a_name_that_is_none_is_one_line(spec: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        open_model(spec)
    assert said in str(caught.value)
