"""The installed package: a wheel of the checkout works anywhere, with the runtime's C in it.

The wheel is made from a copy of the checkout, so that nothing which an earlier build left there
gets into it. The environment that it is installed into sees the dependencies of this one and not
the checkout: no package index is needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from tests.harness import client
from tests.harness.builds import EXAMPLES, REPOSITORY, Target
from tests.harness.nginx import Nginx


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command without anything in the environment that could lead to the checkout."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(list(command), cwd=cwd, env=kept, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that ``pip install`` of the checkout makes."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "checkout"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(REPOSITORY / name, copy)
    for name in ("docs", "pyngx", "runtime"):
        shutil.copytree(
            REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, copy, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``pyngx`` command of a fresh environment that the wheel is installed in."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=True)
    python = place / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python))
    run(*pip, "install", "-q", "--no-deps", wheel, cwd=place)
    site = Path(
        run(python, "-c", "import sysconfig as s; print(s.get_path('purelib'))", cwd=place).strip()
    )
    # a line of a .pth file is a directory; the .pth files in it (our editable one) are not read
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin" / "pyngx"


def test_the_wheel_has_every_module_and_every_runtime_file(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(p.relative_to(REPOSITORY)) for p in (REPOSITORY / "pyngx").rglob("*.py")}
    runtime = {f"pyngx/_runtime/{p.name}" for p in (REPOSITORY / "runtime").glob("*.c")}
    assert runtime
    assert (modules | runtime | {"pyngx/py.typed"}) <= names
    others = {n for n in names - modules - runtime if ".dist-info/" not in n}
    assert others == {"pyngx/py.typed", "pyngx/_nginx.pyi", "pyngx/_docs/errors.md"}


def test_its_dependencies_are_those_that_the_package_imports() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    names = {d.split(">=")[0].replace("-", "_") for d in project["dependencies"]}
    text = "\n".join(p.read_text() for p in (REPOSITORY / "pyngx").rglob("*.py"))
    for name in names:
        module = {"libclang": "clang"}.get(name, name)
        assert f"import {module}" in text or f"from {module}" in text, f"{name} is not used"


def test_type_checkers_find_the_types_of_the_installed_package(
    installed: Path, tmp_path: Path
) -> None:
    shutil.copy(EXAMPLES / "footer.py", tmp_path)
    wrong = (EXAMPLES / "footer.py").read_text().replace("r.headers_out.status", "r.status")
    (tmp_path / "wrong.py").write_text(wrong)
    python, tools = installed.with_name("python"), Path(sys.executable).parent
    mypy = (tools / "mypy", "--strict", "--config-file=", "--python-executable", python)
    pyright = (tools / "basedpyright", "--pythonpath", python, "--level", "error")
    for checker in (mypy, pyright):
        run(*checker, "footer.py", cwd=tmp_path)
        done = subprocess.run([*checker, "wrong.py"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 1 and 'status" ' in done.stdout, done.stdout


def test_the_installed_command_works_away_from_the_checkout(
    installed: Path, packaged: Target, tmp_path: Path
) -> None:
    shutil.copy(EXAMPLES / "footer.py", tmp_path)
    where = ("--nginx", packaged.binary, "--nginx-src", packaged.source)
    python = installed.with_name("python")
    place = run(python, "-c", "import pyngx; print(pyngx.__file__)", cwd=tmp_path)
    assert Path(place).is_relative_to(installed.parents[1]), place

    page = (REPOSITORY / "docs" / "errors.md").read_text()
    assert f"## {run(installed, 'explain', 'PNX001', cwd=tmp_path)}" in page
    run(installed, "check", "footer.py", *where, cwd=tmp_path)
    run(installed, "compile", "footer.py", "-o", "addon", *where, cwd=tmp_path)
    assert (tmp_path / "addon" / "ngx_http_footer_runtime.h").is_file()
    run(installed, "build", "footer.py", "-o", ".", *where, cwd=tmp_path)

    module = tmp_path / "ngx_http_footer_filter_module.so"
    conf = "location / { footer on; footer_text 'from a wheel'; }"
    files = {"index.html": b"a page, "}
    with Nginx(packaged.binary, modules=[module], locations=conf, files=files) as nginx:
        assert client.request(nginx.port, "/index.html").body == b"a page, from a wheel"


def test_pytest_finds_the_plugin(installed: Path, tmp_path: Path) -> None:
    """The fixtures are there without a word about them."""
    shutil.copy(EXAMPLES / "footer.py", tmp_path)
    (tmp_path / "test_it.py").write_text(
        "def test_it(served):\n"
        '    conf = "footer on; footer_text !;"\n'
        '    assert served("footer.py", body=b"x", conf=conf).body == b"x!"\n'
    )
    python = installed.with_name("python")
    own = ("-q", "-p", "no:cacheprovider", "--rootdir", tmp_path)
    assert "2 passed" in run(python, "-m", "pytest", *own, tmp_path, cwd=tmp_path)
