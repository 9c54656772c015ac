"""Runs batches in child processes, names the seed of a crash or a hang, shrinks what fails and prints it.

A child keeps the seed that it is at in a shared page, so that a crash costs the batch one seed, and a page that stands
still for too long is a hang.  A second kind of child, the judge, is handed programs one by one while shrinking.
"""
from __future__ import annotations

import contextlib
import importlib
import json
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter

from .common import ALONE

BATCH = 20_000
PATIENCE = 30.0                  # seconds after which one program hangs (busy machines, sanitizer)
STARTING = 300.0                 # seconds that a child may take until its first program: PyTorch is imported
SHRUNK_AT_MOST = 60              # distinct faults that are shrunk and printed
FOLDER = os.path.dirname(os.path.abspath(__file__))


def fuzzer(name):
    """The module of a fuzzer, which has make(seed), check(program) and show(program)."""
    # PyTorch is imported for programs alone.  A fuzzer elsewhere on the path will do, too.
    ours = ("programs", "calls", "recorded", "recorded_arrays", "carried")
    return importlib.import_module(f".{name}" if name in ours else name, __package__)


# ---- in the child

def run_batch(name, first, count, page):
    """Try the seeds; one line of JSON for each fault, one at the end."""
    import faulthandler
    faulthandler.enable()
    module = fuzzer(name)
    module.warm_up()
    with open(page, "r+b") as file, mmap.mmap(file.fileno(), 16) as shared:
        departures = Counter()
        for seed in range(first, first + count):
            shared[:] = struct.pack("qq", seed, 1)
            fault, known = module.check(module.make(seed))
            if fault is not None:
                print(json.dumps({"seed": seed, "kind": fault.kind, "line": fault.line, "text": fault.text}),
                      flush=True)
            if known is not None:
                departures[known.documented] += 1
        print(json.dumps({"done": count, "departures": departures}), flush=True)


def run_judge(name):
    """Programs come in, one a line, and what is wrong with each goes out."""
    module = fuzzer(name)
    module.warm_up()
    print("{}", flush=True)
    for line in sys.stdin:
        fault, _ = module.check(json.loads(line))
        print(json.dumps(None if fault is None else {"kind": fault.kind, "line": fault.line, "text": fault.text}),
              flush=True)


def child(*arguments):
    """The command of a child, with the parent's path."""
    environment = {**os.environ,
                   "PYTHONPATH": os.pathsep.join([os.path.dirname(FOLDER), *(p or os.getcwd() for p in sys.path)])}
    return [sys.executable, "-c", f"from fuzz import driver; driver.{arguments[0]}(*{arguments[1:]!r})"], environment


# ---- shrinking

class Judge:
    """Asks a child about programs; a child that dies or hangs has answered, too."""

    def __init__(self, name, **environment):
        self.name, self.environment, self.process = name, environment, None

    def start(self):
        command, environment = child("run_judge", self.name)
        self.process = subprocess.Popen(command, env={**environment, **self.environment}, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.process.stdout.readline()

    def __call__(self, program):
        if self.process is None:
            self.start()
        answer = []
        try:
            self.process.stdin.write(json.dumps(program) + "\n")
            self.process.stdin.flush()
            answer = within(PATIENCE, self.process.stdout)
        except BrokenPipeError:
            pass                         # it died of the last program, after it had answered
        if answer:
            return json.loads(answer)
        hangs = answer is None
        code = self.stop()
        return {"kind": "hang" if hangs else "crash", "line": "", "text": f"no end within {PATIENCE:g} s" if hangs
                else f"exit status {code}"}

    def stop(self):
        if self.process is None:
            return None
        self.process.kill() if self.process.poll() is None and not self._ends() else None
        code = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        self.process = None
        return code

    def _ends(self):
        """Whether the child ends by itself: a crash is reported a moment after its pipe closes."""
        try:
            self.process.wait(2.0)
        except subprocess.TimeoutExpired:
            return False
        return True


def within(seconds, stream):
    """A line of the stream, '' at its end, or None if none comes in time."""
    import threading
    found = []
    reader = threading.Thread(target=lambda: found.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(seconds)
    return found[0] if found else None


def shrink(program, fault, judge, seconds=60.0):
    """The fewest lines that show a fault of the same kind: halves are taken out, then quarters, to single lines."""
    lines, until = list(program["lines"]), time.monotonic() + seconds
    step = max(len(lines) // 2, 1)
    while step and time.monotonic() < until:
        at, found = 0, False
        while at < len(lines) and time.monotonic() < until:
            fewer = lines[:at] + lines[at + step:]
            answer = judge({**program, "lines": fewer}) if fewer else None
            if answer is not None and answer["kind"] == fault["kind"]:
                lines, fault, found = fewer, answer, True
            else:
                at += step
        if not found or step > 1:
            step //= 2
    return {**program, "lines": lines}, fault


# ---- the whole run

class Batch:
    """A child at work on some seeds."""

    def __init__(self, name, first, count):
        self.name, self.first, self.end = name, first, first + count
        self.page = tempfile.NamedTemporaryFile(prefix="autodiff-fuzz-")    # noqa: SIM115 (closed in finish)
        self.page.write(struct.pack("qq", first, 0))
        self.page.flush()
        self.out = tempfile.TemporaryFile("w+")                             # noqa: SIM115
        self.err = tempfile.TemporaryFile("w+")                             # noqa: SIM115
        command, environment = child("run_batch", name, first, count, self.page.name)
        self.process = subprocess.Popen(command, env=environment, stdout=self.out, stderr=self.err)
        self.seen, self.since = None, time.monotonic()

    def at(self):
        self.page.seek(0)
        return struct.unpack("qq", self.page.read(16))

    def hangs(self):
        now = self.at()
        if now != self.seen:
            self.seen, self.since = now, time.monotonic()
        return time.monotonic() - self.since > (PATIENCE if now[1] else STARTING)

    def finish(self, kind=None):
        """(faults, departures, seeds tried, whether the last one killed the child)."""
        if self.process.poll() is None:
            self.process.kill()
        code = self.process.wait()
        self.out.seek(0)
        self.err.seek(0)
        faults, departures, done = [], Counter(), False
        for line in self.out:
            entry = json.loads(line)
            if "done" in entry:
                departures, done = Counter(entry["departures"]), True
            else:
                faults.append(entry)
        at, started = self.at()
        said = self.err.read()
        self.page.close()
        self.out.close()
        self.err.close()
        died = not done and kind != "time"
        if died:
            if not started:
                raise RuntimeError(f"a child did not start ({code}):\n{said}")
            text = f"exit status {code}" + (": " + first_frame(said) if said else "")
            # Crashes are told apart by their last line, since nothing else is known of them.
            faults.append({"seed": at, "kind": kind or ("crash" if "Traceback (most" not in said else "broken"),
                           "line": fuzzer(self.name).make(at)["lines"][-1], "text": text})
        return faults, departures, (self.end if done else at + died * started) - self.first, died


def first_frame(said):
    """Where a crash was, from what faulthandler or a sanitizer wrote."""
    lines = [line.strip() for line in said.splitlines()]
    told = [line for line in lines if line.startswith(("Fatal", "SUMMARY", "==", "File"))]
    return " | ".join(told[:6])[:600]


def run(name, seed=0, count=None, seconds=None, jobs=1, out=sys.stdout):
    """Try seeds from `seed` on, until `count` are done or `seconds` are over; the number of distinct faults."""
    module = fuzzer(name)
    began = time.monotonic()
    until = None if seconds is None else began + seconds
    next_seed, last = seed, None if count is None else seed + count
    working, faults, departures, tried = [], [], Counter(), 0
    waiting = []                         # ranges that a crash left over
    while True:
        over = until is not None and time.monotonic() > until
        while len(working) < jobs and not over:
            if waiting:
                first, size = waiting.pop()
            elif last is None or next_seed < last:
                first, size = next_seed, BATCH if last is None else min(BATCH, -(-count // jobs), last - next_seed)
                next_seed += size
            else:
                break
            working.append(Batch(name, first, size))
        if not working:
            break
        time.sleep(0.05)
        for batch in list(working):
            hangs = batch.hangs()
            if batch.process.poll() is None and not hangs and not over:
                continue
            kind = "hang" if hangs else "time" if over and batch.process.poll() is None else None
            found, known, did, died = batch.finish(kind)
            working.remove(batch)
            faults += found
            departures += known
            tried += did
            if died and batch.first + did < batch.end:
                waiting.append((batch.first + did, batch.end - batch.first - did))
    took = time.monotonic() - began
    distinct = report(name, module, faults, out)
    print(f"{tried} {name} from seed {seed} in {took:.0f} s ({tried / took:.0f} a second): {len(faults)} faulty, "
          f"{distinct} distinct", file=out)
    for documented, times in departures.most_common():
        print(f"  {times} times a known difference: {documented}", file=out)
    return distinct


def report(name, module, faults, out):
    """Print each distinct fault once, shrunk; how many there are."""
    groups = {}
    for fault in faults:
        groups.setdefault(module.alike(fault), []).append(fault)
    # PyTorch crashes, too: what crashes must do so without it.
    plain, alone, shown, theirs = Judge(name), Judge(name, **{ALONE: "1"}), {}, 0
    try:
        for key, group in sorted(groups.items(), key=lambda item: -len(item[1])):
            if len(shown) >= SHRUNK_AT_MOST:
                print(f"... and more: {key}, {len(group)} times, first seed {group[0]['seed']}", file=out)
                continue
            first = min(group, key=lambda fault: len(module.make(fault["seed"])["lines"]))
            program, fault = module.make(first["seed"]), first
            judge = alone if first["kind"] in ("crash", "hang") else plain
            again = judge(program)
            if judge is alone and again is None and plain(program) is not None:
                theirs += 1
                print(f"\n(seed {first['seed']}: the {first['kind']} is PyTorch's own)", file=out)
                continue
            if again is not None and again["kind"] == first["kind"]:
                program, fault = shrink(program, again, judge)
                note = ""
            else:
                note = " (not seen again alone: it needs what ran before it)"
            text = "\n".join(program["lines"])
            if text in shown:
                continue
            shown[text] = key
            print(f"\n==== {fault['kind']}: {len(group)} times, seed {first['seed']}{note}", file=out)
            print(f"# {fault['line']}\n# {fault['text'][:1500]}", file=out)
            print(module.show(program), file=out, flush=True)
    finally:
        plain.stop()
        alone.stop()
    return len(groups) - theirs
