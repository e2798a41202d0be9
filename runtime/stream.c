
/*
 * The stream engine: drives a body filter that was written as a generator.
 *
 * Input waits unconsumed in s->in, so that its producer feels the client's
 * speed.  The generator takes it buffer by buffer and appends to s->out; what
 * was sent stays in s->busy until the client has it.  A buffer that is sent
 * as it is keeps its own struct.  Own structs come from s->free, at most
 * NGX_HTTP_PYNGX_STREAM_BUFS of them are in flight; own flush buffers wait in
 * s->spent until later data proves that nobody has them queued any more.
 *
 * What is computed is written into pages, of which s->bufs.num may be in
 * flight; several own structs may point into one page.
 *
 * Unread input is what is held, from s->held to s->held_last, then what
 * follows s->pos in s->buf, then s->in.
 */


#define NGX_HTTP_PYNGX_BUFFERED     0x08
#define NGX_HTTP_PYNGX_STREAM_BUFS  64


typedef struct ngx_http_pyngx_page_s {
    struct ngx_http_pyngx_page_s  *next;
    u_char        *pos;        /* where free memory starts */
    u_char        *end;
    ngx_uint_t     refs;       /* own structs in flight that point here */
    ngx_uint_t     large;      /* for one reservation only */
} ngx_http_pyngx_page_t;


typedef struct {
    ngx_buf_t      buf;        /* must be the first */
    ngx_chain_t    link;
    ngx_http_pyngx_page_t  *page;
} ngx_http_pyngx_own_t;


typedef struct ngx_http_pyngx_sub_s {
    struct ngx_http_pyngx_sub_s  *next;
    ngx_http_request_t           *request;
} ngx_http_pyngx_sub_t;


typedef struct {
    ngx_buf_t     *buf;
    ngx_chain_t   *link;
    u_char        *pos;
} ngx_http_pyngx_input_t;


typedef struct {
    ngx_bufs_t     bufs;       /* pages; may be set by the header filter */

    ngx_chain_t   *in;         /* received, not yet read */
    ngx_chain_t   *link;       /* the link of buf */
    ngx_chain_t   *last;       /* the special buffer that ended the input */

    ngx_chain_t   *out;        /* to be sent */
    ngx_chain_t  **last_out;
    ngx_buf_t     *tail;       /* the last buffer of out */

    ngx_chain_t   *busy;       /* sent, not yet gone */
    ngx_chain_t  **last_busy;

    ngx_chain_t   *free;       /* own data buffers */
    ngx_chain_t   *spare;      /* own special buffers */
    ngx_chain_t   *spent;      /* own special buffers that may be queued */

    ngx_buf_t     *buf;        /* being read */
    u_char        *pos;        /* its first unread byte */
    ngx_buf_t     *view;       /* the last view of buf in flight */
    ngx_buf_t     *passed;     /* ended the input and was passed */

    ngx_http_pyngx_input_t   under;  /* waits while buf is what was held */

    u_char        *hold;       /* memory for what lies in several buffers */
    u_char        *hold_end;
    u_char        *held;       /* what is unread of it */
    u_char        *held_last;
    size_t         searched;   /* so many held bytes have no line's end */
    void          *scanned;    /* the scan that knows what is unread */

    ngx_http_pyngx_page_t   *page;   /* being filled */
    ngx_http_pyngx_page_t   *pages;  /* free ones */
    ngx_uint_t     used;       /* pages in flight */
    u_char        *limit;      /* if tail can grow: how far */

    ngx_pool_t    *pool;       /* of the request */
    ngx_pool_t    *scratch;    /* for temporaries, until the next read */

    ngx_uint_t     own;        /* own data buffers in out and busy */
    ngx_http_pyngx_sub_t   *subs;       /* subrequests under way */
    ngx_http_pyngx_sub_t   *free_subs;

    ngx_uint_t     state;      /* where the generator goes on */

    unsigned       active:1;   /* set by the header filter */
    unsigned       blocked:1;  /* the generator waits for room */
    unsigned       rest:1;     /* the generator passes what is left */
    unsigned       returned:1; /* the generator has ended */
    unsigned       end:1;      /* the end of the input was read */
    unsigned       done:1;     /* the end was sent */
    unsigned       failed:1;
    unsigned       flush:1;    /* buf asks for a flush after it */
    unsigned       flushed:1;  /* nothing was appended since a flush */
    unsigned       sent:1;     /* the chain form's function has sent */
    unsigned       before:1;   /* flushed, when it was called */
    unsigned       soiled:1;   /* scratch was used since the last read */
    unsigned       urgent:1;   /* a filter before waits to append to s->in */
    unsigned       pause:1;    /* it appends after the last buffer read */
    unsigned       grown:1;    /* the output, since room was asked for */
    unsigned       quick:1;    /* nothing but buf has to be looked at */
} ngx_http_pyngx_stream_t;


typedef ngx_int_t (*ngx_http_pyngx_body_pt)(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);


/* The body filter's work for a response that the module takes. */

static ngx_int_t
ngx_http_pyngx_stream_filter(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s, ngx_http_pyngx_body_pt body)
{
    ngx_int_t   rc;
    ngx_uint_t  wake;

    if (s->failed) {
        return NGX_ERROR;
    }

    if (s->done || ngx_http_pyngx_stream_untouched(r, in, s)) {
        return ngx_http_pyngx_stream_send(r, s, in);
    }

    s->pool = r->pool;

    if (ngx_chain_add_copy(r->pool, &s->in, in) != NGX_OK) {
        s->failed = 1;
        return NGX_ERROR;
    }

    if (ngx_http_pyngx_stream_appended(r, in)) {
        s->urgent = 1;
        s->blocked = 0;
    }

    /* whoever waits below is to be asked at least once */

    wake = (in == NULL || s->busy);

    for ( ;; ) {

        if (!s->blocked) {
            rc = ngx_http_pyngx_stream_run(r, s, body);

            if (rc == NGX_ERROR) {
                s->failed = 1;
                return NGX_ERROR;
            }
        }

        if (s->out == NULL && !wake) {
            rc = NGX_OK;
            break;
        }

        wake = 0;

        rc = ngx_http_pyngx_stream_send(r, s, s->out);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (!s->blocked) {
            break;
        }

        s->blocked = 0;

        if (ngx_http_pyngx_stream_room(s) != NGX_OK) {
            break;
        }
    }

    if (s->blocked) {
        r->buffered |= NGX_HTTP_PYNGX_BUFFERED;
        return NGX_AGAIN;
    }

    return rc;
}


/*
 * Runs the generator until it waits, and once it has ended drops what input
 * there is; the end of the input then becomes the end of the output.
 */

static ngx_int_t
ngx_http_pyngx_stream_run(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_http_pyngx_body_pt body)
{
    ngx_int_t  rc;

    if (!s->returned) {
        rc = body(r, s);

        if (rc != NGX_OK) {
            return rc;
        }

        s->returned = 1;
        s->held = s->held_last;
    }

    do {
        rc = ngx_http_pyngx_stream_next(r, s);
    } while (rc == NGX_OK);

    if (rc != NGX_DONE) {
        return rc;
    }

    s->done = 1;

    return ngx_http_pyngx_stream_finish(r, s);
}


/*
 * The generator's next buffer, in s->buf: NGX_OK; NGX_AGAIN if there is none
 * yet or too much output is in flight; NGX_DONE at the end.  After a read of
 * a part, it is what that read has left.
 */

static ngx_int_t
ngx_http_pyngx_stream_next(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t   rc;
    ngx_buf_t  *b;

    rc = ngx_http_pyngx_stream_begin(s);
    if (rc != NGX_OK) {
        return rc;
    }

    if (s->held != s->held_last) {
        return ngx_http_pyngx_stream_unhold(r, s);
    }

    rc = ngx_http_pyngx_stream_fetch(r, s);
    if (rc != NGX_OK) {
        return rc;
    }

    b = s->buf;

    if (s->pos != b->pos) {

        if (b->in_file) {
            b->file_pos += s->pos - b->pos;
        }

        b->pos = s->pos;
    }

    s->pos = b->last;

    if (r->filter_need_temporary && ngx_buf_in_memory(b)) {

        /* what is written to memory must not be sent from the file */

        b->in_file = 0;
    }

    return NGX_OK;
}


/*
 * What every read does first: values that the generator had of the read
 * before are gone, and what it yielded must have found its place.
 */

static ngx_int_t
ngx_http_pyngx_stream_begin(ngx_http_pyngx_stream_t *s)
{
    s->scanned = NULL;

    if (s->soiled) {
        ngx_reset_pool(s->scratch);
        s->soiled = 0;
    }

    if (ngx_http_pyngx_is_own(s, s->buf)) {

        /* what was held and then dropped: its memory counts as in flight */

        ngx_http_pyngx_stream_gone(s, s->link);
        ngx_http_pyngx_stream_resume(s);
    }

    return ngx_http_pyngx_stream_room(s);
}


/* Sees to it that s->buf has something unread: NGX_OK, NGX_AGAIN, NGX_DONE. */

static ngx_int_t
ngx_http_pyngx_stream_fetch(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

again:

    while (s->buf) {

        if (s->pos != s->buf->last) {
            return NGX_OK;
        }

        if (ngx_http_pyngx_stream_release(r, s) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_http_pyngx_stream_release(r, s) != NGX_OK) {
        return NGX_ERROR;
    }

    if (s->pause) {

        if (s->held != s->held_last) {
            return NGX_DONE;
        }

        if (ngx_http_pyngx_stream_mark(r, s) != NGX_OK) {
            return NGX_ERROR;
        }

        s->pause = 0;
        s->urgent = 0;
    }

    while (!s->end) {

        cl = s->in;

        if (cl == NULL) {
            return NGX_AGAIN;
        }

        b = cl->buf;

        if (b->last_in_chain && !ngx_http_pyngx_is_end(r, b)) {

            /* what is held has its place before what is appended here */

            s->pause = 1;
            b->last_in_chain = 0;

            if (ngx_buf_size(b) == 0) {
                s->in = cl->next;
                s->flush = b->flush;
                ngx_free_chain(r->pool, cl);

                goto again;
            }
        }

        s->in = cl->next;
        s->end = ngx_http_pyngx_is_end(r, b);

        if (ngx_buf_size(b) != 0) {
            s->buf = b;
            s->pos = b->pos;
            s->link = cl;
            s->flush = b->flush;
            return NGX_OK;
        }

        if (!ngx_buf_special(b)) {
            s->flush = b->flush;
            ngx_free_chain(r->pool, cl);

            if (ngx_http_pyngx_stream_release(r, s) != NGX_OK) {
                return NGX_ERROR;
            }

        } else if (s->end) {
            s->last = cl;

        } else {
            ngx_http_pyngx_stream_append(s, cl);
        }
    }

    return NGX_DONE;
}


/*
 * Makes a buffer of what is held; the one that is being read waits.  No view
 * of it is in flight: what is held comes before all of it.
 */

static ngx_int_t
ngx_http_pyngx_stream_unhold(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    cl = ngx_http_pyngx_stream_store(r, s, s->held, s->held_last - s->held);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    s->held = s->held_last;

    s->under.buf = s->buf;
    s->under.link = s->link;
    s->under.pos = s->pos;

    s->buf = cl->buf;
    s->link = cl;
    s->pos = cl->buf->last;
    s->quick = 0;

    return NGX_OK;
}


/* Goes back to the buffer that has waited, if any. */

static void
ngx_http_pyngx_stream_resume(ngx_http_pyngx_stream_t *s)
{
    s->buf = s->under.buf;
    s->link = s->under.link;
    s->view = NULL;
    s->pos = s->under.pos;

    s->under.buf = NULL;
    s->under.link = NULL;

    s->quick = 0;
}


/* yield of a buffer that is not used after: the buffer itself goes on. */

static ngx_int_t
ngx_http_pyngx_stream_pass(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_buf_t  *b;

    b = s->buf;

    if (s->end && !ngx_http_pyngx_is_own(s, b)) {
        b->last_buf = 0;
        b->last_in_chain = 0;
        s->passed = b;
    }

    ngx_http_pyngx_stream_append(s, s->link);
    ngx_http_pyngx_stream_resume(s);

    return NGX_OK;
}


/* yield of a buffer that is used again: a second view of the same data. */

static ngx_int_t
ngx_http_pyngx_stream_view(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = s->buf;

    if (ngx_http_pyngx_is_own(s, b)) {
        return ngx_http_pyngx_stream_put(r, s, b->pos, b->last - b->pos);
    }

    cl = ngx_http_pyngx_stream_copy(r, s, b);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf->recycled = b->recycled;
    s->view = cl->buf;

    ngx_http_pyngx_stream_append(s, cl);

    return NGX_OK;
}


/* Whether the generator may yield before it reads again. */

static ngx_inline ngx_int_t
ngx_http_pyngx_stream_room(ngx_http_pyngx_stream_t *s)
{
    return s->grown ? ngx_http_pyngx_stream_do_room(s) : NGX_OK;
}


/* The same when something was yielded after it was asked for. */

static ngx_int_t
ngx_http_pyngx_stream_do_room(ngx_http_pyngx_stream_t *s)
{
    if (s->own < NGX_HTTP_PYNGX_STREAM_BUFS
        && ngx_http_pyngx_stream_pages_left(s)
        && (s->subs == NULL || ngx_http_pyngx_stream_subs_left(s)))
    {
        s->grown = 0;
        return NGX_OK;
    }

    if (s->urgent) {
        return NGX_OK;
    }

    s->blocked = 1;

    return NGX_AGAIN;
}


/* yield from body: NGX_AGAIN until the end, then NGX_DONE. */

static ngx_int_t
ngx_http_pyngx_stream_rest(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    s->rest = 1;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_next(r, s);

        if (rc != NGX_OK) {
            return rc;
        }

        if (ngx_http_pyngx_stream_pass(r, s) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


/*
 * The generator is finished with s->buf.  If views of it are in flight, it is
 * consumed when the last of them is.
 */

static ngx_int_t
ngx_http_pyngx_stream_release(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s)
{
    if (s->buf) {

        if (s->view) {
            s->view->shadow = s->buf;
            s->view = NULL;

        } else {
            ngx_http_pyngx_consume(s->buf);
        }

        ngx_free_chain(r->pool, s->link);

        s->buf = NULL;
        s->link = NULL;
        s->quick = 0;
    }

    if (s->flush) {
        s->flush = 0;
        return ngx_http_pyngx_stream_flush(r, s);
    }

    return NGX_OK;
}
