
/*
 * Body filters written by hand on the reads of the runtime, as the compiler
 * would write them.  "reader NAME;" chooses one of them for a location.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


#include "runtime.h"


typedef struct {
    ngx_str_t                name;
    ngx_http_pyngx_body_pt   body;
} ngx_http_reader_t;


typedef struct {
    ngx_http_reader_t       *reader;
} ngx_http_reader_loc_conf_t;


typedef struct {
    ngx_http_pyngx_stream_t  stream;
    ngx_http_pyngx_scan_t    scan;
    ngx_uint_t               count;
    ngx_uint_t               loops;
} ngx_http_reader_ctx_t;


#define ngx_http_reader_ctx(s)                                                \
    ((ngx_http_reader_ctx_t *)                                                \
        ((u_char *) (s) - offsetof(ngx_http_reader_ctx_t, stream)))


static ngx_int_t ngx_http_reader_pieces(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_reader_bytes(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_reader_lines(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_reader_replace(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_reader_once(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_reader_subrequests(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_reader_wrap(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static char *ngx_http_reader_select(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void *ngx_http_reader_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_reader_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_reader_init(ngx_conf_t *cf);


static ngx_http_reader_t  ngx_http_readers[] = {
    { ngx_string("pieces"), ngx_http_reader_pieces },
    { ngx_string("bytes"), ngx_http_reader_bytes },
    { ngx_string("lines"), ngx_http_reader_lines },
    { ngx_string("replace"), ngx_http_reader_replace },
    { ngx_string("once"), ngx_http_reader_once },
    { ngx_string("subrequests"), ngx_http_reader_subrequests },
    { ngx_string("wrap"), ngx_http_reader_wrap },
    { ngx_null_string, NULL }
};


static ngx_str_t  ngx_http_reader_bar = ngx_string("|");
static ngx_str_t  ngx_http_reader_end = ngx_string("</body>");
static ngx_str_t  ngx_http_reader_before = ngx_string("/sub/before");
static ngx_str_t  ngx_http_reader_after = ngx_string("/sub/after");
static ngx_str_t  ngx_http_reader_words[] = {
    ngx_string("quick brown"),
    ngx_string("<b>fox</b> &amp;"),
    ngx_string("\n</body>"),
    ngx_string("\n")
};


static ngx_command_t  ngx_http_reader_commands[] = {

    { ngx_string("reader"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_reader_select,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_reader_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_reader_init,                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_reader_create_loc_conf,       /* create location configuration */
    ngx_http_reader_merge_loc_conf         /* merge location configuration */
};


ngx_module_t  ngx_http_reader_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_reader_filter_module_ctx,    /* module context */
    ngx_http_reader_commands,              /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_reader_header_filter(ngx_http_request_t *r)
{
    ngx_str_t                    value;
    ngx_http_reader_ctx_t       *ctx;
    ngx_http_reader_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_reader_filter_module);

    if (conf->reader == NULL || r->headers_out.status != NGX_HTTP_OK
        || r->headers_out.content_encoding)
    {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_reader_ctx_t));
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_arg(r, (u_char *) "n", 1, &value) == NGX_OK) {
        ctx->loops = ngx_atoi(value.data, value.len);
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_weak_etag(r);

    r->filter_need_in_memory = 1;

    ctx->stream.active = 1;
    ngx_http_set_ctx(r, ctx, ngx_http_reader_filter_module);

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_reader_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_reader_ctx_t       *ctx;
    ngx_http_reader_loc_conf_t  *conf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_reader_filter_module);

    if (ctx == NULL || !ctx->stream.active || r->header_only) {
        return ngx_http_next_body_filter(r, in);
    }

    conf = ngx_http_get_module_loc_conf(r, ngx_http_reader_filter_module);

    return ngx_http_pyngx_stream_filter(r, in, &ctx->stream,
                                        conf->reader->body);
}


/*
 * while piece := body.read(700):
 *     yield piece
 */

static ngx_int_t
ngx_http_reader_pieces(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;
    ngx_str_t  piece;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_read(r, s, 700, &piece);
        if (rc != NGX_OK || piece.len == 0) {
            return rc;
        }

        if (ngx_http_pyngx_stream_write(r, s, &piece) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


/*
 * while byte := body.read(1):
 *     yield b"%c" % (ord("+") if byte == b"&" else byte[0])
 */

static ngx_int_t
ngx_http_reader_bytes(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t   byte;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_read(r, s, 1, &byte);
        if (rc != NGX_OK || byte.len == 0) {
            return rc;
        }

        p = ngx_http_pyngx_stream_reserve(r, s, 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        *p++ = (byte.data[0] == '&') ? '+' : byte.data[0];

        ngx_http_pyngx_stream_commit(s, p);
    }
}


/*
 * for n, line in enumerate(body.lines(8192), 1):
 *     yield b"%6d  " % n
 *     yield line
 */

static ngx_int_t
ngx_http_reader_lines(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    u_char     *p;
    ngx_int_t   rc;
    ngx_str_t   line;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_readline(r, s, 8192, &line);
        if (rc != NGX_OK || line.len == 0) {
            return rc;
        }

        p = ngx_http_pyngx_stream_reserve(r, s, NGX_INT64_LEN + 2);
        if (p == NULL) {
            return NGX_ERROR;
        }

        p = ngx_sprintf(p, "%6ui  ", ++ngx_http_reader_ctx(s)->count);

        ngx_http_pyngx_stream_commit(s, p);

        if (ngx_http_pyngx_stream_write(r, s, &line) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


/*
 * for part in body.scan(WORDS):
 *     if part.matched:
 *         yield b"<%d>" % part.index
 *     else:
 *         yield part
 */

static ngx_int_t
ngx_http_reader_replace(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    u_char                 *p;
    ngx_int_t               rc;
    ngx_http_pyngx_part_t   part;
    ngx_http_pyngx_scan_t  *scan;

    scan = &ngx_http_reader_ctx(s)->scan;

    if (s->state == 0) {
        s->state = 1;

        if (ngx_http_pyngx_scan_init(r, s, scan, ngx_http_reader_words, 4, 0,
                                     4096)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_scan(r, s, scan, &part);

        if (rc != NGX_OK) {
            return (rc == NGX_DONE) ? NGX_OK : rc;
        }

        if (!part.matched) {
            if (ngx_http_pyngx_stream_write(r, s, &part.bytes) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        p = ngx_http_pyngx_stream_reserve(r, s, NGX_INT64_LEN + 2);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_http_pyngx_stream_commit(s, ngx_sprintf(p, "<%i>", part.index));
    }
}


/*
 * for part in body.scan(b"</body>", ignore_case=True):
 *     if part.matched:
 *         yield b"|"
 *         yield part
 *         break
 *     yield part
 * yield from body
 */

static ngx_int_t
ngx_http_reader_once(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t               rc;
    ngx_http_pyngx_part_t   part;
    ngx_http_pyngx_scan_t  *scan;

    scan = &ngx_http_reader_ctx(s)->scan;

    if (s->state == 0) {
        s->state = 1;

        if (ngx_http_pyngx_scan_init(r, s, scan, &ngx_http_reader_end, 1, 1,
                                     4096)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    while (s->state == 1) {

        rc = ngx_http_pyngx_stream_scan(r, s, scan, &part);

        if (rc != NGX_OK) {
            return (rc == NGX_DONE) ? NGX_OK : rc;
        }

        if (part.matched) {
            s->state = 2;

            if (ngx_http_pyngx_stream_text(r, s, &ngx_http_reader_bar)
                != NGX_OK)
            {
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


/*
 * yield b"|"
 * for i in range(n):
 *     yield subrequest(b"/sub/before", b"n=1")
 *     yield b"|"
 */

static ngx_int_t
ngx_http_reader_subrequests(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_str_t               args;
    ngx_http_reader_ctx_t  *ctx;

    ctx = ngx_http_reader_ctx(s);

    ngx_str_set(&args, "n=1");

    if (s->state == 0) {
        s->state = 1;

        if (ngx_http_pyngx_stream_text(r, s, &ngx_http_reader_bar) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for ( /* void */ ; ctx->count < ctx->loops; ctx->count++) {

        if (ngx_http_pyngx_stream_room(s) != NGX_OK) {
            return NGX_AGAIN;
        }

        if (ngx_http_pyngx_stream_subrequest(r, s, &ngx_http_reader_before,
                                             &args)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (ngx_http_pyngx_stream_text(r, s, &ngx_http_reader_bar) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * yield subrequest(b"/sub/before")
 * yield from body
 * yield subrequest(b"/sub/after")
 */

static ngx_int_t
ngx_http_reader_wrap(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    if (s->state == 0) {
        s->state = 1;

        if (ngx_http_pyngx_stream_subrequest(r, s, &ngx_http_reader_before,
                                             NULL)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    rc = ngx_http_pyngx_stream_rest(r, s);
    if (rc != NGX_DONE) {
        return rc;
    }

    return ngx_http_pyngx_stream_subrequest(r, s, &ngx_http_reader_after,
                                            NULL);
}


static char *
ngx_http_reader_select(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_reader_loc_conf_t *rlcf = conf;

    ngx_str_t          *value;
    ngx_http_reader_t  *reader;

    value = cf->args->elts;

    for (reader = ngx_http_readers; reader->name.len; reader++) {

        if (reader->name.len == value[1].len
            && ngx_strncmp(reader->name.data, value[1].data, value[1].len)
               == 0)
        {
            rlcf->reader = reader;
            return NGX_CONF_OK;
        }
    }

    return "names no reader";
}


static void *
ngx_http_reader_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_reader_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_reader_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->reader = NGX_CONF_UNSET_PTR;

    return conf;
}


static char *
ngx_http_reader_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_reader_loc_conf_t *prev = parent;
    ngx_http_reader_loc_conf_t *conf = child;

    ngx_conf_merge_ptr_value(conf->reader, prev->reader, NULL);

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_reader_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_reader_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_reader_body_filter;

    return NGX_OK;
}
