"""Convolutions, pooling and the geometry of pictures."""


def pixel_shuffle_of(ops, x, upscale_factor):
    """(..., c r^2, h, w) to (..., c, h r, w r)."""
    r = ops.integer(upscale_factor)
    if x.ndim < 3:
        raise RuntimeError(f"pixel_shuffle expects input to have at least 3 dimensions, but got input with {x.ndim} "
                           "dimension(s)")
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *batch, channels, height, width = x.shape
    if channels % (r * r):
        raise RuntimeError("pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
                           f"upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}")
    n = len(batch)
    parts = ops.reshape(x, (*batch, channels // (r * r), r, r, height, width))
    parts = ops.permute(parts, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return ops.reshape(parts, (*batch, channels // (r * r), height * r, width * r))
