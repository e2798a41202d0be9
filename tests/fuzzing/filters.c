
/*
 * One compiled filter's body between a producer and a client, on nginx's own
 * pools, buffers and chains, for a fuzzer.
 *
 * An input says how the body is cut, how large the output's pages are and how
 * slow the client is; the rest is the body.  The filter gets it whole first,
 * for a client that takes all, and then in those pieces: what comes out must
 * be the same.  A piece's memory is freed as soon as it is consumed, so that
 * a sanitizer finds what is used too long.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "filter.h"


#define FUZZ_CUTS   32
#define FUZZ_BODY   8192
#define FUZZ_CALLS  1000000


typedef struct fuzz_piece_s {
    ngx_buf_t             buf;
    u_char               *memory;
    struct fuzz_piece_s  *next;
} fuzz_piece_t;


typedef struct {
    const uint8_t        *cuts;         /* lengths of the pieces */
    size_t                ncuts;
    const uint8_t        *body;
    size_t                len;
    ngx_bufs_t            pages;
    ngx_uint_t            slow;
    ngx_uint_t            flush;
    ngx_uint_t            single;       /* the end is on a data buffer */
} fuzz_case_t;


typedef struct {
    u_char               *data;
    size_t                len;
    size_t                size;
    ngx_uint_t            failed;
} fuzz_output_t;


volatile ngx_cycle_t               *ngx_cycle;    /* named by ngx_string.c */
ngx_http_output_header_filter_pt    ngx_http_top_header_filter;
ngx_http_output_body_filter_pt      ngx_http_top_body_filter;

static ngx_pool_t        *pool;
static ngx_chain_t       *below;        /* the client's queue */
static fuzz_piece_t      *pieces;
static fuzz_output_t     *output;
static ngx_uint_t         ends;
static ngx_uint_t         slow;
static uint32_t           state;


static void
fuzz_fail(const char *why)
{
    fprintf(stderr, "fuzz: %s\n", why);
    abort();
}


/* what the filter logs is not looked at: errors end a request */

void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    if (level <= NGX_LOG_ALERT) {
        fuzz_fail(fmt);
    }
}


/* a complex value without variables */

ngx_int_t
ngx_http_complex_value(ngx_http_request_t *r, ngx_http_complex_value_t *value,
    ngx_str_t *result)
{
    *result = value->value;

    return NGX_OK;
}


static uint32_t
fuzz_random(uint32_t n)
{
    state = state * 1664525 + 1013904223;

    return (state >> 8) % n;
}


static void
fuzz_emit(u_char *data, size_t len)
{
    if (output->len + len > output->size) {
        output->size = 2 * (output->len + len);
        output->data = realloc(output->data, output->size);
    }

    ngx_memcpy(output->data + output->len, data, len);
    output->len += len;
}


/* The filter below: a queue of which the client takes what it likes. */

static ngx_int_t
fuzz_client(ngx_http_request_t *r, ngx_chain_t *in)
{
    size_t        n, take;
    ngx_buf_t    *b;
    ngx_chain_t  *cl, **last;

    for (last = &below; *last; last = &(*last)->next) { /* void */ }

    for ( /* void */ ; in; in = in->next) {

        if (ngx_buf_size(in->buf) == 0 && !ngx_buf_special(in->buf)) {
            fuzz_fail("zero size buf");
        }

        cl = ngx_alloc_chain_link(pool);
        cl->buf = in->buf;
        cl->next = NULL;
        *last = cl;
        last = &cl->next;
    }

    take = slow ? fuzz_random(40) : (size_t) -1;

    while (below) {

        cl = below;
        b = cl->buf;
        n = ngx_min((size_t) (b->last - b->pos), take);

        if (n) {
            fuzz_emit(b->pos, n);
        }

        b->pos += n;
        take -= n;

        if (b->pos != b->last) {
            return NGX_AGAIN;
        }

        ends += b->last_buf;
        b->last_buf = 0;

        below = cl->next;
        ngx_free_chain(pool, cl);
    }

    return NGX_OK;
}


static ngx_chain_t *
fuzz_piece(const uint8_t *data, size_t len)
{
    ngx_chain_t   *cl;
    fuzz_piece_t  *piece;

    piece = calloc(1, sizeof(fuzz_piece_t));

    if (len) {
        piece->memory = malloc(len);
        ngx_memcpy(piece->memory, data, len);
        piece->buf.temporary = 1;
        piece->buf.pos = piece->memory;
        piece->buf.last = piece->memory + len;
    }

    piece->next = pieces;
    pieces = piece;

    cl = ngx_alloc_chain_link(pool);
    cl->buf = &piece->buf;
    cl->next = NULL;

    return cl;
}


/* One call of the filter; NGX_ERROR ends the request. */

static ngx_int_t
fuzz_call(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t      rc;
    ngx_chain_t   *cl, *next;
    fuzz_piece_t  *piece;

    rc = ngx_http_top_body_filter(r, in);

    for (cl = in; cl; cl = next) {
        next = cl->next;
        ngx_free_chain(pool, cl);
    }

    for (piece = pieces; piece; piece = piece->next) {
        if (piece->memory && piece->buf.pos == piece->buf.last) {
            free(piece->memory);
            piece->memory = NULL;
        }
    }

    return rc;
}


static ngx_int_t
fuzz_feed(ngx_http_request_t *r, fuzz_case_t *c)
{
    size_t        at, i, n;
    ngx_int_t     rc;
    ngx_uint_t    last;
    ngx_chain_t  *cl;

    at = 0;

    for (i = 0; /* void */ ; i++) {

        n = c->len - at;
        n = (i < c->ncuts) ? ngx_min(n, (size_t) c->cuts[i]) : n;
        last = (at + n == c->len);

        if (n == 0 && !last) {
            continue;
        }

        cl = fuzz_piece(c->body + at, n);
        at += n;

        cl->buf->flush = (n && c->flush);

        if (last && n && !c->single) {
            cl->next = fuzz_piece(NULL, 0);
            cl->next->buf->last_buf = 1;
            cl->next->buf->last_in_chain = 1;

        } else if (last) {
            cl->buf->last_buf = 1;
            cl->buf->last_in_chain = 1;
        }

        rc = fuzz_call(r, cl);

        if (rc == NGX_ERROR || last) {
            return rc;
        }
    }
}


static void
fuzz_run(fuzz_case_t *c, fuzz_output_t *out)
{
    void                  *ctx[1], *confs[1], *loc_confs[1];
    ngx_int_t              rc;
    ngx_log_t              log;
    ngx_uint_t             calls;
    ngx_conf_t             cf;
    fuzz_piece_t          *piece;
    ngx_connection_t       connection;
    ngx_http_request_t     r;
    fuzz_ctx_t            *fuzz_ctx;
    fuzz_conf_t           *fuzz_conf;

    ngx_memzero(&log, sizeof(ngx_log_t));
    ngx_memzero(&connection, sizeof(ngx_connection_t));
    ngx_memzero(&r, sizeof(ngx_http_request_t));
    ngx_memzero(&cf, sizeof(ngx_conf_t));
    ngx_memzero(ctx, sizeof(ctx));
    ngx_memzero(confs, sizeof(confs));

    log.log_level = NGX_LOG_ALERT;
    connection.log = &log;
    pool = ngx_create_pool(1024, &log);

    r.signature = NGX_HTTP_MODULE;
    r.connection = &connection;
    r.pool = pool;
    r.main = &r;
    r.ctx = ctx;
    r.main_conf = confs;
    r.srv_conf = confs;
    r.loc_conf = loc_confs;
    r.headers_out.status = NGX_HTTP_OK;

    FUZZ_MODULE.ctx_index = 0;

    fuzz_conf = ngx_pcalloc(pool, sizeof(fuzz_conf_t));
    fuzz_ctx = ngx_pcalloc(pool, sizeof(fuzz_ctx_t));
    loc_confs[0] = fuzz_conf;
    ctx[0] = fuzz_ctx;

    fuzz_ctx->stream.active = 1;
    fuzz_ctx->stream.bufs = c->pages;

    fuzz_setup(pool, fuzz_conf, fuzz_ctx);

    ngx_http_next_body_filter = fuzz_client;
    ngx_http_top_body_filter = FUZZ_BODY_FILTER;

    below = NULL;
    pieces = NULL;
    ends = 0;
    output = out;
    slow = c->slow;
    state = 1;

    rc = fuzz_feed(&r, c);

    for (calls = 0; rc != NGX_ERROR; calls++) {

        if (ends && below == NULL && fuzz_ctx->stream.busy == NULL) {
            break;
        }

        if (calls == FUZZ_CALLS) {
            fuzz_fail("it does not end");
        }

        rc = fuzz_call(&r, NULL);
    }

    out->failed = (rc == NGX_ERROR);

    if (!out->failed && ends != 1) {
        fuzz_fail("it ends twice");
    }

    for ( /* void */ ; pieces; pieces = piece) {
        piece = pieces->next;

        if (pieces->memory && !out->failed) {
            fuzz_fail("input that was never consumed");
        }

        free(pieces->memory);
        free(pieces);
    }

    ngx_destroy_pool(pool);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t         i;
    fuzz_case_t    c;
    fuzz_output_t  cut, whole;

    static size_t  sizes[] = { 16, 48, 200, 4096 };

    if (size < 2) {
        return 0;
    }

    ngx_memzero(&c, sizeof(fuzz_case_t));
    ngx_memzero(&whole, sizeof(fuzz_output_t));
    ngx_memzero(&cut, sizeof(fuzz_output_t));

    c.ncuts = ngx_min(data[1] % FUZZ_CUTS, size - 2);
    c.body = data + 2 + c.ncuts;
    c.len = ngx_min(size - 2 - c.ncuts, FUZZ_BODY);
    c.pages.num = 4;
    c.pages.size = 4096;

    i = c.ncuts;
    c.ncuts = 0;
    fuzz_run(&c, &whole);

    c.ncuts = i;
    c.cuts = data + 2;
    c.slow = data[0] & 1;
    c.flush = (data[0] >> 1) & 1;
    c.single = (data[0] >> 2) & 1;
    c.pages.num = 1 + ((data[0] >> 3) & 3);
    c.pages.size = sizes[(data[0] >> 5) & 3];
    fuzz_run(&c, &cut);

    if (whole.failed != cut.failed) {
        fuzz_fail("it fails for some cuts");
    }

    if (!whole.failed
        && (whole.len != cut.len
            || (cut.len && ngx_memcmp(whole.data, cut.data, cut.len) != 0)))
    {
        fuzz_fail("the output depends on the cuts");
    }

    free(whole.data);
    free(cut.data);

    return 0;
}


#if (FUZZ_REPLAY)

int
main(int argc, char **argv)
{
    int       i;
    FILE     *file;
    size_t    n;
    uint8_t  *data;

    for (i = 1; i < argc; i++) {
        data = malloc(65536);
        file = fopen(argv[i], "rb");
        n = fread(data, 1, 65536, file);
        fclose(file);
        data = realloc(data, n + 1);

        LLVMFuzzerTestOneInput(data, n);
        free(data);
    }

    return 0;
}

#endif
