
/*
 * The header mapping, driven by configuration: "mapping OP NAME VALUE;" is
 * done for each response, in order, and what came of it is listed in one
 * "Results" header.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;


#include "runtime.h"


typedef ngx_int_t (*ngx_http_mapping_get_pt)(ngx_http_request_t *r,
    ngx_str_t *name, ngx_str_t *value);
typedef ngx_int_t (*ngx_http_mapping_all_pt)(ngx_http_request_t *r,
    ngx_str_t *name, ngx_array_t **values);
typedef ngx_int_t (*ngx_http_mapping_items_pt)(ngx_http_request_t *r,
    ngx_array_t **items);


typedef struct {
    ngx_str_t                  name;
    ngx_http_mapping_get_pt    get;
    ngx_http_mapping_get_pt    set;
    ngx_http_mapping_all_pt    all;
    ngx_http_mapping_items_pt  items;
} ngx_http_mapping_op_t;


typedef struct {
    ngx_array_t               *ops;
    ngx_array_t               *numbers;
} ngx_http_mapping_loc_conf_t;


static ngx_int_t ngx_http_mapping_del(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value);
static void *ngx_http_mapping_create_loc_conf(ngx_conf_t *cf);
static ngx_int_t ngx_http_mapping_init(ngx_conf_t *cf);


static ngx_http_mapping_op_t  ngx_http_mapping_ops[] = {
    { ngx_string("get"), ngx_http_pyngx_header_out_get, NULL, NULL, NULL },
    { ngx_string("set"), NULL, ngx_http_pyngx_header_out_set, NULL, NULL },
    { ngx_string("add"), NULL, ngx_http_pyngx_header_out_add, NULL, NULL },
    { ngx_string("del"), NULL, ngx_http_mapping_del, NULL, NULL },
    { ngx_string("all"), NULL, NULL, ngx_http_pyngx_header_out_all, NULL },
    { ngx_string("items"), NULL, NULL, NULL, ngx_http_pyngx_header_out_items },
    { ngx_string("in_get"), ngx_http_pyngx_header_in_get, NULL, NULL, NULL },
    { ngx_string("in_all"), NULL, NULL, ngx_http_pyngx_header_in_all, NULL },
    { ngx_string("in_items"), NULL, NULL, NULL,
      ngx_http_pyngx_header_in_items },
    { ngx_string("arg"), ngx_http_pyngx_arg, NULL, NULL, NULL },
    { ngx_string("cookie"), ngx_http_pyngx_cookie, NULL, NULL, NULL },
    { ngx_string("var"), ngx_http_pyngx_variable_get, NULL, NULL, NULL },
    { ngx_string("set_var"), NULL, ngx_http_pyngx_variable_set, NULL, NULL },
    { ngx_null_string, NULL, NULL, NULL, NULL }
};


static ngx_command_t  ngx_http_mapping_commands[] = {

    { ngx_string("mapping"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_pyngx_conf_list_str,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mapping_loc_conf_t, ops),
      NULL },

    { ngx_string("mapping_numbers"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_pyngx_conf_list_int,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_mapping_loc_conf_t, numbers),
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_mapping_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_mapping_init,                 /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_mapping_create_loc_conf,      /* create location configuration */
    NULL                                   /* merge location configuration */
};


ngx_module_t  ngx_http_mapping_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_mapping_filter_module_ctx,   /* module context */
    ngx_http_mapping_commands,             /* module directives */
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


static u_char *
ngx_http_mapping_do(ngx_http_request_t *r, ngx_str_t *arg, u_char *p)
{
    ngx_int_t               rc;
    ngx_str_t               value, *v;
    ngx_uint_t              i;
    ngx_array_t            *values;
    ngx_keyval_t           *kv;
    ngx_http_mapping_op_t  *op;

    for (op = ngx_http_mapping_ops; op->name.len; op++) {
        if (op->name.len == arg[0].len
            && ngx_strncmp(op->name.data, arg[0].data, arg[0].len) == 0)
        {
            break;
        }
    }

    if (op->get) {
        if (op->get(r, &arg[1], &value) != NGX_OK) {
            return NULL;
        }

        return value.data ? ngx_sprintf(p, "<%V>", &value)
                          : ngx_sprintf(p, "None");
    }

    if (op->set) {
        rc = op->set(r, &arg[1], &arg[2]);

        return rc == NGX_ERROR ? NULL : ngx_sprintf(p, "%i", rc);
    }

    if (op->all) {
        if (op->all(r, &arg[1], &values) != NGX_OK) {
            return NULL;
        }

        v = values->elts;

        for (i = 0; i < values->nelts; i++) {
            p = ngx_sprintf(p, "<%V>", &v[i]);
        }

        return p;
    }

    if (op->items(r, &values) != NGX_OK) {
        return NULL;
    }

    kv = values->elts;

    for (i = 0; i < values->nelts; i++) {
        p = ngx_sprintf(p, "<%V: %V>", &kv[i].key, &kv[i].value);
    }

    return p;
}


static ngx_int_t
ngx_http_mapping_header_filter(ngx_http_request_t *r)
{
    u_char                       *p;
    ngx_int_t                    *n;
    ngx_str_t                    *args;
    ngx_uint_t                    i;
    ngx_table_elt_t              *h;
    ngx_http_mapping_loc_conf_t  *conf;

    conf = ngx_http_get_module_loc_conf(r, ngx_http_mapping_filter_module);

    if (conf->ops == NULL) {
        return ngx_http_next_header_filter(r);
    }

    p = ngx_pcalloc(r->pool, 8192);
    h = ngx_list_push(&r->headers_out.headers);

    if (h == NULL || p == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    ngx_str_set(&h->key, "Results");
    h->value.data = p;

    args = conf->ops->elts;

    for (i = 0; i + 2 < conf->ops->nelts; i += 3) {
        p = ngx_http_mapping_do(r, &args[i], p);
        if (p == NULL) {
            return NGX_ERROR;
        }

        *p++ = '|';
    }

    if (conf->numbers) {
        n = conf->numbers->elts;

        for (i = 0; i < conf->numbers->nelts; i++) {
            p = ngx_sprintf(p, "%i,", n[i]);
        }
    }

    h->value.len = p - h->value.data;
    h->hash = 1;

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_mapping_del(ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value)
{
    return ngx_http_pyngx_header_out_del(r, name);
}


static void *
ngx_http_mapping_create_loc_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_mapping_loc_conf_t));
}


static ngx_int_t
ngx_http_mapping_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_mapping_header_filter;

    return NGX_OK;
}
