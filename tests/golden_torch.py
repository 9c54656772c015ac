"""Snippets that must show the same under PyTorch and under autodiff, and what PyTorch showed.

``python tests/golden_torch.py``, where PyTorch is installed, runs every snippet with it and writes what each shows into
``golden/torch.json`` and ``golden/FAMILY.json`` (or, given names of families, into theirs alone); ``test_surface.py`` runs the
same snippets with autodiff, default dtype float32, and compares.

Snippets stand in SNIPPETS and, a file to a family, in ``golden/*.txt``, parted by empty lines.
A snippet shows what it prints and the repr of its last expression; an error or a warning is shown by its type and
words.  Where autodiff differs on purpose, a line ``#! reason`` says why and lines ``#> text`` hold what autodiff shows.
"""
import ast
import contextlib
import copy
import io
import json
import math
import pathlib
import pickle
import re
import sys
import warnings

import numpy as np

FOLDER = pathlib.Path(__file__).with_name("golden")
GOLDEN = FOLDER / "torch.json"
FAMILIES = {path.stem: path for path in sorted(FOLDER.glob("*.txt"))}

SNIPPETS = {}

SNIPPETS["constructors"] = """
torch.tensor(3.0)

torch.tensor(3)

torch.tensor(True)

torch.tensor([1, 2.5])

torch.tensor([True, False])

torch.tensor([1, 2, 3])

torch.tensor([1, True])

torch.tensor([])

torch.tensor([[]])

torch.tensor([[1, 2], [3, 4]], dtype=torch.float)

torch.tensor([1.5, 2.5], dtype=torch.float64)

torch.tensor([1.9, -1.9], dtype=torch.long)

torch.tensor([1, 2], dtype=torch.double, requires_grad=True)

torch.tensor((1.0, (2.0,))[0])

torch.tensor(1 + 2j)

torch.tensor(np.array([1.0, 2.0]))

torch.tensor(np.array([1.0, 2.0], dtype=np.float32))

torch.tensor(np.float64(2.5))

torch.tensor(np.float32(2.5))

torch.tensor(np.int32(2))

torch.tensor([np.float64(2.5)])

torch.tensor(np.arange(3, dtype=np.int16))

torch.tensor(2.0, device='cpu')

a = np.ones(3); t = torch.tensor(a); a[0] = 5; t[0].item()

a = np.ones(3); t = torch.from_numpy(a); a[0] = 5; t

a = np.ones(3); t = torch.from_numpy(a); t += 1; a.tolist()

a = np.ones(3, dtype=np.float32); t = torch.as_tensor(a); a[1] = 7; t

t = torch.ones(2); torch.as_tensor(t) is t

torch.as_tensor([1, 2])

torch.as_tensor(2.5)

torch.as_tensor([1.5, 2], dtype=torch.float64)

torch.as_tensor(torch.ones(2), dtype=torch.float64)

torch.asarray([1.0, 2.0])

torch.from_numpy(np.arange(6).reshape(2, 3).T)

torch.from_numpy(np.float32([[1, 2], [3, 4]]))

torch.Tensor([4])

torch.Tensor([1, 2, 3])

torch.Tensor(2, 3).shape

torch.Tensor(5).shape

torch.Tensor()

torch.Tensor([[1, 2], [3, 4]])

torch.FloatTensor([0.1, 1.0, 0.0001])

torch.FloatTensor(2, 3).shape

torch.FloatTensor([[1, 2], [3, 4]])

torch.DoubleTensor([1, 2])

torch.DoubleTensor(2).dtype

torch.LongTensor([1, 2])

torch.IntTensor([1, 2])

torch.ByteTensor([1, 2])

torch.BoolTensor([True, False])

torch.FloatTensor()

torch.arange(4)

torch.arange(4.0)

torch.arange(4.0, requires_grad=True)

torch.arange(1, 4)

torch.arange(1, 10, 3)

torch.arange(1, 2, 0.25)

torch.arange(0, 1, 0.1)

torch.arange(5, 0, -2)

torch.arange(0)

torch.arange(start=2, end=5)

torch.arange(end=3)

torch.arange(4, dtype=torch.float32)

torch.arange(4, dtype=torch.float32).reshape((4, 1))

torch.arange(3, dtype=torch.float64)

torch.arange(torch.tensor(3))

torch.arange(-3, 3, 0.5)

torch.linspace(0, 1, 5)

torch.linspace(-3, 3, 4, requires_grad=True)

torch.linspace(start=0, end=1, steps=3)

torch.linspace(-math.pi, math.pi, 2000).shape

torch.linspace(0, 10, steps=1)

torch.linspace(0, 1, 3, dtype=torch.float64)

torch.linspace(0, 10, 5, dtype=torch.int64)

torch.zeros(3)

torch.zeros(2, 3)

torch.zeros((2, 3))

torch.zeros([2])

torch.zeros(size=(2,))

torch.zeros(torch.Size([2]))

torch.zeros(())

torch.zeros(0, 3)

torch.zeros(2, dtype=torch.int64)

torch.zeros(2, dtype=torch.bool)

torch.zeros(2, requires_grad=True)

torch.zeros(2, device='cpu', dtype=torch.float64)

torch.zeros(2, device=torch.device('cpu'))

torch.ones(2, 2, requires_grad=True)

torch.ones(1, dtype=torch.double)

torch.ones(())

torch.ones((), requires_grad=True)

torch.ones(2, 3, dtype=torch.long)

torch.full((2, 2), 7)

torch.full((2,), 0.5)

torch.full((2,), True)

torch.full((), 3.0, requires_grad=True)

torch.full((2,), 1, dtype=torch.float64)

torch.full([2], fill_value=2.5)

torch.eye(2)

torch.eye(2, 3)

torch.eye(4, 5, requires_grad=True).shape

torch.eye(2, dtype=torch.int64)

torch.empty(2, 3).shape

torch.empty(0)

torch.empty((2,), dtype=torch.float64).dtype

torch.zeros_like(torch.ones(2, requires_grad=True))

torch.ones_like(torch.zeros(2, 2))

torch.ones_like(torch.arange(3))

torch.ones_like(torch.arange(3), dtype=torch.float)

torch.zeros_like(torch.ones(2), requires_grad=True)

torch.full_like(torch.ones(2), 3.5)

torch.full_like(torch.arange(2), 3)

torch.empty_like(torch.ones(2, 3)).shape

torch.rand_like(torch.ones(2, 3)).shape

torch.randn_like(torch.ones(2, 3, dtype=torch.float64)).dtype

torch.rand(2, 3).shape

torch.rand((2,), requires_grad=True).requires_grad

torch.rand(5).dtype

r = torch.rand(1000); bool((r >= 0).all()), bool((r < 1).all())

torch.randn(size=(), requires_grad=True).shape

torch.randn(2, dtype=torch.double).dtype

torch.randn((1,)).shape, torch.randn(()).shape, torch.randn([2, 2]).shape

_ = torch.manual_seed(0); a = torch.randn(3); _ = torch.manual_seed(0); bool((a == torch.randn(3)).all())

torch.randn(3, device='cpu').is_leaf

torch.randint(0, 10, (2, 3)).dtype, torch.randint(3, size=(2,)).shape

g = torch.manual_seed(3); g is not None
"""

SNIPPETS["numbers as integers"] = """
torch.tensor(-1, dtype=torch.uint8), torch.full((1,), -1, dtype=torch.uint8)

u = torch.zeros(2, dtype=torch.uint8); u[0] = -1; u

torch.tensor(-255, dtype=torch.uint8), torch.full((1,), -255, dtype=torch.uint8)

u = torch.zeros(2, dtype=torch.uint8); u[0] = -255; u

torch.tensor(-256, dtype=torch.uint8), torch.full((1,), -256, dtype=torch.uint8)

u = torch.zeros(2, dtype=torch.uint8); u[0] = -256; u

torch.tensor(256, dtype=torch.uint8), torch.full((1,), 256, dtype=torch.uint8)

u = torch.zeros(2, dtype=torch.uint8); u[0] = 256; u

torch.tensor(1e30, dtype=torch.uint8), torch.full((1,), 1e30, dtype=torch.uint8)

u = torch.zeros(2, dtype=torch.uint8); u[0] = 1e30; u

torch.tensor(float('nan'), dtype=torch.uint8), torch.full((1,), float('nan'), dtype=torch.uint8)

u = torch.zeros(2, dtype=torch.uint8); u[0] = float('nan'); u

torch.tensor(-0.5, dtype=torch.uint8), torch.full((1,), -0.5, dtype=torch.uint8)

u = torch.zeros(2, dtype=torch.uint8); u[0] = -0.5; u

torch.tensor(1.7, dtype=torch.uint8), torch.full((1,), 1.7, dtype=torch.uint8)

u = torch.zeros(2, dtype=torch.uint8); u[0] = 1.7; u

torch.tensor(True, dtype=torch.uint8), torch.full((1,), True, dtype=torch.uint8)

u = torch.zeros(2, dtype=torch.uint8); u[0] = True; u

torch.tensor(-1, dtype=torch.int8), torch.full((1,), -1, dtype=torch.int8)

u = torch.zeros(2, dtype=torch.int8); u[0] = -1; u

torch.tensor(-255, dtype=torch.int8), torch.full((1,), -255, dtype=torch.int8)

u = torch.zeros(2, dtype=torch.int8); u[0] = -255; u

torch.tensor(-256, dtype=torch.int8), torch.full((1,), -256, dtype=torch.int8)

u = torch.zeros(2, dtype=torch.int8); u[0] = -256; u

torch.tensor(256, dtype=torch.int8), torch.full((1,), 256, dtype=torch.int8)

u = torch.zeros(2, dtype=torch.int8); u[0] = 256; u

torch.tensor(1e30, dtype=torch.int8), torch.full((1,), 1e30, dtype=torch.int8)

u = torch.zeros(2, dtype=torch.int8); u[0] = 1e30; u

torch.tensor(float('nan'), dtype=torch.int8), torch.full((1,), float('nan'), dtype=torch.int8)

u = torch.zeros(2, dtype=torch.int8); u[0] = float('nan'); u

torch.tensor(-0.5, dtype=torch.int8), torch.full((1,), -0.5, dtype=torch.int8)

u = torch.zeros(2, dtype=torch.int8); u[0] = -0.5; u

torch.tensor(1.7, dtype=torch.int8), torch.full((1,), 1.7, dtype=torch.int8)

u = torch.zeros(2, dtype=torch.int8); u[0] = 1.7; u

torch.tensor(True, dtype=torch.int8), torch.full((1,), True, dtype=torch.int8)

u = torch.zeros(2, dtype=torch.int8); u[0] = True; u

torch.tensor(-1, dtype=torch.int64), torch.full((1,), -1, dtype=torch.int64)

u = torch.zeros(2, dtype=torch.int64); u[0] = -1; u

torch.tensor(-255, dtype=torch.int64), torch.full((1,), -255, dtype=torch.int64)

u = torch.zeros(2, dtype=torch.int64); u[0] = -255; u

torch.tensor(-256, dtype=torch.int64), torch.full((1,), -256, dtype=torch.int64)

u = torch.zeros(2, dtype=torch.int64); u[0] = -256; u

torch.tensor(256, dtype=torch.int64), torch.full((1,), 256, dtype=torch.int64)

u = torch.zeros(2, dtype=torch.int64); u[0] = 256; u

torch.tensor(1e30, dtype=torch.int64), torch.full((1,), 1e30, dtype=torch.int64)

u = torch.zeros(2, dtype=torch.int64); u[0] = 1e30; u

torch.tensor(float('nan'), dtype=torch.int64), torch.full((1,), float('nan'), dtype=torch.int64)

u = torch.zeros(2, dtype=torch.int64); u[0] = float('nan'); u

torch.tensor(-0.5, dtype=torch.int64), torch.full((1,), -0.5, dtype=torch.int64)

u = torch.zeros(2, dtype=torch.int64); u[0] = -0.5; u

torch.tensor(1.7, dtype=torch.int64), torch.full((1,), 1.7, dtype=torch.int64)

u = torch.zeros(2, dtype=torch.int64); u[0] = 1.7; u

torch.tensor(True, dtype=torch.int64), torch.full((1,), True, dtype=torch.int64)

u = torch.zeros(2, dtype=torch.int64); u[0] = True; u

torch.zeros(2, dtype=torch.uint8).fill_(-1)

torch.zeros(2, dtype=torch.uint8).masked_fill(torch.tensor([True, False]), -1)

torch.full_like(torch.zeros(1, dtype=torch.uint8), -1)

u = torch.zeros(3, dtype=torch.uint8); u[[0, 2]] = -1; u

torch.zeros(2, dtype=torch.uint8).fill_(300)

torch.zeros(2, dtype=torch.uint8).masked_fill(torch.tensor([True, False]), 300)

torch.full_like(torch.zeros(1, dtype=torch.uint8), 300)

u = torch.zeros(3, dtype=torch.uint8); u[[0, 2]] = 300; u

torch.zeros(2, dtype=torch.uint8).fill_(float('nan'))

torch.zeros(2, dtype=torch.uint8).masked_fill(torch.tensor([True, False]), float('nan'))

torch.full_like(torch.zeros(1, dtype=torch.uint8), float('nan'))

u = torch.zeros(3, dtype=torch.uint8); u[[0, 2]] = float('nan'); u

torch.where(torch.tensor([True, False]), torch.zeros(2, dtype=torch.uint8), -1)

torch.where(torch.tensor([True, False]), torch.zeros(2, dtype=torch.uint8), 300)

torch.tensor([-1, 5, -255], dtype=torch.uint8)

torch.tensor([[1, 2], [3, 400]], dtype=torch.uint8)

torch.tensor([1.5, -2.5], dtype=torch.int32)

torch.tensor([float('nan')], dtype=torch.int32)

torch.zeros(2, dtype=torch.uint8).scatter(0, torch.tensor([1]), -2)
"""

SNIPPETS["attributes"] = """
torch.zeros(2, 3).shape

torch.zeros(2, 3).size()

torch.zeros(2, 3).size(0), torch.zeros(2, 3).size(-1), torch.zeros(2, 3).size(dim=1)

torch.zeros(2, 3).shape[0], torch.zeros(2, 3).shape[-1], torch.zeros(2, 3).shape[:1]

torch.zeros(2, 3).shape == (2, 3), torch.zeros(2, 3).size() == torch.Size([2, 3])

a, b = torch.zeros(2, 3).shape; a, b

torch.zeros(2, 3).ndim, torch.zeros(2, 3).dim(), torch.tensor(1.).dim()

torch.zeros(2, 3).numel(), torch.numel(torch.zeros(2, 3)), torch.tensor(1.).numel(), torch.zeros(2, 3).nelement()

torch.zeros(2, 3).shape.numel()

len(torch.zeros(2, 3)), len(torch.zeros(0, 3))

torch.zeros(2).dtype, torch.arange(2).dtype, torch.tensor(True).dtype

torch.zeros(2).dtype == torch.float32, torch.zeros(2).dtype is torch.float, torch.double is torch.float64

torch.float32, torch.float64, torch.int64, torch.bool, torch.long, torch.int, torch.uint8, torch.half

torch.float32.is_floating_point, torch.int64.is_floating_point, torch.float64.itemsize

torch.zeros(2).device, torch.zeros(2).device.type, str(torch.zeros(2).device)

torch.device('cpu') == torch.zeros(2).device

torch.cuda.is_available()

device = 'cuda' if torch.cuda.is_available() else 'cpu'; torch.ones(2).to(device)

torch.zeros(2).type()

torch.zeros(2, dtype=torch.float64).type()

torch.zeros(2).type(torch.DoubleTensor)

torch.zeros(2).type(torch.float64)

torch.zeros(2).type(torch.LongTensor)

torch.is_tensor(torch.ones(1)), torch.is_tensor(1.0), isinstance(torch.ones(1), torch.Tensor)

torch.ones(2).is_floating_point(), torch.arange(2).is_floating_point()

torch.ones(2, 3).stride(), torch.ones(2, 3).T.stride(), torch.ones(2, 3).stride(0)

torch.ones(2, 3).is_contiguous(), torch.ones(2, 3).T.is_contiguous(), torch.ones(2, 3).T.contiguous().is_contiguous()

type(torch.ones(1)).__name__, type(Variable(torch.ones(1))).__name__

torch.get_default_dtype()

x = torch.ones(2); x.requires_grad, x.is_leaf, x.grad, x.grad_fn, x.output_nr

x = torch.ones(2, requires_grad=True); y = x * 2; x.is_leaf, y.is_leaf, y.requires_grad, x.retains_grad

x = torch.ones(2); x.requires_grad = True; x

x = torch.ones(2); x.requires_grad_() is x, x.requires_grad_(False).requires_grad

x = torch.ones(2, requires_grad=True); x.requires_grad = False; x

x = torch.ones(2, requires_grad=True); y = x * 2; y.requires_grad_(True) is y, y.is_leaf

(torch.ones(2, requires_grad=True) > 0).requires_grad

torch.ones(2, requires_grad=True).argmax().requires_grad

x = torch.ones(2); x.tag = 'weights'; x.tag

x = torch.ones(2); hasattr(x, 'nothing'), hasattr(x, 'grad')

x = torch.ones(2); x.nothing

x = torch.ones(3); y = x[:2]; y._is_view(), x._is_view(), y._base is x, x._base

x = torch.ones(2); v = x._version; x.add_(1); v, x._version, x.detach()._version, x.data._version

x = torch.ones(2); x[0] = 3; x[:1]._version

torch.ones(2).data_ptr() != 0

x = torch.ones(3); x[0:2].data_ptr() == x.data_ptr()

x = torch.ones(2, requires_grad=True); z = torch.zeros_like(x); z.requires_grad

torch.ones(2).is_inference()

dir(torch.ones(2)) != []
"""

SNIPPETS["conversions"] = """
torch.tensor(2.5).item(), torch.tensor(3).item(), torch.tensor(True).item(), torch.tensor([[2.5]]).item()

type(torch.tensor(3).item()).__name__, type(torch.tensor(2.0).item()).__name__, type(torch.tensor(True).item()).__name__

torch.tensor([[1., 2.], [3., 4.]]).tolist(), torch.tensor(1.5).tolist(), torch.arange(2).tolist()

torch.tensor([1., 2.], requires_grad=True).tolist()

float(torch.tensor(2.5)), int(torch.tensor(2.9)), bool(torch.tensor(0.0)), bool(torch.tensor([3]))

a = torch.tensor([3.5]); a, a.item(), float(a), int(a)

complex(torch.tensor(2.5))

float(torch.tensor(2.5, requires_grad=True))

int(torch.tensor(2.5, requires_grad=True))

math.sin(torch.tensor(0.0, requires_grad=True))

torch.tensor(2.5, requires_grad=True).item()

bool(torch.tensor(2.5, requires_grad=True))

f"{torch.tensor(2.5):.3f}", '{}'.format(torch.tensor(2.5)), '%.3f' % torch.tensor(2.5), format(torch.tensor(3), 'd')

f"{torch.tensor(2.5, requires_grad=True):.1f}"

f"{torch.tensor([1., 2.])}"

f"{torch.tensor([1., 2.]):.2f}"

str(torch.tensor([1., 2.])) == repr(torch.tensor([1., 2.]))

f'{torch.tensor([2.5])}'

x = torch.ones(2); hash(x) == hash(x), hash(x) == hash(torch.ones(2)), len({x, x})

x = torch.ones(2); d = {x: 1}; d[x]

x = torch.ones(2); x in [x]

1. in torch.ones(2), 5 in torch.arange(3), torch.tensor(2) in torch.arange(3)

'a' in torch.ones(2)

[v.item() for v in torch.arange(3)]

for row in torch.arange(4.).reshape(2, 2): print(row)

a, b = torch.tensor([1., 2.], requires_grad=True); a

next(iter(torch.tensor([[1.], [2.]], requires_grad=True)))

x = torch.tensor([1., 2.], requires_grad=True); s = sum(v * v for v in x); s.backward(); x.grad

sum([torch.tensor(1.), torch.tensor(2.)])

sum(torch.tensor([1., 2.]))

sorted(torch.tensor([3., 1., 2.]))

list(reversed(torch.tensor([1., 2.])))

[10, 20, 30][torch.tensor(1)]

range(torch.tensor(3))

list(zip(torch.arange(2), torch.arange(2)))

torch.ones(2).numpy(), torch.arange(2).numpy(), torch.tensor(1.5).numpy()

t = torch.ones(2); a = t.numpy(); t[0] = 5; a.tolist()

t = torch.ones(2); a = t.numpy(); a[0] = 5; t

torch.ones(2, requires_grad=True).detach().numpy()

torch.ones(2, requires_grad=True).data.numpy()

torch.ones(2, requires_grad=True).numpy(force=True)

with torch.no_grad(): print(torch.ones(2, requires_grad=True).numpy())

np.asarray(torch.ones(2)), np.array(torch.arange(2)), np.asarray(torch.tensor(2.0))

np.asarray(torch.ones(2), dtype=np.float64).dtype

A = torch.ones(2).numpy(); B = torch.tensor(A); type(A).__name__, type(B).__name__

torch.ones(2).float() is not None, torch.ones(2).double(), torch.ones(2).long(), torch.tensor([0., 2.]).bool()

t = torch.ones(2); t.float() is t, t.to(torch.float32) is t, t.cpu() is t, t.contiguous() is t, t.to('cpu') is t

torch.ones(2).to(torch.float64), torch.ones(2).to(dtype=torch.int64), torch.ones(2).to('cpu', torch.float64)

torch.ones(2).to(torch.ones(1, dtype=torch.float64))

t = torch.ones(2); t.to(torch.float32, copy=True) is t

torch.ones(2, requires_grad=True).double()

torch.ones(2).half().dtype, torch.ones(2).int().dtype, torch.ones(2).long().dtype

torch.ones(2).type_as(torch.ones(1, dtype=torch.float64)).dtype

x = torch.ones(2, requires_grad=True); y = x.double() * 2; y.sum().backward(); x.grad

round(torch.tensor(2.7))
#! whole numbers next to a value have the derivative 0: int, floor, ceil, trunc and round work
#> 3

abs(torch.tensor(-2.5)), -torch.tensor(2.), +torch.tensor(2.)

copy.copy(torch.ones(2, requires_grad=True))

x = torch.ones(2, requires_grad=True); x.sum().backward(); copy.copy(x).grad

x = torch.ones(2, requires_grad=True); x.sum().backward(); y = copy.deepcopy(x); y.grad, y, y.is_leaf, y.grad is x.grad

copy.deepcopy(torch.ones(2, requires_grad=True) * 2)

x = torch.ones(2); a, b = copy.deepcopy([x, x]); a is b

y = pickle.loads(pickle.dumps(torch.ones(2, requires_grad=True))); y

y = pickle.loads(pickle.dumps(torch.ones(2, requires_grad=True) * 2)); y, y.is_leaf
#! no gradient reaches what the result was computed from, and PyTorch says nothing
#> UserWarning: A pickled result comes back as a leaf: its graph is gone (detach() first if that is meant).
#> (tensor([2., 2.], requires_grad=True), True)

x = torch.ones(2, requires_grad=True); x.sum().backward(); pickle.loads(pickle.dumps(x)).grad
#! the gradient travels along, as it does with copy.deepcopy
#> tensor([1., 1.])

pickle.loads(pickle.dumps(torch.arange(3))), pickle.loads(pickle.dumps(torch.tensor(2.5)))

pickle.loads(pickle.dumps(torch.float32)) is torch.float32, pickle.loads(pickle.dumps(torch.Size([2])))

copy.deepcopy(torch.float64) is torch.float64

t = torch.ones(2); t.tag = 'w'; copy.deepcopy(t).tag

bool(torch.ones(2).all()), bool(torch.zeros(2).any()), torch.ones(2).all(), torch.zeros(2).any()
"""

SNIPPETS["printing"] = """
print(torch.ones(2, 2))

torch.ones(2, 2, requires_grad=True) + 2

torch.tensor([[3., 3.], [3., 3.]], requires_grad=True) * 0.5

torch.tensor([1e-5, 1.0])

torch.tensor([1.0], dtype=torch.float64, requires_grad=True)

torch.tensor([1.0], dtype=torch.float64, requires_grad=True) * 2

torch.arange(1001)

torch.arange(1001.)

torch.arange(2000.).reshape(1000, 2)

torch.zeros(2, 0)

torch.tensor([], requires_grad=True)

(torch.arange(12.).reshape(3, 4) * 1.25).requires_grad_()

x = torch.arange(12.).reshape(3, 4).requires_grad_(); x * 1.25

x = torch.tensor(2., requires_grad=True); x, x * x, [x * 2, 1]

print('x:', torch.tensor([1., 2.], requires_grad=True))

torch.tensor([float('nan'), float('inf'), -float('inf'), 1.])

torch.tensor(3., dtype=torch.float16), torch.tensor(3, dtype=torch.int32)

torch.zeros(2, 3).size(), torch.Size([]), torch.float32, torch.device('cpu')

x = torch.ones(2, requires_grad=True); str((x * 2).grad_fn).split(' ')[0]

x = torch.ones(2, requires_grad=True); repr((x * 2).grad_fn).split(' at')[0]

torch.ones(2, 3, requires_grad=True).max(dim=1)

torch.ones(2, 3).max(1)

torch.set_printoptions(precision=2); print(torch.tensor([1.23456])); torch.set_printoptions(profile='default')

with torch.no_grad(): print(torch.ones(2, requires_grad=True))

x = torch.ones(3, requires_grad=True); print(x.detach(), x.data, x.clone())

torch.ones(2, requires_grad=True).double()

torch.ones(2, requires_grad=True) > 0

print(torch.tensor([1 + 2j, 3 - 4.5j]))

x = torch.ones(4, requires_grad=True) * 2
with torch.no_grad():
    v = x[:2]
    v.mul_(2)
v
"""

SNIPPETS["promotion"] = """
(torch.ones(2) * 2.0).dtype, (torch.ones(2) * 2).dtype, (torch.arange(2) * 2).dtype, (torch.arange(2) * 2.0).dtype

(torch.tensor(1., dtype=torch.float64) * torch.ones(2)).dtype

(torch.ones(2, dtype=torch.float64) * torch.ones(2)).dtype

(torch.ones(2, dtype=torch.float64) * torch.tensor(1.)).dtype

(torch.arange(2) / torch.arange(1, 3)).dtype, (torch.tensor(1) / 2).dtype, torch.arange(3) / 2

(torch.tensor(1) + torch.ones(2)).dtype, (torch.arange(2) + torch.tensor(1.5, dtype=torch.float64)).dtype

(torch.arange(2) + torch.tensor(1.5)).dtype

(torch.tensor(True) + 1).dtype, (torch.tensor([True]) + torch.tensor([True])).dtype, (torch.tensor([True]) * 2.0).dtype

(torch.tensor(1, dtype=torch.int32) + torch.arange(2)).dtype

(torch.ones(2, dtype=torch.int32) + torch.tensor(1)).dtype

(torch.ones(2, dtype=torch.int32) + torch.ones(2, dtype=torch.uint8)).dtype

(torch.ones(2, dtype=torch.uint8) + torch.ones(2, dtype=torch.int8)).dtype

(torch.ones(2, dtype=torch.float16) * torch.ones(2)).dtype

(torch.ones(2, dtype=torch.float16) * 2.5).dtype

(torch.ones(2, dtype=torch.uint8) * 2).dtype

(torch.ones(2) * np.float64(2)).dtype

(torch.tensor(1.) * torch.tensor(1., dtype=torch.float64)).dtype

torch.arange(3).exp().dtype, torch.arange(3).sum().dtype, torch.tensor([True, True]).sum()

torch.tensor([1, 2], dtype=torch.int32).sum().dtype, torch.tensor([True]).sum().dtype

torch.arange(3) ** 2, (torch.arange(3) ** 2.0).dtype, 2 ** torch.arange(3), (2.0 ** torch.arange(3)).dtype

-torch.arange(3), torch.arange(3).abs(), torch.arange(-1, 2).abs()

torch.arange(3).sin(), torch.arange(1, 3).sqrt(), torch.arange(3).sigmoid(), torch.arange(-1, 2).relu()

torch.arange(3).sum(dtype=torch.float64), torch.ones(2).sum(dtype=torch.float64), torch.arange(3).mean(dtype=torch.float32)

torch.cat((torch.ones(1), torch.ones(1, dtype=torch.float64))).dtype, torch.cat((torch.ones(1), torch.arange(1))).dtype

torch.stack((torch.ones(1), torch.arange(1))).dtype

x = torch.ones(2, requires_grad=True); w = torch.ones(2, dtype=torch.float64, requires_grad=True)
(x * w).sum().backward(); x.grad, w.grad

x = torch.ones(2, requires_grad=True); w = torch.tensor(2., dtype=torch.float64, requires_grad=True)
y = x * w; y.sum().backward(); y.dtype, x.grad, w.grad

x = torch.ones(2, requires_grad=True); (x * torch.arange(2)).sum().backward(); x.grad

x = torch.tensor(2.0, requires_grad=True); (torch.arange(3) * x).dtype

x = torch.ones(2); x += 1.5; x

x = torch.ones(2); x += torch.ones(2, dtype=torch.float64); x.dtype

x = torch.arange(2); x *= 3; x

torch.tensor([1, 2]) == torch.tensor([1., 2.]), torch.tensor(1) < 1.5, torch.tensor([True]) == 1

(torch.arange(3).float() / 2).dtype, torch.arange(3).double().dtype

(torch.ones(2) + True).dtype, (torch.arange(2) + True).dtype, (torch.ones(2) + 1j).dtype

torch.tensor(2.0) ** torch.tensor(3), torch.tensor([2.0]) ** 0.5, torch.tensor(2) ** 3
"""

SNIPPETS["comparisons"] = """
torch.arange(3) == 1, torch.arange(3) != 1, torch.arange(3) < 1, torch.arange(3) >= 1

torch.arange(3.) == torch.tensor([0., 5., 2.])

1 < torch.arange(3)

torch.arange(3).eq(1), torch.arange(3).ne(1), torch.arange(3).lt(1), torch.arange(3).le(1), torch.arange(3).gt(1)

torch.eq(torch.arange(3), 1), torch.gt(torch.arange(3), 1)

x = torch.ones(2, requires_grad=True); x.eq(x.clone()).all()

torch.ones(2) == None, torch.ones(2) != None

torch.ones(2) == 'a'

torch.ones(2) == [1, 1]

torch.tensor(float('nan')) == torch.tensor(float('nan'))

torch.equal(torch.ones(2), torch.ones(2)), torch.equal(torch.ones(2), torch.ones(3))

torch.allclose(torch.ones(2), torch.ones(2) + 1e-9)

(torch.ones(2) == torch.ones(2)).all().item()

if torch.tensor(1.) > 0: print('yes')

x = torch.tensor([1., -2.], requires_grad=True); (x > 0).float()

torch.ones(2) < torch.ones(3)

(torch.tensor([True, False]) == False)

torch.tensor(1.) > torch.tensor([0., 2.])
"""

SNIPPETS["ops"] = """
x = torch.tensor([1., 2., 3.]); x + 1, 1 + x, x - 1, 1 - x, x * 2, 2 * x, x / 2, 6 / x, x ** 2, 2 ** x, -x

torch.add(torch.ones(2), 1), torch.sub(torch.ones(2), 1), torch.mul(torch.ones(2), 3), torch.div(torch.ones(2), 2)

torch.add(torch.ones(2), torch.ones(2), alpha=3), torch.ones(2).sub(torch.ones(2), alpha=2)

torch.ones(2).add(2), torch.ones(2).mul(3), torch.ones(2).div(2), torch.ones(2).sub(1), torch.ones(2).pow(2)

torch.pow(torch.tensor([1., 2.]), 3), torch.pow(2, torch.tensor([1., 2.]))

torch.neg(torch.ones(2)), torch.abs(torch.tensor([-1., 2.])), torch.square(torch.tensor([3.]))

torch.exp(torch.zeros(2)), torch.log(torch.ones(2)), torch.sqrt(torch.tensor([4.])), torch.sin(torch.zeros(1))

torch.cos(torch.zeros(1)), torch.tanh(torch.zeros(1)), torch.sigmoid(torch.zeros(1)), torch.relu(torch.tensor([-1., 1.]))

torch.sum(torch.ones(2, 3)), torch.sum(torch.ones(2, 3), 0), torch.sum(torch.ones(2, 3), dim=1, keepdim=True)

A = torch.arange(6.).reshape(2, 3); A.sum(axis=0), A.sum(axis=[0, 1]), A.sum(dim=(0, 1)), A.sum(axis=1, keepdims=True)

A = torch.arange(6.).reshape(2, 3); A.mean(), A.mean(axis=0), A.mean(dim=1, keepdim=True), A.mean(-1)

torch.mean(torch.ones(2, 3)), torch.mean(torch.ones(2, 3), dim=0)

A = torch.arange(6.).reshape(2, 3); A / A.sum(axis=1, keepdims=True)

A = torch.arange(6.).reshape(2, 3); A.norm(), torch.norm(A), torch.norm(torch.ones((4, 9))), A.norm(1), A.norm(p=1, dim=1)

torch.tensor([3., -4.]).norm(), torch.tensor([3., -4.]).norm(float('inf'))

A = torch.arange(6.).reshape(2, 3); A.max(), A.max(0).values, A.max(dim=1).indices, torch.max(A)

v, i = torch.tensor([[1., 3.], [4., 2.]]).max(dim=1); v, i

torch.max(torch.tensor([[1., 3.], [4., 2.]]), 1)

torch.argmax(torch.tensor([[1., 3.], [4., 2.]])), torch.tensor([[1., 3.], [4., 2.]]).argmax(dim=1), torch.ones(2, 2).argmax(1)

A = torch.arange(6.).reshape(2, 3); A @ A.T, A.T @ A, A @ torch.ones(3), torch.ones(2) @ A

torch.dot(torch.ones(3), torch.arange(3.)), torch.mv(torch.ones(2, 3), torch.ones(3)), torch.mm(torch.ones(2, 3), torch.eye(3))

torch.matmul(torch.ones(2, 3), torch.ones(3, 1)), torch.ones(2, 3).matmul(torch.ones(3)), torch.ones(3).dot(torch.ones(3))

torch.matmul(torch.ones(4, 2, 3), torch.ones(3, 2)).shape

torch.ones(2, 3).mm(torch.ones(3, 2)), torch.ones(2, 3).mv(torch.ones(3))

torch.arange(6) @ torch.arange(6), torch.arange(4).reshape(2, 2) @ torch.arange(4).reshape(2, 2)

A = torch.arange(6.).reshape(2, 3); A.T, A.t(), A.transpose(0, 1), torch.transpose(A, 0, 1), torch.t(A)

A = torch.arange(6.); A.reshape(2, -1), A.view(3, 2), A.view(-1, 2), A.reshape((2, 3)), A.view((6,)), A.view(1, -1)

torch.reshape(torch.arange(4.), (2, 2)), torch.arange(4.).reshape(-1, 1)

torch.arange(3.).expand(2, 3), torch.ones(2, 1).expand(-1, 3), torch.ones(1).expand(3)

torch.ones(3).expand_as(torch.ones(2, 3))

torch.ones(2).unsqueeze(0).shape, torch.ones(2).unsqueeze(-1).shape, torch.unsqueeze(torch.ones(2), 1).shape

torch.ones(1, 2, 1).squeeze().shape, torch.ones(1, 2, 1).squeeze(0).shape, torch.squeeze(torch.ones(1, 2)).shape

torch.ones(2, 3).flatten(), torch.ones(2, 3, 4).flatten(1).shape, torch.flatten(torch.ones(2, 2))

torch.ones(2, 3, 4).permute(2, 0, 1).shape, torch.permute(torch.ones(2, 3), (1, 0)).shape

torch.cat((torch.ones(1, 2), torch.zeros(1, 2)), dim=0), torch.cat([torch.ones(1, 2), torch.zeros(1, 2)], 1)

torch.cat((torch.tensor([1.]), torch.tensor([2., 3.]))), torch.cat([torch.ones(2), torch.ones(0)])

torch.stack([torch.ones(2), torch.zeros(2)]), torch.stack((torch.ones(2), torch.zeros(2)), dim=1)

torch.stack([torch.ones(2)] * 2, -1)

torch.log_softmax(torch.tensor([1., 2., 3.]), dim=0), torch.tensor([[1., 2.], [3., 5.]]).log_softmax(1)

torch.clone(torch.ones(2)), torch.ones(2).clone()

x = torch.ones(2); y = x.clone(); y[0] = 5; x

x = torch.arange(12.).reshape(3, 4); x[0], x[-1], x[1:3], x[0, 1], x[:, 1], x[..., 0], x[None].shape, x[0:2, 1:3]

x = torch.arange(12.).reshape(3, 4); x[1, 2] = 9; x[0:2, :] = 12; x

x = torch.arange(12.).reshape(3, 4); x[[0, 2]], x[torch.tensor([0, 2])], x[x > 9], x[[0, 1], [1, 2]], x[::2]

x = torch.arange(3.); x[torch.tensor(1)], x[np.array([0, 1])], x[np.int64(2)], x[True].shape

x = torch.arange(4.); x[x > 1] = 0; x

x = torch.arange(4.); x[torch.tensor([0, 1])] = torch.tensor([7., 8.]); x

Z = torch.zeros(2); before = id(Z); Z[:] = torch.ones(2) + 1; id(Z) == before, Z

X = torch.ones(2); before = id(X); X += 1; id(X) == before

X = torch.ones(2); before = id(X); X = X + 1; id(X) == before

x = torch.ones(2); x.add_(1).mul_(3).sub_(1).div_(2), x

x = torch.ones(2); x.zero_(), x.fill_(3), x.copy_(torch.tensor([1., 2.])), x.neg_(), x.exp_() is x

x = torch.ones(2); x -= 0.5; x *= 4; x /= 2; x **= 2; x

x = torch.ones(2, 2); x.T[0, 1] = 7; x

x = torch.ones(2, 3); x.view(-1)[0] = 5; x

torch.ones(2, 3).unbind(), torch.unbind(torch.ones(2), 0)

torch.ones(3).select(0, 1), torch.arange(5).narrow(0, 1, 3)

torch.tensor([1., 2.]).reciprocal(), torch.absolute(torch.tensor([-1.])), torch.ones(2).positive()

a = torch.arange(3).reshape((3, 1)); b = torch.arange(2).reshape((1, 2)); a + b

X = torch.arange(12, dtype=torch.float32).reshape((3, 4)); X.sum(), X.shape, X.numel(), X == X

torch.tensor([[2, 1, 4, 3], [1, 2, 3, 4], [4, 3, 2, 1]])

torch.sigmoid(torch.tensor([-1000., 1000.])), torch.tanh(torch.tensor([-1000., 1000.]))

torch.log(torch.tensor([0., -1.])), torch.tensor([1.]) / 0, 1 / torch.tensor(0.)

torch.ones(2, 3).sum((0, 1)), torch.ones(2, 3).sum([]), torch.tensor(2.).sum(), torch.ones(0).sum()

torch.ones(2, 3).amax(), torch.ones(2, 3).amax(1), torch.amax(torch.ones(2, 3), dim=(0, 1))
"""

SNIPPETS["grad_fn"] = """
x = torch.ones(2, requires_grad=True); print(*(v.grad_fn.name() for v in (x + x, x + 1, 1 + x, x - x, x - 1, 1 - x)))

x = torch.ones(2, requires_grad=True); print(*(v.grad_fn.name() for v in (x * x, x * 2, 2 * x, x / x, x / 2, 1 / x)))

x = torch.ones(2, requires_grad=True); print(*(v.grad_fn.name() for v in (x ** 2, x ** x, 2 ** x, -x, abs(x), x.square())))

x = torch.ones(2, requires_grad=True); print(*(v.grad_fn.name() for v in (x ** 0.5, x ** -1, x ** 1, x ** 3, x ** 0)))

x = torch.ones(2, requires_grad=True); print(*(v.grad_fn.name() for v in (x.exp(), x.log(), x.sqrt(), x.sin(), x.cos())))

x = torch.ones(2, requires_grad=True); print(*(v.grad_fn.name() for v in (x.tanh(), x.sigmoid(), x.relu(), x.reciprocal())))

x = torch.ones(2, 2, requires_grad=True); v = torch.ones(2)
print(*(a.grad_fn.name() for a in (x @ x, x @ v, v @ x, x[0] @ v, x.mm(x), x.mv(v), x[0].dot(v), torch.matmul(x, x))))

x = torch.ones(3, 2, 2, requires_grad=True); (x @ x).grad_fn.name()

x = torch.ones(2, 2, requires_grad=True); print(*(v.grad_fn.name() for v in (x.sum(), x.sum(0), x.mean(), x.mean(0))))

x = torch.ones(2, 2, requires_grad=True); print(*(v.grad_fn.name() for v in (x.max(), x.max(0)[0], x.amax(0), x.norm())))

x = torch.ones(2, 2, requires_grad=True)
print(*(v.grad_fn.name() for v in (x.reshape(4), x.view(4), x.flatten(), x.T, x.t(), x.transpose(0, 1), x.mT)))

x = torch.ones(2, 2, requires_grad=True)
print(*(v.grad_fn.name() for v in (x.unsqueeze(0), x[None], x.unsqueeze(0).squeeze(), x.expand(2, 2, 2), x.permute(1, 0))))

x = torch.ones(2, 2, requires_grad=True); x.unsqueeze(0).squeeze(0).grad_fn.name()

x = torch.ones(2, 2, requires_grad=True); print(*(v.grad_fn.name() for v in (x[0], x[0, 0], x[:1], x[:, 0], x[[0]], x[x > 0])))

x = torch.ones(2, 2, requires_grad=True); x.T.reshape(4).grad_fn.name()

x = torch.ones(2, 2, requires_grad=True); a, b = x; a.grad_fn.name(), b.grad_fn is a.grad_fn, b.output_nr
#! each slice is a view with a node of its own
#> ('UnbindBackward0', False, 1)

x = torch.ones(2, requires_grad=True); torch.cat([x, x]).grad_fn.name(), torch.stack([x, x]).grad_fn.name()

x = torch.ones(2, requires_grad=True); x.clone().grad_fn.name(), x.double().grad_fn.name(), x.log_softmax(0).grad_fn.name()

x = torch.ones(2, requires_grad=True); y = x * 1; y[0] = 3; y.grad_fn.name()

x = torch.ones(2, requires_grad=True); y = x * 1; y[torch.tensor([0])] = 3; y.grad_fn.name()

x = torch.ones(2, requires_grad=True); y = x * 1; y.add_(1); y.grad_fn.name()

x = torch.ones(2, requires_grad=True); y = x * 1; v = y[:1]; y.mul_(2); v.grad_fn.name()

x = torch.ones(2, requires_grad=True); y = torch.zeros(2); y.copy_(x); y.grad_fn.name()

x = torch.ones(2, requires_grad=True); y = torch.zeros(2); y[0] = x[0]; y

x = torch.ones(2, requires_grad=True); y = x * 2; y.fill_(3).grad_fn.name()

x = torch.ones(2, requires_grad=True); y = x * 2; y.zero_().grad_fn.name()

x = torch.ones(2, requires_grad=True); y = x + x; [(f.name().split('::')[-1], n) for f, n in y.grad_fn.next_functions]

x = torch.ones(2, requires_grad=True); y = x * 2 + 5; [(f and f.name(), n) for f, n in y.grad_fn.next_functions]

x = torch.ones(2, requires_grad=True); y = 2 * x; [(f and f.name().split('::')[-1], n) for f, n in y.grad_fn.next_functions]
#! operands stand in the order written, a number as None
#> [(None, 0), ('AccumulateGrad', 0)]

x = torch.ones(2, requires_grad=True); y = 1 - x; [(f and f.name().split('::')[-1], n) for f, n in y.grad_fn.next_functions]
#! operands stand in the order written, a number as None
#> [(None, 0), ('AccumulateGrad', 0)]

x = torch.ones(2, requires_grad=True); y = x * torch.ones(2); [(f and 1, n) for f, n in y.grad_fn.next_functions]

x = torch.ones(2, requires_grad=True); y = x.exp(); [(f and f.name().split('::')[-1], n) for f, n in y.grad_fn.next_functions]

x = torch.ones(2, requires_grad=True); y = torch.cat([x, x * 2])
[(f.name().split('::')[-1], n) for f, n in y.grad_fn.next_functions]

x = torch.ones(2, 2, requires_grad=True) * 1; a, b = x; [(f.name(), n) for f, n in (a + b).grad_fn.next_functions]

x = torch.ones(2, requires_grad=True); y = x * 2; y.grad_fn.next_functions[0][0].variable is x

x = torch.ones(2, requires_grad=True); y = x * 2; y.grad_fn is y.grad_fn, type(y.grad_fn).__name__

x = torch.ones(2, requires_grad=True); y = (x * 2).mean(); y.grad_fn.next_functions[0][0].next_functions[0][0].next_functions

x = torch.ones(2, requires_grad=True); (x * 2).grad_fn.metadata

x = torch.ones(2, requires_grad=True); isinstance((x * 2).grad_fn, torch.autograd.graph.Node)

x = torch.ones(2, requires_grad=True); x.grad_fn, x.detach().grad_fn, (x * 2).data.grad_fn

x = torch.tensor(2., requires_grad=True); print(*(v.grad_fn.name() for v in (x + 1, 1 / x, x ** 2, x ** x, 2 ** x, 1 - x, -x)))

x = torch.tensor(2., requires_grad=True)
print(*(v.grad_fn.name() for v in (x.exp(), x.sum(), x.norm(), x.clone(), x.reshape(1))))

x = torch.ones(1, requires_grad=True); y = x.view(1, 1); y.grad_fn.name(), x[0].grad_fn.name()

x = torch.ones(3, requires_grad=True); y = x.mul(2).add(1).sub(1).div(2).pow(2); y.grad_fn.name()
"""

SNIPPETS["backward"] = """
x = torch.arange(4.0, requires_grad=True); y = 2 * torch.dot(x, x); y.backward(); x.grad, x.grad == 4 * x

x = torch.ones(2, 2, requires_grad=True); y = x + 2; z = y * y * 3; out = z.mean(); out.backward(); x.grad

a = torch.tensor([2., 3.], requires_grad=True); b = torch.tensor([6., 4.], requires_grad=True)
Q = 3*a**3 - b**2; Q.backward(gradient=torch.tensor([1., 1.])); 9*a**2 == a.grad, -2*b == b.grad

x = torch.tensor([1., 2.], requires_grad=True); (x * x).backward(torch.tensor([1., 10.])); x.grad

x = torch.tensor([1., 2.], requires_grad=True); (x * x).backward(torch.ones(2, dtype=torch.float64)); x.grad

x = torch.tensor([1., 2.], requires_grad=True); (x * x).backward(torch.ones(2, dtype=torch.int64)); x.grad

x = torch.tensor([3.], requires_grad=True); (x * x).backward(); x.grad

x = torch.tensor([[3.]], requires_grad=True); (x * x).backward(); x.grad

x = torch.ones(2, requires_grad=True); x.sum().backward(); x.sum().backward(); x.grad

x = torch.ones(2, requires_grad=True); x.sum().backward(); g = x.grad; x.sum().backward(); g is x.grad, g

x = torch.ones(2, requires_grad=True); x.sum().backward(); x.grad.zero_(); x.grad

x = torch.ones(2, requires_grad=True); x.sum().backward(); x.grad.data.zero_(); x.grad

x = torch.ones(2, requires_grad=True); x.sum().backward(); x.grad = None; x.grad

x = torch.ones(2, requires_grad=True); x.sum().backward(); del x.grad; x.grad

x = torch.ones(2, requires_grad=True); x.grad = torch.tensor([1., 2.]); x.sum().backward(); x.grad

x = torch.ones(2, requires_grad=True); y = x * x; y.sum().backward(retain_graph=True); y.sum().backward(); x.grad

x = torch.ones(2, requires_grad=True); y = (x + 1).sum(); y.backward(); y.backward(); x.grad

x = torch.ones(2, requires_grad=True); y = x * 2; y.retain_grad(); y.sum().backward(); y.grad, y.retains_grad

x = torch.ones(2, requires_grad=True); y = x * 2; y.retain_grad(); (y * y).sum().backward(); x.grad, y.grad

x = torch.tensor(3., requires_grad=True); g, = torch.autograd.grad(x ** 3, x, create_graph=True); g, torch.autograd.grad(g, x)

x = torch.ones(2, requires_grad=True); w = torch.ones(2, requires_grad=True); torch.autograd.grad((x * w).sum(), [x, w])

x = torch.ones(2, requires_grad=True); w = torch.ones(2, requires_grad=True)
torch.autograd.grad(x.sum(), (x, w), allow_unused=True)

x = torch.ones(2, requires_grad=True); w = torch.ones(2, requires_grad=True)
torch.autograd.grad(x.sum(), (x, w), materialize_grads=True)

x = torch.ones(2, requires_grad=True); torch.autograd.grad(x * 2, x, torch.tensor([1., 3.]))

x = torch.ones(2, requires_grad=True); torch.autograd.grad(x * 2, x, grad_outputs=torch.ones_like(x)); x.grad

x = torch.ones(2, requires_grad=True); torch.autograd.grad((x * x).sum(), {'x': x})

x = torch.ones(2, requires_grad=True); y = x * 2; torch.autograd.grad((y * y).sum(), y), torch.autograd.grad(y.sum(), y)

x = torch.ones(2, requires_grad=True); y = x.sum(); torch.autograd.grad(y, y)

x = torch.ones(2, requires_grad=True); torch.autograd.grad((x * x).sum(), [x, x])

x = torch.ones(2, requires_grad=True); torch.autograd.grad(x * x, x, torch.eye(2), is_grads_batched=True)

x = torch.ones(2, requires_grad=True); torch.autograd.backward([x.sum(), (x * x).sum()]); x.grad

x = torch.ones(2, requires_grad=True); torch.autograd.backward((x * 2,), (torch.ones(2),)); x.grad

x = torch.ones(2, requires_grad=True); torch.autograd.backward(x * 2, torch.ones(2)); x.grad

x = torch.ones(2, requires_grad=True); w = torch.ones(2, requires_grad=True)
(x * w).sum().backward(inputs=[x]); x.grad, w.grad

x = torch.ones(2, requires_grad=True); y = x * 2; y.sum().backward(inputs=y); y.grad, x.grad

torch.autograd.backward([])

x = torch.ones(2, requires_grad=True); x.backward(torch.tensor([1., 2.])); x.grad

x = torch.ones(2, requires_grad=True); y = (x * x).sum(); y.backward(create_graph=True); x.grad
#! nothing to warn of: the graph owns no Variable, so there is no cycle
#> tensor([2., 2.], grad_fn=<CopyBackwards>)

x = torch.tensor(2., requires_grad=True); y = x ** 3; y.backward(create_graph=True); g = x.grad; x.grad = None; g.backward()
x.grad
#! nothing to warn of: the graph owns no Variable, so there is no cycle
#> tensor(12.)

x = torch.tensor([1., 0., -1.], requires_grad=True); (x.abs() + x.relu()).sum().backward(); x.grad

x = torch.zeros(3, requires_grad=True); x.norm().backward(); x.grad

x = torch.tensor([2., 2., 1.], requires_grad=True); x.max().backward(); x.grad

x = torch.tensor([[2., 2., 1.]], requires_grad=True); x.max(dim=1)[0].sum().backward(); x.grad

x = torch.zeros(1, requires_grad=True); x.sqrt().backward(); x.grad

x = torch.zeros(1, requires_grad=True); (x ** 0).backward(); x.grad

x = torch.zeros(1, requires_grad=True); (x ** 2).backward(); x.grad

x = torch.zeros(1, requires_grad=True); (x ** x).backward(); x.grad

x = torch.tensor([0., -1., 2.], requires_grad=True); (0 ** x).sum().backward(); x.grad

x = torch.ones(2, 3, requires_grad=True); b = torch.ones(3, requires_grad=True); (x + b).sum().backward(); b.grad, x.grad

x = torch.arange(6., requires_grad=True); x.reshape(2, 3)[:, 1].sum().backward(); x.grad

x = torch.arange(4., requires_grad=True); x[[0, 0, 2]].sum().backward(); x.grad

x = torch.arange(4., requires_grad=True); y = x * 1; y[1:3] = 0; y.sum().backward(); x.grad

x = torch.arange(4., requires_grad=True); y = x.clone(); y[0] = x[3] * 2; y.sum().backward(); x.grad

x = torch.arange(3., requires_grad=True); torch.stack([x, x * 2]).sum().backward(); x.grad

x = torch.arange(3., requires_grad=True); torch.cat([x, x * 2]).sum().backward(); x.grad

x = torch.arange(3., requires_grad=True); h = x.register_hook(lambda g: g * 2); (x * 3).sum().backward(); x.grad

x = torch.arange(3., requires_grad=True); h = x.register_hook(print); (x * 3).sum().backward(); h.remove()

x = torch.ones(2, requires_grad=True); y = x.detach(); y.requires_grad, y.is_leaf, (x * y).requires_grad

x = torch.arange(4.0, requires_grad=True); y = x * x; u = y.detach(); z = u * x; z.sum().backward(); x.grad == u

x = torch.ones(2, requires_grad=True); y = (x * 2).detach_(); y, y.is_leaf

x = torch.ones(2, requires_grad=True); x.data[0] = 5; x

x = torch.ones(2, requires_grad=True); x.data = torch.zeros(3); x

x = torch.ones(2, requires_grad=True); d = x.data; d += 1; x, d.requires_grad

with torch.no_grad(): print((torch.ones(2, requires_grad=True) * 2).requires_grad, torch.is_grad_enabled())

with torch.no_grad(): print(torch.ones(2, requires_grad=True).requires_grad)

@torch.no_grad()
def f(x): return x * 2
f(torch.ones(2, requires_grad=True)).requires_grad

@torch.no_grad
def f(x): return x * 2
f(torch.ones(2, requires_grad=True)).requires_grad

with torch.no_grad():
    with torch.enable_grad(): print((torch.ones(2, requires_grad=True) * 2).requires_grad)

torch.set_grad_enabled(False); r = torch.is_grad_enabled(); torch.set_grad_enabled(True); r, torch.is_grad_enabled()

with torch.set_grad_enabled(False): print(torch.is_grad_enabled())

with torch.inference_mode(): x = torch.ones(2); print(x.is_inference(), torch.is_inference_mode_enabled())

with torch.inference_mode(): print((torch.ones(2, requires_grad=True) * 2).requires_grad)

w = torch.ones(2, requires_grad=True); (w * w).sum().backward()
with torch.no_grad():
    w -= 0.1 * w.grad
    w.grad.zero_()
w, w.grad, w.is_leaf

w = torch.ones(2, requires_grad=True)
for _ in range(3):
    loss = ((w - 3) ** 2).sum(); loss.backward(); w.data -= 0.1 * w.grad; w.grad = None
w

def f(a):
    b = a * 2
    while b.norm() < 1000: b = b * 2
    if b.sum() > 0: c = b
    else: c = 100 * b
    return c
a = torch.tensor(-0.3, requires_grad=True); d = f(a); d.backward(); a.grad == d / a

inp = torch.eye(4, 5, requires_grad=True); out = (inp + 1).pow(2).t(); out.backward(torch.ones_like(out), retain_graph=True)
print(inp.grad); out.backward(torch.ones_like(out), retain_graph=True); print(inp.grad)

x = torch.ones(5); w = torch.full((5, 3), 0.5, requires_grad=True); b = torch.zeros(3, requires_grad=True)
z = torch.matmul(x, w) + b; loss = ((z - 1) ** 2).mean(); loss.backward(); z, w.grad, b.grad

x = torch.linspace(-math.pi, math.pi, 50); y = torch.sin(x); a = torch.full((), 0.1, requires_grad=True)
b = torch.full((), 0.2, requires_grad=True); loss = (a + b * x - y).pow(2).sum(); loss.backward()
loss.item() > 0, a.grad, b.grad

x = torch.ones(3, 4); w1 = torch.full((4, 2), .1, requires_grad=True); w2 = torch.full((2, 1), .2, requires_grad=True)
loss = (x.mm(w1).relu().mm(w2) - 1).pow(2).sum(); loss.backward(); loss, w1.grad, w2.grad

x = torch.tensor([0.5, -1.25, 2.], requires_grad=True); y = x * 2
while y.data.norm() < 1000: y = y * 2
y.backward(torch.FloatTensor([0.1, 1.0, 0.0001])); y, x.grad

x = torch.ones(2, requires_grad=True); y = x * 2; y.grad

x = torch.ones(2, requires_grad=True); y = torch.tensor(x)

a = torch.tensor([[1., 2.], [3., 4.]], requires_grad=True); a.log_softmax(1)[0, 0].backward(); a.grad

x = torch.ones(2, requires_grad=True); x.sum().backward(); x.grad.requires_grad, x.grad.is_leaf, x.grad.dtype

x = torch.randn(3, requires_grad=True); y = x.sigmoid(); y.sum().backward(); torch.allclose(x.grad, y * (1 - y))

x = torch.ones(2, requires_grad=True); list(map(type, [x.grad])) == [type(None)]

x = torch.ones(2, requires_grad=True); y = x.view(2); x.shape, y._base is x
"""

SNIPPETS["old style"] = """
x = Variable(torch.FloatTensor([[1, 2], [3, 4]]), requires_grad=True); x

x = Variable(torch.FloatTensor([[1, 2], [3, 4]]), requires_grad=True); v = torch.mean(x * x); v.backward(); x.grad, x.data

x = Variable(torch.ones(2, 2), requires_grad=True); y = x + 2; z = y * y * 3; z.mean().backward(); x.grad.data

isinstance(torch.ones(1), Variable), isinstance(1.0, Variable), isinstance(Variable(torch.ones(1)), torch.Tensor)

Variable(torch.Tensor([4]), requires_grad=True) ** 2

x = Variable(torch.Tensor([1.0]), requires_grad=True); w = Variable(torch.Tensor([2.0])); (x * w).requires_grad

x = Variable(torch.ones(2), volatile=True); x.requires_grad
#! the message is that of Variable.volatile
#> UserWarning: volatile was removed (Variable.volatile is always False)
#> False

x = Variable(torch.ones(2), requires_grad=False); x.requires_grad, x.grad

Variable(torch.ones(2)).volatile

t = torch.ones(2); v = Variable(t); t[0] = 5; v

w = Variable(torch.Tensor([1.0]), requires_grad=True); (w * w).backward(); w.data = w.data - 0.01 * w.grad.data; w

w = Variable(torch.Tensor([1.0]), requires_grad=True); (w * w).backward(); w.grad.data.zero_(); w.grad

y = Variable(torch.Tensor([3.0])); y.data[0]

loss = Variable(torch.tensor(3.0), requires_grad=True); loss.data[0]
#! old notebooks write loss.data[0] for a loss of no dimension
#> tensor(3.)

x = Variable(torch.Tensor([2.]), requires_grad=True); g = torch.autograd.grad(x ** 2, x, create_graph=True); g

torch.autograd.Variable is Variable, Variable.__name__

x = Variable(torch.arange(4, dtype=torch.float32).reshape((4, 1)), requires_grad=True); y = 2 * torch.matmul(x.T, x); y

Variable(torch.ones(1)).data.numpy()

x = Variable(torch.ones(2), requires_grad=True); x.data.norm()

x = Variable(torch.tensor(3.), requires_grad=True); y = x ** 2; y.backward(); print(y.item(), x.grad.item())

torch.autograd.variable(torch.ones(1))
"""

SNIPPETS["numpy interplay"] = """
np.float64(2) * torch.ones(2)

torch.ones(2) * np.float64(2)

torch.ones(2) + np.float32(1)

np.float64(2) * torch.tensor(3.0)

torch.tensor(np.arange(3)) + 1

torch.ones(3)[np.array([0, 1])]

torch.zeros(np.int64(2))

np.allclose(torch.ones(2), np.ones(2))

torch.from_numpy(np.ones(2)) * 2

torch.reshape(torch.arange(4), (np.int64(2), 2))

torch.full((2,), np.float64(2.5))

torch.full((2,), np.float32(2.5))

torch.arange(np.int64(3))

torch.arange(np.float64(3))

np.float64(torch.tensor(2.5))

np.isclose(torch.tensor(1.), 1.)
"""

SNIPPETS["errors"] = """
torch.tensor([1, 2], requires_grad=True)

torch.ones(2, dtype=torch.int64, requires_grad=True)

torch.arange(3, requires_grad=True)

torch.arange(3).requires_grad_()

x = torch.arange(3); x.requires_grad = True

x = torch.ones(2); x.requires_grad = 2

x = torch.ones(2, requires_grad=True); y = x * 2; y.requires_grad = False

x = torch.ones(2, requires_grad=True); y = x * 2; y.requires_grad_(False)

x = torch.ones(2, requires_grad=True); y = (x * x).sum(); y.backward(); y.backward()

x = torch.ones(2, requires_grad=True); (x * 2).backward()

torch.ones(2).sum().backward()

torch.ones(2, requires_grad=True).sum().detach().backward()

x = torch.ones(2, requires_grad=True); x += 1

x = torch.ones(2, requires_grad=True); x.zero_()

x = torch.ones(2, requires_grad=True); x.add_(1)

x = torch.ones(2, requires_grad=True); x.copy_(torch.zeros(2))

x = torch.ones(2, requires_grad=True); x[0] = 5

x = torch.ones(2, requires_grad=True); x[:] = 5

x = torch.ones(2, requires_grad=True); x[0:1].mul_(2)

x = torch.ones(2, requires_grad=True); x.view(2).mul_(2)

x = torch.ones(3, requires_grad=True); (x * 2).backward(torch.ones(2))

x = torch.tensor(1., requires_grad=True); (x * 2).backward(torch.ones(1))

x = torch.ones(3, requires_grad=True); (x * 2).backward([1., 2., 3.])

x = torch.ones(3, requires_grad=True); (x * 2).backward(np.ones(3))

x = torch.ones(1, requires_grad=True); (x * 2).backward(1.0)
#! the message names the way out
#> TypeError: gradients can be either Tensors or None, but got float; wrap it in autodiff.tensor(...)

x = torch.ones(2, requires_grad=True); torch.autograd.backward([x.sum(), x.sum()], [torch.tensor(1.)])

x = torch.ones(2, requires_grad=True); w = torch.ones(2, requires_grad=True); torch.autograd.grad(x.sum(), [x, w])

x = torch.ones(2, requires_grad=True); torch.autograd.grad(x.sum(), torch.ones(2))

x = torch.ones(2, requires_grad=True); torch.autograd.grad(x.sum(), [])

x = torch.ones(2, requires_grad=True); x.sum().backward(inputs=[])

x = torch.ones(2, requires_grad=True); torch.autograd.grad(x.sum(), x, allow_unused=False, materialize_grads=True)

x = torch.ones(2, requires_grad=True); torch.autograd.grad(x * 2, x, torch.ones(3, 3), is_grads_batched=True)

torch.autograd.grad(torch.ones(1), torch.ones(1, requires_grad=True))

x = torch.ones(2, requires_grad=True); torch.autograd.grad(x * 2, x)

torch.ones(2, requires_grad=True).numpy()

np.asarray(torch.ones(2, requires_grad=True))

(torch.ones(2, requires_grad=True) * 2).numpy()

x = torch.ones(3, requires_grad=True); y = x * 1; z = y * y; y.add_(1); z.sum().backward()

x = torch.ones(3, requires_grad=True); y = x.exp(); y.mul_(2); y.sum().backward()

w = torch.ones(3); x = torch.ones(3, requires_grad=True); z = x * w; w += 1; z.sum().backward()

torch.ones(3).item()

torch.zeros(0).item()

float(torch.ones(3))

int(torch.ones(3))

bool(torch.ones(3))

bool(torch.zeros(0))

if torch.ones(2) > 0: pass

x = torch.ones(3); x.grad = 3

x = torch.ones(3); x.grad = torch.ones(2)

x = torch.ones(3); x.grad = x

x = torch.ones(3); x.grad = torch.ones(3, dtype=torch.float64)

x = torch.ones(3); x.grad = np.ones(3)

torch.ones(3).retain_grad()

torch.ones(3).register_hook(print)

x = torch.ones(3, requires_grad=True); h = x.register_hook(lambda g: 3); x.sum().backward()

x = torch.ones(3, requires_grad=True); h = x.register_hook(lambda g: g[:2]); x.sum().backward()

x = torch.ones(2, requires_grad=True); y = (x * 2)[:1]; y.detach_()

copy.deepcopy(torch.ones(2, requires_grad=True) + 1)

y = torch.ones(2, requires_grad=True) * 1
with torch.no_grad(): v = y[:1]
v.mul_(2)

y = torch.ones(2, requires_grad=True) * 1; a, b = y; a.mul_(2)

y = torch.ones(2, requires_grad=True) * 1; a, b = y.unbind(); a += 1

with torch.inference_mode(): x = torch.ones(2)
w = torch.ones(2, requires_grad=True); w * x

with torch.inference_mode(): x = torch.ones(2)
x.requires_grad_()

with torch.inference_mode(): x = torch.ones(2)
x.add_(1)

len(torch.tensor(1.))

iter(torch.tensor(1.))

torch.tensor(1.)[0]
#! old notebooks write loss.data[0] for a loss of no dimension
#> tensor(1.)

torch.tensor([1., 2., 3.])[5]

torch.tensor([1., 2., 3.])[-4]

torch.ones(2, 2)[0, 0, 0]

torch.ones(3)[torch.tensor([5])]

torch.ones(3)[[0, 7]]

torch.ones(3)[1.0]

torch.ones(3)[torch.tensor([True, False])]

x = torch.ones(3); x[5] = 1

x = torch.ones(3); x[0] = torch.ones(2)
#! PyTorch's words name its kernel
#> RuntimeError: shape mismatch: value tensor of shape

x = torch.ones(3); x[:2] = torch.ones(3)
#! PyTorch's words name its kernel
#> RuntimeError: shape mismatch: value tensor of shape

torch.ones(3)[::-1]
#! a negative step is NumPy's, and supported
#> tensor([1., 1., 1.])

torch.ones(3) + torch.ones(4)

torch.ones(2, 3) * torch.ones(2)

x = torch.ones(3); x += torch.ones(2, 3)

x = torch.ones(3); x.mul_(torch.ones(4))

torch.ones(3).reshape(2, 2)

torch.ones(3).view(2, 2)

torch.ones(4).reshape(-1, -1)

torch.ones(4).reshape(-1, 3)

torch.ones(4).reshape(-2, 2)

torch.ones(2, 3).T.view(6)

torch.ones(2, 3) @ torch.ones(2, 3)

torch.ones(2, 3) @ torch.ones(2)

torch.ones(2) @ torch.ones(3)

torch.ones(2, 2) @ torch.ones(2, 2, dtype=torch.float64)

torch.mm(torch.ones(2), torch.ones(2, 2))

torch.mv(torch.ones(2), torch.ones(2))

torch.dot(torch.ones(2), torch.ones(3))

torch.dot(torch.ones(2, 2), torch.ones(2))

torch.dot(torch.ones(2), torch.ones(2, dtype=torch.float64))

torch.tensor(1.) @ torch.ones(2)

torch.matmul(torch.ones(2, 3, 4), torch.ones(3, 4, 5))

x = torch.arange(3); x += 1.5

x = torch.arange(3); x /= 2

torch.arange(3).mean()

torch.arange(3.).mean(5)

torch.ones(2).sum(3)

torch.ones(2).sum(dim=(0, 0))

torch.ones(2, 2).transpose(0, 5)

torch.ones(2).unsqueeze(4)

torch.ones(2, 3).permute(0, 0)

torch.ones(2, 3).permute(0)

torch.ones(2, 2, 2).t()

torch.ones(3).expand(2)

torch.ones(3).expand(2, 4)

torch.sqrt([1.])

torch.exp(1.0)
#! one function serves floats and Tensors
#> tensor(2.7183)

torch.sin(np.ones(2))

torch.sum([1.])

torch.cat([])

torch.cat([torch.ones(2), torch.ones(2, 2)])

torch.cat([torch.ones(2, 2), torch.ones(2, 3)])

torch.cat(torch.ones(2))

torch.stack([torch.ones(2), torch.ones(3)])

torch.stack([])

torch.cat([torch.ones(2)], dim=3)

torch.cat([torch.tensor(1.)])

torch.tensor([[1., 2.], [3.]])
#! NumPy reads the lists
#> ValueError: expected a number or nested sequences of equal lengths

torch.tensor('a')

torch.tensor(['a'])
#! one message for all that is no number
#> TypeError: new(): invalid data type 'list': expected numbers, nested

torch.tensor(None)
#! one message for all that is no number
#> TypeError: new(): invalid data type 'NoneType': expected numbers, nested

torch.tensor({})
#! one message for all that is no number
#> TypeError: new(): invalid data type 'dict': expected numbers, nested

torch.from_numpy([1.])

torch.from_numpy(np.ones(3)[::-1])
#! strides of any sign are supported
#> tensor([1., 1., 1.], dtype=autodiff.float64)

torch.from_numpy(np.array(['a']))
#! the dtypes are autodiff's
#> TypeError: can't convert np.ndarray of type numpy.<U1: the dtypes of autodiff are

torch.zeros(-1)

torch.zeros(2.5)

torch.zeros('a')

torch.arange(1, 5, 0)

torch.arange(5, 1)

torch.linspace(0, 1, -1)

torch.ones(2) + 'a'

'a' + torch.ones(2)

torch.ones(2) + [1, 2]

torch.ones(2) + None

torch.ones(2) < 'a'

torch.ones(2) < None

torch.ones(2) ** 'a'

torch.ones(2) @ 2

x = torch.ones(2); x += 'a'

torch.zeros(2, device='cuda')
#! the message says what there is
#> RuntimeError: device 'cuda' is not available: autodiff computes on the CPU

torch.device('nowhere')
#! the message says what there is
#> RuntimeError: device 'nowhere' is not available: autodiff computes on the CPU

torch.ones(2).max(3)

torch.zeros(0).max()

torch.zeros(0).argmax()

torch.ones(2).argmax(3)

torch.ones(2).squeeze(3)

x = torch.ones(2); x.data = None

x = torch.ones(2); x.data = 3

x = torch.ones(2); del x.data

x = torch.ones(2); x.shape = (1, 2)

x = torch.ones(2); x.grad_fn = 1

x = torch.ones(2); x.is_leaf = True

x = torch.ones(2); del x.requires_grad

x = torch.ones(2, requires_grad=True); x.expand(2, 2).clone().add_(1).sum().backward(); torch.ones(1).expand(3).add_(1)

x = torch.ones(2); x.copy_(torch.ones(3))
#! PyTorch's words name its kernel
#> RuntimeError: shape mismatch: value tensor of shape

x = torch.ones(2); x.fill_(torch.ones(2))

x = torch.ones(2); x.size(5)

torch.ones(2).backward(retain_variables=True)
#! old notebooks run: retain_variables is retain_graph
#> RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn

torch.Tensor('a')

torch.set_default_dtype(torch.int64)

range(torch.tensor(1.5))

torch.ones(2).log_softmax(5)

torch.ones(2).norm(p='bad')

torch.full((2,), 'a')

torch.zeros(2, dtype='float32')
#! NumPy's names of dtypes are accepted
#> tensor([0., 0.])

torch.ones(2).to('float64')
#! NumPy's names of dtypes are accepted
#> tensor([1., 1.], dtype=autodiff.float64)

torch.eye(-1)

torch.randn(2, dtype=torch.int64)
#! PyTorch names its kernel
#> NotImplementedError: randn() makes floating point and complex numbers, not int64; use randint() for integers

torch.autograd.grad([torch.ones(1, requires_grad=True)], 5)

torch.autograd.backward(5)

hash(torch.Size([1])) == hash((1,)), torch.Size([1]) + (2,)

next(torch.ones(2))
"""


def known():
    """What PyTorch showed, by snippet."""
    shown = {}
    for path in (GOLDEN, *(family.with_suffix(".json") for family in FAMILIES.values())):
        if path.exists():
            shown |= json.loads(path.read_text(encoding="utf-8"))["shown"]
    return shown


def snippets(groups=None):
    """(group, number, code, ours, reason): ours and reason are None where autodiff shows what PyTorch shows."""
    texts = SNIPPETS | {name: path.read_text(encoding="utf-8") for name, path in FAMILIES.items()}
    for group, text in texts.items():
        if groups is not None and group not in groups:
            continue
        for number, block in enumerate(text.strip("\n").split("\n\n")):
            lines = block.splitlines()
            code = "\n".join(line for line in lines if not line.startswith(("#!", "#>")))
            reason = " ".join(line[2:].strip() for line in lines if line.startswith("#!")) or None
            ours = "\n".join(line[3:] for line in lines if line.startswith("#>")) if reason else None
            yield group, number, code, ours, reason


def clean(text, name):
    """What is the same for both modules: their name, addresses, where a warning was raised from."""
    text = re.sub(rf"\b{name}\b(?=\.)", "autodiff", text)
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    # C++ names its namespace, a compiled type its module
    text = text.replace("torch::autograd::", "")
    text = re.sub(r"([\"'])autodiff\.Tensor([\"'])", r"\1Tensor\2", text)
    text = re.sub(r"'autodiff\._\w+\.\w+' objects", "'Tensor' objects", text)
    text = re.sub(r"type autodiff\.Tensor ", "type Tensor ", text)
    return re.sub(r" \(Triggered internally.*", "", text)


def show(module, code):
    """What a snippet shows: printed text, warnings, and the repr of its last expression, or the error."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    space = {"torch": module, "np": np, "math": math, "copy": copy, "pickle": pickle, "Variable": module.autograd.Variable,
             "F": module.nn.functional}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            exec(compile(tree, "<snippet>", "exec"), space)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "<snippet>", "eval"), space)
                if value is not None:
                    print(value if type(value) is str else repr(value))
        except Exception as error:
            print(f"{type(error).__name__.lstrip('_')}: {error}")     # PyTorch calls linalg.LinAlgError _LinAlgError
    spoken = "".join(f"{w.category.__name__}: {w.message}\n" for w in heard if issubclass(w.category, UserWarning))
    return clean(spoken + printed.getvalue().rstrip("\n"), module.__name__)


def gather(groups, target):
    """Run the snippets of some groups with PyTorch and write what each shows."""
    import torch

    torch.set_warn_always(True)
    shown = {}
    for _, _, code, _, _ in snippets(groups):
        shown[code] = show(torch, code)
        torch.set_grad_enabled(True)
        torch.set_default_dtype(torch.float32)
    record = {"torch": torch.__version__.split("+")[0], "shown": shown}
    target.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(shown)} snippets shown by torch {torch.__version__}")


if __name__ == "__main__":
    for name in sys.argv[1:] or ["", *FAMILIES]:
        gather({name} if name else set(SNIPPETS), FAMILIES[name].with_suffix(".json") if name else GOLDEN)
