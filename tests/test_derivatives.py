"""Every row of the catalogue: value against NumPy, derivatives of order 1 and 2 against central differences.

The reference of an elementwise row is the row's own `value` text evaluated by NumPy; that of a structural row is written
here, in NumPy.  A derivative's text is never retyped: it is held against differences of the reference.
"""
import functools
import itertools

import numpy as np
import pytest

import autodiff
import cases
from autodiff import autograd, rules
from autodiff._variable import OPS
from autodiff.rules import BY_NAME, ELEMENTWISE, RULES
from checks import check, derivative, gradients, leaf, plain, public, render, weights

NAMESPACE = {"where": np.where} | cases.REFERENCES | {name: getattr(np, BY_NAME[name].numpy_name) for name in rules.FUNCTIONS
                                                      if name not in cases.REFERENCES and BY_NAME[name].numpy_name}
#: Rows with a derivative in each operand that users call; what else there is stands behind another row.
DIFFERENTIABLE = tuple(rule for rule in ELEMENTWISE if rule.dx and (rule.dy or rule.arity == 1) and rule.function)
UNARY = tuple(rule for rule in DIFFERENTIABLE if rule.arity == 1)
BINARY = tuple(rule for rule in DIFFERENTIABLE if rule.arity == 2)
CONDITIONS = tuple(rule for rule in ELEMENTWISE if not rule.dx)
COMPARISONS = tuple(rule for rule in CONDITIONS if rule.arity == 2)
SPECIAL = render.specials(rules)
PUBLIC = tuple(rule for rule in ELEMENTWISE if rule.function)


def by_name(rule):
    return rule.name


def reference(rule, *arrays):
    """The row's value by NumPy."""
    with np.errstate(all="ignore"):
        return np.asarray(eval(rule.value, {}, NAMESPACE | dict(zip("xyz", arrays))))


def call(rule, *operands):
    """The function of a row; what only formulas call is in their namespace."""
    return (public(rule) if rule.function else getattr(OPS, rule.name))(*operands)


OPERATORS = {"add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y,
             "truediv": lambda x, y: x / y, "mod": lambda x, y: x % y,
             "pow": lambda x, y: x ** y, "neg": lambda x: -x, "pos": lambda x: +x,
             "abs": abs, "eq": lambda x, y: x == y, "ne": lambda x, y: x != y, "lt": lambda x, y: x < y,
             "le": lambda x, y: x <= y, "gt": lambda x, y: x > y, "ge": lambda x, y: x >= y}


def operator(rule, *operands):
    """By the operator where the row has one, else by its function."""
    return OPERATORS[rule.infix](*operands) if rule.infix else call(rule, *operands)


def positive(rule, shape, which=0):
    """Operands as far from kinks as the row's interval allows."""
    x = sample(rule, shape, which=which)
    return np.abs(x) + 0.5 if rule.at == (-2.0, 2.0) else x


def sample(rule, shape, seed=0, which=0, dtype=np.float64):
    """Random operands from the row's interval, away from 0, where some rows have a kink."""
    low, high = rule.at if which == 0 or rule.at_y is None else rule.at_y
    x = np.random.default_rng([seed, which]).uniform(low, high, shape)
    return np.where(np.abs(x) < 0.05, np.copysign(0.05, x) * 2, x).astype(dtype)


# ---- elementwise rows

SHAPES = [(), (1,), (3,), (2, 3), (0,), (0, 3), (2, 1, 2)]
PAIRS = [((), ()), ((3,), ()), ((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((1,), (2, 2)),
         ((2, 2), (1,)), ((1,), ()), ((), (1,)), ((0, 3), (3,)), ((3,), (0, 3)), ((1, 1), (0,)), ((2, 1, 2), (3, 1))]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("rule", UNARY, ids=by_name)
def test_unary_rows(rule, shape):
    check(lambda x: call(rule, x), lambda x: reference(rule, x), [sample(rule, shape)])


@pytest.mark.parametrize("shapes", PAIRS, ids=str)
@pytest.mark.parametrize("rule", BINARY, ids=by_name)
def test_binary_rows(rule, shapes):
    check(lambda x, y: call(rule, x, y), lambda x, y: reference(rule, x, y),
          [sample(rule, shape, which=i) for i, shape in enumerate(shapes)])


#: Numbers at which a function is infinite, or is none.
OUTSIDE = {"xlog1py": (-1,), "zeta": (1, 0.5, -1, -2)}


@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (0,)], ids=str)
@pytest.mark.parametrize("number", [1.5, 2.0, 3, 1, -1, 0.5, -2.0, True, np.float64(1.5), np.float32(0.5), np.int64(3)],
                         ids=lambda n: f"{type(n).__name__} {n}")
@pytest.mark.parametrize("rule", BINARY, ids=by_name)
def test_numbers(rule, number, shape):
    """tensor-number and number-tensor by operator."""
    if number in OUTSIDE.get(rule.name, ()):
        return
    x = np.abs(sample(rule, shape)) + 0.5
    check(lambda x: operator(rule, x, number), lambda x: reference(rule, x, np.float64(number)), [x])
    if not isinstance(number, np.generic):      # a NumPy number on the left asks NumPy's protocols, not ours
        if rule.name in SPECIAL and number < 0:     # a power of a negative number
            return
        check(lambda x: operator(rule, number, x), lambda x: reference(rule, np.float64(number), x), [x])


@pytest.mark.parametrize("rule", [r for r in DIFFERENTIABLE if r.infix], ids=by_name)
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_operator_function_and_method_agree(rule, shape):
    operands = [sample(rule, shape, which=i) for i in range(rule.arity)]
    outs = [f(*[leaf(a) for a in operands])
            for f in (lambda *a: operator(rule, *a), lambda *a: call(rule, *a), lambda x, *a: getattr(x, rule.name)(*a))]
    if rule.itself:         # as in PyTorch
        x = leaf(operands[0])
        assert operator(rule, x) is call(rule, x) is getattr(x, rule.name)() is x
        copied = autodiff.numpy.array(operands[0])
        assert copied is not call(rule, copied) is not +copied
        return
    for out in outs[1:]:
        assert out.tolist() == outs[0].tolist()
        assert out.grad_fn.name() == outs[0].grad_fn.name()


#: Rendered texts in place of NumPy's scalar loops; deg2rad and rad2deg have another float32 for pi / 180.
ROUNDED_OTHERWISE = ("logaddexp", "logaddexp2", "deg2rad", "rad2deg")


@pytest.mark.parametrize("rule", [r for r in ELEMENTWISE if r.numpy_name], ids=by_name)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_has_numpys_bits(rule, dtype):
    """Or is as near as docs/accuracy.md says, where the loop is our own."""
    operands = [sample(rule, 129, which=i, dtype=dtype) for i in range(rule.arity)]
    expected = getattr(np, rule.numpy_name)(*operands)
    out = call(rule, *[autodiff.tensor(a) for a in operands])
    assert out.numpy().dtype == expected.dtype
    own = rule.loop_at(expected.dtype.name) == "vector" and "like" not in rule.loop
    if own or rule.name in ROUNDED_OTHERWISE:
        # a sum that cancels is as exact as its terms
        scale = max(1.0, *(np.abs(operand).max() for operand in operands)) if rule.arity == 2 else 0.0
        limit = 3 * np.finfo(dtype).eps
        np.testing.assert_allclose(out.numpy(), expected, rtol=limit, atol=limit * scale)
    else:
        np.testing.assert_array_equal(out.numpy(), expected)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("rule", [rule for rule in CONDITIONS if rule.arity == 1], ids=by_name)
def test_conditions(rule, shape):
    x = np.resize([1.5, np.nan, -0.0, np.inf, -2.0, 0.0, -np.inf], shape)
    for array in (x, x.astype(np.float32), np.resize([1, 0, -2], shape), x > 0):
        out = call(rule, autodiff.tensor(array))
        np.testing.assert_array_equal(out.numpy(), np.asarray(getattr(np, rule.numpy_name)(array)), strict=True)
    assert not call(rule, leaf(x)).requires_grad


@pytest.mark.parametrize("shapes", PAIRS, ids=str)
@pytest.mark.parametrize("rule", COMPARISONS, ids=by_name)
def test_comparisons(rule, shapes):
    x, y = (np.random.default_rng(i).integers(0, 2, shape).astype(float) for i, shape in enumerate(shapes))
    out = operator(rule, leaf(x), leaf(y))
    np.testing.assert_array_equal(out.numpy(), reference(rule, x, y))
    assert out.dtype == autodiff.bool and not out.requires_grad
    for number in (0.0, 1, np.nan):
        np.testing.assert_array_equal(operator(rule, leaf(x), number).numpy(), reference(rule, x, number))
        np.testing.assert_array_equal(operator(rule, number, leaf(x)).numpy(), reference(rule, number, x))


# ---- memory layouts: the same numbers, laid out otherwise, give the same numbers

def laid_out(array, layout):
    """An ndarray of the same elements in another layout, or None where the layout says nothing for that shape."""
    if array.ndim == 0:
        return None
    if layout == "fortran":
        return np.asfortranarray(array)
    if layout == "strided":
        room = np.zeros(tuple(2 * n for n in array.shape))
        view = room[tuple(slice(None, None, 2) for _ in array.shape)]
    elif layout == "negative":
        room = np.zeros(array.shape)
        view = room[tuple(slice(None, None, -1) for _ in array.shape)]
    elif layout == "transposed":
        room = np.zeros(array.shape[::-1])
        view = room.T
    elif layout == "offset":
        room = np.zeros(tuple(n + 2 for n in array.shape))
        view = room[tuple(slice(1, -1) for _ in array.shape)]
    view[...] = array
    return view


LAYOUTS = ["fortran", "strided", "negative", "transposed", "offset"]


def leaf_in(array, layout):
    v = autodiff.from_numpy(laid_out(array, layout))
    return v.requires_grad_()


def view_in(array, layout):
    """The same elements as a recorded view of a contiguous leaf: (leaf, view, the leaf's gradient to the view's)."""
    n = array.ndim
    if layout in ("fortran", "transposed"):
        base = leaf(array.transpose().copy())
        return base, base.permute(*reversed(range(n))), lambda g: g.transpose()
    if layout == "strided":
        index = tuple(slice(None, None, 2) for _ in range(n))
        room = np.zeros(tuple(2 * k for k in array.shape))
    elif layout == "negative":
        index = tuple(slice(None, None, -1) for _ in range(n))
        room = np.zeros(array.shape)
    else:
        index = tuple(slice(1, -1) for _ in range(n))
        room = np.zeros(tuple(k + 2 for k in array.shape))
    room[index] = array
    base = leaf(room)
    return base, base[index], lambda g: g[index]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("rule", DIFFERENTIABLE, ids=by_name)
def test_layouts(rule, layout):
    arrays = [sample(rule, (3, 4), which=i) for i in range(rule.arity)]
    w = weights((3, 4))
    expected = gradients(lambda *a: call(rule, *a), arrays, w)
    # NumPy's own loops round some functions otherwise where memory runs backwards.
    same = np.testing.assert_array_equal if layout != "negative" else functools.partial(
        np.testing.assert_allclose, rtol=1e-14, atol=1e-15)
    for choice in itertools.product((False, True), repeat=rule.arity):
        if not any(choice):
            continue
        made = [leaf_in(a, layout) if other else leaf(a) for a, other in zip(arrays, choice)]
        out = call(rule, *made)
        same(plain(out), call(rule, *map(leaf, arrays)).detach().numpy())
        (out * autodiff.from_numpy(laid_out(w, layout))).sum().backward()
        for v, g in zip(made, expected):
            same(v.grad.numpy(), g)
        bases, views, backs = zip(*[view_in(a, layout) if other else (lambda b: (b, b, lambda g: g))(leaf(a))
                                    for a, other in zip(arrays, choice)])
        first = autograd.grad((call(rule, *views) * autodiff.tensor(w)).sum(), bases, create_graph=True)
        for back, found, g in zip(backs, first, expected):
            same(back(plain(found)), g)
            assert abs(plain(found).sum() - g.sum()) <= 1e-12 * np.abs(g).sum()     # nothing outside the view


@pytest.mark.parametrize("rule", DIFFERENTIABLE, ids=by_name)
def test_expanded_operands(rule):
    row = [sample(rule, (1, 3), which=i) for i in range(rule.arity)]
    w = weights((4, 3))
    leaves = [leaf(a) for a in row]
    (call(rule, *[v.expand(4, 3) for v in leaves]) * autodiff.tensor(w)).sum().backward()
    full = gradients(lambda *a: call(rule, *a), [np.repeat(a, 4, 0) for a in row], w)
    for v, g in zip(leaves, full):
        np.testing.assert_allclose(v.grad.numpy(), g.sum(0, keepdims=True), rtol=1e-14)
    check(lambda *a: call(rule, *[x.expand(2, 3) for x in a]),
          lambda *a: reference(rule, *[np.broadcast_to(x, (2, 3)) for x in a]), row)


@pytest.mark.parametrize("rule", BINARY, ids=by_name)
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_one_variable_as_both_operands(rule, shape):
    x = np.abs(sample(rule, shape)) + 0.5
    check(lambda x: call(rule, x, x), lambda x: reference(rule, x, x), [x])


# ---- dtypes

def promoted(a, b):
    """PyTorch: dimensions outrank no dimensions; among equals the wider float."""
    if (len(a[0]) > 0) == (len(b[0]) > 0):
        return np.promote_types(a[1], b[1])
    return np.dtype(a[1] if len(a[0]) else b[1])


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("shape", [(), (5,), (0,)], ids=str)
@pytest.mark.parametrize("rule", UNARY, ids=by_name)
def test_float32_stays(rule, shape, create_graph):
    x = leaf(sample(rule, shape, dtype=np.float32))
    out = call(rule, x)
    assert out.dtype == autodiff.float32
    np.testing.assert_allclose(plain(out), reference(rule, plain(x)), rtol=1e-6)
    (g,) = autograd.grad(out.sum(), x, create_graph=create_graph)
    assert g.dtype == autodiff.float32 and plain(g).dtype == np.float32
    wide = gradients(lambda a: call(rule, a), [plain(x).astype(np.float64)], np.ones(shape))[0]
    np.testing.assert_allclose(plain(g), wide, rtol=2e-6, atol=1e-6)
    if create_graph and g.requires_grad:
        (h,) = autograd.grad(g.sum(), x, allow_unused=True)
        assert h is None or h.dtype == autodiff.float32


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("shapes", [((), ()), ((3,), ()), ((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((1,), (2, 2))], ids=str)
@pytest.mark.parametrize("dtypes", [(np.float32, np.float32), (np.float32, np.float64), (np.float64, np.float32)],
                         ids=lambda d: f"{d[0].__name__}-{d[1].__name__}")
@pytest.mark.parametrize("rule", BINARY, ids=by_name)
def test_mixed_dtypes(rule, dtypes, shapes, create_graph):
    arrays = [sample(rule, shape, which=i, dtype=d) for i, (shape, d) in enumerate(zip(shapes, dtypes))]
    leaves = [leaf(a) for a in arrays]
    out = call(rule, *leaves)
    assert out.dtype.dtype == promoted(*zip(shapes, dtypes))
    np.testing.assert_allclose(plain(out), reference(rule, *[a.astype(np.float64) for a in arrays]), rtol=2e-6, atol=1e-7)
    found = autograd.grad(out.sum(), leaves, create_graph=create_graph)
    wide = gradients(lambda *a: call(rule, *a), [a.astype(np.float64) for a in arrays], np.ones(out.shape))
    for v, g, expected in zip(leaves, found, wide):
        assert g.dtype == v.dtype and g.shape == v.shape
        np.testing.assert_allclose(plain(g), expected, rtol=5e-6, atol=1e-6)


@pytest.mark.parametrize("rule", BINARY, ids=by_name)
@pytest.mark.parametrize("number", [1.5, 2, True], ids=str)
@pytest.mark.parametrize("shape", [(), (3,)], ids=str)
def test_numbers_do_not_widen(rule, number, shape):
    x = leaf(np.full(shape, 1.25, np.float32))
    for out in (operator(rule, x, number), operator(rule, number, x)):
        assert out.dtype == autodiff.float32
        (g,) = autograd.grad(out.sum(), x)
        assert g.dtype == autodiff.float32


@pytest.mark.parametrize("rule", PUBLIC, ids=by_name)
def test_integers(rule):
    """A row of dtype `float` makes integers floats; the others keep them, and no derivative is recorded."""
    x = np.array([1, 2, 3])
    arrays = [x] * rule.arity
    out = call(rule, *[autodiff.tensor(a) for a in arrays])
    kind = {"float": autodiff.float64, "bool": autodiff.bool, "promote": autodiff.int64}[rule.dtype]
    assert out.dtype == kind and not out.requires_grad
    np.testing.assert_allclose(out.numpy(), reference(rule, *[a.astype(float) for a in arrays]), rtol=1e-14)


@pytest.mark.parametrize("rule", BINARY, ids=by_name)
def test_integer_operand_beside_a_leaf(rule):
    whole = np.array([1, 2, 3])
    for d in (np.float64, np.float32):
        x = leaf(np.array([0.5, 1.5, 2.5], d))
        out = call(rule, x, autodiff.tensor(whole))
        assert out.dtype == x.dtype
        (g,) = autograd.grad(out.sum(), x)
        assert g.dtype == x.dtype
        y = autodiff.tensor(whole.astype(d))
        np.testing.assert_array_equal(plain(g), plain(autograd.grad(call(rule, x, y).sum(), x)[0]))


# ---- a scalar and an array: the same bits

@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("length", [1, 7, 67])
@pytest.mark.parametrize("rule", DIFFERENTIABLE, ids=by_name)
def test_scalar_has_the_bits_of_an_array(rule, length, dtype):
    arrays = [sample(rule, length, which=i, dtype=dtype) for i in range(rule.arity)]
    g = weights(length).astype(dtype)
    many = [leaf(a) for a in arrays]
    out = call(rule, *many)
    seed = autodiff.tensor(g)
    array_grads = autograd.grad(out, many, seed, retain_graph=True)
    recorded = autograd.grad(out, many, seed, create_graph=True)
    for i in range(length):
        single = [leaf(a[i]) for a in arrays]
        value = call(rule, *single)
        assert value.ndim == 0
        assert value.item() == plain(out)[i]
        for create_graph in (False, True):
            found = autograd.grad(value, single, autodiff.tensor(g[i]), retain_graph=True, create_graph=create_graph)
            for v, a, r in zip(found, array_grads, recorded):
                assert v.item() == plain(a)[i] == plain(r)[i]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("number", [1.7, 3, 2, -1, 0.5, 1, 0])
@pytest.mark.parametrize("rule", BINARY, ids=by_name)
def test_scalar_has_the_bits_of_an_array_beside_a_number(rule, number, dtype):
    x = sample(rule, 33, dtype=dtype)
    x = np.abs(x) + dtype(0.25)
    for f in (lambda v: operator(rule, v, number), lambda v: operator(rule, number, v)):
        many = leaf(x)
        out = f(many)
        (grads,) = autograd.grad(out.sum(), many)
        for i in range(len(x)):
            one = leaf(x[i])
            value = f(one)
            np.testing.assert_array_equal(plain(value), plain(out)[i])
            (found,) = autograd.grad(value, one)
            np.testing.assert_array_equal(plain(found), plain(grads)[i])


@pytest.mark.parametrize("rule", DIFFERENTIABLE, ids=by_name)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.0, -0.0])
def test_special_values_agree_between_scalar_and_array(rule, bad):
    for position in range(rule.arity):
        if rule.name in SPECIAL and bad == -np.inf and position == 0:
            # NumPy's loop takes sqrt(-inf) = nan for one exponent 0.5, and power(-inf, 0.5) = inf for an array of them
            continue
        numbers = [bad if i == position else 1.5 for i in range(rule.arity)]
        one, many = [leaf(n) for n in numbers], [leaf([n, n, n]) for n in numbers]
        out, outs = call(rule, *one), call(rule, *many)
        np.testing.assert_array_equal(plain(outs)[1], plain(out))
        for a, b in zip(autograd.grad(out, one, retain_graph=True), autograd.grad(outs.sum(), many, retain_graph=True)):
            np.testing.assert_array_equal(plain(b)[1], plain(a))
        for a, b in zip(autograd.grad(out, one, create_graph=True), autograd.grad(outs.sum(), many, create_graph=True)):
            np.testing.assert_array_equal(plain(b)[1], plain(a))


# ---- in place

@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (0,)], ids=str)
@pytest.mark.parametrize("rule", [r for r in DIFFERENTIABLE if r.inplace], ids=by_name)
def test_in_place_is_the_op(rule, shape):
    arrays = [positive(rule, shape, i) for i in range(rule.arity)]

    def f(x, *rest):
        v = x.clone()
        same = getattr(v, f"{rule.name}_")(*rest)
        assert same is v
        return v

    check(f, lambda *a: reference(rule, *a), arrays)

    def on_a_view(x, *rest):
        v = x.clone()
        getattr(v.reshape(tuple(x.shape)), f"{rule.name}_")(*rest)
        return v

    check(on_a_view, lambda *a: reference(rule, *a), arrays)


@pytest.mark.parametrize("rule", [r for r in BINARY if r.inplace], ids=by_name)
def test_in_place_by_number_and_by_smaller_operand(rule):
    x, y = np.abs(sample(rule, (2, 3))) + 0.5, np.abs(sample(rule, (3,), which=1)) + 0.5

    def f(x, y):
        v = x.clone()
        getattr(v, f"{rule.name}_")(y)
        getattr(v, f"{rule.name}_")(2.0)
        return v

    check(f, lambda x, y: reference(rule, reference(rule, x, y), 2.0), [x, y])


# ---- kinks, beyond what their table says (test_kinks.py)

def norm_kink():
    for p in ("fro", 1, 2, 3, 1.5, 0, 0.5, np.inf, -np.inf):
        x = leaf(np.zeros(3))
        x.norm(p).backward()
        np.testing.assert_array_equal(x.grad.numpy(), np.zeros(3), err_msg=str(p))


def amax_kink():
    x = leaf([2.0, 1.0, 2.0, 2.0])
    x.amax().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.array([1, 0, 1, 1]) / 3)
    x = leaf([[2.0, 1.0, 2.0], [0.0, 0.0, 0.0]])
    x.amax(1).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[0.5, 0, 0.5], [1 / 3, 1 / 3, 1 / 3]])


def pow_kinks():
    swapped = lambda y, x: x ** y
    assert derivative(swapped, 2.0, 0.0) == 0       # in y, at x = 0
    assert derivative(swapped, 0.0, 0.0) == 0
    assert derivative(lambda x: x ** 0, 0.0) == 0   # in x, at y = 0
    assert derivative(lambda x, y: x ** y, 0.0, 0.0) == 0
    assert derivative(lambda x: x ** 1, 0.0) == 1
    assert derivative(lambda x, y: x ** y, 0.0, 1.0) == 1
    assert derivative(lambda x: x ** 2, 0.0) == 0
    assert derivative(lambda x: x ** 3, 0.0) == 0
    assert derivative(lambda x: x ** 2, 0.0, order=2) == 2
    assert derivative(lambda x, y: x ** y, 0.0, 2.0, order=2) == 2
    assert derivative(lambda x: x ** 3, 0.0, order=3) == 6
    assert derivative(lambda x: x ** 3, -2.0) == 12


def abs_kink():
    assert derivative(abs, 0.0) == 0
    assert derivative(abs, -0.0) == 0
    assert derivative(abs, 0.0, order=2) == 0
    assert derivative(abs, 1.0, order=2) == 0
    assert derivative(lambda x: abs(x) * abs(x), 0.0) == 0


def relu_kink():
    assert derivative(autodiff.relu, 0.0) == 0
    assert derivative(autodiff.relu, 0.0, order=2) == 0
    assert derivative(autodiff.relu, 1e-300) == 1


KINKS = {"norm": norm_kink, "amax": amax_kink, "pow": pow_kinks, "abs": abs_kink, "relu": relu_kink,
         "sqrt": lambda: check_infinite(autodiff.sqrt), "pow_half": lambda: check_infinite(lambda x: x ** 0.5),
         "log": lambda: check_infinite(autodiff.log)}


def check_infinite(f):
    assert derivative(f, 0.0) == np.inf


@pytest.mark.parametrize("row", sorted(KINKS | cases.KINKS))
def test_kinks(row):
    (KINKS | cases.KINKS)[row]()


# ---- structural rows

def norm_of(x, p, axis=None, keepdims=False):
    """A vector norm by its definition."""
    if p in ("fro", None):
        p = 2
    a = np.abs(x)
    if p == np.inf:
        return a.max(axis=axis, keepdims=keepdims)
    if p == -np.inf:
        return a.min(axis=axis, keepdims=keepdims)
    if p == 0:
        return (a != 0).sum(axis=axis, keepdims=keepdims).astype(float)
    return (a ** p).sum(axis=axis, keepdims=keepdims) ** (1 / p)


def log_softmax_of(x, axis):
    with np.errstate(divide="ignore"):      # the sum of nothing
        return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))


def put(x, index, y):
    out = np.array(x)
    out[index] = y
    return out


def wrote(x, index, y):
    out = x.clone()
    out[index] = y
    return out


def filled_half(x):
    out = x.clone()
    out[:2].fill_(0.5)
    return out


MASK = np.array([[True, False, True], [False, True, True]])
PICK = (np.array([0, 1, 1]), np.array([2, 0, 0]))

#: row: [(name, function of Variables, the same of arrays, shapes of the operands)]
CASES = {
    "sum": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.sum(d, k), lambda x, d=dim, k=keep: x.sum(axis=d, keepdims=k), s)
            for s in [[(2, 3)], [(2, 1, 3)], [(0, 3)]]
            for dim in (None, 0, 1, -1, (0, 1), (-1, 0)) for keep in (False, True)]
           + [("0-d", lambda x: x.sum(), lambda x: x.sum(), [()]), ("0-d dim", lambda x: x.sum(0), lambda x: x.sum(), [()]),
              ("axis", lambda x: x.sum(axis=1, keepdims=True), lambda x: x.sum(1, keepdims=True), [(2, 3)]),
              ("no dims", lambda x: x.sum(dim=()), lambda x: x.sum(), [(2, 3)]),
              ("list", lambda x: x.sum([0, 2]), lambda x: x.sum((0, 2)), [(2, 3, 2)])],
    "mean": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.mean(d, k), lambda x, d=dim, k=keep: x.mean(axis=d, keepdims=k), s)
             for s in [[(2, 3)], [(2, 1, 3)]] for dim in (None, 0, 1, -1, (0, 1), (-1, 0)) for keep in (False, True)]
            + [("0-d", lambda x: x.mean(), lambda x: x.mean(), [()]),
               ("0-d dim", lambda x: x.mean(0), lambda x: x.mean(), [()]),
               ("no dims", lambda x: x.mean(dim=()), lambda x: x.mean(), [(2, 3)])],
    "norm": [(f"{p} {dim} {keep} {s}", lambda x, p=p, d=dim, k=keep: x.norm(p, d, k),
              lambda x, p=p, d=dim, k=keep: norm_of(x, p, d, k), s)
             for p in ("fro", None, 1, 2, 3, 1.5, 0.5, 0, np.inf, -np.inf, -1, -2, 2.5)
             for dim, keep, s in ((None, False, [(2, 3)]), (1, False, [(2, 3)]), ((0, 1), True, [(2, 3)]), (0, True, [(3,)]))]
            + [("0-d", lambda x: x.norm(), np.abs, [()]), ("0-d p=1", lambda x: x.norm(1), np.abs, [()]),
               ("0-d p=3", lambda x: x.norm(3), np.abs, [()])],
    "amax": [(f"{dim} {keep}", lambda x, d=dim, k=keep: x.amax(d, k), lambda x, d=dim, k=keep: x.max(axis=d, keepdims=k),
              [(2, 3)]) for dim in (None, 0, 1, -1, (0, 1)) for keep in (False, True)]
            + [("max()", lambda x: x.max(), lambda x: x.max(), [(2, 3)]), ("0-d", lambda x: x.max(), lambda x: x.max(), [()]),
               ("empty rows", lambda x: x.amax(1), lambda x: x.max(1), [(0, 3)])],
    "argmax": [(f"max({dim}, {keep})", lambda x, d=dim, k=keep: x.max(d, k)[0], lambda x, d=dim, k=keep: x.max(d, keepdims=k),
                s) for dim in (0, 1, -1) for keep in (False, True) for s in [[(2, 3)], [(3, 2, 2)]]]
              + [("max 1-d", lambda x: x.max(0).values, lambda x: x.max(), [(4,)]),
                 ("max 0-d", lambda x: x.max(0).values, lambda x: x.max(), [()])],
    "log_softmax": [(f"{dim} {s}", lambda x, d=dim: x.log_softmax(d), lambda x, d=dim: log_softmax_of(x, d), [s])
                    for dim, s in ((0, (4,)), (-1, (2, 3)), (0, (2, 3)), (1, (2, 3, 2)), (0, (0, 3)), (1, (0, 3)))]
                   + [("0-d", lambda x: x.log_softmax(0), lambda x: x - x, [()])],
    "matmul": [(f"{a} {b}", lambda x, y: x @ y, lambda x, y: x @ y, [a, b])
               for a, b in (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((2, 2, 3), (2, 3, 2)),
                            ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((2, 2, 3), (3,)), ((3,), (2, 3, 2)),
                            ((2, 1, 2, 3), (3, 3, 1)), ((1, 2, 3), (4, 3, 2)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
                            ((2, 3), (3, 0)), ((0,), (0,)), ((2, 0), (0,)), ((0,), (0, 2)), ((0, 3), (3,)), ((3,), (3, 0)),
                            ((0, 2, 3), (3, 2)), ((2, 2, 0), (0,)), ((1, 1), (1, 1)), ((1,), (1,)), ((1, 3), (3,)))]
              + [("transposed", lambda x, y: x.T @ y.T, lambda x, y: x.T @ y.T, [(3, 2), (4, 3)]),
                 ("strided", lambda x, y: x[::2, ::-1] @ y[::-1, 1:],
                  lambda x, y: x[::2, ::-1] @ y[::-1, 1:], [(4, 3), (3, 3)]),
                 ("expanded", lambda x, y: x.expand(2, 3) @ y, lambda x, y: np.broadcast_to(x, (2, 3)) @ y, [(1, 3), (3, 2)]),
                 ("itself", lambda x: x @ x, lambda x: x @ x, [(3, 3)]),
                 ("dot itself", lambda x: x @ x, lambda x: x @ x, [(3,)]),
                 ("x xT", lambda x: x @ x.T, lambda x: x @ x.T, [(2, 3)]),
                 ("mm", lambda x, y: x.mm(y), np.matmul, [(2, 3), (3, 2)]),
                 ("mv", lambda x, y: x.mv(y), np.matmul, [(2, 3), (3,)]),
                 ("dot", lambda x, y: x.dot(y), np.dot, [(3,), (3,)])],
    "view": [("reshape", lambda x: x.reshape(3, 2), lambda x: x.reshape(3, 2), [(2, 3)]),
             ("reshape -1", lambda x: x.reshape(-1), lambda x: x.reshape(-1), [(2, 3)]),
             ("reshape of transpose copies", lambda x: x.T.reshape(-1), lambda x: x.T.reshape(-1), [(2, 3)]),
             ("view", lambda x: x.view(3, -1), lambda x: x.reshape(3, 2), [(2, 3)]),
             ("0-d to 1-d", lambda x: x.reshape(1), lambda x: x.reshape(1), [()]),
             ("1-d to 0-d", lambda x: x.reshape(()), lambda x: x.reshape(()), [(1,)]),
             ("flatten", lambda x: x.flatten(), lambda x: x.ravel(), [(2, 3)]),
             ("flatten empty", lambda x: x.flatten(), lambda x: x.ravel(), [(0, 3)]),
             ("T", lambda x: x.T, lambda x: x.T, [(2, 3)]), ("t", lambda x: x.t(), lambda x: x.T, [(2, 3)]),
             ("transpose", lambda x: x.transpose(0, -1), lambda x: x.swapaxes(0, -1), [(2, 3, 2)]),
             ("permute", lambda x: x.permute(2, 0, 1), lambda x: x.transpose(2, 0, 1), [(2, 3, 4)]),
             ("expand", lambda x: x.expand(4, 2, 3), lambda x: np.broadcast_to(x, (4, 2, 3)), [(2, 3)]),
             ("expand size 1", lambda x: x.expand(2, -1, 4), lambda x: np.broadcast_to(x, (2, 3, 4)), [(3, 1)]),
             ("expand 0-d", lambda x: x.expand(3), lambda x: np.broadcast_to(x, (3,)), [()]),
             ("expand to nothing", lambda x: x.expand(0, 3), lambda x: np.broadcast_to(x, (0, 3)), [(1, 3)]),
             ("unsqueeze", lambda x: x.unsqueeze(-1), lambda x: x[..., None], [(2, 3)]),
             ("unsqueeze 0-d", lambda x: x.unsqueeze(0), lambda x: x[None], [()]),
             ("squeeze", lambda x: x.squeeze(), lambda x: x.squeeze(), [(1, 3, 1)]),
             ("squeeze dim", lambda x: x.squeeze(0), lambda x: x.squeeze(0), [(1, 3, 1)]),
             ("select", lambda x: x.select(1, -1), lambda x: x[:, -1], [(2, 3)]),
             ("narrow", lambda x: x.narrow(1, 1, 2), lambda x: x[:, 1:3], [(2, 3)]),
             ("slice", lambda x: x[1:, ::2], lambda x: x[1:, ::2], [(3, 4)]),
             ("negative step", lambda x: x[::-1, 3:0:-2], lambda x: x[::-1, 3:0:-2], [(3, 4)]),
             ("element", lambda x: x[1, 2], lambda x: x[1, 2], [(2, 3)]),
             ("views of views", lambda x: x.T[1:].T[::-1].reshape(-1)[::2], lambda x: x.T[1:].T[::-1].reshape(-1)[::2],
              [(3, 4)]),
             ("view of an expansion", lambda x: x.expand(4, 3)[1:3, ::-1].T, lambda x: np.broadcast_to(x, (4, 3))[1:3, ::-1].T,
              [(3,)]),
             ("iteration", lambda x: sum(row * i for i, row in enumerate(x)), lambda x: sum(r * i for i, r in enumerate(x)),
              [(3, 2)])],
    "embed": [("derivative of a view, squared", lambda x: autograd.grad((x[1:] ** 3).sum(), x, create_graph=True)[0],
               lambda x: np.concatenate([0 * x[:1], 3 * x[1:] ** 2]), [(4,)]),
              ("of an expansion", lambda x: autograd.grad((x.expand(4, 3)[1:] ** 3).sum(), x, create_graph=True)[0],
               lambda x: 9 * x ** 2, [(3,)]),
              ("of a slice of an expansion", lambda x: autograd.grad((x.expand(4, 2, 3)[1:3, ::-1] ** 3).sum(), x,
                                                                     create_graph=True)[0], lambda x: 6 * x ** 2, [(2, 3)])],
    "clone": [(str(s), lambda x: x.clone(), lambda x: x, [s]) for s in ((), (2, 3), (0,))]
             + [("of a transpose", lambda x: x.T.clone(), lambda x: x.T, [(2, 3)]),
                ("contiguous", lambda x: x.T.contiguous(), lambda x: x.T, [(2, 3)]),
                ("copy", lambda x: (x * 2).copy(), lambda x: x * 2, [(2,)])],
    "to": [("same dtype", lambda x: x.to(autodiff.float64), lambda x: x, [(2, 3)]),
           ("double", lambda x: x.double(), lambda x: x, [()])],
    "copy_region": [("slice", lambda x, y: wrote(x, slice(1, 3), y), lambda x, y: put(x, slice(1, 3), y), [(4,), (2,)]),
                    ("broadcast", lambda x, y: wrote(x, (slice(None), slice(1, None)), y),
                     lambda x, y: put(x, (slice(None), slice(1, None)), y), [(2, 3), (2,)]),
                    ("0-d source", lambda x, y: wrote(x, slice(None, None, -2), y),
                     lambda x, y: put(x, slice(None, None, -2), y), [(4,), ()]),
                    ("element", lambda x, y: wrote(x, (1, 2), y), lambda x, y: put(x, (1, 2), y), [(2, 3), ()]),
                    ("element of one element", lambda x, y: wrote(x, (1, 2), y), lambda x, y: put(x, (1, 2), y[0]),
                     [(2, 3), (1,)]),
                    ("leading sizes of 1", lambda x, y: wrote(x, 1, y), lambda x, y: put(x, 1, y), [(2, 3), (1, 3)]),
                    ("whole", lambda x, y: wrote(x, Ellipsis, y), lambda x, y: put(x, Ellipsis, y), [(2, 3), (3,)]),
                    ("nothing", lambda x, y: wrote(x, slice(2, 2), y), lambda x, y: put(x, slice(2, 2), y), [(4,), (1,)])],
    "fill": [("fill_", lambda x: x.clone().fill_(2.0), lambda x: 0 * x + 2, [(2, 3)]),
             ("zero_ of 0-d", lambda x: x.clone().zero_(), lambda x: 0 * x, [()]),
             ("half of it", lambda x: filled_half(x), lambda x: put(x, slice(0, 2), 0.5), [(4,)])],
    "index": [("rows", lambda x: x[[0, 1, 0]], lambda x: x[[0, 1, 0]], [(2, 3)]),
              ("pairs", lambda x: x[PICK], lambda x: x[PICK], [(2, 3)]),
              ("mask", lambda x: x[MASK], lambda x: x[MASK], [(2, 3)]),
              ("mask of rows", lambda x: x[MASK[:, 0]], lambda x: x[MASK[:, 0]], [(2, 3)]),
              ("nothing", lambda x: x[[]], lambda x: x[np.array([], int)], [(2, 3)])],
    "index_add_zeros": [("derivative of a gather", lambda x: autograd.grad((x[[0, 1, 0]] ** 3).sum(), x, create_graph=True)[0],
                         lambda x: 3 * x ** 2 * np.array([2, 1, 0]), [(3,)])],
    "index_set": [("pairs", lambda x, y: wrote(x, (np.array([0, 1]), np.array([2, 0])), y),
                   lambda x, y: put(x, (np.array([0, 1]), np.array([2, 0])), y), [(2, 3), (2,)]),
                  ("mask", lambda x, y: wrote(x, MASK, y), lambda x, y: put(x, MASK, y), [(2, 3), (4,)]),
                  ("broadcast", lambda x, y: wrote(x, [0, 1], y), lambda x, y: put(x, [0, 1], y), [(2, 3), (3,)]),
                  ("leading sizes of 1", lambda x, y: wrote(x, ([0, 1], [0, 1]), y),
                   lambda x, y: put(x, ([0, 1], [0, 1]), y[0]), [(2, 3), (1, 2)]),
                  ("0-d source", lambda x, y: wrote(x, MASK, y), lambda x, y: put(x, MASK, y), [(2, 3), ()])],
    "where": [(f"{s} {t}", lambda x, y: autodiff.where(autodiff.tensor(MASK), x, y), lambda x, y: np.where(MASK, x, y), [s, t])
              for s, t in (((2, 3), (2, 3)), ((3,), (2, 1)), ((), (2, 3)), ((2, 3), ()), ((), ()), ((1, 3), (3,)))]
             + [("number left", lambda x: autodiff.where(autodiff.tensor(MASK), 2.0, x),
                 lambda x: np.where(MASK, 2.0, x), [(3,)]),
                ("number right", lambda x: autodiff.where(autodiff.tensor(MASK), x, 2.0), lambda x: np.where(MASK, x, 2.0),
                 [(2, 3)]),
                ("comparison", lambda x, y: autodiff.where(x > y, x * y, y), lambda x, y: np.where(x > y, x * y, y),
                 [(3,), (3,)]),
                ("0-d", lambda x, y: autodiff.where(x > y, x * y, y * 3), lambda x, y: np.where(x > y, x * y, y * 3),
                 [(), ()])],
    "cat": [("0", lambda x, y: autodiff.cat([x, y]), lambda x, y: np.concatenate([x, y]), [(2, 3), (1, 3)]),
            ("-1", lambda x, y: autodiff.cat([x, y], -1), lambda x, y: np.concatenate([x, y], -1), [(2, 3), (2, 1)]),
            ("three, one twice", lambda x, y: autodiff.cat([x, y, x]), lambda x, y: np.concatenate([x, y, x]), [(2,), (3,)]),
            ("an empty one", lambda x, y: autodiff.cat([x, y]), lambda x, y: np.concatenate([x, y]), [(0, 3), (2, 3)]),
            ("one", lambda x: autodiff.cat([x]), lambda x: x, [(2, 3)]),
            ("views", lambda x: autodiff.cat([x[1:], x[:1]]), lambda x: np.concatenate([x[1:], x[:1]]), [(3, 2)])],
    "stack": [("0", lambda x, y: autodiff.stack([x, y]), lambda x, y: np.stack([x, y]), [(2, 3), (2, 3)]),
              ("-1", lambda x, y: autodiff.stack([x, y], -1), lambda x, y: np.stack([x, y], -1), [(2, 3), (2, 3)]),
              ("1", lambda x, y: autodiff.stack([x, y], 1), lambda x, y: np.stack([x, y], 1), [(2, 3), (2, 3)]),
              ("0-d", lambda x, y: autodiff.stack([x, y, x]), lambda x, y: np.stack([x, y, x]), [(), ()]),
              ("nested lists", lambda x, y: autodiff.tensor([[x, y], [y, x]]), lambda x, y: np.array([[x, y], [y, x]]),
               [(), ()])],
}


CASES |= cases.CASES


def test_every_row_has_a_case():
    covered = {r.name for r in ELEMENTWISE} | set(CASES) | set(cases.VALUES)
    missing = [r.name for r in RULES if r.name not in covered]
    assert not missing, (
        f"no test computes with {', '.join(missing)}: add to CASES of tests/cases_FAMILY.py, or to VALUES if the row has no "
        f'derivative, a line "{missing[0]}": [(name, function of Variables, the same of NumPy arrays, shapes of the operands)]')
    for table, names in (("CASES", CASES), ("VALUES", cases.VALUES), ("KINKS", KINKS | cases.KINKS)):
        unknown = sorted(set(names) - set(BY_NAME))
        assert not unknown, f"{table} of tests/cases_*.py has {', '.join(unknown)}, and there is no such row: take it out"


def test_every_function_has_a_reference():
    missing = [name for name in rules.FUNCTIONS if name not in NAMESPACE]
    assert not missing, (
        f"NumPy has no {', '.join(missing)} to hold the row against: add to REFERENCES of tests/cases_FAMILY.py a line "
        f'"{missing[0]}": function of NumPy arrays')


@pytest.mark.parametrize(("f", "ref", "shapes"),
                         [pytest.param(f, ref, shapes, id=f"{row} {name} {shapes}")
                          for row, cases in CASES.items() for name, f, ref, shapes in cases])
def test_structural_rows(f, ref, shapes):
    arrays = [np.random.default_rng(i).permutation(int(np.prod(s))).reshape(s) * 0.3 - 0.7 for i, s in enumerate(shapes)]
    check(f, ref, [np.where(np.abs(a) < 0.05, 0.15, a) + 0.01 * i for i, a in enumerate(arrays)])


@pytest.mark.parametrize(("f", "shapes"),
                         [pytest.param(f, shapes, id=f"{row} {name} {shapes}")
                          for row, cases in CASES.items() if row != "to" for name, f, _, shapes in cases])
def test_structural_rows_in_float32(f, shapes):
    arrays = [np.random.default_rng(i).uniform(0.5, 1.5, s) for i, s in enumerate(shapes)]
    narrow = [leaf(a.astype(np.float32)) for a in arrays]
    wide = [leaf(a.astype(np.float32).astype(np.float64)) for a in arrays]
    out, expected = f(*narrow), f(*wide)
    assert out.dtype == autodiff.float32
    np.testing.assert_allclose(plain(out), plain(expected), rtol=1e-5, atol=1e-5)
    for create_graph in (False, True):
        found = autograd.grad(out.sum(), narrow, retain_graph=True, create_graph=create_graph)
        grads = autograd.grad(expected.sum(), wide, retain_graph=True, create_graph=create_graph)
        for g, e in zip(found, grads):
            assert g.dtype == autodiff.float32
            np.testing.assert_allclose(plain(g), plain(e), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("f", "ref", "arrays"),
                         [pytest.param(f, ref, arrays, id=f"{row} {name}")
                          for row, found in cases.VALUES.items() for name, f, ref, arrays in found])
def test_rows_without_a_derivative(f, ref, arrays):
    expected, found = ref(*arrays), f(*[autodiff.tensor(a) for a in arrays])
    for want, got in zip(*[x if isinstance(x, tuple) else (x,) for x in (expected, found)], strict=True):
        want, got = np.asarray(want), np.asarray(plain(got))
        assert (got.dtype, got.shape) == (want.dtype, want.shape)
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("row", sorted(cases.CASES))
def test_layouts_of_structural_rows(row, layout):
    """The same numbers laid out otherwise give the same values and gradients, for the first case of a row."""
    _, f, _, shapes = cases.CASES[row][0]
    arrays = [np.random.default_rng(i).uniform(0.5, 1.5, s) for i, s in enumerate(shapes)]
    leaves = [leaf(a) for a in arrays]
    expected = f(*leaves)
    moved = [leaf(a) if a.ndim == 0 else leaf_in(a, layout) for a in arrays]
    out = f(*moved)
    np.testing.assert_allclose(plain(out), plain(expected), rtol=1e-14, atol=1e-14)
    w = autodiff.tensor(weights(plain(expected).shape))
    for g, e in zip(*[autograd.grad((o * w).sum(), v, allow_unused=True) for o, v in ((out, moved), (expected, leaves))]):
        assert (g is None) == (e is None)
        if g is not None:
            np.testing.assert_allclose(plain(g), plain(e), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2)], ids=str)
def test_casts(shape):
    for start, end in ((autodiff.float32, autodiff.float64), (autodiff.float64, autodiff.float32)):
        x = leaf(np.ones(shape), dtype=start)
        out = x.to(end)
        assert out.dtype == end
        for create_graph in (False, True):
            (g,) = autograd.grad((out * out).sum(), x, create_graph=create_graph, retain_graph=True)
            assert g.dtype == start
            np.testing.assert_array_equal(plain(g), np.full(shape, 2.0))
        (h,) = autograd.grad(g.sum(), x)
        assert h.dtype == start
        np.testing.assert_array_equal(plain(h), np.full(shape, 2.0))
        assert not x.long().requires_grad


@pytest.mark.parametrize("join", [autodiff.cat, autodiff.stack])
def test_joining_mixed_dtypes(join):
    x, y = leaf(np.ones(2, np.float32)), leaf(np.ones(2))
    for operands in ([x, y], [y, x]):
        out = join(operands)
        assert out.dtype == autodiff.float64
        for create_graph in (False, True):
            a, b = autograd.grad((out ** 2).sum(), (x, y), retain_graph=True, create_graph=create_graph)
            assert (a.dtype, b.dtype) == (autodiff.float32, autodiff.float64)
            np.testing.assert_array_equal(plain(a), [2, 2])
    whole = autodiff.tensor([1, 2])
    out = join([x, whole])
    assert out.dtype == autodiff.float32      # PyTorch: a float beats an integer, whatever its width
    (a,) = autograd.grad(out.sum(), (x,))
    assert a.dtype == autodiff.float32


def test_where_with_mixed_dtypes():
    x, y = leaf(np.ones(3, np.float32)), leaf(np.ones(3))
    c = autodiff.tensor([True, False, True])
    out = autodiff.where(c, x, y)
    assert out.dtype == autodiff.float64
    a, b = autograd.grad(out.sum(), (x, y))
    assert (a.dtype, b.dtype) == (autodiff.float32, autodiff.float64)
    assert autodiff.where(c, x, 2.0).dtype == autodiff.float32
    assert autodiff.where(c, x, 2).dtype == autodiff.float32
    assert autodiff.where(c, x, autodiff.tensor(2.0, dtype=autodiff.float64)).dtype == autodiff.float32


def test_unchosen_branch_brings_no_nan():
    x = leaf([0.0, 4.0])
    y = autodiff.where(x > 0, x, 1.0)
    autodiff.where(x > 0, y.sqrt(), 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0, 0.25])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sum_and_mean_take_a_dtype(dtype):
    x = leaf(np.ones((2, 3), np.float32))
    for f in (lambda: x.sum(dtype=dtype), lambda: x.mean(dtype=dtype), lambda: x.sum(0, dtype=dtype)):
        out = f()
        assert out.dtype.dtype == dtype
        (g,) = autograd.grad(out.sum(), x)
        assert g.dtype == autodiff.float32
    whole = autodiff.tensor([1, 2, 3])
    assert whole.sum().dtype == autodiff.int64 and whole.sum().item() == 6
    assert autodiff.tensor([True, True]).sum().item() == 2
    assert whole.sum(dtype=autodiff.float64).dtype == autodiff.float64


def test_reductions_of_nothing():
    x = leaf(np.zeros((0, 3)))
    assert x.sum().item() == 0
    assert np.isnan(x.mean().item())
    np.testing.assert_array_equal(plain(x.sum(0)), np.zeros(3))
    assert x.norm().item() == 0
    x.sum().backward()
    assert x.grad.shape == (0, 3)


def test_max_over_a_dimension_gives_the_first_of_ties():
    x = leaf([[1.0, 3.0, 3.0], [2.0, 2.0, 0.0]])
    values, indices = x.max(1)
    assert indices.tolist() == [1, 0]
    values.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [[0, 1, 0], [1, 0, 0]])


def test_argmax():
    x = np.random.default_rng(0).normal(size=(3, 4))
    v = leaf(x)
    assert v.argmax().item() == x.argmax() and v.argmax().dtype == autodiff.int64
    for dim in (0, 1, -1):
        np.testing.assert_array_equal(v.argmax(dim).numpy(), x.argmax(dim))
        assert not v.argmax(dim).requires_grad
    np.testing.assert_array_equal(v.argmax(1, True).numpy(), x.argmax(1, keepdims=True))


def test_extremes_of_stable_rows():
    x = leaf([1000.0, 0.0, -1000.0])
    np.testing.assert_allclose(plain(x.log_softmax(0)), [0, -1000, -2000])
    x.log_softmax(0)[1].backward()
    np.testing.assert_allclose(x.grad.numpy(), [-1, 1, 0])
    y = leaf([-1000.0, 1000.0, 0.0])
    y.sigmoid().sum().backward()
    np.testing.assert_allclose(y.grad.numpy(), [0, 0, 0.25])
    z = leaf([-np.inf, 0.0, 1.0])
    out = z.log_softmax(0)
    assert plain(out)[0] == -np.inf
    out[1].backward()
    assert np.isfinite(z.grad.numpy()).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_inf_travel_through_reductions(bad):
    for f in (lambda x: x.sum(), lambda x: x.mean(), lambda x: x.norm(), lambda x: x.max(), lambda x: x.max(0)[0]):
        x = leaf([1.0, bad, 2.0])
        with np.errstate(all="ignore"):
            expected = {"sum": np.array([1.0, bad, 2.0]).sum()}
        out = f(x)
        out.backward()
        assert x.grad is not None
        assert not np.isfinite(expected["sum"])
    x = leaf([1.0, np.nan, 2.0])
    assert np.isnan(x.max().item()) and np.isnan(x.max(0)[0].item()) and x.max(0)[1].item() == 1
    x = leaf([1.0, 2.0])
    (x * autodiff.tensor([bad, 1.0])).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [bad, 1.0])
