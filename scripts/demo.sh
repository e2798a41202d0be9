#!/bin/sh
# The whole road in one go: compile and build examples/filters/footer.py, serve a page with it on
# loopback, fetch the page, show it, stop.
set -eu
cd "$(dirname "$0")/.."

OUT=build/demo
FILTER=examples/filters/footer.py
mkdir -p $OUT

.venv/bin/pyngx compile $FILTER -o $OUT/addon
.venv/bin/pyngx build $FILTER -o $OUT
exec .venv/bin/python scripts/demo.py $OUT
