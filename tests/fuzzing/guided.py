"""Arbitrary text for the compiler, led by what each text reaches in it: part of ``make fuzz``.

    python -m tests.fuzzing.guided SECONDS

Atheris (libFuzzer for Python) watches the branches of pyngx's own code. It begins with the examples
and with the programs of all messages, and changes their tokens, lines and bytes; what reaches a new
branch is changed further. What is wrong is what ``compiler.judge`` finds. It is kept in
``findings/``, and the exit status is 1. Atheris is not among the packages for development, because
it has wheels for few Pythons: the Makefile installs it.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.fuzzing.filters import FINDINGS

LONGEST = 8192
"""Bytes of a text."""


def seeds(folder: Path) -> None:
    """Write the texts that the fuzzer begins with, a file each."""
    from tests.diagnostics.test_mutants import programs

    for number, text in enumerate(programs()):
        (folder / f"{number}.py").write_text(text)


def inside(folder: Path, arguments: list[str]) -> None:
    """The process that fuzzes; it ends in libFuzzer, and leaves its counts in ``counts.json``."""
    import atheris

    with atheris.instrument_imports(include=["pyngx"], enable_loader_override=False):
        from tests.diagnostics.test_mutants import mutate
        from tests.fuzzing.compiler import judge

    outcomes: Counter[str] = Counter()
    seen: set[str] = set()

    def one(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        found = judge(text, folder, outcomes, compilers=())
        if found is not None and found.what[:200] not in seen:
            seen.add(found.what[:200])
            FINDINGS.mkdir(exist_ok=True)
            name = hashlib.sha256(data).hexdigest()[:12]
            (FINDINGS / f"compiler-{name}.py").write_bytes(data)
            print(f"{found.what}\n{FINDINGS}/compiler-{name}.py\n", flush=True)
        (folder / "counts.json").write_text(json.dumps({**outcomes, "found": len(seen)}))

    def change(data: bytes, longest: int, seed: int) -> bytes:
        source = random.Random(seed)
        if source.random() < 0.2:
            return bytes(atheris.Mutate(data, longest))
        text = data.decode("utf-8", "surrogateescape")
        changed = mutate(text, source) if text else "\n"
        return changed.encode("utf-8", "surrogateescape")[:longest]

    atheris.Setup([sys.argv[0], *arguments], one, custom_mutator=change)
    atheris.Fuzz()


def main(seconds: int) -> int:
    """Fuzz for so long, in a process of its own; the command's exit status."""
    with tempfile.TemporaryDirectory(prefix="pyngx-fuzz-") as temporary:
        folder = Path(temporary)
        grown, first = folder / "grown", folder / "first"
        grown.mkdir()
        first.mkdir()
        seeds(first)
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=60", "-seed=1"]
        options += [f"-artifact_prefix={folder}/", "-print_final_stats=1", "-rss_limit_mb=0"]
        command = [sys.executable, "-m", __spec__.name, str(folder), *options]
        with (folder / "log").open("wb") as log:
            done = subprocess.run([*command, str(grown), str(first)], stderr=log)
        said = (folder / "log").read_text(errors="replace")
        if done.returncode != 0:
            print(said[-4000:])
            return 1
        counts: dict[str, int] = json.loads((folder / "counts.json").read_text())
    print(", ".join(f"{count} {what}" for what, count in counts.items()), end="; ")
    initial = re.search(r"INITED +cov: (\d+)", said)
    final = re.search(r"DONE +cov: (\d+)", said)
    if initial is None or final is None:
        print("the time was too short for the seeds")
    else:
        print(f"{initial[1]} branches reached by the seeds, {final[1]} in all")
    return 1 if counts["found"] else 0


if __name__ == "__main__":
    if sys.argv[1].isdigit():
        sys.exit(main(int(sys.argv[1])))
    inside(Path(sys.argv[1]), sys.argv[2:])
