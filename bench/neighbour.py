"""Beside a busy core: what threads cost where another program occupies all cores but one."""

from __future__ import annotations

from .harness import Child, case, cost

for op, size in (("exp", 1_000_000), ("mul", 1_000_000), ("sum", 4_000_000)):

    @case(
        f"busy_neighbour_{op}",
        f"{op} of {size:,} elements forward and backward on threads for all cores, the mean of many, while another"
        " process computes; autodiff_single: on one thread, beside the same process",
        [cost("autodiff_single", 1.5)],
    )
    def busy(quick, op=op, size=size):
        n = 50_000 if quick else size
        return {
            "autodiff": lambda _: Child(f"busy_{op}", "autodiff", n),
            "autodiff_single": lambda _: Child(f"busy_{op}_single", "autodiff", n),
            "torch": lambda _: Child(f"busy_{op}", "torch", n),
        }
