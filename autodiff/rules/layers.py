"""Losses, activations, normalisations, attention and dropout: the functions of ``nn.functional`` but convolutions."""
from __future__ import annotations

from .row import Rule

REDUCED = "size_average and reduce are older words for reduction, which is 'mean', 'sum' or 'none'; they warn."


def _loss(name: str, value: str, **fields) -> Rule:
    """A composite row of nn.functional; operands are input and target unless names= says others."""
    return Rule(name, value, **{"operands": "xy", "names": "input, target", "namespace": "nn.functional", "method": False,
                                "loop": "composite", **fields})


RULES: tuple[Rule, ...] = (
    # ---- losses
    _loss("mse_loss", "mse_loss_of(x, y, size_average, reduce, reduction, weight)",
          params="size_average=None, reduce=None, reduction='mean', weight=None", grad_fn="MseLossBackward0",
          source="PyTorch, nn.functional.mse_loss",
          doc="The mean of the squares of input - target; with weight, of their products with it, divided by its sum.",
          errors=REDUCED + "  Shapes that differ are broadcast, with a warning.  ValueError for another reduction, and for a "
                           "weight of another shape than input's.",
          example="nn.functional.mse_loss(tensor([1.0, 2.0]), tensor([0.0, 4.0])) -> tensor(2.5000)"),
)
