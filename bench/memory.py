"""Memory: what a node weighs, and whether training leaks. Each measurement has a process of its own."""

from __future__ import annotations

from .harness import Child, case, most


@case(
    "memory_per_node",
    "resident memory per node of a scalar chain of 1,000,000 nodes of which the head alone is held",
    [most(96)],
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
