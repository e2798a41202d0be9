
/*
 * Headers as a mapping, arguments, cookies and variables.
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


/* r.arg(name), as nginx has it; data is NULL if there is none. */

static ngx_int_t
ngx_http_pyngx_arg(ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value)
{
    if (ngx_http_arg(r, name->data, name->len, value) != NGX_OK) {
        ngx_str_null(value);
    }

    return NGX_OK;
}


/*
 * r.cookie(name), as nginx has it; data is NULL if there is none.  The parser
 * of cookies has changed its name and arguments, the variable has not.
 */

static ngx_int_t
ngx_http_pyngx_cookie(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    u_char     *p;
    ngx_str_t   variable;

    if (name->len == 0) {
        ngx_str_null(value);
        return NGX_OK;
    }

    variable.len = sizeof("cookie_") - 1 + name->len;
    variable.data = ngx_pnalloc(r->pool, variable.len);
    if (variable.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(variable.data, "cookie_", sizeof("cookie_") - 1);
    ngx_memcpy(p, name->data, name->len);

    return ngx_http_pyngx_variable_get(r, &variable, value);
}


/* r.variables[name]; data is NULL if it is unknown or not found. */

static ngx_int_t
ngx_http_pyngx_variable_get(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_str_t                   lowcase;
    ngx_uint_t                  key;
    ngx_http_variable_value_t  *vv;

    ngx_str_null(value);

    if (ngx_http_pyngx_variable_key(r, name, &lowcase, &key) != NGX_OK) {
        return NGX_ERROR;
    }

    vv = ngx_http_get_variable(r, &lowcase, key);

    if (vv == NULL) {
        return NGX_ERROR;
    }

    if (vv->not_found) {
        return NGX_OK;
    }

    value->len = vv->len;
    value->data = vv->len ? vv->data : (u_char *) "";

    return NGX_OK;
}


/* r.variables[name] = value; NGX_DECLINED if nginx does not allow it. */

static ngx_int_t
ngx_http_pyngx_variable_set(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_str_t                   lowcase;
    ngx_uint_t                  key;
    ngx_http_variable_t        *v;
    ngx_http_variable_value_t  *vv, set;
    ngx_http_core_main_conf_t  *cmcf;

    if (ngx_http_pyngx_variable_key(r, name, &lowcase, &key) != NGX_OK) {
        return NGX_ERROR;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    v = ngx_hash_find(&cmcf->variables_hash, key, lowcase.data, lowcase.len);

    if (v == NULL || !(v->flags & NGX_HTTP_VAR_CHANGEABLE)) {
        return NGX_DECLINED;
    }

    if (v->set_handler) {
        vv = &set;

    } else if (v->flags & NGX_HTTP_VAR_INDEXED) {
        vv = &r->variables[v->index];

    } else {
        return NGX_DECLINED;
    }

    ngx_memzero(vv, sizeof(ngx_http_variable_value_t));

    vv->len = value->len;
    vv->data = value->data;
    vv->valid = 1;

    if (v->set_handler) {
        v->set_handler(r, vv, v->data);
    }

    return NGX_OK;
}


/* What a variable is found by: its name in lower case, and the hash of it. */

static ngx_int_t
ngx_http_pyngx_variable_key(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *lowcase, ngx_uint_t *key)
{
    lowcase->len = name->len;
    lowcase->data = ngx_pnalloc(r->pool, name->len + 1);
    if (lowcase->data == NULL) {
        return NGX_ERROR;
    }

    *key = ngx_hash_strlow(lowcase->data, name->data, name->len);

    return NGX_OK;
}


/* The row of a header that nginx has a field for. */

static ngx_http_pyngx_header_t *
ngx_http_pyngx_header_find(ngx_str_t *name)
{
    ngx_http_pyngx_header_t  *header;

    for (header = ngx_http_pyngx_headers; header->name.len; header++) {

        if (header->name.len == name->len
            && ngx_strncasecmp(header->name.data, name->data, name->len) == 0)
        {
            return header;
        }
    }

    return NULL;
}


/* The value of a header that nginx will write from fields, not from a list. */

static ngx_int_t
ngx_http_pyngx_header_field(ngx_http_request_t *r,
    ngx_http_pyngx_header_t *header, ngx_str_t *value)
{
    u_char                  *p;
    ngx_http_headers_out_t  *out;

    ngx_str_null(value);

    if (header == NULL) {
        return NGX_OK;
    }

    out = &r->headers_out;

    switch (header->kind) {

    case NGX_HTTP_PYNGX_HEADER_TYPE:

        if (out->content_type.len == 0) {
            return NGX_OK;
        }

        if (out->content_type_len != out->content_type.len
            || out->charset.len == 0)
        {
            *value = out->content_type;
            return NGX_OK;
        }

        p = ngx_pnalloc(r->pool, out->content_type.len
                                 + sizeof("; charset=") - 1
                                 + out->charset.len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value->data = p;
        value->len = ngx_sprintf(p, "%V; charset=%V", &out->content_type,
                                 &out->charset)
                     - p;
        return NGX_OK;

    case NGX_HTTP_PYNGX_HEADER_LENGTH:

        if (out->content_length || out->content_length_n < 0) {
            return NGX_OK;
        }

        p = ngx_pnalloc(r->pool, NGX_OFF_T_LEN);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value->data = p;
        value->len = ngx_sprintf(p, "%O", out->content_length_n) - p;
        return NGX_OK;

    case NGX_HTTP_PYNGX_HEADER_TIME:

        if (out->last_modified || out->last_modified_time == -1) {
            return NGX_OK;
        }

        p = ngx_pnalloc(r->pool, sizeof("Mon, 28 Sep 1970 06:00:00 GMT") - 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        value->data = p;
        value->len = ngx_http_time(p, out->last_modified_time) - p;
        return NGX_OK;

    case NGX_HTTP_PYNGX_HEADER_RANGES:

        if (out->accept_ranges == NULL && r->allow_ranges) {
            ngx_str_set(value, "bytes");
        }

        return NGX_OK;

    default:
        return NGX_OK;
    }
}


/*
 * Sets Content-Type.  A charset in the value is nginx's charset then, and the
 * type alone is what types are compared with.
 */

static void
ngx_http_pyngx_header_type(ngx_http_request_t *r, ngx_str_t *value)
{
    u_char                  *last, *p;
    ngx_http_headers_out_t  *out;

    out = &r->headers_out;

    out->content_type = *value;
    out->content_type_len = value->len;
    out->content_type_lowcase = NULL;
    ngx_str_null(&out->charset);

    last = value->data + value->len;

    for (p = value->data; p < last; p++) {

        if (*p != ';') {
            continue;
        }

        out->charset.data = p++;

        while (p < last && *p == ' ') {
            p++;
        }

        if (last - p >= 8
            && ngx_strncasecmp(p, (u_char *) "charset=", 8) == 0)
        {
            out->content_type_len = out->charset.data - value->data;

            while (out->content_type_len
                   && value->data[out->content_type_len - 1] == ' ')
            {
                out->content_type_len--;
            }

            out->charset.data = p + 8;
            out->charset.len = last - p - 8;

            if (out->charset.len > 1 && out->charset.data[0] == '"'
                && last[-1] == '"')
            {
                out->charset.data++;
                out->charset.len -= 2;
            }

            return;
        }

        ngx_str_null(&out->charset);
        p--;
    }
}


/* A new entry of the response's headers. */

static ngx_table_elt_t *
ngx_http_pyngx_header_push(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key = *name;
    h->value = *value;

    return h;
}


/* Makes the field of a header agree with the list. */

static ngx_int_t
ngx_http_pyngx_header_sync(ngx_http_request_t *r,
    ngx_http_pyngx_header_t *header)
{
    void             *field;
    ngx_table_elt_t  *h, **ph;

    if (header == NULL || header->kind == NGX_HTTP_PYNGX_HEADER_TYPE
        || header->kind == NGX_HTTP_PYNGX_HEADER_CLOSED)
    {
        return NGX_OK;
    }

    field = (u_char *) &r->headers_out + header->offset;

    if (ngx_http_pyngx_header_link(r, header, field) != NGX_OK) {
        return NGX_ERROR;
    }

    ph = field;

    if (header->kind == NGX_HTTP_PYNGX_HEADER_NGINX && *ph == NULL) {

        /* with an entry that is not written nginx writes none of its own */

        h = ngx_pcalloc(r->pool, sizeof(ngx_table_elt_t));
        if (h == NULL) {
            return NGX_ERROR;
        }

        h->key = header->name;
        h->value.data = (u_char *) "";
        *ph = h;
    }

    return NGX_OK;
}


/*
 * Stores the entries of a header in its field: the first one, and the others
 * linked to it; before nginx 1.23.0 an array of them if there may be several.
 */

static ngx_int_t
ngx_http_pyngx_header_link(ngx_http_request_t *r,
    ngx_http_pyngx_header_t *header, void *field)
{
    ngx_table_elt_t               *h, **ph;
    ngx_http_pyngx_header_iter_t   it;

    ngx_http_pyngx_header_first(&it, &r->headers_out.headers);

#if (nginx_version >= 1023000)

    ph = field;

    do {
        h = ngx_http_pyngx_header_next(&it, &header->name);
        *ph = h;

        if (h) {
            ph = &h->next;
        }
    } while (h);

#else

    if (header->kind != NGX_HTTP_PYNGX_HEADER_ARRAY) {
        ph = field;
        *ph = ngx_http_pyngx_header_next(&it, &header->name);
        return NGX_OK;
    }

    {
    ngx_array_t  *array;

    array = field;

    if (array->elts == NULL
        && ngx_array_init(array, r->pool, 1, sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    array->nelts = 0;

    while ((h = ngx_http_pyngx_header_next(&it, &header->name)) != NULL) {

        ph = ngx_array_push(array);
        if (ph == NULL) {
            return NGX_ERROR;
        }

        *ph = h;
    }
    }

#endif

    return NGX_OK;
}


/* The values of all entries of a name. */

static ngx_int_t
ngx_http_pyngx_header_all(ngx_http_request_t *r, ngx_list_t *list,
    ngx_str_t *name, ngx_array_t **values)
{
    ngx_str_t                     *value;
    ngx_table_elt_t               *h;
    ngx_http_pyngx_header_iter_t   it;

    *values = ngx_array_create(r->pool, 2, sizeof(ngx_str_t));
    if (*values == NULL) {
        return NGX_ERROR;
    }

    ngx_http_pyngx_header_first(&it, list);

    for ( ;; ) {
        h = ngx_http_pyngx_header_next(&it, name);

        if (h == NULL) {
            return NGX_OK;
        }

        value = ngx_array_push(*values);
        if (value == NULL) {
            return NGX_ERROR;
        }

        ngx_http_pyngx_header_value(h, value);
    }
}


/* Appends the names and values of all entries. */

static ngx_int_t
ngx_http_pyngx_header_items(ngx_list_t *list, ngx_array_t *items)
{
    ngx_keyval_t                  *item;
    ngx_table_elt_t               *h;
    ngx_http_pyngx_header_iter_t   it;

    ngx_http_pyngx_header_first(&it, list);

    for ( ;; ) {
        h = ngx_http_pyngx_header_next(&it, NULL);

        if (h == NULL) {
            return NGX_OK;
        }

        item = ngx_array_push(items);
        if (item == NULL) {
            return NGX_ERROR;
        }

        item->key = h->key;
        ngx_http_pyngx_header_value(h, &item->value);
    }
}


/* The value of an entry: an empty one is not None. */

static void
ngx_http_pyngx_header_value(ngx_table_elt_t *h, ngx_str_t *value)
{
    value->len = h->value.len;
    value->data = h->value.data ? h->value.data : (u_char *) "";
}


static void
ngx_http_pyngx_header_first(ngx_http_pyngx_header_iter_t *it,
    ngx_list_t *list)
{
    it->part = &list->part;
    it->i = 0;
}


/* The next entry that is written and has that name, or any without one. */

static ngx_table_elt_t *
ngx_http_pyngx_header_next(ngx_http_pyngx_header_iter_t *it, ngx_str_t *name)
{
    ngx_table_elt_t  *h;

    while (it->part) {

        if (it->i == it->part->nelts) {
            it->part = it->part->next;
            it->i = 0;
            continue;
        }

        h = it->part->elts;
        h = &h[it->i++];

        if (h->hash == 0) {
            continue;
        }

        if (name == NULL
            || (h->key.len == name->len
                && ngx_strncasecmp(h->key.data, name->data, name->len) == 0))
        {
            return h;
        }
    }

    return NULL;
}


/* Whether a header can be written so that it is read as that one header. */

static ngx_int_t
ngx_http_pyngx_header_check(ngx_str_t *name, ngx_str_t *value)
{
    size_t  i;
    u_char  ch;

    if (name->len == 0) {
        return NGX_DECLINED;
    }

    for (i = 0; i < name->len; i++) {
        ch = name->data[i];

        if (ch <= ' ' || ch >= 0x7f
            || ngx_strchr("\"(),/:;<=>?@[\\]{}", ch) != NULL)
        {
            return NGX_DECLINED;
        }
    }

    for (i = 0; i < value->len; i++) {
        ch = value->data[i];

        if (ch == CR || ch == LF || ch == '\0') {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}
