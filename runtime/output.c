
/*
 * What the generator yields that is not a whole buffer of the input: texts,
 * pieces of the buffer that is being read, computed bytes, subrequests.
 *
 * Computed bytes are written into pages.  What is written one after another
 * shares an own struct; the same page serves further structs if something
 * else was yielded in between, and is used again when the last one has gone.
 */


#define NGX_HTTP_PYNGX_VIEW_MIN   256
#define NGX_HTTP_PYNGX_POINT_MIN  64
#define NGX_HTTP_PYNGX_ADD_MAX    16


/* yield of a text that outlives the request: points at it, unless short. */

static ngx_inline ngx_int_t
ngx_http_pyngx_stream_text(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_str_t *text)
{
    if (ngx_http_pyngx_stream_add(s, text)) {
        return NGX_OK;
    }

    return ngx_http_pyngx_stream_do_text(r, s, text);
}


static ngx_int_t
ngx_http_pyngx_stream_do_text(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s, ngx_str_t *text)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (text->len == 0) {
        return NGX_OK;
    }

    if (r->filter_need_temporary
        || (text->len < NGX_HTTP_PYNGX_POINT_MIN
            && ngx_http_pyngx_is_own(s, s->tail)))
    {
        return ngx_http_pyngx_stream_put(r, s, text->data, text->len);
    }

    cl = ngx_http_pyngx_stream_own(r, s);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    b = cl->buf;

    b->pos = text->data;
    b->last = text->data + text->len;
    b->memory = 1;

    ngx_http_pyngx_stream_append(s, cl);

    return NGX_OK;
}


/*
 * yield of bytes that need not outlive the next read: a long piece of the
 * buffer that is being read becomes a view of it, all else is copied.
 */

static ngx_inline ngx_int_t
ngx_http_pyngx_stream_write(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_str_t *bytes)
{
    if (ngx_http_pyngx_stream_add(s, bytes)) {
        return NGX_OK;
    }

    return ngx_http_pyngx_stream_do_write(r, s, bytes);
}


static ngx_int_t
ngx_http_pyngx_stream_do_write(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s, ngx_str_t *bytes)
{
    u_char       *last;
    ngx_buf_t    *b, *buf;
    ngx_chain_t  *cl;

    if (bytes->len == 0) {
        return NGX_OK;
    }

    buf = s->buf;
    last = bytes->data + bytes->len;

    if (buf == NULL || ngx_http_pyngx_is_own(s, buf)
        || r->filter_need_temporary || !ngx_buf_in_memory(buf)
        || bytes->data < buf->pos || last > buf->last)
    {
        return ngx_http_pyngx_stream_put(r, s, bytes->data, bytes->len);
    }

    if (s->tail && s->tail == s->view && s->tail->last == bytes->data
        && !s->tail->flush && !s->tail->in_file)
    {
        s->tail->last = last;
        return NGX_OK;
    }

    if (bytes->len < NGX_HTTP_PYNGX_VIEW_MIN) {
        return ngx_http_pyngx_stream_put(r, s, bytes->data, bytes->len);
    }

    cl = ngx_http_pyngx_stream_own(r, s);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    b = cl->buf;

    b->pos = bytes->data;
    b->last = last;

    b->temporary = buf->temporary;
    b->memory = buf->memory;
    b->mmap = buf->mmap;
    b->recycled = buf->recycled;

    s->view = b;

    ngx_http_pyngx_stream_append(s, cl);

    return NGX_OK;
}


/*
 * Adds a few bytes to the page being filled, if the last buffer of the output
 * ends there: without a call, for generators that yield byte by byte.
 */

static ngx_inline ngx_uint_t
ngx_http_pyngx_stream_add(ngx_http_pyngx_stream_t *s, ngx_str_t *bytes)
{
    size_t   n;
    u_char  *p, *data;

    if (s->limit == NULL || bytes->len > NGX_HTTP_PYNGX_ADD_MAX
        || bytes->len > (size_t) (s->limit - s->page->pos))
    {
        return 0;
    }

    p = s->page->pos;
    data = bytes->data;

    for (n = bytes->len; n; n--) {
        *p++ = *data++;
    }

    s->page->pos = p;
    s->tail->last = p;
    s->tail->end = p;

    return 1;
}


/* Copies bytes into pages. */

static ngx_int_t
ngx_http_pyngx_stream_put(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    u_char *data, size_t len)
{
    size_t   n;
    u_char  *p;

    while (len) {

        p = ngx_http_pyngx_stream_reserve(r, s, 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        n = ngx_min(len, (size_t) (s->page->end - p));

        ngx_http_pyngx_stream_commit(s, ngx_cpymem(p, data, n));

        data += n;
        len -= n;
    }

    return NGX_OK;
}


/*
 * Room for so many bytes, to be written at the address returned and then
 * committed before anything else is yielded; NULL if memory has run out.
 */

static ngx_inline u_char *
ngx_http_pyngx_stream_reserve(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s, size_t size)
{
    if (s->limit && size <= (size_t) (s->limit - s->page->pos)) {
        return s->page->pos;
    }

    return ngx_http_pyngx_stream_do_reserve(r, s, size);
}


static u_char *
ngx_http_pyngx_stream_do_reserve(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s, size_t size)
{
    if (s->page == NULL || (size_t) (s->page->end - s->page->pos) < size) {
        if (ngx_http_pyngx_stream_page(r, s, size) != NGX_OK) {
            return NULL;
        }
    }

    if (s->free == NULL && ngx_http_pyngx_stream_struct(r, s) != NGX_OK) {
        return NULL;
    }

    return s->page->pos;
}


/* yield of what was written where stream_reserve() has said, up to last. */

static ngx_inline void
ngx_http_pyngx_stream_commit(ngx_http_pyngx_stream_t *s, u_char *last)
{
    if (s->limit && last <= s->limit) {
        s->page->pos = last;
        s->tail->last = last;
        s->tail->end = last;
        return;
    }

    ngx_http_pyngx_stream_do_commit(s, last);
}


static void
ngx_http_pyngx_stream_do_commit(ngx_http_pyngx_stream_t *s, u_char *last)
{
    ngx_buf_t              *tail;
    ngx_chain_t            *cl;
    ngx_http_pyngx_page_t  *page;

    page = s->page;

    if (last == page->pos) {
        return;
    }

    tail = s->tail;

    if (ngx_http_pyngx_is_own(s, tail) && tail->temporary && !tail->flush
        && tail->last == page->pos)
    {
        tail->last = last;
        tail->end = last;
        page->pos = last;

    } else {
        cl = ngx_http_pyngx_stream_segment(s, last);
        ngx_http_pyngx_stream_append(s, cl);
    }

    /* up to the limit the answer to stream_room() stays what it is */

    s->grown = 1;
    s->limit = page->end;

    if (s->used >= (ngx_uint_t) s->bufs.num) {
        s->limit -= s->bufs.size / 8 + 1;
    }

    if (page->pos > s->limit) {
        s->limit = NULL;
    }
}


/*
 * An own buffer with a copy of the data: if a later filter writes in place,
 * as charset does, then neither constants nor memory that is sent twice may
 * be handed to it.
 */

static ngx_chain_t *
ngx_http_pyngx_stream_store(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    u_char *data, size_t len)
{
    u_char  *p;

    p = ngx_http_pyngx_stream_do_reserve(r, s, len);
    if (p == NULL) {
        return NULL;
    }

    return ngx_http_pyngx_stream_segment(s, ngx_cpymem(p, data, len));
}


/*
 * yield subrequest(uri, args): what was yielded before is sent first; what is
 * yielded later waits in the postpone filter.
 */

static ngx_int_t
ngx_http_pyngx_stream_subrequest(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s, ngx_str_t *uri, ngx_str_t *args)
{
    ngx_str_t              path, query;
    ngx_uint_t             flags;
    ngx_http_request_t    *sr;
    ngx_http_pyngx_sub_t  *sub;

    path.len = uri->len;
    path.data = ngx_pstrdup(r->pool, uri);
    if (path.data == NULL) {
        return NGX_ERROR;
    }

    ngx_str_null(&query);
    flags = NGX_HTTP_LOG_UNSAFE;

    if (ngx_http_parse_unsafe_uri(r, &path, &query, &flags) != NGX_OK) {
        return NGX_ERROR;
    }

    if (args && args->len) {
        query.len = args->len;
        query.data = ngx_pstrdup(r->pool, args);
        if (query.data == NULL) {
            return NGX_ERROR;
        }
    }

    sub = s->free_subs;

    if (sub) {
        s->free_subs = sub->next;

    } else {
        sub = ngx_palloc(r->pool, sizeof(ngx_http_pyngx_sub_t));
        if (sub == NULL) {
            return NGX_ERROR;
        }
    }

    /* in a subrequest the mark would be its end */

    if (r == r->main && ngx_http_pyngx_stream_mark(r, s) != NGX_OK) {
        return NGX_ERROR;
    }

    if (s->out && ngx_http_pyngx_stream_send(r, s, s->out) == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (ngx_http_subrequest(r, &path, &query, &sr, NULL, flags) != NGX_OK) {
        return NGX_ERROR;
    }

    sub->request = sr;
    sub->next = s->subs;
    s->subs = sub;
    s->grown = 1;

    return NGX_OK;
}


/* Whether another subrequest may be made: as many as pages are under way. */

static ngx_uint_t
ngx_http_pyngx_stream_subs_left(ngx_http_pyngx_stream_t *s)
{
    ngx_int_t              n;
    ngx_http_pyngx_sub_t  *sub, **last;

    n = 0;
    last = &s->subs;

    while (*last) {

        sub = *last;

        if (sub->request->done) {
            *last = sub->next;
            sub->next = s->free_subs;
            s->free_subs = sub;
            continue;
        }

        n++;
        last = &sub->next;
    }

    return n == 0 || n < (s->bufs.num ? s->bufs.num : 4);
}


/* Memory for temporaries, until the next read; NULL if it has run out. */

static ngx_pool_t *
ngx_http_pyngx_stream_pool(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_pool_cleanup_t  *cln;

    s->quick = 0;

    if (s->scratch) {
        s->soiled = 1;
        return s->scratch;
    }

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    s->scratch = ngx_create_pool(1024, r->connection->log);
    if (s->scratch == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_pyngx_stream_unpool;
    cln->data = s->scratch;

    s->soiled = 1;

    return s->scratch;
}


static void
ngx_http_pyngx_stream_unpool(void *data)
{
    ngx_destroy_pool(data);
}
