"""What holds for every test."""
import gc

import pytest

from autodiff import _variable


@pytest.fixture(autouse=True)
def _no_mode_is_left():
    """A mode that a test leaves behind, in this thread or in one that ended, makes every op of the process a third slower."""
    before = _variable.threads_in_modes()
    yield
    if _variable.threads_in_modes() != before:
        gc.collect()
    assert _variable.threads_in_modes() == before
