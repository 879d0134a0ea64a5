"""silence_transformers: errors alone within the block, and the user's own levels afterwards."""

from __future__ import annotations

import pytest

from dnabert_enhancer.model import silence_transformers


def test_levels_come_back_whatever_happens() -> None:
    logging = pytest.importorskip("transformers.utils").logging
    logging.set_verbosity_info()
    logging.enable_progress_bar()
    with pytest.raises(ZeroDivisionError), silence_transformers():
        assert logging.get_verbosity() == logging.ERROR
        assert not logging.is_progress_bar_enabled()
        raise ZeroDivisionError
    assert logging.get_verbosity() == logging.INFO
    assert logging.is_progress_bar_enabled()
    logging.set_verbosity_warning()
