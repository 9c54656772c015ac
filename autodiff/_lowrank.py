"""Decompositions of matrices of low rank by random projections: made of ops, which have their derivatives."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _variable as _variable_module
from ._create import _require_variable, randn

if TYPE_CHECKING:
    from ._variable import Tensor

_v: Any = _variable_module         # of which the stub has what users see alone
OPS: Any = _v.OPS

__all__ = ["pca_lowrank", "svd_lowrank"]


def _range(a: Any, q: int, niter: int, m: Any) -> Any:
    """A basis of what a - m makes of random vectors, made better by powers of it: Halko's algorithm 4.4."""
    def product(x: Any, transposed: bool) -> Any:
        return OPS.matmul(a.mH if transposed else a, x) if m is None else OPS.matmul(a.mH - m.mH if transposed else a - m, x)

    basis = OPS.linalg_qr(product(OPS.like(randn(a.shape[-1], q, dtype=a.dtype), a), False))[0]
    for _ in range(niter):
        basis = OPS.linalg_qr(product(basis, True))[0]
        basis = OPS.linalg_qr(product(basis, False))[0]
    return basis


def _decomposed(name: str, a: Any, q: int | None, niter: int | None, m: Any) -> Any:
    if a.ndim < 2:
        raise ValueError(f"{name}() takes matrices, not a Tensor of {a.ndim} dimensions")
    count = 6 if q is None else _v.integer_given(q, name, "q", 2)
    steps = 2 if niter is None else _v.integer_given(niter, name, "niter", 3)
    wide = a.shape[-2] < a.shape[-1]
    if m is not None:
        _require_variable(name, m)
        m = OPS.broadcast_to(m, tuple(a.shape))
    if wide:
        a, m = a.mH, None if m is None else m.mH
    basis = _range(a, count, steps, m)
    u, s, vh = OPS.linalg_svd(OPS.matmul(basis.mH, a if m is None else a - m), False)
    u, v = OPS.matmul(basis, u), vh.mH
    return (v, s, u) if wide else (u, s, v)


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """The largest q singular values of A, or of A - M, and their vectors, nearly: (U, S, V), and U diag(S) V^H is close to A.

    By products with random vectors; niter steps of subspace iteration make it better.  Where the rank is q at most, it is
    exact; a gradient is NaN, with a warning, where it is less.  Raises RuntimeError for integers, ValueError for a
    Tensor of fewer than two dimensions.
    As https://pytorch.org/docs/stable/generated/torch.svd_lowrank.html; Halko et al. 2009, Finding structure with randomness.

    >>> import autodiff
    >>> autodiff.svd_lowrank(autodiff.tensor([[3.0, 0.0], [0.0, 0.0]]), 1)[1]
    tensor([3.])
    """
    _require_variable("svd_lowrank", A)
    return _decomposed("svd_lowrank", A, q, niter, M)


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """The principal components of rows of A, which are observations, nearly: (U, S, V) of what is left of A without its mean.

    The columns of V are the directions, S**2 / (m - 1) the variances; q of them, by default six or as many as there are.
    Raises ValueError for a q beyond the sizes, a negative niter, and a Tensor of fewer than two dimensions, RuntimeError for
    integers.
    As https://pytorch.org/docs/stable/generated/torch.pca_lowrank.html; Halko et al. 2009, Finding structure with randomness.

    >>> import autodiff
    >>> autodiff.pca_lowrank(autodiff.tensor([[1.0, 5.0], [3.0, 5.0]]), 1)[1]
    tensor([1.4142])
    """
    _require_variable("pca_lowrank", A)
    if A.ndim < 2:
        raise ValueError(f"pca_lowrank() takes matrices, not a Tensor of {A.ndim} dimensions")
    m, n = A.shape[-2:]
    q = min(6, m, n) if q is None else _v.integer_given(q, "pca_lowrank", "q", 2)
    if not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    niter = _v.integer_given(niter, "pca_lowrank", "niter", 4)
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    if center:
        A = A - OPS.mean(A, (-2,), True)
    return _decomposed("pca_lowrank", A, q, niter, None)
