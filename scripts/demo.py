"""Serve one page through the built footer filter and show what a client gets.

    scripts/demo.py DIR    DIR has the .so of the filter and, in addon/, its C

The nginx is that of the tests' harness: on a free loopback port, in a directory of its own, and
stopped at the end; its error log must be clean.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.harness import client
from tests.harness.builds import packaged_binary
from tests.harness.nginx import Nginx

NAME = "ngx_http_footer_filter_module"
PAGE = b"<!doctype html>\n<title>pyngx</title>\n<p>This page is a file on disk.</p>\n"
TEXT = "<p>And this line was added by Python, compiled to C.</p>\n"


def main(folder: Path) -> int:
    """Fetch the page and print it; the status is 0 if the footer is there and the length right."""
    module = (folder / f"{NAME}.so").resolve()
    conf = f"location / {{ footer on; footer_text '{TEXT}'; }}"
    files = {"index.html": PAGE}
    with Nginx(packaged_binary(), modules=[module], locations=conf, files=files) as nginx:
        response = client.request(nginx.port, "/index.html")
        print(f"\n$ curl -i http://127.0.0.1:{nginx.port}/index.html")
    print(response.raw.decode())
    print(f"Python:  {Path('examples/filters/footer.py').resolve()}")
    print(f"C:       {(folder / 'addon' / f'{NAME}.c').resolve()}")
    print(f"module:  {module}")
    if response.body != PAGE + TEXT.encode():
        print("demo: the footer is not at the end of the page", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
