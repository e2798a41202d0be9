#!/bin/sh
# Make everything that the demo and the tests need: system packages, virtual environment, Python
# packages. Does nothing, in well under a second, when all is there.
#
# Packages are installed with apt-get only when it is there and we are root; otherwise the script
# prints the one command to run and exits 1.
set -eu
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
VENV=.venv

# package and a test that it is there; the test is a path or "cmd:NAME"
packages() {
    cat <<LIST
nginx /usr/sbin/nginx
nginx-dev /usr/share/nginx/src/configure
gcc cmd:gcc
clang cmd:clang
make cmd:make
libc6-dev /usr/include/stdio.h
zlib1g-dev /usr/include/zlib.h
libssl-dev /usr/include/openssl/ssl.h
LIST
    # nginx takes either PCRE; the packaged one was configured with the newer
    if [ ! -e /usr/include/pcre.h ]; then
        echo "libpcre2-dev /usr/include/pcre2.h"
    fi
    if [ ! -x $VENV/bin/python ] && ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "python3-venv /nonexistent"
    fi
    # the tests make the calls of CPython's own tests, which Debian has in a package of its own
    base=$("$PYTHON" -c 'import sys; print(sys.base_prefix)')
    if [ "$base" = /usr ] && ! "$PYTHON" -c 'import test.string_tests' 2>/dev/null; then
        "$PYTHON" -c 'import sys; print("libpython%d.%d-testsuite /nonexistent" % sys.version_info[:2])'
    fi
}

present() {
    case $1 in
        cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
        *) [ -e "$1" ] ;;
    esac
}

missing=$(packages | while read -r package test; do
    present "$test" || printf '%s ' "$package"
done)

if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "setup: these packages are missing. On Debian, run:" >&2
        echo "    sudo apt-get install --no-install-recommends $missing" >&2
        echo "and then this command again." >&2
        exit 1
    fi
    echo "setup: installing $missing"
    # nginx's package starts its service on port 80; a policy that says no keeps the port free.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        trap 'rm -f $policy' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    if ! { apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing; } \
            >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        echo "setup: apt-get failed; see above" >&2
        exit 1
    fi
    rm -f "$log"
fi

# The stamp is the digest of what the environment was made from: the project file, and the place,
# because the scripts in it begin with an absolute path.
digest=$({ pwd; cat pyproject.toml; } | sha256sum | cut -d' ' -f1)
if [ "$(cat $VENV/stamp 2>/dev/null)" != "$digest" ]; then
    if [ ! -x $VENV/bin/python ] || ! $VENV/bin/python -c 'import pip' 2>/dev/null; then
        echo "setup: making $VENV"
        rm -rf $VENV
        "$PYTHON" -m venv $VENV
    fi
    echo "setup: installing the Python packages"
    # the warning is setuptools' about editable packages of this layout in general
    PYTHONWARNINGS=ignore $VENV/bin/python -m pip install --quiet --disable-pip-version-check \
        --editable '.[dev]'
    echo "$digest" >$VENV/stamp
fi
