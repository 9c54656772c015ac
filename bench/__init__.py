"""The benchmark of autodiff: `python -m bench --help`."""

import os


def limit_threads(threads: int):
    """Set the environment that libraries read when they are loaded: call it before NumPy is imported."""
    libraries = ("OMP", "OPENBLAS", "MKL", "AUTODIFF")
    for name in (*(f"{library}_NUM_THREADS" for library in libraries), "VECLIB_MAXIMUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ["NPROC"] = str(threads)  # the size of XLA's pool of threads, which the flag below does not limit
    if threads == 1:
        os.environ["XLA_FLAGS"] = (os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false").strip()
