"""From what a user names (nothing, a directory, an archive, a hub entry) to an opened model."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from dnabert_enhancer.errors import InputError, ResourceError
from dnabert_enhancer.model.archive import unpacked
from dnabert_enhancer.model.directory import EnhancerModel, open_directory

DEFAULT_NAME = "default"
HUB_PREFIX = "hub:"
PACKAGED = Path(__file__).parent / "default"
_HUB_FILES = ("*.json", "*.safetensors", "*.txt", "*.onnx", "pytorch_model.bin")


def open_model(spec: str | PathLike[str] | None = None) -> EnhancerModel:
    """Open a model.

    Parameters
    ----------
    spec : str or path, optional
        None or ``"default"``: the packaged model. ``"hub:NAME@REVISION"``: a Hugging Face hub entry,
        the only form that uses the network. Anything else: a directory, or an archive of one, which is
        unpacked into a temporary folder that goes with the process. ``:OUTPUT`` at the end chooses one of
        the model's outputs; the first is what is meant without.

    Raises
    ------
    InputError
        No such directory, archive or hub entry; a file in it that is missing or wrong.
    ResourceError
        A hub name without huggingface_hub or without network.
    """
    whole, output = _without_output(spec)
    model = _opened(whole)
    return model.select(output) if output else model


def _without_output(
    spec: str | PathLike[str] | None,
) -> tuple[str | PathLike[str] | None, str]:
    """Return a model's name and the output that it asks for, or an empty string."""
    text = "" if spec is None else str(spec)
    before, separator, output = text.rpartition(":")
    if not separator or not before or before == HUB_PREFIX.rstrip(":") or not output or "/" in output:
        return spec, ""
    return (spec, "") if Path(text).exists() else (before, output)


def _opened(spec: str | PathLike[str] | None) -> EnhancerModel:
    directory = resolve(spec)
    if not _is_archive(spec):
        return open_directory(directory)
    try:
        model = open_directory(directory)
    except InputError as error:
        # the temporary folder is gone when the message is read
        inside = Path(error.source or directory).name
        place = None if inside == directory.name else inside
        raise InputError(error.problem, source=spec, location=place, remedy=error.remedy) from None
    model.source = Path(str(spec))
    return model


def resolve(spec: str | PathLike[str] | None) -> Path:
    """Return the directory that a name stands for: a hub entry is brought, an archive unpacked first."""
    if spec is None or str(spec) == DEFAULT_NAME:
        if not PACKAGED.is_dir():
            raise InputError(
                "this installation has no packaged model", remedy="name a model with --model DIR"
            )
        return PACKAGED
    if isinstance(spec, str) and spec.startswith(HUB_PREFIX):
        return _from_hub(spec)
    return unpacked(spec) if _is_archive(spec) else Path(spec)


def _is_archive(spec: str | PathLike[str] | None) -> bool:
    return spec is not None and str(spec) != DEFAULT_NAME and Path(spec).is_file()


def _from_hub(spec: str) -> Path:
    name, separator, revision = spec.removeprefix(HUB_PREFIX).partition("@")
    if not name or not separator or not revision:
        raise InputError(
            f"{spec!r} names no revision", remedy="write hub:NAME@REVISION, such as hub:owner/model@main"
        )
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError
    except ImportError:
        raise ResourceError(
            f"{spec!r} needs huggingface_hub",
            remedy="pip install '.[train]' in a clone of the suite, or give a directory",
        ) from None
    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(_HUB_FILES)))
    except HFValidationError as error:
        raise InputError(f"{name!r} is no hub name ({error})") from None
    except (HfHubHTTPError, OSError, ValueError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ResourceError(
            f"{spec!r} could not be brought: {reason}",
            remedy="check the name and the network, or give a directory",
        ) from None
