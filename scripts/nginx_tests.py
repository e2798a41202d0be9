#!/usr/bin/env python3
"""Run files of nginx's own test suite against a binary, with modules that pyngx has built.

    scripts/nginx_tests.py ~/nginx-tests sub_filter.t sub_filter_multi.t --nginx objs/nginx \\
        --module build/ngx_http_sub_filter_module.so

The first argument is a checkout of https://github.com/nginx/nginx-tests. A line for each file says
how many of its subtests passed; the exit code is 0 if all did in all files, and no file was
skipped.

Three things are seen to that would make the suite judge something else:

* A binary that has the stock module of a given one is refused: the stock module would answer.
* The suite looks for modules in what ``nginx -V`` prints. A wrapper around the binary adds the
  option of each given module there.
* As root, everything runs as the user that ``--user`` names, because the suite's workers would
  otherwise have no access to its files.

Only the standard library and perl (with ``prove``'s TAP modules) are used.
"""

from __future__ import annotations

import argparse
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MODULE = re.compile(r"ngx_http_(\w+?)_filter_module\.so")
SECONDS = 600
"""One file is given so long: what hangs is a failure, not the end of the run."""


class Unusable(Exception):
    """The run would say nothing; the message says why."""


@dataclass(frozen=True)
class Result:
    """What a file of the suite has said."""

    name: str
    planned: int
    passed: int
    skipped: str
    output: str

    @property
    def good(self) -> bool:
        """Whether all subtests ran and passed."""
        return not self.skipped and 0 < self.planned == self.passed

    def __str__(self) -> str:
        if self.skipped:
            return f"{self.name}: skipped ({self.skipped})"
        return f"{self.name}: {self.passed} of {self.planned}"


def options_of(modules: Sequence[Path]) -> list[str]:
    """The configure options by which nginx would have had the modules itself."""
    found = []
    for module in modules:
        name = MODULE.fullmatch(module.name)
        if name is None:
            raise Unusable(f"{module.name} is not the name of a filter module")
        found.append(f"--with-http_{name[1]}_module")
    return found


def require_without(binary: Path, options: Sequence[str]) -> None:
    """Refuse a binary that has the modules itself."""
    shown = subprocess.run([binary, "-V"], capture_output=True, text=True, check=True).stderr
    for option in options:
        if option in shlex.split(shown.rpartition("configure arguments:")[2]):
            raise Unusable(f"{binary} was configured {option}: its own module would answer")


def prepare(place: Path, suite: Path, files: Sequence[str], binary: Path, extra: str) -> None:
    """A copy of the suite's files, and the wrapper around the binary, in ``place``."""
    for name in files:
        if not (suite / name).is_file():
            raise Unusable(f"{suite} has no {name}")
        shutil.copy(suite / name, place / name)
    shutil.copytree(suite / "lib", place / "lib")
    shutil.copy(binary, place / "nginx.real")
    wrapper = place / "nginx"
    real = shlex.quote(str(place / "nginx.real"))
    wrapper.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = -V ] || exec {real} "$@"\n'
        f'{real} -V 2>&1 | sed "s|^configure arguments:.*|& {extra}|" >&2\n'
    )
    wrapper.chmod(0o755)


def passed_of(output: str) -> tuple[int, int, str]:
    """Subtests planned, subtests passed, and why the file was skipped, of a file's TAP."""
    plan = re.search(r"^1\.\.(\d+)(?:\s*#\s*SKIP\s*(.*))?", output, re.MULTILINE | re.IGNORECASE)
    if plan is None:
        return 0, 0, ""
    # "not ok … # TODO" is what the suite expects to fail
    lines = re.findall(r"^(ok|not ok .*#\s*TODO)\b", output, re.MULTILINE)
    return int(plan[1]), len(lines), plan[2] or ""


def run_file(place: Path, name: str, environment: dict[str, str], user: str | None) -> Result:
    """Run one file and judge what it prints."""
    try:
        done = subprocess.run(
            ["perl", name],
            cwd=place,
            env=environment,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        return Result(name, 0, 0, "", text + f"\nno end after {SECONDS} s")
    return Result(name, *passed_of(done.stdout), done.stdout)


def run(
    suite: Path, files: Sequence[str], binary: Path, modules: Sequence[Path], user: str | None
) -> list[Result]:
    """Run the files against the binary with the modules loaded."""
    options = options_of(modules)
    require_without(binary, options)
    with tempfile.TemporaryDirectory(prefix="nginx-tests-") as directory:
        place = Path(directory)
        prepare(place, suite, files, binary, " ".join(options))
        loads = []
        for module in modules:
            shutil.copy(module, place / module.name)
            loads.append(f"load_module {place / module.name};")
        (place / "tmp").mkdir()
        if user is not None:
            for path in (place, *place.rglob("*")):
                shutil.chown(path, user)
        environment = {
            **os.environ,
            "TEST_NGINX_BINARY": str(place / "nginx"),
            "TEST_NGINX_GLOBALS": " ".join(loads),
            "TMPDIR": str(place / "tmp"),
        }
        return [run_file(place, name, environment, user) for name in files]


def main() -> int:
    """Run the command line; a line for each file, with its output if it failed."""
    parser = argparse.ArgumentParser(description="run nginx's own tests against pyngx's modules")
    parser.add_argument("suite", type=Path, help="a checkout of nginx-tests")
    parser.add_argument("files", nargs="+", help="files of it")
    parser.add_argument("--nginx", type=Path, required=True, help="the binary")
    parser.add_argument("--module", type=Path, action="append", default=[], help="a module to load")
    parser.add_argument("--user", default="nobody", help="who runs the tests, if root starts them")
    arguments = parser.parse_args()
    user = arguments.user if os.getuid() == 0 else None
    try:
        results = run(arguments.suite, arguments.files, arguments.nginx, arguments.module, user)
    except (Unusable, OSError, KeyError, subprocess.CalledProcessError) as error:
        print(f"nginx_tests: {error}", file=sys.stderr)
        return 2
    for result in results:
        print(result)
        if not result.good:
            sys.stderr.write(result.output)
    return int(not all(result.good for result in results))


if __name__ == "__main__":
    sys.exit(main())
