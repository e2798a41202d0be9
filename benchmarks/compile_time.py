"""How long `pyngx compile` and `pyngx build` take for each example, the caches warm.

    .venv/bin/python benchmarks/compile_time.py [RUNS]

Each command is run once to fill the caches and then RUNS times (7 if not given), as a process of
its own; medians are printed, in seconds: of the time that passed, and of the processor's time,
compilers included, which depends less on what else the machine does. They are figures to read,
and no test depends on them.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples" / "filters"


def seconds(command: str, path: Path, output: Path) -> tuple[float, float]:
    """The time that one run of a command takes, and the processor's time for it."""
    arguments = [sys.executable, "-m", "pyngx", command, str(path), "-o", str(output)]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, processor


def medians(command: str, path: Path, output: Path, runs: int) -> list[float]:
    """The medians of some runs, after one that is not counted."""
    seconds(command, path, output)
    times = [seconds(command, path, output) for _ in range(runs)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def main(runs: int) -> None:
    """Print a line for each example."""
    print(f"{'':<16} compile  processor  build  processor   seconds, medians of {runs}")
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(EXAMPLES.glob("*.py")):
            out = Path(folder) / path.stem
            compiled = medians("compile", path, out / "addon", runs)
            built = medians("build", path, out, runs)
            figures = f"{compiled[0]:>8.2f} {compiled[1]:>10.2f} {built[0]:>6.2f} {built[1]:>10.2f}"
            print(f"{path.stem:<15} {figures}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
