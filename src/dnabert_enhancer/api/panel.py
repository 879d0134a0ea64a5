"""Panels of TF models over variants: few networks at a time in memory, each with a file of its scores."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import tempfile
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dnabert_enhancer.api.inputs import GenomeInput, opened_genome, with_keywords
from dnabert_enhancer.api.model import load_model
from dnabert_enhancer.api.variant_inputs import variant_records
from dnabert_enhancer.api.variants import allele_scorer, open_annotations, share_networks, shared_facts
from dnabert_enhancer.catalogue import PanelMember, read_panel
from dnabert_enhancer.engine import EngineSettings
from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet, sha256_of
from dnabert_enhancer.genome import Genome
from dnabert_enhancer.model import split_output
from dnabert_enhancer.shards import ShardFile, shard_path
from dnabert_enhancer.variants import (
    MEMBER_FORMAT,
    AlleleScorer,
    BlockScorer,
    PanelScores,
    RecordSource,
    VariantSettings,
    score_members_together,
)
from dnabert_enhancer.vcf import RecordChecks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from dnabert_enhancer.api.variant_inputs import VariantInput

_log = logging.getLogger(__name__)
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

HELD_NETWORKS, HELD_BYTES = 16, 256 << 20
"""So many networks of so many bytes of weights in all are scored together, which saves the making of their
windows; a larger one is in memory alone."""
Records = Callable[[], AbstractContextManager[RecordSource]]
"""Opens the records from their start."""


def score_panel(
    panel: str | os.PathLike[str] | Sequence[PanelMember],
    variants: VariantInput,
    genome: GenomeInput,
    settings: VariantSettings | None = None,
    *,
    engine: EngineSettings | None = None,
    folder: str | os.PathLike[str] | None = None,
    **keywords: Any,
) -> pd.DataFrame:
    """Return the effect of every allele on the binding of each factor of a panel.

    Parameters
    ----------
    panel : str, path or sequence of PanelMember
        A file with the columns ``name``, ``model`` and maybe ``regions`` (a BED; variants elsewhere are not
        scored with this model); a collection of the catalogue, such as ``deepvregulome``, all of it or
        ``deepvregulome:CTCFL,SP7``.
    variants, genome
        As `Model.score_variants` takes them.
    settings : VariantSettings, optional
        Those that haplotypes and shards need are refused.
    engine : EngineSettings, optional
    folder : path, optional
        Where each model's scores are kept in a file, so that a run that was interrupted goes on with the next
        model; default: a temporary folder.
    **keywords
        Fields of `VariantSettings` instead, such as ``offsets=1``.

    Returns
    -------
    DataFrame
        One row per allele and model, all models of the first allele first: ``chrom``, ``pos`` (1-based),
        ``dbsnp_id``, alleles, ``transcription_factor``, probabilities and statistics (NaN without a score),
        ``p_value`` and ``q_value`` of each model over the run, ``predicted_functional_effect``, and
        ``skipped``: why an allele has no score; where a member is an ensemble ``probability_difference_sd``.

    Raises
    ------
    InputError
        No such panel or model; what `Model.score_variants` refuses.
    """
    chosen = with_keywords(VariantSettings, settings, keywords)
    members = read_panel(panel) if isinstance(panel, (str, os.PathLike)) else list(panel)
    if chosen.shard != (1, 1):
        raise InputError("a panel in Python is scored whole", remedy="leave shard out")
    import pandas as pd

    if not isinstance(variants, (str, os.PathLike)) and not hasattr(variants, "iloc"):
        variants = [variants] if not hasattr(variants, "__iter__") else list(variants)
    with opened_genome(genome) as opened, ExitStack() as stack:
        work = folder if folder is not None else stack.enter_context(tempfile.TemporaryDirectory())

        def records() -> AbstractContextManager[RecordSource]:
            return variant_records(variants, chosen.vcf_format, opened)

        with records() as first:
            check_records(first, opened, chosen)
        files = score_members(members, records, opened, chosen, work, engine=engine)
        scores = stack.enter_context(open_panel(files))
        with records() as again:
            return pd.concat(list(scores.frames(again.blocks())), ignore_index=True)


def check_records(records: RecordSource, genome: Genome, settings: VariantSettings) -> None:
    """Read records to their end, as a run of a panel alone does first; faults are logged.

    Raises
    ------
    InputError
        A record that is no record; no contig of them is in the genome.
    """
    checks = RecordChecks(records.header, records.faults, whole=settings.check)
    for _ in checks.check(records.blocks()):
        pass
    genome.names.check_shared(checks.contigs, records.source, "records", "have no score")
    records.faults.warn()


def score_members(
    members: Sequence[PanelMember],
    records: Records,
    genome: Genome,
    settings: VariantSettings,
    folder: str | os.PathLike[str],
    *,
    engine: EngineSettings | None = None,
    digests: Mapping[str, str] | None = None,
    progress: Callable[[str], AbstractContextManager[Callable[[int], None]]] | None = None,
) -> dict[str, list[Path]]:
    """Score a shard of the records with each model of a panel, into files of a folder.

    Outputs of one network, such as ``default:gue_tf0`` and ``default:gue_tf1``, are computed in one pass, and
    small networks that get the same windows (`HELD_NETWORKS`) read them together.

    Parameters
    ----------
    members : sequence of PanelMember
    records : callable
        Opens the records from their start, once for each group of networks.
    genome : Genome
    settings : VariantSettings
    folder : path
        A file that is there already, made with the same settings, is kept; those of a group appear together.
    engine : EngineSettings, optional
    digests : mapping of str to str, optional
        SHA-256 of the input files.
    progress : callable, optional
        Called with what is scored, such as the name of a model; gives a context whose value is called with
        the records done.

    Returns
    -------
    dict of str to list of Path
        The file of each model, for `open_panel`.

    Raises
    ------
    InputError
        Haplotypes, which are not read for a panel; what a model or the settings do not allow.
    """
    if settings.phased and members:
        raise InputError("haplotypes are not read for a panel", remedy="leave --phased or --tf-panel out")
    alone = dataclasses.replace(settings, strict=False, check=False)
    paths = {
        member.name: Path(shard_path(os.path.join(folder, member.name), *settings.shard))  # noqa: PTH118
        for member in members
    }
    if len(paths) < len(members):
        raise InputError("two models of the panel have the same name", remedy="give each another")
    for of_regions, own in _by(members, lambda member: member.regions).items():
        annotations = open_annotations(genome, regions=of_regions)
        regions = None if of_regions is None else sha256_of(of_regions)
        for scorers in _groups(own, settings, engine):
            with records() as source, ExitStack() as stack:
                blocks = partial(
                    BlockScorer,
                    genome,
                    genome.names,
                    settings=alone,
                    annotations=annotations,
                    source=source.source,
                )
                facts = {
                    scorer.name: {**shared_facts(blocks(scorers=[scorer]), digests), "regions": regions}
                    for scorer in scorers
                }
                left = [
                    one for one in scorers if not _is_done(paths[one.name], facts[one.name], settings.shard)
                ]
                if not left:
                    continue
                out = stack.enter_context(OutputSet())
                streams = [stack.enter_context(out.path(paths[one.name]).open("r+b")) for one in left]
                advance = None if progress is None else stack.enter_context(progress(_shown(left)))
                said = [facts[one.name] for one in left]
                score_members_together(blocks(scorers=left), source, streams, said, advance)
    return {name: [path] for name, path in paths.items()}


def _by(things: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Return things in groups that have the same key, in the order of their first ones."""
    groups: dict[K, list[T]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups


def find_member(folder: str, name: str, shard: str) -> Path:
    """Return the file of a panel's model in a folder.

    Parameters
    ----------
    folder : str
    name : str
    shard : str
        Which shard's, as the end of its name says it: ``1-of-4.scores``.

    Raises
    ------
    InputError
        It is missing.
    """
    path = Path(folder) / f"{name}.shard-{shard}"
    if not path.exists():
        raise InputError(
            "the scores of the panel are missing",
            source=str(path),
            remedy="keep the folder PREFIX.tf-panel beside the shards, or score it (--panel-only)",
        )
    return path


@contextmanager
def open_panel(files: Mapping[str, Sequence[Path]]) -> Iterator[PanelScores]:
    """Give the scores of a panel's models, from their files by the name of the model."""
    scores = PanelScores(
        {name: [ShardFile(path, MEMBER_FORMAT) for path in paths] for name, paths in files.items()}
    )
    try:
        yield scores
    finally:
        scores.close()


def _groups(
    members: Sequence[PanelMember], settings: VariantSettings, engine: EngineSettings | None
) -> Iterator[list[AlleleScorer]]:
    """Yield the scorers of models in groups that get the same windows and fit into memory together."""
    waiting: dict[Hashable, list[list[AlleleScorer]]] = {}
    for own in _by(members, lambda member: str(split_output(member.model)[0])).values():
        scorers = share_networks([_scorer_of(member, settings, engine) for member in own])
        for one_pass in _by(scorers, lambda scorer: scorer.one_pass).values():
            group = waiting.setdefault(one_pass[0].cut, [])
            weights = sum(passes[0].engine.model.weights_size for passes in (*group, one_pass))
            if group and (len(group) == HELD_NETWORKS or weights > HELD_BYTES):
                yield [scorer for passes in group for scorer in passes]
                group.clear()
            group.append(one_pass)
    for group in waiting.values():
        yield [scorer for passes in group for scorer in passes]


def _shown(scorers: Sequence[AlleleScorer]) -> str:
    """Return the names of scorers for a progress bar."""
    more = f" and {len(scorers) - 1} more" if len(scorers) > 1 else ""
    return f"{scorers[0].name}{more}"


def _scorer_of(member: PanelMember, settings: VariantSettings, engine: EngineSettings | None) -> AlleleScorer:
    if member.name == "enhancer":
        raise InputError("two models are called enhancer", remedy="give the model of the panel another name")
    try:
        return allele_scorer(member.name, load_model(member.model, engine=engine), settings)
    except InputError as error:
        raise InputError(
            error.problem,
            source=f"{error.source or member.model} (panel: {member.name})",
            remedy=error.remedy,
        ) from None


def _is_done(path: Path, facts: Mapping[str, Any], shard: tuple[int, int]) -> bool:
    """Return whether a model was scored before, with equal input and settings."""
    if not path.exists():
        return False
    try:
        file = ShardFile(path, MEMBER_FORMAT)
    except InputError:  # of an older version, or damaged
        return False
    header = file.header
    file.close()
    # as JSON has it: tuples are lists
    is_done = bool(header["shard"] == [*shard] and header["settings"] == json.loads(json.dumps(facts)))
    if is_done:
        _log.info("panel: %s was scored before", facts["models"][0]["name"])
    return is_done
