"""Memory: the peaks of programs, what a node weighs, whether training leaks. Each has a process of its own."""

from __future__ import annotations

from .harness import Child, case, cost, most


@case(
    "memory_per_node",
    "resident memory per node of a scalar chain of 1,000,000 nodes of which the head alone is held",
    [most(64)],
    unit="B",
)
def memory_per_node(quick):
    n = 100_000 if quick else 1_000_000
    return {name: lambda _, name=name: Child("per_node", name, n) for name in ("autodiff", "torch", "micrograd")}


@case(
    "memory_training",
    "growth of resident memory from step 10,000 to step 1,000,000 of training the perceptron of mlp_step",
    [most(2**20)],
    unit="B",
)
def memory_training(quick):
    return {"autodiff": lambda _: Child("training", "autodiff", 20_000 if quick else 1_000_000)}


def peak(name, description, program, sizes):
    """Declare a case of the peak of resident memory while a program runs, above that after the import."""
    small, large = sizes

    @case(
        f"memory_{name}",
        f"peak of resident memory above that after import: {description}",
        [cost("torch", 1)],
        unit="B",
    )
    def peaks(quick):
        size = small if quick else large
        return {peer: lambda _, peer=peer: Child(program, peer, size) for peer in ("autodiff", "torch")}


peak("mlp", "five steps of mlp_step_784_float64", "peak_mlp", (1, 5))
peak(
    "intermediates",
    "64 ops on arrays of 8 MB, the function of intermediates_8MB",
    "peak_intermediates",
    (10_000, 1_048_576),
)
peak("chain", "a scalar chain of 1,000,000 nodes, forward and backward", "peak_chain", (20_000, 1_000_000))


@case(
    "memory_survivors",
    "resident memory for each survivor when one node in a thousand of 1,000,000 is kept and the others are let go",
    [most(8 * 2**10)],
    unit="B",
)
def memory_survivors(quick):
    n = 100_000 if quick else 1_000_000
    return {name: lambda _, name=name: Child("survivors", name, n) for name in ("autodiff", "torch")}
