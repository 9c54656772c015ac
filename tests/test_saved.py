"""What rows save is what PyTorch's ops save: the same writes between forward and backward raise, all others do no harm.

``saved_torch.json`` holds PyTorch's answers (see ``saved_torch.py``); MORE and LESS the deliberate departures.
"""
import json

import numpy as np
import pytest
import saved_torch
from saved_torch import CASES, TABLE, Run, needs_of, operands_of, words, written

import autodiff
import autodiff.numpy as anp
from autodiff import autograd, rules
from checks import leaf

TORCH = json.loads(TABLE.read_text(encoding="utf-8"))

#: Places where a write raises here and not in PyTorch: {reason: {places: cases}}; "case of x" where x alone needs a gradient.
MORE = {
    "out overflows near 1024, where the derivative does not": {"x": "exp2", "s": "exp2 point"},
    "PyTorch multiplies views that share no version: the write goes unnoticed, the gradient is wrong": {"x y": "kron"},
    "the product with a matrix frees what it saved": {"again": "affine_grid"},
    "one op, where PyTorch multiplies first and saves the product": {"x": "ndtr", "s": "ndtr point"},
    "of products that take the same time another comes first": {"m n": "linalg_multi_dot of o"},
    "x / out, differentiated, subtracts equal numbers where y is small beside x: the cosine is computed from both": {
        "y": "hypot of x; hypot in place of x", "x": "hypot of y",
    },
}

#: Places where a write raises in PyTorch and not here, with the right gradient all the same.
LESS = {
    "a convolution saves the operand that the derivative needs": {
        "m": "conv1d of m; conv2d of m; conv3d of m; conv_transpose1d of m; conv_transpose2d of m; conv_transpose3d of m",
        "n": "conv1d of n; conv2d of n; conv3d of n; conv_transpose1d of n; conv_transpose2d of n; conv_transpose3d of n",
    },
    "pooling saves positions, or nothing; samples at a grid are products of copies": {
        "m": "max_pool1d; max_pool2d; max_pool3d; adaptive_max_pool1d; adaptive_max_pool2d; adaptive_max_pool3d",
        "again m": "avg_pool1d; avg_pool2d; avg_pool3d; adaptive_avg_pool1d; adaptive_avg_pool2d; adaptive_avg_pool3d",
        "again": "max_unpool1d; max_unpool2d; max_unpool3d", "m n": "grid_sample",
    },
    "positions and masks are arrays that no code can write; a first pass does not free them": {
        "again": "where; max along; min along; median along; nanmedian along; mode along; sort along; topk along; kthvalue; "
                 "quantile lower; index; index_select; masked_fill; masked_scatter; scatter; scatter_add; scatter number; "
                 "index_fill; index_put; index_put accumulate; msort; combinations",
        "again m": "nansum all; nansum dim; cummax along; cummin along; gather; take_along_dim; take; masked_select",
        "again x": "nan_to_num; threshold; quantile lower", "again s": "nan_to_num point",
        "x": "leaky_relu; leaky_relu slope; logit eps", "s": "leaky_relu point", "m": "nanmean all; nanmean dim",
        "x y": "clamp tensors", "again y": "index_add; index_copy; put", "y": "index_add alpha",
    },
    "what it saves it has computed beside: a difference, a product, a copy, where nobody can write": {
        "x": "gelu", "s": "gelu point", "x y": "dist; dist 1; dist 3; dist inf; mse_loss; mse_loss none",
        "x y z": "lerp weight",
        "y": "addcmul value; addcdiv; addcdiv value", "m": "bilinear; pdist; triangular_solve; cholesky_solve",
        "n o": "linalg_multi_dot of m", "out": "linalg_lu; triangular_solve of m; cholesky_solve of m",
        "m n": "cdist", "m out": "orgqr; linalg_householder_product", "m n out": "ormqr",
        "again out x y": "scatter_reduce sum",
        "out x y": "scatter_reduce mean; scatter_reduce prod; index_reduce mean; index_reduce prod",
    },
    "computed from the operands, which MORE gives the reason for: the result is not needed": {
        "out": "exp2; exp2 point; hypot; hypot point; log_ndtr; log_ndtr point; i1; i1 point",
    },
    "a derivative is 0 or 1, or the mean's, and needs nothing": {
        "again out x": "sgn", "again out s": "sgn point", "again out": "copysign; copysign point; copysign in place",
        "again x y": "div floor; div trunc; complex; nextafter", "again z": "addcdiv; addcdiv value",
        "again m": "var_mean mean; std_mean mean",
    },
    "the derivative in the base alone does not need the result": {"out": "pow; pow point; pow complex; float_power"},
    "two powers of 2 are saved, where nobody can write": {"y out": "ldexp"},
    "the derivative in the right-hand side alone does not need the solution, and that of a determinant is made of cofactors": {
        "out": "linalg_solve of n; linalg_solve vector of n; linalg_solve_ex of n; linalg_det; det; "
               "linalg_solve_triangular of n; linalg_lu_solve of n; lu_solve of n; linalg_tensorsolve of n; "
               "linalg_lstsq of n",
        "n": "linalg_lstsq of n",
    },
    "copies of the operands are saved: where abs is 0, the result has lost the angle": {"out": "polar"},
    "what an op in place computes, it computes beside": {
        "out": "exp in place; tanh in place; sigmoid in place; sqrt in place; reciprocal in place; tan in place; "
               "relu in place; expm1 in place; rsqrt in place; pow in place; hypot in place; exp in place, point; "
               "sqrt in place, point; reciprocal in place, point",
        "out t": "pow in place, point", "t": "mul in place, point; div in place, point; atan2 in place, point",
    },
}


def departures(table, case, needs):
    return {place for groups in table.values() for places, cases in groups.items()
            if {case, f"{case} of {needs}"} & {*cases.split("; ")} for place in places.split()}


def right(case, needs, place, write):
    """Whether the gradients are those of the same program without the write."""
    plain, run = Run(autodiff, case, needs), Run(autodiff, case, needs)
    write(run.target(place))
    expected, found = plain.backward(autodiff), run.backward(autodiff)
    return found is not None and all(np.array_equal(found[letter].numpy(), expected[letter].numpy()) for letter in expected)


@pytest.mark.parametrize("case", CASES)
def test_the_writes_that_raise_are_pytorchs(case):
    for needs in needs_of(case):
        more, less = departures(MORE, case, needs), departures(LESS, case, needs)
        wanted, found = set(TORCH[case][needs]), set(written(autodiff, case, needs))
        # An operand of no dimensions without a gradient is saved as a number: see docs/differences.md.
        numbers = {place for place in operands_of(case) if place in "st" and place not in needs}
        assert found - wanted <= more, needs
        assert wanted - found <= less | numbers, needs


@pytest.mark.parametrize("case", CASES)
def test_all_other_writes_leave_the_gradient_right(case):
    """In place, and through .data, which no version tells."""
    for needs in needs_of(case):
        raising = set(written(autodiff, case, needs))
        for place in {*operands_of(case), "out"} - raising:
            assert right(case, needs, place, lambda v: v.add_(1)), (needs, place)
            assert right(case, needs, place, lambda v: v.data.mul_(0.5)), (needs, place)


def test_departures_are_departures():
    """Each place that MORE and LESS name is one that PyTorch does not refuse, or does."""
    for table, refused in ((MORE, False), (LESS, True)):
        for groups in table.values():
            for places, cases in groups.items():
                for name in cases.split("; "):
                    case, _, needs = (name, "", "") if name in CASES else name.rpartition(" of ")
                    answers = [TORCH[case][needs]] if needs else TORCH[case].values()
                    for place in places.split():
                        assert any(place in answer for answer in answers) == refused, (name, place)


def test_the_table_is_pytorchs():
    torch = pytest.importorskip("torch")
    if torch.__version__.split("+")[0] != TORCH["version"]:
        pytest.skip(f"the table is that of PyTorch {TORCH['version']}")
    assert {case: saved_torch.answers(case) for case in CASES} == {case: TORCH[case] for case in CASES}


#: Rows without a case, which PyTorch lacks, or which are views, shapes alone or conditions: they save nothing.
NOTHING = set(words("cbrt positive reshape flatten ravel squeeze swapdims adjoint movedim unflatten broadcast_to "
                    "broadcast_tensors atleast_1d atleast_2d atleast_3d meshgrid diagonal unfold as_strided squeeze_ "
                    "unsqueeze_ t_ transpose_ as_strided_ split chunk split_with_sizes unsafe_split "
                    "unsafe_split_with_sizes unsafe_chunk tensor_split hsplit vsplit dsplit resolve_conj resolve_neg "
                    "cholesky qr linalg_diagonal vander"))
#: Linear in the operand; of a window, stft and istft save what their products do.
NOTHING |= {rule.name for rule in rules.RULES if rule.namespace == "fft"} | {"stft", "istft"}
#: Rows whose derivative is refused, or whose result is bool or an index.
WITHOUT = set(words("isclose isposinf isneginf bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift "
                    "bitwise_not floor_divide heaviside isreal all any count_nonzero unique unique_consecutive nonzero "
                    "argwhere searchsorted bucketize isin bincount histc argsort gcd lcm linalg_matrix_rank "
                    "linalg_ldl_factor linalg_ldl_factor_ex linalg_ldl_solve histogram geqrf "

                    # to PyTorch
                    "modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 bessel_j0 "
                    "bessel_j1 bessel_y0 bessel_y1 spherical_bessel_j0 airy_ai legendre_polynomial_p laguerre_polynomial_l "
                    "hermite_polynomial_h hermite_polynomial_he chebyshev_polynomial_t chebyshev_polynomial_u "
                    "chebyshev_polynomial_v chebyshev_polynomial_w shifted_chebyshev_polynomial_t "
                    "shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w"))


#: Made of other rows, which save what this table says, and compute beside what PyTorch has one op for.
MADE_OF_OTHERS = {rule.name for rule in rules.RULES if rule.namespace == "nn.functional" and rule.composite}


def test_every_row_has_a_case():
    told = {case.split()[0] for case in CASES} | MADE_OF_OTHERS
    for rule in rules.RULES:
        if rule.name in told | NOTHING | WITHOUT or not (rule.method or rule.function):
            continue
        assert not rule.composite and not (rule.dx or rule.dy), (
            f"what {rule.name} saves is not held against PyTorch: add a case to CASES of tests/saved_torch.py and run that "
            "file with PyTorch installed, or put the name into NOTHING or WITHOUT of tests/test_saved.py")


# ---- what the table cannot tell

@pytest.mark.parametrize("dtype", [autodiff.float16, autodiff.float32, autodiff.float64, autodiff.complex128])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_quotient_may_be_written(dtype, shape):
    def quotients(write):
        x, w = [autodiff.full(shape, v, dtype=dtype, requires_grad=True) for v in (2.0, 4.0)]
        for y in (x / w, 1 / x, 3 / w, x / 2, x ** -1, x ** 0.5):
            write(y)
            y.backward(autodiff.ones_like(y))
        return x.grad.tolist(), w.grad.tolist()

    expected = quotients(lambda y: None)
    assert quotients(lambda y: y.add_(1)) == expected
    assert quotients(lambda y: y.data.mul_(0.5)) == expected
    if shape:
        assert quotients(lambda y: y[:1].data.mul_(0.5)) == expected
        # Elements that are overwritten have no gradient, the others theirs.
        kept = [[g[0], 0.0] for g in expected]
        assert quotients(lambda y: y[1:].zero_()) == tuple(kept)


@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_divisor_of_a_number_may_be_written(shape):
    """PyTorch saves a reciprocal that nobody has: 1 / x is a product with it."""
    for write in (lambda v: v.mul_(5.0), lambda v: v.data.mul_(5.0)):
        x = autodiff.full(shape, 4.0, dtype=autodiff.float64, requires_grad=True)
        v = x * 1
        y = 3 / v
        write(v)
        assert y.grad_fn.name() == "MulBackward0"
        (g,) = autograd.grad(y.sum(), x, create_graph=True)
        write(v)
        (second,) = autograd.grad(g.sum(), x)
        np.testing.assert_allclose(g.detach().numpy(), np.full(shape, -3 / 16), rtol=1e-15)
        np.testing.assert_allclose(second.numpy(), np.full(shape, 6 / 64), rtol=1e-15)


def test_an_element_as_a_divisor_may_be_written():
    x = leaf([4.0, 8.0])
    v = x * 1
    y = 3 / v[0] + v[1] / 2
    v[0] = 7.0
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), [-3 / 16, 0.5], rtol=1e-15)


@pytest.mark.parametrize("f", [lambda x, w: x / w, lambda x, w: 1 / x, lambda x, w: 2 / w, lambda x, w: x ** -1,
                               lambda x, w: x ** 0.5, lambda x, w: x / 4, lambda x, w: autodiff.sinc(x)])
def test_results_of_numpys_flavour_may_be_written(f):
    def gradients(write):
        x, w = anp.array([0.5, 0.25]), anp.array([2.0, 3.0])
        for v in (x, w):
            v.attach_grad()
        with autograd.record():
            y = f(x, w)
        write(y)
        y.backward()
        return x.grad.tolist(), w.grad.tolist()

    def write(y):
        y.data[:] = 9.0

    assert gradients(write) == gradients(lambda y: None)


def second(T, grad, case, needs, write=None, place=None):
    """Second derivatives, something written between the recorded backward pass and the next; None where that raises."""
    run = Run(T, case, needs)
    leaves = [v for v in run.leaves.values() if v.requires_grad]
    first = grad(run.out, leaves, T.ones_like(run.out), create_graph=True, allow_unused=True)
    first = [g for g in first if g is not None and g.requires_grad]
    if not first:
        return []
    if write is not None:
        write(run.target(place))
    try:
        return [g if g is None else g.tolist() for g in
                grad(first, leaves, [T.ones_like(g) for g in first], allow_unused=True)]
    except RuntimeError as error:
        assert "modified by an inplace operation" in str(error)
        return None


@pytest.mark.parametrize("case", CASES)
def test_writes_between_first_and_second_derivatives(case):
    """They raise or leave the second derivative right, through .data too."""
    for needs in needs_of(case):
        expected = second(autodiff, autograd.grad, case, needs)
        for place in (*operands_of(case), "out"):
            found = second(autodiff, autograd.grad, case, needs, lambda v: v.add_(1), place)
            if found is not None:
                assert found == expected, (needs, place)
                assert second(autodiff, autograd.grad, case, needs, lambda v: v.data.mul_(0.5), place) == expected


#: Where there is nothing that PyTorch could refuse.
NO_GRAPH = "PyTorch's first derivative is not in the graph, and differentiating it raises, write or none: here the second is 0"
#: Places where a write between both passes raises here and not in PyTorch: {reason: {(case, needs, place), ...}}.
SECOND = {
    "the graph saved an operand itself, where PyTorch's saved a product": {
        ("atan2", "x", "y"), ("atan2", "y", "x"), ("atan2 in place", "x", "y"), ("addcdiv", "xyz", "y"), ("addcdiv", "z", "y"),
        ("ndtr", "x", "x"), ("ndtr point", "s", "s"),
    },
    "x times log(10) overflows, x times log(2) loses digits below the least normal number: the quotient is by x itself": {
        ("log2", "x", "x"), ("log2 point", "s", "s"), ("log10", "x", "x"), ("log10 point", "s", "s"),
    },
    "the derivative is made of the operands, of which PyTorch keeps a block, a pseudo-inverse, a product": {
        ("linalg_matrix_exp", "m", "m"), ("matrix_exp", "m", "m"), ("linalg_multi_dot", "mno", "o"),
        *(("linalg_lstsq", needs, place) for needs, place in (("mn", "n"), ("mn", "out"), ("m", "n"), ("m", "out"))),
    },
    "the cosine is computed from both operands: see MORE": {
        ("hypot", "x", "y"), ("hypot", "y", "x"), ("hypot in place", "x", "y"),
    },
    NO_GRAPH: {
        ("pow 0", "x", "x"), ("pow 0, point", "s", "s"), ("clamp", "x", "x"),
        *(("clamp tensors", needs, place) for needs in ("xyz", "x", "y") for place in "xy"),
    },
}


@pytest.mark.parametrize("case", CASES)
def test_no_second_derivative_refuses_more_writes_than_pytorchs(case):
    """And those of SECOND are refused here, and not there."""
    torch = pytest.importorskip("torch")
    for needs in needs_of(case):
        for place in (*operands_of(case), "out"):
            reason = next((reason for reason, places in SECOND.items() if (case, needs, place) in places), None)
            refused = second(autodiff, autograd.grad, case, needs, lambda v: v.add_(1), place) is None
            assert refused or reason is None, (needs, place)
            if refused:
                theirs = second(saved_torch.Torch(), torch.autograd.grad, case, needs, lambda v: v.add_(1), place)
                assert (theirs is None) == (reason is None), (needs, place)
                assert (theirs == []) == (reason == NO_GRAPH), (needs, place)


@pytest.mark.parametrize("f", [lambda x: x.logit(), lambda x: x.sinc(), lambda x: x.erfinv(), lambda x: x ** -1,
                               lambda x: x ** 0.5, lambda x: x / (x + 1), lambda x: 3 / x])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_recorded_derivative_has_the_bits_of_the_compiled_one(f, shape):
    x = autodiff.full(shape, 0.3, dtype=autodiff.float32, requires_grad=True)
    y = f(x)
    (recorded,) = autograd.grad(y.sum(), x, create_graph=True)
    (compiled,) = autograd.grad(f(x).sum(), x)
    assert recorded.dtype == compiled.dtype == autodiff.float32 and recorded.tolist() == compiled.tolist()
    assert recorded.grad_fn.name() != "ToCopyBackward0"


def test_a_second_pass_needs_no_graph_retained_where_a_number_alone_was_saved():
    for f in (lambda a, b: autodiff.lerp(a, b, 0.25), lambda a, b: autodiff.lerp(a, b, 0.75),
              lambda a, b: autodiff.add(a, b, alpha=3), lambda a, b: a.sub(b, alpha=3),
              lambda a, b: a.clone().add_(b, alpha=3)):
        a, b = leaf([1.0, 2.0]), leaf([3.0, 5.0])
        y = f(a, b).sum()
        y.backward()
        once = a.grad.tolist(), b.grad.tolist()
        y.backward()
        assert ((a.grad / 2).tolist(), (b.grad / 2).tolist()) == once
    a = leaf([1.0])
    y = (a * 2).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()
