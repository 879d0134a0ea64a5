"""What the columns of all tables hold, in plain words; formulas come from where they are computed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dnabert_enhancer.comparison import SWEEP_COLUMNS, summary_columns
from dnabert_enhancer.evaluation import DEFINITIONS
from dnabert_enhancer.variants import EffectStatistic, info_fields

_PLACES = {
    "chrom": "contig (chromosome)",
    "start": "first base, counted from 0",
    "end": "the base after the last one, counted from 0: end - start is the length",
    "pos": "position, counted from 1 as in a VCF",
    "ref": "bases of the reference",
    "alt": "bases of the alternative allele",
    "name": "name of the region or sequence",
    "strand": "strand, + or -; . where there is none",
}
_CALL = {
    "name": "name of the call, by its number in the file",
    "score": "1000 times the highest probability, for genome browsers",
    "strand": "always .: enhancers have no strand",
    "summit": "centre of the highest window, counted from 0",
    "mean": "mean probability of the windows that were joined to this call",
    "maximum": "probability of the highest window: how much this piece looks like an enhancer to the model",
    "maximum_sd": "standard deviation of the maximum over the models of the ensemble",
    "q_value": "false discovery rate among windows that score as high, against shuffled DNA, or with --null "
    "genome against unmarked DNA; not the chance that the call is no enhancer",
    "percentile": "share of windows of the background genome that score lower",
}
_SEQUENCE = {
    "maximum": "the highest score of the sequence's windows",
    "maximum_sd": "its standard deviation over the models of the ensemble",
    "label": "the class at the threshold",
    "percentile": "share of windows of the background genome that score lower",
    "mean": "mean over the sequence's windows",
    "summit": "where in the sequence the centre of the highest window is, counted from 0",
    "length": "bases",
    "windows": "windows that were scored",
    "skipped": "windows with too many unknown bases",
    "note": "why there is no score, or what is special",
}
_REGION = {
    "name": "name of the region",
    "score": "the score in your BED, as it stands there",
    "maximum": "the highest score of the region's windows",
    "mean": "mean over the region's windows",
    "summit": "centre of the highest window, counted from 0",
}
_SEQLET = {
    "name": "the region that the seqlet, a run of bases of high importance, lies in",
    "score": "-100 times log10 of p, 1000 at most, for genome browsers",
    "strand": "always .: seqlets have no strand",
    "sum": "sum of the importance of its bases",
    "p": "share of the seqlets in shuffled sequence whose sum is as far from 0",
    "q": "false discovery rate over all seqlets",
    "motif": "the motif of your file that matches best",
    "motif_start": "first base of that match, counted from 0",
    "motif_end": "the base after its last one",
    "motif_strand": "strand of the match",
    "motif_p": "chance of a match as good among as many words",
    "motif_q": "false discovery rate over the motifs that fit this seqlet",
}
_FOUND_MOTIF = {
    "motif": "name of the motif, by number, the smallest p first",
    "effect": "whether it raises or lowers the score",
    "width": "its length in bases",
    "sites": "places in seqlets that it was made of",
    "p": "of its first word: chance that regions, and not their shuffles, have it so often",
    "q": "false discovery rate over the words",
    "words": "the words that were joined to it",
    "match": "the motif of your file that resembles it most",
    "match_p": "chance that a random motif resembles it as much",
    "match_q": "false discovery rate over the motifs of your file",
    "match_offset": "column of that motif, from 0, under the first one of this",
    "match_overlap": "columns that lie over each other",
    "match_orientation": "-: that motif was turned round",
}
_MATCH = {
    "query": "a seqlet (region:start-end, counted from 0) or a found motif",
    "target": "the motif of your file that resembles it",
    "p": "chance that a random motif resembles it as much",
    "q": "false discovery rate over the motifs of your file",
    "offset": "column of the target, from 0, under the first one of the query",
    "overlap": "columns that lie over each other",
    "orientation": "-: the target was turned round",
}
_ENRICHMENT = {
    "motif": "a motif of your file",
    "seqlets_with": "seqlets that have it",
    "seqlets": "seqlets above 0, each beside a quiet run: as long, and of low importance",
    "quiet_with": "quiet runs that have it",
    "quiet": "quiet runs in all",
    "odds_ratio": "odds of having it in seqlets by those in quiet runs; inf where no quiet run has it",
    "p": "Fisher's exact test: chance that so many of the runs with the motif are seqlets",
    "q": "false discovery rate over the motifs",
}
_VARIANT = {
    "rank": "place among the candidates, the largest |ScoreChange| first",
    "variant_start_0based": "first base of REF, counted from 0",
    "variant_end_0based": "the base after REF, counted from 0",
    "dbsnp_id": "ID of the VCF, such as the rs number",
    "reference_nucleotide": "REF: bases of the reference",
    "alternative_nucleotide": "ALT: bases of this allele",
    "model": "which model is changed: enhancer, or the name of a TF's",
    "region_coordinates": "the region of --regions that the variant is in, else its window (0-based)",
    "class": "annotated class of the variant's region: sets of --annotate, else its name in --regions",
    "reference_call": "what the model calls the reference: Enhancer from its threshold on",
    "transcription_factor": "the TF whose model the tf_ columns are of",
    "gene": "the gene whose start of transcription is nearest",
    "strand": "strand of that gene",
    "distance": "bases to that start, positive where it lies at higher coordinates",
    "annotations": "regions of --annotate that the variant lies in",
    "reported_clinical_association": "diseases of ClinVar that are not called benign, and GWAS traits",
    "gwas": "the GWAS catalog at the rs number or position: strongest allele:p-value",
    "clinvar": "ClinVar's entry of the allele: ID:significance",
    "eqtl": "GTEx's genes of the allele: tissue:gene",
    "motifs": "motifs on one of the alleles: name|strands|scores|change|p-values",
    "skipped": "why the allele has no score",
    "percentile": "share of windows of the background genome that score lower",
}
_INTERPRETED = {
    "score": "the highest score of the region's windows",
    "explained": "bases whose importance could be computed",
    "maximum": "the highest importance of a base",
    "maximum_position": "where it is, counted from 0",
    "strongest_substitution": "the change of one base that changes the score most (position counted from 1)",
    "strongest_change": "by how much that changes the logit (a regression: the value)",
    "completeness_error": "share of the score that the gradients do not account for",
    "note": "why nothing was explained",
    "id": "ID of the VCF",
    "reference_score": "score with the reference allele",
    "alternative_score": "score with the alternative allele",
    "change": "change of the logit, with the allele in the middle of a window",
    "rewiring": "how much the importance of all bases changes, in sum",
    "strongest_position": "the base whose importance changes most, counted from 1",
    "strongest_difference": "by how much",
    "motifs": "motifs whose match changes",
    "gene": "the gene whose start of transcription is nearest",
    "strand": "of the gene",
    "distance": "from the variant to that start in bp; positive where it lies at higher coordinates",
    "annotations": "regions that the variant lies in",
    "skipped": "why the allele was not explained",
}
_NOVEL = {
    "rank": "1 is the call with the best score",
    "score": "the score of the call by which it is ranked",
    "nearest_gene": "name of the nearest gene",
    "gene_distance": "0 within the gene, else 1 plus the bases between",
}
_CONTROL = {
    "control": "how the random calls were made",
    "null": "what they are compared with",
}
_METRIC = {
    "method": "the model or baseline that was judged",
    "kind": "model or baseline",
    "subset": "which rows: all, or those that are not in the training data",
    "prevalence": "as given, or so many negatives to each positive by weight",
    "rows": "sequences",
    "positives": "sequences of the positive class",
    "negatives": "the others",
    "threshold": "probability from which on a sequence is called positive",
    "positive_label": "name of the positive class",
    "minus": "the method that it is compared with",
    "metric": "what is compared",
    "difference": "metric of the method minus that of the other, on the same sequences",
    "low": "lower end of its 95 % interval (paired bootstrap)",
    "high": "upper end of its 95 % interval",
    "p": "two-sided p of the paired bootstrap, not corrected for the number of comparisons",
    "by": "what the sequences are grouped by",
    "group": "the group: a chromosome, a class of GC, a distance to the nearest start of transcription",
}
_HISTORY = {
    "epoch": "times that all training sequences were seen",
    "attempt": "training from the start, again after a collapse",
    "step": "batches seen",
    "train_loss": "loss on the training sequences",
    "validation_loss": "loss on sequences that are kept out of the training",
    "learning_rate": "step width of the optimiser",
}


_TRIAL = {
    "trial": "number of the training",
    "state": "complete; pruned: ended early, since it fell behind; failed: collapsed",
    "rank": "among the complete trials, 1 is the best",
    "weight_decay": "how strongly weights are drawn to 0",
    "warmup": "share of the updates in which the learning rate rises",
    "epochs": "epochs that were trained",
    "best_epoch": "the epoch whose weights were kept",
    "reason": "why the trial failed",
}


def _variant_statistics() -> dict[str, str]:
    """Return the meanings of the numbers of a variant's table, with the formulas of the VCF's header."""
    described = {field.identifier: field.description for field in info_fields([], _ALL_CONTENT)}
    plain = {
        "reference_probability": described["DBE_PREF"],
        "alternative_probability": described["DBE_PALT"],
        "p_value": described["DBE_P"],
        "q_value": described["DBE_Q"],
        "predicted_functional_effect": "gain: the allele lifts the probability over the threshold; "
        "loss: it lowers it below",
        **{statistic.column: statistic.formula for statistic in EffectStatistic},
    }
    deviation = {"probability_difference_sd": described["DBE_DIFF_SD"]}
    return plain | deviation | {f"tf_{name}": f"{text} (of the TF's model)" for name, text in plain.items()}


_ALL_CONTENT = dict.fromkeys(
    ("genes", "classes", "tracks", "motifs", "clinical", "panel", "deviations"), True
)


def call_meanings() -> dict[str, str]:
    """Return what the columns of ``PREFIX.calls.bed.gz`` hold."""
    return _PLACES | _CALL


def sequence_meanings() -> dict[str, str]:
    """Return what the columns of ``PREFIX.predictions.tsv`` hold."""
    return _PLACES | _SEQUENCE


def region_meanings(columns: Sequence[str]) -> dict[str, str]:
    """Return what the columns of a scan's ``PREFIX.regions.tsv`` hold; those of the BED are its own."""
    given = dict.fromkeys(columns[3:], "a column of your BED, as it stands there")
    return given | _PLACES | _SEQUENCE | _REGION


def seqlet_meanings() -> dict[str, str]:
    """Return what the columns of ``PREFIX.seqlets.bed.gz`` hold."""
    return _PLACES | _SEQLET


def found_motif_meanings() -> dict[str, str]:
    """Return what the columns of ``PREFIX.motifs.tsv`` hold."""
    return dict(_FOUND_MOTIF)


def match_meanings() -> dict[str, str]:
    """Return what the columns of ``PREFIX.motif_matches.tsv`` hold."""
    return dict(_MATCH)


def enrichment_meanings() -> dict[str, str]:
    """Return what the columns of ``PREFIX.motif_enrichment.tsv`` hold."""
    return dict(_ENRICHMENT)


def variant_meanings() -> dict[str, str]:
    """Return what the columns of ``PREFIX.tsv.gz`` and ``PREFIX.candidates.tsv`` hold."""
    of_tf = {"tf_probability_difference_sd": "the same of the TF's model"}
    return _PLACES | _variant_statistics() | of_tf | _VARIANT


def interpret_meanings() -> dict[str, str]:
    """Return what the columns of ``PREFIX.regions.tsv`` and ``PREFIX.variants.tsv`` hold."""
    return _PLACES | _INTERPRETED


def comparison_meanings() -> dict[str, str]:
    """Return what the columns of the summary, the sweep, the controls and the novel calls hold."""
    nulls = {
        re.sub("^circular_", "", name): text.removesuffix(" (circular)")
        for name, text in summary_columns().items()
        if name.startswith("circular_")
    }
    return _PLACES | nulls | _CONTROL | SWEEP_COLUMNS | summary_columns() | _NOVEL


def metric_meanings() -> dict[str, str]:
    """Return what the columns of ``PREFIX.metrics.tsv`` hold, with the formulas of the metrics."""
    found = dict(_METRIC)
    for name, definition in DEFINITIONS.items():
        found[name] = f"{definition.title}: {definition.formula}"
        found[f"{name}_low"] = f"lower end of the 95 % interval of {name}"
        found[f"{name}_high"] = f"upper end of the 95 % interval of {name}"
    return found


def history_meanings() -> dict[str, str]:
    """Return what the columns of ``history.tsv`` hold."""
    return {f"validation_{name}": f"{name} on the validation rows" for name in DEFINITIONS} | _HISTORY


def trial_meanings() -> dict[str, str]:
    """Return what the columns of ``trials.tsv`` hold."""
    return _HISTORY | {name: f"{name} on the validation rows" for name in DEFINITIONS} | _TRIAL
