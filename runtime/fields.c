
/*
 * The entries and fields of nginx's behind the mappings of headers.
 */


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
