"""Questions that NumPy answers of arrays, and asks with errors swallowed: of Variables the answers are right."""
import io

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp

V = np.array([1.0, 2.0, 3.0])

QUESTIONS = [
    "np.array_equal(x, x)", "np.array_equal(x, [1.0, 2.0, 3.0])", "np.array_equal(x, y)", "np.array_equal([x[0], x[1]], x[:2])",
    "np.array_equal(x, x, equal_nan=True)", "np.array_equiv(x, y)", "np.array_equiv(x, [x, x])", "np.allclose(x, x + 1e-9)",
    "np.allclose(x, y, rtol=10)", "np.allclose(x, 1.0)", "np.shares_memory(x, x)", "np.shares_memory(x, y)",
    "np.shares_memory(x, x[1:])", "np.shares_memory(x[:1], x[1:])", "np.may_share_memory(x, x[::-1])",
    "np.may_share_memory(x, y)", "np.result_type(x, 1.0)", "np.result_type(x, np.complex64)", "np.result_type(f, 1.0)",
    "np.result_type(f, np.float64(1.0))", "np.iscomplexobj(x)", "np.isrealobj(x)", "np.iscomplex(x).tolist()", "np.isscalar(x)",
    "np.common_type(x, f)", "np.can_cast(x.dtype, np.float32)", "np.min_scalar_type(x)",
    "np.min_scalar_type(x[0])", "np.ndim(x)", "np.shape(x)", "np.size(x, 0)", "np.array_str(x)",
    "np.array2string(x, precision=2)", "np.array_repr(x)", "np.iterable(x)", "np.broadcast_shapes(x.shape, (2, 1))",
    "np.packbits(x > 1).tolist()", "np.einsum_path('i,i->', x, x)[0]", "np.is_busday('2024-01-06')",
    "np.unravel_index(4, (2, 3))",
]


@pytest.mark.parametrize("line", QUESTIONS)
@pytest.mark.parametrize("requires_grad", [True, False])
@pytest.mark.parametrize("make", [autodiff.tensor, anp.array], ids=["Tensor", "ndarray"])
def test_a_question_has_numpys_answer(make, requires_grad, line):
    if make is autodiff.tensor and ("_type(" in line or "can_cast" in line):
        names = {"x": make(V), "y": make(V * 2), "f": make(V, dtype=autodiff.float32)}
        line = line.replace("x.dtype", "np.float64")
    else:
        names = {"x": make(V, requires_grad=requires_grad), "y": make(V * 2, requires_grad=requires_grad),
                 "f": make(V, dtype=np.float32, requires_grad=requires_grad)}
    plain = {"x": V, "y": V * 2, "f": V.astype(np.float32)}
    found, expected = eval(line, {"np": np, **names}), eval(line, {"np": np, **plain})
    assert type(found) is type(expected) and found == expected


def test_object_arrays_that_hold_variables_are_compared_by_value():
    x = anp.array(V, requires_grad=True)
    numbers = np.array([x[0], x[1], 3.0])
    assert np.array_equal(x, numbers) and np.allclose(numbers, x) and not np.array_equal(x, numbers * 2)


def test_files():
    x = anp.array(V, requires_grad=True)
    text, binary, several = io.StringIO(), io.BytesIO(), io.BytesIO()
    np.savetxt(text, x)
    np.save(binary, x)
    np.savez(several, x=x)
    binary.seek(0), several.seek(0)
    assert [float(line) for line in text.getvalue().split()] == [1, 2, 3]
    assert np.load(binary).tolist() == [1, 2, 3] and np.load(several)["x"].tolist() == [1, 2, 3]


def test_questions_of_values_raise_under_vmap():
    for line in ("np.array_equal(x, x)", "np.allclose(x, 1.0)", "np.array_str(x)", "np.iscomplex(x)"):
        with pytest.raises(RuntimeError, match="vmap"):
            autodiff.vmap(lambda x, line=line: eval(line, {"np": np, "x": x}))(np.ones((2, 3)))
