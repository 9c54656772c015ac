"""Losses, activations, normalisations and attention."""
import math

import numpy as np

import autodiff
from autodiff import tensor
from autodiff.nn import functional as F

RANDOM = np.random.default_rng(0)
WEIGHTS = RANDOM.uniform(0.5, 2, (3, 4))
CLASSES, SIGNS = np.array([1, 3, 0]), np.array([[1, -1, 1, 1], [-1, -1, 1, -1], [1, 1, -1, 1]])
MASK = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 1]], bool)
R = ("mean", "sum", "none")


def mean_of(a, reduction):
    return {"none": lambda v: v, "mean": np.mean, "sum": np.sum}[reduction](a)


def like(x, a):
    return tensor(a).to(x.dtype)


def logs(a, axis=-1):
    a = a - a.max(axis, keepdims=True)
    return a - np.log(np.exp(a).sum(axis, keepdims=True))


def soft(a, axis=-1):
    return np.exp(logs(a, axis))


def expit(a):
    return 1 / (1 + np.exp(-a))


def log_sigmoid(a):
    return -np.logaddexp(0, -a)


def loss(name, reference, shapes=((3, 4), (3, 4)), more=(), **kwargs):
    """Cases of each reduction; more: what comes after the operands."""
    def function(r):
        return lambda *x: getattr(F, name)(*x, *[m if not isinstance(m, np.ndarray) or m.dtype.kind == "O" else
                                                 like(x[0], m) if m.dtype.kind == "f" else tensor(m) for m in more],
                                           reduction=r, **kwargs)
    return [(f"{r} {kwargs}", function(r), lambda *a, r=r: mean_of(reference(*a), r), list(shapes)) for r in R]


def weighed(name, reference, whole=True):
    """The mean with weights."""
    return [("weight", lambda x, y: getattr(F, name)(x, y, weight=like(x, WEIGHTS)),
             lambda a, b: (reference(a, b) * WEIGHTS).sum() / (WEIGHTS.sum() if whole else WEIGHTS.size), [(3, 4), (3, 4)])]


def bent(a, b, bound):
    d = np.abs(a - b)
    return np.where(d < bound, d * d / 2, bound * (d - bound / 2))


def bce(a, b):
    return -(b * np.log(a) + (1 - b) * np.log(1 - a))


def inside(function):
    """Of operands that a sigmoid brings between 0 and 1."""
    return lambda *x, **k: function(*[v.sigmoid() for v in x], **k)


def cosine(a, b, axis=-1):
    return (a * b).sum(axis) / np.sqrt((a * a).sum(axis) * (b * b).sum(axis))


def distance(a, b, p=2, eps=1e-6):
    return (np.abs(a - b + eps) ** p).sum(-1) ** (1 / p)


def multi_margin(a, p):
    short = np.maximum(0, 1 - a[np.arange(3), CLASSES][:, None] + a) ** p
    short[np.arange(3), CLASSES] = 0
    return short.sum(1) / 4


MANY = np.array([[3, 0, -1, 1], [2, -1, 0, 0], [-1, 0, 0, 0]])


def multilabel(a):
    found = []
    for row, targets in zip(a, ([3, 0], [2], [])):
        found.append(sum(max(0, 1 - row[i] + row[j]) for i in targets for j in range(4) if j not in targets) / 4)
    return np.array(found)


def picked(a, weight=None):
    rows = np.arange(3)
    return -a[rows, CLASSES] * (1 if weight is None else weight[CLASSES])


def standard(a, axes, eps=1e-5):
    return (a - a.mean(axes, keepdims=True)) / np.sqrt(a.var(axes, keepdims=True) + eps)


def attention(q, k, v, scale=None, mask=None):
    scores = q @ np.swapaxes(k, -1, -2) * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if mask is None:
        return soft(scores) @ v
    parts = np.where(mask.any(-1, keepdims=True), soft(np.where(mask, scores, -1e300)), 0)
    return parts @ v


def seeded(function):
    """A function that draws the same numbers each time."""
    def call(x):
        autodiff.manual_seed(0)
        return function(x)

    return call


def gumbel(a, axis=-1):
    autodiff.manual_seed(0)
    return soft((a - np.log(-np.log1p(-autodiff.rand(3, 4, dtype=autodiff.float64).numpy()))) / 0.5, axis)


def one(name, shapes, function, reference):
    return [(str(name), function, reference, list(shapes))]


PROBABILITIES = soft(RANDOM.normal(size=(3, 4)))
REFERENCES_OF = {
    "relu": lambda a: np.maximum(a, 0), "relu6": lambda a: np.clip(a, 0, 6),
    "elu": lambda a: np.where(a > 0, a, np.expm1(a)), "celu": lambda a: np.where(a > 0, a, np.expm1(a)),
    "selu": lambda a: 1.0507009873554805 * np.where(a > 0, a, 1.6732632423543772 * np.expm1(a)),
    "leaky_relu": lambda a: np.where(a > 0, a, 0.01 * a), "hardtanh": lambda a: np.clip(a, -1, 1),
    "silu": lambda a: a * expit(a), "mish": lambda a: a * np.tanh(np.logaddexp(0, a)),
    "hardswish": lambda a: a * np.clip(a + 3, 0, 6) / 6, "hardsigmoid": lambda a: np.clip(a + 3, 0, 6) / 6}
TABLE = np.array([[1, 2, 1], [3, 0, 1]])
CASES = {
    "mse_loss": loss("mse_loss", lambda a, b: (a - b) ** 2) + loss("mse_loss", lambda a, b: (a - b) ** 2, ((), ()))
    + weighed("mse_loss", lambda a, b: (a - b) ** 2),
    "l1_loss": loss("l1_loss", lambda a, b: np.abs(a - b)) + weighed("l1_loss", lambda a, b: np.abs(a - b)),
    "smooth_l1_loss": loss("smooth_l1_loss", lambda a, b: bent(a, b, 0.7) / 0.7, beta=0.7)
    + loss("smooth_l1_loss", lambda a, b: np.abs(a - b), beta=0.0),
    "huber_loss": loss("huber_loss", lambda a, b: bent(a, b, 0.7), delta=0.7)
    + weighed("huber_loss", lambda a, b: bent(a, b, 1), False),
    "nll_loss": loss("nll_loss", picked, ((3, 4),), (CLASSES,))
    + one("weight", [(3, 4)], lambda x: F.nll_loss(x, tensor(CLASSES), like(x, WEIGHTS[0])),
          lambda a: picked(a, WEIGHTS[0]).sum() / WEIGHTS[0][CLASSES].sum())
    + one("vector", [(4,)], lambda x: F.nll_loss(x, tensor(2)), lambda a: -a[2]),
    "cross_entropy": loss("cross_entropy", lambda a: picked(logs(a)), ((3, 4),), (CLASSES,))
    + loss("cross_entropy", lambda a: picked(logs(a)) * 0.8 - 0.05 * logs(a).sum(1), ((3, 4),), (CLASSES,), label_smoothing=0.2)
    + one("ignored", [(3, 4)], lambda x: F.cross_entropy(x, tensor(CLASSES), ignore_index=3),
          lambda a: picked(logs(a))[[0, 2]].mean())
    + one("weight", [(3, 4)], lambda x: F.cross_entropy(x, tensor(CLASSES), like(x, WEIGHTS[0])),
          lambda a: picked(logs(a), WEIGHTS[0]).sum() / WEIGHTS[0][CLASSES].sum())
    + one("planes", [(2, 3, 2)], lambda x: F.cross_entropy(x, tensor([[0, 2], [1, 1]])),
          lambda a: -(logs(a, 1)[0, 0, 0] + logs(a, 1)[0, 2, 1] + logs(a, 1)[1, 1].sum()) / 4)
    + one("probabilities", [(3, 4)], lambda x: F.cross_entropy(x, like(x, PROBABILITIES)),
          lambda a: -(logs(a) * PROBABILITIES).sum() / 3)
    + one("vector", [(4,)], lambda x: F.cross_entropy(x, tensor(2)), lambda a: -logs(a)[2]),
    "class_loss": one("", [(3, 4)], lambda x: F.cross_entropy(x, tensor(CLASSES), reduction="none"), lambda a: picked(logs(a))),
    "bce_elements": one("", [(3, 4), (3, 4)], inside(lambda x, y: F.binary_cross_entropy(x, y, reduction="none")),
                        lambda a, b: bce(expit(a), expit(b))),
    "binary_cross_entropy": [(r, lambda x, y, r=r: F.binary_cross_entropy(
        x.sigmoid(), y.sigmoid(), like(x, WEIGHTS), reduction=r),
                              lambda a, b, r=r: mean_of(bce(expit(a), expit(b)) * WEIGHTS, r), [(3, 4), (3, 4)]) for r in R],
    "binary_cross_entropy_with_logits": loss(
        "binary_cross_entropy_with_logits", lambda a, b: -(b * log_sigmoid(a) + (1 - b) * log_sigmoid(-a)))
    + one("weights", [(3, 4), (3, 4)],
          lambda x, y: F.binary_cross_entropy_with_logits(x, y, like(x, WEIGHTS), pos_weight=like(x, WEIGHTS[1])),
          lambda a, b: -(WEIGHTS * (b * WEIGHTS[1] * log_sigmoid(a) + (1 - b) * log_sigmoid(-a))).mean()),
    "kl_div": [(f"{r} {log}", lambda x, y, r=r, log=log: F.kl_div(x, y if log else y.exp(), reduction=r, log_target=log),
                lambda a, b, r=r: mean_of(np.exp(b) * (b - a), r), [(3, 4), (3, 4)]) for r in ("sum", "none")
               for log in (False, True)]
    + one("batch", [(3, 4), (3, 4)], lambda x, y: F.kl_div(x, y, reduction="batchmean", log_target=True),
          lambda a, b: (np.exp(b) * (b - a)).sum() / 3),
    "gaussian_nll_loss": [(f"{r} {s}", lambda x, y, v, r=r: F.gaussian_nll_loss(x, y, v.exp(), True, reduction=r),
                           lambda a, b, c, r=r: mean_of(
                               (c.reshape(c.shape + (1,) * (2 - c.ndim)) + (a - b) ** 2
                                / np.exp(c.reshape(c.shape + (1,) * (2 - c.ndim))) + math.log(2 * math.pi)) / 2, r),
                           [(3, 4), (3, 4), s]) for r in R for s in ((3, 4), (3,), (3, 1))],
    "poisson_nll_loss": loss("poisson_nll_loss", lambda a, b: np.exp(a) - b * a)
    + one("rate", [(3, 4), (3, 4)], lambda x, y: F.poisson_nll_loss(x.exp(), y.exp() + 1, False, True),
          lambda a, b: np.mean(np.exp(a) - (np.exp(b) + 1) * (np.log(np.exp(a) + 1e-8) - np.log(np.exp(b) + 1) + 1)
                               + 0.5 * np.log(2 * math.pi * (np.exp(b) + 1)))),
    "cosine_similarity": [(f"{d}", lambda x, y, d=d: F.cosine_similarity(x, y, d), lambda a, b, d=d: cosine(a, b, d),
                           [(3, 4), (3, 4)]) for d in (0, 1, -1)],
    "pairwise_distance": [(f"{p}", lambda x, y, p=p: F.pairwise_distance(x, y, p), lambda a, b, p=p: distance(a, b, p),
                           [(3, 4), s]) for p in (2, 3) for s in ((3, 4), (4,))],
    "cosine_embedding_loss": [(r, lambda x, y, r=r: F.cosine_embedding_loss(x, y, tensor([1, -1, -1]), 0.1, reduction=r),
                               lambda a, b, r=r: mean_of(np.where(np.array([True, False, False]), 1 - cosine(a, b),
                                                                  np.maximum(0, cosine(a, b) - 0.1)), r),
                               [(3, 4), (3, 4)]) for r in R],
    "hinge_embedding_loss": loss("hinge_embedding_loss", lambda a: np.where(SIGNS > 0, a, np.maximum(0, 1 - a)), ((3, 4),),
                                 (SIGNS,)),
    "margin_ranking_loss": loss("margin_ranking_loss", lambda a, b: np.maximum(0, 0.3 - SIGNS * (a - b)), more=(SIGNS,),
                                margin=0.3),
    "multi_margin_loss": [c for p in (1, 2) for c in loss("multi_margin_loss", lambda a, p=p: multi_margin(a, p), ((3, 4),),
                                                          (CLASSES,), p=p)],
    "multilabel_margin_loss": loss("multilabel_margin_loss", multilabel, ((3, 4),), (MANY,)),
    "soft_margin_loss": loss("soft_margin_loss", lambda a: np.log1p(np.exp(-SIGNS * a)), ((3, 4),), (SIGNS,)),
    "multilabel_soft_margin_loss": loss("multilabel_soft_margin_loss",
                                        lambda a, b: -(b * log_sigmoid(a) + (1 - b) * log_sigmoid(-a)).mean(-1)),
    "triplet_margin_loss": loss("triplet_margin_loss", lambda a, b, c: np.maximum(0, 1 + distance(a, b) - distance(a, c)),
                                [(3, 4)] * 3)
    + loss("triplet_margin_loss", lambda a, b, c: np.maximum(0, 1 + distance(a, b, 3) - np.minimum(
        distance(a, c, 3), distance(b, c, 3))), [(3, 4)] * 3, p=3, swap=True),
    "triplet_margin_with_distance_loss": loss(
        "triplet_margin_with_distance_loss", lambda a, b, c: np.maximum(0, 1 + distance(a, b) - distance(a, c)), [(3, 4)] * 3)
    + loss("triplet_margin_with_distance_loss",
           lambda a, b, c: np.maximum(0, 1 + ((a - b) ** 2).sum(-1) - ((a - c) ** 2).sum(-1)), [(3, 4)] * 3,
           distance_function=lambda u, v: ((u - v) ** 2).sum(-1)),
    # activations
    **{f"nn_functional_{name}": one("", [(3, 4)], getattr(F, name), reference)
       + one("in place", [(3, 4)], lambda x, n=name: getattr(F, n)(x.clone(), inplace=True), reference)
       for name, reference in REFERENCES_OF.items()},
    **{f"nn_functional_{name}_": one("", [(3, 4)], lambda x, n=f"{name}_": getattr(F, n)(x.clone()), REFERENCES_OF[name])
       for name in ("relu", "elu", "celu", "selu", "leaky_relu", "hardtanh")},
    "nn_functional_threshold": one("", [(3, 4)], lambda x: F.threshold(x, 0.1, 2.0), lambda a: np.where(a > 0.1, a, 2)),
    "nn_functional_threshold_": one("", [(3, 4)], lambda x: F.threshold_(x.clone(), 0.1, 2.0),
                                    lambda a: np.where(a > 0.1, a, 2)),
    "nn_functional_softmax": one("", [(3, 4)], lambda x: F.softmax(x, -1), soft)
    + one("0", [(3, 4)], lambda x: F.softmax(x, dim=0), lambda a: soft(a, 0)),
    "nn_functional_softmin": one("", [(3, 4)], lambda x: F.softmin(x, -1), lambda a: soft(-a))
    + one("0", [(3, 4)], lambda x: F.softmin(x, dim=0), lambda a: soft(-a, 0)),
    "nn_functional_log_softmax": one("", [(3, 4)], lambda x: F.log_softmax(x, 0), lambda a: logs(a, 0)),
    "prelu": [(f"{s} {w}", F.prelu, lambda a, b, s=s, w=w: np.where(a > 0, a, b.reshape(-1, *[1] * (len(s) - 2)) * a), [s, w])
              for s, w in (((3, 4), (4,)), ((3, 4), (1,)), ((2, 3, 2), (3,)))],
    "rrelu": one("", [(3, 4)], lambda x: F.rrelu(x, 0.2, 0.4), lambda a: np.where(a > 0, a, 0.3 * a)),
    "nn_functional_rrelu_": one("", [(3, 4)], lambda x: F.rrelu_(x.clone(), 0.2, 0.4), lambda a: np.where(a > 0, a, 0.3 * a)),
    "hardshrink": one("", [(3, 4)], lambda x: F.hardshrink(x, 0.61), lambda a: np.where(np.abs(a) > 0.61, a, 0)),
    "softshrink": one("", [(3, 4)], lambda x: F.softshrink(x, 0.61), lambda a: np.sign(a) * np.maximum(np.abs(a) - 0.61, 0)),
    "tanhshrink": one("", [(3, 4)], F.tanhshrink, lambda a: a - np.tanh(a)),
    "glu": one("", [(3, 4)], F.glu, lambda a: a[:, :2] * expit(a[:, 2:]))
    + one("0", [(4, 3)], lambda x: F.glu(x, 0), lambda a: a[:2] * expit(a[2:])),
    "gumbel_softmax": one("", [(3, 4)], seeded(lambda x: F.gumbel_softmax(x.double(), 0.5).to(x.dtype)), gumbel)
    + one("0", [(3, 4)], seeded(lambda x: F.gumbel_softmax(x.double(), 0.5, dim=0).to(x.dtype)), lambda a: gumbel(a, 0)),
    # dropout, by what does not depend on chance
    **{name: one("all", [shape], lambda x, n=name: getattr(F, n)(x, 1.0, True), lambda a: 0 * a)
       + one("0", [shape], lambda x, n=name: getattr(F, n)(x, 0.0, True) * 1, lambda a: a)
       for name, shape in (("dropout", (3, 4)), ("dropout1d", (2, 3, 2)), ("dropout2d", (2, 2, 2, 1)),
                           ("dropout3d", (1, 2, 2, 1, 2)), ("alpha_dropout", (3, 4)), ("feature_alpha_dropout", (2, 3, 2)))},
    "embedding": one("", [(4, 2)], lambda w: F.embedding(tensor(TABLE), w), lambda a: a[TABLE]),
    "embedding_bag": [(mode, lambda w, m=mode: F.embedding_bag(tensor(TABLE), w, mode=m),
                       lambda a, f=f: f(a[TABLE], axis=1), [(4, 2)])
                      for mode, f in (("sum", np.sum), ("mean", np.mean), ("max", np.max))]
    + one("factors", [(4, 2), (6,)], lambda w, f: F.embedding_bag(tensor(TABLE.ravel()), w, tensor([0, 2, 2]), mode="sum",
                                                                 per_sample_weights=f),
          lambda a, f: np.stack([f[:2] @ a[[1, 2]], 0 * a[0], f[2:] @ a[[1, 3, 0, 1]]])),
    # normalisation
    "standardized": one("", [(3, 4)], lambda x: F.layer_norm(x, (4,)), lambda a: standard(a, 1)),
    "layer_norm": one("", [(3, 4), (4,), (4,)], lambda x, w, b: F.layer_norm(x, (4,), w, b),
                      lambda a, w, b: standard(a, 1) * w + b)
    + one("two", [(2, 3, 2), (3, 2)], lambda x, w: F.layer_norm(x, (3, 2), w, eps=0.1),
          lambda a, w: standard(a, (1, 2), 0.1) * w),
    "rms_norm": one("", [(3, 4), (4,)], lambda x, w: F.rms_norm(x, (4,), w, 0.1),
                    lambda a, w: a / np.sqrt((a * a).mean(1, keepdims=True) + 0.1) * w),
    "batch_norm": one("", [(3, 4), (4,), (4,)], lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
                      lambda a, w, b: standard(a, 0) * w + b)
    + one("planes", [(2, 3, 2), (3,)], lambda x, w: F.batch_norm(x, None, None, w, None, True),
          lambda a, w: standard(a, (0, 2)) * w[:, None])
    + one("running", [(3, 4)], lambda x: F.batch_norm(x, like(x, WEIGHTS[0]), like(x, WEIGHTS[1])),
          lambda a: (a - WEIGHTS[0]) / np.sqrt(WEIGHTS[1] + 1e-5)),
    "instance_norm": one("", [(2, 3, 3), (3,), (3,)], lambda x, w, b: F.instance_norm(x, None, None, w, b),
                         lambda a, w, b: standard(a, 2) * w[:, None] + b[:, None]),
    "group_norm": one("", [(2, 4, 3), (4,), (4,)], lambda x, w, b: F.group_norm(x, 2, w, b),
                      lambda a, w, b: standard(a.reshape(2, 2, 6), 2).reshape(2, 4, 3) * w[:, None] + b[:, None]),
    "local_response_norm": one("", [(2, 3, 2)], lambda x: F.local_response_norm(x, 2, 0.5, 0.6, 1.5), lambda a: a / (
        1.5 + 0.25 * (a * a + np.concatenate([0 * a[:, :1], (a * a)[:, :-1]], 1))) ** 0.6),
    "normalize": [(f"{p} {d}", lambda x, p=p, d=d: F.normalize(x, p, d),
                   lambda a, p=p, d=d: a / (np.abs(a) ** p).sum(d, keepdims=True) ** (1 / p), [(3, 4)])
                  for p, d in ((2, 1), (3, 0))],
    # Small scores: of large ones the softmax is 1 and 0, and its derivatives are the rounding of differences.
    "scaled_dot_product_attention": one("", [(2, 3, 4), (2, 5, 4), (2, 5, 2)],
                                        lambda q, k, v: F.scaled_dot_product_attention(q / 8, k / 4, v),
                                        lambda q, k, v: attention(q / 8, k / 4, v))
    + one("scale", [(3, 4), (5, 4), (5, 2)], lambda q, k, v: F.scaled_dot_product_attention(q, k, v, scale=0.3),
          lambda q, k, v: attention(q, k, v, 0.3))
    + one("mask", [(3, 2), (4, 2), (4, 2)], lambda q, k, v: F.scaled_dot_product_attention(q, k, v, tensor(MASK)),
          lambda q, k, v: attention(q, k, v, mask=MASK))
    + one("causal", [(3, 2), (4, 2), (4, 2)], lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
          lambda q, k, v: attention(q, k, v, mask=np.tri(3, 4, dtype=bool))),
}
VALUES = {
    "one_hot": [("", lambda x: F.one_hot(x), lambda a: np.eye(4, dtype=int)[a], [CLASSES]),
                ("more", lambda x: F.one_hot(x, 6), lambda a: np.eye(6, dtype=int)[a], [CLASSES])],
}
