"""What programs for PyTorch look for and autodiff has not: the words, for an attribute and for an import alike."""
from __future__ import annotations

import sys

#: By dotted name without the package: what to do instead.
INSTEAD = {
    "optim": "write the step: with autodiff.no_grad(): w -= rate * w.grad; then w.grad = None",
    "utils.data": "cut the data into batches with slices",
    "jit.script": "record the function with autodiff.compile, or call it as it is",
    "nn": "keep the parameters as Tensors that require grad and call the functions of nn.functional",
    "nn.Linear": "keep weight and bias as Tensors and call nn.functional.linear",
    "nn.Conv2d": "keep the weight as a Tensor and call nn.functional.conv2d",
    "nn.CrossEntropyLoss": "call nn.functional.cross_entropy",
    "nn.MSELoss": "call nn.functional.mse_loss",
    "nn.ReLU": "call nn.functional.relu",
    "nn.Dropout": "call nn.functional.dropout with training=True or False",
    "nn.LayerNorm": "keep weight and bias as Tensors and call nn.functional.layer_norm",
    "nn.BatchNorm2d": "keep the statistics as Tensors and call nn.functional.batch_norm",
    "nn.Embedding": "keep the weight as a Tensor and call nn.functional.embedding",
    "nn.MultiheadAttention": "call nn.functional.scaled_dot_product_attention",
    "nn.Sequential": "write a function that calls one layer after the other",
    "nn.functional.ctc_loss": "sum over the alignments with autodiff.logsumexp, step by step",
    "nn.functional.fractional_max_pool2d": "take nn.functional.adaptive_max_pool2d, whose windows are not drawn",
    "nn.functional.fractional_max_pool3d": "take nn.functional.adaptive_max_pool3d, whose windows are not drawn",
    "nn.init": "make the numbers with autodiff.randn and scale them",
    "nn.Module": "keep the parameters in a dict or a list, and write a function of them",
}


def words(name: str) -> str | None:
    """The message for a dotted name that is left out, or None for one that was never heard of.

    >>> words("nn.ReLU").partition("Instead, ")[2]
    'call nn.functional.relu'
    >>> words("tesnor") is None
    True
    """
    parts = name.split(".")
    for length in (3, 2, 1):
        known = ".".join(parts[:length])
        if length < 3 and parts[:2] == ["nn", "functional"]:        # it is there
            return None
        if known in INSTEAD:
            # there is an autodiff.nn: what is asked of it is named, and not what lies within what is asked
            what = ".".join(parts[:max(length, 2)]) if parts[0] == "nn" else known
            return (f"autodiff has no '{what}': it differentiates, and leaves models and training loops to you. Instead, "
                    f"{INSTEAD[known]}")
    return None


class Finder:
    """Asked last for a module that nobody has found: an import of what is left out says what to do instead."""

    @staticmethod
    def find_spec(fullname: str, path: object = None, target: object = None) -> None:
        """Raises ModuleNotFoundError for what is left out of autodiff; None for all else."""
        package, _, rest = fullname.partition(".")
        text = words(rest) if package == "autodiff" and rest else None
        # importlib.util.find_spec() asks whether there is such a module, and no is an answer
        if text is not None and sys._getframe(2).f_globals.get("__name__") != "importlib.util":
            # Without its name: by that Python would tell that `from autodiff import optim` may go on, to other words.
            raise ModuleNotFoundError(text)


def install() -> None:
    """Put the finder at the end of those that Python asks, once."""
    if not any(getattr(finder, "__module__", None) == __name__ for finder in sys.meta_path):
        sys.meta_path.append(Finder)
