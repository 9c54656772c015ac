"""Sorting, searching and sets of NumPy's: every argument and dtype against NumPy; ties, errors, what vmap can do."""
import numpy as np
import pytest
from checks_numpy import hold_against_numpy, operands

import autodiff
import autodiff.numpy as anp
from autodiff import autograd

#: Lines of code in x, of three rows and four columns, each as NumPy has it: of every dtype, with NaN, infinities and ties.
LINES = """
np.digitize(x,[-1,0,1])
np.digitize(x,[1,0,-1],right=True)
np.digitize(x,[1,0,2])
np.sort(x)
np.sort(x,axis=0)
np.sort(x,axis=None)
np.sort(x,kind='stable')
np.sort(x,kind='foo')
np.sort(x,order='a')
np.sort(x,stable=True)
np.sort(x,kind='stable',stable=True)
np.sort(x[0,0])
np.argsort(x,axis=0)
np.argsort(x,axis=None)
np.argsort(x[0,0])
np.argsort(x,kind='heapsort')
np.partition(x,1)
np.partition(x,(0,2),axis=0)
np.partition(x,5,axis=None)
np.partition(x,9)
np.partition(x,1,axis=3)
np.partition(x,-1)
np.partition(x,1,kind='foo')
np.argpartition(x,1)
np.argpartition(x,1,axis=None)
np.partition(x[0,0],0)
np.lexsort((x[0],x[1]))
np.lexsort(x)
np.sort_complex(x)
np.sort_complex(x[0])
np.unique(x)
np.unique(x,return_index=True)
np.unique(x,True,True,True)
np.unique(x,axis=0)
np.unique(x,axis=1,return_inverse=True)
np.unique(x,equal_nan=False)
np.unique(x[:0])
np.unique(x,axis=3)
np.unique(x[0,0])
np.unique_all(x)
np.unique_counts(x)
np.unique_inverse(x)
np.unique_values(x)
np.unique(x,sorted=False)
np.union1d(x,[1,2])
np.intersect1d(x,x[0])
np.intersect1d(x,x[0],return_indices=True)
np.intersect1d(x,[1.5])
np.setdiff1d(x,x[0])
np.setdiff1d(x,x[0],assume_unique=True)
np.setxor1d(x,x[0])
np.setxor1d(x,[1,2],assume_unique=True)
np.intersect1d(x[0],x[0,:2],True)
np.union1d(x[0,0],x)
np.isin(x,x[0])
np.isin(x,[1,2],invert=True)
np.isin(x,x[0],kind='sort')
np.isin([1,2],x)
np.isin(x,x[0],assume_unique=True)
np.searchsorted(np.sort(x[0]),x)
np.searchsorted(np.sort(x[0]),0.5,side='right')
np.searchsorted(x,1)
np.searchsorted(x[0],1,sorter=np.argsort(x[0]))
np.searchsorted(x[0],1,side='up')
np.searchsorted([0,1],x)
np.searchsorted(x[0],[1],sorter=[0,1])
np.searchsorted(x[0],[1],sorter=[0.,1,2,3])
x[0].searchsorted(1)
x[0].searchsorted([[1]],side='right')
x.searchsorted(1)
x[0,0].searchsorted(1)
np.searchsorted(x[0,0],1)
x[0].searchsorted(1,sorter=[0,1])
x[0].searchsorted(1,side='foo')
x[0].searchsorted(1,sorter=[3,2,1,0])
np.extract(x>0,x)
np.extract([1,0,1],x)
np.extract(np.ones((5,5)),x)
np.compress([1,0,1],x)
np.compress([1,0,1],x,axis=0)
np.compress([1,0,1],x,axis=1)
np.compress([1,0,1,1,1],x,axis=1)
np.compress([[1]],x)
np.compress(x[0]>0,x,axis=1)
np.trim_zeros(x)
np.trim_zeros(x[0])
np.trim_zeros(x[0]*0)
np.trim_zeros(x*0)
np.trim_zeros(x[0],'f')
np.trim_zeros(x[0],'x')
np.trim_zeros(x,axis=0)
np.trim_zeros(x*np.array([[0,1,1,0]]),axis=1)
np.trim_zeros(x*np.array([[0,1,1,0]]))
np.trim_zeros(x*0,axis=1)
np.trim_zeros(x*0,'b')
np.trim_zeros(x*0,'f')
np.trim_zeros(x[0]*0,'b')
np.argwhere(x)
np.flatnonzero(x)
np.nonzero(x)
np.nonzero(x[0,0])
np.argmax(x,axis=0)
np.argmin(x,axis=1,keepdims=True)
"""


@pytest.mark.parametrize("text", LINES.split("\n")[1:-1])
def test_each_line_is_numpys(text):
    for x in operands().values():
        hold_against_numpy(text, x)


def leaf(values):
    return anp.array(values, requires_grad=True)


def gradient(result, x):
    return autograd.grad(result.sum(), x)[0].numpy()


def test_of_equal_elements_the_first_has_the_gradient():
    x = leaf([2.0, 1.0, 2.0, 1.0, 3.0])
    assert gradient(np.unique(x), x).tolist() == [1, 1, 0, 0, 1]
    assert gradient(np.unique_values(x), x).tolist() == [1, 1, 0, 0, 1]
    assert gradient(np.unique_all(x).values, x).tolist() == [1, 1, 0, 0, 1]
    assert gradient(np.intersect1d(x, [2.0, 3.0]), x).tolist() == [1, 0, 0, 0, 1]
    assert gradient(np.setdiff1d(x, [1.0]), x).tolist() == [1, 0, 0, 0, 1]
    assert gradient(np.setdiff1d(x, [1.0], assume_unique=True), x).tolist() == [1, 0, 1, 0, 1]
    assert gradient(np.setxor1d(x, [2.0, 9.0]), x).tolist() == [0, 1, 0, 0, 1]
    assert gradient(np.union1d([2.0, 7.0], x), x).tolist() == [0, 1, 0, 0, 1]
    y = leaf([[1.0, 2.0], [1.0, 2.0], [0.0, 5.0]])
    assert gradient(np.unique(y, axis=0), y).tolist() == [[1, 1], [0, 0], [1, 1]]


def test_unique_in_whatever_order_numpy_finds_its_values():
    x = np.array([3.0, np.nan, 1.0, 3.0, np.nan, 2.0, -0.0, 0.0])
    for call in (np.unique_values, lambda x: np.unique_counts(x).values, lambda x: np.unique(x, equal_nan=False), np.unique):
        found = call(leaf(x))
        np.testing.assert_array_equal(found.detach().numpy(), call(x))
        assert found.requires_grad


def test_positions_and_conditions_are_plain_or_need_no_gradient():
    x = leaf([2.0, 1.0, 3.0])
    for found in (np.argsort(x), np.argpartition(x, 1), np.lexsort((x, x)), np.searchsorted(x, 2.5), np.digitize(x, [1.5]),
                  np.isin(x, [1.0]), np.flatnonzero(x), np.argwhere(x), np.nanargmax(x), np.unique(x, return_inverse=True)[1],
                  np.intersect1d(x, x, return_indices=True)[1], x.searchsorted(1.5), x.argsort()):
        assert not getattr(found, "requires_grad", False)
        assert np.asarray(found).dtype in (np.bool, np.int64)


def test_a_partition_is_numpys_to_the_place():
    for seed in range(20):
        values = np.random.default_rng(seed).integers(0, 40, 200).astype(float)
        x = leaf(values)
        for kth in (10, [3, 150], -1):
            found = np.partition(x, kth)
            np.testing.assert_array_equal(found.detach().numpy(), np.partition(values, kth))
            assert gradient(found, x).tolist() == [1.0] * 200


def test_compress_writes_out():
    x, out = leaf([[1.0, 2.0], [3.0, 4.0]]), anp.array(np.zeros((1, 2)))
    assert np.compress([False, True], x, axis=0, out=out) is out
    assert gradient(out * out, x).tolist() == [[0, 0], [6, 8]]
    with pytest.raises(TypeError, match="would lose the gradient"):
        np.compress([False, True], x, axis=0, out=np.zeros((1, 2)))


def test_under_vmap():
    batch = np.array([[3.0, 1.0, 2.0], [6.0, 5.0, 4.0]])
    edges = np.array([1.5, 3.5])
    for f in (lambda x: np.searchsorted(edges, x, side="right"), lambda x: np.searchsorted(np.sort(x), 2.5),
              lambda x: np.digitize(x, edges), lambda x: np.digitize(x, edges[::-1]), lambda x: np.isin(x, [1.0, 5.0]),
              lambda x: np.sort(x), lambda x: np.sort(x, stable=True), lambda x: np.argsort(x), lambda x: np.partition(x, 2)[2],
              lambda x: np.nanargmin(x), lambda x: np.sort(x, axis=None),
              lambda x: np.searchsorted(edges[::-1], x, sorter=[1, 0])):
        np.testing.assert_array_equal(autodiff.vmap(f)(batch), np.stack([np.asarray(f(row)) for row in batch]))
    for f in (np.unique, lambda x: np.extract(x > 1, x), np.trim_zeros, lambda x: np.union1d(x, [1.0])):
        with pytest.raises(RuntimeError, match="vmap"):
            autodiff.vmap(f)(batch)
    with pytest.raises(NotImplementedError, match=r"np\.searchsorted"):
        autodiff.vmap(lambda x: np.digitize(2.5, x))(batch)
    with pytest.raises(ValueError, match="monoton"):
        autodiff.vmap(lambda x: np.digitize(x, [1.0, 3.0, 2.0]))(batch)


def test_tensors_are_answered_in_their_flavour():
    t = autodiff.tensor([2.0, 1.0, 2.0], requires_grad=True)
    for found in (np.sort(t, stable=True), np.unique(t), np.partition(t, 1), np.extract([True, False, True], t),
                  np.union1d(t, [4.0])):
        assert type(found) is autodiff.Tensor and found.requires_grad


@pytest.mark.parametrize("values", [[3.0, np.nan, 1.0, 3.0, -2.0], [[2, 1], [4, 4]], [1 + 2j, 3.0, 1 - 2j]])
def test_descending_has_nan_last_and_equal_elements_in_their_order(values):
    """As NumPy 2.5 has it, which older ones can be asked for by the methods."""
    x = anp.array(values)
    order = x.argsort(axis=0, descending=True)
    flat = x.detach().numpy().reshape(len(values), -1)
    key = lambda column: lambda i: (np.isnan(column[i]), -column[i].real, -column[i].imag)
    wanted = np.stack([sorted(range(len(values)), key=key(column)) for column in flat.T], -1).reshape(x.shape)
    assert order.tolist() == wanted.tolist()
    x.sort(axis=0, descending=True, stable=True)
    np.testing.assert_array_equal(x, np.take_along_axis(np.array(values), wanted, 0))
    if "descending" in (np.sort.__doc__ or ""):
        np.testing.assert_array_equal(x, np.sort(anp.array(values), axis=0, descending=True))
        np.testing.assert_array_equal(x, np.sort(np.array(values), axis=0, descending=True))


def test_a_descending_sort_is_differentiated_and_batched():
    x = anp.array([[3.0, 1.0, 2.0], [0.5, 0.7, 0.6]], requires_grad=True)
    y = x * 1.0
    assert y.sort(descending=True) is None and y.tolist() == [[3.0, 2.0, 1.0], [0.7, 0.6, 0.5]]
    (y * [1.0, 10.0, 100.0]).sum().backward()
    assert x.grad.tolist() == [[1.0, 100.0, 10.0], [100.0, 1.0, 10.0]]

    def ranked(row):
        row = row * 1.0
        row.sort(descending=True)
        return row
    assert autodiff.vmap(ranked)(x.detach()).tolist() == y.tolist()
