
/*
 * The engine's own structs, and the pages that they point into.
 */


/* An own buffer of the page being filled, up to last; there is a struct. */

static ngx_chain_t *
ngx_http_pyngx_stream_segment(ngx_http_pyngx_stream_t *s, u_char *last)
{
    ngx_buf_t              *b;
    ngx_chain_t            *cl;
    ngx_http_pyngx_page_t  *page;

    page = s->page;
    cl = ngx_http_pyngx_stream_take(s);
    b = cl->buf;

    b->start = page->pos;
    b->pos = page->pos;
    b->last = last;
    b->end = last;
    b->temporary = 1;

    page->pos = last;
    s->limit = NULL;

    if (page->refs++ == 0) {
        s->used++;
    }

    ((ngx_http_pyngx_own_t *) b)->page = page;

    return cl;
}


/* An own data buffer, with its fields not yet set. */

static ngx_chain_t *
ngx_http_pyngx_stream_own(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    if (s->free == NULL && ngx_http_pyngx_stream_struct(r, s) != NGX_OK) {
        return NULL;
    }

    return ngx_http_pyngx_stream_take(s);
}


/* The same from s->free, where there is one. */

static ngx_chain_t *
ngx_http_pyngx_stream_take(ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t           *cl;
    ngx_http_pyngx_own_t  *own;

    cl = s->free;
    s->free = cl->next;
    cl->next = NULL;

    own = (ngx_http_pyngx_own_t *) cl->buf;

    ngx_memzero(&own->buf, sizeof(ngx_buf_t));

    own->buf.tag = (ngx_buf_tag_t) s;
    own->page = NULL;

    s->own++;
    s->grown = 1;

    return cl;
}


/* Allocates an own struct. */

static ngx_int_t
ngx_http_pyngx_stream_struct(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_http_pyngx_own_t  *own;

    own = ngx_palloc(r->pool, sizeof(ngx_http_pyngx_own_t));
    if (own == NULL) {
        return NGX_ERROR;
    }

    own->link.buf = &own->buf;
    own->link.next = s->free;
    s->free = &own->link;

    return NGX_OK;
}


/* Takes back an own buffer, and its page when this was the last of it. */

static void
ngx_http_pyngx_stream_gone(ngx_http_pyngx_stream_t *s, ngx_chain_t *cl)
{
    ngx_http_pyngx_page_t  *page;

    page = ((ngx_http_pyngx_own_t *) cl->buf)->page;

    cl->next = s->free;
    s->free = cl;
    s->own--;

    if (page == NULL || --page->refs) {
        return;
    }

    s->used--;

    if (page != s->page) {
        ngx_http_pyngx_stream_clear(s, page);

    } else if (page->large) {
        s->page = NULL;
        ngx_http_pyngx_stream_clear(s, page);

    } else {
        page->pos = (u_char *) page + sizeof(ngx_http_pyngx_page_t);
    }
}


/* A page that nobody points into can be filled again; a large one goes. */

static void
ngx_http_pyngx_stream_clear(ngx_http_pyngx_stream_t *s,
    ngx_http_pyngx_page_t *page)
{
    if (page->large) {
        ngx_pfree(s->pool, page);
        return;
    }

    page->pos = (u_char *) page + sizeof(ngx_http_pyngx_page_t);
    page->next = s->pages;
    s->pages = page;
}


/* Makes a page with room for so many bytes the one being filled. */

static ngx_int_t
ngx_http_pyngx_stream_page(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    size_t size)
{
    size_t                  n;
    ngx_http_pyngx_page_t  *page;

    if (s->bufs.num == 0) {
        s->bufs.num = 4;
        s->bufs.size = ngx_pagesize;
    }

    page = s->page;
    s->page = NULL;
    s->limit = NULL;
    s->grown = 1;

    if (page && page->refs == 0) {
        ngx_http_pyngx_stream_clear(s, page);
    }

    page = s->pages;

    if (page && size <= s->bufs.size) {
        s->pages = page->next;
        s->page = page;
        return NGX_OK;
    }

    /* a large page must be an allocation of its own, to be freed */

    n = (size <= s->bufs.size) ? s->bufs.size : ngx_max(size, ngx_pagesize);

    page = ngx_palloc(r->pool, sizeof(ngx_http_pyngx_page_t) + n);
    if (page == NULL) {
        return NGX_ERROR;
    }

    s->page = page;

    page->pos = (u_char *) page + sizeof(ngx_http_pyngx_page_t);
    page->end = page->pos + n;
    page->refs = 0;
    page->large = (size > s->bufs.size);

    return NGX_OK;
}


/* Whether a page is left, or a good part of the last one. */

static ngx_uint_t
ngx_http_pyngx_stream_pages_left(ngx_http_pyngx_stream_t *s)
{
    ngx_uint_t              num;
    ngx_http_pyngx_page_t  *page;

    page = s->page;

    num = s->bufs.num;

    if (s->used == 0 || s->used < num) {
        return 1;
    }

    return s->used == num && page && page->refs
           && (size_t) (page->end - page->pos) > s->bufs.size / 8;
}
