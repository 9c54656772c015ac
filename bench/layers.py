"""Functional layers and losses beside PyTorch's, forward and backward, in both dtypes."""

from __future__ import annotations

import numpy as np

from .harness import Work, case, faster


def declare(name, description, least, arrays, function):
    """A case for each dtype; arrays: the operands, those of integers without a gradient."""
    for dtype in ("float32", "float64"):

        @case(f"{name}/{dtype}", f"{description}, {dtype}: forward and backward", [faster("torch", least)])
        def layer(quick, dtype=dtype):
            def tensors(lib):
                given = [
                    lib.tensor(a.astype(dtype), requires_grad=True) if a.dtype.kind == "f" else lib.tensor(a) for a in arrays()
                ]
                leaves = [v for v in given if v.requires_grad]
                out = function(lib.nn.functional, *given)
                cotangent = lib.tensor(np.random.default_rng(1).standard_normal(tuple(out.shape)).astype(dtype))

                def run():
                    for leaf in leaves:
                        leaf.grad = None
                    function(lib.nn.functional, *given).backward(cotangent)

                def gradient():
                    run()
                    return [leaf.grad for leaf in leaves]

                return Work(run, gradient, rtol=1e-3 if dtype == "float32" else 1e-7)

            return {"autodiff": tensors, "torch": tensors}


def normal(*shapes):
    random = np.random.default_rng(0)
    return lambda: [random.standard_normal(shape) for shape in shapes]


declare("attention", "scaled_dot_product_attention of 4x4x64x32", 1.2, normal(*[(4, 4, 64, 32)] * 3),
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v))
declare("layer_norm", "layer_norm of 64x256 with weight and bias", 1.2, normal((64, 256), (256,), (256,)),
        lambda F, x, w, b: F.layer_norm(x, (256,), w, b))
declare("cross_entropy", "cross_entropy of 64x10", 5,
        lambda: [np.random.default_rng(0).standard_normal((64, 10)), np.arange(64) % 10],
        lambda F, x, y: F.cross_entropy(x, y))
