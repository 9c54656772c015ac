"""Transforms of functions."""
from .vmap import vmap as vmap

__all__ = ["vmap"]
