"""Shapes: views, rearranging, joining and splitting."""
import numpy as np

import autodiff

#: Their first case means something else, or is refused, in the NumPy flavour.
OTHERWISE_IN_NUMPY = {"reshape", "flatten", "ravel", "squeeze", "diagonal", "repeat"}


def all_of(parts):
    """Several results as one, each weighed differently, so that none may stand for another."""
    parts = [part.reshape(-1) for part in parts]
    return np.concatenate([(i + 1) * p for i, p in enumerate(parts)]) if isinstance(parts[0], np.ndarray) else autodiff.cat(
        [(i + 1) * p for i, p in enumerate(parts)])


def strided(a, size, stride, start=0):
    steps = [n * a.itemsize for n in stride]
    return np.array(np.lib.stride_tricks.as_strided(np.ascontiguousarray(a).reshape(-1)[start:], size, steps))


def diag_embedded(a, offset=0, dim1=-2, dim2=-1):
    out = np.zeros((*a.shape[:-1], a.shape[-1] + abs(offset), a.shape[-1] + abs(offset)))
    for place in np.ndindex(*a.shape):
        out[(*place[:-1], place[-1] + max(-offset, 0), place[-1] + max(offset, 0))] = a[place]
    return np.moveaxis(out, (-2, -1), (dim1, dim2))


def stacked_blocks(*blocks):
    blocks = [np.atleast_2d(b) for b in blocks]
    out = np.zeros(np.sum([b.shape for b in blocks], axis=0))
    row = column = 0
    for b in blocks:
        out[row:row + b.shape[0], column:column + b.shape[1]] = b
        row, column = row + b.shape[0], column + b.shape[1]
    return out


def windows(a, d, size, step):
    found = np.lib.stride_tricks.sliding_window_view(a, size, d)
    return np.take(found, np.arange(0, found.shape[d], step), d)


def through_views(x):
    y = x * 1
    y.diagonal().mul_(x[0, :2])
    y.unflatten(1, (3, 1))[0, 2].add_(x[1, 1:2])
    y.movedim(0, 1)[1].mul_(x[:, 2])
    y.unfold(1, 2, 2)[:, 0].mul_(x[:, 1:])
    y.tensor_split(2, 1)[1].add_(x[:, :1])
    return y


def written(parts_of):
    """The parts of a copy, of which the first is written in place: a gradient goes through the write and the others."""
    def parts(x):
        first, *others = parts_of(x * 1)
        first.mul_(x[0, 0])
        return all_of([first, *others])
    return parts


def first_times_itself(parts):
    first, *others = parts
    return all_of([first * first[0, 0], *others])


def through_views_of_numpy(x):
    y = x.copy()
    y[0, 0] *= x[0, 0]
    y[1, 1] *= x[0, 1]
    y[0, 2] += x[1, 1]
    y.T[1] *= x[:, 2]
    y[:, :2] *= x[:, 1:]
    y[:, 2:] += x[:, :1]
    return y


def written_as_strided(x):
    y = (x * 1).contiguous()
    y.as_strided((2, 2), (2, 1), 1).mul_(x[0, 0])
    return y


def written_as_strided_of_numpy(x):
    y = x.copy().reshape(-1)
    y[[1, 2, 3, 4]] *= x[0, 0]
    return y.reshape(x.shape)


def transposed_in_place(x):
    y = x * 1
    y.t_()
    y.mul_(y)
    return y * x.t()


CASES = {
    "reshape": [("", lambda x: x.reshape(3, 2), lambda a: a.reshape(3, 2), [(2, 3)]),
                ("of a transpose", lambda x: x.t().reshape(-1), lambda a: a.T.reshape(-1), [(2, 3)]),
                ("0-d", lambda x: autodiff.reshape(x, (1, 1)), lambda a: a.reshape(1, 1), [()])],
    "flatten": [("", lambda x: x.flatten(1), lambda a: a.reshape(2, 6), [(2, 3, 2)]),
                ("of a transpose", lambda x: x.mT.flatten(), lambda a: np.swapaxes(a, -1, -2).reshape(-1), [(2, 3)]),
                ("empty", lambda x: x.flatten(0, 1), lambda a: a.reshape(0, 2), [(0, 3, 2)]),
                ("0-d", lambda x: x.flatten(), lambda a: a.reshape(1), [()])],
    "ravel": [("", lambda x: x.ravel(), np.ravel, [(2, 3)]), ("0-d", lambda x: autodiff.ravel(x), np.ravel, [()])],
    "squeeze": [("", lambda x: x.squeeze(), np.squeeze, [(1, 3, 1)]),
                ("some", lambda x: x.squeeze((0, -1)), lambda a: a[0], [(1, 3)])],
    "swapdims": [("", lambda x: x.swapdims(0, 1), lambda a: np.swapaxes(a, 0, 1), [(2, 3)]),
                 ("swapaxes", lambda x: x.swapaxes(0, -1), lambda a: np.swapaxes(a, 0, -1), [(2, 3)])],
    "adjoint": [("", lambda x: x.adjoint(), lambda a: np.swapaxes(a, -2, -1), [(2, 3, 2)])],
    "movedim": [("", lambda x: x.movedim(0, -1), lambda a: np.moveaxis(a, 0, -1), [(2, 3, 2)]),
                ("two", lambda x: autodiff.moveaxis(x, (0, 1), (-1, 0)), lambda a: np.moveaxis(a, (0, 1), (-1, 0)),
                 [(2, 3, 2)])],
    "unflatten": [("", lambda x: x.unflatten(1, (2, -1)), lambda a: a.reshape(2, 2, 2), [(2, 4)]),
                  ("of a transpose", lambda x: x.t().unflatten(0, (2, 2)), lambda a: a.T.reshape(2, 2, 2), [(2, 4)])],
    "broadcast_to": [("", lambda x: x.broadcast_to(2, 3), lambda a: np.broadcast_to(a, (2, 3)), [(2, 1)]),
                     ("0-d", lambda x: x.broadcast_to((2,)), lambda a: np.broadcast_to(a, (2,)), [()])],
    "broadcast_tensors": [("", lambda x, y: all_of(autodiff.broadcast_tensors(x, y)),
                           lambda a, b: all_of(np.broadcast_arrays(a, b)), [(2, 1), (3,)])],
    "atleast_1d": [("", lambda x, y: all_of(autodiff.atleast_1d(x, y)), lambda a, b: all_of(np.atleast_1d(a, b)),
                    [(), (2,)])],
    "atleast_2d": [("", lambda x, y: all_of(autodiff.atleast_2d(x, y)), lambda a, b: all_of(np.atleast_2d(a, b)),
                    [(2,), ()]), ("one", lambda x: autodiff.atleast_2d(x), np.atleast_2d, [(2,)])],
    "atleast_3d": [("", lambda x: autodiff.atleast_3d(x), np.atleast_3d, [(2,)]),
                   ("matrix", lambda x: autodiff.atleast_3d(x), np.atleast_3d, [(2, 3)])],
    "meshgrid": [(way, lambda x, y, w=way: all_of(autodiff.meshgrid(x, y, indexing=w)),
                  lambda a, b, w=way: all_of(np.meshgrid(a, b, indexing=w)), [(2,), (3,)]) for way in ("ij", "xy")],
    "diagonal": [("", lambda x: x.diagonal(), np.diagonal, [(2, 3)]),
                 ("offset", lambda x: x.diagonal(-1, 1, 0), lambda a: np.diagonal(a, -1, 1, 0), [(2, 3, 2)]),
                 ("of a transpose", lambda x: x.t().diagonal(1), lambda a: np.diagonal(a.T, 1), [(2, 3)]),
                 ("written", through_views, through_views_of_numpy, [(2, 3)])],
    "unfold": [("", lambda x: x.unfold(0, 2, 1), lambda a: windows(a, 0, 2, 1), [(4,)]),
               ("step", lambda x: x.unfold(1, 2, 2), lambda a: windows(a, 1, 2, 2), [(2, 5)]),
               ("of a transpose", lambda x: x.t().unfold(0, 2, 1), lambda a: windows(a.T, 0, 2, 1), [(2, 3)]),
               ("0-d", lambda x: x.unfold(0, 1, 1), lambda a: a.reshape(1), [()])],
    "as_strided": [("", lambda x: x.contiguous().as_strided((2, 2), (1, 2), 1), lambda a: strided(a, (2, 2), (1, 2), 1),
                    [(2, 3)]),
                   ("overlapping", lambda x: x.contiguous().as_strided((3, 2), (1, 1)), lambda a: strided(a, (3, 2), (1, 1)),
                    [(4,)]),
                   ("written", written_as_strided, written_as_strided_of_numpy, [(2, 3)])],
    "squeeze_": [("", lambda x: (x * 1).squeeze_() * 2, lambda a: a.reshape(3) * 2, [(1, 3)]),
                 ("one", lambda x: (x * 1).squeeze_(1), lambda a: a, [(1, 3)])],
    "unsqueeze_": [("", lambda x: (x * 1).unsqueeze_(-1).mul_(x[..., None]), lambda a: a[..., None] ** 2, [(2, 3)]),
                   ("0-d", lambda x: (x * 1).unsqueeze_(0), lambda a: a.reshape(1), [()])],
    "t_": [("", lambda x: (x * 1).t_(), np.transpose, [(2, 3)]),
           ("written", transposed_in_place, lambda a: a.T ** 3, [(2, 3)])],
    "as_strided_": [("", lambda x: (x * 1).as_strided_((2, 2), (2, 1), 1).mul_(2),
                     lambda a: 2 * a.reshape(-1)[[[1, 2], [3, 4]]], [(2, 3)])],
    "transpose_": [("", lambda x: (x * 1).transpose_(0, -1), lambda a: np.swapaxes(a, 0, -1), [(2, 3, 2)])],
    "repeat": [("", lambda x: x.repeat(2, 1), lambda a: np.tile(a, (2, 1)), [(2, 3)]),
               ("more dims", lambda x: x.repeat((2, 1, 3)), lambda a: np.tile(a, (2, 1, 3)), [(2, 2)]),
               ("none", lambda x: x.repeat(2, 0), lambda a: np.tile(a, (2, 0)), [(2, 3)]),
               ("0-d", lambda x: x.repeat(3), lambda a: np.tile(a, 3), [()])],
    "tile": [("", lambda x: x.tile(2), lambda a: np.tile(a, 2), [(2, 3)]),
             ("function", lambda x: autodiff.tile(x, (2, 1, 2)), lambda a: np.tile(a, (2, 1, 2)), [(2, 2)])],
    "repeat_interleave": [
        ("all", lambda x: x.repeat_interleave(2), lambda a: np.repeat(a, 2), [(2, 3)]),
        ("dim", lambda x: x.repeat_interleave(3, -1), lambda a: np.repeat(a, 3, -1), [(2, 3)]),
        ("tensor", lambda x: x.repeat_interleave(autodiff.tensor([2, 0, 1]), 1), lambda a: np.repeat(a, [2, 0, 1], 1),
         [(2, 3)])],
    "flip": [("", lambda x: x.flip(0), lambda a: np.flip(a, 0), [(2, 3)]),
             ("two", lambda x: autodiff.flip(x, (0, -1)), lambda a: np.flip(a, (0, -1)), [(2, 3, 2)]),
             ("0-d", lambda x: x.flip(()), lambda a: a, [()])],
    "fliplr": [("", lambda x: x.fliplr(), np.fliplr, [(2, 3)])],
    "flipud": [("", lambda x: x.flipud(), np.flipud, [(3,)])],
    "roll": [("", lambda x: x.roll(1), lambda a: np.roll(a, 1), [(2, 3)]),
             ("dims", lambda x: x.roll((1, -2), (0, 1)), lambda a: np.roll(a, (1, -2), (0, 1)), [(2, 3)]),
             ("0-d", lambda x: x.roll(1), lambda a: a, [()])],
    "rot90": [(f"{k}", lambda x, k=k: x.rot90(k), lambda a, k=k: np.rot90(a, k), [(2, 3)]) for k in (1, 2, 0)] + [
        ("dims", lambda x: x.rot90(-1, (2, 0)), lambda a: np.rot90(a, -1, (2, 0)), [(2, 1, 3)])],
    "tril": [("", lambda x: x.tril(), np.tril, [(3, 2)]), ("batch", lambda x: x.tril(-1), lambda a: np.tril(a, -1),
              [(2, 2, 3)]),
             ("in place", lambda x: (x * x).tril_(1), lambda a: np.tril(a * a, 1), [(2, 3)])],
    "triu": [("", lambda x: x.triu(), np.triu, [(3, 2)]), ("batch", lambda x: x.triu(1), lambda a: np.triu(a, 1), [(2, 2, 3)]),
             ("in place", lambda x: (x * x).triu_(), lambda a: np.triu(a * a), [(2, 3)])],
    "diag": [("vector", lambda x: x.diag(), np.diag, [(3,)]), ("matrix", lambda x: x.diag(1), lambda a: np.diag(a, 1),
              [(2, 3)]),
             ("below", lambda x: x.diag(-1), lambda a: np.diag(a, -1), [(2,)])],
    "diag_embed": [("", lambda x: x.diag_embed(), diag_embedded, [(2, 3)]),
                   ("dims", lambda x: x.diag_embed(-1, 2, 0), lambda a: diag_embedded(a, -1, 2, 0), [(2, 3)])],
    "diagflat": [("", lambda x: x.diagflat(1), lambda a: np.diagflat(a, 1), [(2, 2)])],
    "pad": [("", lambda x: autodiff.pad(x, (1, 2)), lambda a: np.pad(a, ((0, 0), (1, 2))), [(2, 3)]),
            ("value", lambda x: autodiff.pad(x, (0, 1, 2, 0), value=3.0),
             lambda a: np.pad(a, ((2, 0), (0, 1)), constant_values=3), [(2, 3)]),
            ("less", lambda x: autodiff.pad(x, (-1, 1)), lambda a: np.pad(a[:, 1:], ((0, 0), (0, 1))), [(2, 3)]),
            ("empty", lambda x: autodiff.pad(x, (1, 1)), lambda a: np.pad(a, 1), [(0,)])] + [
        (mode, lambda x, m=mode: autodiff.pad(x, (1, 2), m), lambda a, m=theirs: np.pad(a, ((0, 0), (1, 2)), m), [(2, 3)])
        for mode, theirs in (("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap"))],
    "hstack": [("", lambda x, y: autodiff.hstack((x, y)), lambda a, b: np.hstack((a, b)), [(2, 2), (2, 1)]),
               ("vectors", lambda x, y: autodiff.hstack((x, y)), lambda a, b: np.hstack((a, b)), [(2,), ()])],
    "vstack": [("", lambda x, y: autodiff.vstack((x, y)), lambda a, b: np.vstack((a, b)), [(2, 2), (2,)])],
    "dstack": [("", lambda x, y: autodiff.dstack((x, y)), lambda a, b: np.dstack((a, b)), [(2, 2), (2, 2)])],
    "column_stack": [("", lambda x, y: autodiff.column_stack((x, y)), lambda a, b: np.column_stack((a, b)), [(2,), (2, 2)])],
    "block_diag": [("", lambda x, y, z: autodiff.block_diag(x, y, z), stacked_blocks, [(2, 1), (2,), ()])],
    "cartesian_prod": [("", lambda x, y: autodiff.cartesian_prod(x, y),
                        lambda a, b: np.stack([c.ravel() for c in np.meshgrid(a, b, indexing="ij")], 1), [(2,), (3,)])],
    "combinations": [("", lambda x: autodiff.combinations(x), lambda a: np.array([(a[0], a[1]), (a[0], a[2]), (a[1], a[2])]),
                      [(3,)]),
                     ("replaced", lambda x: autodiff.combinations(x, 3, True),
                      lambda a: np.array([a[[0, 0, 0]], a[[0, 0, 1]], a[[0, 1, 1]], a[[1, 1, 1]]]), [(2,)])],
    "split": [("", lambda x: all_of(x.split(2, 1)), lambda a: all_of(np.split(a, [2], 1)), [(2, 3)]),
              ("sizes", lambda x: all_of(autodiff.split(x, [1, 0, 2], -1)), lambda a: all_of(np.split(a, [1, 1], 1)), [(2, 3)]),
              ("of a transpose", lambda x: all_of(x.t().split(2)), lambda a: all_of(np.split(a.T, [2])), [(2, 3)])],
    "chunk": [("", lambda x: all_of(x.chunk(2, 1)), lambda a: all_of(np.split(a, [2], 1)), [(2, 3)])],
    "split_with_sizes": [("", lambda x: all_of(x.split_with_sizes([1, 0, 2], dim=1)),
                          lambda a: all_of(np.split(a, [1, 1], 1)), [(2, 3)])],
    "unsafe_split": [("", written(lambda x: x.unsafe_split(2, 1)),
                      lambda a: first_times_itself(np.split(a, [2], 1)), [(2, 3)])],
    "unsafe_split_with_sizes": [("", written(lambda x: x.unsafe_split_with_sizes((1, 2), 1)),
                                 lambda a: first_times_itself(np.split(a, [1], 1)), [(2, 3)])],
    "unsafe_chunk": [("", written(lambda x: x.unsafe_chunk(2, 1)),
                      lambda a: first_times_itself(np.split(a, [2], 1)), [(2, 3)])],
    "tensor_split": [("", lambda x: all_of(x.tensor_split(2)), lambda a: all_of(np.array_split(a, 2)), [(3, 2)]),
                     ("indices", lambda x: all_of(x.tensor_split((1, -1), 1)), lambda a: all_of(np.array_split(a, (1, -1), 1)),
                      [(2, 4)])],
    "hsplit": [("", lambda x: all_of(x.hsplit(2)), lambda a: all_of(np.hsplit(a, 2)), [(2, 4)])],
    "vsplit": [("", lambda x: all_of(x.vsplit((1,))), lambda a: all_of(np.vsplit(a, (1,))), [(3, 2)])],
    "dsplit": [("", lambda x: all_of(x.dsplit(2)), lambda a: all_of(np.dsplit(a, 2)), [(1, 2, 2)])],
}
