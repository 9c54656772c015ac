"""Convolutions, pooling and the geometry of pictures.

The references are loops over the elements of results, from the definitions.
"""
import itertools
import warnings

import numpy as np

import autodiff
from autodiff._variable import OPS
from autodiff.nn import functional as F

T = autodiff.tensor


def tuples(value, dims):
    return (value,) * dims if isinstance(value, int) else tuple(value)


def batched(function, dims):
    """A function of pictures of any number, of one as well."""
    def both(x, *others, **more):
        return function(x[None], *others, **more)[0] if x.ndim == dims + 1 else function(x, *others, **more)
    return both


def convolution(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    dims = w.ndim - 2
    if x.ndim == dims + 1:
        return convolution(x[None], w, b, stride, padding, dilation, groups)[0]
    stride, dilation = tuples(stride, dims), tuples(dilation, dims)
    if padding == "same":
        reach = [d * (k - 1) for d, k in zip(dilation, w.shape[2:])]
        sides = [(r // 2, r - r // 2) for r in reach]
    else:
        sides = [(p, p) for p in tuples(0 if padding == "valid" else padding, dims)]
    x = np.pad(x, [(0, 0), (0, 0), *sides])
    count = [(n - d * (k - 1) - 1) // s + 1 for n, d, k, s in zip(x.shape[2:], dilation, w.shape[2:], stride)]
    out = np.zeros((x.shape[0], w.shape[0], *count), np.result_type(x, w))
    per, outputs = w.shape[1], w.shape[0] // groups
    for o in range(w.shape[0]):
        channels = x[:, o // outputs * per:(o // outputs + 1) * per]
        for at in np.ndindex(*count):
            look = channels[(slice(None), slice(None), *[
                slice(i * s, i * s + d * (k - 1) + 1, d) for i, s, d, k in zip(at, stride, dilation, w.shape[2:])])]
            out[(slice(None), o, *at)] = (look * w[o]).sum(tuple(range(1, look.ndim)))
    return out if b is None else out + b.reshape(-1, *(1,) * dims)


def transposed(x, w, b=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    dims = w.ndim - 2
    if x.ndim == dims + 1:
        return transposed(x[None], w, b, stride, padding, output_padding, groups, dilation)[0]
    stride, dilation, padding, extra = (tuples(v, dims) for v in (stride, dilation, padding, output_padding))
    full = [(n - 1) * s + d * (k - 1) + 1 + e for n, s, d, k, e in zip(x.shape[2:], stride, dilation, w.shape[2:], extra)]
    out = np.zeros((x.shape[0], w.shape[1] * groups, *full), np.result_type(x, w))
    per = w.shape[0] // groups
    for c in range(w.shape[0]):
        first = c // per * w.shape[1]
        for at in np.ndindex(*x.shape[2:]):
            look = (slice(None), slice(first, first + w.shape[1]), *[
                slice(i * s, i * s + d * (k - 1) + 1, d) for i, s, d, k in zip(at, stride, dilation, w.shape[2:])])
            out[look] += x[(slice(None), c, *at)].reshape(-1, 1, *(1,) * dims) * w[c]
    out = out[(slice(None), slice(None), *[slice(p, n - p) for p, n in zip(padding, full)])]
    return out if b is None else out + b.reshape(-1, *(1,) * dims)


def windows(sizes, kernel, stride, padding, dilation=1, ceil_mode=False):
    """For each window, the positions inside in each dimension, and how many count with the padding."""
    dims = len(sizes)
    kernel, padding, dilation = (tuples(v, dims) for v in (kernel, padding, dilation))
    stride = kernel if stride is None else tuples(stride, dims)
    lines = []
    for n, k, s, p, d in zip(sizes, kernel, stride, padding, dilation):
        line, begin = [], -p
        while begin + d * (k - 1) < n + p or (ceil_mode and begin < n and (len(line) - 1) * s < n + 2 * p - d * (k - 1) - 1):
            line.append(([i for i in range(begin, begin + d * (k - 1) + 1, d) if 0 <= i < n],
                         len([i for i in range(begin, begin + d * (k - 1) + 1, d) if i < n + p])))
            begin += s
        lines.append(line)
    return lines


def adaptive(sizes, output_size):
    return [[(list(range(i * n // m, -(-(i + 1) * n // m))), 0) for i in range(m)]
            for n, m in zip(sizes, tuples(output_size, len(sizes)))]


def pooled(x, lines, how):
    dims = len(lines)
    out = np.zeros((*x.shape[:x.ndim - dims], *map(len, lines)), x.dtype)
    for at in np.ndindex(*map(len, lines)):
        chosen = [line[i] for line, i in zip(lines, at)]
        look = x[(..., *np.ix_(*[places for places, _ in chosen]))]
        out[(..., *at)] = how(look.reshape(*look.shape[:look.ndim - dims], -1), np.prod([count for _, count in chosen]))
    return out


def largest(dims):
    return lambda x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False: pooled(
        x, windows(x.shape[-dims:], kernel_size, stride, padding, dilation, ceil_mode), lambda v, _: v.max(-1))


def mean(dims):
    def of(x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None):
        def how(v, count):
            return v.sum(-1) / (divisor_override or (count if count_include_pad else v.shape[-1]))
        return pooled(x, windows(x.shape[-dims:], kernel_size, stride, padding, 1, ceil_mode), how)
    return of


def norms(dims):
    def of(x, order, kernel_size, stride=None):
        return pooled(x, windows(x.shape[-dims:], kernel_size, stride, 0), lambda v, _: (v ** order).sum(-1) ** (1 / order))
    return of


def columns(x, kernel, dilation=1, padding=0, stride=1):
    if x.ndim == 3:
        return columns(x[None], kernel, dilation, padding, stride)[0]
    kernel, dilation, padding, stride = (tuples(v, 2) for v in (kernel, dilation, padding, stride))
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in padding]])
    count = [(n - d * (k - 1) - 1) // s + 1 for n, d, k, s in zip(x.shape[2:], dilation, kernel, stride)]
    found = [x[:, :, i * stride[0]:i * stride[0] + dilation[0] * (kernel[0] - 1) + 1:dilation[0],
               j * stride[1]:j * stride[1] + dilation[1] * (kernel[1] - 1) + 1:dilation[1]].reshape(x.shape[0], -1)
             for i, j in np.ndindex(*count)]
    return np.stack(found, -1)


def folded(x, size, kernel, **more):
    """By the transpose of a matrix that columns() shows of the unit pictures."""
    channels, count = x.shape[-2] // int(np.prod(tuples(kernel, 2))), int(np.prod(size))
    units = np.eye(channels * count).reshape(-1, channels, *size)
    matrix = columns(units, kernel, **more).reshape(channels * count, -1)
    return (x.reshape(*x.shape[:-2], -1) @ matrix.T).reshape(*x.shape[:-2], channels, *size)


def weights(mode, n, m, scale=None, align=False):
    """The matrix of an interpolation, (m, n)."""
    out = np.zeros((m, n))
    for i in range(m):
        step = (n - 1) / (m - 1) if align and m > 1 else 0 if align else 1 / scale if scale else n / m
        at = i * step if align else (i + 0.5) * step - 0.5
        if mode in ("nearest", "nearest-exact"):
            out[i, min(int((i + 0.5 * (mode == "nearest-exact")) * step), n - 1)] = 1
        elif mode == "linear":
            at = max(at, 0)
            low = min(int(at), n - 1)
            out[i, low] += 1 - (at - low)
            out[i, min(low + 1, n - 1)] += at - low
        else:
            low, a = int(np.floor(at)), -0.75
            for k in range(low - 1, low + 3):
                t = abs(at - k)
                weight = (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1 if t <= 1 else a * (t ** 3 - 5 * t ** 2 + 8 * t - 4)
                out[i, min(max(k, 0), n - 1)] += weight if t < 2 else 0
    return out


def resized(mode, sizes, scale=None, align=False):
    def of(x):
        for d, m in enumerate(sizes):
            x = np.moveaxis(np.tensordot(weights(mode, x.shape[2 + d], m, scale, align), x, (1, 2 + d)), 0, 2 + d)
        return x
    return of


def sampled(x, grid, mode, padding_mode, align):
    """One place after the other."""
    dims, sizes = x.ndim - 2, x.shape[2:]
    out = np.zeros((*x.shape[:2], *grid.shape[1:-1]))

    def moved(at, n):
        if padding_mode == "reflection":
            low, high = (0, n - 1) if align else (-0.5, n - 0.5)
            if low == high:
                return 0.0
            at = abs(at - low) % (2 * (high - low))
            at = low + min(at, 2 * (high - low) - at)
        return at if padding_mode == "zeros" else min(max(at, 0), n - 1)

    def element(n, places):
        if mode == "bicubic":
            places = [moved(at, size) for at, size in zip(places, sizes)]
        inside = all(0 <= at <= size - 1 for at, size in zip(places, sizes))
        return x[(n, slice(None), *map(int, places))] if inside else np.zeros(x.shape[1])

    def cubic(t, a=-0.75):
        t = abs(t)
        return (a + 2) * t ** 3 - (a + 3) * t ** 2 + 1 if t <= 1 else a * (t ** 3 - 5 * t ** 2 + 8 * t - 4)

    for n, *at in np.ndindex(grid.shape[:-1]):
        places = [(c + 1) / 2 * (size - 1) if align else ((c + 1) * size - 1) / 2
                  for c, size in zip(grid[(n, *at)][::-1], sizes)]
        if mode != "bicubic":
            places = [moved(c, size) for c, size in zip(places, sizes)]
        if mode == "nearest":
            out[(n, slice(None), *at)] = element(n, [np.rint(c) for c in places])
            continue
        near = range(-1, 3) if mode == "bicubic" else range(2)
        for steps in itertools.product(near, repeat=dims):
            corner = [np.floor(c) + k for c, k in zip(places, steps)]
            factor = np.prod([cubic(c - k) if mode == "bicubic" else 1 - abs(c - k) for c, k in zip(places, corner)])
            out[(n, slice(None), *at)] += factor * element(n, corner)
    return out


def affine(theta, size, align):
    lines = [np.zeros(1) if n == 1 else np.linspace(-1, 1, n) * (1 if align else (n - 1) / n) for n in size[2:]]
    base = np.stack([*np.meshgrid(*lines, indexing="ij")[::-1], np.ones(size[2:])], -1)
    return np.einsum("...k,njk->n...j", base, theta)


def shuffled(a, r):
    *batch, channels, height, width = a.shape
    n = len(batch)
    parts = a.reshape(*batch, channels // r ** 2, r, r, height, width)
    return parts.transpose(*range(n), n, n + 3, n + 1, n + 4, n + 2).reshape(*batch, channels // r ** 2, height * r, width * r)


def unshuffled(a, r):
    *batch, channels, height, width = a.shape
    return np.stack([a[..., i::r, j::r] for i in range(r) for j in range(r)], -3).reshape(
        *batch, channels, r * r, height // r, width // r).reshape(*batch, channels * r * r, height // r, width // r)


def regrouped(a, groups):
    return a.reshape(a.shape[0], groups, -1, *a.shape[2:]).swapaxes(1, 2).reshape(a.shape)


def case(name, f, reference, shapes, *args, **more):
    """A function and its reference with the same further arguments."""
    label = f"{name} {', '.join(map(str, (*args, *more.items())))}"
    return label, lambda *v: f(*v, *args, **more), lambda *v: reference(*v, *args, **more), shapes


def apart(x):
    """Elements in windows that differ, so that no difference step changes which is the largest."""
    return x + T(np.arange(x.numel()) * 7 % 11.0 * 2, dtype=x.dtype).reshape(*x.shape)


def apart_in_numpy(x):
    return x + (np.arange(x.size) * 7 % 11 * 2).reshape(x.shape)


def max_case(name, f, reference, shapes, *args, **more):
    return case(name, lambda x, *a, **k: f(apart(x), *a, **k), lambda x, *a, **k: reference(apart_in_numpy(x), *a, **k), shapes,
                *args, **more)


def unpool(dims):
    pool, back = getattr(F, f"max_pool{dims}d"), getattr(F, f"max_unpool{dims}d")

    def of(x, *args):
        values, at = pool(apart(x), *args, return_indices=True)
        return back(values, at, *args, output_size=x.shape[-dims:])

    def reference(x, kernel, stride=None):
        x = apart_in_numpy(x)
        out = np.zeros_like(x)
        lines = windows(x.shape[-dims:], kernel, stride, 0)
        for lead in np.ndindex(x.shape[:-dims]):
            for chosen in itertools.product(*[[places for places, _ in line] for line in lines]):
                look = x[lead][np.ix_(*chosen)]
                at = np.unravel_index(look.argmax(), look.shape)
                out[lead][tuple(c[i] for c, i in zip(chosen, at))] = look.max()
        return out
    return of, reference


def at_grid(mode, padding_mode, align):
    def of(x, g):
        return F.grid_sample(x, g * 1.3 - 1.1, mode, padding_mode, align)
    return (f"{mode} {padding_mode} {align}", of, lambda x, g: sampled(x, g * 1.3 - 1.1, mode, padding_mode, align))


def positive(f):
    return lambda x, *args: f(x * x + 0.1, *args)


def upsampled(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return F.upsample(x, scale_factor=2)


CASES = {
    "conv1d": [case("conv1d", F.conv1d, convolution, [(2, 3, 6), (4, 3, 3)]),
               case("bias", F.conv1d, convolution, [(3, 5), (2, 3, 2), (2,)], stride=2, padding=1),
               case("shapes alike", F.conv1d, convolution, [(2, 2, 3), (2, 2, 3)], padding=1),
               case("groups", F.conv1d, convolution, [(1, 4, 7), (2, 2, 3)], groups=2, dilation=2),
               case("same", F.conv1d, convolution, [(1, 2, 5), (1, 2, 4)], padding="same")],
    "conv2d": [case("conv2d", F.conv2d, convolution, [(2, 2, 4, 5), (3, 2, 3, 2)]),
               case("bias", F.conv2d, convolution, [(1, 2, 4, 4), (2, 2, 2, 2), (2,)], stride=(2, 1), padding=(1, 2)),
               case("groups", F.conv2d, convolution, [(1, 4, 5, 4), (4, 2, 2, 2)], groups=2, dilation=(2, 1)),
               case("each channel", F.conv2d, convolution, [(2, 2, 3, 3), (4, 1, 2, 2)], groups=2),
               case("one element", F.conv2d, convolution, [(1, 3, 2, 3), (2, 3, 1, 1)]),
               case("padded beyond", F.conv2d, convolution, [(1, 1, 2, 2), (1, 1, 2, 2)], padding=3, stride=3),
               case("no picture", F.conv2d, convolution, [(0, 1, 3, 3), (1, 1, 2, 2)]),
               case("one picture", F.conv2d, convolution, [(2, 3, 3), (1, 2, 2, 3)], padding="same")],
    "conv3d": [case("conv3d", F.conv3d, convolution, [(1, 2, 3, 2, 3), (2, 2, 2, 1, 2), (2,)]),
               case("strides", F.conv3d, convolution, [(2, 3, 3, 4), (2, 1, 2, 2, 2)], stride=(1, 2, 2), padding=1, groups=2)],
    "conv_transpose1d": [case("conv_transpose1d", F.conv_transpose1d, transposed, [(2, 2, 4), (2, 3, 3), (3,)], stride=2),
                         case("shapes alike", F.conv_transpose1d, transposed, [(2, 2, 3), (2, 2, 3)], padding=1),
                         case("one line", F.conv_transpose1d, transposed, [(2, 4), (2, 1, 2)], padding=1)],
    "conv_transpose2d": [case("conv_transpose2d", F.conv_transpose2d, transposed, [(1, 2, 3, 2), (2, 3, 2, 2)]),
                         case("output_padding", F.conv_transpose2d, transposed, [(1, 2, 2, 3), (2, 1, 3, 2), (2,)],
                              stride=(2, 3), padding=1, output_padding=(1, 2), groups=2, dilation=(1, 2))],
    "conv_transpose3d": [case("conv_transpose3d", F.conv_transpose3d, transposed, [(1, 2, 2, 2, 2), (2, 1, 2, 1, 2), (1,)],
                              stride=2)],
    "nn_functional_unfold": [case("unfold", F.unfold, columns, [(2, 2, 3, 4)], 2),
                             case("one picture", F.unfold, columns, [(1, 4, 5)], (2, 3), (1, 2), (1, 0), (2, 1))],
    "fold": [case("fold", F.fold, folded, [(2, 8, 6)], (3, 4), 2),
             case("one picture", F.fold, folded, [(6, 4)], (4, 3), (3, 2), padding=(1, 0), stride=(2, 1))],
    "max_pool1d": [max_case("max_pool1d", F.max_pool1d, largest(1), [(2, 2, 6)], 2),
                   max_case("one line", F.max_pool1d, largest(1), [(1, 7)], 3, 2, 1, 2, True)],
    "max_pool2d": [max_case("max_pool2d", F.max_pool2d, largest(2), [(2, 2, 4, 5)], 2),
                   max_case("ceil", F.max_pool2d, largest(2), [(1, 1, 5, 6)], (3, 2), 2, (1, 0), 1, True),
                   max_case("dilation", F.max_pool2d, largest(2), [(1, 5, 5)], 2, 1, 1, 2),
                   ("no picture", lambda x: F.max_pool2d(x, 2), lambda x: np.zeros((0, 1, 1, 1)), [(0, 1, 2, 3)])],
    "max_pool3d": [max_case("max_pool3d", F.max_pool3d, largest(3), [(1, 2, 3, 2, 4)], 2),
                   max_case("one volume", F.max_pool3d, largest(3), [(1, 3, 3, 3)], 2, 1, (1, 0, 1))],
    "max_unpool1d": [case("max_unpool1d", *unpool(1), [(2, 2, 5)], 2)],
    "max_unpool2d": [case("max_unpool2d", *unpool(2), [(1, 2, 4, 5)], 2), case("overlapping", *unpool(2), [(1, 5, 5)], 3, 2)],
    "max_unpool3d": [case("max_unpool3d", *unpool(3), [(1, 2, 2, 4)], 2)],
    "adaptive_max_pool1d": [max_case("adaptive_max_pool1d", F.adaptive_max_pool1d, lambda x, m: pooled(
        x, adaptive(x.shape[-1:], m), lambda v, _: v.max(-1)), [(2, 7)], 3)],
    "adaptive_max_pool2d": [max_case("adaptive_max_pool2d", F.adaptive_max_pool2d, lambda x, m: pooled(
        x, adaptive(x.shape[-2:], m), lambda v, _: v.max(-1)), [(1, 2, 5, 4)], m) for m in (3, (2, 1))],
    "adaptive_max_pool3d": [max_case("adaptive_max_pool3d", F.adaptive_max_pool3d, lambda x, m: pooled(
        x, adaptive(x.shape[-3:], m), lambda v, _: v.max(-1)), [(1, 3, 2, 3)], 2)],
    "avg_pool1d": [case("avg_pool1d", F.avg_pool1d, mean(1), [(2, 2, 5)], 2),
                   case("one line", F.avg_pool1d, mean(1), [(1, 6)], 3, 2, 1, True, False)],
    "avg_pool2d": [case("avg_pool2d", F.avg_pool2d, mean(2), [(2, 2, 4, 5)], 2),
                   case("ceil", F.avg_pool2d, mean(2), [(1, 1, 5, 6)], (3, 2), 2, (1, 0), True),
                   case("inside", F.avg_pool2d, mean(2), [(1, 3, 4)], 3, 1, 1, count_include_pad=False),
                   case("divisor", F.avg_pool2d, mean(2), [(1, 4, 4)], 2, 1, 1, divisor_override=3)],
    "avg_pool3d": [case("avg_pool3d", F.avg_pool3d, mean(3), [(1, 2, 3, 2, 4)], 2),
                   case("padded", F.avg_pool3d, mean(3), [(1, 3, 3, 2)], (2, 3, 1), 2, (1, 1, 0), True, False)],
    "lp_pool1d": [case("lp_pool1d", positive(F.lp_pool1d), positive(norms(1)), [(2, 1, 5)], 3, 2)],
    "lp_pool2d": [case("lp_pool2d", positive(F.lp_pool2d), positive(norms(2)), [(1, 2, 4, 5)], p, 2, s)
                  for p, s in ((2, None), (1.5, 1))],
    "lp_pool3d": [case("lp_pool3d", positive(F.lp_pool3d), positive(norms(3)), [(1, 2, 2, 4)], 2, 2)],
    "adaptive_avg_pool1d": [case("adaptive_avg_pool1d", F.adaptive_avg_pool1d, lambda x, m: pooled(
        x, adaptive(x.shape[-1:], m), lambda v, _: v.mean(-1)), [(2, 1, 5)], 3)],
    "adaptive_avg_pool2d": [case("adaptive_avg_pool2d", F.adaptive_avg_pool2d, lambda x, m: pooled(
        x, adaptive(x.shape[-2:], m), lambda v, _: v.mean(-1)), [(1, 2, 5, 4)], m) for m in (3, (1, 1), (7, 2))],
    "adaptive_avg_pool3d": [case("adaptive_avg_pool3d", F.adaptive_avg_pool3d, lambda x, m: pooled(
        x, adaptive(x.shape[-3:], m), lambda v, _: v.mean(-1)), [(1, 3, 2, 3)], 2)],
    "interpolate": [
        *[(f"{mode} {size} {align}", lambda x, m=mode, s=size, a=align: F.interpolate(x, s, mode=m, align_corners=a),
           resized({"bilinear": "linear", "trilinear": "linear"}.get(mode, mode), size, align=bool(align)),
           [(1, 2, 3, 4, 2)[:len(size) + 2]])
          for mode, size, align in (("nearest", (5,), None), ("nearest-exact", (2, 7), None), ("linear", (5,), False),
                                    ("bilinear", (2, 6), False), ("bilinear", (5, 1), True), ("bicubic", (2, 6), False),
                                    ("bicubic", (4, 5), True), ("trilinear", (2, 5, 3), False))],
        ("scale", lambda x: F.interpolate(x, scale_factor=1.7, mode="linear"), resized("linear", (6,), 1.7), [(1, 1, 4)]),
        ("area", lambda x: F.interpolate(x, (2, 3), mode="area"),
         lambda x: pooled(x, adaptive(x.shape[-2:], (2, 3)), lambda v, _: v.mean(-1)), [(1, 1, 4, 4)])],
    "upsample": [("nearest", upsampled, resized("nearest", (6,)), [(1, 2, 3)])],
    "grid_sample": [(*at_grid(mode, pad, align), [(1, 2, 3, 4), (1, 2, 3, 2)])
                    for mode, pad, align in (("bilinear", "zeros", False), ("bilinear", "border", True),
                                             ("bilinear", "reflection", False), ("bicubic", "zeros", False),
                                             ("bicubic", "reflection", True))]
                   + [(*at_grid("bilinear", "zeros", True), [(1, 1, 2, 3, 2), (1, 1, 2, 2, 3)])],
    "affine_grid": [case("affine_grid", F.affine_grid, affine, [(2, 2, 3)], (2, 1, 3, 2), align) for align in (True, False)]
                   + [case("volume", F.affine_grid, affine, [(1, 3, 4)], (1, 1, 2, 1, 2), False)],
    "pixel_shuffle": [(f"{shape} {r}", lambda x, r=r: F.pixel_shuffle(x, r), lambda a, r=r: shuffled(a, r), [shape])
                      for shape, r in (((2, 8, 2, 3), 2), ((4, 1, 2), 2), ((9, 2, 1), 3), ((1, 2, 2), 1))],
    "pixel_unshuffle": [case("pixel_unshuffle", F.pixel_unshuffle, unshuffled, [(2, 2, 4, 6)], 2),
                        case("one picture", F.pixel_unshuffle, unshuffled, [(1, 3, 3)], 3)],
    "channel_shuffle": [case("channel_shuffle", F.channel_shuffle, regrouped, [(2, 6, 2)], 3)],
}

#: What they are computed with.
CASES |= {hidden: CASES[name][:1] for hidden, name in {
    "convolved": "conv1d", "convolved_input": "conv_transpose1d", "columns": "nn_functional_unfold", "of_columns": "fold",
    "at_places": "max_pool1d", "blended": "interpolate", "averaged": "avg_pool1d"}.items()}
CASES["convolved_weight"] = [
    ("of lines", lambda x, y: OPS.apply("convolved_weight", (x, y), ((2,), ((1,), (0,), (1,), 1))),
     lambda x, y: np.stack([np.einsum("nci,noi->oc", x[..., k:k + 3], y) for k in range(2)], -1), [(2, 1, 4), (2, 2, 3)])]
CASES["put_places"] = [
    ("twice", lambda x: OPS.apply("put_places", (x, T([[3, 0], [1, 1]])), ((4,),)),
     lambda x: np.stack([x[0, 1] * np.eye(4)[0] + x[0, 0] * np.eye(4)[3], x[1].sum() * np.eye(4)[1]]), [(2, 2)])]
VALUES = {
    "largest_places": [
        ("lines", lambda x: OPS.apply("largest_places", (x,), ((("strided", 5, 2, 3, 2, 0, 1),),)),
         lambda a: np.stack([a[:, 0:3].argmax(1), 2 + a[:, 2:5].argmax(1)], 1),
         [np.array([[1.0, 3.0, 2.0, 2.0, -1.0], [0.0, 0.0, 5.0, 7.0, 7.0]])])],
}
