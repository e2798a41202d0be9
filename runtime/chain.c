
/*
 * The chain form of a body filter: a function that is called for each chain
 * as it comes, builds an out chain of its own and sends it.
 *
 * Incoming links are only read.  An incoming buffer that is not appended
 * counts as dropped: its data is consumed, its flags go on by themselves.
 */


typedef ngx_int_t (*ngx_http_pyngx_chain_pt)(ngx_http_request_t *r,
    ngx_chain_t *in, ngx_http_pyngx_stream_t *s);


/* The body filter's work for a response that the module takes. */

static ngx_int_t
ngx_http_pyngx_chain_filter(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s, ngx_http_pyngx_chain_pt handler)
{
    ngx_int_t     rc;
    ngx_chain_t  *cl;

    if (s->failed) {
        return NGX_ERROR;
    }

    if (in == NULL || s->done) {
        return ngx_http_pyngx_stream_send(r, s, in);
    }

    /* the addition filter sends the end twice: the second is not ours */

    for (cl = in; cl; cl = cl->next) {
        s->done |= ngx_http_pyngx_is_end(r, cl->buf);

        if (r->filter_need_temporary && ngx_buf_in_memory(cl->buf)) {

            /* what is written to memory must not be sent from the file */

            cl->buf->in_file = 0;
        }
    }

    if (s->soiled) {

        /* what the function has computed when it was called before */

        ngx_reset_pool(s->scratch);
        s->soiled = 0;
    }

    s->pool = r->pool;
    s->before = s->flushed;
    s->sent = 0;

    rc = handler(r, in, s);

    if (rc == NGX_ERROR) {
        s->failed = 1;
        return NGX_ERROR;
    }

    if (s->sent) {
        return rc;
    }

    /* the function returned without sending: all that came is dropped */

    ngx_http_pyngx_chain_new(s);

    return ngx_http_pyngx_chain_send(r, s, in);
}


/* out = ngx_chain_t(): an out chain that was not sent is given up. */

static void
ngx_http_pyngx_chain_new(ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    s->flushed = s->before;

    while (s->out) {
        cl = s->out;
        s->out = cl->next;

        if (ngx_http_pyngx_is_own(s, cl->buf)) {
            ngx_http_pyngx_stream_gone(s, cl);

        } else {
            ngx_free_chain(s->pool, cl);
        }
    }

    s->tail = NULL;
    s->limit = NULL;
}


/*
 * out.append(buf): the buffer itself goes on; if it is in the chain already,
 * then the earlier place becomes a view, for a buffer can be sent only once.
 */

static ngx_int_t
ngx_http_pyngx_chain_append_buf(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s, ngx_buf_t *buf)
{
    ngx_chain_t  *cl, **ll, *view;

    if (ngx_buf_size(buf) == 0 && !ngx_buf_special(buf)) {
        return NGX_OK;
    }

    for (ll = &s->out; *ll; ll = &(*ll)->next) {

        if ((*ll)->buf == buf) {
            break;
        }
    }

    cl = *ll;

    if (cl && ngx_buf_special(buf)) {
        return NGX_OK;
    }

    if (cl) {
        view = ngx_http_pyngx_stream_copy(r, s, buf);
        if (view == NULL) {
            return NGX_ERROR;
        }

        view->next = cl->next;
        *ll = view;

        if (view->next == NULL) {
            s->last_out = &view->next;
        }

    } else {
        cl = ngx_alloc_chain_link(r->pool);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        cl->buf = buf;
    }

    ngx_http_pyngx_stream_append(s, cl);

    return NGX_OK;
}


/* return ngx_http_next_body_filter(r, out) */

static ngx_int_t
ngx_http_pyngx_chain_send(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_chain_t *in)
{
    ngx_buf_t  flags;

    s->sent = 1;

    ngx_memzero(&flags, sizeof(ngx_buf_t));

    ngx_http_pyngx_chain_drop(s, in, &flags);
    ngx_http_pyngx_chain_unmark(r, s, &flags);

    if (ngx_http_pyngx_chain_mark(r, s, &flags) != NGX_OK) {
        return NGX_ERROR;
    }

    if (s->out == NULL && s->busy == NULL) {
        return NGX_OK;
    }

    return ngx_http_pyngx_stream_send(r, s, s->out);
}


/* return ngx_http_next_body_filter(r, chain) */

static ngx_int_t
ngx_http_pyngx_chain_pass(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_chain_t *in)
{
    s->sent = 1;

    ngx_http_pyngx_chain_new(s);

    s->flushed = 0;

    return ngx_http_pyngx_stream_send(r, s, in);
}


/*
 * Consumes what was not appended and collects its flags.  While own buffers
 * are sent instead, the data counts as consumed when those have gone: this is
 * what lets the producer feel the client's speed.
 */

static void
ngx_http_pyngx_chain_drop(ngx_http_pyngx_stream_t *s, ngx_chain_t *in,
    ngx_buf_t *flags)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl, *own, *seen;

    own = s->out;
    seen = s->out;

    for ( /* void */ ; in; in = in->next) {

        b = in->buf;

        cl = ngx_http_pyngx_chain_find(s, seen, b);

        if (cl) {
            seen = cl->next;
            continue;
        }

        flags->flush |= b->flush;
        flags->last_buf |= b->last_buf;
        flags->last_in_chain |= b->last_in_chain;

        if (ngx_buf_size(b) == 0) {
            continue;
        }

        while (own && !ngx_http_pyngx_is_own(s, own->buf)) {
            own = own->next;
        }

        if (own == NULL) {
            ngx_http_pyngx_consume(b);
            continue;
        }

        own->buf->shadow = b;
        own->buf->recycled = b->recycled;
        own = own->next;
    }
}


/*
 * The link of a buffer in s->out.  Buffers are mostly appended as they came,
 * so the search starts where the one before was found.
 */

static ngx_chain_t *
ngx_http_pyngx_chain_find(ngx_http_pyngx_stream_t *s, ngx_chain_t *seen,
    ngx_buf_t *b)
{
    ngx_chain_t  *cl;

    for (cl = seen; cl; cl = cl->next) {
        if (cl->buf == b) {
            return cl;
        }
    }

    for (cl = s->out; cl != seen; cl = cl->next) {
        if (cl->buf == b) {
            return cl;
        }
    }

    return NULL;
}


/* Collects the flags of an end that something was appended after. */

static void
ngx_http_pyngx_chain_unmark(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_buf_t *flags)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl, **ll;

    ll = &s->out;

    while (*ll && (*ll)->next) {

        cl = *ll;
        b = cl->buf;

        if (!b->last_buf && !b->last_in_chain) {
            ll = &cl->next;
            continue;
        }

        flags->last_buf |= b->last_buf;
        flags->last_in_chain |= b->last_in_chain;

        if (ngx_buf_special(b)) {
            flags->flush |= b->flush;
            *ll = cl->next;
            ngx_free_chain(r->pool, cl);
            continue;
        }

        b->last_buf = 0;
        b->last_in_chain = 0;
        ll = &cl->next;
    }
}


/*
 * Puts the flags that were collected at the end of s->out: on its last buffer
 * if that is our own or marks an end already, else on a special buffer.
 */

static ngx_int_t
ngx_http_pyngx_chain_mark(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_buf_t *flags)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (s->flushed) {
        flags->flush = 0;
    }

    if (!flags->flush && !flags->last_buf && !flags->last_in_chain) {
        return NGX_OK;
    }

    b = s->tail;

    if (!ngx_http_pyngx_is_own(s, b)
        && !(b && (b->last_buf || b->last_in_chain)))
    {
        cl = ngx_http_pyngx_stream_special(r, s);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        b = cl->buf;
        b->flush = flags->flush;
        b->sync = (flags->last_in_chain && !flags->last_buf);

        ngx_http_pyngx_stream_append(s, cl);
    }

    b->flush |= flags->flush;
    b->last_buf |= flags->last_buf;
    b->last_in_chain |= flags->last_in_chain;

    s->flushed |= flags->flush;

    return NGX_OK;
}
