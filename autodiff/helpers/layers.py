"""Losses, activations, normalisations, attention and dropout."""

REDUCTIONS = ("none", "mean", "sum")


def _legacy(size_average, reduce):
    """(reduction, warning) of the older words size_average and reduce."""
    size_average = True if size_average is None else size_average
    reduce = True if reduce is None else reduce
    found = "mean" if size_average and reduce else "sum" if reduce else "none"
    return found, f"size_average and reduce args will be deprecated, please use reduction='{found}' instead."


def _checked(reduction):
    """reduction, or ValueError."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _reduced(value, reduction):
    return value.mean() if reduction == "mean" else value.sum() if reduction == "sum" else value


def _sizes(x, y):
    """The warning of losses whose operands are broadcast; empty where their shapes are one."""
    if tuple(x.shape) == tuple(y.shape):
        return ""
    return (f"Using a target size ({y.shape}) that is different to the input size ({x.shape}). This will likely lead to "
            "incorrect results due to broadcasting. Please ensure they have the same size.")


def _weighted(loss, weight, x, reduction, whole):
    """A loss of elements times weight; whole: what is divided by for the mean."""
    if tuple(weight.shape) != tuple(x.shape):
        raise ValueError("Weights and input must have the same size.")
    if reduction not in REDUCTIONS:
        raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")
    loss = loss * weight
    return loss.sum() / whole(weight) if reduction == "mean" else _reduced(loss, reduction)


def mse_loss_of(ops, x, y, size_average, reduce, reduction, weight):
    """(x - y)^2."""
    ops.operand(y, "mse_loss", "target", 2)
    text = _sizes(x, y)
    if text:
        ops.warn(text)
    if size_average is not None or reduce is not None:
        reduction, text = _legacy(size_average, reduce)
        ops.warn(text)
    if weight is not None:
        return _weighted(ops.square(x - y), ops.operand(weight, "mse_loss", "weight", 6), x, reduction, lambda w: w.sum())
    return _reduced(ops.square(x - y), _checked(reduction))
