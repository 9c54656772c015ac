"""Losses, activations, normalisations, attention and dropout."""
import math
from functools import wraps
from itertools import pairwise

from .elementwise import of_kinds
from .linear import _transposed
from .reductions import floating

REDUCTIONS = ("none", "mean", "sum")
NOT_FLOAT = "\"{}\" not implemented for '{{}}'"


# ---- what losses have in common

def _words_of_old(size_average, reduce):
    """(reduction, warning) of the older words size_average and reduce."""
    mean, any_ = size_average is None or bool(size_average), reduce is None or bool(reduce)
    found = "mean" if mean and any_ else "sum" if any_ else "none"
    return found, f"size_average and reduce args will be deprecated, please use reduction='{found}' instead."


def _checked(reduction):
    """reduction, or ValueError."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _real(ops, kernel, *operands):
    """Refuse complex numbers: the square of one is no distance, and its variance no number."""
    for x in operands:
        of_kinds(ops, x, kernel, "fbiu")


def _reduced(value, reduction):
    return value.mean() if reduction == "mean" else value.sum() if reduction == "sum" else value


def loss(count, sized=False, old=True):
    """A helper of a loss of count operands: it is called with size_average, reduce and reduction after them, and has the
    reduction alone; old: whether it has such words; sized: whether shapes that differ are to be warned of."""
    def wrap(function):
        # It warns itself: ops.warn() counts the calls up to the user's line.
        @wraps(function)
        def compute(ops, *given):
            x, y = given[:2]
            if sized and ops.is_variable(y) and tuple(x.shape) != tuple(y.shape):
                ops.warn(f"Using a target size ({y.shape}) that is different to the input size ({x.shape}). This will likely "
                         "lead to incorrect results due to broadcasting. Please ensure they have the same size.")
            if not old:
                return function(ops, *given)
            size_average, reduce, reduction = given[count:count + 3]
            if size_average is not None or reduce is not None:
                reduction, text = _words_of_old(size_average, reduce)
                ops.warn(text)
            return function(ops, *given[:count], reduction, *given[count + 3:])

        return compute
    return wrap


def _operands(ops, name, **given):
    """TypeError unless each is a Variable: argument=(position, value)."""
    for argument, (position, value) in given.items():
        ops.operand(value, name, argument, position)


def _floats(ops, x, y, kernel):
    """NotImplementedError for operands that promote to integers."""
    if ops.dtype(x).kind not in "fc" and ops.dtype(y).kind not in "fc":
        floating(ops, x, NotImplementedError, NOT_FLOAT.format(kernel))


def _weighted(value, weight, x, reduction, whole):
    """A loss of elements times weight; whole: what its sum is divided by for the mean."""
    if tuple(weight.shape) != tuple(x.shape):
        raise ValueError("Weights and input must have the same size.")
    if reduction not in REDUCTIONS:
        raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")
    value = value * weight
    return value.sum() / whole(weight) if reduction == "mean" else _reduced(value, reduction)


def _at_least(ops, x, bound):
    """x where it is above a bound, which takes the place of less without a derivative of its own: dx is 1."""
    low = x.detach() < bound
    return ops.where(low, x - x.detach() + bound, x) if ops.all_samples(low).any() else x


# ---- losses of elements

@loss(2, sized=True)
def mse_loss_of(ops, x, y, reduction, weight):
    """(x - y)^2."""
    _operands(ops, "mse_loss", target=(2, y))
    _real(ops, "mse_cpu", x, y)
    if weight is not None:
        ops.operand(weight, "mse_loss", "weight", 6)
        return _weighted(ops.square(x - y), weight, x, reduction, lambda w: w.sum())
    _checked(reduction)
    _floats(ops, x, y, "mse_cpu")
    return _reduced(ops.square(x - y), reduction)


@loss(2, sized=True)
def l1_loss_of(ops, x, y, reduction, weight):
    """|x - y|."""
    _operands(ops, "l1_loss", target=(2, y))
    if weight is not None:
        ops.operand(weight, "l1_loss", "weight", 6)
        return _weighted(ops.abs(x - y), weight, x, reduction, lambda w: w.sum())
    return _reduced(ops.abs(x - y), _checked(reduction))


def _bent(ops, x, y, bound):
    """bound * smooth_l1: (x - y)^2 / 2 up to |x - y| = bound, and from there on the tangent."""
    distance = ops.abs(x - y)
    low = ops.clamp(distance, None, bound)
    return low * (distance - 0.5 * low)


@loss(2, sized=True)
def smooth_l1_loss_of(ops, x, y, reduction, beta):
    """(x - y)^2 / (2 beta) up to |x - y| = beta, |x - y| - beta / 2 beyond."""
    _operands(ops, "smooth_l1_loss", target=(2, y))
    _real(ops, "smooth_l1_cpu", x, y)
    _checked(reduction)
    if beta == 0:
        return _reduced(ops.abs(x - y), reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    _floats(ops, x, y, "smooth_l1_cpu")
    return _reduced(_bent(ops, x, y, beta) / beta, reduction)


@loss(2, sized=True, old=False)
def huber_loss_of(ops, x, y, reduction, delta, weight):
    """(x - y)^2 / 2 up to |x - y| = delta, delta (|x - y| - delta / 2) beyond."""
    _operands(ops, "huber_loss", target=(2, y))
    _real(ops, "huber_cpu", x, y)
    if weight is None:
        _checked(reduction)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    _floats(ops, x, y, "huber_cpu")
    value = _bent(ops, x, y, delta)
    if weight is None:
        return _reduced(value, reduction)
    ops.operand(weight, "huber_loss", "weight", 5)
    return _weighted(value, weight, x, reduction, lambda w: w.numel())


def kl_div_of(ops, x, y, size_average, reduce, reduction, log_target):
    """exp(y) (y - x) of a logarithm y, y (log(y) - x) of a probability."""
    _operands(ops, "kl_div", target=(2, y))
    by_batch = reduction == "batchmean"
    if size_average is not None or reduce is not None:
        reduction, text = _words_of_old(size_average, reduce)
        ops.warn(text)
    elif reduction == "mean":
        ops.warn("reduction: 'mean' divides the total loss by both the batch size and the support size.'batchmean' divides "
                 "only by the batch size, and aligns with the KL div math definition.'mean' will be changed to behave the "
                 "same as 'batchmean' in the next major release.")
    elif by_batch:
        reduction = "sum"
    _checked(reduction)
    if "c" in (ops.dtype(x).kind, ops.dtype(y).kind):
        raise RuntimeError("kl_div: Complex inputs not supported.")
    if ops.dtype(x).kind != "f" or ops.dtype(y).kind != "f":
        raise RuntimeError("kl_div: Integral inputs not supported.")
    value = _reduced(ops.exp(y) * (y - x) if log_target else ops.xlogy(y, y) - y * x, reduction)
    return value / x.shape[0] if by_batch and x.ndim else value


def gaussian_nll_loss_of(ops, x, y, var, full, eps, reduction):
    """(log(var) + (x - y)^2 / var) / 2, var at least eps."""
    _operands(ops, "gaussian_nll_loss", target=(2, y))
    if isinstance(var, (float, int)):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = ops.constant(ops.numpy.full(tuple(x.shape), var, ops.dtype(x)), x)
    elif ops.all_samples(ops.operand(var, "gaussian_nll_loss", "var", 3) < 0).any():
        raise ValueError("var has negative entry/entries")
    sizes, own = tuple(x.shape), tuple(var.shape)
    if own != sizes:
        if sizes[:-1] == own:
            var = var.unsqueeze(-1)
        elif len(sizes) != len(own) or sum(n for m, n in zip(sizes, own) if m != n) != 1:
            raise ValueError("var is of incorrect size")
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    var = _at_least(ops, var, eps)
    value = 0.5 * (ops.log(var) + ops.square(x - y) / var)
    return _reduced(value + 0.5 * math.log(2 * math.pi) if full else value, reduction)


@loss(2)
def poisson_nll_loss_of(ops, x, y, reduction, log_input, full, eps):
    """rate - y log(rate), with the logarithm of y! by Stirling's formula if full."""
    _operands(ops, "poisson_nll_loss", target=(2, y))
    _checked(reduction)
    value = ops.exp(x) - y * x if log_input else x - y * ops.log(x + eps)
    if full:
        many = y > 1
        safe = ops.where(many, y, 1.0)
        value = value + ops.where(many, safe * ops.log(safe) - safe + 0.5 * ops.log(2 * math.pi * safe), 0.0)
    return _reduced(value, reduction)


def bce_elements_value(np, x, y):
    """Logarithms at least -100, so that a wrong certainty costs something finite."""
    if x.size and not ((x >= 0) & (x <= 1)).all():
        raise RuntimeError("all elements of input should be between 0 and 1")
    if y.size and not ((y >= 0) & (y <= 1)).all():
        raise RuntimeError("all elements of target should be between 0 and 1")
    with np.errstate(divide="ignore"):
        return (y - 1) * np.maximum(np.log1p(-x), -100) - y * np.maximum(np.log(x), -100)


def bce_elements_dx(ops, g, x, y):
    return g * (x - y) / ops.clamp((1 - x) * x, 1e-12)


def bce_elements_dy(ops, g, x):
    return g * (ops.log1p(-x) - ops.log(x))


@loss(2)
def binary_cross_entropy_of(ops, x, y, reduction, weight):
    """-(y log(x) + (1 - y) log(1 - x))."""
    _operands(ops, "binary_cross_entropy", target=(2, y))
    _checked(reduction)
    if tuple(x.shape) != tuple(y.shape):
        raise ValueError(f"Using a target size ({y.shape}) that is different to the input size ({x.shape}) is deprecated. "
                         "Please ensure they have the same size.")
    if ops.dtype(x) != ops.dtype(y):
        raise RuntimeError(f"Found dtype {_scalar(ops, y)} but expected {_scalar(ops, x)}")
    floating(ops, x, NotImplementedError, NOT_FLOAT.format("binary_cross_entropy"))
    value = ops.apply("bce_elements", (x, y), ())
    if weight is not None:
        value = value * ops.operand(weight, "binary_cross_entropy", "weight", 3)
    return _reduced(value, reduction)


def _scalar(ops, x):
    return ops.scalar_name(x)


@loss(2)
def bce_with_logits_of(ops, x, y, reduction, weight, pos_weight):
    """(1 - y) x - (1 + (pos_weight - 1) y) log(sigmoid(x))."""
    name = "binary_cross_entropy_with_logits"
    _operands(ops, name, target=(2, y))
    _checked(reduction)
    if tuple(x.shape) != tuple(y.shape):
        raise ValueError(f"Target size ({y.shape}) must be the same as input size ({x.shape})")
    floating(ops, x, NotImplementedError, NOT_FLOAT.format("log_sigmoid_cpu"))
    logs = ops.logsigmoid(x)
    if pos_weight is not None:
        logs = logs * ((ops.operand(pos_weight, name, "pos_weight", 7) - 1) * y + 1)
    value = (1 - y) * x - logs
    if weight is not None:
        value = value * ops.operand(weight, name, "weight", 3)
    return _reduced(value, reduction)


@loss(2)
def soft_margin_loss_of(ops, x, y, reduction):
    """log(1 + exp(-y x)), which does not overflow."""
    _operands(ops, "soft_margin_loss", target=(2, y))
    _checked(reduction)
    value = -ops.logsigmoid(y * x)
    if tuple(value.shape) != tuple(x.shape):
        raise RuntimeError(f"output with shape {list(x.shape)} doesn't match the broadcast shape {list(value.shape)}")
    return _reduced(value, reduction)


@loss(2)
def hinge_embedding_loss_of(ops, x, y, reduction, margin):
    """x where y is 1, what x lacks of the margin where y is -1."""
    _operands(ops, "hinge_embedding_loss", target=(2, y))
    _checked(reduction)
    return _reduced(ops.where(y != 1, ops.relu(margin - x), 0) + ops.where(y != -1, x, 0), reduction)


@loss(3)
def margin_ranking_loss_of(ops, x1, x2, y, reduction, margin):
    """What y (x1 - x2) lacks of the margin."""
    _operands(ops, "margin_ranking_loss", input2=(2, x2), target=(3, y))
    _checked(reduction)
    if not x1.ndim == x2.ndim == y.ndim:
        raise RuntimeError(f"margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: "
                           f"{x1.shape}, input2: {x2.shape}, target: {y.shape} ")
    return _reduced(ops.relu(margin - y * (x1 - x2)), reduction)


# ---- losses of vectors

def cosine_similarity_of(ops, x, y, dim, eps):
    """The product of x and y, each divided by its length, which is at least eps."""
    _operands(ops, "cosine_similarity", x2=(2, y))
    common = ops.common_dtype((x, y))
    if common.kind not in "fc":
        word = _scalar(ops, x if ops.dtype(x) == common else y)
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {word}")
    shape = ops.broadcast_shapes(tuple(x.shape), tuple(y.shape))
    dim = ops.wrap_dim(dim, len(shape))
    x, y = (ops.broadcast_to(ops.to(v, common) if ops.dtype(v) != common else v, shape) for v in (x, y))
    along = (dim,) if shape else None
    lengths = [_at_least(ops, ops.norm(v, 2, along, True), eps) for v in (x, y)]
    return ((x / lengths[0]) * (y / lengths[1])).sum(along)


def pairwise_distance_of(ops, x, y, p, eps, keepdim):
    """The norm of x - y + eps along the last dimension."""
    _operands(ops, "pairwise_distance", x2=(2, y))
    return ops.norm(x - y + eps, p, -1, keepdim)


def normalize_of(ops, x, p, dim, eps, out):
    """x divided by its norm, which is at least eps."""
    if ops.dtype(x).kind not in "fc":
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {_scalar(ops, x)}")
    length = ops.clamp(ops.norm(x, p, dim, True), eps)
    return ops.div(x, length, out=out) if out is not None else x / length


@loss(3)
def cosine_embedding_loss_of(ops, x1, x2, y, reduction, margin):
    """1 - cos where y is 1, what cos has beyond the margin where y is -1."""
    _operands(ops, "cosine_embedding_loss", input2=(2, x2), target=(3, y))
    _checked(reduction)
    if y.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if x1.ndim != y.ndim + 1 or x2.ndim != y.ndim + 1:
        raise RuntimeError(f"{y.ndim}D target tensor expects {y.ndim + 1}D input tensors, but found inputs with sizes "
                           f"{list(x1.shape)} and {list(x2.shape)}.")
    squares = [ops.square(v).sum(-1) + 1e-12 for v in (x1, x2)]
    cosine = (x1 * x2).sum(-1) / ops.sqrt(squares[0] * squares[1])
    return _reduced(ops.where(y == 1, 1 - cosine, 0) + ops.where(y == -1, ops.relu(cosine - margin), 0), reduction)


def _same_rank(a, b, c):
    if not a.ndim == b.ndim == c.ndim:
        raise RuntimeError("The anchor, positive, and negative tensors are expected to have the same number of dimensions, but "
                           f"got: anchor {a.ndim}D, positive {b.ndim}D, and negative {c.ndim}D inputs")


def _triplet(ops, distance, a, b, c, margin, swap, reduction):
    near, far = distance(a, b), distance(a, c)
    if swap:
        far = ops.minimum(far, distance(b, c))
    return _reduced(ops.relu(margin + near - far), reduction)


@loss(3)
def triplet_margin_loss_of(ops, a, b, c, reduction, margin, p, eps, swap):
    """What the negative is not farther than the positive by the margin."""
    _operands(ops, "triplet_margin_loss", positive=(2, b), negative=(3, c))
    _checked(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _same_rank(a, b, c)
    return _triplet(ops, lambda u, v: ops.pairwise_distance(u, v, p, eps), a, b, c, margin, swap, reduction)


def triplet_margin_with_distance_loss_of(ops, a, b, c, distance_function, margin, swap, reduction):
    """The same by a distance of the caller's."""
    _operands(ops, "triplet_margin_with_distance_loss", positive=(2, b), negative=(3, c))
    _checked(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    _same_rank(a, b, c)
    return _triplet(ops, distance_function or ops.pairwise_distance, a, b, c, margin, swap, reduction)


# ---- losses of classes

def _long(ops, y):
    if ops.dtype(y).name != "int64":
        raise RuntimeError(f"expected scalar type Long but found {_scalar(ops, y)}")


@loss(2)
def multi_margin_loss_of(ops, x, y, reduction, p, margin, weight):
    """The sum over the other classes of (what x lacks of the margin to the target's)^p, divided by the number of classes."""
    _operands(ops, "multi_margin_loss", target=(2, y))
    _checked(reduction)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    if x.ndim > 2 or 0 in tuple(x.shape)[-1:]:
        raise RuntimeError(f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(x.shape)}")
    rows = ops.reshape(x, (-1, x.shape[-1] if x.ndim else 1))
    count, classes = rows.shape
    if (x.ndim == 2 and tuple(y.shape) != (count,)) or (x.ndim < 2 and y.numel() != 1):
        raise RuntimeError("multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples "
                           f"(batch size). Expected target size [{count}], but got {list(y.shape)}. Input has shape "
                           f"{list(x.shape)}.")
    if weight is not None and weight.numel() != classes:
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight.shape)}")
    _long(ops, y)
    values = ops.all_samples(y)
    if ((values < 0) | (values >= classes)).any():
        raise RuntimeError("target out of range")
    at = ops.reshape(y, (-1, 1))
    short = ops.relu(margin - ops.gather(rows, 1, at) + rows)
    short = ops.square(short) if p == 2 else short
    if weight is not None:
        short = short * ops.reshape(ops.index_select(weight, 0, ops.reshape(y, (-1,))), (-1, 1))
    own = ops.constant(ops.numpy.arange(classes)[None], x) == at
    value = ops.where(own, 0, short).sum(1) / classes
    return _reduced(value if x.ndim == 2 else ops.reshape(value, ()), reduction)


@loss(2)
def multilabel_margin_loss_of(ops, x, y, reduction):
    """For each pair of a target and a class that is none, what the one's x lacks of 1 to the other's."""
    _operands(ops, "multilabel_margin_loss", target=(2, y))
    _checked(reduction)
    if x.ndim > 2 or 0 in tuple(x.shape)[-1:]:
        raise RuntimeError(f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(x.shape)}")
    if tuple(y.shape) != tuple(x.shape):
        raise RuntimeError(f"inconsistent target size: {list(y.shape)} for input of size: {list(x.shape)}")
    _long(ops, y)
    classes = x.shape[-1] if x.ndim else 1
    values = ops.all_samples(y)
    if ((values < -1) | (values >= classes)).any():
        raise RuntimeError("argument #2 'target' is out of range")
    rows, targets = ops.reshape(x, (-1, classes)), ops.reshape(y, (-1, classes))
    valid = ops.cumsum(ops.to(targets < 0, "int64"), 1) == 0          # up to the first -1
    targets = ops.where(valid, targets, 0)
    numbers = ops.constant(ops.numpy.arange(classes)[None, None], x)
    is_target = ops.any((numbers == targets.unsqueeze(2)) & valid.unsqueeze(2), 1)
    pairs = ops.relu(1 - ops.gather(rows, 1, targets).unsqueeze(2) + rows.unsqueeze(1))
    counted = valid.unsqueeze(2) & (~is_target).unsqueeze(1)
    value = ops.where(counted, pairs, 0).sum((1, 2)) / classes
    return _reduced(value if x.ndim == 2 else ops.reshape(value, ()), reduction)


@loss(2)
def multilabel_soft_margin_loss_of(ops, x, y, reduction, weight):
    """The mean over the classes of the cross entropy of each."""
    _operands(ops, "multilabel_soft_margin_loss", target=(2, y))
    value = -(y * ops.logsigmoid(x) + (1 - y) * ops.logsigmoid(-x))
    if weight is not None:
        value = value * ops.operand(weight, "multilabel_soft_margin_loss", "weight", 3)
    value = value.sum(-1) / x.shape[-1]
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    return _reduced(value, reduction)


def _check_classes(ops, x, y, weight):
    """Shapes and dtypes of nll_loss()."""
    sizes, own = tuple(x.shape), tuple(y.shape)
    if not sizes:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if len(sizes) == 1 and own not in ((), (1,)):
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {own[0]}")
    if len(sizes) > 1 and sizes[:1] != own[:1]:
        raise ValueError(f"Expected input batch_size ({sizes[0]}) to match target batch_size ({own[0] if own else 0}).")
    if len(sizes) == 4 and len(own) != 3:
        raise RuntimeError(f"only batches of spatial targets supported (3D tensors) but got targets of dimension: {len(own)}")
    if len(sizes) > 1 and own != (sizes[0], *sizes[2:]):
        if len(sizes) == 4:
            raise RuntimeError(f"size mismatch (got input: {list(sizes)} , target: {list(own)}")
        raise RuntimeError(f"Expected target size {[sizes[0], *sizes[2:]]}, got {list(own)}")
    if ops.dtype(y).name not in ("int64", "uint8"):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {_scalar(ops, y)}")
    if weight is not None:
        _check_class_weights(x, weight, "")
        if ops.dtype(weight) != ops.dtype(x):
            raise RuntimeError(f"expected scalar type {_scalar(ops, x)} but found {_scalar(ops, weight)}")
        if ops.records(weight):
            raise RuntimeError("The function 'nll_loss_forward' is not differentiable with respect to argument 'weight'. This "
                               "input cannot have requires_grad True.")


def _check_class_weights(x, weight, name):
    classes = x.shape[min(1, x.ndim - 1)]
    if tuple(weight.shape) != (classes,):
        raise RuntimeError(f"{name}weight tensor should be defined either for all {classes} classes or no classes but got "
                           f"weight tensor of shape: {list(weight.shape)}")


def _targets(ops, x, y, ignore_index):
    """(which targets count, targets with class 0 in place of others); IndexError for a class that there is not."""
    classes = x.shape[min(1, x.ndim - 1)]
    values = ops.all_samples(y)
    wrong = values[((values < 0) | (values >= classes)) & (values != ignore_index)]
    if wrong.size:
        raise IndexError(f"Target {wrong.ravel()[0]} is out of bounds.")
    counted = y != ignore_index
    if not (values == ignore_index).any():
        return None, ops.to(y, "int64")
    return counted, ops.to(ops.where(counted, y, 0), "int64")


def _picked(ops, x, y):
    """x of the class y."""
    if x.ndim == 1:
        return ops.reshape(ops.gather(x, 0, ops.reshape(y, (1,))), tuple(y.shape))
    return ops.squeeze(ops.gather(x, 1, y.unsqueeze(1)), 1)


def _class_factors(ops, x, y, weight, counted):
    """The weight of each target: None for 1."""
    if weight is None and counted is None:
        return None
    if weight is None:
        return ops.to(counted, ops.dtype(x))
    factors = ops.reshape(ops.index_select(weight.detach(), 0, ops.reshape(y, (-1,))), tuple(y.shape))
    return factors if counted is None else ops.where(counted, factors, 0)


def _class_loss(ops, x, y, weight, reduction, ignore_index):
    """nll_loss() of what has been checked."""
    counted, y = _targets(ops, x, y, ignore_index)
    value = -_picked(ops, x, y)
    factors = _class_factors(ops, x, y, weight, counted)
    if factors is not None:
        value = value * factors
        if counted is not None:
            value = ops.where(counted, value, 0)        # 0 times an infinity
    if reduction != "mean":
        value = _reduced(value, reduction)
    else:
        value = _mean_of(ops, value) if factors is None else value.sum() / factors.sum()
    return ops.named(value, _nll_name(x), x)


def _mean_of(ops, value):
    """The mean; NaN, and no warning, of no elements."""
    return value.mean() if value.numel() else value.sum() / 0.0


def class_loss_value(np, x, y):
    """log(sum(exp(x))) - x[y]; IndexError for a class that there is not."""
    y = y.astype(np.int64)
    if y.size and (y.min() < 0 or y.max() >= x.shape[-1]):
        raise IndexError(f"Target {y[(y < 0) | (y >= x.shape[-1])].ravel()[0]} is out of bounds.")
    if not x.size:
        return np.zeros(x.shape[:-1], x.dtype)
    top = np.max(x, axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        logs = np.log(np.sum(np.exp(x - top), axis=-1))
    return np.asarray(logs - (np.take_along_axis(x, y[..., None], -1) - top)[..., 0], dtype=x.dtype)


def class_loss_dx(ops, g, x, y):
    """g (softmax(x) - 1 where the class is)."""
    g, y = g.unsqueeze(-1), y.unsqueeze(-1)
    classes = ops.constant(ops.numpy.arange(x.shape[-1]), x)
    return g * ops.softmax(x, -1) - ops.where(classes == y, g, 0)


@loss(2)
def nll_loss_of(ops, x, y, reduction, weight, ignore_index):
    """-x of the target's class, times its weight."""
    _operands(ops, "nll_loss_nd", target=(2, y), **({} if weight is None else {"weight": (3, weight)}))
    _checked(reduction)
    _check_classes(ops, x, y, weight)
    _real(ops, "nll_loss_out_frame", x)
    floating(ops, x, NotImplementedError, NOT_FLOAT.format("nll_loss_out_frame"))
    return _class_loss(ops, x, y, weight, reduction, ops.integer(ignore_index))


@loss(2)
def cross_entropy_of(ops, x, y, reduction, weight, ignore_index, label_smoothing):
    """nll_loss() of log_softmax(), of classes or of probabilities."""
    _operands(ops, "cross_entropy_loss", target=(2, y), **({} if weight is None else {"weight": (3, weight)}))
    _checked(reduction)
    _real(ops, "log_softmax_lastdim_kernel_impl", x)
    ignore_index = ops.integer(ignore_index)
    if tuple(x.shape) == tuple(y.shape):
        if ops.dtype(y).kind != "f":
            raise RuntimeError(f"Expected floating point type for target with class probabilities, got {_scalar(ops, y)}")
        if ignore_index >= 0:
            raise RuntimeError("ignore_index is not supported for floating point target")
        return _cross_entropy_of_probabilities(ops, x, y, weight, reduction, label_smoothing)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if label_smoothing == 0:
        floating(ops, x, NotImplementedError, NOT_FLOAT.format("log_softmax_lastdim_kernel_impl"))
        _check_classes(ops, x, y, weight)
        return _cross_entropy(ops, x, y, weight, reduction, ignore_index)
    logs = ops.log_softmax(x, min(1, x.ndim - 1))
    _check_classes(ops, x, y, weight)
    return _smoothed(ops, logs, y, weight, reduction, ignore_index, label_smoothing)


def _cross_entropy(ops, x, y, weight, reduction, ignore_index):
    """One op where all targets count, which it finds out itself; else that of the others."""
    if ops.is_batch(x) or ops.is_batch(y):
        return _class_loss(ops, ops.log_softmax(x, min(1, x.ndim - 1)), y, weight, reduction, ignore_index)
    rows = x if x.ndim < 3 else ops.movedim(x, 1, -1)
    if weight is None and ignore_index < 0 and ops.dtype(y).name == "int64":
        try:
            return _mean_or_sum(ops, ops.apply("class_loss", (rows, ops.reshape(y, ()) if x.ndim == 1 and y.ndim else y), ()),
                                x, reduction)
        except IndexError:
            pass            # a target that does not count, or an error with words: see what follows
    counted, y = _targets(ops, x, y, ignore_index)
    value = ops.apply("class_loss", (rows, ops.reshape(y, ()) if x.ndim == 1 else y), ())
    factors = _class_factors(ops, x, ops.reshape(y, ()) if x.ndim == 1 else y, weight, counted)
    if factors is not None:
        value = value * factors
        if counted is not None:
            value = ops.where(counted, value, 0)        # 0 times an infinity
        if reduction == "mean":
            return ops.named(value.sum() / factors.sum(), _nll_name(x), x)
    return _mean_or_sum(ops, value, x, reduction)


def _nll_name(x):
    return "NllLossBackward0" if x.ndim < 3 else "NllLoss2DBackward0"


def _mean_or_sum(ops, value, x, reduction):
    value = _mean_of(ops, value) if reduction == "mean" else _reduced(value, reduction)
    return ops.named(value, _nll_name(x), x)


def _smoothed(ops, logs, y, weight, reduction, ignore_index, label_smoothing):
    classes, dim = logs.shape[min(1, logs.ndim - 1)], min(1, logs.ndim - 1)
    counted, targets = _targets(ops, logs, y, ignore_index)
    own = _class_loss(ops, logs, y, weight, reduction, ignore_index)
    if weight is None:
        even = -logs.sum(dim)
    else:
        even = -(logs * ops.reshape(weight, (-1, *[1] * (logs.ndim - 1 - dim)))).sum(dim)
    even = ops.reshape(even, tuple(y.shape))
    if counted is not None:
        even = ops.where(counted, even, 0)
    factors = _class_factors(ops, logs, targets, weight, counted)
    if reduction == "mean" and factors is not None:
        even = even.sum() / factors.sum()
    else:
        even = _mean_of(ops, even) if reduction == "mean" else _reduced(even, reduction)
    return (1 - label_smoothing) * own + label_smoothing / classes * even


def _cross_entropy_of_probabilities(ops, x, y, weight, reduction, label_smoothing):
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    dim = min(1, x.ndim - 1)
    if x.ndim == 0:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    if weight is not None:
        _check_class_weights(x, weight, "cross_entropy: ")
    classes = x.shape[dim]
    logs = ops.log_softmax(x, dim)
    if label_smoothing:
        y = y * (1 - label_smoothing) + label_smoothing / classes
    value = logs * y
    if weight is not None:
        value = value * ops.reshape(weight, (-1, *[1] * (x.ndim - 1 - dim)))
    if reduction == "none":
        return -value.sum(dim)
    return ops.named(-value.sum() / (x.numel() / classes), "DivBackward1") if reduction == "mean" else -value.sum()


# ---- activations

def functional_relu(ops, x, inplace):
    return x.relu_() if inplace else ops.relu(x)


def functional_relu_in_place(ops, x):
    return x.relu_()


def functional_relu6(ops, x, inplace):
    return x.relu6_() if inplace else ops.relu6(x)


def functional_elu(ops, x, alpha, inplace):
    return x.elu_(alpha) if inplace else ops.elu(x, alpha)


def functional_elu_in_place(ops, x, alpha):
    return x.elu_(alpha)


def functional_selu(ops, x, inplace):
    return x.selu_() if inplace else ops.selu(x)


def functional_selu_in_place(ops, x):
    return x.selu_()


def functional_celu(ops, x, alpha, inplace):
    return x.celu_(alpha) if inplace else ops.celu(x, alpha)


def functional_celu_in_place(ops, x, alpha):
    return x.celu_(alpha)


def functional_leaky_relu(ops, x, negative_slope, inplace):
    return x.leaky_relu_(negative_slope) if inplace else ops.leaky_relu(x, negative_slope)


def functional_leaky_relu_in_place(ops, x, negative_slope):
    return x.leaky_relu_(negative_slope)


def functional_hardtanh(ops, x, min_val, max_val, inplace):
    return x.hardtanh_(min_val, max_val) if inplace else ops.hardtanh(x, min_val, max_val)


def functional_hardtanh_in_place(ops, x, min_val, max_val):
    return x.hardtanh_(min_val, max_val)


def functional_threshold(ops, x, threshold, value, inplace):
    return x.threshold_(threshold, value) if inplace else ops.threshold(x, threshold, value)


def functional_threshold_in_place(ops, x, threshold, value):
    return x.threshold_(threshold, value)


def functional_silu(ops, x, inplace):
    return x.silu_() if inplace else ops.silu(x)


def functional_mish(ops, x, inplace):
    return x.mish_() if inplace else ops.mish(x)


def functional_hardswish(ops, x, inplace):
    return x.hardswish_() if inplace else ops.hardswish(x)


def functional_hardsigmoid(ops, x, inplace):
    return x.hardsigmoid_() if inplace else ops.hardsigmoid(x)


def _implicit_dim(x, name):
    """(dim, warning) where none is given."""
    return 0 if x.ndim in (0, 1, 3) else 1, (f"Implicit dimension choice for {name} has been deprecated. Change the call to "
                                             "include dim=X as an argument.")


def functional_softmax(ops, x, dim, dtype):
    if dim is None:
        dim, text = _implicit_dim(x, "softmax")
        ops.warn(text)
    return ops.softmax(x, dim, dtype)


def functional_softmin(ops, x, dim, dtype):
    if dim is None:
        dim, text = _implicit_dim(x, "softmin")
        ops.warn(text)
    return ops.softmin(x, dim, dtype)


def functional_log_softmax(ops, x, dim, dtype):
    if dim is None:
        dim, text = _implicit_dim(x, "log_softmax")
        ops.warn(text)
    return ops.log_softmax(x, dim, dtype)


def prelu_of(ops, x, weight):
    """x where it is above 0, weight x elsewhere, which is one number or one for each channel."""
    _operands(ops, "prelu", weight=(2, weight))
    if ops.dtype(x) != ops.dtype(weight):
        raise RuntimeError(f"prelu: Type promoting not supported. Got {_dtype(ops, x)} and {_dtype(ops, weight)}")
    if weight.numel() != 1:
        if not x.ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = x.shape[1] if x.ndim > 1 else 1
        if channels != weight.numel():
            raise RuntimeError(f"Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                               f"{weight.numel()} and channel size = {channels}.")
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}")
    factors = weight if x.ndim < 2 and weight.ndim == 0 else ops.reshape(
        weight, () if not x.ndim else (-1, *[1] * (x.ndim - 2)) if x.ndim > 1 else (-1,))
    return ops.relu(x) + factors * ops.clamp(x, None, 0)


def _dtype(ops, x):
    return {"Float": "float", "Double": "double", "Half": "c10::Half", "Long": "long int"}.get(_scalar(ops, x), _scalar(ops, x))


def hardshrink_of(ops, x, lambd):
    return ops.where((x >= -lambd) & (x <= lambd), 0, x)


def softshrink_of(ops, x, lambd):
    if not lambd >= 0:
        top = float(ops.numpy.finfo(ops.dtype(x)).max) if ops.dtype(x).kind == "f" else math.inf
        raise RuntimeError(f"lambda must be in range [0, {top:g}] for input dtype {_scalar(ops, x)}, but found {lambd:g}")
    floating(ops, x, NotImplementedError, NOT_FLOAT.format("softshrink_cpu"))
    return x - ops.clamp(x, -lambd, lambd)


def tanhshrink_of(ops, x):
    return x - ops.tanh(x)


def glu_of(ops, x, dim):
    """One half of x times the sigmoid of the other."""
    _real(ops, "glu_cpu", x)
    if not x.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    dim = ops.wrap_dim(dim, x.ndim)
    size = x.shape[dim]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {size}")
    first, second = ops.narrow(x, dim, 0, size // 2), ops.narrow(x, dim, size // 2, size // 2)
    return first * ops.sigmoid(second)


def rrelu_of(ops, x, lower, upper, training, inplace):
    """leaky_relu(), each slope drawn between the bounds; their mean where nothing is trained."""
    if not lower <= upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    if not training:
        slope = (lower + upper) / 2
        return x.leaky_relu_(slope) if inplace else ops.leaky_relu(x, slope)
    slopes = lower + (upper - lower) * _draws(ops, x)

    def compute(v):
        return ops.where(v <= 0, v * slopes, v)

    return ops.in_place(compute, x) if inplace else compute(x)


def rrelu_in_place(ops, x, lower, upper, training):
    return rrelu_of(ops, x, lower, upper, training, True)


def gumbel_softmax_of(ops, x, tau, hard, eps, dim):
    """softmax((x + noise) / tau); hard: its largest element as 1, the gradient as it was."""
    if eps != 1e-10:
        ops.warn("`eps` parameter is deprecated and has no effect.")
    exponentials = ops.clamp(-ops.log1p(-_draws(ops, x)), ops.numpy.finfo(ops.dtype(x)).tiny)
    soft = ops.softmax((x - ops.log(exponentials)) / tau, dim)
    if not hard:
        return soft
    at = ops.argmax(soft.detach(), dim, True)
    one = ops.scatter(soft.detach() * 0, dim, at, 1.0)
    return one - soft.detach() + soft


# ---- dropout

def _draws(ops, x, shape=None):
    """Uniform random numbers of a dtype, from the library's generator."""
    return ops.like(ops.rand(tuple(x.shape) if shape is None else shape, dtype=x.dtype), x)


def _check_probability(p):
    if p < 0 or p > 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _dropped(ops, x, p, training, inplace, shape=None):
    """x with elements, or whole channels, that are 0, the others made larger; x itself where nothing is trained."""
    _check_probability(p)
    if p == 0 or not training or not x.numel():
        return x
    if p == 1:
        return x.mul_(0) if inplace else x * 0
    factor = ops.to(_draws(ops, x, shape) >= p, ops.dtype(x)) / (1 - p)
    return x.mul_(factor) if inplace else x * factor


def _dropped_alpha(ops, x, p, training, inplace, shape=None):
    """The same for activations of mean 0 and variance 1, which they keep: dropped ones get selu's value at -infinity."""
    _check_probability(p)
    if p == 0 or not training or not x.numel():
        return x
    if p == 1:
        return x.mul_(0) if inplace else x * 0
    alpha = 1.7580993408473766
    keep = ops.to(_draws(ops, x, shape) >= p, ops.dtype(x))
    a = 1 / math.sqrt((alpha * alpha * p + 1) * (1 - p))
    shift = (keep - 1) * (alpha * a) + alpha * a * p
    return x.mul_(keep * a).add_(shift) if inplace else x * (keep * a) + shift


def _channels(x, at=2):
    """The shape of what is drawn for whole channels, of which the dimension is before `at`."""
    if x.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return (*tuple(x.shape)[:at], *[1] * (x.ndim - at))


def dropout_of(ops, x, p, training, inplace):
    return _dropped(ops, x, p, training, inplace)


def alpha_dropout_of(ops, x, p, training, inplace):
    return _dropped_alpha(ops, x, p, training, inplace)


def feature_alpha_dropout_of(ops, x, p, training, inplace):
    _check_probability(p)
    return _dropped_alpha(ops, x, p, training, inplace, _channels(x))


def dropout1d_of(ops, x, p, training, inplace):
    _check_probability(p)
    if x.ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received a {x.ndim}D input. Note that dropout1d exists to "
                           "provide channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an "
                           "optional batch dimension (i.e. 2D or 3D inputs).")
    return _dropped(ops, x, p, training, inplace, _channels(x, x.ndim - 1))


def _unusual(name, x, spatial):
    return (f"{name}: Received a {x.ndim}-D input to {name}, which is deprecated and will result in an error in a future "
            "release. To retain the behavior and silence this warning, please use dropout instead. Note that "
            f"{name} exists to provide channel-wise dropout on inputs with {spatial} spatial dimensions, a channel dimension, "
            f"and an optional batch dimension (i.e. {spatial + 1}D or {spatial + 2}D inputs).")


def dropout2d_of(ops, x, p, training, inplace):
    _check_probability(p)
    if x.ndim not in (3, 4):
        ops.warn(_unusual("dropout2d", x, 2))
    if x.ndim == 3:
        ops.warn("dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - "
                 "input is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future "
                 "release to interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D "
                 "channel-wise dropout behavior, please switch to using dropout1d instead.")
    return _dropped(ops, x, p, training, inplace, _channels(x))


def dropout3d_of(ops, x, p, training, inplace):
    _check_probability(p)
    if x.ndim not in (4, 5):
        ops.warn(_unusual("dropout3d", x, 3))
    return _dropped(ops, x, p, training, inplace, _channels(x, 1 if x.ndim == 4 else 2))


# ---- embeddings

def one_hot_of(ops, x, num_classes):
    """1 where the new last dimension's position is x, 0 elsewhere."""
    if ops.dtype(x).name != "int64":
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    values = ops.all_samples(x)
    if not values.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if values.size and values.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(values.max()) + 1
    if values.size and values.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return ops.to(x.unsqueeze(-1) == ops.constant(ops.numpy.arange(num_classes), x), "int64")


def _checked_indices(ops, x, weight, name):
    if ops.dtype(x).name not in ("int64", "int32"):
        raise RuntimeError("Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; "
                           f"but got autodiff.{_scalar(ops, x)}Tensor instead (while checking arguments for {name})")
    values = ops.all_samples(x)
    if values.size and (values.min() < 0 or values.max() >= weight.shape[0]):
        raise IndexError("index out of range in self")


def _shortened(ops, x, weight, max_norm, norm_type):
    """Rows of weight that are looked up and longer than max_norm, made that long in place."""
    rows = ops.constant(ops.numpy.unique(ops.all_samples(x)), x)
    if not rows.numel():
        return
    plain = weight.detach()         # its memory, and no graph
    found = ops.index_select(plain, 0, rows)
    norms = ops.norm(found, norm_type, 1, True)
    plain.index_copy_(0, rows, ops.where(norms > max_norm, found * (max_norm / (norms + 1e-7)), found))


def _looked_up(ops, x, weight, padding_idx, scale_grad_by_freq):
    """The rows of weight at x, flattened."""
    flat = ops.reshape(x, (-1,))
    rows = ops.index_select(weight, 0, flat)
    if scale_grad_by_freq:
        values = ops.plain(flat)
        counts = ops.numpy.bincount(values, minlength=1)[values] if values.size else values
        fraction = ops.constant((1 / ops.numpy.maximum(counts, 1)).astype(ops.dtype(weight))[:, None], weight)
        rows = rows.detach() + (rows - rows.detach()) * fraction
    if padding_idx is not None:
        rows = ops.where((flat == padding_idx).unsqueeze(1), rows.detach(), rows)
    return rows


def _no_sparse(name, sparse):
    if sparse:
        raise NotImplementedError(f"{name}(): there are no sparse gradients in autodiff: leave sparse=False, the gradient is "
                                  "the same")


def _padding(weight, padding_idx):
    if padding_idx is None:
        return None
    if not -weight.shape[0] <= padding_idx < weight.shape[0]:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding_idx % weight.shape[0]


def embedding_of(ops, x, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse):
    """The rows of weight that x numbers."""
    _operands(ops, "embedding", weight=(2, weight))
    _no_sparse("embedding", sparse)
    padding_idx = _padding(weight, padding_idx)
    if weight.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    _checked_indices(ops, x, weight, "embedding")
    if max_norm is not None:
        _shortened(ops, x, weight, max_norm, norm_type)
    rows = _looked_up(ops, x, weight, padding_idx, scale_grad_by_freq)
    return ops.reshape(rows, (*tuple(x.shape), weight.shape[1]))


def embedding_bag_of(ops, x, weight, offsets, max_norm, norm_type, scale_grad_by_freq, mode, sparse, per_sample_weights,
                     include_last_offset, padding_idx):
    """Sums, means or maxima of the rows of weight that x numbers, a bag of them at a time."""
    name = "embedding_bag"
    _operands(ops, name, weight=(2, weight))
    if ops.dtype(weight).name == "int64" and ops.dtype(x).kind == "f":
        ops.warn("Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is "
                 "deprecated, and should now be `embedding_bag(input, weight, ...)`.")
        x, weight = weight, x
    _no_sparse(name, sparse)
    factors = per_sample_weights
    if factors is not None and tuple(factors.shape) != tuple(x.shape):
        raise ValueError(f"embedding_bag: If per_sample_weights ({factors.shape}) is not None, then it must have the same "
                         f"shape as the input ({x.shape})")
    if weight.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    if x.ndim == 2:
        if offsets is not None:
            raise ValueError("if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                             f"sequences. However, found offsets of type {type(offsets)}")
        starts = [i * x.shape[1] for i in range(x.shape[0])]
        x, include_last_offset = ops.reshape(x, (-1,)), False
        factors = None if factors is None else ops.reshape(factors, (-1,))
    elif x.ndim == 1:
        if offsets is None:
            raise ValueError("offsets has to be a 1D Tensor but got None")
        if offsets.ndim != 1:
            raise ValueError("offsets has to be a 1D Tensor")
        starts = ops.plain(offsets).tolist()
    else:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {x.ndim}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if factors is not None and mode != "sum":
        raise NotImplementedError("embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for "
                                  f"mode='sum' (got mode='{mode}'). Please open a feature request on GitHub.")
    count = x.shape[0]
    if starts and starts[0] != 0:
        raise RuntimeError(f"offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
                           f"However, got {starts[0]}")
    if starts and starts[-1] > count:
        raise RuntimeError(f"offsets[-1] can not be greater than input's length({count}) but got offsets[-1] of {starts[-1]}")
    padding_idx = _padding(weight, padding_idx)
    _checked_indices(ops, x, weight, name)
    if max_norm is not None:
        _shortened(ops, x, weight, max_norm, norm_type)
    bags = len(starts) - 1 if include_last_offset else len(starts)
    np = ops.numpy
    ends = (starts[1:] if include_last_offset else [*starts[1:], count])[:bags]
    owner = np.repeat(np.arange(bags), [max(e - s, 0) for s, e in zip(starts, ends)])
    rows = _looked_up(ops, x, weight, None, scale_grad_by_freq)
    if len(owner) != count:             # what is after the last offset belongs to nobody
        rows, x = ops.narrow(rows, 0, 0, len(owner)), ops.narrow(x, 0, 0, len(owner))
        factors = None if factors is None else ops.narrow(factors, 0, 0, len(owner))
    real = np.ones(len(owner), bool) if padding_idx is None else ops.plain(x) != padding_idx
    if not real.all():
        left = ops.constant(np.flatnonzero(real), x)
        rows, owner = ops.index_select(rows, 0, left), owner[real]
        factors = None if factors is None else ops.index_select(factors, 0, left)
    if factors is not None:
        rows = rows * factors.unsqueeze(1)
    sizes = np.bincount(owner, minlength=bags)
    if mode == "max":
        borders = np.concatenate([[0], np.cumsum(sizes)])
        zero = ops.constant(np.zeros(weight.shape[1], ops.dtype(weight)), weight)
        parts = [ops.max(rows[int(a):int(b)], 0)[0] if b > a else zero for a, b in pairwise(borders)]
        return ops.stack(parts) if parts else rows[:0]
    zeros = ops.constant(np.zeros((bags, weight.shape[1]), ops.dtype(rows)), weight)
    total = ops.index_add(zeros, 0, ops.constant(owner, x), rows)
    if mode == "mean":
        total = total / ops.constant(np.maximum(sizes, 1).astype(ops.dtype(rows))[:, None], weight)
    return total


# ---- normalisation

def standardized_value(np, x, dims, eps):
    centred = x - np.mean(x, axis=dims, keepdims=True)
    centred /= np.sqrt(np.mean(centred * centred, axis=dims, keepdims=True) + x.dtype.type(eps))
    return centred


def standardized_dx(ops, g, x, out, dims, eps):
    """(g - mean(g) - out mean(g out)) / deviation."""
    deviation = ops.sqrt(ops.var(x, dims, correction=0, keepdim=True) + eps)
    return (g - ops.mean(g, dims, True) - out * ops.mean(g * out, dims, True)) / deviation


def _standardized(ops, x, dims, eps):
    if not x.numel():
        return x * 1
    return ops.apply("standardized", (x,), (tuple(dims), float(eps)))


def _normalized_shape(ops, x, name, normalized_shape, **parameters):
    sizes = (normalized_shape,) if isinstance(normalized_shape, int) else tuple([ops.integer(n) for n in normalized_shape])
    if not sizes:
        raise RuntimeError("Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but "
                           "got normalized_shape = []")
    for argument, value in parameters.items():
        if value is not None and tuple(value.shape) != sizes:
            raise RuntimeError(f"Expected {argument} to be of same shape as normalized_shape, but got {argument} of shape "
                               f"{list(value.shape)} and normalized_shape = {list(sizes)}")
    if tuple(x.shape)[x.ndim - len(sizes):] != sizes or x.ndim < len(sizes):
        shown = "".join(f", {n}" for n in sizes)
        raise RuntimeError(f"Given normalized_shape={list(sizes)}, expected input with shape [*{shown}], but got input of "
                           f"size{list(x.shape)}")
    return tuple(range(x.ndim - len(sizes), x.ndim))


def _optional(ops, name, **given):
    _operands(ops, name, **{argument: pair for argument, pair in given.items() if pair[1] is not None})


def _affine(value, weight, bias, shape=None):
    """value * weight + bias, where they are given; shape: theirs, for what they are to be multiplied with."""
    if weight is not None:
        value = value * (weight if shape is None else weight.reshape(shape))
    return value if bias is None else value + (bias if shape is None else bias.reshape(shape))


def layer_norm_of(ops, x, normalized_shape, weight, bias, eps):
    """Mean 0 and variance 1 over the last dimensions."""
    _optional(ops, "layer_norm", weight=(3, weight), bias=(4, bias))
    dims = _normalized_shape(ops, x, "layer_norm", normalized_shape, weight=weight, bias=bias)
    floating(ops, x, NotImplementedError, NOT_FLOAT.format("LayerNormKernelImpl"))
    _real(ops, "LayerNormKernelImpl", x)
    return _affine(_standardized(ops, x, dims, eps), weight, bias)


def rms_norm_of(ops, x, normalized_shape, weight, eps):
    """Divided by the root of the mean of the squares over the last dimensions."""
    _optional(ops, "rms_norm", weight=(3, weight))
    dims = _normalized_shape(ops, x, "rms_norm", normalized_shape, weight=weight)
    floating(ops, x, RuntimeError, "mean(): could not infer output dtype. Got: {}")
    if eps is None:
        eps = float(ops.numpy.finfo(ops.dtype(x)).eps)
    return _affine(x * ops.rsqrt(ops.mean(ops.square(x), dims, True) + eps), weight, None)


def _per_channel(ops, x, channels, kind="num_features", **parameters):
    for argument, value in parameters.items():
        if value is not None and value.numel() != channels:
            raise RuntimeError(f"{argument} should contain {channels} elements not {value.numel()}")


def _size_of_samples(sizes):
    count = sizes[0]
    for n in sizes[2:]:
        count *= n
    return count


def batch_norm_of(ops, x, running_mean, running_var, weight, bias, training, momentum, eps):
    """Mean 0 and variance 1 of each channel, by its own statistics, which running ones follow, or by running ones."""
    _optional(ops, "batch_norm", weight=(2, weight), bias=(3, bias), running_mean=(4, running_mean),
              running_var=(5, running_var))
    _real(ops, "batch_norm", x)
    if training:
        _more_than_one(x.shape)
    if training and eps <= 0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if eps < 0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    if x.ndim < 2:
        raise IndexError(f"Dimension out of range (expected to be in range of [-{max(x.ndim, 1)}, {max(x.ndim - 1, 0)}], but "
                         "got 1)")
    if not training:
        for argument, value in (("running_mean", running_mean), ("running_var", running_var)):
            if value is None:
                raise RuntimeError(f"{argument} must be defined in evaluation mode: give it, or training=True")
    channels = x.shape[1]
    _per_channel(ops, x, channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    floating(ops, x, NotImplementedError, NOT_FLOAT.format("batch_norm"))
    shape = (-1, *[1] * (x.ndim - 2))
    if not training:
        value = (x - running_mean.reshape(shape)) * ops.rsqrt(running_var.reshape(shape) + eps)
        return _affine(value, weight, bias, shape)
    dims = (0, *range(2, x.ndim))
    count = _size_of_samples(tuple(x.shape))
    if count:
        _follow(ops, x.detach(), running_mean, running_var, dims, momentum, count)
    return _affine(_standardized(ops, x, dims, eps), weight, bias, shape)


def _more_than_one(sizes):
    if _size_of_samples(tuple(sizes)) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {sizes}")


def _follow(ops, x, running_mean, running_var, dims, momentum, count):
    """Running statistics moved towards those of x, in place."""
    if running_mean is not None:
        running_mean.mul_(1 - momentum).add_(momentum * ops.mean(x, dims))
    if running_var is not None:
        running_var.mul_(1 - momentum).add_(momentum * ops.var(x, dims, correction=1))


def instance_norm_of(ops, x, running_mean, running_var, weight, bias, use_input_stats, momentum, eps):
    """Mean 0 and variance 1 of each channel of each sample."""
    _optional(ops, "instance_norm", weight=(2, weight), bias=(3, bias), running_mean=(4, running_mean),
              running_var=(5, running_var))
    _real(ops, "batch_norm", x)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
        return batch_norm_of(ops, x, running_mean, running_var, weight, bias, False, momentum, eps)
    spatial = 1
    for n in tuple(x.shape)[2:]:
        spatial *= n
    if spatial == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {x.shape}")
    _per_channel(ops, x, x.shape[1], running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    floating(ops, x, NotImplementedError, NOT_FLOAT.format("batch_norm"))
    dims = tuple(range(2, x.ndim))
    plain = x.detach()
    if running_mean is not None:
        running_mean.mul_(1 - momentum).add_(momentum * ops.mean(ops.mean(plain, dims), 0))
    if running_var is not None:
        running_var.mul_(1 - momentum).add_(momentum * ops.mean(ops.var(plain, dims, correction=1), 0))
    return _affine(_standardized(ops, x, dims, eps), weight, bias, (-1, *[1] * (x.ndim - 2)))


def group_norm_of(ops, x, num_groups, weight, bias, eps):
    """Mean 0 and variance 1 of each group of channels of each sample."""
    _optional(ops, "group_norm", weight=(3, weight), bias=(4, bias))
    _real(ops, "GroupNormKernelImpl", x)
    if x.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {x.ndim}")
    num_groups = ops.integer(num_groups)
    if num_groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    sizes = tuple(x.shape)
    _more_than_one([sizes[0] * sizes[1] // num_groups, num_groups, *sizes[2:]])
    if sizes[1] % num_groups:
        raise RuntimeError(f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
                           f"{list(sizes)} and num_groups={num_groups}")
    for argument, value in (("weight", weight), ("bias", bias)):
        if value is not None and tuple(value.shape) != (sizes[1],):
            raise RuntimeError(f"Expected {argument} to be a vector of size equal to the number of channels in input, but got "
                               f"{argument} of shape {list(value.shape)} and input of shape {list(sizes)}")
    floating(ops, x, NotImplementedError, NOT_FLOAT.format("GroupNormKernelImpl"))
    if x.numel():
        groups = _standardized(ops, ops.reshape(x, (sizes[0], num_groups, -1)), (2,), eps)
        x = ops.reshape(groups, sizes)
    return _affine(x, weight, bias, (-1, *[1] * (x.ndim - 2)))


def local_response_norm_of(ops, x, size, alpha, beta, k):
    """x / (k + alpha times the mean of the squares of size neighbouring channels)^beta."""
    if x.ndim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality                          input (got {x.ndim} dimensions)")
    if not x.numel():
        return x
    size, channels = ops.integer(size), x.shape[1]
    squares = ops.pad(x * x, (*[0] * (2 * (x.ndim - 2)), size // 2, (size - 1) // 2))
    total = ops.narrow(squares, 1, 0, channels)
    for start in range(1, size):
        total = total + ops.narrow(squares, 1, start, channels)
    return x / ops.pow(total / size * alpha + k, beta)


# ---- attention

def attention_of(ops, query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa):
    """softmax(query key^T scale) value."""
    name = "scaled_dot_product_attention"
    _operands(ops, name, key=(2, key), value=(3, value))
    if len({ops.dtype(v) for v in (query, key, value)}) > 1:
        raise RuntimeError("Expected query, key, and value to have the same dtype, but got query.dtype: "
                           f"{query.dtype} key.dtype: {key.dtype} and value.dtype: {value.dtype} instead.")
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError("Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
                           f"{query.ndim}, key.dim: {key.ndim} and value.dim: {value.ndim} instead.")
    if is_causal and attn_mask is not None:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
    if enable_gqa:
        heads = query.shape[-3]
        if heads % key.shape[-3] or heads % value.shape[-3]:
            raise RuntimeError("Number of heads in key and value must divide the number of heads in query")
        key, value = (v if v.shape[-3] == heads else ops.repeat_interleave(v, heads // v.shape[-3], -3) for v in (key, value))
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = ops.matmul(query * scale, _transposed(ops, key))
    if is_causal:
        rows, columns = tuple(scores.shape)[-2:]
        attn_mask = ops.constant(ops.numpy.tri(rows, columns, dtype=bool), query)
    if attn_mask is None:
        parts = ops.softmax(scores, -1)
    else:
        ops.operand(attn_mask, name, "attn_mask", 4)
        parts = _masked_softmax(ops, scores, attn_mask)
    if dropout_p:
        parts = _dropped(ops, parts, dropout_p, True, False)
    return ops.matmul(parts, value)


def _masked_softmax(ops, scores, mask):
    """Where nothing is left of a row, it is 0."""
    kind = ops.dtype(mask).kind
    if kind == "b":
        none = ~ops.any(ops.broadcast_to(mask, ops.broadcast_shapes(tuple(mask.shape), tuple(scores.shape))), -1, True)
        scores = ops.where(mask, scores, -math.inf)
    elif kind == "f":
        if ops.dtype(mask) != ops.dtype(scores):
            raise RuntimeError("Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
                               f"{mask.dtype} and  query.dtype: {scores.dtype} instead.")
        scores = scores + mask
        none = ops.all(scores.detach() == -math.inf, -1, True)
    else:
        raise RuntimeError("Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
                           f"{mask.dtype} and  query.dtype: {scores.dtype} instead.")
    if not ops.all_samples(none).any():
        return ops.softmax(scores, -1)
    return ops.where(none, 0, ops.softmax(ops.where(none, 0, scores), -1))
