"""Indexing: reading and writing by arrays of positions."""


def index_value(np, x, index):
    return np.array(x[index])


def index_dx(ops, g, index, shape_x):
    return ops.index_add_zeros(g, index, shape_x)


def index_add_zeros_value(np, x, index, shape):
    out = np.zeros(shape, x.dtype)
    np.add.at(out, index, x)
    return out


def index_put_value(np, x, y, index):
    out = np.array(x)
    out[index] = y
    return out


def index_put_dx(ops, g, index):
    return ops.index_put(g, 0.0, index)
