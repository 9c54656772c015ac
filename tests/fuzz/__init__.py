"""Five fuzzers of the library: random programs against an oracle, random calls with hostile arguments, recorded functions of
numbers and of arrays, and the bytes that these are read from.

    python -m tests.fuzz programs --seconds 60 --seed 0
    python -m tests.fuzz programs --count 100000 --jobs 2
    python -m tests.fuzz calls --count 500000 --jobs 2

are run in the checkout's root.  What is tried is *data*: a list of lines of Python, made from a seed by ``programs.make``
or ``calls.make`` without running the library, so that a seed means the same program whatever the library does.

``programs``  views, writes in place, indices, hooks, modes, several passes, mixed dtypes, 0-d values.  Where PyTorch is
              installed two thirds are run line by line under both libraries: both raise or neither does, and every value,
              gradient, dtype, shape, ``requires_grad`` and ``is_leaf`` agrees at the end.  The others, and without PyTorch
              all, are differentiated along a direction: reverse mode in order 1 and 2 and forward mode against central
              differences in float64, in both flavours.
``calls``     every public function, method, operator, attribute and constructor with arguments that nobody should
              give: what comes out is a value or a sensible exception, a refused call leaves its operands as they were,
              and nothing is left in ``autodiff.memory_stats()``.
``recorded``  functions of numbers with branches, eager against ``autodiff.compile``: values and gradients bit for bit.
              What was recorded is written as bytes and read again, and that has the same bits.
``recorded_arrays``  the same of functions of arrays, up to the order of sums.
``carried``   bytes of compiled functions that were changed, with their checksum made right again: refused, or a program.

All run in child processes, since what is looked for may crash or hang: the driver then names the seed.  Each fault is
shrunk, line by line, and printed as a program that runs by itself; faults that look alike are printed once, with their
count.  The exit status is 1 if there was any.  Where autodiff differs from PyTorch on purpose is said in
``departures.py``, each with a word of ``docs/differences.md``.
"""
