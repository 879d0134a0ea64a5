"""Where a training's curves go beside the log: TensorBoard, Weights & Biases, MLflow, all offline too."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dnabert_enhancer.training.packages import require_packages

logger = logging.getLogger(__name__)

PROJECT = "dnabert-enhancer"


@contextlib.contextmanager
def logging_targets(names: tuple[str, ...], directory: Path, run_id: str = "") -> Iterator[None]:
    """Point the loggers at a folder, unless the environment points them elsewhere; close them at the end.

    Parameters
    ----------
    names : tuple of str
        Of tensorboard, wandb, mlflow.
    directory : Path
        Where their files go.
    run_id : str
        Under which Weights & Biases knows the run: a training that goes on after a kill goes on in the same.

    Raises
    ------
    ResourceError
        When a logger's package is missing.

    Notes
    -----
    Weights & Biases is offline unless ``WANDB_API_KEY`` or ``WANDB_MODE`` is set: a run never waits for
    a login. MLflow writes an SQLite file unless ``MLFLOW_TRACKING_URI`` is set.
    """
    require_packages(*names)
    before = dict(os.environ)
    try:
        for name in names:
            _point(name, directory / name, run_id)
        yield
    finally:
        _finish(names)
        for key in set(os.environ) - set(before):
            del os.environ[key]
        os.environ.update(before)


def tensorboard_callback() -> Any:  # a transformers.TrainerCallback
    """Return the callback that writes to the folder that `logging_targets` chose.

    Notes
    -----
    Made here since not every version of transformers reads that folder from the environment.
    """
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations import TensorBoardCallback

    return TensorBoardCallback(SummaryWriter(os.environ["TENSORBOARD_LOGGING_DIR"]))


def _point(name: str, directory: Path, run_id: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    settings = {
        "tensorboard": {"TENSORBOARD_LOGGING_DIR": str(directory)},
        "wandb": {
            "WANDB_DIR": str(directory),
            "WANDB_PROJECT": PROJECT,
            "WANDB_SILENT": "true",
            "WANDB_CONSOLE": "off",
            **({"WANDB_RUN_ID": run_id, "WANDB_RESUME": "allow"} if run_id else {}),
        },
        "mlflow": {
            "MLFLOW_TRACKING_URI": _mlflow_store(directory.resolve()),
            "MLFLOW_ALLOW_FILE_STORE": "true",
            "MLFLOW_EXPERIMENT_NAME": PROJECT,
        },
    }[name]
    if name == "wandb" and not {"WANDB_API_KEY", "WANDB_MODE"} & set(os.environ):
        settings["WANDB_MODE"] = "offline"
        logger.info(
            "wandb: no WANDB_API_KEY, so the run is logged offline (wandb sync %s uploads it)", directory
        )
    for key, value in settings.items():
        os.environ.setdefault(key, value)


def _mlflow_store(directory: Path) -> str:
    """Return an SQLite file where mlflow can write one (mlflow-skinny cannot), else a folder."""
    has_sql = all(importlib.util.find_spec(name) for name in ("sqlalchemy", "alembic"))
    return f"sqlite:///{directory / 'mlflow.db'}" if has_sql else directory.as_uri()


def _finish(names: tuple[str, ...]) -> None:
    if "wandb" in names:
        import wandb

        if wandb.run is not None:
            wandb.finish()
        wandb.teardown()  # else a later training of this process would log into the folder of this one
    if "mlflow" in names:
        import mlflow

        if mlflow.active_run() is not None:
            mlflow.end_run()
