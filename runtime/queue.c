
/*
 * What the stream engine has to send, and what of it has gone.
 */


/* A flush after what was appended so far. */

static ngx_int_t
ngx_http_pyngx_stream_flush(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    if (s->flushed) {
        return NGX_OK;
    }

    if (ngx_http_pyngx_is_own(s, s->tail)) {
        s->tail->flush = 1;
        s->flushed = 1;
        s->limit = NULL;
        return NGX_OK;
    }

    cl = ngx_http_pyngx_stream_special(r, s);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf->flush = 1;

    ngx_http_pyngx_stream_append(s, cl);

    return NGX_OK;
}


/*
 * Says to the filters behind that something is appended here, as nginx's
 * addition filter says it: what they hold of this request is to be sent now.
 */

static ngx_int_t
ngx_http_pyngx_stream_mark(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    cl = ngx_http_pyngx_stream_special(r, s);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf->last_in_chain = 1;
    cl->buf->sync = 1;

    ngx_http_pyngx_stream_append(s, cl);

    return NGX_OK;
}


/*
 * The end of the output: the flags go on the last buffer if that is our own,
 * or is the one that they were taken from, else on a special buffer.
 */

static ngx_int_t
ngx_http_pyngx_stream_finish(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    cl = s->last;
    s->last = NULL;

    if (ngx_http_pyngx_is_own(s, s->tail)
        || (s->tail && s->tail == s->passed))
    {
        if (cl) {
            ngx_free_chain(r->pool, cl);
        }

    } else {
        if (cl == NULL) {
            cl = ngx_http_pyngx_stream_special(r, s);
            if (cl == NULL) {
                return NGX_ERROR;
            }
        }

        if (r != r->main) {
            cl->buf->sync = 1;
        }

        ngx_http_pyngx_stream_append(s, cl);
    }

    s->tail->last_buf = (r == r->main);
    s->tail->last_in_chain = 1;

    return NGX_OK;
}


/*
 * Sends a chain, which is s->out or one that the filter does not look at, and
 * takes back what has gone.
 */

static ngx_int_t
ngx_http_pyngx_stream_send(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_chain_t *out)
{
    ngx_int_t     rc;
    ngx_chain_t  *cl;

    if (s->blocked) {

        /* the generator waits for these: they must not be put off */

        for (cl = s->out; cl; cl = cl->next) {
            if (ngx_http_pyngx_is_own(s, cl->buf)) {
                cl->buf->recycled = 1;
            }
        }
    }

    r->buffered &= ~NGX_HTTP_PYNGX_BUFFERED;

    rc = ngx_http_next_body_filter(r, out);

    if (s->out) {
        if (s->busy == NULL) {
            s->last_busy = &s->busy;
        }

        *s->last_busy = s->out;
        s->last_busy = s->last_out;

        s->out = NULL;
        s->tail = NULL;
        s->limit = NULL;
    }

    if (rc == NGX_ERROR) {
        s->failed = 1;
        return NGX_ERROR;
    }

    ngx_http_pyngx_stream_update(r, s);

    return rc;
}


/* Takes back the buffers that have gone. */

static void
ngx_http_pyngx_stream_update(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl, *spent;

    while (s->busy) {

        cl = s->busy;
        b = cl->buf;

        if (ngx_buf_size(b) != 0) {
            break;
        }

        s->busy = cl->next;

        if (!ngx_buf_in_memory(b) && !b->in_file) {

            if (ngx_http_pyngx_is_own(s, b)) {
                cl->next = s->spent;
                s->spent = cl;

            } else {
                ngx_free_chain(r->pool, cl);
            }

            continue;
        }

        /* data has gone, and with it whatever was queued before it */

        while (s->spent) {
            spent = s->spent;
            s->spent = spent->next;
            spent->next = s->spare;
            s->spare = spent;
        }

        if (!ngx_http_pyngx_is_own(s, b)) {
            ngx_free_chain(r->pool, cl);
            continue;
        }

        if (b == s->view) {
            s->view = NULL;
        }

        if (b->shadow) {
            ngx_http_pyngx_consume(b->shadow);
        }

        ngx_http_pyngx_stream_gone(s, cl);
    }
}


/* Appends a link to s->out. */

static void
ngx_http_pyngx_stream_append(ngx_http_pyngx_stream_t *s, ngx_chain_t *cl)
{
    if (s->out == NULL) {
        s->last_out = &s->out;
    }

    cl->next = NULL;

    *s->last_out = cl;
    s->last_out = &cl->next;
    s->tail = cl->buf;
    s->limit = NULL;

    if (cl->buf->flush || !ngx_buf_special(cl->buf)) {
        s->flushed = cl->buf->flush;
    }
}


/* An own buffer that views the data of another one, without its flags. */

static ngx_chain_t *
ngx_http_pyngx_stream_copy(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_buf_t *buf)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (r->filter_need_temporary && ngx_buf_in_memory(buf)) {
        return ngx_http_pyngx_stream_store(r, s, buf->pos,
                                           buf->last - buf->pos);
    }

    cl = ngx_http_pyngx_stream_own(r, s);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;

    b->pos = buf->pos;
    b->last = buf->last;

    b->temporary = buf->temporary;
    b->memory = buf->memory;
    b->mmap = buf->mmap;

    if (buf->in_file) {
        b->file = buf->file;
        b->file_pos = buf->file_pos;
        b->file_last = buf->file_last;
        b->in_file = 1;
    }

    return cl;
}


/* An own buffer without data, with its flags not yet set. */

static ngx_chain_t *
ngx_http_pyngx_stream_special(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    cl = ngx_chain_get_free_buf(r->pool, &s->spare);
    if (cl == NULL) {
        return NULL;
    }

    ngx_memzero(cl->buf, sizeof(ngx_buf_t));

    cl->buf->tag = (ngx_buf_tag_t) s;

    return cl;
}


/*
 * Whether a chain may pass as it is: the generator passes the rest, nothing
 * of ours is in flight, and the end is not among the buffers.  Nothing can be
 * held then, since what is left of it is followed by s->buf.
 */

static ngx_uint_t
ngx_http_pyngx_stream_untouched(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    if (!s->rest || s->end || s->in || s->busy || s->buf) {
        return 0;
    }

    for (cl = in; cl; cl = cl->next) {
        if (ngx_http_pyngx_is_end(r, cl->buf)) {
            return 0;
        }
    }

    s->flushed = 0;

    return 1;
}


/* Whether a filter before will append a subrequest to this chain. */

static ngx_uint_t
ngx_http_pyngx_stream_appended(ngx_http_request_t *r, ngx_chain_t *in)
{
    for ( /* void */ ; in; in = in->next) {
        if (in->buf->last_in_chain && !ngx_http_pyngx_is_end(r, in->buf)) {
            return 1;
        }
    }

    return 0;
}


/* Whether a buffer ends the response, or the subrequest's part of it. */

static ngx_uint_t
ngx_http_pyngx_is_end(ngx_http_request_t *r, ngx_buf_t *b)
{
    return b->last_buf || (b->last_in_chain && r != r->main);
}


static ngx_uint_t
ngx_http_pyngx_is_own(ngx_http_pyngx_stream_t *s, ngx_buf_t *b)
{
    return b && b->tag == (ngx_buf_tag_t) s;
}


/* Tells a buffer's producer that its data is used up. */

static void
ngx_http_pyngx_consume(ngx_buf_t *b)
{
    if (ngx_buf_in_memory(b)) {
        b->pos = b->last;
    }

    if (b->in_file) {
        b->file_pos = b->file_last;
    }
}
