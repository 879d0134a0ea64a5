"""The fresh model: a small BERT whose first weights hold k-mer ridges and look a few bases to either side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.evaluation import kmer_counts
from dnabert_enhancer.evaluation.kmers import canonical_columns
from dnabert_enhancer.model import EnhancerModel, ModelCard, ModelParts, write_model
from dnabert_enhancer.model.bert import BertShape, bert_config
from dnabert_enhancer.sequence import SPECIAL_TOKENS, KmerVocabulary

K = 6
WINDOW = 200
HIDDEN, LAYERS, HEADS, INTERMEDIATE = 96, 2, 4, 256
TEACHERS = 8
"""Ridges that the embeddings carry, two channels each: the value and its negative, so that the mean is 0."""
FREQUENCIES = 8
"""Of the position signal: a sine, a cosine and their negatives each."""
POSITION_AMPLITUDE = 0.6
LOCAL_OFFSETS = {2: -K, 3: K}
"""Heads of the first layer that look at the neighbouring k-mer, and how many bases away it begins."""
LOCAL_SHARPNESS = 6.0
"""Of the attention of these heads: about 10 at the peak, before the softmax."""
TEACHER_DEVIATION = 1.0
"""Standard deviation over windows of a ridge's score in the residual stream after the first layer."""
PENALTY = 3.0
"""Of the ridges, on rows of unit length as in `KmerRidge`; on frequencies it is divided by the tokens."""
_SETTINGS = {
    "attention_probs_dropout_prob": 0.0,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 512,
    "pad_token_id": 0,
    "type_vocab_size": 2,
}


def write_start(
    directory: Path, tasks: Mapping[str, tuple[NDArray[np.uint8], NDArray[np.int64]]], main: str, seed: int
) -> EnhancerModel:
    """Write the model from which the training starts.

    Parameters
    ----------
    directory : Path
        Gets the model.
    tasks : mapping of str to (uint8[n, L], int64[n])
        Base codes and 0/1 labels for each ridge, at most `TEACHERS`.
    main : str
        The task whose ridge the untrained classifier says.
    seed : int
        Of the random weights.

    Notes
    -----
    A ridge on k-mer frequencies is a mean over tokens of one number a k-mer. The number lies in the token's
    embedding; the first layer's heads 0 and 1 attend evenly, so their output at [CLS] is that mean, which
    pooler and classifier pass on: before training, the model ranks nearly as the main ridge does. The other
    channels hold a random projection of the k-mer's letters and sines of the position. All of it is trained.
    """
    rng = np.random.default_rng(seed)
    vocabulary = KmerVocabulary(K)
    config = bert_config(
        _SETTINGS
        | {
            "vocab_size": vocabulary.size,
            "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "intermediate_size": INTERMEDIATE,
        },
        ("other", "enhancer"),
        "single_label_classification",
    )
    state = BertShape.from_config(config).fresh_state(rng)
    weights, means, deviations = _teachers(list(tasks.values()))
    _fill_embeddings(state, vocabulary, weights, rng)
    _fill_first_layer(state, weights, means, deviations, rng)
    _fill_rest(state, list(tasks).index(main), rng)
    card = ModelCard("start", WINDOW, k=K)
    return write_model(directory, ModelParts(config, state, card, vocabulary), onnx=False)


def _teachers(
    tasks: Sequence[tuple[NDArray[np.uint8], NDArray[np.int64]]],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return for each ridge a weight a k-mer (at most 1), and mean and deviation of its windows' scores."""
    from sklearn.linear_model import Ridge

    columns = canonical_columns(K)
    weights = np.zeros((len(tasks), 4**K))
    means, deviations = np.zeros(len(tasks)), np.zeros(len(tasks))
    for number, (codes, labels) in enumerate(tasks):
        counts = kmer_counts(codes, K)
        frequencies = counts.multiply(1.0 / np.maximum(counts.sum(axis=1), 1)).tocsr()
        ridge = Ridge(alpha=PENALTY / counts.sum(axis=1).mean(), solver="sparse_cg", tol=1e-5).fit(
            frequencies, labels
        )
        scale = np.abs(ridge.coef_).max()
        scores = frequencies @ (ridge.coef_ / scale)
        weights[number] = ridge.coef_[columns] / scale
        means[number], deviations[number] = scores.mean(), scores.std()
    return weights, means, deviations


def _fill_embeddings(
    state: dict[str, NDArray[np.float32]],
    vocabulary: KmerVocabulary,
    weights: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Fill word and position embeddings so that the first normalisation changes them little."""
    words = np.zeros((vocabulary.size, HIDDEN))
    letters = np.array(
        [["ACGT".index(letter) for letter in token] for token in vocabulary.tokens[len(SPECIAL_TOKENS) :]]
    )
    numbers = letters @ (4 ** np.arange(K - 1, -1, -1))
    first = 2 * TEACHERS
    last = HIDDEN - 4 * FREQUENCIES
    kmers = words[len(SPECIAL_TOKENS) :]
    for teacher, weight in enumerate(weights):
        kmers[:, 2 * teacher] = weight[numbers]
        kmers[:, 2 * teacher + 1] = -weight[numbers]
    one_hot = (letters[:, :, None] == np.arange(4)).reshape(len(letters), 4 * K) - 0.25
    content = one_hot @ rng.standard_normal((4 * K, last - first)) + 0.5 * rng.standard_normal(
        (4**K, last - first)
    )
    content -= content.mean(axis=1, keepdims=True)
    left = HIDDEN - (kmers**2).sum(axis=1) - 2 * FREQUENCIES * POSITION_AMPLITUDE**2
    kmers[:, first:last] = content * np.sqrt(left / (content**2).sum(axis=1))[:, None]
    special = rng.standard_normal((len(SPECIAL_TOKENS), last - first))
    words[: len(SPECIAL_TOKENS), first:last] = special - special.mean(axis=1, keepdims=True)
    words[0] = 0.0
    state["bert.embeddings.word_embeddings.weight"] = words.astype(np.float32)
    positions = np.zeros((_SETTINGS["max_position_embeddings"], HIDDEN))
    angle = np.arange(len(positions))[:, None] * _frequencies()
    for part, wave in enumerate((np.sin(angle), -np.sin(angle), np.cos(angle), -np.cos(angle))):
        positions[:, last + part : HIDDEN : 4] = POSITION_AMPLITUDE * wave
    state["bert.embeddings.position_embeddings.weight"] = positions.astype(np.float32)
    state["bert.embeddings.token_type_embeddings.weight"][:] = 0.0


def _frequencies() -> NDArray[np.float64]:
    return 2 * np.pi / np.geomspace(7.0, 400.0, FREQUENCIES)


def _fill_first_layer(
    state: dict[str, NDArray[np.float32]],
    weights: NDArray[np.float64],
    means: NDArray[np.float64],
    deviations: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Heads 0 and 1 average the ridges over the window; heads 2 and 3 fetch what lies left and right."""
    name = "bert.encoder.layer.0.attention"
    width = HIDDEN // HEADS
    query, key, value = (np.zeros((HIDDEN, HIDDEN)) for _ in range(3))
    bias, back = np.zeros(HIDDEN), np.zeros((HIDDEN, HIDDEN))
    for teacher in range(len(weights)):
        row = (teacher % 2) * width + teacher // 2
        value[row, 2 * teacher], value[row, 2 * teacher + 1] = 0.5, -0.5
        bias[row] = -means[teacher]
        back[2 * teacher, row] = TEACHER_DEVIATION / deviations[teacher]
        back[2 * teacher + 1, row] = -TEACHER_DEVIATION / deviations[teacher]
    first, last = 2 * TEACHERS, HIDDEN - 4 * FREQUENCIES
    for head, offset in LOCAL_OFFSETS.items():
        top = head * width
        for number, frequency in enumerate(_frequencies()):
            sine, cosine = last + 4 * number, last + 4 * number + 2
            turn_sine, turn_cosine = np.sin(frequency * offset), np.cos(frequency * offset)
            size = np.sqrt(LOCAL_SHARPNESS) / POSITION_AMPLITUDE
            # sin f(i + o) and cos f(i + o) of the asking token, against sin fj and cos fj of the asked one
            query[top + 2 * number, [sine, cosine]] = size * np.array([turn_cosine, turn_sine])
            query[top + 2 * number + 1, [sine, cosine]] = size * np.array([-turn_sine, turn_cosine])
            key[top + 2 * number, sine] = key[top + 2 * number + 1, cosine] = size
        value[top : top + width, first:last] = rng.standard_normal((width, last - first)) / np.sqrt(
            last - first
        )
        back[first:last, top : top + width] = (
            0.7 * rng.standard_normal((last - first, width)) / np.sqrt(width)
        )
    query += 0.01 * rng.standard_normal(query.shape)
    key += 0.01 * rng.standard_normal(key.shape)
    for part, matrix in (
        ("self.query", query),
        ("self.key", key),
        ("self.value", value),
        ("output.dense", back),
    ):
        state[f"{name}.{part}.weight"] = matrix.astype(np.float32)
    state[f"{name}.self.value.bias"] = bias.astype(np.float32)


def _fill_rest(state: dict[str, NDArray[np.float32]], main: int, rng: np.random.Generator) -> None:
    """Spread the feed-forward layers and the last attention; let pooler and classifier say the main ridge."""
    for layer in range(LAYERS):
        name = f"bert.encoder.layer.{layer}"
        state[f"{name}.intermediate.dense.weight"] = (
            rng.standard_normal((INTERMEDIATE, HIDDEN)) / np.sqrt(HIDDEN)
        ).astype(np.float32)
        if layer:
            for part in ("self.value", "output.dense"):
                size = 0.3 if part == "output.dense" else 1.0
                state[f"{name}.attention.{part}.weight"] = (
                    size * rng.standard_normal((HIDDEN, HIDDEN)) / np.sqrt(HIDDEN)
                ).astype(np.float32)
    pooler = 0.5 * rng.standard_normal((HIDDEN, HIDDEN)) / np.sqrt(HIDDEN)
    pooler[0] = 0.0
    pooler[0, 2 * main], pooler[0, 2 * main + 1] = 0.3, -0.3
    classifier = 0.02 * rng.standard_normal((2, HIDDEN))
    classifier[:, 0] = -1.0, 1.0
    state["bert.pooler.dense.weight"] = pooler.astype(np.float32)
    state["classifier.weight"] = classifier.astype(np.float32)
