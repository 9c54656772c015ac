"""Anomaly mode: the place in the source of an op whose derivative fails or is NaN."""
import warnings

from .. import _variable as _v
from .grad_mode import checked_bool

__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_anomaly_enabled",
           "set_detect_anomaly"]


def is_anomaly_enabled():
    """Whether anomaly mode is on in this thread.

    As https://pytorch.org/docs/stable/generated/torch.is_anomaly_enabled.html

    >>> import autodiff
    >>> autodiff.is_anomaly_enabled()
    False
    """
    return _v.mode("anomaly")


def is_anomaly_check_nan_enabled():
    """Whether anomaly mode, where it is on in this thread, looks for NaN.

    As https://pytorch.org/docs/stable/generated/torch.is_anomaly_check_nan_enabled.html

    >>> import autodiff
    >>> autodiff.is_anomaly_check_nan_enabled()
    True
    """
    return not _v.mode("nan_allowed")


def set_anomaly_enabled(mode, check_nan=True):
    """Switch anomaly mode of this thread on or off, until it is switched again: see set_detect_anomaly.

    As https://pytorch.org/docs/stable/generated/torch.set_anomaly_enabled.html

    >>> import autodiff
    >>> autodiff.set_anomaly_enabled(False)
    """
    mode, check_nan = checked_bool(mode, "set_anomaly_enabled"), checked_bool(check_nan, "set_anomaly_enabled", "check_nan")
    _v.set_mode("anomaly", mode)
    _v.set_mode("nan_allowed", not check_nan)


class set_detect_anomaly:
    """Switch anomaly mode of this thread; as a context, undone at the end.

    Ops remember where they were called; an error in their backward shows that place in a warning, and with check_nan a
    NaN is an error at the op that made it, which names its line, as the error about a saved value that was written in place
    names the line of the write.  Slow: for looking for a fault.  autodiff.explain() says more.
    As https://pytorch.org/docs/stable/autograd.html#anomaly-detection

    >>> import autodiff, warnings
    >>> x = autodiff.tensor([-1.0], requires_grad=True)
    >>> with autodiff.autograd.set_detect_anomaly(True), warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")     # the warning shows the line of sqrt()
    ...     x.sqrt().sum().backward()
    Traceback (most recent call last):
    ...
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output. The op stands in ...: `x.sqrt().sum()...`.
    """

    def __init__(self, mode, check_nan=True):
        mode, check_nan = checked_bool(mode, "set_detect_anomaly"), checked_bool(check_nan, "set_detect_anomaly", "check_nan")
        self._before = (_v.set_mode("anomaly", mode), _v.set_mode("nan_allowed", not check_nan))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        _v.set_mode("anomaly", self._before[0])
        _v.set_mode("nan_allowed", self._before[1])


class detect_anomaly(set_detect_anomaly):
    """Anomaly mode inside, announced by a warning: it is slow."""

    def __init__(self, check_nan=True):
        warnings.warn("Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled "
                      "for debugging.", stacklevel=2)
        self._check_nan = check_nan

    def __enter__(self):
        super().__init__(True, self._check_nan)
        return self
