"""Convolutions, pooling and the geometry of pictures: the other functions of ``nn.functional``."""
from __future__ import annotations

from .row import Rule

RULES: tuple[Rule, ...] = (
    # ---- places of elements
    Rule("pixel_shuffle", "pixel_shuffle_of(x, upscale_factor)", operands="x", params="upscale_factor",
         namespace="nn.functional", method=False, loop="composite", grad_fn="PixelShuffleBackward0",
         complex="holomorphic",
         source="Shi et al. 2016, Real-Time Single Image and Video Super-Resolution",
         doc="Channels become a picture upscale_factor times as high and as wide.",
         errors="Raises RuntimeError unless there are three dimensions or more, and channels in a multiple of the factor's "
                "square.",
         example="nn.functional.pixel_shuffle(tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2) -> tensor([[[1., 2.],\n"
                 "         [3., 4.]]])"),
)
