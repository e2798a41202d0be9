
/*
 * Headers as a mapping.
 *
 * What nginx keeps in fields of its own is kept in step: after a change a
 * field points at the first entry of its name, and no header is written
 * twice.  Names and values must live as long as the request.  Unknown until
 * nginx writes them, and so None: Server and Date, unless they were set.
 */


#define NGX_HTTP_PYNGX_HEADER_MANY    0  /* may be repeated */
#define NGX_HTTP_PYNGX_HEADER_ONCE    1
#define NGX_HTTP_PYNGX_HEADER_NGINX   2  /* nginx writes one if unset */
#define NGX_HTTP_PYNGX_HEADER_TYPE    3
#define NGX_HTTP_PYNGX_HEADER_LENGTH  4
#define NGX_HTTP_PYNGX_HEADER_TIME    5
#define NGX_HTTP_PYNGX_HEADER_RANGES  6
#define NGX_HTTP_PYNGX_HEADER_CLOSED  7  /* of the connection, not ours */
#define NGX_HTTP_PYNGX_HEADER_ARRAY   8  /* may be repeated */


typedef struct {
    ngx_str_t         name;
    ngx_uint_t        kind;
    size_t            offset;
} ngx_http_pyngx_header_t;


typedef struct {
    ngx_list_part_t  *part;
    ngx_uint_t        i;
} ngx_http_pyngx_header_iter_t;


static ngx_http_pyngx_header_t  ngx_http_pyngx_headers[] = {

    { ngx_string("Server"), NGX_HTTP_PYNGX_HEADER_NGINX,
      offsetof(ngx_http_headers_out_t, server) },

    { ngx_string("Date"), NGX_HTTP_PYNGX_HEADER_NGINX,
      offsetof(ngx_http_headers_out_t, date) },

    { ngx_string("Content-Type"), NGX_HTTP_PYNGX_HEADER_TYPE, 0 },

    { ngx_string("Content-Length"), NGX_HTTP_PYNGX_HEADER_LENGTH,
      offsetof(ngx_http_headers_out_t, content_length) },

    { ngx_string("Last-Modified"), NGX_HTTP_PYNGX_HEADER_TIME,
      offsetof(ngx_http_headers_out_t, last_modified) },

    { ngx_string("Accept-Ranges"), NGX_HTTP_PYNGX_HEADER_RANGES,
      offsetof(ngx_http_headers_out_t, accept_ranges) },

    { ngx_string("Content-Encoding"), NGX_HTTP_PYNGX_HEADER_ONCE,
      offsetof(ngx_http_headers_out_t, content_encoding) },

    { ngx_string("Location"), NGX_HTTP_PYNGX_HEADER_ONCE,
      offsetof(ngx_http_headers_out_t, location) },

    { ngx_string("Refresh"), NGX_HTTP_PYNGX_HEADER_ONCE,
      offsetof(ngx_http_headers_out_t, refresh) },

    { ngx_string("Content-Range"), NGX_HTTP_PYNGX_HEADER_ONCE,
      offsetof(ngx_http_headers_out_t, content_range) },

    { ngx_string("Expires"), NGX_HTTP_PYNGX_HEADER_ONCE,
      offsetof(ngx_http_headers_out_t, expires) },

    { ngx_string("ETag"), NGX_HTTP_PYNGX_HEADER_ONCE,
      offsetof(ngx_http_headers_out_t, etag) },

    { ngx_string("WWW-Authenticate"), NGX_HTTP_PYNGX_HEADER_MANY,
      offsetof(ngx_http_headers_out_t, www_authenticate) },

    { ngx_string("Cache-Control"), NGX_HTTP_PYNGX_HEADER_ARRAY,
      offsetof(ngx_http_headers_out_t, cache_control) },

    { ngx_string("Link"), NGX_HTTP_PYNGX_HEADER_ARRAY,
      offsetof(ngx_http_headers_out_t, link) },

    { ngx_string("Connection"), NGX_HTTP_PYNGX_HEADER_CLOSED, 0 },

    { ngx_string("Keep-Alive"), NGX_HTTP_PYNGX_HEADER_CLOSED, 0 },

    { ngx_string("Transfer-Encoding"), NGX_HTTP_PYNGX_HEADER_CLOSED, 0 },

    { ngx_null_string, 0, 0 }
};


/* r.headers_out[name]; data is NULL if there is none. */

static ngx_int_t
ngx_http_pyngx_header_out_get(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_int_t                      rc;
    ngx_table_elt_t               *h;
    ngx_http_pyngx_header_iter_t   it;

    rc = ngx_http_pyngx_header_field(r, ngx_http_pyngx_header_find(name),
                                     value);

    if (rc != NGX_OK || value->data) {
        return rc;
    }

    ngx_http_pyngx_header_first(&it, &r->headers_out.headers);

    h = ngx_http_pyngx_header_next(&it, name);
    if (h) {
        ngx_http_pyngx_header_value(h, value);
    }

    return NGX_OK;
}


/* r.headers_out.get_all(name): an array of ngx_str_t. */

static ngx_int_t
ngx_http_pyngx_header_out_all(ngx_http_request_t *r, ngx_str_t *name,
    ngx_array_t **values)
{
    ngx_int_t  rc;
    ngx_str_t  value, *v;

    rc = ngx_http_pyngx_header_field(r, ngx_http_pyngx_header_find(name),
                                     &value);

    if (rc != NGX_OK) {
        return rc;
    }

    if (value.data == NULL) {
        return ngx_http_pyngx_header_all(r, &r->headers_out.headers, name,
                                         values);
    }

    *values = ngx_array_create(r->pool, 1, sizeof(ngx_str_t));
    if (*values == NULL) {
        return NGX_ERROR;
    }

    v = ngx_array_push(*values);
    if (v == NULL) {
        return NGX_ERROR;
    }

    *v = value;

    return NGX_OK;
}


/* r.headers_out.items(): an array of ngx_keyval_t. */

static ngx_int_t
ngx_http_pyngx_header_out_items(ngx_http_request_t *r, ngx_array_t **items)
{
    ngx_str_t                 value;
    ngx_keyval_t             *item;
    ngx_http_pyngx_header_t  *header;

    *items = ngx_array_create(r->pool, 8, sizeof(ngx_keyval_t));
    if (*items == NULL) {
        return NGX_ERROR;
    }

    for (header = ngx_http_pyngx_headers; header->name.len; header++) {

        if (ngx_http_pyngx_header_field(r, header, &value) != NGX_OK) {
            return NGX_ERROR;
        }

        if (value.data == NULL) {
            continue;
        }

        item = ngx_array_push(*items);
        if (item == NULL) {
            return NGX_ERROR;
        }

        item->key = header->name;
        item->value = value;
    }

    return ngx_http_pyngx_header_items(&r->headers_out.headers, *items);
}


/*
 * r.headers_out[name] = value.  NGX_DECLINED: the name or the value cannot be
 * sent, or the header is one of the connection's.
 */

static ngx_int_t
ngx_http_pyngx_header_out_set(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    off_t                     length;
    ngx_table_elt_t          *h;
    ngx_http_pyngx_header_t  *header;

    if (ngx_http_pyngx_header_check(name, value) != NGX_OK) {
        return NGX_DECLINED;
    }

    length = -1;
    header = ngx_http_pyngx_header_find(name);

    if (header) {

        switch (header->kind) {

        case NGX_HTTP_PYNGX_HEADER_CLOSED:
            return NGX_DECLINED;

        case NGX_HTTP_PYNGX_HEADER_TYPE:
            ngx_http_pyngx_header_type(r, value);
            return NGX_OK;

        case NGX_HTTP_PYNGX_HEADER_LENGTH:
            length = ngx_atoof(value->data, value->len);

            if (length == NGX_ERROR) {
                return NGX_DECLINED;
            }

            break;

        case NGX_HTTP_PYNGX_HEADER_RANGES:

            /* the range filter writes this one by itself */

            if (r->allow_ranges && value->len == 5
                && ngx_strncasecmp(value->data, (u_char *) "bytes", 5) == 0)
            {
                return NGX_OK;
            }

            break;
        }
    }

    if (ngx_http_pyngx_header_out_del(r, name) != NGX_OK) {
        return NGX_ERROR;
    }

    if (header && header->kind == NGX_HTTP_PYNGX_HEADER_LENGTH) {
        r->headers_out.content_length_n = length;
        return NGX_OK;
    }

    h = ngx_http_pyngx_header_push(r, name, value);
    if (h == NULL) {
        return NGX_ERROR;
    }

    if (header && header->kind == NGX_HTTP_PYNGX_HEADER_TIME) {
        r->headers_out.last_modified_time = ngx_parse_http_time(value->data,
                                                                value->len);
    }

    return ngx_http_pyngx_header_sync(r, header);
}


/* r.headers_out.add(name, value); what can be there once only is replaced. */

static ngx_int_t
ngx_http_pyngx_header_out_add(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_http_pyngx_header_t  *header;

    header = ngx_http_pyngx_header_find(name);

    if (header && header->kind != NGX_HTTP_PYNGX_HEADER_MANY
        && header->kind != NGX_HTTP_PYNGX_HEADER_ARRAY)
    {
        return ngx_http_pyngx_header_out_set(r, name, value);
    }

    if (ngx_http_pyngx_header_check(name, value) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_header_push(r, name, value) == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_pyngx_header_sync(r, header);
}


/* del r.headers_out[name] */

static ngx_int_t
ngx_http_pyngx_header_out_del(ngx_http_request_t *r, ngx_str_t *name)
{
    ngx_str_t                      empty;
    ngx_table_elt_t               *h;
    ngx_http_pyngx_header_t       *header;
    ngx_http_pyngx_header_iter_t   it;

    ngx_http_pyngx_header_first(&it, &r->headers_out.headers);

    for ( ;; ) {
        h = ngx_http_pyngx_header_next(&it, name);

        if (h == NULL) {
            break;
        }

        h->hash = 0;
    }

    header = ngx_http_pyngx_header_find(name);

    if (header == NULL) {
        return NGX_OK;
    }

    switch (header->kind) {

    case NGX_HTTP_PYNGX_HEADER_TYPE:
        ngx_str_null(&empty);
        ngx_http_pyngx_header_type(r, &empty);
        break;

    case NGX_HTTP_PYNGX_HEADER_LENGTH:
        r->headers_out.content_length_n = -1;
        break;

    case NGX_HTTP_PYNGX_HEADER_TIME:
        r->headers_out.last_modified_time = -1;
        break;

    case NGX_HTTP_PYNGX_HEADER_RANGES:
        r->allow_ranges = 0;
        break;
    }

    return ngx_http_pyngx_header_sync(r, header);
}


/* r.headers_in[name]; data is NULL if there is none. */

static ngx_int_t
ngx_http_pyngx_header_in_get(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t               *h;
    ngx_http_pyngx_header_iter_t   it;

    ngx_str_null(value);

    ngx_http_pyngx_header_first(&it, &r->headers_in.headers);

    h = ngx_http_pyngx_header_next(&it, name);
    if (h) {
        ngx_http_pyngx_header_value(h, value);
    }

    return NGX_OK;
}


/* r.headers_in.get_all(name): an array of ngx_str_t. */

static ngx_int_t
ngx_http_pyngx_header_in_all(ngx_http_request_t *r, ngx_str_t *name,
    ngx_array_t **values)
{
    return ngx_http_pyngx_header_all(r, &r->headers_in.headers, name, values);
}


/* r.headers_in.items(): an array of ngx_keyval_t. */

static ngx_int_t
ngx_http_pyngx_header_in_items(ngx_http_request_t *r, ngx_array_t **items)
{
    *items = ngx_array_create(r->pool, 16, sizeof(ngx_keyval_t));
    if (*items == NULL) {
        return NGX_ERROR;
    }

    return ngx_http_pyngx_header_items(&r->headers_in.headers, *items);
}
