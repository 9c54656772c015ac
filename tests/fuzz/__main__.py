"""python -m tests.fuzz programs|calls|recorded|recorded_arrays|carried [--count N] [--seconds S] [--seed N] [--jobs N]"""
from __future__ import annotations

import argparse
import sys

from . import __doc__ as about
from . import driver


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=about,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["programs", "calls", "recorded", "recorded_arrays", "carried"], nargs="+")
    parser.add_argument("--count", type=int, help="how many of each to try")
    parser.add_argument("--seconds", type=float, help="how long to try each (10 s, where no count is given)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the next ones follow")
    parser.add_argument("--jobs", type=int, default=1, help="how many child processes")
    parser.add_argument("--show", action="store_true", help="print the program of --seed, and what is wrong with it")
    given = parser.parse_args()
    if given.show:
        for name in given.what:
            module = driver.fuzzer(name)
            program = module.make(given.seed)
            print(module.show(program), flush=True)
            print("#", driver.Judge(name)(program))
        return 0
    seconds = given.seconds if given.seconds is not None or given.count is not None else 10.0
    return int(sum(driver.run(name, given.seed, given.count, seconds, given.jobs) for name in given.what) > 0)


if __name__ == "__main__":
    sys.exit(main())
