"""Programs that tell what an op saves, and what PyTorch saves for them.

Each case is an expression; ``written(T, case, needs)`` runs it once for each place that code could write to between the
forward and the backward pass (an operand, a result) and says where the backward pass then raises, and whether a second
backward pass does.  ``python tests/saved_torch.py``, where PyTorch is installed, writes PyTorch's answers into
``saved_torch.json``; ``test_saved.py`` compares autodiff's with them.
"""
import json
import pathlib
import warnings

TABLE = pathlib.Path(__file__).with_name("saved_torch.json")

#: Operands by letter: vectors x y z, matrices m n o, batches of matrices b c d, complex vectors u v, points s t.
VALUES = {
    "x": [0.3, 0.6, 0.8], "y": [0.7, 0.2, 0.9], "z": [0.4, 0.5, 0.1],
    "m": [[0.3, 0.6], [0.8, 0.4]], "n": [[0.7, 0.2], [0.9, 0.5]], "o": [[0.4, 0.5], [0.1, 0.6]],
    "b": [[[0.3, 0.6], [0.8, 0.4]]], "c": [[[0.7, 0.2], [0.9, 0.5]]], "d": [[[0.1, 0.2], [0.3, 0.5]]],
    "u": [0.3 + 0.5j, 0.6 - 0.2j, 0.8 + 0.1j], "v": [0.7 - 0.4j, 0.2 + 0.3j, 0.9 + 0.6j],
    "s": 0.3, "t": 0.7,
}


def words(text):
    return text.split()


ONE = words("sqrt exp log sin cos tanh sigmoid relu tan exp2 expm1 log1p log2 log10 rsqrt asin acos atan "
             "sinh cosh asinh atanh sinc deg2rad rad2deg logit erf erfc erfinv lgamma digamma sign sgn floor "
             "ceil trunc frac round abs neg reciprocal square nan_to_num elu selu celu silu mish softplus "
             "logsigmoid hardtanh relu6 hardswish hardsigmoid softsign leaky_relu gelu")
TWO = words("add sub mul div pow atan2 hypot logaddexp logaddexp2 xlogy fmod remainder maximum minimum fmax "
             "fmin clamp_min clamp_max copysign")
SPECIAL = words("entr ndtr log_ndtr ndtri erfcx i0 i1 i0e i1e")
NONE = {n: ", ".join(["None"] * n) for n in (1, 2, 3)}

CASES = {
    # layers and losses
    "mse_loss": "T.nn.functional.mse_loss(x, y)", "mse_loss none": "T.nn.functional.mse_loss(x, y, reduction='none')",
    # convolutions, pooling and pictures
    **{f"conv{n}d": f"T.nn.functional.conv{n}d(m[{NONE[n]}], n[{NONE[n]}])" for n in (1, 2, 3)},
    "conv_transpose1d": "T.nn.functional.conv_transpose1d(m[None], n[:, None])",
    "conv_transpose2d": "T.nn.functional.conv_transpose2d(m[None, None], n[None, None])",
    "conv_transpose3d": "T.nn.functional.conv_transpose3d(m[None, None, None], n[None, None, None])",
    **{f"{kind}_pool{n}d": f"T.nn.functional.{kind}_pool{n}d(m[{NONE[n]}], {more})" for n in (1, 2, 3)
       for kind, more in (("max", "1"), ("avg", "1"), ("adaptive_max", "1"), ("adaptive_avg", "2"))},
    **{f"lp_pool{n}d": f"T.nn.functional.lp_pool{n}d(m[{NONE[n]}], 3, 1)" for n in (1, 2, 3)},
    "max_unpool1d": "T.nn.functional.max_unpool1d(m[None], T.tensor([[[0, 3], [1, 2]]]), 2)",
    "max_unpool2d": "T.nn.functional.max_unpool2d(m[None, None], T.tensor([[[[0, 3], [4, 7]]]]), 2)",
    "max_unpool3d": "T.nn.functional.max_unpool3d(m[None, None, None], T.tensor([[[[[0, 3], [4, 7]]]]]), (1, 2, 2))",
    "nn_functional_unfold": "T.nn.functional.unfold(m[None], (1, 2))",
    "fold": "T.nn.functional.fold(m, (1, 3), (1, 2))",
    "interpolate": "T.nn.functional.interpolate(m[None], 3)", "upsample": "T.nn.functional.upsample(m[None], 3)",
    "interpolate bicubic": "T.nn.functional.interpolate(m[None, None], 3, mode='bicubic')",
    "grid_sample": "T.nn.functional.grid_sample(m[None, None], n[None, None], align_corners=True)",
    "affine_grid": "T.nn.functional.affine_grid(T.cat([m, n[:, :1]], 1)[None], (1, 1, 2, 2), align_corners=True)",
    "pixel_unshuffle": "T.nn.functional.pixel_unshuffle(m[None], 2)",
    "channel_shuffle": "T.nn.functional.channel_shuffle(m[None], 2)",
    "pixel_shuffle": "T.nn.functional.pixel_shuffle(T.stack([m, n, m, n])[None], 2)",
    # ----
    **{name: f"T.{name}(x)" for name in ONE},
    **{f"{name} point": f"T.{name}(s)" for name in ONE},
    "acosh": "T.acosh(1 + x)", "acosh point": "T.acosh(1 + s)",
    **{name: f"T.{name}(x, y)" for name in TWO},
    **{f"{name} point": f"T.{name}(s, t)" for name in TWO},
    **{f"{name} complex": f"T.{name}(u)" for name in
       words("abs angle sgn exp log sqrt sin cos tan tanh reciprocal square sigmoid rsqrt neg expm1 acosh")},
    **{f"{name} complex": f"T.{name}(u, v)" for name in words("mul div pow add")},
    "div of a number": "2.0 / x", "div of one": "1 / x", "div of a number, point": "2.0 / s", "div of one, point": "1 / s",
    "div of a number, complex": "2.0 / u", "div by a number": "x / 2.0", "div by a number, point": "s / 2.0",
    "div of a point": "s / x", "div by a point": "x / s", "div floor": "T.div(x, y, rounding_mode='floor')",
    "div trunc": "T.div(x, y, rounding_mode='trunc')", "mul by a number": "x * 3.0",
    "mul by a number, point": "s * 3.0",
    "mul by a point": "x * s", "sub from a number": "1.0 - x", "add alpha": "T.add(x, y, alpha=2)",
    "sub alpha": "T.sub(x, y, alpha=2)", "mul twice": "x * x", "div by itself": "x / x", "pow by itself": "x ** x",
    "mul twice, point": "s * s",
    **{f"pow {p}": f"x ** {p}" for p in (2, 3, 0.5, -1, -0.5, 1.5, 0)},
    **{f"pow {p}, point": f"s ** {p}" for p in (2, 3, 0.5, -1, -0.5, 1.5, 0)},
    **{f"pow {p}, complex": f"u ** {p}" for p in (2, 3, 0.5, -1)},
    "pow of a number": "2.0 ** x", "pow of a number, point": "2.0 ** s", "pow of a number, complex": "2.0 ** u",
    "positive": "+x * 1.0", "xlogy by a number": "T.xlogy(x, 2.0)", "xlogy of a number": "T.xlogy(2.0, x)",
    "fmod by a number": "T.fmod(x, 0.4)", "remainder by a number": "x % 0.4", "copysign to a number": "T.copysign(x, -1.0)",
    "polygamma 1": "T.polygamma(1, x)", "polygamma 3": "T.polygamma(3, x)", "round decimals": "T.round(x, decimals=1)",
    "logit eps": "T.logit(x, 0.1)", "clamp": "T.clamp(x, 0.4, 0.7)", "clamp min": "T.clamp(x, min=0.4)",
    "clamp_min number": "T.clamp_min(x, 0.4)", "clamp_max number": "T.clamp_max(x, 0.4)",
    "clamp tensors": "T.clamp(x, y, z)", "clamp tensor": "T.clamp(x, min=y)", "where": "T.where(x > 0.5, x, y)",
    "lerp": "T.lerp(x, y, 0.3)", "lerp far": "T.lerp(x, y, 0.7)", "lerp weight": "T.lerp(x, y, z)",
    "addcmul": "T.addcmul(x, y, z)", "addcmul value": "T.addcmul(x, y, z, value=2)", "addcdiv": "T.addcdiv(x, y, z)",
    "addcdiv value": "T.addcdiv(x, y, z, value=2)", "gelu tanh": "T.gelu(x, approximate='tanh')",
    "threshold": "T.threshold(x, 0.5, 0.0)", "elu alpha": "T.elu(x, 2.0)", "leaky_relu slope": "T.leaky_relu(x, 0.3)",
    **{f"{name} in place": f"T.clone(x).{name}_()" for name in
       words("exp tanh sigmoid sqrt reciprocal tan relu expm1 rsqrt erfinv sinc log sin square abs asin logit")},
    **{f"{name} in place, point": f"T.clone(s).{name}_()" for name in words("exp sqrt reciprocal sinc log square erfinv")},
    **{f"{name} in place": f"T.clone(x).{name}_(y)" for name in words("add mul div pow atan2 hypot fmod copysign")},
    **{f"{name} in place, point": f"T.clone(s).{name}_(t)" for name in words("mul div pow atan2")},
    "div in place by a number": "T.clone(x).div_(2.0)", "pow -1 in place": "T.clone(x).pow_(-1)",
    "pow 0.5 in place": "T.clone(x).pow_(0.5)",
    # special functions
    **{name: f"T.special.{name}(x)" for name in SPECIAL}, **{f"{name} point": f"T.special.{name}(s)" for name in SPECIAL},
    "igamma": "T.igamma(y.detach() + 0.5, y)", "igammac": "T.igammac(y.detach() + 0.5, y)", "zeta": "T.special.zeta(2.0, y)",
    "xlog1py": "T.special.xlog1py(x, y)", "xlog1py by a number": "T.special.xlog1py(x, 2.0)",
    "mvlgamma": "T.mvlgamma(2 + x, 2)", "float_power": "T.float_power(x, y)", "float_power 2": "T.float_power(x, 2)",
    "ldexp": "T.ldexp(x, y)", "frexp": "T.frexp(x)[0]", "nextafter": "T.nextafter(x, y)",
    # types
    "conj": "T.conj_physical(u)", "conj_physical": "T.conj_physical(u)", "complex": "T.complex(x, y)",
    "polar": "T.polar(x, y)", "angle": "T.angle(x)", "real": "T.real(u) * 1.0", "imag": "T.imag(u) * 1.0",
    "view_as_real": "T.view_as_real(u) * 1.0", "view_as_complex": "T.view_as_complex(m) * 1.0",
    # reductions
    **{f"{name} all": f"T.{name}(m)" for name in
       words("sum mean norm amax amin max min prod nansum nanmean median nanmedian var std")},
    **{f"{name} dim": f"T.{name}(m, dim=1)" for name in words("sum mean norm amax amin prod nansum nanmean var std")},
    **{f"{name} keepdim": f"T.{name}(m, dim=1, keepdim=True)" for name in words("norm amax prod var std")},
    **{f"{name} along": f"T.{name}(m, 1)[0]" for name in words("max min median nanmedian cummax cummin mode sort topk")},
    "kthvalue": "T.kthvalue(m, 1)[0]", "var_mean": "T.var_mean(m)[0]", "std_mean": "T.std_mean(m)[0]",
    "var_mean mean": "T.var_mean(m)[1]", "std_mean mean": "T.std_mean(m)[1]", "var_mean dim": "T.var_mean(m, dim=1)[0]",
    "std_mean dim": "T.std_mean(m, dim=1)[0]",
    **{f"norm {p}": f"T.norm(m, p={p})" for p in (0, 1, 2, 3, 0.5)},
    "norm inf": "T.norm(m, p=float('inf'))", "norm -inf": "T.norm(m, p=-float('inf'))", "norm complex": "T.norm(u)",
    "norm inf dim": "T.norm(m, p=float('inf'), dim=1)", "norm 3 dim": "T.norm(m, p=3, dim=1)",
    "dist": "T.dist(x, y)", "dist 1": "T.dist(x, y, 1)", "dist 3": "T.dist(x, y, 3)", "dist inf": "T.dist(x, y, float('inf'))",
    "max other": "T.max(x, y)", "min other": "T.min(x, y)", "aminmax": "T.aminmax(m)[0]",
    "aminmax dim": "T.aminmax(m, dim=1)[1]",
    "var complex": "T.var(u)", "std complex": "T.std(u)", "prod complex": "T.prod(u)", "sum complex": "T.sum(u)",
    "quantile": "T.quantile(x, 0.3)", "nanquantile": "T.nanquantile(x, 0.3)",
    "quantile lower": "T.quantile(x, 0.3, interpolation='lower')",
    "cumsum": "T.cumsum(m, 1)", "cumprod": "T.cumprod(m, 1)", "logcumsumexp": "T.logcumsumexp(m, 1)",
    "cumprod complex": "T.cumprod(u, 0)", "diff": "T.diff(x)", "trapezoid": "T.trapezoid(x)",
    "trapezoid x": "T.trapezoid(x, y)",
    "trapezoid dx": "T.trapezoid(x, dx=0.5)", "cumulative_trapezoid": "T.cumulative_trapezoid(x)",
    "cumulative_trapezoid x": "T.cumulative_trapezoid(x, y)",
    "logsumexp": "T.logsumexp(m, 1)", "logsumexp first": "T.logsumexp(m, 0)", "logsumexp all": "T.logsumexp(m, (0, 1))",
    "softmax": "T.softmax(m, 1)", "softmin": "T.softmin(m, 1)", "log_softmax": "T.log_softmax(m, 1)",
    # products
    "matmul": "m @ n", "matmul batch": "b @ c", "matmul vector": "x @ y", "matmul twice": "m @ m",
    "matmul matrix vector": "m @ n[0]", "bmm": "T.bmm(b, c)", "vdot": "T.vdot(x, y)", "vdot complex": "T.vdot(u, v)",
    "inner": "T.inner(x, y)", "outer": "T.outer(x, y)", "einsum": "T.einsum('ij,jk->ik', m, n)",
    "einsum product": "T.einsum('i,i->i', x, y)", "tensordot": "T.tensordot(m, n, 1)", "kron": "T.kron(x, y)",
    "cross": "T.cross(x, y, dim=0)", "trace": "T.trace(m)", "addmm": "T.addmm(m, n, o)",
    "addmm scaled": "T.addmm(m, n, o, beta=2, alpha=3)", "addmv": "T.addmv(m[0] * 1.0, n, o[0] * 1.0)",
    "addr": "T.addr(m, n[0] * 1.0, o[0] * 1.0)", "addbmm": "T.addbmm(m, b, c)", "baddbmm": "T.baddbmm(b, c, d)",
    "baddbmm scaled": "T.baddbmm(b, c, d, beta=2, alpha=3)", "chain_matmul": "T.chain_matmul(m, n, o[:, :1] * 1.0)",
    "matrix_power": "T.matrix_power(m, 3)", "matrix_power 2": "T.matrix_power(m, 2)", "linear": "T.linear(m, n, o[0] * 1.0)",
    "bilinear": "T.bilinear(m, n, T.stack([o, o]))",
    # linear systems and factorisations
    "linalg_solve": "T.linalg.solve(m, n)", "linalg_solve vector": "T.linalg.solve(m, n[0] * 1.0)",
    "linalg_solve_ex": "T.linalg.solve_ex(m, n, left=False)[0]", "linalg_inv": "T.linalg.inv(m)",
    "linalg_inv_ex": "T.linalg.inv_ex(m)[0]", "inverse": "T.inverse(m)", "linalg_det": "T.linalg.det(m)", "det": "T.det(m)",
    "linalg_slogdet": "T.linalg.slogdet(m)[1]", "slogdet": "T.slogdet(m)[1]", "logdet": "T.logdet(n)",
    "linalg_cholesky": "T.linalg.cholesky(m @ m.T)", "linalg_cholesky_ex": "T.linalg.cholesky_ex(m @ m.T, upper=True)[0]",
    "linalg_solve_triangular": "T.linalg.solve_triangular(m, n, upper=True)",
    "triangular_solve": "T.triangular_solve(m, n, upper=False)[0]", "cholesky_solve": "T.cholesky_solve(m, n)",
    "cholesky_inverse": "T.cholesky_inverse(m)", "linalg_lu_factor": "T.linalg.lu_factor(m)[0]",
    "linalg_lu_factor_ex": "T.linalg.lu_factor_ex(m)[0]", "linalg_lu": "T.linalg.lu(m)[2]", "lu": "T.lu(m)[0]",
    "lu_unpack": "T.lu_unpack(m, T.tensor([2, 2]).int())[2]",
    "linalg_lu_solve": "T.linalg.lu_solve(m, T.tensor([2, 2]).int(), n)",
    "lu_solve": "T.lu_solve(n, m, T.tensor([2, 2]).int())",
    "linalg_matrix_exp": "T.linalg.matrix_exp(m)", "matrix_exp": "T.matrix_exp(m)",
    "linalg_matrix_power": "T.linalg.matrix_power(m, 2)", "linalg_matrix_power -1": "T.linalg.matrix_power(m, -1)",
    "linalg_tensorinv": "T.linalg.tensorinv(m, ind=1)", "linalg_tensorsolve": "T.linalg.tensorsolve(m, n[0] * 1.0)",
    "linalg_lstsq": "T.linalg.lstsq(m, n)[0]", "linalg_matmul": "T.linalg.matmul(m, n)",
    "linalg_multi_dot": "T.linalg.multi_dot([m, n, o])", "linalg_cross": "T.linalg.cross(x, y)",
    "linalg_vecdot": "T.linalg.vecdot(m, n)", "linalg_vander": "T.linalg.vander(x)",
    # shapes that copy
    "clone": "T.clone(x)", "fill": "T.clone(x).fill_(1.0)", "to": "x.float()", "repeat": "x.repeat(2)",
    "tile": "T.tile(x, (2,))",
    "repeat_interleave": "T.repeat_interleave(x, 2)", "flip": "T.flip(x, (0,))", "fliplr": "T.fliplr(m)",
    "flipud": "T.flipud(m)", "roll": "T.roll(x, 1)", "rot90": "T.rot90(m)", "tril": "T.tril(m)", "triu": "T.triu(m)",
    "diag": "T.diag(x)", "diag_embed": "T.diag_embed(x)", "diagflat": "T.diagflat(m)", "pad": "T.pad(x, (1, 2))",
    "cat": "T.cat([x, y])", "stack": "T.stack([x, y])", "hstack": "T.hstack([x, y])", "vstack": "T.vstack([x, y])",
    "dstack": "T.dstack([x, y])", "column_stack": "T.column_stack([x, y])", "block_diag": "T.block_diag(m, n)",
    "cartesian_prod": "T.cartesian_prod(x, y)", "combinations": "T.combinations(x)",
    # indexing
    "index": "x[T.tensor([0, 2, 0])]", "gather": "T.gather(m, 1, T.tensor([[0], [1]]))",
    "take_along_dim": "T.take_along_dim(m, T.tensor([[0], [1]]), 1)", "take": "T.take(m, T.tensor([0, 3]))",
    "index_select": "T.index_select(m, 0, T.tensor([1]))", "masked_select": "T.masked_select(m, T.tensor([True, False]))",
    "masked_fill": "T.masked_fill(x, T.tensor([True, False, True]), 0.5)",
    "masked_scatter": "T.masked_scatter(x, T.tensor([True, False, True]), y)",
    "scatter": "T.scatter(x, 0, T.tensor([2, 0, 1]), y)", "scatter_add": "T.scatter_add(x, 0, T.tensor([2, 0, 2]), y)",
    "scatter number": "T.scatter(x, 0, T.tensor([2, 0]), 5.0)",
    **{f"scatter_reduce {how}": f"T.scatter_reduce(x, 0, T.tensor([2, 0, 2]), y, '{how}')"
       for how in ("sum", "mean", "amax", "prod")},
    **{f"index_reduce {how}": f"T.index_reduce(x, 0, T.tensor([2, 0, 2]), y, '{how}')" for how in ("mean", "amax", "prod")},
    "index_add": "T.index_add(x, 0, T.tensor([2, 0, 1]), y)",
    "index_add alpha": "T.index_add(x, 0, T.tensor([2, 0, 1]), y, alpha=2)",
    "index_copy": "T.index_copy(x, 0, T.tensor([2, 0, 1]), y)", "index_fill": "T.index_fill(x, 0, T.tensor([2]), 5.0)",
    "index_put": "T.index_put(x, (T.tensor([2, 0, 1]),), y)",
    "index_put accumulate": "T.index_put(x, (T.tensor([2, 0, 2]),), y, accumulate=True)",
    "put": "x.put(T.tensor([2, 0, 1]), y)", "select_scatter": "T.select_scatter(m, n[0] * 1.0, 0, 1)",
    "slice_scatter": "T.slice_scatter(m, n, 0, 0, 2)", "diagonal_scatter": "T.diagonal_scatter(m, n[0] * 1.0)",
    "msort": "T.msort(m)",
    # decompositions
    **{f"linalg_eigh {i}": f"T.linalg.eigh(m)[{i}]" for i in range(2)}, "linalg_eigvalsh": "T.linalg.eigvalsh(m)",
    **{f"linalg_svd {i}": f"T.linalg.svd(m)[{i}]" for i in range(3)}, "linalg_svdvals": "T.linalg.svdvals(m)",
    **{f"svd {i}": f"T.svd(m)[{i}]" for i in range(3)}, **{f"linalg_qr {i}": f"T.linalg.qr(m)[{i}]" for i in range(2)},
    **{f"linalg_norm {p}": f"T.linalg.norm(m, {p})" for p in ("2", "'nuc'", "1", "None")},
    "linalg_vector_norm": "T.linalg.vector_norm(m, 3)", "linalg_matrix_norm": "T.linalg.matrix_norm(m)",
    "linalg_matrix_norm nuc": "T.linalg.matrix_norm(m, 'nuc')", "linalg_cond": "T.linalg.cond(m)",
    **{f"linalg_eig {i}": f"T.linalg.eig(m)[{i}].real * 1.0" for i in range(2)},
    "linalg_eigvals": "T.linalg.eigvals(m).real * 1.0", "linalg_pinv": "T.linalg.pinv(m)", "pinverse": "T.pinverse(m)",
    "cov": "T.cov(m)", "corrcoef": "T.corrcoef(m)", "cdist": "T.cdist(m, n)", "pdist": "T.pdist(m)",
    "renorm": "T.renorm(m, 2, 0, 0.5)", "orgqr": "T.orgqr(m, x[:2] * 1.0)", "ormqr": "T.ormqr(m, x[:2] * 1.0, n)",
    "linalg_householder_product": "T.linalg.householder_product(m, x[:2] * 1.0)",
}


def operands_of(case):
    """The letters that a case names, in order."""
    tree = compile(CASES[case], case, "eval")
    return [name for name in tree.co_names if name in VALUES]


def needs_of(case):
    """Which operands require a gradient: all, and each alone."""
    letters = operands_of(case)
    return ["".join(letters)] + (letters if len(letters) > 1 else [])


class Run:
    """One forward pass of a case: operands that may be written in place, and the result."""

    def __init__(self, T, case, needs):
        self.leaves, self.operands = {}, {}
        for letter in operands_of(case):
            leaf = T.tensor(VALUES[letter], dtype=T.complex128 if letter in "uv" else T.float64)
            self.leaves[letter] = leaf.requires_grad_(letter in needs)
            self.operands[letter] = leaf.clone()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.out = eval(CASES[case], {"T": T, "float": float, **self.operands})

    def backward(self, T):
        """The gradients, or None where the backward pass refuses what was written, or freed."""
        try:
            # The cotangent differs from place to place, and is the same whatever was written.
            seed = T.arange(self.out.numel(), dtype=T.float64).reshape(tuple(self.out.shape)) + 1
            self.out.backward(seed.to(self.out.dtype))
        except RuntimeError as error:
            if "modified by an inplace operation" not in str(error) and "a second time" not in str(error):
                raise
            return None
        return {letter: leaf.grad for letter, leaf in self.leaves.items() if leaf.grad is not None}

    def target(self, place):
        return self.out if place == "out" else self.operands[place]


def written(T, case, needs):
    """The places where a write makes the backward pass raise, and "again" where a second one does."""
    found = []
    for place in (*operands_of(case), "out"):
        run = Run(T, case, needs)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run.target(place).add_(1)
        if run.backward(T) is None:
            found.append(place)
    run = Run(T, case, needs)
    run.backward(T)
    if run.backward(T) is None:
        found.append("again")
    return found


class Torch:
    """torch, and what it has in torch.nn.functional."""

    def __getattr__(self, name):
        import torch

        return getattr(torch, name, None) or getattr(torch.nn.functional, name)


def answers(case):
    """PyTorch's, for all operands that require a gradient and for each alone."""
    return {needs: written(Torch(), case, needs) for needs in needs_of(case)}


def write():
    import torch

    table = {"version": torch.__version__.split("+")[0], **{case: answers(case) for case in CASES}}
    rows = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in table.items()]
    TABLE.write_text("{\n" + ",\n".join(rows) + "\n}\n")


if __name__ == "__main__":
    write()
