"""A student that starts with the weights of a packaged model."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from networks import BertSize, Student
from rows import Data
from safetensors.torch import load_file


@torch.no_grad()
def packaged_student(folder: Path, data: Data) -> tuple[Student, torch.Tensor]:
    """Return the student that a model directory holds, and which tasks it answers, bool[task].

    Parameters
    ----------
    folder : Path
        A packaged model of this recipe: ``config.json`` and ``model.safetensors``.
    data : Data
        Whose tasks the student has as outputs; tasks that the model does not have start with a row of zeros,
        those in the units of an assay are brought to standardised values.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    state = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    size = BertSize(
        config["hidden_size"],
        config["num_hidden_layers"],
        config["num_attention_heads"],
        config["intermediate_size"],
        0.0,
    )
    student = Student(size, len(data.tasks))
    own = student.hugging_face_names()
    for name, parameter in own.items():
        parameter.copy_(state[name])
    student.words.letters.zero_()
    student.words.free.copy_(state["bert.embeddings.word_embeddings.weight"])
    names = [config["id2label"][str(number)] for number in range(len(config["id2label"]))]
    answered = torch.tensor([task in names for task in data.tasks])
    student.classifier.weight.zero_()
    student.classifier.bias.zero_()
    for row in torch.nonzero(answered)[:, 0].tolist():
        column = names.index(data.tasks[row])
        mean, deviation = data.mean[row], data.deviation[row]
        student.classifier.weight[row] = state["classifier.weight"][column] / deviation
        student.classifier.bias[row] = (state["classifier.bias"][column] - mean) / deviation
    return student, answered
