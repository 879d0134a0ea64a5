"""The public API: models and what is done with them; `dnabert_enhancer` gives the names."""

from dnabert_enhancer.api.inputs import fasta_sequences, table_sequences
from dnabert_enhancer.api.model import Model, load_model
from dnabert_enhancer.api.settings_keywords import with_keywords

__all__ = ["Model", "fasta_sequences", "load_model", "table_sequences", "with_keywords"]
