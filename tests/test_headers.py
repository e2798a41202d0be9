"""The model of nginx's headers, against the installed nginx, with gcc as the second opinion."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pyngx.build.configure import configured
from pyngx.build.locate import NginxTarget, find_target
from pyngx.headers import CType, HeadersError, NginxModel, check_c, load_model


@pytest.fixture(scope="module")
def target() -> NginxTarget:
    return find_target()


@pytest.fixture(scope="module")
def model(target: NginxTarget) -> NginxModel:
    return load_model(target)


def copy_of_source(target: NginxTarget, directory: Path) -> Path:
    """A source tree that a test may change; symbolic links would be changed for everybody."""
    return Path(shutil.copytree(target.source, directory / "nginx"))


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_version_is_the_targets(model: NginxModel, target: NginxTarget) -> None:
    assert model.version == target.version
    major, minor, patch = map(int, model.version.split("."))
    assert model.version_number == major * 1_000_000 + minor * 1_000 + patch


def test_fields_have_the_types_that_nginx_writes(model: NginxModel) -> None:
    out = model.struct("ngx_http_headers_out_t")
    assert out is not None
    assert out.fields["status"].type == CType("int", "ngx_uint_t", 8, False, None)
    assert out.fields["content_length_n"].type == CType("int", "off_t", 8, True, None)
    request = model.struct("ngx_http_request_t")
    assert request is not None
    connection = request.fields["connection"].type
    assert (connection.kind, connection.name) == ("pointer", "ngx_connection_t *")
    assert connection.target is not None
    assert (connection.target.kind, connection.target.name) == ("record", "ngx_connection_t")
    assert request.fields["headers_out"].type.kind == "record"
    assert request.fields["lowcase_header"].type.name == "u_char[32]"
    assert request.fields["content_handler"].type.name == "ngx_http_handler_pt"
    variables = request.fields["variables"].type.target
    assert variables is not None and variables.name == "ngx_http_variable_value_t"


def test_two_typedefs_of_one_record_find_it(model: NginxModel) -> None:
    value = model.struct("ngx_http_variable_value_t")
    assert value is not None and value == model.struct("ngx_variable_value_t")
    assert model.has_field("ngx_http_variable_value_t", "not_found")


def test_bit_fields_carry_their_width(model: NginxModel) -> None:
    buf, request = model.struct("ngx_buf_t"), model.struct("ngx_http_request_t")
    assert buf is not None and request is not None
    assert buf.fields["last_buf"].bits == 1
    assert buf.fields["pos"].bits is None
    assert request.fields["buffered"].bits == 4


def test_nameless_records_are_reached_through_their_field(model: NginxModel) -> None:
    value = model.struct("ngx_http_complex_value_t")
    assert value is not None
    inner = value.fields["u"].type
    assert inner.kind == "record"
    union = model.struct(inner.name)
    assert union is not None and "size" in union.fields


def test_constants(model: NginxModel) -> None:
    assert model.constant("NGX_HTTP_OK") == 200
    assert model.constant("NGX_DECLINED") == -5
    assert model.constant("NGX_CONF_UNSET_SIZE") == 2**64 - 1
    assert model.constant("CRLF") == b"\r\n"
    assert model.constant("NGINX_VER") == b"nginx/" + model.version.encode()
    assert model.constant("ngx_string") is None
    assert model.macro("ngx_string") and model.macro("NGX_OK")
    assert model.macro("errno") and model.macro("NULL"), "those of the system too"
    assert not model.macro("NGX_NEVER_HEARD_OF")


def test_functions(model: NginxModel) -> None:
    function = model.function("ngx_http_output_filter")
    assert function is not None
    assert function.result.name == "ngx_int_t"
    assert [name for name, _ in function.params] == ["r", "chain"]
    assert [kind.name for _, kind in function.params] == ["ngx_http_request_t *", "ngx_chain_t *"]
    printf = model.function("ngx_sprintf")
    assert printf is not None and printf.variadic and not function.variadic


def test_unknown_names_are_none(model: NginxModel) -> None:
    assert model.struct("ngx_nothing_t") is None
    assert model.type("ngx_nothing_t") is None
    assert model.function("ngx_nothing") is None
    assert not model.has_field("ngx_nothing_t", "x")
    assert not model.has_field("ngx_http_headers_out_t", "statuss")


def test_there_is_all_of_nginx(model: NginxModel) -> None:
    assert sum(name.startswith("ngx_") for name in model.struct_names()) > 150
    assert {"ngx_msec_t", "off_t", "NGX_HTTP_OK", "ngx_palloc", "ngx_buf_t"} <= model.names()


def test_versions_differ_in_fields(model: NginxModel) -> None:
    assert model.has_field("ngx_table_elt_t", "next") == (model.version_number >= 1_023_000)


def test_no_name_tells_of_this_machine(model: NginxModel) -> None:
    assert not [name for name in model.struct_names() if "/" in name or "(" in name]


def test_gcc_agrees_on_every_size_and_number(
    model: NginxModel, target: NginxTarget, tmp_path: Path
) -> None:
    lines = ["#include <ngx_config.h>", "#include <ngx_core.h>", "#include <ngx_event.h>"]
    lines += ["#include <ngx_http.h>", "#include <ngx_md5.h>", "#include <ngx_sha1.h>"]
    sizes = numbers = 0
    for name in sorted(model.names()):
        kind, value = model.type(name), model.constant(name)
        if kind is not None and kind.size and name.startswith("ngx_"):
            lines.append(f'_Static_assert(sizeof({name}) == {kind.size}, "{name}");')
            sizes += 1
        if isinstance(value, int) and name.startswith("NGX_"):
            suffix = "u" if value >= 2**63 else ""
            lines.append(f'_Static_assert({name} == {value}{suffix}, "{name}");')
            numbers += 1
    assert sizes > 200 and numbers > 400
    probe = tmp_path / "probe.c"
    probe.write_text("\n".join(lines) + "\n")
    tree = configured(target)
    command = [tree.cc, "-w", "-fsyntax-only", *tree.include_flags, str(probe)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]


def test_types_survive_json(model: NginxModel) -> None:
    request = model.struct("ngx_http_request_t")
    assert request is not None
    for field in request.fields.values():
        assert CType.from_json(json.loads(json.dumps(field.type.to_json()))) == field.type


def test_the_second_load_reads_the_cache(
    target: NginxTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYNGX_CACHE", str(tmp_path))
    load_model(target)
    (cached,) = tmp_path.glob("*.json")
    replace_in(cached, f'"version":"{target.version}"', '"version":"from the cache"')
    assert load_model(target).version == "from the cache"


def test_changed_headers_are_read_anew(target: NginxTarget, tmp_path: Path) -> None:
    source = copy_of_source(target, tmp_path)
    marked = "    ngx_uint_t pyngx_probe_field;\n"
    head = "typedef struct ngx_buf_s  ngx_buf_t;\n\nstruct ngx_buf_s {\n"
    replace_in(source / "src/core/ngx_buf.h", head, head + marked)
    changed = find_target(nginx_src=str(source))
    assert changed.key != target.key
    assert load_model(changed).has_field("ngx_buf_t", "pyngx_probe_field")
    assert not load_model(target).has_field("ngx_buf_t", "pyngx_probe_field")


def test_broken_headers_are_an_error_at_their_place(target: NginxTarget, tmp_path: Path) -> None:
    source = copy_of_source(target, tmp_path)
    replace_in(source / "src/core/ngx_buf.h", "struct ngx_buf_s {", "struct ngx_buf_s { nonsense")
    with pytest.raises(HeadersError, match=r"ngx_buf\.h:\d+:\d+: ") as caught:
        load_model(find_target(nginx_src=str(source)))
    assert caught.value.remedy


def test_c_is_checked_at_the_places_that_line_gives(target: NginxTarget, tmp_path: Path) -> None:
    c_file = tmp_path / "module.c"
    prologue = "#include <ngx_config.h>\n#include <ngx_core.h>\n#include <ngx_http.h>\n"
    body = "ngx_int_t f(ngx_http_request_t *r);\n\nngx_int_t\nf(ngx_http_request_t *r)\n{{\n{}}}\n"
    c_file.write_text(prologue + body.format("    return r->headers_out.status == 200;\n"))
    assert check_c(target, c_file) == []
    wrong = '#line 12 "footer.py"\n    return r->headers_out.statuss;\n'
    c_file.write_text(prologue + body.format(wrong))
    (message,) = check_c(target, c_file)
    assert (message.path, message.line, message.severity) == ("footer.py", 12, "error")
    assert re.search("statuss", message.text)
