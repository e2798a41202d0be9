
/*
 * Body filters written by hand on the runtime, as the compiler would write
 * them.  "engine NAME;" chooses one of them for a location.
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
    ngx_http_pyngx_chain_pt  chain;
} ngx_http_engine_t;


typedef struct {
    ngx_http_engine_t       *engine;
} ngx_http_engine_loc_conf_t;


typedef struct {
    ngx_http_pyngx_stream_t  stream;
    ngx_uint_t               count;
    ngx_uint_t               loops;
} ngx_http_engine_ctx_t;


#define ngx_http_engine_count(s)                                              \
    ((ngx_http_engine_ctx_t *)                                                \
        ((u_char *) (s) - offsetof(ngx_http_engine_ctx_t, stream)))->count


static ngx_int_t ngx_http_engine_footer(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_header(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_each(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_around(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_twice(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_drop(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_odd(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_replace(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_nothing(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_loop(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_fail(ngx_http_request_t *r,
    ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_chain_prefix(ngx_http_request_t *r,
    ngx_chain_t *in, ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_chain_twice(ngx_http_request_t *r,
    ngx_chain_t *in, ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_chain_replace(ngx_http_request_t *r,
    ngx_chain_t *in, ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_chain_expand(ngx_http_request_t *r,
    ngx_chain_t *in, ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_chain_after(ngx_http_request_t *r,
    ngx_chain_t *in, ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_chain_pass(ngx_http_request_t *r,
    ngx_chain_t *in, ngx_http_pyngx_stream_t *s);
static ngx_int_t ngx_http_engine_chain_nothing(ngx_http_request_t *r,
    ngx_chain_t *in, ngx_http_pyngx_stream_t *s);
static char *ngx_http_engine_select(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void *ngx_http_engine_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_engine_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_engine_init(ngx_conf_t *cf);


static ngx_http_engine_t  ngx_http_engines[] = {
    { ngx_string("footer"), ngx_http_engine_footer, NULL },
    { ngx_string("header"), ngx_http_engine_header, NULL },
    { ngx_string("each"), ngx_http_engine_each, NULL },
    { ngx_string("around"), ngx_http_engine_around, NULL },
    { ngx_string("twice"), ngx_http_engine_twice, NULL },
    { ngx_string("drop"), ngx_http_engine_drop, NULL },
    { ngx_string("odd"), ngx_http_engine_odd, NULL },
    { ngx_string("replace"), ngx_http_engine_replace, NULL },
    { ngx_string("nothing"), ngx_http_engine_nothing, NULL },
    { ngx_string("loop"), ngx_http_engine_loop, NULL },
    { ngx_string("fail"), ngx_http_engine_fail, NULL },
    { ngx_string("chain_prefix"), NULL, ngx_http_engine_chain_prefix },
    { ngx_string("chain_twice"), NULL, ngx_http_engine_chain_twice },
    { ngx_string("chain_replace"), NULL, ngx_http_engine_chain_replace },
    { ngx_string("chain_expand"), NULL, ngx_http_engine_chain_expand },
    { ngx_string("chain_after"), NULL, ngx_http_engine_chain_after },
    { ngx_string("chain_pass"), NULL, ngx_http_engine_chain_pass },
    { ngx_string("chain_nothing"), NULL, ngx_http_engine_chain_nothing },
    { ngx_null_string, NULL, NULL }
};


static ngx_str_t  ngx_http_engine_text = ngx_string("<text \303\251>");
static ngx_str_t  ngx_http_engine_x = ngx_string("x");
static u_char     ngx_http_engine_zeros[32768];
static ngx_str_t  ngx_http_engine_large = {
    sizeof(ngx_http_engine_zeros), ngx_http_engine_zeros
};
static ngx_str_t  ngx_http_engine_empty = ngx_string("");


static ngx_command_t  ngx_http_engine_commands[] = {

    { ngx_string("engine"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_engine_select,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_engine_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_engine_init,                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_engine_create_loc_conf,       /* create location configuration */
    ngx_http_engine_merge_loc_conf         /* merge location configuration */
};


ngx_module_t  ngx_http_engine_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_engine_filter_module_ctx,    /* module context */
    ngx_http_engine_commands,              /* module directives */
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
ngx_http_engine_header_filter(ngx_http_request_t *r)
{
    ngx_str_t                    value;
    ngx_http_engine_ctx_t       *ctx;
    ngx_http_engine_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_engine_filter_module);

    if (conf->engine == NULL || r->headers_out.status != NGX_HTTP_OK
        || r->headers_out.content_encoding)
    {
        return ngx_http_next_header_filter(r);
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_engine_ctx_t));
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->loops = 1000000;

    if (ngx_http_arg(r, (u_char *) "n", 1, &value) == NGX_OK) {
        ctx->loops = ngx_atoi(value.data, value.len);
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_weak_etag(r);

    ctx->stream.active = 1;
    ngx_http_set_ctx(r, ctx, ngx_http_engine_filter_module);

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_engine_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_engine_ctx_t       *ctx;
    ngx_http_engine_loc_conf_t  *conf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_engine_filter_module);

    if (ctx == NULL || !ctx->stream.active || r->header_only) {
        return ngx_http_next_body_filter(r, in);
    }

    conf = ngx_http_get_module_loc_conf(r, ngx_http_engine_filter_module);

    if (conf->engine->chain) {
        return ngx_http_pyngx_chain_filter(r, in, &ctx->stream,
                                           conf->engine->chain);
    }

    return ngx_http_pyngx_stream_filter(r, in, &ctx->stream,
                                        conf->engine->body);
}


/*
 * yield from body
 * yield TEXT
 */

static ngx_int_t
ngx_http_engine_footer(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_stream_rest(r, s);
    if (rc != NGX_DONE) {
        return rc;
    }

    return ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_text);
}


/*
 * yield TEXT
 * yield from body
 */

static ngx_int_t
ngx_http_engine_header(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    if (s->state == 0) {
        s->state = 1;

        if (ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_text) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    rc = ngx_http_pyngx_stream_rest(r, s);

    return (rc == NGX_DONE) ? NGX_OK : rc;
}


/*
 * for buf in body:
 *     yield buf
 */

static ngx_int_t
ngx_http_engine_each(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_next(r, s);

        if (rc != NGX_OK) {
            return (rc == NGX_DONE) ? NGX_OK : rc;
        }

        if (ngx_http_pyngx_stream_pass(r, s) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


/*
 * for buf in body:
 *     yield b"x"
 *     yield buf
 *     yield b""
 *     yield buf
 *     yield b"x"
 */

static ngx_int_t
ngx_http_engine_around(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_next(r, s);

        if (rc != NGX_OK) {
            return (rc == NGX_DONE) ? NGX_OK : rc;
        }

        if (ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_x) != NGX_OK
            || ngx_http_pyngx_stream_view(r, s) != NGX_OK
            || ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_empty)
               != NGX_OK
            || ngx_http_pyngx_stream_view(r, s) != NGX_OK
            || ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_x) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }
}


/*
 * for buf in body:
 *     yield buf
 *     yield buf
 */

static ngx_int_t
ngx_http_engine_twice(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_next(r, s);

        if (rc != NGX_OK) {
            return (rc == NGX_DONE) ? NGX_OK : rc;
        }

        if (ngx_http_pyngx_stream_view(r, s) != NGX_OK
            || ngx_http_pyngx_stream_pass(r, s) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }
}


/*
 * for buf in body:
 *     pass
 */

static ngx_int_t
ngx_http_engine_drop(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    do {
        rc = ngx_http_pyngx_stream_next(r, s);
    } while (rc == NGX_OK);

    return (rc == NGX_DONE) ? NGX_OK : rc;
}


/*
 * for n, buf in enumerate(body):
 *     if n % 2:
 *         yield buf
 */

static ngx_int_t
ngx_http_engine_odd(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_next(r, s);

        if (rc != NGX_OK) {
            return (rc == NGX_DONE) ? NGX_OK : rc;
        }

        if (ngx_http_engine_count(s)++ % 2
            && ngx_http_pyngx_stream_pass(r, s) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }
}


/*
 * for buf in body:
 *     yield b"x"
 */

static ngx_int_t
ngx_http_engine_replace(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    for ( ;; ) {
        rc = ngx_http_pyngx_stream_next(r, s);

        if (rc != NGX_OK) {
            return (rc == NGX_DONE) ? NGX_OK : rc;
        }

        if (ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_x) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


/* return */

static ngx_int_t
ngx_http_engine_nothing(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    return NGX_OK;
}


/*
 * for n in range(loops):
 *     yield b"x"
 */

static ngx_int_t
ngx_http_engine_loop(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_http_engine_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_engine_filter_module);

    while (ctx->count < ctx->loops) {

        if (ngx_http_pyngx_stream_room(s) != NGX_OK) {
            return NGX_AGAIN;
        }

        if (ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_x) != NGX_OK) {
            return NGX_ERROR;
        }

        ctx->count++;
    }

    return NGX_OK;
}


/*
 * yield TEXT
 * for buf in body:
 *     raise ValueError
 */

static ngx_int_t
ngx_http_engine_fail(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s)
{
    ngx_int_t  rc;

    if (s->state == 0) {
        s->state = 1;

        if (ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_text) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    rc = ngx_http_pyngx_stream_next(r, s);

    if (rc == NGX_OK) {
        return NGX_ERROR;
    }

    return (rc == NGX_DONE) ? NGX_OK : rc;
}


/*
 * for buf in chain:
 *     out.append(b"x")
 *     out.append(buf)
 */

static ngx_int_t
ngx_http_engine_chain_prefix(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    ngx_http_pyngx_chain_new(s);

    for (cl = in; cl; cl = cl->next) {
        if (ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_x)
            != NGX_OK
            || ngx_http_pyngx_chain_append_buf(r, s, cl->buf) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_pyngx_chain_send(r, s, in);
}


/*
 * for buf in chain:
 *     out.append(buf)
 *     out.append(buf)
 */

static ngx_int_t
ngx_http_engine_chain_twice(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    ngx_http_pyngx_chain_new(s);

    for (cl = in; cl; cl = cl->next) {
        if (ngx_http_pyngx_chain_append_buf(r, s, cl->buf) != NGX_OK
            || ngx_http_pyngx_chain_append_buf(r, s, cl->buf) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_pyngx_chain_send(r, s, in);
}


/*
 * for buf in chain:
 *     if len(buf):
 *         out.append(b"x")
 */

static ngx_int_t
ngx_http_engine_chain_replace(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    ngx_http_pyngx_chain_new(s);

    for (cl = in; cl; cl = cl->next) {
        if (ngx_buf_size(cl->buf)
            && ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_x)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_pyngx_chain_send(r, s, in);
}


/*
 * for buf in chain:
 *     if len(buf):
 *         out.append(bytes(32768))
 */

static ngx_int_t
ngx_http_engine_chain_expand(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    ngx_http_pyngx_chain_new(s);

    for (cl = in; cl; cl = cl->next) {
        if (ngx_buf_size(cl->buf)
            && ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_large)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_pyngx_chain_send(r, s, in);
}


/*
 * for buf in chain:
 *     out.append(buf)
 *     if buf.last_buf or buf.last_in_chain:
 *         out.append(TEXT)
 */

static ngx_int_t
ngx_http_engine_chain_after(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s)
{
    ngx_chain_t  *cl;

    ngx_http_pyngx_chain_new(s);

    for (cl = in; cl; cl = cl->next) {
        if (ngx_http_pyngx_chain_append_buf(r, s, cl->buf) != NGX_OK) {
            return NGX_ERROR;
        }

        if ((cl->buf->last_buf || cl->buf->last_in_chain)
            && ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_text)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_pyngx_chain_send(r, s, in);
}


/* return ngx_http_next_body_filter(r, chain) */

static ngx_int_t
ngx_http_engine_chain_pass(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s)
{
    return ngx_http_pyngx_chain_pass(r, s, in);
}


/*
 * out.append(TEXT)
 * return NGX_OK
 */

static ngx_int_t
ngx_http_engine_chain_nothing(ngx_http_request_t *r, ngx_chain_t *in,
    ngx_http_pyngx_stream_t *s)
{
    ngx_http_pyngx_chain_new(s);

    return ngx_http_pyngx_stream_text(r, s, &ngx_http_engine_text);
}


static char *
ngx_http_engine_select(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_engine_loc_conf_t *elcf = conf;

    ngx_str_t          *value;
    ngx_http_engine_t  *engine;

    value = cf->args->elts;

    for (engine = ngx_http_engines; engine->name.len; engine++) {

        if (engine->name.len == value[1].len
            && ngx_strncmp(engine->name.data, value[1].data, value[1].len)
               == 0)
        {
            elcf->engine = engine;
            return NGX_CONF_OK;
        }
    }

    return "names no engine";
}


static void *
ngx_http_engine_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_engine_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_engine_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->engine = NGX_CONF_UNSET_PTR;

    return conf;
}


static char *
ngx_http_engine_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_engine_loc_conf_t *prev = parent;
    ngx_http_engine_loc_conf_t *conf = child;

    ngx_conf_merge_ptr_value(conf->engine, prev->engine, NULL);

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_engine_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_engine_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_engine_body_filter;

    return NGX_OK;
}
