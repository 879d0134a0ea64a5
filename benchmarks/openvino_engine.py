"""OpenVINO beside ONNX Runtime on one thread: windows per second and agreement, on the engine's own graph.

Both compute the ONNX graph that the engine makes of the packaged model and of a BERT-base with random weights
(12 layers of 768 units), windows of 200 bp, as many a call as the engine hands over. They are measured in
turns; the ratio is the median over the rounds of OpenVINO's rate to ONNX Runtime's of the same round. The
difference is the largest of any output, relative to the largest output where that is above 1.

    pip install openvino
    python benchmarks/openvino_engine.py
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.engine import Way, load_backend, this_processor
from dnabert_enhancer.model import EnhancerModel, new_model, open_model, write_model

LENGTH = 200
Run = Callable[[NDArray[np.int32]], NDArray[np.float32]]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each contender in each round")
    options = parser.parse_args()
    try:
        import openvino
    except ImportError:
        sys.exit("openvino is missing: pip install openvino")
    print(f"openvino {openvino.__version__}; {this_processor().about_bfloat16}\n")
    print("| model | precision | windows/s, ONNX Runtime | times ONNX Runtime | difference |")
    print("|---|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        base = write_model(Path(folder) / "base", new_model("base", k=6, window_length=LENGTH))
        for name, model in (("packaged", open_model("default")), ("BERT-base", base)):
            for line in _lines(name, model, options):
                print(line, flush=True)


def _lines(name: str, model: EnhancerModel, options: argparse.Namespace) -> list[str]:
    backend = load_backend(Way("onnx", "float32", "cpu"), model, 1)
    runs: dict[str, Run] = {"": backend.run} | {
        kind: _openvino(model, kind) for kind in ("float32", "bfloat16")
    }
    codes = np.random.default_rng(0).integers(0, 4, size=(64, LENGTH), dtype=np.uint8)
    ids = model.tokenizer.tokenize(codes).ids.astype(np.int32)
    batch = min(len(ids), backend.windows_per_call(ids.shape[1]))
    rates: dict[str, list[float]] = {kind: [] for kind in runs}
    for number in range(options.rounds + 1):
        for kind, run in runs.items():
            rate = _rate(run, ids, batch, options.seconds)
            if number:  # the first round warms up
                rates[kind].append(rate)
    exact = np.concatenate([backend.run(ids[start : start + batch]) for start in range(0, len(ids), batch)])
    lines = []
    for kind in ("float32", "bfloat16"):
        found = np.concatenate(
            [runs[kind](ids[start : start + batch]) for start in range(0, len(ids), batch)]
        )
        difference = float(np.abs(found - exact).max()) / max(1.0, float(np.abs(exact).max()))
        ratio = statistics.median(one / other for one, other in zip(rates[kind], rates[""], strict=True))
        rate = statistics.median(rates[""])
        lines.append(f"| {name} | {kind} | {rate:.3g} | {ratio:.2f} | {difference:.1e} |")
    return lines


def _rate(run: Run, ids: NDArray[np.int32], batch: int, seconds: float) -> float:
    """Return windows per second of processor time."""
    done, start = 0, time.process_time()
    while (passed := time.process_time() - start) < seconds:
        first = done % max(1, len(ids) - batch + 1)
        done += len(run(ids[first : first + batch]))
    return done / passed


def _openvino(model: EnhancerModel, precision: str) -> Run:
    """Return what computes the model's graph in OpenVINO on one thread."""
    import onnx
    import openvino

    graph = model.onnx_graph()
    proto = onnx.load_from_string(graph.content)
    for tensor in proto.graph.initializer:
        if tensor.name in graph.weights:
            tensor.ClearField("external_data")
            tensor.data_location = onnx.TensorProto.DEFAULT
            tensor.raw_data = np.ascontiguousarray(graph.weights[tensor.name]).tobytes()
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        file.write(proto.SerializeToString())
        file.flush()
        core = openvino.Core()
        compiled = core.compile_model(
            file.name,
            "CPU",
            {
                "INFERENCE_NUM_THREADS": 1,
                "NUM_STREAMS": 1,
                "INFERENCE_PRECISION_HINT": "f32" if precision == "float32" else "bf16",
            },
        )
    request = compiled.create_infer_request()
    return lambda ids: np.array(request.infer({0: ids})[0])


if __name__ == "__main__":
    main()
