
/*
 * A content handler for tests: a response made of exactly the buffers and
 * calls that the configuration spells, for shapes that no stock handler makes.
 *
 *     pieces m:abc fl:def;
 *
 * One argument is one buffer, "flags:text".  The flags: m read-only memory,
 * t temporary memory, f flush, s sync, l the end of the response; c ends the
 * chain here, so that the next buffer comes with another call of the filters;
 * o makes a temporary buffer one byte too long, for a sanitizer to find.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


typedef struct {
    ngx_array_t  *pieces;    /* array of ngx_str_t, NULL if not configured */
} ngx_http_pieces_loc_conf_t;


static ngx_int_t ngx_http_pieces_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_pieces_buf(ngx_http_request_t *r, ngx_str_t *piece,
    ngx_buf_t **buf, ngx_uint_t *end_chain);
static void *ngx_http_pieces_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_pieces(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


static ngx_command_t  ngx_http_pieces_commands[] = {

    { ngx_string("pieces"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_pieces,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_pieces_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_pieces_create_loc_conf,       /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_pieces_module = {
    NGX_MODULE_V1,
    &ngx_http_pieces_module_ctx,           /* module context */
    ngx_http_pieces_commands,              /* module directives */
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
ngx_http_pieces_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_str_t                   *piece;
    ngx_uint_t                   i, end_chain;
    ngx_chain_t                 *cl, *out, **ll;
    ngx_http_pieces_loc_conf_t  *plcf;

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_pieces_module);

    r->headers_out.status = NGX_HTTP_OK;

    if (ngx_http_set_content_type(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out = NULL;
    ll = &out;
    piece = plcf->pieces->elts;

    for (i = 0; i < plcf->pieces->nelts; i++) {

        cl = ngx_alloc_chain_link(r->pool);
        if (cl == NULL) {
            return NGX_ERROR;
        }

        if (ngx_http_pieces_buf(r, &piece[i], &cl->buf, &end_chain) != NGX_OK) {
            return NGX_ERROR;
        }

        cl->next = NULL;
        *ll = cl;
        ll = &cl->next;

        if (end_chain || i == plcf->pieces->nelts - 1) {
            rc = ngx_http_output_filter(r, out);

            if (rc == NGX_ERROR) {
                return rc;
            }

            out = NULL;
            ll = &out;
        }
    }

    return rc;
}


static ngx_int_t
ngx_http_pieces_buf(ngx_http_request_t *r, ngx_str_t *piece, ngx_buf_t **buf,
    ngx_uint_t *end_chain)
{
    u_char      *p, *last;
    size_t       len;
    ngx_buf_t   *b;
    ngx_uint_t   overflow;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    *buf = b;
    *end_chain = 0;
    overflow = 0;

    last = piece->data + piece->len;

    for (p = piece->data; p < last && *p != ':'; p++) {

        switch (*p) {

        case 'm':
            b->memory = 1;
            break;

        case 't':
            b->temporary = 1;
            break;

        case 'f':
            b->flush = 1;
            break;

        case 's':
            b->sync = 1;
            break;

        case 'l':
            b->last_buf = (r == r->main) ? 1 : 0;
            b->last_in_chain = 1;
            break;

        case 'c':
            *end_chain = 1;
            break;

        case 'o':
            overflow = 1;
            break;
        }
    }

    if (!b->memory && !b->temporary) {
        return NGX_OK;
    }

    p++;
    len = last - p;

    if (b->temporary) {
        b->pos = ngx_pnalloc(r->pool, len);
        if (b->pos == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(b->pos, p, len);

    } else {
        b->pos = p;
    }

    b->last = b->pos + len + overflow;
    b->start = b->pos;
    b->end = b->last;

    return NGX_OK;
}


static void *
ngx_http_pieces_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_pieces_loc_conf_t));
}


static char *
ngx_http_pieces(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_pieces_loc_conf_t  *plcf = conf;

    ngx_str_t                 *value, *piece;
    ngx_uint_t                 i;
    ngx_http_core_loc_conf_t  *clcf;

    if (plcf->pieces) {
        return "is duplicate";
    }

    plcf->pieces = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                    sizeof(ngx_str_t));
    if (plcf->pieces == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        piece = ngx_array_push(plcf->pieces);
        if (piece == NULL) {
            return NGX_CONF_ERROR;
        }

        *piece = value[i];
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_pieces_handler;

    return NGX_CONF_OK;
}
