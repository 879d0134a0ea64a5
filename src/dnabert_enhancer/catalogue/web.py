"""Files of Zenodo and of any server, through pooch, with the digest that they must have."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dnabert_enhancer.catalogue.fetching import Announce, Brought, FileFacts
from dnabert_enhancer.catalogue.source import UrlSource, ZenodoSource
from dnabert_enhancer.errors import DnabertEnhancerError, InputError, ResourceError
from dnabert_enhancer.files import remove_quietly
from dnabert_enhancer.model import unpack_checkpoint

_SHOWN = 12
_TIMEOUT = 30
_TRIES = 2


def bring(source: ZenodoSource | UrlSource, target: Path, announce: Announce, *, part: str = "") -> Brought:
    """Bring the archive of a checkpoint, and unpack it.

    Parameters
    ----------
    source : ZenodoSource or UrlSource
        A record without a file: the one file is taken, or the one whose name holds `part`.
    target : Path
        A folder for the checkpoint's files; it is made.
    announce : callable
        Called before the archive travels; may raise to stop.
    part : str
        See `source`; of an archive with several checkpoints it names the folder that is meant.

    Raises
    ------
    InputError
        No such record or file; the files that there are are listed. An archive that holds no checkpoint, or
        is hostile.
    ResourceError
        No network; a server or a proxy that refuses; a file whose digest is another.
    """
    scratch = target.with_name(f"{target.name}.web")
    try:
        file, brought = _bring_file(source, scratch, announce, part)
        try:
            found = unpack_checkpoint(file, scratch / "unpacked", part)
        except InputError as error:  # the file is gone when the message is read
            raise InputError(
                error.problem, source=brought.source, location=error.location, remedy=error.remedy
            ) from None
        file.unlink()
        found.rename(target)
    finally:
        remove_quietly(scratch)
    return brought


def _bring_file(
    source: ZenodoSource | UrlSource, folder: Path, announce: Announce, part: str
) -> tuple[Path, Brought]:
    with _errors(source):
        import pooch

        if isinstance(source, UrlSource):
            name = Path(unquote(urlsplit(source.url).path)).name or "model"
            brought = Brought(str(source), "", 0, (FileFacts(name, None, source.digest),))
            announce(brought)
            downloader = _downloader(pooch.HTTPDownloader)
            return Path(
                pooch.retrieve(source.url, source.digest, fname=name, path=folder, downloader=downloader)
            ), brought
        record = pooch.create(path=folder, base_url=f"doi:{source.doi}/", retry_if_failed=_TRIES)
        record.load_registry_from_doi()
        name = _file_of_record(source, list(record.registry), part)
        digest = str(record.registry[name])
        brought = Brought(str(ZenodoSource(source.doi, name)), "", 0, (FileFacts(name, None, digest),))
        announce(brought)
        return Path(record.fetch(name, downloader=_downloader(pooch.DOIDownloader))), brought


def _downloader(kind: Callable[..., object]) -> object:
    shown = sys.stderr.isatty() and find_spec("tqdm") is not None
    return kind(progressbar=shown, timeout=_TIMEOUT)


def _file_of_record(source: ZenodoSource, names: list[str], part: str) -> str:
    fitting = [name for name in names if name == source.file] if source.file else names
    if len(fitting) > 1 and part:
        fitting = [name for name in names if part in name]
    if len(fitting) == 1:
        return fitting[0]
    others = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    raise InputError(
        f"the record has no file {source.file!r}" if source.file else "names a record, not one of its files",
        source=str(source),
        remedy=f"write zenodo:{source.doi}/FILE; it has {', '.join(sorted(names)[:_SHOWN])}{others}",
    )


@contextlib.contextmanager
def _errors(source: ZenodoSource | UrlSource) -> Iterator[None]:
    """Turn what pooch and requests raise into one line."""
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)
    try:
        yield
    except DnabertEnhancerError:
        raise
    except requests.RequestException as error:
        raise _explained(error, source) from None
    except ValueError as error:
        reason = " ".join(str(error).split())
        if "hash of downloaded file" in reason or "hash" in reason.casefold():
            raise ResourceError(
                f"arrived damaged, or is not the file of that digest: {reason[:250]}",
                source=str(source),
                remedy="check the digest, and try again",
            ) from None
        raise ResourceError(
            f"could not be downloaded: {reason[:250]}",
            source=str(source),
            remedy="check the address and the network, or give a directory",
        ) from None


def _explained(error: Exception, source: ZenodoSource | UrlSource) -> DnabertEnhancerError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status == 404:
        what = "no such record" if isinstance(source, ZenodoSource) else "no such file (404)"
        return InputError(what, source=str(source), remedy="check the address")
    reason = " ".join(str(error).split())[:250] or type(error).__name__
    return ResourceError(
        f"could not be downloaded: {reason}",
        source=str(source),
        remedy="check the network and the proxy (HTTPS_PROXY), try again, or give a directory",
    )
