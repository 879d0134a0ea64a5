"""The models that the field has, by name: what is known of them, and a store of those that were brought."""

from dnabert_enhancer.catalogue.catalogue import CATALOGUE_VARIABLE, Catalogue, read_catalogue
from dnabert_enhancer.catalogue.entry import CatalogueEntry, ModelType, PositiveOutput
from dnabert_enhancer.catalogue.opening import (
    checkpoint,
    copy_to,
    get,
    is_pretrained_only,
    locate,
    open_model,
    without_head,
)
from dnabert_enhancer.catalogue.panel import PanelMember, read_panel
from dnabert_enhancer.catalogue.store import Store, StoredModel

__all__ = [
    "CATALOGUE_VARIABLE",
    "Catalogue",
    "CatalogueEntry",
    "ModelType",
    "PanelMember",
    "PositiveOutput",
    "Store",
    "StoredModel",
    "checkpoint",
    "copy_to",
    "get",
    "is_pretrained_only",
    "locate",
    "open_model",
    "read_catalogue",
    "read_panel",
    "without_head",
]
