"""Functional layers: one of them at the sizes of lessons, forward and backward, beside PyTorch's, and a step of a small
convolutional network. Each at float32 and float64."""

from __future__ import annotations

import numpy as np

from .harness import Work, case, faster

WIDTHS = {"float32": np.float32, "float64": np.float64}


# -------------------------------------------------------------------------------------------------------- convolutions


def declare_convolution(width):
    @case(
        f"conv2d {width}",
        f"conv2d of 8 pictures 3x32x32 with 16 filters 5x5 and a bias, {width}: forward and backward in all three",
        [faster("torch", 0.7)],
    )
    def convolution(quick):
        random = np.random.default_rng(0)
        shapes = ((8, 3, 32, 32), (16, 3, 5, 5), (16,))
        start = [random.standard_normal(shape).astype(WIDTHS[width]) for shape in shapes]
        cotangent = random.standard_normal((8, 16, 28, 28)).astype(WIDTHS[width])

        def tensors(lib):
            leaves = [lib.tensor(array, requires_grad=True) for array in start]
            g = lib.tensor(cotangent)
            conv2d = lib.nn.functional.conv2d

            def run():
                for leaf in leaves:
                    leaf.grad = None
                conv2d(*leaves).backward(g)

            def gradient():
                run()
                return [leaf.grad for leaf in leaves]

            return Work(run, gradient, rtol=1e-3 if width == "float32" else 1e-9)

        return {"autodiff": tensors, "torch": tensors}


NETWORK = ((8, 1, 5, 5), (8,), (16, 8, 5, 5), (16,), (64, 256), (64,), (10, 64), (10,))


def declare_network(width):
    @case(
        f"convolutional network {width}",
        "a step of two convolutions 5x5 with relu and max pooling, two linear layers and cross entropy, on 32 pictures "
        f"1x28x28, {width}",
        [faster("torch", 0.8)],
    )
    def network(quick):
        random = np.random.default_rng(0)
        start = [(random.standard_normal(shape) / 10).astype(WIDTHS[width]) for shape in NETWORK]
        pictures = random.standard_normal((32, 1, 28, 28)).astype(WIDTHS[width])
        digits = random.integers(0, 10, 32)

        def tensors(lib):
            leaves = [lib.tensor(array, requires_grad=True) for array in start]
            x, y = lib.tensor(pictures), lib.tensor(digits)
            f = lib.nn.functional

            def backward():
                first, a, second, b, third, c, fourth, d = leaves
                for leaf in leaves:
                    leaf.grad = None
                h = f.max_pool2d(f.relu(f.conv2d(x, first, a)), 2)
                h = f.max_pool2d(f.relu(f.conv2d(h, second, b)), 2)
                h = f.relu(f.linear(h.flatten(1), third, c))
                f.cross_entropy(f.linear(h, fourth, d), y).backward()

            def run():
                backward()
                with lib.no_grad():
                    for leaf in leaves:
                        leaf.sub_(leaf.grad * 0.001)

            def gradient():
                with lib.no_grad():
                    for leaf, array in zip(leaves, start, strict=True):
                        leaf.copy_(lib.tensor(array))
                backward()
                return [leaf.grad for leaf in leaves]

            return Work(run, gradient, rtol=1e-3 if width == "float32" else 1e-8)

        return {"autodiff": tensors, "torch": tensors}


for width in WIDTHS:
    declare_convolution(width)
    declare_network(width)


# ----------------------------------------------------------------------------------------- attention, norms, losses


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
    """The same for each library."""
    def drawn():
        random = np.random.default_rng(0)
        return [random.standard_normal(shape) for shape in shapes]

    return drawn


declare("attention", "scaled_dot_product_attention of 4x4x64x32", 1.2, normal(*[(4, 4, 64, 32)] * 3),
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v))
declare("layer_norm", "layer_norm of 64x256 with weight and bias", 1.2, normal((64, 256), (256,), (256,)),
        lambda F, x, w, b: F.layer_norm(x, (256,), w, b))
declare("cross_entropy", "cross_entropy of 64x10", 5,
        lambda: [np.random.default_rng(0).standard_normal((64, 10)), np.arange(64) % 10],
        lambda F, x, y: F.cross_entropy(x, y))
