"""One measurement in a process of its own, so that its peak memory is nobody else's.

Prints CPU seconds (of the process, its threads and children, without imports) and peak memory.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter

from chosen import CUTOFFS


def main(job: str, *arguments: str) -> dict[str, float]:
    work: dict[str, Callable[..., dict[str, float]]] = {
        "data": lambda folder, rows: import_module("data").main(Path(folder), int(rows)),
        "rfm": lambda folder: import_module("rfm").compare(Path(folder)),
        "posted": lambda calls: import_module("posted").latencies(int(calls)),
        "differences": lambda one, other: {
            "difference": import_module("differences").largest(Path(one), Path(other))
        },
    }
    if job in work:
        return work[job](*arguments)
    return _engine(job, *arguments)


def _engine(name: str, folder: str, cutoffs: str, out: str) -> dict[str, float]:
    engine = import_module(name)
    begin, cpu = perf_counter(), _cpu()
    engine.run(Path(folder), CUTOFFS[-int(cutoffs) :], Path(out))
    peak = max(getrusage(who).ru_maxrss for who in (RUSAGE_SELF, RUSAGE_CHILDREN))
    return {"cpu": _cpu() - cpu, "wall": perf_counter() - begin, "peak_gb": peak / 2**20}


def _cpu() -> float:
    return sum(
        use.ru_utime + use.ru_stime for use in (getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
