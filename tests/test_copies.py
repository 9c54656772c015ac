"""Copies by deepcopy, copy and pickle: memory that was shared is shared again, a graph is not left silently."""
import copy
import pickle
import warnings

import numpy as np
import pytest

import autodiff
import autodiff.numpy as anp

FLAVOURS = [autodiff.tensor, anp.array]


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
@pytest.mark.parametrize("make", FLAVOURS)
def test_copies_of_views_share_a_memory_again(again, make):
    b = make([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    m = b.reshape(2, 3).T
    for first, second in ((b, b[2:4]), (b[2:4], b), (m, b), (b[::2], m[1])):
        one, other = again([first, second])
        assert one.tolist() == first.tolist() and other.tolist() == second.tolist() and type(other) is type(b)
        assert not other._is_view() and other.is_leaf and one._version == 0
        one.fill_(9.0)
        assert (np.array(one) == 9).all() and 9.0 in other and other._version == 1 and 9.0 not in second
    x = make([1.0, 2.0], requires_grad=True)
    leaf, alias = again([x, x.detach()])
    assert leaf.requires_grad and leaf.is_leaf and not alias.requires_grad
    with autodiff.no_grad():
        leaf.zero_()
    assert alias.tolist() == [0, 0] and x.tolist() == [1, 2]
    z = make([1 + 2j, 3 - 1j])
    whole, part = again([z, z.imag])
    whole.zero_()
    assert part.tolist() == [0, 0] and part.dtype == z.imag.dtype
    foreign = autodiff.from_numpy(np.arange(6.0)[::2])
    one, other = again([foreign, foreign[1:]])
    one.zero_()
    assert other.tolist() == [0, 0] and foreign.tolist() == [0, 2, 4]


def test_a_pickled_result_says_that_its_graph_is_gone():
    x = autodiff.tensor([1.0, 2.0], requires_grad=True)
    with pytest.warns(UserWarning, match="its graph is gone"):
        back = pickle.loads(pickle.dumps(x * 2))
    assert back.is_leaf and back.requires_grad and back.tolist() == [2, 4]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for v in (x, x.detach(), (x * 2).detach()):
            pickle.dumps(v)


def test_a_pickle_that_does_not_fit_together_is_refused():
    b = autodiff.arange(6.0)
    make, (flavour, carrier, dtype, offset, sizes, strides, *rest) = (b, b[2:4])[1].__reduce__()
    for bad in ((-8, sizes, strides), (offset, (7,), strides), (offset, sizes, (80,)), (offset, sizes, (8, 8)),
                (48, (1,), (8,))):
        with pytest.raises(ValueError, match="does not fit together"):
            make(flavour, carrier, dtype, *bad, *rest)
    with pytest.raises(TypeError):
        make(flavour, np.zeros(9), dtype, offset, sizes, strides, *rest)
