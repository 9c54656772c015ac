"""What a structural op is applied with: the roles of its parameters, and that each layer has the same of them.

Every case of every row runs, with its gradient and the gradient of that, under a level, which is handed each op that
is applied: those of derivatives, too.
"""
import contextlib
import inspect
import operator

import numpy as np
import pytest
from test_derivatives import CASES

import autodiff
import autodiff.numpy as anp
import cases
from autodiff import _ops, _variable, autograd, helpers, rules
from autodiff.rules import BY_NAME, OF_EVERY_DIMENSION, STRUCTURAL
from checks import plain, render

T = autodiff.tensor
STRUCTURAL_NAMES = {rule.name for rule in STRUCTURAL}
DIMS = ("dim", "dims")


@contextlib.contextmanager
def applied(found):
    """Write down the structural ops that are applied: (row, operands, parameters)."""
    def level(call):
        if call.name in STRUCTURAL_NAMES and not call.called:
            found.append((call.name, call.operands, call.params))
        return NotImplemented

    _variable.push_level(level)
    try:
        yield found
    finally:
        _variable.pop_level()


def leaves(shapes):
    return [T(np.random.default_rng(i).uniform(0.5, 1.5, s), requires_grad=True) for i, s in enumerate(shapes)]


def differentiated(out, xs):
    """Two orders of reverse mode."""
    if not out.requires_grad:
        return
    first = [g for g in autograd.grad(out.sin().sum(), xs, create_graph=True, allow_unused=True) if g is not None]
    seconds = [g for g in first if g.requires_grad]
    if seconds:
        autograd.grad(sum((g.sum() for g in seconds), T(0.0)), xs, allow_unused=True)


@pytest.fixture(scope="module")
def everything():
    """Every op that the cases of all rows apply."""
    found = []
    with applied(found):
        for row, some in sorted(CASES.items()):
            for _, f, _, shapes in some:
                if row != "to":
                    xs = leaves(shapes)
                    differentiated(f(*xs), xs)
        for some in cases.VALUES.values():
            for _, f, _, arrays in some:
                f(*[T(a) for a in arrays])
        for x in (anp.array(np.arange(6.0).reshape(2, 3)), anp.array(2.0)):     # NumPy's flavour has fronts of its own
            x.std(), x.sum(), x.argmax(), x.cumsum(), x.ravel(), x.prod(-1 if x.ndim else None)
        T([[1.0, 2.0]]).argmax(-1), _variable.OPS.apply("fill", (T([1.0, 2.0]),), ())
        _variable.OPS.apply("ending", (T([1.0, 2.0]),), ("zeta_in_xx",))
    return found


def well_formed(role, value, ndim):
    """Whether what is applied is a dimension, or a tuple of different ones."""
    if value is None:
        return True
    if role == "dim":
        return type(value) is int and 0 <= value < max(ndim, 1)
    # sum, mean and norm hand one dimension on as it is
    values = value if type(value) is tuple else (value,)
    return len(set(values)) == len(values) and all(well_formed("dim", d, ndim) for d in values)


def told(row, operands, params):
    """The parameters in the roles of dimensions, and how many dimensions there are."""
    rule = BY_NAME[row]
    ndim = max(np.ndim(plain(v)) for v in operands) + {"stack": 1, "diag_embed": 1}.get(row, 0)
    for name, value in zip(render.parameters(rule), params, strict=True):
        if rule.parameter(name).role in DIMS:
            yield name, rule.parameter(name).role, value, ndim


def test_dimensions_are_applied_as_non_negative_ints(everything):
    wrong = [(row, name, value) for row, operands, params in everything
             for name, role, value, ndim in told(row, operands, params) if not well_formed(role, value, ndim)]
    assert not wrong
    seen = {row for row, operands, params in everything for _ in told(row, operands, params)}
    named = {rule.name for rule in STRUCTURAL for name in render.parameters(rule) if rule.parameter(name).role in DIMS}
    missing = sorted(named - seen)
    assert not missing, f"no case applies {', '.join(missing)}: add one to CASES of tests/cases_FAMILY.py"


# ---- fronts are given any dimension, and hand on non-negative ones

def negative(value, ndim):
    """Dimensions counted from the end."""
    if isinstance(value, (tuple, list)):
        return type(value)(negative(v, ndim) for v in value)
    return value - ndim if type(value) is int and 0 <= value < ndim else value


def readers():
    """Helpers that read a call's dimensions: (row, helper, its parameters by position, names in the roles of dimensions)."""
    for rule in rules.RULES:
        names = [name for name in render.parameters(rule) if rule.parameter(name).role in DIMS]
        if not rule.rendered or not names or rule.operands == "*":
            continue
        if rule.composite:
            helper = rule.value.partition("(")[0]
            given = [text.strip() for text in rule.value.partition("(")[2].rstrip(")").split(",")]
            given = ["ops"] + given
        elif rule.front:
            helper, given = rule.front, ["ops", "name", *rule.operands, *render.parameters(rule)]
        else:
            continue
        yield pytest.param(rule, helper, given, names, id=rule.name)


#: Calls beside the cases, which give no dimension that could be counted from the end.
MORE = {
    "amax": lambda x: x.amax((0, 1)), "argmax": lambda x: x.argmax(1), "mode": lambda x: x.mode(0).values,
    "std_mean": lambda x: autodiff.std_mean(x, 1)[0],
}
#: Rows whose dimensions are those of a result with one more.
INSERTED = {"diag_embed", "unsqueeze_"}


@pytest.mark.parametrize(("rule", "helper", "given", "names"), list(readers()))
def test_a_dimension_from_the_end_is_the_same(rule, helper, given, names, monkeypatch):
    """The row's own cases, each dimension that they give counted from the end before the front sees it."""
    front, turned = getattr(helpers, helper), []

    def from_the_end(*arguments):
        row = arguments[1] if "name" in given else rule.name
        arguments = list(arguments)
        x = arguments[1 + ("name" in given)]
        if row == rule.name:
            for i, name in enumerate(given):
                if name in names:
                    other = negative(arguments[i], x.ndim + (rule.name in INSERTED))
                    turned.append(other != arguments[i])
                    arguments[i] = other
        return front(*arguments)

    some = [(f, leaves(shapes)) for _, f, _, shapes in CASES.get(rule.name, [])]
    some += [(f, [T(a) for a in arrays]) for _, f, _, arrays in cases.VALUES.get(rule.name, [])]
    some += [(MORE[rule.name], leaves([(2, 3)]))] if rule.name in MORE else []
    assert some, f"add a case of {rule.name} with a dimension to CASES of tests/cases_FAMILY.py, or a function to MORE here"
    for f, operands in some:
        expected = f(*operands)
        found = []
        with monkeypatch.context() as patch, applied(found):
            patch.setattr(helpers, helper, from_the_end)
            out = f(*operands)
        for a, b in zip(out if isinstance(out, tuple) else (out,), expected if isinstance(expected, tuple) else (expected,)):
            np.testing.assert_array_equal(plain(a), plain(b))
        for row, those, params in found:
            for name, role, value, ndim in told(row, those, params):
                assert well_formed(role, value, ndim), (row, name, value)
    assert any(turned), f"no case gives {rule.name} a dimension: add one with dim= to CASES of tests/cases_FAMILY.py"


COMPILED = {
    "sum": lambda x: [x.sum(-1), x.sum((-1, 0)), x.double().sum(dim=-2, keepdim=True), x.long().sum(-1), x.t().sum(-1),
                      autodiff.sum(x, -1), x.sum(axis=(-2,))],
    "mean": lambda x: [x.mean(-1), x.mean((-2, -1)), x.t().mean(-1), x.half().mean(-1), autodiff.mean(x, -1)],
    "norm": lambda x: [x.norm(dim=-1), x.norm(1, (-1, -2)), x.t().norm(3, -1), autodiff.norm(x, dim=-1)],
    "cat": lambda x: [autodiff.cat([x, x], -1)],
    "stack": lambda x: [autodiff.stack([x, x], -1), autodiff.stack([x[0, 0], x[0, 1]], -1)],
    "numpy": lambda x: [anp.asarray(x.detach()).sum(-1), anp.asarray(x.detach()).mean((-1,)), anp.asarray(x.detach()).std(-1),
                        anp.asarray(x.detach()).trace(0, -1, -2), anp.asarray(x.detach()).argmax(-1)],
}


@pytest.mark.parametrize("name", COMPILED)
def test_a_dimension_from_the_end_of_a_compiled_front(name):
    found = []
    with applied(found):
        for out in COMPILED[name](T([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]], requires_grad=True)):
            if out.requires_grad:
                out.sum().backward(create_graph=True)
    assert found
    for row, operands, params in found:
        for parameter, role, value, ndim in told(row, operands, params):
            assert well_formed(role, value, ndim), (row, parameter, value)


# ---- which rows can be batched by moving their dimensions up

def test_roles_that_tell_of_every_dimension_have_a_batch_rule_of_their_own():
    whole = {rule.name for rule in STRUCTURAL for name in render.parameters(rule)
             if rule.parameter(name).role in OF_EVERY_DIMENSION}
    own = {rule.name for rule in STRUCTURAL if rule.batch == "own"}
    assert whole <= own
    assert own - whole == {"cat", "stack", "median_of_all", "vdot"}     # of any number of operands, or of all elements
    assert {"view", "embed", "copy_region", "index", "pad", "repeat", "cat", "stack", "where"} <= own
    assert {rule.name for rule in STRUCTURAL if not rule.signature} <= own


def moved_up(rule, params, ndim):
    """The parameters for operands with one more dimension in front; None where there is no such."""
    moved = []
    for name, value in zip(render.parameters(rule), params, strict=True):
        role = rule.parameter(name).role
        if role in DIMS and (value == () or (value is None and role == "dim")):
            return None                             # of the flattened operand
        if role in DIMS and value is None:
            value = tuple(range(ndim))
        if role in DIMS:
            value = tuple(d + 1 for d in value) if isinstance(value, tuple) else value + 1
        moved.append(value)
    return tuple(moved)


#: Those whose operands can be multiplied by numbers: the others have positions of rows in theirs.
BATCHED = [rule for rule in STRUCTURAL if not rule.batch and rule.name not in (
    "ldl_solution", "pivot_order", "pivot_matrix", "at_places", "put_places")]
#: Those that take probabilities or the numbers of classes, which stand elsewhere in the operands that are stacked instead.
ROLLED = ("class_loss", "bce_elements")
#: Rows whose derivative, or the second one, is refused.
REFUSED = ("ldl_packed", "least_squares_values")


@pytest.mark.parametrize("rule", BATCHED, ids=lambda rule: rule.name)
def test_a_dimension_in_front_is_taken_along(rule, everything):
    """The value of a stack is the stack of the values, under parameters that were moved up."""
    value, tried = getattr(helpers, rule.value.partition("(")[0]), 0
    for row, operands, params in everything:
        arrays = [plain(v) for v in operands]
        if row != rule.name or any(not a.ndim and rule.signature.partition("->")[0] not in ("()", "(),()") for a in arrays):
            continue                                # of a 0-d operand there is no dimension to move
        moved = moved_up(rule, params, max(a.ndim for a in arrays))
        if moved is None or (len({a.shape for a in arrays}) > 1 and rule.name not in ("matmul", *ROLLED)):
            continue
        if rule.name == "matmul" and (1 in (a.ndim for a in arrays) or arrays[0].ndim != arrays[1].ndim):
            continue                                # a vector is a row or a column, and fewer dimensions stand at the end
        several = [[np.roll(a, n - 1) if rule.name in ROLLED else a * n for n in (1, 2, 3)] for a in arrays]
        with np.errstate(all="ignore"):
            expected = np.stack([value(np, *those, *params) for those in zip(*several)])
            found = np.asarray(value(np, *[np.stack(those) for those in several], *moved))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        tried += 1
    assert tried


@pytest.mark.parametrize("name", ["vdot", "median_of_all"])
def test_rows_of_all_elements_cannot(name):
    """Their signature has core dimensions that no parameter names, and that are not the last ones of several."""
    value = getattr(helpers, BY_NAME[name].value.partition("(")[0])
    several = [np.arange(1.0, 7.0).reshape(2, 3)] * BY_NAME[name].arity
    assert np.shape(value(np, *several, *([False] if name == "median_of_all" else []))) == ()


# ---- vjps have the parameters with which the op was applied

@pytest.mark.parametrize("rule", [rule for rule in STRUCTURAL if rule.dx], ids=lambda rule: rule.name)
def test_a_derivative_names_parameters_as_entries_of_what_was_applied(rule):
    names = render.parameters(rule)
    for which in ("dx", "dy"):
        if getattr(rule, which):
            function = getattr(_ops, f"_{rule.name}_{which}")
            assert set(inspect.signature(function).parameters) >= {"g", "x", "y", "out", "params", "position"}
            assert not set(function.__code__.co_varnames[function.__code__.co_argcount:]) & set(names)


@contextlib.contextmanager
def spied(rule, seen):
    """Write down the parameters, and the shapes of any number of operands, that the vjps of a structural row are handed."""
    own = [getattr(_ops, f"_{rule.name}_{which}", None) for which in ("dx", "dy")]

    def register(dx, dy):
        value = getattr(helpers, rule.value.partition("(")[0]) if rule.loop == "helper" else None
        _variable.register_row(rules.NUMBER[rule.name], rule.name, rule.arity, value, dx, dy, render.saves_mask(rule, "dx"),
                               render.saves_mask(rule, "dy"), rule.kind in ("linear", "gather"), rule.node_names,
                               render.piecewise(rule), rule.fast or "", eval(render.defaults(rule)))

    def vjp(function):
        def written(g, x, y, out, params, shape_x, shape_y, dtype_x, shapes, position):
            seen.append((params, shapes))
            return function(g, x, y, out, params, shape_x, shape_y, dtype_x, shapes, position)
        return function and written

    register(*map(vjp, own))
    try:
        yield
    finally:
        register(*own)


def handed_on():
    """(row, call that applies it with all of its parameters given, operands)"""
    x, w = np.arange(1.0, 7.0).reshape(2, 3), np.arange(2.0, 8.0).reshape(2, 3)
    return [("softmax", lambda x: x.softmax(-1), [x]), ("amax", lambda x: x.amax((0, 1), True), [x]),
            ("var", lambda x: x.var(1, correction=0, keepdim=True), [x]), ("cumprod", lambda x: x.cumprod(0), [x]),
            ("logcumsumexp", lambda x: x.logcumsumexp(1), [x]), ("celu", lambda x: autodiff.celu(x, 2.0), [x]),
            ("norm", lambda x: x.norm(3, 1), [x]), ("cross", lambda x, w: x.cross(w, 1), [x, w]),
            ("prod", lambda x: x.prod(1), [x])]


@pytest.mark.parametrize(("row", "f", "arrays"), handed_on(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_layer_has_the_same_parameters(row, f, arrays):
    """Reverse mode, the recorded second derivative and forward mode hand a vjp the very objects that were applied."""
    rule, seen, found = BY_NAME[row], [], []
    with spied(rule, seen):
        with applied(found):
            xs = [T(a, requires_grad=True) for a in arrays]
            out = f(*xs)
            given = next(params for name, _, params in found if name == row)
            out.sum().backward(create_graph=True)
        with autograd.forward_ad.dual_level():
            f(*[autograd.forward_ad.make_dual(T(a), T(np.ones_like(a))) for a in arrays])
    assert len(seen) >= 2 * len(arrays)
    for params, _ in seen:
        assert params == given and len(given) == len(render.parameters(rule))
    assert all(map(operator.is_, seen[0][0], given))


def same(a, b):
    """Whether two parameters are one, or have the same value."""
    if isinstance(a, (tuple, list)) and type(a) is type(b):
        return len(a) == len(b) and all(map(same, a, b))
    if a is b or type(a).__name__ == type(b).__name__ == "Transform":
        return a is b or repr(a) == repr(b)
    found = plain(a) == plain(b)
    return bool(np.all(found)) and np.shape(plain(a)) == np.shape(plain(b))


CHANCE = np.random.default_rng(0)
#: Rows whose derivative is refused when it is asked for.
REFUSING = {"ending", "gamma_slope", "beta_slope"}
#: Calls beside the cases: fast paths, defaults given and left out, operands without dimensions, writes, names that differ.
FAST = [
    ("sum", lambda x: x.sum()), ("sum", lambda x: x.sum(dtype=np.float32)), ("sum", lambda x: x[0, 0].sum(keepdim=True)),
    ("sum", lambda x: x.sum(keepdim=True)), ("sum", lambda x: x.half().sum()), ("sum", lambda x: x.sum(())),
    ("mean", lambda x: x.mean()), ("mean", lambda x: x.mean(0)), ("mean", lambda x: x[0, 0].mean(keepdim=True)),
    ("norm", lambda x: x.norm()), ("norm", lambda x: x.norm(2)), ("norm", lambda x: x.norm("fro")),
    ("norm", lambda x: x[0, 0].norm()), ("norm", lambda x: x[0, 0].norm(2.0)), ("norm", lambda x: x.half().norm()),
    ("norm", lambda x: x.norm(2, 0)), ("to", lambda x: x.sum().float()), ("to", lambda x: x.float()),
    ("to", lambda x: x.sum().half()), ("logsumexp", lambda x: x.logsumexp((0, 1))), ("logsumexp", lambda x: x.logsumexp(0)),
    ("matmul", lambda x: x @ x.t()), ("matmul", lambda x: x[0] @ x[1]), ("matmul", lambda x: x @ x[0]),
    ("matmul", lambda x: x.detach() @ x.t()), ("matmul", lambda x: x.half() @ x.t().half()),
    ("matmul", lambda x: x.expand(2, 2, 3) @ x.t()), ("matmul", lambda x: x @ x.t().expand(2, 3, 2)),
    ("stack", lambda x: autodiff.stack([x[0, 0], x[0, 1]])), ("stack", lambda x: autodiff.stack([x[0], x[1]], 1)),
    ("cat", lambda x: autodiff.cat([x, autodiff.ones(1, 3), x])), ("cat", lambda x: autodiff.cat([x[:, :1], x], 1)),
    ("view", lambda x: x[1]), ("view", lambda x: x.reshape(3, 2)), ("view", lambda x: x[0, 0]),
    ("copy_region", lambda x: wrote(x, lambda y: y.__setitem__(0, y[1]))),
    ("copy_region", lambda x: wrote(x, lambda y: y.copy_(x * x))),
    ("copy_region", lambda x: wrote(x, lambda y: y[0].mul_(2))),
    ("copy_region", lambda x: wrote(x, lambda y: y.__setitem__((0, 0), y[1, 1]))),
    ("index_set", lambda x: wrote(x, lambda y: y.__setitem__([0], y[1:]))),
    ("fill", lambda x: wrote(x, lambda y: y.zero_())), ("fill", lambda x: wrote(x, lambda y: y.fill_(2.0))),
    ("index", lambda x: x.take(T([0, 2]))), ("index", lambda x: x[[0, 0]]), ("amax", lambda x: x.max()),
    ("poisson_draw", lambda x: autodiff.poisson(x, CHANCE)), ("binomial_draw", lambda x: autodiff.binomial(x, x / 9, CHANCE)),
    ("gamma_sample", lambda x: autodiff.standard_gamma(x)), ("dirichlet_sample", lambda x: autodiff.sample_dirichlet(x)),
]


def wrote(x, write):
    """What x is after a write to a copy of it."""
    y = x * 1.0
    write(y)
    return y


@pytest.mark.parametrize("rule", [rule for rule in STRUCTURAL if rule.dx and rule.name not in {*REFUSING, *REFUSED}],
                         ids=lambda rule: rule.name)
def test_a_vjp_has_the_parameters_that_a_level_saw_and_no_others(rule):
    """Every case of the row, and its fast paths, which a level keeps from being taken: first seen by one, then without.

    The node of a view of a written base looks from the base on, as a write through a view does: no call has its geometry.
    What fills is asked under the name of the write.
    """
    elsewhere = ("view", "copy_region", "fill")
    some = [(f, leaves(shapes)) for _, f, _, shapes in CASES.get(rule.name, [])]
    some += [(f, leaves([(2, 3)])) for name, f in FAST if name == rule.name]
    handed = 0

    def run(f, xs):
        out = f(*xs)
        if out.requires_grad:
            (out.abs() if out.is_complex() else out).sum().backward(create_graph=True)
        for x in xs:
            x.grad = None

    for f, xs in some:
        seen, found = [], []
        with applied(found):
            run(f, xs)
        given = [params for name, _, params in found if name == rule.name]
        with spied(rule, seen):
            run(f, xs)
        handed += len(seen)
        for params, _ in seen:
            assert len(params) == len(render.parameters(rule))
            assert rule.name in elsewhere or any(same(params, call) for call in given), (params, given)
    assert handed


def test_the_shapes_of_any_number_of_operands_are_kept_where_a_derivative_mentions_them():
    x, seen, others = T(np.ones((2, 3)), requires_grad=True), [], []
    with spied(BY_NAME["cat"], seen), spied(BY_NAME["stack"], others):
        autodiff.cat([x, autodiff.ones(1, 3), x]).sum().backward(create_graph=True)
        autodiff.stack([x, x], 1).sum().backward(create_graph=True)
    assert {shapes for _, shapes in seen} == {((2, 3), (1, 3), (2, 3))}
    assert {shapes for _, shapes in others} == {None}


# ---- parameters of elementwise rows

WITH_PARAMETERS = [rule for rule in rules.ELEMENTWISE if rule.params]


@pytest.mark.parametrize("rule", WITH_PARAMETERS, ids=lambda rule: rule.name)
def test_a_front_says_which_row_is_applied(rule):
    """The call with a parameter, as function, method and in place, is the call of that row."""
    front = getattr(helpers, rule.front)
    (name,) = render.parameters(rule)
    x, y = T([7.0, -7.0]), T([2.0, 3.0])
    for value in {"number": (2, 0.5), "operand": (2, 0.5, T(3.0)), "choice": ("floor", "trunc")}[rule.parameter(name).role]:
        row, operands = front(_variable.OPS, rule.name, x, y, value)
        expected = plain(getattr(_variable.OPS, row)(*operands))
        keyword = {name: value}
        for out in (getattr(autodiff, rule.name)(x, y, **keyword), getattr(x, rule.name)(y, **keyword),
                    getattr(x.clone(), rule.name + "_")(y, **keyword)):
            np.testing.assert_array_equal(plain(out), expected)


def test_elementwise_rows_with_parameters():
    assert {rule.name: render.keywords(rule) for rule in WITH_PARAMETERS} == {
        "add": ", alpha=1", "sub": ", alpha=1", "div": ", rounding_mode=None"}


def test_no_template_asks_for_the_name_of_an_elementwise_row():
    import re
    from pathlib import Path

    folder = Path(rules.__file__).parent.parent
    if not (folder / "_ops.py.tp").exists():
        pytest.skip("needs a checkout")
    names = {f'"{rule.name}"' for rule in rules.RULES}
    asked = {}
    for path in [*folder.rglob("*.tp"), *(folder.parent / "render").glob("*.py"), folder.parent / "docs" / "ops_page.py"]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(r"rule\.name (?:==|!=|in \(|not in)", line) and any(name in line for name in names):
                asked.setdefault(path.name, []).append(line.strip())
    assert not asked
