"""Checkpoints of the Hugging Face hub: what a folder holds, and that folder alone brought."""

from __future__ import annotations

import contextlib
import difflib
import fnmatch
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnabert_enhancer.catalogue.fetching import Announce, Brought, FileFacts, checked
from dnabert_enhancer.catalogue.source import HubSource
from dnabert_enhancer.errors import DnabertEnhancerError, InputError, ResourceError
from dnabert_enhancer.files import remove_quietly

_log = logging.getLogger(__name__)
CONFIG_NAMES = ("config.json", "adapter_config.json")
_TEXTS = (
    *CONFIG_NAMES,
    "enhancer_model.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)
_WEIGHTS = (
    ("model.safetensors",),
    ("model.safetensors.index.json", "model-*-of-*.safetensors"),
    ("pytorch_model.bin",),
    ("pytorch_model.bin.index.json", "pytorch_model-*-of-*.bin"),
    ("adapter_model.safetensors",),
    ("adapter_model.bin",),
)
"""Forms of weights, the best first; the first that a folder has is brought, and no other."""

_SHOWN = 6


@dataclass(frozen=True)
class HubFolder:
    """What the hub says about a folder of a repository at a revision.

    Parameters
    ----------
    source : HubSource
        With the commit in place of the revision.
    files : tuple of FileFacts
        Those of its checkpoint, texts before weights.
    licence : str
        By the repository's card; empty where it has none.
    """

    source: HubSource
    files: tuple[FileFacts, ...]
    licence: str


def look_at(source: HubSource) -> HubFolder:
    """Ask the hub what a folder holds; no file is brought.

    Raises
    ------
    InputError
        No such repository, revision or folder; a folder without a checkpoint, whose sub-folders with one
        are listed.
    ResourceError
        No access, no network, a proxy or a server that refuses; the hub's reason is given.
    """
    with _hub_errors(source):
        from huggingface_hub import HfApi
        from huggingface_hub.hf_api import RepoFile

        api = HfApi()
        facts = api.model_info(source.repository, revision=source.revision)
        names = [sibling.rfilename for sibling in facts.siblings or ()]
        _check_folder(source, names)
        commit = str(facts.sha)
        prefix = f"{source.folder}/" if source.folder else ""
        inside = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
        chosen = _files_of_checkpoint(inside, source)
        tree = api.list_repo_tree(source.repository, source.folder or None, revision=commit)
        entries = {entry.path: entry for entry in tree if isinstance(entry, RepoFile)}
        files = []
        for name in chosen:
            entry = entries.get(prefix + name)
            lfs = None if entry is None else entry.lfs
            files.append(
                FileFacts(
                    name,
                    None if entry is None else entry.size,
                    None if lfs is None else f"sha256:{lfs.sha256}",
                )
            )
    return HubFolder(
        HubSource(source.repository, commit, source.folder), tuple(files), _licence_of(facts.card_data)
    )


def bring(source: HubSource, target: Path, announce: Announce, *, keep: bool = False) -> Brought:
    """Bring the checkpoint of a folder.

    Parameters
    ----------
    source : HubSource
        Its revision is resolved to a commit first.
    target : Path
        An empty folder for the files.
    announce : callable
        Called with what is known before any weights travel; may raise to stop. The texts lie in the target.
    keep : bool
        Leave the files in huggingface_hub's own cache (``$HF_HOME``) too. What is there is taken from there
        either way.

    Raises
    ------
    InputError, ResourceError
        As `look_at`; a transfer that broke off; a file whose size or digest is not the hub's.
    """
    folder = _look_into_cache(source) if _hub_is_offline() else look_at(source)
    brought = Brought(
        str(folder.source), folder.licence, sum(file.size or 0 for file in folder.files), folder.files
    )
    texts = [file for file in folder.files if file.name in _TEXTS]
    for file in texts:
        _bring_file(folder.source, file, target, branch=source.revision if keep else None)
    announce(brought)
    for file in folder.files:
        if file not in texts:
            _bring_file(folder.source, file, target, branch=source.revision if keep else None)
    return brought


def _bring_file(source: HubSource, file: FileFacts, target: Path, *, branch: str | None) -> None:
    """Bring a file; into huggingface_hub's cache, under the branch that was asked for, where one is given."""
    path = target / file.name
    with _hub_errors(source, file.name):
        from huggingface_hub import hf_hub_download, try_to_load_from_cache

        name = f"{source.folder}/{file.name}" if source.folder else file.name
        cached = try_to_load_from_cache(source.repository, name, revision=source.revision)
        if branch is not None and not _hub_is_offline():
            cached = hf_hub_download(source.repository, name, revision=branch)
            if source.revision not in Path(cached).parts:
                raise ResourceError(
                    f"{branch} moved during the download", source=str(source), remedy="try again"
                )
        if isinstance(cached, str):
            path.symlink_to(Path(cached).resolve())
        else:
            scratch = target / ".hub"
            place = hf_hub_download(source.repository, name, revision=source.revision, local_dir=scratch)
            Path(place).replace(path)
            remove_quietly(scratch)
    checked(path, file, str(source))


def _look_into_cache(source: HubSource) -> HubFolder:
    """Return what huggingface_hub's own cache holds of a folder."""
    with _hub_errors(source):
        from huggingface_hub import snapshot_download

        under = f"{source.folder}/*" if source.folder else "*"
        snapshot = Path(
            snapshot_download(
                source.repository, revision=source.revision, allow_patterns=[under], local_files_only=True
            )
        )
    names = [path.relative_to(snapshot).as_posix() for path in snapshot.rglob("*") if path.is_file()]
    _check_folder(source, names)
    place = snapshot / source.folder
    chosen = _files_of_checkpoint([path.name for path in place.iterdir() if path.is_file()], source)
    files = tuple(FileFacts(name, (place / name).stat().st_size) for name in chosen)
    return HubFolder(HubSource(source.repository, snapshot.name, source.folder), files, "")


def _check_folder(source: HubSource, names: list[str]) -> None:
    """Refuse a folder without a checkpoint; tell which sub-folders have one."""
    prefix = f"{source.folder}/" if source.folder else ""
    if any(prefix + config in names for config in CONFIG_NAMES):
        return
    homes = sorted({name.rpartition("/")[0] for name in names if name.rpartition("/")[2] in CONFIG_NAMES})
    below = [home for home in homes if home.startswith(prefix) and home]
    exists = not source.folder or any(name.startswith(prefix) for name in names)
    place = "at its top" if not source.folder else f"in {source.folder}"
    if below:
        others = f" and {len(below) - _SHOWN} more" if len(below) > _SHOWN else ""
        example = HubSource(source.repository, source.revision, below[0])
        raise InputError(
            f"has no checkpoint (config.json) {place}, but {len(below)} in sub-folders: "
            f"{', '.join(below[:_SHOWN])}{others}",
            source=str(source),
            remedy=f"name one, such as {example}",
        )
    if exists:
        raise InputError(f"has no checkpoint (config.json) {place}", source=str(source))
    near = difflib.get_close_matches(source.folder, homes, 3, 0.5)
    raise InputError(
        f"the repository has no folder {source.folder}",
        source=str(source),
        remedy=f"nearest: {', '.join(near)}" if near else f"it has {', '.join(homes[:_SHOWN]) or 'no model'}",
    )


def _files_of_checkpoint(inside: list[str], source: HubSource) -> list[str]:
    """Return the files of a folder that make its checkpoint: texts, then one form of weights."""
    texts = [name for name in _TEXTS if name in inside]
    for form in _WEIGHTS:
        if form[0] in inside:
            weights = [name for pattern in form for name in sorted(fnmatch.filter(inside, pattern))]
            return texts + [name for name in weights if "/" not in name]
    raise InputError(
        "has no weights (model.safetensors or pytorch_model.bin)",
        source=str(source),
        remedy="weights in other formats (tf_model.h5, flax_model.msgpack, *.pt) are not read",
    )


def _licence_of(card: Any) -> str:  # huggingface_hub's ModelCardData, or a mapping
    licence = None if card is None else card.get("license")
    return ", ".join(map(str, licence)) if isinstance(licence, list) else str(licence or "")


@contextlib.contextmanager
def _hub_errors(source: HubSource, file: str = "") -> Iterator[None]:
    """Turn whatever the hub's client raises into one line with the hub's reason; keep it silent."""
    from huggingface_hub import errors
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]  # it names no __all__

    if not sys.stderr.isatty():
        disable_progress_bars()
    level = logging.DEBUG if _log.isEnabledFor(logging.DEBUG) else logging.ERROR
    logging.getLogger("huggingface_hub").setLevel(level)
    # among its bases is what the client's own transport raises: httpx's or requests', by version
    transport = [kind for kind in errors.HfHubHTTPError.__mro__ if issubclass(kind, Exception)]
    foreseen: tuple[type[Exception], ...] = (
        *transport[:-1],
        errors.EntryNotFoundError,
        ValueError,
        RuntimeError,
    )
    try:
        yield
    except DnabertEnhancerError:
        raise
    except foreseen as error:
        raise _explained(error, source, file) from None


def _explained(error: Exception, source: HubSource, file: str) -> DnabertEnhancerError:
    from huggingface_hub import constants, errors

    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    reason = _reason(error)
    place = f"{source}: {file}" if file else str(source)
    if isinstance(error, errors.HFValidationError):
        return InputError(f"{source.repository!r} is not a name on the hub ({reason})")
    if isinstance(error, errors.GatedRepoError):
        return ResourceError(
            f"access is restricted (gated): {reason}",
            source=place,
            remedy="ask for access on the model's page on the hub, and set HF_TOKEN to your token",
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return InputError(
            f"the repository has no revision {source.revision!r}",
            source=place,
            remedy="give a branch, a tag or a commit, such as @main",
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return InputError(
            f"the hub has no repository {source.repository}, or it is private ({reason})",
            source=place,
            remedy="check the name; for a private one set HF_TOKEN to your token",
        )
    if isinstance(error, errors.OfflineModeIsEnabled) or (
        isinstance(error, errors.LocalEntryNotFoundError) and constants.HF_HUB_OFFLINE
    ):
        return ResourceError(
            "is not on this machine, and HF_HUB_OFFLINE forbids downloading it",
            source=place,
            remedy="download it once with network access: dnabert-enhancer models get",
        )
    if status in (401, 403):
        return ResourceError(
            f"the hub refuses access ({status}): {reason}",
            source=place,
            remedy="set HF_TOKEN to a token that may read it",
        )
    if status == 429:
        return ResourceError(
            f"the hub says to wait (429, too many requests): {reason}",
            source=place,
            remedy="try again later; HF_TOKEN raises the limit",
        )
    if isinstance(error, errors.EntryNotFoundError) and status == 404:
        return InputError("the repository has no such file", source=place)
    if getattr(error, "errno", None) is not None and not isinstance(error, ConnectionError):
        raise error  # a full disk and the like, which has its own line
    return ResourceError(
        f"could not be downloaded: {reason}",
        source=place,
        remedy="check the network and the proxy (HTTPS_PROXY), try again, or give a directory",
    )


def _hub_is_offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _reason(error: BaseException) -> str:
    """Return the part of an error's text that says why, in one line."""
    told = getattr(error, "server_message", None)
    response = getattr(error, "response", None)
    if told is None and response is not None:
        told = response.headers.get("X-Error-Message")
    if told:
        return " ".join(str(told).split())[:200]
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    cause = error.__cause__ or error.__context__
    if isinstance(cause, Exception) and "cannot find the requested files" in str(error).casefold():
        return _reason(cause)
    return (lines[0] if lines else type(error).__name__)[:200]
