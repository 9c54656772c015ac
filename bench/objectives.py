"""Objectives of statistics: log-sum-exp, and the log-likelihood of a Gaussian mixture."""

from __future__ import annotations

import math

import numpy as np

from .harness import Work, case, faster

# ---------------------------------------------------------------------------------------------------------- log-sum-exp


def logsumexp_peers(n):
    start = np.random.default_rng(0).standard_normal(n)

    def tensors(lib):
        x = lib.tensor(start, requires_grad=True)

        def run():
            x.grad = None
            lib.logsumexp(x, 0).backward()
            return x.grad

        return Work(run)

    def jax(lib):
        from jax.scipy.special import logsumexp

        gradient = lib.jit(lib.grad(logsumexp))
        x = lib.numpy.asarray(start)
        return Work(lambda: gradient(x).block_until_ready())

    def autograd(lib):
        from autograd.scipy.special import logsumexp

        gradient = lib.grad(logsumexp)
        return Work(lambda: gradient(start))

    def numpy(_):
        """The value only."""

        def value():
            highest = start.max()
            return highest + np.log(np.exp(start - highest).sum())

        return Work(value, gradient=lambda: np.exp(start - value()))

    return {"autodiff": tensors, "torch": tensors, "jax": jax, "autograd": autograd, "numpy": numpy}


for size, ratio in ((2_500, 4), (1_280_000, 3)):

    @case(
        f"logsumexp_{size}",
        f"logsumexp of {size:,} elements and its gradient, the softmax (jax: compiled; numpy: the value only)",
        [faster("torch", ratio), faster("jax", 1.2)],
        threaded=size > 10_000,
    )
    def logsumexp(quick, size=size):
        return logsumexp_peers(min(size, 10_000) if quick else size)


# ----------------------------------------------------------------------------------------------------- Gaussian mixture


class Mixture:
    """The objective GMM of ADBench (Srajer, Kukelova, Fitzgibbon 2018): log-likelihood of n points of d dimensions
    under a mixture of k Gaussians, with a Wishart prior on the precisions.

    Component j has the log-weight `alphas[j]`, the mean `means[j]` and the precision Q'Q of a lower triangular Q, given
    by `factors[j]`: first the logarithms of the diagonal of Q, then the d (d - 1) / 2 entries below it.
    """

    GAMMA, EXTRA = 1.0, 0  # the prior's scale, and its degrees of freedom beyond d + 1

    def __init__(self, d, k, n):
        random = np.random.default_rng(0)
        self.d, self.k, self.n = d, k, n
        self.points = random.standard_normal((n, d))
        below = d * (d - 1) // 2
        self.start = [
            random.standard_normal(k),
            random.standard_normal((k, d)),
            random.standard_normal((k, d + below)) * 0.5,
        ]
        # The entry (r, c) of Q is at place[r, c] of [0, diagonal, below]: a gather is differentiated by every library,
        # assignment into a part of an array is not.
        self.place = np.zeros((d, d), dtype=np.int64)
        self.place[np.arange(d), np.arange(d)] = 1 + np.arange(d)
        self.place[np.tril_indices(d, -1)] = 1 + d + np.arange(below)
        degrees = d + self.EXTRA + 1
        log_gamma = sum(math.lgamma(0.5 * degrees + 0.5 * (1 - j)) for j in range(1, d + 1))
        log_gamma += 0.25 * d * (d - 1) * math.log(math.pi)
        normaliser = degrees * d * (math.log(self.GAMMA) - 0.5 * math.log(2)) - log_gamma
        self.constant = -n * d * 0.5 * math.log(2 * math.pi) - k * normaliser

    def __call__(self, alphas, means, factors, points, ops):
        """`ops`: exp, concatenate, logsumexp along an axis, and a (k, 1) array of zeros, in the library's spelling."""
        logs, below = factors[:, : self.d], factors[:, self.d :]
        diagonal = ops.exp(logs)
        q = ops.concatenate([ops.zeros, diagonal, below])[:, self.place]  # (k, d, d)
        centred = points - means[:, None, :]  # (k, n, d)
        scaled = centred @ q.swapaxes(1, 2)
        weights = alphas + logs.sum(1)
        likelihood = ops.logsumexp(weights[:, None] - 0.5 * (scaled * scaled).sum(2), 0).sum()
        prior = 0.5 * self.GAMMA**2 * ((diagonal * diagonal).sum() + (below * below).sum()) - self.EXTRA * logs.sum()
        return self.constant + likelihood - self.n * ops.logsumexp(alphas, 0) + prior


class Ops:
    def __init__(self, **functions):
        self.__dict__.update(functions)


def mixture_peers(d, k, n):
    mixture = Mixture(d, k, n)

    def tensors(lib):
        leaves = [lib.tensor(array, requires_grad=True) for array in mixture.start]
        points = lib.tensor(mixture.points)
        zeros = lib.zeros(k, 1, dtype=lib.float64)
        ops = Ops(exp=lib.exp, concatenate=lambda parts: lib.cat(parts, 1), logsumexp=lib.logsumexp, zeros=zeros)

        def run():
            for leaf in leaves:
                leaf.grad = None
            mixture(*leaves, points, ops).backward()

        def gradient():
            run()
            return [leaf.grad for leaf in leaves]

        return Work(run, gradient)

    def jax(lib):
        from jax.scipy.special import logsumexp

        np_ = lib.numpy
        ops = Ops(
            exp=np_.exp, concatenate=lambda p: np_.concatenate(p, 1), logsumexp=logsumexp, zeros=np_.zeros((k, 1))
        )
        points = np_.asarray(mixture.points)
        compiled = lib.jit(lib.grad(lambda leaves: mixture(*leaves, points, ops)))
        leaves = [np_.asarray(array) for array in mixture.start]
        return Work(lambda: [np.asarray(g) for g in lib.block_until_ready(compiled(leaves))])

    def autograd(lib):
        import autograd.numpy as anp
        from autograd.scipy.special import logsumexp

        ops = Ops(exp=anp.exp, concatenate=lambda p: anp.concatenate(p, 1), logsumexp=logsumexp, zeros=np.zeros((k, 1)))
        gradient = lib.grad(lambda leaves: mixture(*leaves, mixture.points, ops))
        return Work(lambda: gradient(mixture.start))

    return {"autodiff": tensors, "torch": tensors, "jax": jax, "autograd": autograd}


for d, k, ratio in ((2, 5, 3), (20, 25, 1.3)):

    @case(
        f"gaussian_mixture_{d}_{k}",
        f"log-likelihood of a Gaussian mixture, Wishart prior, d={d}, k={k}, n=1,000, and its gradient (jax: compiled)",
        [faster("torch", ratio)],
        threaded=d > 10,
    )
    def gaussian_mixture(quick, d=d, k=k):
        return mixture_peers(d, k, 100 if quick else 1_000)
