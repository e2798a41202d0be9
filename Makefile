# One command for everything, the same here and in CI: make test
#
#   make demo            compile the footer example, serve a page with it, show the page
#   make test            everything that must hold before a commit
#   make test NGINX_SRC=/path/to/nginx     the same, also for that source tree
#   make stress          allocations, upstreams and clients that fail at every point, not at some;
#                        then generated programs and filters in both lives, each for SECONDS, from
#                        the seed SEED
#   make fuzz SECONDS=600   programs that nobody wrote, for the compiler: as long by a grammar, and
#                        as long with libFuzzer (Atheris), which watches the compiler's branches
#   make test-asan       what runs nginx, in one that checks each access to memory; most in CI
#   make test-memcheck   a part of it under valgrind, for memory that is read before it is written
#   make mutants         plant bugs on purpose: each must be seen by a test (half an hour)
#   make fuzz-filters SECONDS=600   arbitrary bodies and cuts, for compiled examples
#   make test-long       the tests of memory and of large bodies, with a million pieces and 256 MiB
#   make nginx-1.26.3    fetch and build that nginx into the cache (make test does it too)
#   make bench           count the instructions a byte of filters that look at each byte
#   make format          put the code into its shape
#   make docs            write the generated pages of docs/
#   make stubs           write pyngx/_nginx.pyi, what type checkers know of nginx

PY = .venv/bin/python

export NGINX_SRC
export PYTHONDONTWRITEBYTECODE = 1

.PHONY: setup demo test test-asan test-memcheck test-long mutants stress fuzz fuzz-filters bench lint format docs nginx-1.26.3 nginx-1.22.1 stubs clean

setup:
	@sh scripts/setup.sh

demo: setup
	@sh scripts/demo.sh

test: setup lint nginx-1.26.3
	$(PY) -m pytest -q -n 3

test-long: setup nginx-1.26.3
	PYNGX_PIECES=1000000 PYNGX_LARGE=256 $(PY) -m pytest -q -k "pieces or memory or never_reading or test_large"

# Memory grows by itself under the sanitizers and valgrind; libraries for Python's own process are
# not built with them. The examples have their own sanitized builds in the suite, of all of them in
# one binary; test_hostile_c is about what compilers say.
ASAN = tests/language tests/faults tests/test_runtime.py tests/test_runtime_reads.py \
  tests/test_runtime_headers.py tests/test_runtime_shapes.py tests/test_two_modules.py \
  tests/test_variable_directives.py tests/examples/test_both_lives.py tests/testing

test-asan: setup
	PYNGX_CHECK=asan PYNGX_TEST_NGINX=packaged $(PY) -m pytest -q -n 3 $(ASAN) -k "not memory and not flat"

MEMCHECK = tests/language tests/test_runtime_headers.py tests/test_runtime_shapes.py \
  tests/test_runtime.py::test_exact tests/test_variable_directives.py

test-memcheck: setup
	@command -v valgrind >/dev/null || apt-get install -y --no-install-recommends valgrind
	PYNGX_CHECK=memcheck PYNGX_TEST_NGINX=packaged $(PY) -m pytest -q -n 2 -o timeout=1200 $(MEMCHECK) \
	  -k "not memory and not flat"

mutants: setup nginx-1.26.3
	$(PY) -m tests.mutants

bench: setup
	@$(PY) benchmarks/byte_loops.py

stress: setup
	PYNGX_FAULTS=all $(PY) -m pytest -q -n 2 tests/faults
	$(PY) -m tests.language.generated $(SECONDS) $(SEED)
	$(PY) -m tests.language.driven_filters $(SECONDS) $(SEED)

SECONDS = 60
SEED = 1000

fuzz: setup nginx-1.26.3
	$(PY) -m tests.fuzzing.compiler $(SECONDS) $(SEED)
	@$(PY) -c "import atheris" 2>/dev/null || $(PY) -m pip install --quiet --disable-pip-version-check atheris
	$(PY) -m tests.fuzzing.guided $(SECONDS)

fuzz-filters: setup nginx-1.26.3
	$(PY) -m tests.fuzzing.filters $(SECONDS)

lint: setup
	$(PY) -m black --check .
	$(PY) -m ruff check .
	$(PY) -m mypy pyngx tests scripts

format: setup
	$(PY) -m ruff check --fix .
	$(PY) -m black .

docs: setup
	$(PY) -m tests.diagnostics.docs
	$(PY) -m tests.engine_page
	$(PY) -m tests.mutants.docs

stubs: setup nginx-1.26.3
	$(PY) -m tests.stubs

nginx-1.26.3 nginx-1.22.1: setup
	@$(PY) scripts/nginx_source.py build $(@:nginx-%=%)

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache *.egg-info
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
