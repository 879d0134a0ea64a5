"""DNABERT-Enhancer suite: train, evaluate and apply genomic language models of human enhancers."""

__version__ = "0.1.0"
