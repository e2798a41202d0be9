
/*
 * The stream engine between a producer and a client that are simulated, on
 * nginx's own pools, buffers and chains.
 *
 * Cases come from stdin, output goes to stdout.  An input buffer's memory is
 * freed as soon as its producer sees it consumed, so that a sanitizer finds
 * what is used too long.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


static ngx_int_t ngx_http_next_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);


#include "runtime.h"


#define DRIVER_LITERALS  64


typedef struct {
    uint32_t                  program;
    uint32_t                  n;
    uint32_t                  seed;
    uint32_t                  slow;         /* the client takes little */
    uint32_t                  flush;        /* of 100 buffers */
    uint32_t                  marks;        /* of 100 buffers; 101: the first */
    uint32_t                  subs;         /* of 100 steps ask for more */
    uint32_t                  single;       /* the end is on a data buffer */
    uint32_t                  ignore_case;
    uint32_t                  narrow;       /* 1: 16-byte vectors, 2: none of several */
    int32_t                   credit;       /* for comparing in vain */
    uint32_t                  limit;        /* of a match */
    uint32_t                  pages;
    uint32_t                  page_size;
    uint32_t                  nliterals;
    uint32_t                  ncuts;
    uint32_t                  len;
} driver_case_t;


typedef struct driver_piece_s {
    ngx_buf_t                 buf;
    u_char                   *memory;
    struct driver_piece_s    *next;
} driver_piece_t;


typedef struct driver_queued_s {
    ngx_buf_t                *buf;
    ngx_buf_t                 was;          /* when it came */
    struct driver_queued_s   *next;
} driver_queued_t;


volatile ngx_cycle_t         *ngx_cycle;      /* named by ngx_string.c */

static driver_case_t          c;
static ngx_http_pyngx_scan_t  scan;
static ngx_str_t              literals[DRIVER_LITERALS];

static driver_queued_t       *below;        /* the client's queue */
static driver_piece_t        *pieces;
static ngx_uint_t             piece_count;
static ngx_uint_t             ends;
static ngx_uint_t             marks;        /* ends of parts that were made */
static ngx_uint_t             parts;        /* and those that came */
static ngx_uint_t             flushed;      /* nothing came since a flush */
static size_t                 fed;          /* bytes that went in */
static size_t                 passed;       /* bytes that came out */
static ngx_uint_t             most_own;
static ngx_uint_t             most_used;
static u_char                *output;
static size_t                 output_len;
static size_t                 output_size;
static uint32_t               state;
static ngx_uint_t             step;
static ngx_pool_t            *pool;
static ngx_http_pyngx_stream_t  *stream;


/* random numbers that are the same everywhere */

static uint32_t
driver_random(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;

    return (state >> 8) % n;
}


static void
driver_fail(const char *why)
{
    fprintf(stderr, "driver: %s\n", why);
    exit(2);
}


void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    driver_fail(fmt);
}


static void
driver_emit(u_char *data, size_t len)
{
    if (output_len + len > output_size) {
        output_size = 2 * (output_len + len);
        output = realloc(output, output_size);
    }

    ngx_memcpy(output + output_len, data, len);
    output_len += len;
}


/* Frees what the producer sees consumed. */

static void
driver_collect(void)
{
    driver_piece_t  *piece, **last;

    last = &pieces;

    while (*last) {
        piece = *last;

        if (piece->memory && piece->buf.pos == piece->buf.last) {
            free(piece->memory);
            piece->memory = NULL;
        }

        last = &piece->next;
    }
}


/* What is queued belongs to who has it: nothing of it may change. */

static void
driver_unchanged(driver_queued_t *queued)
{
    ngx_buf_t  now;

    now = *queued->buf;
    now.shadow = queued->was.shadow;

    if (ngx_memcmp(&now, &queued->was, sizeof(ngx_buf_t)) != 0) {
        driver_fail("a buffer that is queued has changed");
    }
}


static void
driver_arrived(ngx_buf_t *b)
{
    if (ngx_buf_size(b) == 0 && !ngx_buf_special(b)) {
        driver_fail("zero size buf");
    }

    if (ends) {
        driver_fail("something behind the end");
    }

    ends += b->last_buf;
    parts += b->last_in_chain;
    passed += b->last - b->pos;

    if (b->flush) {

        if (flushed && b->pos == NULL && b->tag == (ngx_buf_tag_t) stream) {
            driver_fail("a flush of nothing");
        }

        flushed = 1;

    } else if (b->pos) {
        flushed = 0;
    }
}


/* The filter below: a queue of which the client takes what it likes. */

static ngx_int_t
ngx_http_next_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    size_t            n, take;
    ngx_buf_t        *b;
    ngx_uint_t        all;
    driver_queued_t  *queued, **last;

    most_own = ngx_max(most_own, stream->own);
    most_used = ngx_max(most_used, stream->used);

    for (last = &below; *last; last = &(*last)->next) {
        driver_unchanged(*last);
    }

    for ( /* void */ ; in; in = in->next) {

        driver_arrived(in->buf);

        queued = malloc(sizeof(driver_queued_t));
        queued->buf = in->buf;
        queued->was = *in->buf;
        queued->next = NULL;
        *last = queued;
        last = &queued->next;
    }

    all = !c.slow || driver_random(4) == 0;
    take = all ? (size_t) -1 : driver_random(c.slow);

    while (below) {

        queued = below;
        driver_unchanged(queued);

        b = queued->buf;
        n = ngx_min((size_t) (b->last - b->pos), take);

        driver_emit(b->pos, n);

        b->pos += n;
        queued->was.pos = b->pos;
        take -= n;

        if (b->pos != b->last) {
            break;
        }

        below = queued->next;
        free(queued);

        if (!all && driver_random(8) == 0) {
            break;
        }
    }

    return below ? NGX_AGAIN : NGX_OK;
}


/* yield b"|" */

static ngx_int_t
driver_bar(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    static ngx_str_t  bar = ngx_string("|");

    return ngx_http_pyngx_stream_text(r, s, &bar);
}


static ngx_int_t
driver_read(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;
    ngx_str_t  value;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_read(r, s, c.n, &value);
        if (rc != NGX_OK || value.len == 0) {
            return rc;
        }

        if (ngx_http_pyngx_stream_write(r, s, &value) != NGX_OK
            || driver_bar(r, s) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }
}


static ngx_int_t
driver_lines(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t   line;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_readline(r, s, c.n, &line);
        if (rc != NGX_OK || line.len == 0) {
            return rc;
        }

        p = ngx_http_pyngx_stream_reserve(r, s, 20);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_http_pyngx_stream_commit(s, ngx_sprintf(p, "%ui:", ++step));

        if (ngx_http_pyngx_stream_write(r, s, &line) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


static ngx_int_t
driver_scan(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    u_char                 *p;
    ngx_int_t               rc;
    ngx_http_pyngx_part_t   part;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_scan(r, s, &scan, &part);
        if (rc != NGX_OK) {
            return (rc == NGX_DONE) ? NGX_OK : rc;
        }

        if (part.bytes.len == 0) {
            driver_fail("empty part");
        }

        if (!part.matched) {
            if (ngx_http_pyngx_stream_write(r, s, &part.bytes) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        p = ngx_http_pyngx_stream_reserve(r, s, part.bytes.len + 20);
        if (p == NULL) {
            return NGX_ERROR;
        }

        p = ngx_sprintf(p, "<%i:%V>", part.index, &part.bytes);

        ngx_http_pyngx_stream_commit(s, p);
    }
}


/* One match is marked, the rest passes. */

static ngx_int_t
driver_once(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t              rc;
    ngx_http_pyngx_part_t  part;

    while (s->state == 0) {

        rc = ngx_http_pyngx_stream_scan(r, s, &scan, &part);

        if (rc == NGX_DONE) {
            break;
        }

        if (rc != NGX_OK) {
            return rc;
        }

        if (part.matched) {
            s->state = 1;

            if (driver_bar(r, s) != NGX_OK) {
                return NGX_ERROR;
            }
        }

        if (ngx_http_pyngx_stream_write(r, s, &part.bytes) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    rc = ngx_http_pyngx_stream_rest(r, s);

    return (rc == NGX_DONE) ? NGX_OK : rc;
}


/* Of the pieces one of four is sent, the others are dropped. */

static ngx_int_t
driver_drop(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;
    ngx_str_t  value;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_read(r, s, c.n, &value);
        if (rc != NGX_OK || value.len == 0) {
            return rc;
        }

        if (++step % 4 == 0
            && ngx_http_pyngx_stream_write(r, s, &value) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }
}


/* What ngx_http_pyngx_stream_subrequest() does, without a request. */

static ngx_int_t
driver_subrequest(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_http_pyngx_sub_t  *sub;

    marks++;

    if (ngx_http_pyngx_stream_mark(r, s) != NGX_OK
        || ngx_http_pyngx_stream_send(r, s, s->out) == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    sub = ngx_palloc(pool, sizeof(ngx_http_pyngx_sub_t));
    sub->request = ngx_pcalloc(pool, sizeof(ngx_http_request_t));
    sub->next = s->subs;
    s->subs = sub;
    s->grown = 1;

    return NGX_OK;
}


/* What is said to be a literal is that literal. */

static void
driver_matched(ngx_http_pyngx_part_t *part)
{
    ngx_str_t  *text;

    text = &scan.needles[part->index].text;

    if (part->bytes.len != text->len
        || (c.ignore_case
            ? ngx_strncasecmp(part->bytes.data, text->data, text->len)
            : ngx_memcmp(part->bytes.data, text->data, text->len)) != 0)
    {
        driver_fail("what has matched is another text");
    }
}


/* All reads in any order; what comes out is what came in. */

static ngx_int_t
driver_mix(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    u_char                 *p;
    ngx_int_t               rc;
    ngx_str_t               value;
    ngx_http_pyngx_part_t   part;

    for ( ;; ) {

        if (s->state == 0) {
            s->state = 1 + driver_random(8);
            step = driver_random(c.n) + 1;

            if (driver_random(64) == 0) {
                s->state = 9;
            }

            if (driver_random(100) < c.subs
                && driver_subrequest(r, s) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }

        switch (s->state) {

        case 1:
            rc = ngx_http_pyngx_stream_read(r, s, step, &value);
            break;

        case 2:
            rc = ngx_http_pyngx_stream_readline(r, s, step, &value);

            if (rc == NGX_OK && value.len
                && memchr(value.data, LF, value.len - 1) != NULL)
            {
                driver_fail("a line goes on behind its end");
            }

            break;

        case 3:
        case 4:
        case 5:
            rc = ngx_http_pyngx_stream_scan(r, s, &scan, &part);
            value = part.bytes;

            if (rc == NGX_OK && part.matched) {
                driver_matched(&part);
            }

            break;

        case 9:
            rc = ngx_http_pyngx_stream_rest(r, s);
            break;

        default:
            rc = ngx_http_pyngx_stream_next(r, s);
            break;
        }

        if (rc == NGX_DONE) {
            return NGX_OK;
        }

        if (rc != NGX_OK) {
            return rc;
        }

        switch (s->state) {

        case 6:
            rc = ngx_http_pyngx_stream_pass(r, s);
            break;

        case 7:
            rc = ngx_http_pyngx_stream_view(r, s);
            break;

        case 8:
            value.data = s->buf->pos;
            value.len = s->buf->last - s->buf->pos;
            rc = ngx_http_pyngx_stream_write(r, s, &value);
            break;

        case 1:
        case 2:
            if (value.len == 0) {
                return NGX_OK;
            }

            if (step % 2) {
                p = ngx_pnalloc(ngx_http_pyngx_stream_pool(r, s), value.len);
                ngx_memcpy(p, value.data, value.len);
                value.data = p;
            }

            /* fall through */

        default:
            rc = ngx_http_pyngx_stream_write(r, s, &value);
            break;
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }

        s->state = 0;
    }
}


static ngx_http_pyngx_body_pt  programs[] = {
    driver_read,
    driver_lines,
    driver_scan,
    driver_once,
    driver_mix,
    driver_drop
};


static void
driver_get(void *data, size_t len)
{
    if (len && fread(data, len, 1, stdin) != 1) {
        driver_fail("short case");
    }
}


static ngx_chain_t *
driver_piece(u_char *data, size_t len)
{
    ngx_chain_t     *cl;
    driver_piece_t  *piece;

    piece = calloc(1, sizeof(driver_piece_t));

    if (len) {
        piece->memory = malloc(len);
        ngx_memcpy(piece->memory, data, len);
        piece->buf.temporary = 1;
        piece->buf.pos = piece->memory;
        piece->buf.last = piece->memory + len;
        piece_count++;
    }

    piece->next = pieces;
    pieces = piece;

    cl = ngx_alloc_chain_link(pool);
    cl->buf = &piece->buf;
    cl->next = NULL;

    return cl;
}


static void
driver_call(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t              rc;
    ngx_uint_t             buffered, flush, mark, waits;
    ngx_chain_t           *cl, *next;
    ngx_http_pyngx_sub_t  *sub;

    flush = 0;
    mark = 0;

    for (cl = in; cl; cl = cl->next) {
        fed += cl->buf->last - cl->buf->pos;
        mark = (cl->buf->last_in_chain && !cl->buf->last_buf);
        flush = (cl->buf->flush && !mark);
    }

    for (sub = stream->subs; sub; sub = sub->next) {
        sub->request->done |= (driver_random(4) == 0);
    }

    rc = ngx_http_pyngx_stream_filter(r, in, stream, programs[c.program]);

    if (rc == NGX_ERROR) {
        driver_fail("error");
    }

    /* where the rest passes and all of it has, nothing waits for room */

    buffered = (r->buffered & NGX_HTTP_PYNGX_BUFFERED);
    waits = (!stream->rest || stream->in || stream->buf || stream->end);

    if ((buffered && !stream->blocked)
        || (!buffered && stream->blocked && waits))
    {
        driver_fail("buffered is not the truth");
    }

    if (flush && !flushed && !stream->blocked && !stream->in && !stream->buf
        && !stream->end)
    {
        driver_fail("a flush is lost");
    }

    /* whoever made the mark appends the next thing now */

    if (mark && passed < fed) {
        driver_fail("what is appended comes too early");
    }

    /* a chain that passes as it is would overtake what is held */

    if (stream->rest && stream->held != stream->held_last
        && !stream->end && !stream->in && !stream->buf)
    {
        driver_fail("something is held while the rest passes");
    }

    for (cl = in; cl; cl = next) {
        next = cl->next;
        ngx_free_chain(pool, cl);
    }

    driver_collect();
}


static void
driver_feed(ngx_http_request_t *r, u_char *body, uint32_t *cuts)
{
    size_t        at, end;
    uint32_t      i, mark;
    ngx_chain_t  *cl, *in, **last;

    at = 0;
    in = NULL;
    last = &in;

    for (i = 0; i <= c.ncuts; i++) {

        end = (i < c.ncuts) ? cuts[i] : c.len;
        cl = NULL;

        if (end > at) {
            cl = driver_piece(body + at, end - at);
            cl->buf->flush = (driver_random(100) < c.flush);
        }

        if (i == c.ncuts && (cl == NULL || !c.single)) {
            if (cl) {
                *last = cl;
                last = &cl->next;
            }

            cl = driver_piece(NULL, 0);
        }

        if (cl == NULL) {
            continue;
        }

        if (i == c.ncuts) {
            cl->buf->last_buf = 1;
        }

        *last = cl;
        last = &cl->next;
        at = end;

        mark = (driver_random(100) < c.marks && !cl->buf->last_buf
                && (c.marks <= 100 || i == 0));

        if (mark) {

            if (driver_random(2)) {
                cl = driver_piece(NULL, 0);
                *last = cl;
                last = &cl->next;
            }

            cl->buf->last_in_chain = 1;
            cl->buf->sync = 1;
            marks++;

        } else if (driver_random(100) < c.flush && !cl->buf->last_buf) {
            cl = driver_piece(NULL, 0);
            cl->buf->flush = 1;
            *last = cl;
            last = &cl->next;
        }

        if (i == c.ncuts || mark || driver_random(2)) {
            driver_call(r, in);
            in = NULL;
            last = &in;
        }

        if (driver_random(8) == 0) {
            driver_call(r, NULL);
        }
    }
}


static void
driver_run(void)
{
    u_char                  *body;
    uint32_t                *cuts, hold, i, len;
    ngx_log_t                log;
    ngx_uint_t               loops;
    driver_piece_t          *piece;
    ngx_connection_t         connection;
    ngx_http_request_t       r;
    ngx_http_pyngx_stream_t  s;

    ngx_memzero(&log, sizeof(ngx_log_t));
    ngx_memzero(&connection, sizeof(ngx_connection_t));
    ngx_memzero(&r, sizeof(ngx_http_request_t));
    ngx_memzero(&s, sizeof(ngx_http_pyngx_stream_t));
    ngx_memzero(&scan, sizeof(ngx_http_pyngx_scan_t));

    pool = ngx_create_pool(4096, &log);
    stream = &s;
    connection.log = &log;
    r.connection = &connection;
    r.pool = pool;
    r.main = &r;

    s.bufs.num = c.pages;
    s.bufs.size = c.page_size;

    below = NULL;
    pieces = NULL;
    piece_count = 0;
    ends = 0;
    marks = 0;
    parts = 0;
    flushed = 0;
    fed = 0;
    passed = 0;
    most_own = 0;
    most_used = 0;
    output_len = 0;
    step = 0;
    state = c.seed * 2654435769u + 1;

    for (i = 0; i < c.nliterals; i++) {
        driver_get(&len, sizeof(uint32_t));
        literals[i].len = len;
        literals[i].data = malloc(len);
        driver_get(literals[i].data, len);
    }

    cuts = malloc((c.ncuts + 1) * sizeof(uint32_t));
    driver_get(cuts, c.ncuts * sizeof(uint32_t));

    body = malloc(c.len + 1);
    driver_get(body, c.len);

    if (ngx_http_pyngx_scan_init(&r, &s, &scan, literals, c.nliterals,
                                 c.ignore_case, c.limit)
        != NGX_OK)
    {
        driver_fail("scan_init");
    }

    scan.credit = c.credit;

    for (i = 0; i < c.nliterals; i++) {
        free(literals[i].data);

        if (c.narrow) {
            scan.needles[i].avx2 = 0;
            scan.picked[0] = (c.narrow == 1) ? scan.picked[0] : 0;
        }
    }

    driver_feed(&r, body, cuts);

    for (loops = 0; (s.busy || !s.done || below) && loops < 1000000; loops++) {
        driver_call(&r, NULL);
    }

    if (ends != 1 || !s.done || s.busy || below || s.own || s.used) {
        driver_fail("not finished");
    }

    if (parts != marks + 1) {
        driver_fail("an end of a part is none, or is lost");
    }

    for ( /* void */ ; pieces; pieces = piece) {
        piece = pieces->next;

        if (pieces->memory) {
            driver_fail("input that was never consumed");
        }

        free(pieces);
    }

    hold = s.hold_end - s.hold;

    free(body);
    free(cuts);
    ngx_destroy_pool(pool);

    len = output_len;
    fwrite(&len, sizeof(uint32_t), 1, stdout);
    len = most_own;
    fwrite(&len, sizeof(uint32_t), 1, stdout);
    len = most_used;
    fwrite(&len, sizeof(uint32_t), 1, stdout);
    len = hold;
    fwrite(&len, sizeof(uint32_t), 1, stdout);
    fwrite(output, output_len, 1, stdout);
    fflush(stdout);
}


int
main(void)
{
    ngx_pagesize = 4096;
    ngx_cacheline_size = 64;

    while (fread(&c, sizeof(driver_case_t), 1, stdin) == 1) {
        driver_run();
    }

    free(output);

    return 0;
}
