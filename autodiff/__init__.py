"""autodiff: exact derivatives of Python and NumPy code; PyTorch's autograd semantics at C speed.

>>> import autodiff
>>> x = autodiff.tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> (x ** 2).sum().backward()
>>> x.grad
tensor([2., 4., 6.])
"""


def _locate():
    """Find the compiled build: beside this file, or in an installed copy that a checkout as current directory hides."""
    import os
    import sys
    from importlib.machinery import EXTENSION_SUFFIXES

    def built(folder):
        return all(any(os.path.isfile(os.path.join(folder, module + suffix)) for suffix in EXTENSION_SUFFIXES)
                   for module in ("_kernels", "_core", "_variable"))

    here = os.path.dirname(os.path.abspath(__file__))
    if built(here):
        return
    for entry in sys.path:
        folder = os.path.abspath(os.path.join(entry or os.curdir, "autodiff"))
        if folder != here and built(folder):
            __path__[:] = [folder]
            return
    raise ImportError(f"autodiff is not built in {here}; run `python -m pip install -e .` there")


_locate()
del _locate

import builtins as _builtins
from importlib import import_module as _import

from . import _missing, _ops
from . import _variable as _v
from ._core import memory_stats, release_memory
from ._create import (
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    arange,
    asarray,
    bernoulli,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    get_default_device,
    get_default_dtype,
    linspace,
    logspace,
    numel,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    set_default_device,
    set_default_dtype,
    zeros,
    zeros_like,
)
from ._dlpack import from_dlpack
from ._functions import (
    allclose,
    broadcast_shapes,
    clone,
    equal,
    flatten,
    is_complex,
    is_conj,
    is_floating_point,
    is_inference,
    is_neg,
    is_nonzero,
    is_tensor,
    mean,
    narrow,
    norm,
    permute,
    ravel,
    polygamma,
    reshape,
    result_type,
    select,
    squeeze,
    sum,
    swapaxes,
    t,
    transpose,
    tril_indices,
    triu_indices,
    unbind,
    unsqueeze,
)
from ._kernels import get_num_threads, set_num_threads
from ._printing import get_printoptions, printoptions, set_printoptions
from ._random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from ._types import ALIASES as _ALIASES
from ._types import DTYPES as _DTYPES
from ._types import UNSUPPORTED as _UNSUPPORTED
from ._types import (
    Size,
    can_cast,
    contiguous_format,
    device,
    dtype,
    finfo,
    iinfo,
    layout,
    memory_format,
    preserve_format,
    promote_types,
    strided,
)
from ._variable import Tensor, as_tensor, tensor

for _name, _function in _ops.FUNCTIONS.items():
    globals()[_name] = _function
for _d in _DTYPES.values():
    globals()[_d.name] = _d
for _alias, _name in _ALIASES.items():
    globals()[_alias] = _DTYPES[_v.np.dtype(_name)]
del _name, _function, _d, _alias

from . import autograd, numpy, random, return_types

from .autograd import (
    Variable,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled, set_anomaly_enabled

__version__ = "0.1.0"

_missing.install()


def _when_asked(name, module):
    """The function of that name in the namespace of ops, whose module is imported with the first call."""
    def first(*arguments):
        _import(f"{__name__}.numpy.{module}")     # puts its functions in the place of these
        return getattr(_v.OPS, name)(*arguments)
    setattr(_v.OPS, name, first)


for _name, _module in (("run_array_function", "_answers"), ("wider", "_answers"), ("lifted", "_answers"),
                       ("raise_as_numpy", "_answers"), ("run_ufunc", "_answers")):
    _when_asked(_name, _module)
del _name, _module


class _Cuda:
    """Programs ask whether there is a GPU; there is none."""

    def is_available(self):
        """False: autodiff computes on the CPU."""
        return False

    def device_count(self):
        """0: autodiff computes on the CPU."""
        return 0


cuda = _Cuda()

#: What is imported when it is asked for, and where it is: a program that does not ask starts a quarter sooner (32 ms, not 43).
_LATER = {
    **dict.fromkeys(("distributed", "func", "jit", "nn", "programs", "testing", "utils")),
    **dict.fromkeys(name for name in _ops.NAMESPACES if "." not in name),       # linalg, fft, special
    **dict.fromkeys(_ops.LATER["functions"]),       # of rows: their families put them here
    "lift": "_lift",
    **dict.fromkeys(("compile", "sparse_hessian", "sparse_jacobian"), "programs"),
    "draw": "_draw",
    "explain": "_explain",
    "checkpointed_loop": "utils._loop",
    **dict.fromkeys(("bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"), "_windows"),
    **dict.fromkeys(("binomial", "multinomial", "normal", "poisson", "randint_like", "randperm", "sample_beta",
                     "sample_dirichlet", "standard_gamma"), "_draws"),
    **dict.fromkeys(("pca_lowrank", "svd_lowrank"), "_lowrank"),
    **dict.fromkeys(("load", "save"), "_files"),
    **dict.fromkeys(("defjvp", "defvjp", "primitive"), "_primitive"),
    **dict.fromkeys(("elementwise_grad", "holomorphic_grad"), "func"),
    **dict.fromkeys(("grad", "hessian", "hvp", "jacfwd", "jacobian", "jacrev", "jvp", "linearize", "value_and_grad", "vjp",
                     "vmap"), "func"),
}

for _name in ("exponential_", "log_normal_", "cauchy_", "geometric_", "random_", "multinomial"):      # methods
    _v.install_method(_v.Tensor.__base__, _name, _ops.Later(_name, _import, f"{__name__}._draws"))
del _name

# For `from autodiff import *`: no builtin is replaced (sum, max, int ...), nor are the modules that programs call numpy and
# random.
__all__ = sorted({*_LATER, *(name for name in globals() if not name.startswith("_"))}
                 - {*dir(_builtins), "helpers", "numpy", "random"})


def __getattr__(name):
    if name in _ops.LATER["functions"]:
        _ops.load(_ops.LATER["functions"][name])
        return globals()[name]
    if name in ("_sample_dirichlet", "_standard_gamma"):        # by PyTorch's names
        return __getattr__(name[1:])
    if name in _LATER or name == "_C":
        module = _LATER.get(name)
        found = _import(f"{__name__}.{module or name}")
        if module:
            found = globals()[name] = getattr(found, name)
        return found
    if name in _UNSUPPORTED:
        raise AttributeError(f"dtype {name} does not exist in autodiff: {_UNSUPPORTED[name]}")
    raise AttributeError(_missing.words(name) or f"module 'autodiff' has no attribute '{name}'")


def __dir__():
    return sorted({*globals(), *_LATER})
