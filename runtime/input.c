
/*
 * Reads of the generator that want a certain piece of the body, however it
 * was cut.  A value lies in the buffer that is being read if it can, else it
 * is put together in s->hold; it is valid until the next read.
 *
 * All return NGX_OK, NGX_AGAIN (to be called again with the same arguments
 * when there is more input or room), or NGX_ERROR.
 */


/* body.read(n): n bytes, fewer only at the end. */

static ngx_inline ngx_int_t
ngx_http_pyngx_stream_read(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_int_t n, ngx_str_t *bytes)
{
    if (s->quick && !s->grown
        && (size_t) n <= (size_t) (s->buf->last - s->pos))
    {
        bytes->data = s->pos;
        bytes->len = n;
        s->pos += n;
        return NGX_OK;
    }

    return ngx_http_pyngx_stream_do_read(r, s, n, bytes);
}


/* The same where more than the buffer being read has to be seen to. */

static ngx_int_t
ngx_http_pyngx_stream_do_read(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s, ngx_int_t n, ngx_str_t *bytes)
{
    size_t     avail, held, size;
    ngx_int_t  rc;

    rc = ngx_http_pyngx_stream_begin(s);
    if (rc != NGX_OK) {
        return rc;
    }

    s->searched = 0;
    size = (n > 0) ? n : 0;

    for ( ;; ) {
        held = s->held_last - s->held;

        if (held >= size) {
            return ngx_http_pyngx_stream_held(s, size, bytes);
        }

        rc = ngx_http_pyngx_stream_bytes(r, s, &avail);

        if (rc == NGX_DONE) {
            return ngx_http_pyngx_stream_held(s, held, bytes);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        if (held == 0 && avail >= size) {
            bytes->data = s->pos;
            bytes->len = size;
            s->pos += size;
            s->quick = 1;
            return NGX_OK;
        }

        avail = ngx_min(avail, size - held);

        if (ngx_http_pyngx_stream_hold(r, s, avail, size) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


/* body.readline(n): up to and with a newline, at most n bytes. */

static ngx_int_t
ngx_http_pyngx_stream_readline(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s, ngx_int_t n, ngx_str_t *line)
{
    size_t       avail, held, size;
    u_char      *p;
    ngx_int_t    rc;
    ngx_uint_t   found;

    rc = ngx_http_pyngx_stream_begin(s);
    if (rc != NGX_OK) {
        return rc;
    }

    size = (n > 0) ? n : 0;

    for ( ;; ) {
        held = ngx_min((size_t) (s->held_last - s->held), size);

        if (held > s->searched) {
            p = memchr(s->held + s->searched, LF, held - s->searched);

            if (p) {
                return ngx_http_pyngx_stream_held(s, p - s->held + 1, line);
            }

            s->searched = held;
        }

        if (held == size) {
            return ngx_http_pyngx_stream_held(s, size, line);
        }

        rc = ngx_http_pyngx_stream_bytes(r, s, &avail);

        if (rc == NGX_DONE) {
            return ngx_http_pyngx_stream_held(s, held, line);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        found = 0;
        avail = ngx_min(avail, size - held);
        p = memchr(s->pos, LF, avail);

        if (p) {
            found = 1;
            avail = p - s->pos + 1;
        }

        if (held == 0 && (found || avail == size)) {
            line->data = s->pos;
            line->len = avail;
            s->pos += avail;
            return NGX_OK;
        }

        if (ngx_http_pyngx_stream_hold(r, s, avail, size) != NGX_OK) {
            return NGX_ERROR;
        }

        if (found) {
            return ngx_http_pyngx_stream_held(s, held + avail, line);
        }
    }
}


/* Takes so many of the bytes held. */

static ngx_int_t
ngx_http_pyngx_stream_held(ngx_http_pyngx_stream_t *s, size_t size,
    ngx_str_t *bytes)
{
    bytes->data = size ? s->held : (u_char *) "";
    bytes->len = size;

    s->held += size;
    s->searched = 0;

    return NGX_OK;
}


/*
 * Sees to it that there are unread bytes at s->pos: NGX_OK, NGX_AGAIN, and
 * NGX_DONE at the end.  Data that is only in a file cannot be read.
 */

static ngx_int_t
ngx_http_pyngx_stream_bytes(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    size_t *avail)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_stream_fetch(r, s);
    if (rc != NGX_OK) {
        return rc;
    }

    if (!ngx_buf_in_memory(s->buf)) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "body to be read is not in memory");
        return NGX_ERROR;
    }

    *avail = s->buf->last - s->pos;

    return NGX_OK;
}


/* Moves bytes of the buffer to what is held, which may grow up to a size. */

static ngx_int_t
ngx_http_pyngx_stream_hold(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    size_t n, size_t size)
{
    if (ngx_http_pyngx_stream_hold_room(r, s, n, size) != NGX_OK) {
        return NGX_ERROR;
    }

    s->held_last = ngx_cpymem(s->held_last, s->pos, n);
    s->pos += n;

    return NGX_OK;
}


/* Makes room for n bytes after those held, of which size are expected. */

static ngx_int_t
ngx_http_pyngx_stream_hold_room(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s, size_t n, size_t size)
{
    size_t   held, most, wanted;
    u_char  *p;

    s->quick = 0;

    if ((size_t) (s->hold_end - s->held_last) >= n) {
        return NGX_OK;
    }

    held = s->held_last - s->held;
    wanted = held + n;
    most = s->hold_end - s->hold;
    p = s->hold;

    if (most < wanted) {

        /* doubled, so that few are left behind; not more than is needed */

        most = ngx_max(2 * most, 64);
        most = ngx_max(ngx_min(most, size), wanted);

        p = ngx_pnalloc(r->pool, most);
        if (p == NULL) {
            return NGX_ERROR;
        }
    }

    if (held) {
        ngx_memmove(p, s->held, held);
    }

    if (p != s->hold) {

        if (s->hold) {
            ngx_pfree(r->pool, s->hold);
        }

        s->hold = p;
        s->hold_end = p + most;
    }

    s->held = p;
    s->held_last = p + held;

    return NGX_OK;
}
