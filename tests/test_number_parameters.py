"""A number that a call is given may be a 0-d Variable: it is differentiated or refused, and its gradient never dropped."""
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp
from autodiff import autograd, rules
from autodiff.autograd import forward_ad as fw
from checks import public, render

T = autodiff.tensor
POSITIONS, MASK = T([0, 1]), T([[True, False], [False, True]])
#: What a call of a row needs besides its operands.
ALSO = {
    "scatter": {"dim": 0, "index": T([[0, 1]])}, "pad": {"pad": (1, 1)}, "masked_fill": {"mask": MASK},
    "index_fill": {"dim": 0, "index": POSITIONS}, "index_add": {"dim": 0, "index": POSITIONS, "source": autodiff.ones(2, 2)},
    "threshold": {"threshold": 0.3, "value": 0.1}, "lerp": {}, "quantile": {"dim": 0}, "nanquantile": {"dim": 0},
    "norm": {"dim": 0}, "histc": {"min": 0.0, "max": 2.0},
    "renorm": {"p": 2.0, "dim": 0, "maxnorm": 0.5},
    **{f"nn_functional_threshold{_}": {"threshold": 0.3, "value": 0.1} for _ in ("", "_")},
    **{f"{_}alpha_dropout": {"training": True} for _ in ("", "feature_")},
    **{f"embedding{_}": {"max_norm": 0.5} for _ in ("", "_bag")}, **{f"lp_pool{n}d": {"kernel_size": 2} for n in (1, 2, 3)},
    "gaussian_nll_loss": {"var": T([[0.1, 0.2], [0.3, 0.9]])}, "layer_norm": {"normalized_shape": (2,)},
    "rms_norm": {"normalized_shape": (2,)}, "batch_norm": {"running_mean": None, "running_var": None, "training": True},
    "group_norm": {"num_groups": 1}, "local_response_norm": {"size": 2, "alpha": 0.7},
}
#: Operands that are no matrices of two by two.
SHAPES = {"addmv": [(2,), (2, 2), (2,)], "addr": [(2, 2), (2,), (2,)], "addbmm": [(2, 2), (1, 2, 2), (1, 2, 2)],
          "baddbmm": [(1, 2, 2)] * 3, "dropout1d": [(2, 4, 2)], "dropout2d": [(2, 4, 2, 1)], "dropout3d": [(2, 4, 2, 1, 1)],
          "feature_alpha_dropout": [(2, 4, 2)], "instance_norm": [(2, 2, 2)], "local_response_norm": [(1, 3, 2)],
          "lp_pool1d": [(1, 1, 4)], "lp_pool2d": [(1, 4, 2)], "lp_pool3d": [(1, 2, 2, 2)]}
#: Operands of which the numbers are positions or signs, by where they stand.
OF_NUMBERS = {"embedding": {0: [[0, 1]]}, "embedding_bag": {0: [[0, 1]]}, "multi_margin_loss": {1: [0, 1]},
              "cosine_embedding_loss": {2: [1, -1]}, "hinge_embedding_loss": {1: [[1, -1], [-1, 1]]},
              "margin_ranking_loss": {2: [[1, -1], [-1, 1]]}}
#: A number for a parameter, where 0.4 will not do.
NUMBERS = {("norm", "p"): 2.5, ("dist", "p"): 2.5, ("histc", "max"): 2.0, ("hardtanh", "max_val"): 0.9,
           ("hardtanh", "min_val"): 0.1, ("softplus", "threshold"): 20.0, ("multi_margin_loss", "p"): 2.0,
           ("rrelu", "lower"): 0.1, ("nn_functional_rrelu_", "lower"): 0.1, ("embedding", "norm_type"): 2.5,
           ("embedding_bag", "norm_type"): 2.5, **{(f"lp_pool{n}d", "norm_type"): 2.5 for n in (1, 2, 3)},
           ("gumbel_softmax", "eps"): 1e-10}     # another one is warned of
#: Parameters that are operands, and differentiated.  Those of nn.functional's rows are Tensors of some shape, no numbers:
#: the cases of these rows differentiate them.
OPERANDS = ["weight", "min", "max", "value", "alpha", "beta", "q"]


def tried():
    for rule in rules.RULES:
        if rule.rendered or rule.elementwise or rule.name == "norm":
            differentiated = [] if rule.namespace == "nn.functional" or rule.name in ("max", "min", "histogram") else OPERANDS
            for name in render.parameters(rule):
                if name in render.numbers(rule) or name in differentiated:
                    yield rule.name, name


PAIRS = list(tried())


def call_of(row, name, kind, form):
    """The call of a row as a function of one parameter; form: the function, the method, or that in place."""
    rule = rules.BY_NAME[row]
    random = np.random.default_rng(0)
    shapes = SHAPES.get(row, [(2, 2)] * rule.arity)
    arrays = [random.uniform(0.2, 0.8, shape) for shape in shapes]
    for position, numbers in OF_NUMBERS.get(row, {}).items():
        arrays[position] = np.array(numbers)

    def call(value):
        autodiff.manual_seed(0)                 # rows that draw get the same numbers in each call
        x, *others = [kind(a) for a in arrays]
        given = {**ALSO.get(row, {}), name: value}
        if form == "function":
            return public(rule)(x, *others, **given)
        return getattr(x, row + ("_" if form == "in place" else ""))(*others, **given)

    return call


def forms(row):
    rule = rules.BY_NAME[row]
    yield from ["function"] * bool(rule.function) + ["method"] * bool(rule.method) + ["in place"] * bool(rule.inplace)


def total(out):
    return sum((part.sin().sum() for part in out), T(0.0)) if isinstance(out, tuple) else out.sin().sum()


@pytest.mark.parametrize(("row", "name"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_rows(row, name):
    rule, number = rules.BY_NAME[row], NUMBERS.get((row, name), 0.4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")          # a warning is no refusal
        for form in forms(row):
            call = call_of(row, name, T, form)
            expected = call(number)
            v = T(number, requires_grad=True)
            for constant in (v.detach(), T([number])[0]):
                np.testing.assert_allclose(total(call(constant)).numpy(), total(expected).numpy(), rtol=1e-14)
            with autodiff.no_grad():
                np.testing.assert_allclose(total(call(v)).numpy(), total(expected).numpy(), rtol=1e-14)
            try:
                out = call(v)
            except TypeError as error:
                assert str(error).startswith(
                    f"{rule.called}(): argument '{name}' must be Number, not Tensor that requires grad")
                assert name in render.numbers(rule)
                with pytest.raises(TypeError, match="must be Number"), fw.dual_level():
                    call(fw.make_dual(T(number), T(1.0)))
                continue
            (found,) = autograd.grad(total(out), v)
            step = 1e-6
            difference = (total(call(number + step)) - total(call(number - step))).item() / (2 * step)
            assert abs(found.item() - difference) < 1e-6
            if form != "in place":
                with fw.dual_level():
                    tangent = fw.unpack_dual(total(call(fw.make_dual(T(number), T(1.0))))).tangent
                    assert abs(tangent.item() - difference) < 1e-6


def test_all_kinds_of_parameters_were_tried():
    assert len(PAIRS) > 45
    names = {name for _, name in PAIRS}
    assert names >= {"alpha", "beta", "value", "p", "eps", "negative_slope", "nan", "min", "correction", "dx", "q"}


@pytest.mark.parametrize(("row", "name"), [("elu", "alpha"), ("norm", "p"), ("threshold", "value"), ("nan_to_num", "nan")])
def test_several_elements_are_no_number(row, name):
    with pytest.raises(TypeError, match=rf"{row}\(\): argument '{name}' must be Number, not Tensor$"):
        call_of(row, name, T, "method")(T([1.0, 2.0]))


def test_factors_of_sizes_and_numbers_of_classes():
    """They are in no table of numbers: a factor may be a tuple, a class is an int."""
    x, wanted = autodiff.ones(1, 1, 2), T(2.0, requires_grad=True)
    resize, lose = autodiff.nn.functional.interpolate, autodiff.nn.functional.cross_entropy
    for factor in (wanted, (wanted,), T([2.0, 2.0])):
        with pytest.raises(TypeError, match=r"interpolate\(\): argument 'scale_factor' must be Number, not Tensor"):
            resize(x, scale_factor=factor)
    assert resize(x, scale_factor=wanted.detach()).shape == resize(x, scale_factor=(T(2),)).shape == (1, 1, 4)
    scores = T([[1.0, 2.0], [0.5, 3.0]])
    assert lose(scores, T([1, 0]), ignore_index=T(0)).item() == lose(scores[:1], T([1])).item()
    for number in (0.0, wanted):
        with pytest.raises(TypeError):
            lose(scores, T([1, 0]), ignore_index=number)


def test_the_words_are_of_the_function_that_was_called():
    functional = autodiff.nn.functional
    for call in (lambda: functional.relu([1.0]), lambda: functional.softmax(1.0, 0), lambda: functional.unfold([1.0], 2),
                 lambda: functional.elu_(autodiff.ones(1), T(0.5, requires_grad=True))):
        with pytest.raises(TypeError, match=r"^(relu|softmax|unfold|elu_)\(\): argument '(input|alpha)'"):
            call()


def test_the_numpy_flavour():
    x, v = anp.array([1.0, 2.0, 4.0]), anp.array(1.0, requires_grad=True)
    for call in (lambda: x.std(ddof=v), lambda: x.var(ddof=v), lambda: x.norm(v), lambda: x.elu(v)):
        with pytest.raises(TypeError, match="must be Number, not ndarray that requires grad"):
            call()
    y = x.clip(v, 3.0)
    y.sum().backward()
    assert v.grad is not None


CONSTRUCTORS = {
    "full": lambda v: autodiff.full((2,), v), "full_like": lambda v: autodiff.full_like(autodiff.ones(2), v),
    "linspace from": lambda v: autodiff.linspace(v, 5.0, 3), "linspace to": lambda v: autodiff.linspace(0.0, v, 3),
    "arange": lambda v: autodiff.arange(v), "arange from": lambda v: autodiff.arange(v, 5.0),
    "arange to": lambda v: autodiff.arange(0.0, v), "arange by": lambda v: autodiff.arange(0.0, 5.0, v),
    "randint": lambda v: autodiff.randint(v, (2,)), "eye": lambda v: autodiff.eye(v), "zeros": lambda v: autodiff.zeros(v, 2),
    "rand": lambda v: autodiff.rand(v), "linspace steps": lambda v: autodiff.linspace(0.0, 1.0, v),
}


@pytest.mark.parametrize("make", CONSTRUCTORS.values(), ids=CONSTRUCTORS)
def test_constructors(make):
    with pytest.raises(TypeError):
        make(T(2.0, requires_grad=True))
    with pytest.raises(TypeError):
        make(T(2.0, requires_grad=True) * 1)


def test_constructors_take_constants():
    two = T(2.0)
    assert autodiff.full((2,), two).tolist() == [2.0, 2.0] and autodiff.linspace(0.0, two, 3).tolist() == [0.0, 1.0, 2.0]
    assert autodiff.arange(two).tolist() == [0.0, 1.0] and autodiff.full_like(autodiff.ones(1), two).tolist() == [2.0]
    with autodiff.no_grad():
        assert autodiff.full((1,), T(2.0, requires_grad=True)).tolist() == [2.0]


def test_what_is_made_of_a_variable_is_recorded():
    v = T(2.0, requires_grad=True)
    for out in (autodiff.zeros(2).fill_(v), autodiff.tensor([v, v]), autodiff.zeros(2).masked_fill(T([True, True]), v)):
        (g,) = autograd.grad(out.sum(), v)
        assert g.item() == 2.0
