"""Quote the answer to a mail."""

from pyngx import Body, Stream, body_filter


@body_filter
def quote(body: Body) -> Stream:
    subject = body.readline(512)
    yield b"Re: "
    yield subject

    quoted = 0
    for line in body.lines(8192):
        if line == b"-- \n":
            break  # the signature is not quoted
        quoted += 1
        yield b"> "
        yield line

    if quoted:
        yield b"(%d lines of %s)\n" % (quoted, subject.strip())
    yield from body
