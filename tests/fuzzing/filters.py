"""Arbitrary bodies and cuts for compiled examples: `make fuzz-filters SECONDS=600`.

    python -m tests.fuzzing.filters SECONDS [NAME…]

Each example is compiled, put between a producer and a client in one process (``filters.c``) and
given to libFuzzer with the sanitizers for addresses and undefined behaviour. What counts as wrong:
a report of a sanitizer, an output that depends on how the body was cut, an end that does not come.
What is found is kept in ``findings/``, and the exit status is 1. The seeds in ``corpus/`` are run
by the suite, with gcc.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pyngx.build.configure import configured
from pyngx.build.locate import find_target
from tests.harness.builds import EXAMPLES, Target, pyngx, target
from tests.runtime import DRIVER_SOURCES, SANITIZED

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
FINDINGS = HERE / "findings"
SOURCES = (*DRIVER_SOURCES, "core/ngx_array.c", "core/ngx_list.c")
QUIET = ("-w", "-fno-pie", "-g", "-O1", "-DNGX_DEBUG_PALLOC=1")
LENGTH = 2048
"""The longest input: lines of several output pages fit."""

SETUPS = {
    "base64_body": "",
    "csv_jsonl": "conf->longest = 64; conf->numbers = 1;",
    "digest": "",
    "hls_tokens": 'conf->token = fuzz_value(pool, "token=a-b_c");',
    "html_links": 'ngx_str_set(&conf->origin, "https://o/"); ngx_str_set(&conf->target, "//c/");',
    "inject": 'ngx_str_set(&conf->script, "/a.js"); ngx_str_set(&ctx->nonce, "0123");',
    "json_mask": """
        conf->names = fuzz_list(pool, (char *[]) { "password", "token", "a", NULL });
        ngx_str_set(&conf->mask, "null");
        conf->keep = 4;""",
    "json_minify": "",
    "number_lines": "",
    "rot13": "",
    "sub": """
        ngx_http_sub_pairs_t  *pair;

        conf->pairs = ngx_array_create(pool, 4, sizeof(ngx_http_sub_pairs_t));
        pair = ngx_array_push_n(conf->pairs, 3);
        pair[0].arg1 = fuzz_value(pool, "aab");
        pair[0].arg2 = fuzz_value(pool, "<1>");
        pair[1].arg1 = fuzz_value(pool, "abaabab");
        pair[1].arg2 = fuzz_value(pool, "");
        pair[2].arg1 = fuzz_value(pool, "</head>");
        pair[2].arg2 = fuzz_value(pool, "<script src='/a.js'></script></head>");""",
    "trim": "",
    "webvtt_shift": 'conf->shift = fuzz_value(pool, "-2.5"); ctx->shift = -2500;',
}
"""Examples, and the C that sets their configuration, or what their header filter has computed."""

WRAPPER = """
#include "ngx_http_{name}_filter_module.c"

typedef ngx_http_{name}_ctx_t       fuzz_ctx_t;
typedef ngx_http_{name}_loc_conf_t  fuzz_conf_t;

#define FUZZ_MODULE       ngx_http_{name}_filter_module
#define FUZZ_BODY_FILTER  ngx_http_{name}_body_filter


static ngx_inline ngx_http_complex_value_t *
fuzz_value(ngx_pool_t *pool, char *text)
{{
    ngx_http_complex_value_t  *value;

    value = ngx_pcalloc(pool, sizeof(ngx_http_complex_value_t));
    value->value.data = (u_char *) text;
    value->value.len = ngx_strlen(text);

    return value;
}}


static ngx_inline ngx_array_t *
fuzz_list(ngx_pool_t *pool, char **texts)
{{
    ngx_str_t    *item;
    ngx_array_t  *list;

    list = ngx_array_create(pool, 4, sizeof(ngx_str_t));

    for ( /* void */ ; *texts; texts++) {{
        item = ngx_array_push(list);
        item->data = (u_char *) *texts;
        item->len = ngx_strlen(*texts);
    }}

    return list;
}}


static void
fuzz_setup(ngx_pool_t *pool, fuzz_conf_t *conf, fuzz_ctx_t *ctx)
{{
{setup}
}}
"""


REPLAY = ("gcc", *SANITIZED, "-DFUZZ_REPLAY")
"""A program that runs the inputs that it is given the names of."""

FUZZER = (
    "clang",
    "-fsanitize=fuzzer,address,undefined",
    "-fno-sanitize=alignment,nonnull-attribute",
)


def build(name: str, where: Target, folder: Path, compiler: Sequence[str] = REPLAY) -> Path:
    """A program from an example; ``folder`` keeps what all of them are linked with."""
    done = pyngx("compile", str(EXAMPLES / f"{name}.py"), "-o", str(folder / name))
    assert done.returncode == 0, done.stderr
    (folder / name / "filter.h").write_text(WRAPPER.format(name=name, setup=SETUPS[name]))
    tree = configured(find_target(str(where.binary), str(where.source)))
    common = (*QUIET, *tree.include_flags)
    objects = folder / "objects"
    if not objects.exists():
        objects.mkdir()
        sources = [where.source / "src" / path for path in SOURCES]
        kept = [flag.replace("=fuzzer,", "=fuzzer-no-link,") for flag in compiler]
        _run([*kept, *common, "-c", *sources], objects)
    program = folder / f"{name}-program"
    # what configures the filter and filters headers is linked in, and never called
    linking = ("-no-pie", "-Wl,--unresolved-symbols=ignore-all")
    command: list[str | Path] = [*compiler, *common, "-I", folder / name, HERE / "filters.c"]
    _run([*command, *objects.glob("*.o"), *linking, "-o", program], folder)
    return program


def _run(command: Sequence[str | Path], folder: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr


def fuzz(name: str, where: Target, seconds: int) -> tuple[int, bool]:
    """Fuzz an example: how many inputs were run, and whether something was found."""
    with tempfile.TemporaryDirectory(prefix="pyngx-fuzz-") as temporary:
        folder = Path(temporary)
        program = build(name, where, folder, FUZZER)
        grown = folder / "grown"
        grown.mkdir()
        options = [f"-max_total_time={seconds}", f"-max_len={LENGTH}", "-timeout=10", "-seed=1"]
        options += [f"-artifact_prefix={folder}/found-", "-print_final_stats=1", "-verbosity=0"]
        command = [str(program), *options, str(grown), str(CORPUS / name)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        count = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        if done.returncode != 0:
            print(done.stderr[-4000:])
            FINDINGS.mkdir(exist_ok=True)
            for found in folder.glob("found-*"):
                shutil.copy(found, FINDINGS / f"{name}-{found.name}")
        return int(count[1]) if count else 0, done.returncode != 0


def main(arguments: list[str]) -> int:
    """The command; its exit status."""
    names = arguments[1:] or list(SETUPS)
    seconds = max(1, int(arguments[0]) // len(names))
    wrong = 0
    total = 0
    for name in names:
        count, found = fuzz(name, target("1.26.3"), seconds)
        print(f"{name}: {count} inputs{', something found' if found else ''}", flush=True)
        total += count
        wrong += found
    print(f"{total} inputs for {len(names)} filters in {seconds} s each, {wrong} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
