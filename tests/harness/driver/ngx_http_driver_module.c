
/*
 * A content handler for tests: it answers no request, but runs responses that
 * come over its connection through the filters of its location, many thousands
 * in a second, for what they send goes into memory and not to a client.
 *
 *     driver;
 *
 * A case is a frame: its length, then numbers of 32 bits, and texts with their
 * lengths before them, in the order in which ngx_http_driver_case() reads them.
 * The answer is such a frame too: what was sent, what was logged, and the
 * values of variables.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#define NGX_HTTP_DRIVER_LIMIT   (16 * 1024 * 1024)
#define NGX_HTTP_DRIVER_CALLS   1000000

#define NGX_HTTP_DRIVER_HEAD    0x01
#define NGX_HTTP_DRIVER_KNOWN   0x02    /* the length, before the body comes */
#define NGX_HTTP_DRIVER_SLOW    0x04    /* the client takes a few bytes at once */
#define NGX_HTTP_DRIVER_FLUSH   0x08    /* each piece is flushed */
#define NGX_HTTP_DRIVER_SINGLE  0x10    /* the end is on the last piece */
#define NGX_HTTP_DRIVER_CHAIN   0x20    /* all pieces come in one call */
#define NGX_HTTP_DRIVER_MEMORY  0x40    /* the pieces are read-only */


typedef struct {
    u_char                    *data;
    size_t                     len;
    size_t                     size;
} ngx_http_driver_text_t;


typedef struct ngx_http_driver_piece_s  ngx_http_driver_piece_t;

struct ngx_http_driver_piece_s {
    ngx_buf_t                  buf;
    ngx_str_t                  memory;
    ngx_http_driver_piece_t   *next;
};


typedef struct {
    ngx_fd_t                   fd;

    u_char                    *pos;     /* the rest of the frame */
    u_char                    *last;
    ngx_uint_t                 flags;
    uint32_t                   random;

    ngx_http_driver_piece_t   *pieces;  /* those that are not consumed yet */

    ngx_http_driver_text_t     frame;
    ngx_http_driver_text_t     sent;
    ngx_http_driver_text_t     logged;
    ngx_http_driver_text_t     answer;
    ngx_uint_t                 mute;
} ngx_http_driver_t;


static ngx_int_t ngx_http_driver_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_driver_case(ngx_http_driver_t *d,
    ngx_http_request_t *r0);
static ngx_int_t ngx_http_driver_request(ngx_http_driver_t *d,
    ngx_http_request_t *r);
static void ngx_http_driver_response(ngx_http_driver_t *d,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_driver_body(ngx_http_driver_t *d,
    ngx_http_request_t *r);
static ngx_chain_t *ngx_http_driver_piece(ngx_http_driver_t *d,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_driver_call(ngx_http_driver_t *d,
    ngx_http_request_t *r, ngx_chain_t *in);
static ngx_chain_t *ngx_http_driver_send_chain(ngx_connection_t *c,
    ngx_chain_t *in, off_t limit);
static void ngx_http_driver_log(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len);
static u_char *ngx_http_driver_log_context(ngx_log_t *log, u_char *buf,
    size_t len);
static void ngx_http_driver_variables(ngx_http_driver_t *d,
    ngx_http_request_t *r);
static ngx_int_t ngx_http_driver_read(ngx_fd_t fd, u_char *p, size_t n);
static void ngx_http_driver_add(ngx_http_driver_text_t *text, void *data,
    size_t len);
static uint32_t ngx_http_driver_number(ngx_http_driver_t *d);
static ngx_str_t ngx_http_driver_string(ngx_http_driver_t *d);
static uint32_t ngx_http_driver_random(ngx_http_driver_t *d, uint32_t n);
static char *ngx_http_driver(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


static ngx_command_t  ngx_http_driver_commands[] = {

    { ngx_string("driver"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_driver,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_driver_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    NULL,                                  /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_driver_module = {
    NGX_MODULE_V1,
    &ngx_http_driver_module_ctx,           /* module context */
    ngx_http_driver_commands,              /* module directives */
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


/* It says that it is ready, and keeps its worker until the client hangs up. */

static ngx_int_t
ngx_http_driver_handler(ngx_http_request_t *r)
{
    uint32_t           len;
    ngx_http_driver_t  d;

    ngx_memzero(&d, sizeof(ngx_http_driver_t));
    d.fd = r->connection->fd;

    if (ngx_blocking(d.fd) == -1 || ngx_write_fd(d.fd, "!", 1) != 1) {
        return NGX_ERROR;
    }

    while (ngx_http_driver_read(d.fd, (u_char *) &len, sizeof(uint32_t))
           == NGX_OK)
    {
        if (len > NGX_HTTP_DRIVER_LIMIT) {
            break;
        }

        d.frame.len = 0;
        ngx_http_driver_add(&d.frame, NULL, len);

        if (ngx_http_driver_read(d.fd, d.frame.data, len) != NGX_OK) {
            break;
        }

        d.pos = d.frame.data;
        d.last = d.frame.data + len;

        if (ngx_http_driver_case(&d, r) != NGX_OK) {
            break;
        }
    }

    ngx_free(d.frame.data);
    ngx_free(d.sent.data);
    ngx_free(d.logged.data);
    ngx_free(d.answer.data);

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_driver_case(ngx_http_driver_t *d, ngx_http_request_t *r0)
{
    u_char                   *p;
    size_t                    n;
    ssize_t                   written;
    uint32_t                  len;
    ngx_log_t                 log;
    ngx_event_t               read, write;
    ngx_connection_t          c;
    ngx_http_log_ctx_t        ctx;
    ngx_http_request_t       *r;
    ngx_http_connection_t     hc;
    ngx_http_driver_piece_t  *piece;

    d->flags = ngx_http_driver_number(d);
    d->random = ngx_http_driver_number(d);
    d->sent.len = 0;
    d->logged.len = 0;
    d->mute = 0;

    c = *r0->connection;
    hc = *r0->http_connection;
    read = *c.read;
    write = *c.write;
    ngx_memzero(&log, sizeof(ngx_log_t));
    ngx_memzero(&ctx, sizeof(ngx_http_log_ctx_t));

    c.data = &hc;
    c.read = &read;
    c.write = &write;
    c.log = &log;
    c.send_chain = ngx_http_driver_send_chain;
    c.sent = 0;
    c.requests = 0;
    c.buffered = 0;
    read.timer_set = 0;
    read.posted = 1;
    read.data = &c;
    read.log = &log;
    write.timer_set = 0;
    write.posted = 1;    /* nobody may post what lies on the stack */
    write.data = &c;
    write.log = &log;
    write.ready = 1;
    ctx.connection = &c;
    log.data = &ctx;

    r = ngx_http_create_request(&c);
    if (r == NULL) {
        return NGX_ERROR;
    }

    log.connection = c.number;
    log.log_level = NGX_LOG_INFO;
    log.handler = ngx_http_driver_log_context;
    log.next = NULL;
    log.writer = ngx_http_driver_log;
    log.wdata = d;

    c.data = r;
    r->loc_conf = r0->loc_conf;

    if (ngx_http_driver_request(d, r) != NGX_OK) {
        ngx_destroy_pool(r->pool);
        return NGX_ERROR;
    }

    ngx_http_driver_response(d, r);

    d->answer.len = 0;
    ngx_http_driver_add(&d->answer, NULL, sizeof(uint32_t));

    len = d->sent.len;
    ngx_http_driver_add(&d->answer, &len, sizeof(uint32_t));
    ngx_http_driver_add(&d->answer, d->sent.data, d->sent.len);

    ngx_http_driver_variables(d, r);

    len = d->logged.len;
    ngx_http_driver_add(&d->answer, &len, sizeof(uint32_t));
    ngx_http_driver_add(&d->answer, d->logged.data, d->logged.len);

    while (d->pieces) {
        piece = d->pieces;
        d->pieces = piece->next;
        ngx_free(piece->memory.data);
        ngx_free(piece);
    }

    ngx_destroy_pool(r->pool);

    len = d->answer.len - sizeof(uint32_t);
    ngx_memcpy(d->answer.data, &len, sizeof(uint32_t));

    p = d->answer.data;
    n = d->answer.len;

    while (n) {
        written = ngx_write_fd(d->fd, p, n);
        if (written <= 0) {
            return NGX_ERROR;
        }

        p += written;
        n -= written;
    }

    return NGX_OK;
}


/* The request's line and headers, as if they had been parsed. */

static ngx_int_t
ngx_http_driver_request(ngx_http_driver_t *d, ngx_http_request_t *r)
{
    u_char                     *p;
    ngx_str_t                   name;
    ngx_uint_t                  n;
    ngx_table_elt_t            *h;
    ngx_http_header_t          *hh;
    ngx_http_core_main_conf_t  *cmcf;

    if (d->flags & NGX_HTTP_DRIVER_HEAD) {
        r->method = NGX_HTTP_HEAD;
        ngx_str_set(&r->method_name, "HEAD");

    } else {
        r->method = NGX_HTTP_GET;
        ngx_str_set(&r->method_name, "GET");
    }

    r->http_version = NGX_HTTP_VERSION_11;
    ngx_str_set(&r->http_protocol, "HTTP/1.1");
    r->http_major = 1;
    r->http_minor = 1;
    r->keepalive = 1;

    r->uri = ngx_http_driver_string(d);
    r->args = ngx_http_driver_string(d);
    r->unparsed_uri = r->uri;

    p = ngx_pnalloc(r->pool, r->method_name.len + 1 + r->uri.len + 1
                             + r->args.len + sizeof(" HTTP/1.1") - 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    r->request_line.data = p;
    r->request_line.len = ngx_sprintf(p, "%V %V?%V HTTP/1.1", &r->method_name,
                                      &r->uri, &r->args)
                          - p;

    if (ngx_list_init(&r->headers_in.headers, r->pool, 20,
                      sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    for (n = ngx_http_driver_number(d); n; n--) {

        name = ngx_http_driver_string(d);

        h = ngx_list_push(&r->headers_in.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));
        h->key = name;
        h->value = ngx_http_driver_string(d);

        h->lowcase_key = ngx_pnalloc(r->pool, name.len);
        if (h->lowcase_key == NULL) {
            return NGX_ERROR;
        }

        h->hash = ngx_hash_strlow(h->lowcase_key, name.data, name.len);

        hh = ngx_hash_find(&cmcf->headers_in_hash, h->hash, h->lowcase_key,
                           name.len);

        if (hh && hh->handler(r, h, hh->offset) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* The response's headers and body through all filters. */

static void
ngx_http_driver_response(ngx_http_driver_t *d, ngx_http_request_t *r)
{
    ngx_int_t         rc;
    ngx_str_t         name, value;
    ngx_uint_t        n, calls;
    ngx_table_elt_t  *h;

    r->headers_out.status = ngx_http_driver_number(d);
    n = ngx_http_driver_number(d);

    if (d->flags & NGX_HTTP_DRIVER_KNOWN) {
        r->headers_out.content_length_n = n;
    }

    for (n = ngx_http_driver_number(d); n; n--) {

        name = ngx_http_driver_string(d);
        value = ngx_http_driver_string(d);

        if (name.len == sizeof("Content-Type") - 1
            && ngx_strncasecmp(name.data, (u_char *) "Content-Type", name.len)
               == 0)
        {
            r->headers_out.content_type = value;
            r->headers_out.content_type_len = value.len;
            continue;
        }

        h = ngx_list_push(&r->headers_out.headers);
        if (h == NULL) {
            return;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));
        h->hash = 1;
        h->key = name;
        h->value = value;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        n = ngx_http_driver_number(d);

        while (n--) {
            (void) ngx_http_driver_string(d);
        }

    } else {
        rc = ngx_http_driver_body(d, r);
    }

    for (calls = 0; rc != NGX_ERROR; calls++) {

        if (!r->buffered && !r->connection->buffered) {
            break;
        }

        if (calls == NGX_HTTP_DRIVER_CALLS) {
            ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                          "the response does not end");
            break;
        }

        rc = ngx_http_driver_call(d, r, NULL);
    }
}


static ngx_int_t
ngx_http_driver_body(ngx_http_driver_t *d, ngx_http_request_t *r)
{
    ngx_int_t      rc;
    ngx_uint_t     i, n, calls;
    ngx_chain_t   *cl, *in, **ll;

    n = ngx_http_driver_number(d);
    rc = NGX_OK;
    in = NULL;
    ll = &in;

    for (i = 0; i < n; i++) {

        cl = ngx_http_driver_piece(d, r);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        if (i == n - 1 && (d->flags & NGX_HTTP_DRIVER_SINGLE)) {
            cl->buf->last_buf = 1;
            cl->buf->last_in_chain = 1;
        }

        *ll = cl;
        ll = &cl->next;

        if (d->flags & NGX_HTTP_DRIVER_CHAIN && i != n - 1) {
            continue;
        }

        if (rc != NGX_ERROR) {
            rc = ngx_http_driver_call(d, r, in);
        }

        in = NULL;
        ll = &in;

        for (calls = ngx_http_driver_random(d, 3);
             rc != NGX_ERROR && calls && (r->buffered || r->connection->buffered);
             calls--)
        {
            rc = ngx_http_driver_call(d, r, NULL);
        }
    }

    if (rc != NGX_ERROR && (n == 0 || !(d->flags & NGX_HTTP_DRIVER_SINGLE))) {
        rc = ngx_http_send_special(r, NGX_HTTP_LAST);
    }

    return rc;
}


static ngx_chain_t *
ngx_http_driver_piece(ngx_http_driver_t *d, ngx_http_request_t *r)
{
    ngx_str_t                 text;
    ngx_chain_t              *cl;
    ngx_http_driver_piece_t  *piece;

    text = ngx_http_driver_string(d);

    cl = ngx_alloc_chain_link(r->pool);
    piece = ngx_calloc(sizeof(ngx_http_driver_piece_t), ngx_cycle->log);

    if (cl == NULL || piece == NULL) {
        return NULL;
    }

    piece->memory.len = text.len;
    piece->memory.data = ngx_alloc(text.len, ngx_cycle->log);
    if (piece->memory.data == NULL) {
        return NULL;
    }

    ngx_memcpy(piece->memory.data, text.data, text.len);

    piece->buf.pos = piece->memory.data;
    piece->buf.last = piece->memory.data + text.len;
    piece->buf.start = piece->buf.pos;
    piece->buf.end = piece->buf.last;
    piece->buf.tag = (ngx_buf_tag_t) &ngx_http_driver_module;

    if (d->flags & NGX_HTTP_DRIVER_MEMORY) {
        piece->buf.memory = 1;

    } else {
        piece->buf.temporary = 1;
    }

    piece->buf.flush = (d->flags & NGX_HTTP_DRIVER_FLUSH) != 0;

    piece->next = d->pieces;
    d->pieces = piece;

    cl->buf = &piece->buf;
    cl->next = NULL;

    return cl;
}


/* One call of the filters; what they have consumed is gone after it. */

static ngx_int_t
ngx_http_driver_call(ngx_http_driver_t *d, ngx_http_request_t *r,
    ngx_chain_t *in)
{
    ngx_int_t                 rc;
    ngx_http_driver_piece_t  *piece;

    rc = ngx_http_output_filter(r, in);

    for (piece = d->pieces; piece; piece = piece->next) {

        if (piece->memory.data && piece->buf.pos == piece->buf.last) {
            ngx_memset(piece->memory.data, 0xdd, piece->memory.len);
            ngx_free(piece->memory.data);
            piece->memory.data = NULL;
        }
    }

    return rc;
}


static ngx_chain_t *
ngx_http_driver_send_chain(ngx_connection_t *c, ngx_chain_t *in, off_t limit)
{
    off_t               sent, size;
    ngx_buf_t          *b;
    ngx_chain_t        *cl;
    ngx_http_driver_t  *d;

    d = c->log->wdata;

    if (c->sent && d->flags & NGX_HTTP_DRIVER_SLOW) {

        /* the headers, which came first, are taken whole */

        limit = ngx_http_driver_random(d, 40);

    } else {
        limit = NGX_MAX_OFF_T_VALUE;
    }

    sent = 0;

    for (cl = in; cl && sent < limit; cl = cl->next) {

        b = cl->buf;

        if (ngx_buf_special(b)) {
            continue;
        }

        if (!ngx_buf_in_memory(b)) {
            ngx_log_error(NGX_LOG_ALERT, c->log, 0, "a buffer without memory");
            return NGX_CHAIN_ERROR;
        }

        size = ngx_min(b->last - b->pos, limit - sent);
        ngx_http_driver_add(&d->sent, b->pos, size);
        sent += size;
    }

    c->sent += sent;

    return ngx_chain_update_sent(in, sent);
}


static void
ngx_http_driver_log(ngx_log_t *log, ngx_uint_t level, u_char *buf, size_t len)
{
    ngx_http_driver_t  *d;

    d = log->wdata;

    if (!d->mute || level < NGX_LOG_ERR) {
        ngx_http_driver_add(&d->logged, buf, len);
    }
}


static u_char *
ngx_http_driver_log_context(ngx_log_t *log, u_char *buf, size_t len)
{
    return ngx_snprintf(buf, len, ", client: driver, server: driver");
}


/* What they log is not looked at, for nobody asked for their values. */

static void
ngx_http_driver_variables(ngx_http_driver_t *d, ngx_http_request_t *r)
{
    uint32_t                    len;
    ngx_str_t                   name;
    ngx_uint_t                  n;
    ngx_http_variable_value_t  *v;

    d->mute = 1;

    for (n = ngx_http_driver_number(d); n; n--) {

        name = ngx_http_driver_string(d);
        v = ngx_http_get_variable(r, &name,
                                  ngx_hash_strlow(name.data, name.data,
                                                  name.len));

        if (v == NULL || v->not_found) {
            len = (uint32_t) -1;
            ngx_http_driver_add(&d->answer, &len, sizeof(uint32_t));
            continue;
        }

        len = v->len;
        ngx_http_driver_add(&d->answer, &len, sizeof(uint32_t));
        ngx_http_driver_add(&d->answer, v->data, v->len);
    }
}


static ngx_int_t
ngx_http_driver_read(ngx_fd_t fd, u_char *p, size_t n)
{
    ssize_t  got;

    while (n) {
        got = ngx_read_fd(fd, p, n);
        if (got <= 0) {
            return NGX_ERROR;
        }

        p += got;
        n -= got;
    }

    return NGX_OK;
}


/* Without memory a test has no answer, and fails. */

static void
ngx_http_driver_add(ngx_http_driver_text_t *text, void *data, size_t len)
{
    u_char  *p;

    if (text->len + len > text->size) {
        text->size = 2 * (text->len + len);

        p = realloc(text->data, text->size);
        if (p == NULL) {
            ngx_log_error(NGX_LOG_EMERG, ngx_cycle->log, 0, "no memory");
            exit(2);
        }

        text->data = p;
    }

    if (data && len) {
        ngx_memcpy(text->data + text->len, data, len);
    }

    text->len += len;
}


static uint32_t
ngx_http_driver_number(ngx_http_driver_t *d)
{
    uint32_t  n;

    if (d->last - d->pos < (ssize_t) sizeof(uint32_t)) {
        ngx_log_error(NGX_LOG_EMERG, ngx_cycle->log, 0, "the frame is short");
        return 0;
    }

    ngx_memcpy(&n, d->pos, sizeof(uint32_t));
    d->pos += sizeof(uint32_t);

    return n;
}


/* It lies in the frame until the answer is made. */

static ngx_str_t
ngx_http_driver_string(ngx_http_driver_t *d)
{
    ngx_str_t  text;

    text.len = ngx_http_driver_number(d);
    text.len = ngx_min(text.len, (size_t) (d->last - d->pos));
    text.data = d->pos;
    d->pos += text.len;

    return text;
}


static uint32_t
ngx_http_driver_random(ngx_http_driver_t *d, uint32_t n)
{
    d->random = d->random * 1664525 + 1013904223;

    return (d->random >> 8) % n;
}


static char *
ngx_http_driver(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_driver_handler;

    return NGX_CONF_OK;
}
