"""The importance of bases, kept in a file and made into tables, arrays, pictures and files when asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dnabert_enhancer.errors import InputError
from dnabert_enhancer.files import OutputSet
from dnabert_enhancer.interpret.attention import high_attention
from dnabert_enhancer.interpret.mutagenesis import Effects
from dnabert_enhancer.interpret.seqlets import SeqletTest
from dnabert_enhancer.interpret.settings import Discovery
from dnabert_enhancer.interpret.stretches import Stretch
from dnabert_enhancer.sequence import UNKNOWN_BASE
from dnabert_enhancer.shards import ShardBlock, ShardFile, ShardWriter, check_all_shards, check_equal
from dnabert_enhancer.variants import MotifLibrary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from dnabert_enhancer.interpret.discovery import FoundMotif

FORMAT = "dnabert-enhancer attributions 1"
REGION_COLUMNS = (
    "name",
    "chrom",
    "start",
    "end",
    "score",
    "explained",
    "maximum",
    "maximum_position",
    "strongest_substitution",
    "strongest_change",
    "note",
)
SUBSTITUTION_COLUMNS = ("chrom", "pos", "ref", "alt", "change", "name")
DELETION_COLUMNS = ("chrom", "pos", "length", "change", "name")
COMPLETENESS_COLUMN = "completeness_error"
NOT_SCORED = "too_many_unknown_bases"
INCOMPLETE = "completeness_error_above_limit"
_LETTERS = np.array(list("ACGT"))


class Explained(NamedTuple):
    """What is kept of a region or sequence.

    Attributes
    ----------
    name, contig : str
    start, end : int
        0-based and half-open.
    score : float
        The highest score of its windows; NaN where none could be scored.
    codes : uint8 array, shape (length,)
        Its base codes.
    change : float32 array, shape (length, 4), or (0, 4)
        See `Effects`.
    given : float32 array, shape (length,), or None
        The importance of each base, where it does not come from substitutions.
    deletions : float32 array, shape (length, longest), or None
    completeness_error : float
        See `Effects`.
    """

    name: str
    contig: str
    start: int
    end: int
    score: float
    codes: NDArray[np.uint8]
    change: NDArray[np.float32]
    given: NDArray[np.float32] | None = None
    deletions: NDArray[np.float32] | None = None
    completeness_error: float = float("nan")

    @property
    def importance(self) -> NDArray[np.float32]:
        """Importance of each base, float32[length]; of substitutions minus the mean of the four changes."""
        return np.asarray(-self.change.mean(axis=1)) if self.given is None else self.given

    @property
    def hypothetical(self) -> NDArray[np.float32]:
        """Contribution of each base if it stood there, float32[length, 4]; 0 where nothing is known.

        Without substitutions nothing is known of the bases that do not stand there.
        """
        if self.given is not None:
            return np.asarray(self.one_hot * np.nan_to_num(self.given)[:, None])
        return np.asarray(np.nan_to_num(self.change - self.change.mean(axis=1, keepdims=True)))

    @property
    def one_hot(self) -> NDArray[np.int8]:
        """The bases as int8[length, 4]; all 0 where the base is unknown."""
        return np.asarray(self.codes[:, None] == np.arange(4), dtype=np.int8)

    def row(self) -> tuple[Any, ...]:  # of `REGION_COLUMNS`
        """Return the values of `REGION_COLUMNS`."""
        importance = self.importance
        explained = int(np.count_nonzero(~np.isnan(importance)))
        place = (self.name, self.contig, self.start, self.end)
        if not explained:
            note = NOT_SCORED if np.isnan(self.completeness_error) else INCOMPLETE
            return (*place, self.score, 0, np.nan, None, None, np.nan, note)
        highest = int(np.nanargmax(importance))
        found = (*place, self.score, explained, float(importance[highest]), self.start + highest)
        if self.given is not None:
            return (*found, None, np.nan, "")
        base, other = divmod(int(np.nanargmax(np.abs(self.change))), 4)
        own = "ACGT"[self.codes[base]]
        strongest = f"{self.start + base + 1}{own}>{'ACGT'[other]}"
        return (*found, strongest, float(self.change[base, other]), "")


def _importance(effects: Effects) -> NDArray[np.float32]:
    place = (effects.stretch.name, effects.stretch.contig, effects.stretch.start, effects.stretch.end)
    found = Explained(*place, effects.score, effects.stretch.codes, effects.change, effects.importance)
    return found.importance.astype(np.float32)


def explained(stretch: Stretch, change: NDArray[np.float32], score: float) -> Explained:
    """Return what is kept of the effects in a stretch."""
    return Explained(stretch.name, stretch.contig, stretch.start, stretch.end, score, stretch.codes, change)


def write_effects(
    target: str | os.PathLike[str] | IO[bytes],
    effects: Iterable[Effects],
    header: Mapping[str, Any],
    null: Iterable[Effects] = (),
) -> int:
    """Write effects as they come; return how many regions there were.

    Parameters
    ----------
    target : path or binary file
    effects : iterable of Effects
    header : mapping
        What the effects depend on (``settings``), the ``contigs`` with their lengths and the ``shard``, as
        JSON values.
    null : iterable of Effects
        Those in shuffled sequence, of which the importance alone is kept.
    """
    number = 0
    with ShardWriter(target, FORMAT) as writer:
        for stretch, change, score, _, importance, deletions, error in effects:
            place = {"name": stretch.name, "contig": stretch.contig, "start": stretch.start}
            facts = {**place, "end": stretch.end, "score": None if score != score else score}
            if error == error:
                facts[COMPLETENESS_COLUMN] = error
            arrays: dict[str, NDArray[Any]] = {"change": change, "codes": stretch.codes}
            if importance is not None:
                arrays["importance"] = importance
            if deletions is not None:
                arrays["deletions"] = deletions
            writer.add_block(ShardBlock(number, arrays, {"place": facts}))
            number += 1
        shuffled = [_importance(found) for found in null]
        writer.add_array("null", np.concatenate([np.zeros(0, np.float32), *shuffled]))
        writer.add_array("null_lengths", np.array([len(values) for values in shuffled], dtype=np.int64))
        writer.finish({**header, "regions": number})
    return number


class Attributions:
    """Importance of the bases of regions or sequences; made by `Model.interpret` and `merge_attributions`.

    The numbers lie in a temporary file, or in the shards' files, and are read when they are asked for.

    Parameters
    ----------
    files : sequence of ShardFile
        What `write_effects` wrote: one run, or all its shards in any order.
    notes : mapping
        How many regions were left out, by reason.

    Raises
    ------
    InputError
        A shard is missing or there twice, or two differ in what their numbers depend on.
    """

    def __init__(self, files: Sequence[ShardFile], notes: Mapping[str, int] | None = None) -> None:
        check_all_shards([(file.name, file.header["shard"]) for file in files])
        for file in files[1:]:
            for part in ("settings", "contigs"):
                facts, reference = file.header[part], files[0].header[part]
                check_equal(file.name, {part: facts}, files[0].name, {part: reference})
        self._files = sorted(files, key=lambda file: int(file.header["shard"][0]))
        self._first = np.cumsum([0, *(int(file.header["regions"]) for file in self._files)])
        self.notes = dict(notes or {})

    def __len__(self) -> int:
        return int(self._first[-1])

    def __iter__(self) -> Iterator[Explained]:
        for file in self._files:
            for block in file.blocks():
                yield _explained(block.json["place"], block.arrays)

    def __getitem__(self, which: int | str) -> Explained:
        """Return a region by its number from 0, or the first of a name.

        Raises
        ------
        InputError
            There is none.
        """
        number = which if isinstance(which, int) else self._number(which)
        if not -len(self) <= number < len(self):
            raise IndexError(f"there are {len(self)} regions")
        number %= len(self)
        shard = int(np.searchsorted(self._first, number, side="right")) - 1
        block = self._files[shard].block(number - int(self._first[shard]))
        return _explained(block.json["place"], block.arrays)

    @property
    def settings(self) -> dict[str, Any]:
        """What the numbers depend on, as JSON values."""
        return dict(self._files[0].header["settings"])

    @property
    def is_attention(self) -> bool:
        """Whether the importance is attention."""
        return bool(self.settings["method"] == "attention")

    @property
    def has_completeness(self) -> bool:
        """Whether each region has a completeness error: of integrated gradients."""
        return bool(self.settings["method"] == "gradients")

    @property
    def has_deletions(self) -> bool:
        """Whether deletions were scored, too."""
        return "ism_deletions" in self.settings

    @property
    def contigs(self) -> dict[str, int]:
        """Lengths in bp of the genome's contigs; empty for sequences."""
        return dict(self._files[0].header["contigs"])

    @cached_property
    def regions(self) -> pd.DataFrame:
        """One row per region or sequence, in the order of the input.

        ``name``, ``chrom``, ``start``, ``end`` (0-based, half-open), ``score`` (the highest of its windows),
        ``explained`` (bases with an importance), ``maximum`` importance and the 0-based ``maximum_position``
        where it is, ``strongest_substitution`` (such as ``159710T>C``, 1-based) with its ``strongest_change``
        of the logit, and ``note``: why nothing was explained. Of gradients also ``completeness_error``, in
        shares of the absolute sum of attributions.
        """
        import pandas as pd

        frame = pd.DataFrame([region.row() for region in self], columns=list(REGION_COLUMNS))
        if self.has_completeness:
            frame[COMPLETENESS_COLUMN] = [region.completeness_error for region in self]
        return frame.astype({"maximum_position": "Int64", "strongest_substitution": "string"})

    @cached_property
    def substitutions(self) -> pd.DataFrame:
        """One row per substitution that was scored: `SUBSTITUTION_COLUMNS`; none by another method.

        ``chrom``, ``pos`` (1-based, as in VCF), ``ref``, ``alt``, ``change`` of the logit (for a regression
        of the value), and the ``name`` of the region.
        """
        import pandas as pd

        parts = [substitution_rows(region) for region in self]
        if not parts:
            return pd.DataFrame(columns=list(SUBSTITUTION_COLUMNS))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def deletions(self) -> pd.DataFrame:
        """One row per deletion that was scored (``ism_deletions``): `DELETION_COLUMNS`.

        ``chrom``, ``pos`` (1-based) of the first deleted base, ``length`` in bp, ``change`` of the logit (for
        a regression of the value), and the ``name`` of the region.
        """
        import pandas as pd

        parts = [deletion_rows(region) for region in self]
        if not parts:
            return pd.DataFrame(columns=list(DELETION_COLUMNS))
        return pd.concat(parts, ignore_index=True)

    @property
    def has_seqlets(self) -> bool:
        """Whether shuffled sequence was explained, too, so that there are seqlets."""
        return bool(self.settings.get("null", 0))

    def check_seqlets(self) -> None:
        """Raise `InputError` where no shuffled sequence was explained."""
        if not self.has_seqlets:
            raise InputError("seqlets need shuffled sequence", remedy="give null=100, or --null 100")

    @cached_property
    def seqlet_test(self) -> SeqletTest:
        """What finds seqlets and gives their p-values.

        Raises
        ------
        InputError
            No shuffled sequence was explained.
        """
        self.check_seqlets()
        shuffled: list[NDArray[np.float32]] = []
        for file in self._files:
            lengths = file.array("null_lengths")
            shuffled += np.split(file.array("null"), np.cumsum(lengths)[:-1]) if len(lengths) else []
        return SeqletTest(shuffled, signed=not self.is_attention)

    @cached_property
    def seqlets(self) -> pd.DataFrame:
        """One row per seqlet, by region and start: `SEQLET_COLUMNS`.

        ``name`` of the region, ``chrom``, ``start``, ``end`` (0-based, half-open), ``sum`` of the importance,
        ``p`` by the seqlets of shuffled sequence (see `SeqletTest`) and ``q`` over all seqlets.
        """
        from dnabert_enhancer.interpret.seqlet_table import seqlet_frame

        return seqlet_frame(self)

    def seqlet_motifs(self, motifs: str | os.PathLike[str]) -> pd.DataFrame:
        """Return `seqlets` with the motif of a MEME file that matches each best: `MOTIF_COLUMNS`, too.

        ``motif``, ``motif_start`` and ``motif_end`` (0-based, half-open) of the word that matches, its
        ``motif_strand``, ``motif_p`` (see `variants.RunMatches`) and ``motif_q`` over the motifs of the file.

        Parameters
        ----------
        motifs : path
            MEME file, plain or gzip.

        Raises
        ------
        InputError
            Not MEME, no motif, or no shuffled sequence was explained.
        """
        from dnabert_enhancer.interpret.seqlet_table import seqlet_frame

        return seqlet_frame(self, MotifLibrary(motifs))

    def motif_enrichment(self, motifs: str | os.PathLike[str]) -> pd.DataFrame:
        """Return how many seqlets have each motif of a MEME file, beside quiet runs: `ENRICHMENT_COLUMNS`.

        A row per motif, the smallest p first: ``motif``, how many of the ``seqlets`` above 0 it is in
        (``seqlets_with``), in how many of as many ``quiet`` runs of the same regions, lengths and GC
        (``quiet_with``), ``odds_ratio``, ``p`` of Fisher's exact test (one-sided) and ``q``.

        Parameters
        ----------
        motifs : path
            MEME file, plain or gzip.

        Raises
        ------
        InputError
            Not MEME, no motif, or no shuffled sequence was explained.
        """
        from dnabert_enhancer.interpret.seqlet_table import enrichment_frame

        return enrichment_frame(self, MotifLibrary(motifs))

    def motif_matches(
        self, motifs: str | os.PathLike[str], found: Sequence[FoundMotif] | None = None
    ) -> pd.DataFrame:
        """Return the motifs of a MEME file that resemble the seqlets, or found motifs: `MATCH_COLUMNS`.

        Of each ``query`` the ``target`` that resembles it most, and all others of q <= 0.05, by TOMTOM (see
        `Tomtom`): ``p``, ``q`` over the file, ``offset`` (column of the target, from 0, under the first of
        the query), ``overlap`` in columns, ``orientation`` of the target.

        Parameters
        ----------
        motifs : path
            MEME file, plain or gzip.
        found : sequence of FoundMotif, optional
            Of `discover_motifs`; default: the seqlets' letters are the queries, named ``region:start-end``
            (0-based, half-open).

        Raises
        ------
        InputError
            Not MEME, no motif, or no shuffled sequence was explained.
        """
        from dnabert_enhancer.interpret.seqlet_table import match_frame

        return match_frame(self, MotifLibrary(motifs), found)

    def discover_motifs(self, way: Discovery | str = Discovery.KMERS, threads: int = 1) -> list[FoundMotif]:
        """Return motifs of the regions themselves, found without a database.

        Parameters
        ----------
        way : {"kmers", "modisco"}
            Words of 6 bases in seqlets above 0 that the regions have more often than their dinucleotide
            shuffles, merged by alignment after DNABERT's motif analysis, the smallest p first; or TF-MoDISco
            on the importance of all bases, all of which must fit into memory: those that raise the score
            first. It finds none where there are no more than 100 of its seqlets of a sign.
        threads : int
            Of TF-MoDISco.

        Raises
        ------
        InputError
            No shuffled sequence was explained, for ``"kmers"``; modisco-lite is not installed, for
            ``"modisco"``.
        """
        from dnabert_enhancer.interpret.seqlet_table import found_motifs

        return found_motifs(self, Discovery(way), threads).motifs

    def arrays(self) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        """Return the sequences and their hypothetical contributions in the shape that TF-MoDISco takes.

        Returns
        -------
        one_hot : int8 array, shape (regions, 4, longest)
        hypothetical : float32 array, shape (regions, 4, longest)
            Both 0 behind the end of shorter regions, and at unknown bases.
        """
        longest = max((region.end - region.start for region in self), default=0)
        one_hot = np.zeros((len(self), 4, longest), dtype=np.int8)
        hypothetical = np.zeros((len(self), 4, longest), dtype=np.float32)
        for number, region in enumerate(self):
            length = region.end - region.start
            one_hot[number, :, :length] = region.one_hot.T
            hypothetical[number, :, :length] = region.hypothetical.T
        return one_hot, hypothetical

    def plot(self, which: int | str = 0, *, title: str | None = None) -> Figure:
        """Return the sequence logo of a region's importance; long regions are drawn in several rows.

        Parameters
        ----------
        which : int or str
            See `__getitem__`.
        title : str, optional
            Default: the name of the region.
        """
        from dnabert_enhancer.interpret.logos import importance_figure

        return importance_figure(self[which], title=title, unit=self.settings["unit"])

    def write(
        self,
        prefix: str | os.PathLike[str],
        *,
        substitutions: bool = False,
        logos: int = 0,
        motifs: str | os.PathLike[str] | None = None,
        discover: Discovery | str | bool = False,
    ) -> dict[str, int]:
        """Write the files of ``interpret`` but its ``run.json``, whole or not at all.

        Parameters
        ----------
        prefix : str or path
            What all names begin with.
        substitutions, logos
            See `AttributionFiles`.
        motifs : path, optional
            MEME file: name the motif of each seqlet, and write which motifs are enriched in them.
        discover : {False, True, "kmers", "modisco"}
            Write motifs found without a database; see `discover_motifs`.

        Returns
        -------
        dict of str to int
            How many regions and bases there were, and how many were explained.
        """
        from dnabert_enhancer.interpret.result_files import AttributionFiles
        from dnabert_enhancer.interpret.seqlet_table import SeqletFiles

        with OutputSet() as out:
            library = None if motifs is None else MotifLibrary(motifs)
            way = Discovery(Discovery.KMERS if discover is True else discover) if discover else None
            if way is not Discovery.MODISCO and (library is not None or way):
                self.check_seqlets()
            seqlets = None
            if self.has_seqlets or way:
                seqlets = SeqletFiles(out, os.fspath(prefix), library, discover=way, seqlets=self.has_seqlets)
            files = AttributionFiles(
                out,
                os.fspath(prefix),
                track=bool(self.contigs),
                substitutions=substitutions,
                deletions=self.has_deletions,
                high_attention=self.is_attention,
                logos=logos,
            )
            return {**files.write(self), **(seqlets.write(self) if seqlets else {})}

    def close(self) -> None:
        """Let go of the files; nothing more can be read."""
        for file in self._files:
            file.close()

    def _number(self, name: str) -> int:
        number = 0
        for file in self._files:
            for block in file.blocks():
                if block.json["place"]["name"] == name:
                    return number
                number += 1
        raise InputError(f"no region is named {name!r}", remedy="give one of `regions['name']`, or a number")


def high_rows(found: Attributions, region: Explained) -> list[tuple[str, int, int, str, float]]:
    """Return the runs of high attention of a region: contig, start, end (0-based), region's name, mean."""
    facts = found.settings
    runs = high_attention(
        region.importance, times_minimum=facts["times_minimum"], shortest=facts["shortest_run"]
    )
    return [
        (region.contig, region.start + run.start, region.start + run.end, region.name, run.mean)
        for run in runs
    ]


def substitution_rows(region: Explained) -> pd.DataFrame:
    """Return the substitutions of a region that were scored, a row each: `SUBSTITUTION_COLUMNS`."""
    import pandas as pd

    if region.given is not None:
        return pd.DataFrame(columns=list(SUBSTITUTION_COLUMNS))
    known = ~np.isnan(region.change)
    own = np.arange(4) == region.codes[:, None]
    rows, bases = np.nonzero(known & ~own & (region.codes < UNKNOWN_BASE)[:, None])
    return pd.DataFrame(
        {
            "chrom": region.contig,
            "pos": region.start + rows + 1,
            "ref": _LETTERS[region.codes[rows]],
            "alt": _LETTERS[bases],
            "change": region.change[rows, bases],
            "name": region.name,
        }
    )


def deletion_rows(region: Explained) -> pd.DataFrame:
    """Return the deletions of a region that were scored, a row each: `DELETION_COLUMNS`."""
    import pandas as pd

    if region.deletions is None:
        return pd.DataFrame(columns=list(DELETION_COLUMNS))
    rows, columns = np.nonzero(~np.isnan(region.deletions))
    return pd.DataFrame(
        {
            "chrom": region.contig,
            "pos": region.start + rows + 1,
            "length": columns + 1,
            "change": region.deletions[rows, columns],
            "name": region.name,
        }
    )


def _explained(place: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Explained:
    score = float("nan") if place["score"] is None else float(place["score"])
    where = (place["name"], place["contig"], place["start"], place["end"])
    given, deletions = arrays.get("importance"), arrays.get("deletions")
    error = float(place.get(COMPLETENESS_COLUMN, "nan"))
    return Explained(*where, score, arrays["codes"], arrays["change"], given, deletions, error)
