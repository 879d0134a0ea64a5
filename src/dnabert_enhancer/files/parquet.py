"""Parquet, which pyarrow writes where it is installed."""

from dnabert_enhancer.errors import ResourceError


def check_parquet(instead: str) -> None:
    """Raise `ResourceError` where pyarrow is not installed.

    Parameters
    ----------
    instead : str
        What the user can do without it.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise ResourceError(
            "Parquet needs the package pyarrow",
            remedy=f"{instead}, pip install '.[parquet]' in a clone of the suite, or take "
            "the image with torch, which has it",
        ) from None
