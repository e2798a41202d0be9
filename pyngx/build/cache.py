"""The cache directory: results keyed on the bytes they were made from, made once, never half there.

A name in the cache is either absent or complete: everything is made under a temporary name and then
renamed, and makers of the same name wait for each other on a lock file.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from pyngx.build.locate import BuildError


def cache_dir() -> Path:
    """Where results are kept: `$PYNGX_CACHE`, else the user's cache directory.

    Raises BuildError when it cannot be made or written to.
    """
    given = os.environ.get("PYNGX_CACHE")
    path = Path(given) if given else Path(platformdirs.user_cache_dir("pyngx", appauthor=False))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise _unusable(path, "permission denied")
    return path.resolve()


def _unusable(path: Path, why: str) -> BuildError:
    return BuildError(
        f"the cache directory {path} cannot be used: {why}",
        "set PYNGX_CACHE to a directory that can be written",
    )


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the lock of one cache name among all processes."""
    path = cache_dir() / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cached_directory(name: str, make: Callable[[Path], None]) -> Path:
    """The directory `name` of the cache, filled by `make` if it is not there yet.

    `make` gets an empty temporary directory; what it raises leaves nothing behind.
    """
    final = cache_dir() / name
    if final.is_dir():
        return final
    with locked(name):
        if final.is_dir():
            return final
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=final.parent))
        try:
            make(draft)
            draft.chmod(0o755)
            draft.rename(final)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    return final


def cached_file(name: str, make: Callable[[Path], None]) -> Path:
    """The file `name` of the cache, written by `make` if it is not there yet."""
    final = cache_dir() / name
    if final.is_file():
        return final
    with locked(name):
        if final.is_file():
            return final
        directory = Path(tempfile.mkdtemp(prefix=".draft-", dir=final.parent))
        try:
            draft = directory / final.name
            make(draft)
            draft.replace(final)
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    return final
