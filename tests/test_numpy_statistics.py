"""Statistics of NumPy's: every argument and every dtype against NumPy; what no line of code in a table can show."""
import warnings

import numpy as np
import pytest
from checks_numpy import hold_against_numpy, operands

import autodiff
import autodiff.numpy as anp
from autodiff import autograd

#: Lines of code in x, of three rows and four columns, each as NumPy has it: of every dtype, with NaN, infinities and ties.
LINES = """
np.average(x)
np.average(x,axis=1)
np.average(x,axis=0,weights=[1,2,3])
np.average(x,axis=(0,1),weights=np.ones((3,4)))
np.average(x,weights=[1,2])
np.average(x,axis=0,weights=[1,2])
np.average(x,axis=0,weights=[0,0,0])
np.average(x,axis=0,weights=[1,2,3],returned=True)
np.average(x,axis=5)
np.median(x)
np.median(x,axis=0)
np.median(x,axis=1,keepdims=True)
np.median(x,axis=(0,1))
np.median(x[:0])
np.median(x[:0],axis=0)
np.median(x[:0],axis=1)
np.median(x,axis=3)
np.median(x[0,0])
np.median(x,axis=(0,0))
np.quantile(x,.3)
np.quantile(x,[.3,.5],axis=0)
np.quantile(x,1,axis=0)
np.quantile(x,[0,1],axis=1)
np.quantile(x,.3,axis=0,keepdims=True)
np.quantile(x,2.)
np.quantile(x,.5,method='foo')
np.quantile(x[:0],.5)
np.quantile(x[:0],.5,axis=1)
np.quantile(x,np.float64(.3))
np.quantile(x,np.float32(.3))
np.quantile(x,np.array([.3],'f4'))
np.quantile(x[0,0],.3)
np.quantile(x,[])
np.quantile(x,[[[.5]]])
np.quantile(x,True)
np.percentile(x,30)
np.percentile(x,[30.,100])
np.percentile(x,100,axis=0)
np.percentile(x,101)
np.percentile(x,np.int64(50))
np.quantile(x,.3,weights=np.ones((3,4)),method='inverted_cdf')
np.quantile(x,[.3,1,0],axis=0,weights=[1,0,3],method='inverted_cdf')
np.quantile(x,.5,axis=0,weights=[1,0,3])
np.quantile(x,.5,axis=0,weights=[1,-1,3],method='inverted_cdf')
np.quantile(x,.5,axis=0,weights=[0,0,0],method='inverted_cdf')
np.quantile(x,.5,weights=[1,2,3],method='inverted_cdf')
np.nanmedian(x)
np.nanmedian(x,axis=0)
np.nanmedian(x,axis=1,keepdims=True)
np.nanmedian(x,axis=())
np.nanmedian(x[:0])
np.nanmedian(x[:0],axis=0)
np.nanmedian(x[:0],axis=1)
np.nanmedian(x,axis=(0,1))
np.nanquantile(x,.3)
np.nanquantile(x,[.3,.9],axis=0)
np.nanquantile(x,1,axis=0)
np.nanquantile(x,.3,axis=1,keepdims=True)
np.nanquantile(x[:0],.5)
np.nanquantile(x[:0],.5,axis=0)
np.nanpercentile(x,[10,20],axis=(0,1),keepdims=True)
np.nanquantile(x,.4,axis=0,weights=np.ones((3,4)),method='inverted_cdf')
np.nanquantile(x,2.)
np.nanmax(x)
np.nanmax(x,axis=0)
np.nanmax(x,axis=0,initial=1)
np.nanmax(x,where=x>0,initial=0)
np.nanmax(x[:0])
np.nanmax(x[:0],axis=1)
np.nanmax(x,axis=(0,1),keepdims=True)
np.nanmin(x,axis=1)
np.nanmin(x)
np.nanmax(x,where=x>0)
np.nanmax(x,axis=())
np.nanargmax(x,axis=1)
np.nanargmin(x)
np.nanargmax(x[:0])
np.nanargmin(x,axis=0,keepdims=True)
np.nansum(x,axis=0)
np.nansum(x,axis=0,where=x>0)
np.nansum(x,axis=())
np.nansum(x,initial=3)
np.nansum(x,dtype='f4')
np.nanprod(x,axis=0)
np.nanprod(x,dtype='f8')
np.nanprod(x,where=x>0,initial=2)
np.nansum(x[:0])
np.nanprod(x[:0],axis=0)
np.nanmean(x,axis=0)
np.nanmean(x)
np.nanmean(x,axis=1,where=x>0)
np.nanmean(x,dtype='f4')
np.nanmean(x,axis=())
np.nanmean(x,keepdims=True)
np.nanvar(x,axis=0)
np.nanvar(x)
np.nanstd(x,axis=1,ddof=1)
np.nanvar(x,axis=0,correction=1)
np.nanvar(x,correction=1,ddof=1)
np.nanvar(x,axis=0,where=x>0)
np.nanvar(x,axis=0,mean=np.zeros((1,4)))
np.nanvar(x,dtype='f4')
np.nanstd(x,axis=())
np.nanvar(x,keepdims=True)
np.nanvar(x,ddof=20)
np.nancumsum(x)
np.nancumsum(x,axis=1)
np.nancumprod(x,axis=0)
np.nancumsum(x,dtype='f4')
np.sum(x,where=x>0)
np.sum(x,axis=0,where=x>0)
np.sum(x,initial=2)
np.sum(x,axis=1,initial=2.5)
np.sum(x,axis=())
np.sum(x,dtype='f8',where=x>0)
np.sum(x,where=np.ones((2,3,4),bool))
np.sum(x,axis=0,dtype='i8',initial=1)
x.sum(0,where=x>0)
x.sum(0,'f8')
np.sum(x,axis=0,where=[1,0,1,1])
np.prod(x,where=x>0)
np.prod(x,axis=0,initial=2)
x.prod(axis=1,where=x>0)
np.prod(x,axis=())
np.max(x,initial=1)
np.max(x,axis=0,initial=1,where=x>0)
np.max(x,where=x>0)
np.max(x[:0],axis=0,initial=2)
np.min(x[:0],initial=2)
np.min(x,axis=1,initial=0,where=x<0)
x.max(0,initial=1)
x.min(axis=1,keepdims=True,initial=1)
np.max(x,axis=())
np.max(x,axis=0,initial=2.5)
np.mean(x,where=x>0)
np.mean(x,axis=0,where=x>0)
np.mean(x,axis=())
np.mean(x,where=False)
x.mean(axis=1,where=x>0,keepdims=True)
np.mean(x,dtype='f4',where=x>0)
x.mean(0,'f4')
np.var(x,where=x>0)
np.var(x,axis=0,where=x>0,ddof=1)
np.var(x,axis=())
np.var(x,axis=0,mean=np.ones((1,4)))
np.std(x,axis=1,where=x>0)
np.std(x,where=False)
np.var(x,dtype='f4',where=x>0)
np.var(x,axis=0,correction=1)
np.var(x,ddof=1,correction=1)
np.std(x,axis=())
x.std(axis=0,mean=np.ones((1,4)))
np.var(x,axis=1,keepdims=True,dtype='f4')
np.var(x,dtype='f4')
np.all(x,where=x>0)
np.any(x,axis=0,where=x>5)
np.all(x,axis=())
np.any(x,keepdims=True)
np.count_nonzero(x)
np.count_nonzero(x,axis=0,keepdims=True)
np.count_nonzero(x,keepdims=True)
np.count_nonzero(x,axis=())
np.ptp(x)
np.ptp(x,axis=0,keepdims=True)
np.ptp(x,axis=())
np.ptp(x[:0])
np.cov(x)
np.cov(x,rowvar=False)
np.cov(x[0],x[1])
np.cov(x,bias=True)
np.cov(x,ddof=0)
np.cov(x,ddof=5)
np.cov(x,fweights=[1,2,1,1])
np.cov(x,fweights=[1.5,2,1,1])
np.cov(x,fweights=[1,2])
np.cov(x,aweights=[1,-2,1,1])
np.cov(x,aweights=[1,2,.5,1])
np.cov(x,dtype='f4')
np.cov(x[None])
np.cov(x[:0])
np.cov(x[:,:1])
np.cov(x[0,0])
np.cov(x,x[:2],rowvar=True)
np.cov(x,ddof=1.5)
np.corrcoef(x)
np.corrcoef(x[0])
np.corrcoef(x[0],x[1])
np.corrcoef(x,rowvar=False)
np.corrcoef(x,dtype='f4')
np.histogram(x)
np.histogram(x,bins=3,density=True)
np.histogram(x,bins=[-1,0,1])
np.histogram(x,bins='auto')
np.histogram(x,bins=4,range=(-1,1))
np.histogram(x,range=(1,-1))
np.histogram(x[:0])
np.histogram(x,weights=np.ones((3,4)))
np.histogram(x,bins=3,weights=np.ones((3,4),'f4'),density=True)
np.histogram(x,weights=[1,2])
np.histogram(x,bins=0)
np.histogram(x,bins=[1,0])
np.histogram_bin_edges(x,'fd')
np.histogram(x[:1,:1])
np.histogram2d(x[0],x[1])
np.histogram2d(x[0],x[1],bins=(2,3))
np.histogram2d(x[0],x[1],bins=[[-1,0,1],2])
np.histogram2d(x[0],x[1],bins=2,density=True)
np.histogram2d(x[0],x[1],bins=2,weights=[1,2,3,4])
np.histogram2d(x[0],x[1],bins=2,range=[[-1,1],[-2,2]])
np.histogram2d(x[0],x[1][:2])
np.histogram2d(x[0],x[1],bins=[-1,0,.5,1])
np.histogramdd(x)
np.histogramdd(x,bins=2)
np.histogramdd(x,bins=(2,2,2,2),density=True)
np.histogramdd(x.T,bins=[2,3])
np.histogramdd(x.T,bins=[2,3,4],weights=np.arange(4))
np.histogramdd(x[0])
np.histogramdd((x[0],x[1],x[2]),bins=2)
np.bincount(np.array([0,1,1,2]),x[0])
np.bincount([0,1],x[0])
np.bincount([0,1,-1,2],x[0])
np.bincount([0,1,1,2],x[0],minlength=6)
np.bincount([0,1,1,2],x[0],minlength=-1)
np.bincount(x[0])
np.cumulative_sum(x)
np.cumulative_sum(x,axis=0)
np.cumulative_sum(x[0],include_initial=True)
np.cumulative_prod(x,axis=1,dtype='f8',include_initial=True)
np.cumulative_sum(x[0,0])
np.cumulative_sum(x,axis=-1,include_initial=True)
np.apply_along_axis(np.sum,0,x)
np.apply_along_axis(np.sort,1,x)
np.apply_along_axis(lambda v:np.ones((2,3))*v[0],0,x)
np.apply_along_axis(np.sum,0,x[:,:0])
np.apply_along_axis(lambda v:3,1,x)
np.apply_along_axis(np.sum,4,x)
np.apply_over_axes(np.sum,x,[0,1])
np.apply_over_axes(np.sum,x,0)
np.apply_over_axes(np.sum,x,-1)
np.ediff1d(x)
np.ediff1d(x,to_end=1)
np.ediff1d(x,to_end=[1.5,2])
np.ediff1d(x,to_begin=[1j])
np.ediff1d(x[:0])
np.ediff1d(x,to_end=[1,2],to_begin=[[3,4]])
"""

#: What NumPy adds up in another order, or rounds in another place: (start of the line, dtypes) -> how far from it.
ROUNDED = {"np.std(x,axis=1,where=": 1e-15}
HALF_ROUNDED = ("where=", "initial=2.5", "dtype='f4'")     # NumPy rounds half floats after other steps
#: Differences of bools are NotImplementedError, the row's, and TypeError, NumPy's.
OF_BOOLS = ("np.ptp", "np.ediff1d")


@pytest.mark.parametrize("text", LINES.split("\n")[1:-1])
def test_each_line_is_numpys(text):
    for name, x in operands().items():
        if name == "?" and text.startswith(OF_BOOLS):
            continue
        half = name.startswith("f2") and any(word in text for word in HALF_ROUNDED)
        far = 4e-3 if half else next((far for start, far in ROUNDED.items() if text.startswith(start)), 0.0)
        hold_against_numpy(text, x, far)


def leaf(values):
    return anp.array(values, requires_grad=True)


def gradient(result, x):
    return autograd.grad(result.sum(), x)[0].numpy()


REDUCTIONS = ("sum", "prod", "max", "min", "mean", "var", "std", "median", "ptp", "cumsum", "cumprod", "nansum", "nanprod",
              "nanmean", "nanmax", "nanmin", "nanvar", "nanstd", "nanmedian", "nancumsum", "nancumprod")
X = np.array([[1.0, 5.0, 2.0], [4.0, 3.0, 6.0]])


@pytest.mark.parametrize("name", REDUCTIONS)
def test_out(name):
    function = getattr(np, name)
    expected = function(X, axis=0)
    out = np.zeros(expected.shape)
    assert function(anp.array(X), axis=0, out=out) is out               # nothing is recorded
    np.testing.assert_array_equal(out, expected)
    x, out = leaf(X), anp.array(np.zeros(expected.shape))
    assert function(x, axis=0, out=out) is out
    np.testing.assert_array_equal(out.detach().numpy(), expected)
    np.testing.assert_array_equal(gradient(out, x), gradient(function(x, axis=0), x))
    out = anp.array(np.zeros(expected.shape))
    assert function(X, axis=0, out=out) is out                          # of a plain array, into a Variable
    np.testing.assert_array_equal(out.numpy(), expected)
    with pytest.raises(TypeError, match="would lose the gradient"):
        function(x, axis=0, out=np.zeros(expected.shape))
    with pytest.raises(ValueError):         # in NumPy's words, which each function has its own
        function(x, axis=0, out=anp.array(np.zeros(7)))
    with pytest.raises(TypeError):
        function(x, axis=0, out=anp.array(np.zeros(expected.shape, np.int64)))


@pytest.mark.parametrize("call", [
    lambda x, out: np.quantile(x, 0.3, axis=0, out=out), lambda x, out: np.percentile(x, 30, axis=0, out=out),
    lambda x, out: np.nanquantile(x, 0.3, axis=0, out=out), lambda x, out: np.nanpercentile(x, 30, axis=0, out=out),
    lambda x, out: x.sum(0, out=out), lambda x, out: x.mean(axis=0, out=out), lambda x, out: x.max(axis=0, out=out),
    lambda x, out: x.std(axis=0, ddof=1, out=out), lambda x, out: np.sum(x, axis=0, where=x > 1, out=out),
])
def test_out_beside_other_arguments(call):
    x, out = leaf(X), anp.array(np.zeros(3))
    assert call(x, out) is out and gradient(out, x).any()
    plain = np.zeros(3)
    assert call(anp.array(X), plain) is plain
    np.testing.assert_array_equal(plain, out.detach().numpy())


def test_the_second_argument_of_methods_is_numpys():
    x = leaf(X)
    assert x.sum(0, np.float32).dtype == np.float32 and x.mean(1, np.float32).shape == (2,)
    assert x.sum(0, None, None, True).shape == (1, 3) == x.mean(0, None, None, True).shape
    with pytest.raises(TypeError):
        x.sum(dim=0)
    assert autodiff.sum(x, 0, True).shape == (1, 3) and autodiff.mean(x, dim=0).shape == (3,)


def test_elements_left_out_have_no_part_in_the_gradient():
    """Not even where they are NaN, and the slope of a square there would be."""
    x = leaf([1.0, np.nan, 3.0, -2.0])
    present = np.array([True, False, True, True])
    for name in ("sum", "prod", "mean", "var", "std"):
        plain = getattr(np, name)
        rest = leaf([1.0, 3.0, -2.0])
        found = gradient(plain(x, where=present), x)
        assert found[1] == 0
        np.testing.assert_allclose(found[present], gradient(plain(rest), rest), rtol=1e-14)
        np.testing.assert_allclose(gradient(getattr(np, f"nan{name}")(x), x), found, rtol=1e-14)
    assert gradient(np.max(x, initial=-9.0, where=present), x).tolist() == [0, 0, 1, 0]
    assert gradient(np.nanmin(x), x).tolist() == [0, 0, 0, 1]
    assert gradient(np.nanmedian(x), x).tolist() == [1, 0, 0, 0]


def test_a_deviation_of_equal_elements_has_the_gradient_0():
    x = leaf([2.0, 2.0, np.nan, 7.0])
    assert gradient(np.std(x, where=np.array([True, True, False, False])), x).tolist() == [0, 0, 0, 0]
    y = leaf([2.0, 2.0, np.nan])
    assert gradient(np.nanstd(y), y).tolist() == [0, 0, 0]


def test_ties():
    x = leaf([3.0, 3.0, 1.0])
    assert gradient(np.max(x, initial=0.0), x).tolist() == [0.5, 0.5, 0]      # shared, as without initial=
    assert gradient(np.max(x, initial=3.0), x).tolist() == [0.25, 0.25, 0]    # half of it is the number's
    assert gradient(np.median(x), x).sum() == 1                               # one element has it
    x = leaf([[np.nan, 2.0], [2.0, 2.0]])
    assert gradient(np.nanmax(x, axis=1), x).tolist() == [[0, 1], [0.5, 0.5]]


def test_order_statistics_do_not_overwrite_a_variable():
    x = leaf([3.0, 1.0, 2.0])
    for call in (np.median, np.nanmedian, lambda x, **more: np.quantile(x, 0.5, **more),
                 lambda x, **more: np.nanpercentile(x, 50, **more)):
        call(x, overwrite_input=True)
        assert x.detach().numpy().tolist() == [3, 1, 2]


def test_quantiles_of_q():
    """The slope in q is that of the piece: to the next of the sorted elements."""
    q = leaf(0.3)
    x = np.array([4.0, 1.0, 2.0, 8.0, 16.0])
    np.testing.assert_allclose(gradient(np.quantile(x, q), q), 4 * (4.0 - 2.0))
    q = leaf([25.0, 90.0])
    np.testing.assert_allclose(gradient(np.percentile(x, q), q), [0.04 * 2, 0.04 * 8])
    found = np.quantile(x, leaf(0.3), method="lower")
    assert found.item() == 2.0
    q, w = leaf([0.3, 0.9]), leaf([1.0, 2.0, 3.0, 1.0, 1.0])
    found = np.quantile(x, q, weights=w, method="inverted_cdf")
    assert found.detach().numpy().tolist() == [2.0, 16.0]                     # constant between elements
    assert gradient(found, q).tolist() == [0, 0] and gradient(found, w).tolist() == [0] * 5
    assert gradient(np.quantile(leaf(x), q, method="higher"), q).tolist() == [0, 0]
    with pytest.raises(ValueError, match="range"):
        np.quantile(x, leaf(1.5))


def test_a_nan_is_the_quantile_and_has_its_gradient():
    x = leaf([1.0, np.nan, 2.0])
    for found in (np.median(x), np.quantile(x, 0.3)):
        assert np.isnan(found.item())
        assert gradient(found, x).tolist() == [0, 1, 0]


def test_weights_of_an_average_are_differentiated_beside_plain_values():
    w = leaf([1.0, 3.0])
    mean, total = np.average([[1.0, 2.0], [3.0, 6.0]], axis=0, weights=w, returned=True)
    assert mean.detach().numpy().tolist() == [2.5, 5.0] and total.detach().numpy().tolist() == [4.0, 4.0]
    np.testing.assert_allclose(gradient(mean, w), [(1 - 2.5 + 2 - 5) / 4, (3 - 2.5 + 6 - 5) / 4])
    with pytest.raises(ZeroDivisionError):
        np.average(np.ones(2), weights=leaf([1.0, -1.0]))


def test_a_histogram_of_variables():
    """Counts are plain integers; edges move with the ends of the data, and a density with the widths."""
    x = leaf([0.0, 1.0, 4.0])
    counts, edges = np.histogram(x, bins=2)
    assert type(counts) is np.ndarray and counts.tolist() == [2, 1]
    assert gradient(edges, x).tolist() == [1.5, 0, 1.5]
    density, _ = np.histogram(x, bins=2, density=True)
    np.testing.assert_allclose(density.detach().numpy(), [1 / 3, 1 / 6])
    np.testing.assert_allclose(gradient(density, x), [1 / 8, 0, -1 / 8])      # 1 / (highest - lowest), summed
    w = leaf([1.0, 2.0, 3.0])
    sums, edges = np.histogram([0.5, 0.1, 0.9], bins=2, weights=w)
    assert type(edges) is np.ndarray and gradient(sums[1:], w).tolist() == [1, 0, 1]
    outside = np.bincount([0, 2, 2], weights=w, minlength=5)
    assert outside.detach().numpy().tolist() == [1, 0, 5, 0, 0] and gradient(outside[2:], w).tolist() == [0, 1, 1]
    with pytest.raises(ValueError):
        np.bincount([0, -1, 2], weights=w)
    with pytest.raises(ValueError):
        np.bincount([0, 1], weights=w)
    with pytest.raises(TypeError):
        np.bincount([0, 1], weights=leaf([1j, 2.0]))


def test_functions_of_slices():
    x = leaf(X)
    found = np.apply_along_axis(lambda v: [v[0] * v[1], 2.0, v[2]], 1, x)      # numbers beside Variables
    assert found.shape == (2, 3) and gradient(found, x).tolist() == [[5, 1, 1], [3, 4, 1]]
    found = np.apply_along_axis(lambda v: 1.0, 0, x)
    assert type(found) is np.ndarray and found.tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="iteration dimensions"):
        np.apply_along_axis(np.sum, 0, x[:, :0])
    with pytest.raises(ValueError, match="correct shape"):
        np.apply_over_axes(lambda v, axis: np.sum(v), x, 0)


def test_tensors_are_answered_in_their_flavour():
    t = autodiff.tensor(X, requires_grad=True)
    for found in (np.median(t, axis=0), np.sum(t, axis=1, where=[True, False, True]), np.max(t, initial=2.0), np.nanstd(t),
                  np.quantile(t, [0.2, 0.4]), np.cov(t), np.cumsum(t), np.sum(t, axis=()),
                  np.average(t, axis=0, weights=[1, 2])):
        assert type(found) is autodiff.Tensor and found.requires_grad
    assert np.cumsum(t).shape == (6,) and np.sum(t, axis=()).shape == (2, 3)
    assert type(np.average(t, weights=leaf(X))) is anp.ndarray
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(autodiff.ones(0).mean().item())                       # PyTorch says nothing
    with pytest.warns(RuntimeWarning, match="Mean of empty slice"):
        anp.array(np.ones(0)).mean()
    with pytest.warns(UserWarning, match="degrees of freedom"):
        autodiff.ones(1).var()
    with pytest.warns(RuntimeWarning, match="Degrees of freedom <= 0 for slice"):
        anp.array(np.ones(1)).var(ddof=1)


def test_half_floats_are_rounded_as_numpy_rounds_them():
    x = (np.random.default_rng(2).normal(size=(50, 3)) * 3).astype(np.float16)
    for name in ("cumsum", "cumprod", "prod", "var", "std", "mean", "nancumsum"):
        with np.errstate(over="ignore"):
            expected = getattr(np, name)(x, axis=0)
        np.testing.assert_array_equal(getattr(np, name)(leaf(x), axis=0).detach().numpy(), expected)


def test_under_vmap_what_reads_values_says_so():
    for f in (lambda x: np.histogram(x)[1], lambda x: np.quantile(x, 0.3, weights=x * x, method="inverted_cdf")):
        with pytest.raises(RuntimeError, match="vmap"):
            autodiff.vmap(f)(np.ones((2, 3)))


@pytest.mark.parametrize("x", [np.ones(1), np.ones((2, 1)) * 3.0, np.float64(2.0), np.array([1 + 2j]), np.complex128(3j)])
def test_the_deviation_of_one_element_has_the_derivative_zero_in_forward_mode(x):
    """Its cotangent once kept the shape and the dtype of the deviation, which are not those of the element."""
    axis = -1 if np.ndim(x) == 2 else None
    value, tangent = autodiff.jvp(lambda x: np.std(x, axis=axis), (x,), (np.ones_like(x),))
    assert np.shape(tangent) == np.shape(value) and not np.any(tangent)
