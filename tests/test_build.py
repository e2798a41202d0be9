"""Finding nginx, building modules for it, serving with them: a real nginx and a real compiler."""

import dataclasses
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from pyngx.build.compile import build_module, read_config, signature
from pyngx.build.configure import configured, kept_arguments
from pyngx.build.doctor import diagnose
from pyngx.build.locate import (
    BuildError,
    NginxTarget,
    choice,
    find_target,
    package_of,
    source_version,
)
from pyngx.build.official import build_dynamic_official, build_static
from pyngx.build.serve import Server
from tests.harness.builds import nginx_source

NAME = "ngx_http_probe_filter_module"

MODULE = """
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


static ngx_int_t ngx_http_probe_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_probe_init(ngx_conf_t *cf);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


static ngx_http_module_t  ngx_http_probe_filter_module_ctx = {
    NULL, ngx_http_probe_init, NULL, NULL, NULL, NULL, NULL, NULL
};


ngx_module_t  ngx_http_probe_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_probe_filter_module_ctx,
    NULL,
    NGX_HTTP_MODULE,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_probe_header_filter(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;
    ngx_str_set(&h->key, "X-Probe");
    ngx_str_set(&h->value, "one");

    ngx_log_error(NGX_LOG_WARN, r->connection->log, 0, "probe was here");

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_probe_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_probe_header_filter;

    return NGX_OK;
}
"""

CONFIG = f"""ngx_addon_name={NAME}

ngx_module_type=HTTP_AUX_FILTER
ngx_module_name={NAME}
ngx_module_srcs="$ngx_addon_dir/{NAME}.c"
ngx_module_deps=
ngx_module_libs=

. auto/module
"""

# prints a table of a module after loading it over definitions of all that nginx would define
READ_TABLE = """
import ctypes, sys
ctypes.CDLL(sys.argv[1], ctypes.RTLD_GLOBAL)
table = (ctypes.c_char_p * 64).in_dll(ctypes.CDLL(sys.argv[2]), sys.argv[3])
for name in table:
    if name is None:
        break
    print(name.decode())
"""


@pytest.fixture(scope="module")
def target() -> NginxTarget:
    return find_target()


def addon(directory: Path, text: str = MODULE, config: str = CONFIG) -> Path:
    """An addon directory as `pyngx compile` leaves it."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config").write_text(config)
    (directory / f"{NAME}.c").write_text(text)
    return directory


def copy_of_source(target: NginxTarget, directory: Path, file: str, old: str, new: str) -> Path:
    source = Path(shutil.copytree(target.source, directory / "nginx"))
    text = (source / file).read_text()
    assert old in text
    (source / file).write_text(text.replace(old, new))
    return source


def header(url: str) -> str | None:
    with urllib.request.urlopen(url, timeout=30) as response:
        value: str | None = response.headers["X-Probe"]
        return value


def nm(*arguments: str | Path) -> list[str]:
    command = ["nm", "-P", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def table(module: Path, name: str, directory: Path) -> list[str]:
    """One of the three tables of a module."""
    undefined = [symbol for symbol in nm("-u", module) if symbol.startswith("ngx_")]
    stubs = directory / "stubs.c"
    stubs.write_text("".join(f"char {symbol}[64];\n" for symbol in undefined))
    library = directory / "stubs.so"
    subprocess.run(["gcc", "-w", "-shared", "-fPIC", "-o", library, stubs], check=True)
    command = [sys.executable, "-c", READ_TABLE, str(library), str(module), name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


class TestLocate:
    def test_the_installed_nginx_is_found(self, target: NginxTarget) -> None:
        assert target.binary is not None
        assert target.version == source_version(target.source)
        assert any(a.startswith("--prefix=") for a in target.configure_args)

    def test_arguments_outdo_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYNGX_NGINX", "/env/nginx")
        monkeypatch.setenv("PYNGX_NGINX_SRC", "/env/src")
        assert choice(None, None) == ("/env/nginx", "/env/src")
        assert choice(None, "/given") == (None, "/given")

    def test_another_version_is_refused(self, target: NginxTarget, tmp_path: Path) -> None:
        source = copy_of_source(
            target, tmp_path, "src/core/nginx.h", f'"{target.version}"', '"1.2.3"'
        )
        with pytest.raises(BuildError, match=r"is the source of 1\.2\.3") as caught:
            find_target(str(target.binary), str(source))
        assert target.version in caught.value.remedy

    def test_patched_structures_are_refused(self, target: NginxTarget, tmp_path: Path) -> None:
        assert target.binary is not None and package_of(target.binary) is not None
        old = "    ngx_log_t          *log;\n\n    ngx_pool_t         *pool;\n"
        new = "    ngx_pool_t         *pool;\n\n    ngx_log_t          *log;\n"
        source = copy_of_source(target, tmp_path, "src/core/ngx_connection.h", old, new)
        with pytest.raises(BuildError, match="laid out differently"):
            find_target(str(target.binary), str(source))

    def test_a_source_alone_is_a_target_without_binary(
        self, target: NginxTarget, tmp_path: Path
    ) -> None:
        source = Path(shutil.copytree(target.source, tmp_path / "nginx"))
        alone = find_target(nginx_src=str(source))
        assert alone.binary is None and alone.version == target.version
        with pytest.raises(BuildError, match="no nginx binary"):
            Server(alone, [])

    @pytest.mark.parametrize(
        ("nginx", "source", "says"),
        [
            ("/nonexistent/nginx", None, "not a program"),
            ("/bin/true", None, "does not answer -V"),
            (None, "/usr", "not an nginx source tree"),
        ],
    )
    def test_what_is_no_nginx_is_refused(
        self, nginx: str | None, source: str | None, says: str
    ) -> None:
        with pytest.raises(BuildError, match=says) as caught:
            find_target(nginx, source)
        assert caught.value.remedy


class TestConfigure:
    def test_arguments_that_structures_depend_on_are_kept(self) -> None:
        given = (
            "--with-cc-opt=-g -O2 -DNGX_DEBUG_PALLOC=1 -D_FORTIFY_SOURCE=2 -specs=/x",
            "--with-ld-opt=-Wl,-z,now",
            "--with-compat",
            "--with-threads",
            "--with-http_v2_module",
            "--with-http_xslt_module=dynamic",
            "--with-stream=dynamic",
            "--without-mail_pop3_module",
            "--add-dynamic-module=/build/x",
            "--with-openssl=/build/openssl",
        )
        assert kept_arguments(given) == [
            "--with-compat",
            "--with-threads",
            "--with-http_v2_module",
            "--with-cc-opt=-DNGX_DEBUG_PALLOC=1",
        ]

    def test_the_source_is_not_written_to(self, target: NginxTarget, tmp_path: Path) -> None:
        source = copy_of_source(
            target, tmp_path, "src/core/ngx_core.h", "#endif /* _NGX_CORE", "\n#endif /* _NGX_CORE"
        )
        before = sorted(source.rglob("*"))
        tree = configured(find_target(nginx_src=str(source)))
        assert (tree.objs / "ngx_auto_config.h").is_file()
        assert sorted(source.rglob("*")) == before
        assert all(Path(path).is_dir() for path in tree.includes)

    def test_configures_own_words_are_told(self, target: NginxTarget) -> None:
        wrong = dataclasses.replace(target, configure_args=("--with-nonsense",), key="nonsense")
        with pytest.raises(BuildError, match='invalid option "--with-nonsense"'):
            configured(wrong)


def without_header(pattern: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make gcc fail on sources that name a header, as if its package were not installed."""
    compiler = shutil.which("gcc")
    wrapper = directory / "gcc"
    wrapper.write_text(
        f"#!/bin/sh\nfor file; do\n    case $file in *.c)\n"
        f"        grep -Eq '{pattern}' \"$file\" && exit 1 ;;\n    esac\ndone\n"
        f'exec {compiler} "$@"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory), prepend=os.pathsep)


class TestMissingLibraries:
    def test_openssl_is_not_needed_for_a_compatible_nginx(
        self, target: NginxTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without_header("openssl/ssl.h", tmp_path, monkeypatch)
        assert configured(target).missing == ("OpenSSL",)
        module = build_module(addon(tmp_path / "addon"), tmp_path, target)
        with Server(target, [module]) as server:
            assert header(server.url) == "one"

    def test_openssl_is_needed_without_compat(
        self, target: NginxTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without_header("openssl/ssl.h", tmp_path, monkeypatch)
        args = tuple(a for a in target.configure_args if a != "--with-compat")
        other = dataclasses.replace(target, configure_args=args, key="no-compat")
        with pytest.raises(BuildError, match="built with OpenSSL, whose headers") as caught:
            configured(other)
        assert "libssl-dev" in caught.value.remedy

    def test_pcre_is_part_of_the_signature(
        self, target: NginxTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        without_header("pcre2?.h", tmp_path, monkeypatch)
        with pytest.raises(BuildError, match=r"would refuse the module.*without PCRE") as caught:
            build_module(addon(tmp_path / "addon"), tmp_path, target)
        assert "libpcre2-dev" in caught.value.remedy


class TestBuildModule:
    def test_only_the_tables_are_exported(self, target: NginxTarget, tmp_path: Path) -> None:
        module = build_module(addon(tmp_path / "addon"), tmp_path / "out", target)
        assert module == tmp_path / "out" / f"{NAME}.so"
        assert sorted(nm("-D", "--defined-only", module)) == [
            "ngx_module_names",
            "ngx_module_order",
            "ngx_modules",
        ]
        assert list((tmp_path / "out").iterdir()) == [module]

    def test_tables_are_those_of_nginxs_own_build(
        self, target: NginxTarget, tmp_path: Path
    ) -> None:
        here = addon(tmp_path / "addon")
        fast = build_module(here, tmp_path, target)
        (official,) = build_dynamic_official(target, [here], tmp_path / "official")
        assert official.name == fast.name
        assert signature(official) == signature(fast)
        for name in ("ngx_module_names", "ngx_module_order"):
            assert table(fast, name, tmp_path) == table(official, name, tmp_path)
        assert table(fast, "ngx_module_order", tmp_path) == [NAME, "ngx_http_copy_filter_module"]
        with Server(target, [official]) as server:
            assert header(server.url) == "one"

    def test_an_order_in_config_is_honoured(self, target: NginxTarget, tmp_path: Path) -> None:
        order = f'ngx_module_order="ngx_http_gunzip_filter_module {NAME}"\n\n. auto/module'
        config = CONFIG.replace(". auto/module", order)
        module = build_module(addon(tmp_path / "a", config=config), tmp_path, target)
        assert table(module, "ngx_module_order", tmp_path) == [
            "ngx_http_gunzip_filter_module",
            NAME,
        ]

    def test_several_sources(self, target: NginxTarget, tmp_path: Path) -> None:
        config = CONFIG.replace('.c"', '.c $ngx_addon_dir/value.c"')
        prototype = "extern u_char *ngx_http_probe_value(void);\n\n\nstatic ngx_int_t"
        text = MODULE.replace("static ngx_int_t", prototype, 1).replace(
            'ngx_str_set(&h->value, "one");',
            "h->value.data = ngx_http_probe_value();\n    h->value.len = 3;",
        )
        here = addon(tmp_path / "an-addon", text, config)
        (here / "value.c").write_text(
            "#include <ngx_config.h>\n#include <ngx_core.h>\n"
            "u_char *ngx_http_probe_value(void);\n"
            'u_char *ngx_http_probe_value(void) { return (u_char *) "two"; }\n'
        )
        module = build_module(here, tmp_path, target)
        assert "ngx_http_probe_value" not in nm("-D", "--defined-only", module)
        with Server(target, [module]) as server:
            assert header(server.url) == "two"

    def test_the_compilers_words_are_told(self, target: NginxTarget, tmp_path: Path) -> None:
        line = '#line 12 "/somewhere/footer.py"\n    h->hush = 1;'
        here = addon(tmp_path / "addon", MODULE.replace("    h->hash = 1;", line))
        with pytest.raises(BuildError, match=r"/somewhere/footer\.py:12:.*hush"):
            build_module(here, tmp_path / "out", target)
        assert list((tmp_path / "out").iterdir()) == []

    def test_nginxs_warnings_are_errors(self, target: NginxTarget, tmp_path: Path) -> None:
        text = MODULE + "\n\nstatic ngx_int_t ngx_unused(void)\n{\n    return NGX_OK;\n}\n"
        with pytest.raises(BuildError, match="ngx_unused"):
            build_module(addon(tmp_path / "addon", text), tmp_path, target)

    def test_flags_of_a_sanitizer_reach_compiler_and_linker(
        self, target: NginxTarget, tmp_path: Path
    ) -> None:
        flags = ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"]
        module = build_module(addon(tmp_path / "addon"), tmp_path, target, flags)
        assert any("__ubsan_handle" in symbol for symbol in nm("-D", "-u", module))

    def test_another_signature_is_told_before_nginx_refuses(
        self, target: NginxTarget, tmp_path: Path
    ) -> None:
        other = dataclasses.replace(
            target,
            configure_args=("--with-compat", "--without-http_rewrite_module"),
            key="without-pcre",
        )
        with pytest.raises(BuildError, match="would refuse the module: its signature is") as caught:
            build_module(addon(tmp_path / "addon"), tmp_path, other)
        assert "libpcre2-dev" in caught.value.remedy

    def test_a_directory_without_config_is_refused(
        self, target: NginxTarget, tmp_path: Path
    ) -> None:
        with pytest.raises(BuildError, match="has no file config"):
            build_module(tmp_path, tmp_path, target)

    def test_a_config_is_read_as_nginx_reads_it(self, tmp_path: Path) -> None:
        module = read_config(addon(tmp_path / "addon"))
        assert module.names == (NAME,)
        assert module.order == (NAME, "ngx_http_copy_filter_module")
        (tmp_path / "addon/config").write_text("false\n")
        with pytest.raises(BuildError, match="config fails"):
            read_config(tmp_path / "addon")


class TestStatic:
    def test_a_static_build_serves_with_the_module(self, tmp_path: Path) -> None:
        source = nginx_source("fetch", "1.26.3")
        here = addon(tmp_path / "addon")
        binary = build_static(source, [here], tmp_path / "prefix", ["--with-compat"])
        target = NginxTarget(binary, source, source_version(source), (), "static")
        with Server(target, []) as server:
            assert header(server.url) == "one"
        # the second build starts from the first one's objects and must still see the change
        addon(here, MODULE.replace('"one"', '"two"'))
        build_static(source, [here], tmp_path / "prefix", ["--with-compat"])
        with Server(target, []) as server:
            assert header(server.url) == "two"

    def test_headers_alone_are_not_enough(self, target: NginxTarget, tmp_path: Path) -> None:
        with pytest.raises(BuildError, match="only headers"):
            build_static(target.source, [], tmp_path)


class TestServer:
    def test_a_module_changes_a_response_and_a_reload_changes_it_again(
        self, target: NginxTarget, tmp_path: Path
    ) -> None:
        here = addon(tmp_path / "addon")
        first = build_module(here, tmp_path, target)
        with Server(target, [first]) as server:
            assert header(server.url) == "one"
            for value in ("two", "three", "one"):
                addon(here, MODULE.replace('"one"', f'"{value}"'))
                server.reload([build_module(here, tmp_path, target)])
                assert header(server.url) == value
            server.reload([])
            assert header(server.url) is None

    def test_a_refused_module_leaves_the_old_one_serving(
        self, target: NginxTarget, tmp_path: Path
    ) -> None:
        here = addon(tmp_path / "addon")
        first = build_module(here, tmp_path, target)
        broken = tmp_path / "broken.so"
        broken.write_bytes(b"not a module")
        with Server(target, [first]) as server:
            with pytest.raises(BuildError, match="refuses the configuration"):
                server.reload([broken])
            assert header(server.url) == "one"
            with pytest.raises(BuildError, match="cannot be read"):
                server.reload([tmp_path / "absent.so"])
            # what fails only in a postconfiguration
            addon(here, MODULE.replace("return NGX_OK;", "return NGX_ERROR;"))
            with pytest.raises(BuildError, match="refuses the configuration"):
                server.reload([build_module(here, tmp_path, target)])
            assert header(server.url) == "one"
            addon(here, MODULE.replace('"one"', '"two"'))
            server.reload([build_module(here, tmp_path, target)])
            assert header(server.url) == "two"

    def test_a_directory_directives_and_a_proxy(self, target: NginxTarget, tmp_path: Path) -> None:
        root = tmp_path / 'a $root; "of" sorts'
        root.mkdir()
        (root / "page.txt").write_text("the page")
        directives = ["add_header X-Probe set", "add_header X-Other set;"]
        with (
            Server(target, [], root=root, directives=directives) as origin,
            Server(target, [], proxy=origin.url) as front,
        ):
            with urllib.request.urlopen(f"{front.url}page.txt", timeout=30) as response:
                assert response.read() == b"the page"
                assert response.headers["X-Other"] == "set"
            assert header(f"{front.url}page.txt") == "set"

    def test_the_error_log_reaches_the_callback(self, target: NginxTarget, tmp_path: Path) -> None:
        module = build_module(addon(tmp_path / "addon"), tmp_path, target)
        lines: list[str] = []
        with Server(target, [module], on_log=lines.append) as server:
            header(server.url)
        assert [line for line in lines if "probe was here" in line and "[warn]" in line]
        assert not [line for line in lines if "worker process" in line]

    def test_a_taken_port_is_an_error_and_leaves_nothing(self, target: NginxTarget) -> None:
        with Server(target, []) as server:
            second = Server(target, [], port=server.port)
            with pytest.raises(BuildError, match="did not start"):
                second.start()
            assert not second.prefix.exists()
            assert header(server.url) is None
        assert not server.prefix.exists()

    def test_a_wrong_directive_is_told_in_nginxs_words(self, target: NginxTarget) -> None:
        with pytest.raises(BuildError, match='unknown directive "footr"'):
            Server(target, [], directives=["footr on"]).start()


class TestDoctor:
    def test_a_working_machine_has_no_failures(self) -> None:
        findings = diagnose()
        assert [f for f in findings if f.level == "fail"] == []
        assert [f.what for f in findings] == [
            "cache",
            "compiler",
            "nginx",
            "headers",
            "match",
            "layout",
            "configure",
            "libclang",
            "module",
        ]

    def test_a_mismatch_is_told_with_its_remedy(self, target: NginxTarget, tmp_path: Path) -> None:
        source = copy_of_source(
            target, tmp_path, "src/core/nginx.h", f'"{target.version}"', '"1.2.3"'
        )
        (failed,) = [f for f in diagnose(str(target.binary), str(source)) if f.level == "fail"]
        assert failed.what == "match" and failed.remedy

    def test_an_absent_nginx_is_told_once(self) -> None:
        failed = [f for f in diagnose("/nonexistent/nginx") if f.level == "fail"]
        assert [f.what for f in failed] == ["nginx"]

    def test_a_cache_that_cannot_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("PYNGX_CACHE", os.fspath(tmp_path / "file" / "cache"))
        failed = [f for f in diagnose() if f.level == "fail"]
        assert failed[0].what == "cache" and "PYNGX_CACHE" in failed[0].remedy
