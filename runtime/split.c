
/*
 * Bytes in pieces, as Python's split() and its like make them.  The pieces of
 * a list lie in a copy of what was split, with the list, in the memory of the
 * request.  Those of partition() are views of it.
 */


/* All bytes, what is before, at and behind the separator. */

static ngx_int_t
ngx_http_pyngx_bytes_before(ngx_str_t *s, ngx_str_t *sep, ngx_str_t *result)
{
    ngx_int_t  at;

    if (sep->len == 0) {
        return NGX_DECLINED;
    }

    at = ngx_http_pyngx_bytes_find(s, sep, 0, NGX_MAX_INT_T_VALUE);

    *result = *s;

    if (at != -1) {
        result->len = at;
    }

    return NGX_OK;
}


/* The separator if it is there, else nothing. */

static ngx_int_t
ngx_http_pyngx_bytes_at(ngx_str_t *s, ngx_str_t *sep, ngx_str_t *result)
{
    ngx_int_t  at;

    if (sep->len == 0) {
        return NGX_DECLINED;
    }

    at = ngx_http_pyngx_bytes_find(s, sep, 0, NGX_MAX_INT_T_VALUE);

    result->len = (at == -1) ? 0 : sep->len;
    result->data = s->data + ngx_max(at, 0);

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_behind(ngx_str_t *s, ngx_str_t *sep, ngx_str_t *result)
{
    size_t     skip;
    ngx_int_t  at;

    if (sep->len == 0) {
        return NGX_DECLINED;
    }

    at = ngx_http_pyngx_bytes_find(s, sep, 0, NGX_MAX_INT_T_VALUE);
    skip = (at == -1) ? s->len : at + sep->len;

    result->len = s->len - skip;
    result->data = s->data + skip;

    return NGX_OK;
}


/* The same of the last separator: without one, all bytes are behind it. */

static ngx_int_t
ngx_http_pyngx_bytes_rbefore(ngx_str_t *s, ngx_str_t *sep, ngx_str_t *result)
{
    ngx_int_t  at;

    if (sep->len == 0) {
        return NGX_DECLINED;
    }

    at = ngx_http_pyngx_bytes_rfind(s, sep, 0, NGX_MAX_INT_T_VALUE);

    result->len = ngx_max(at, 0);
    result->data = s->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_rbehind(ngx_str_t *s, ngx_str_t *sep, ngx_str_t *result)
{
    size_t     skip;
    ngx_int_t  at;

    if (sep->len == 0) {
        return NGX_DECLINED;
    }

    at = ngx_http_pyngx_bytes_rfind(s, sep, 0, NGX_MAX_INT_T_VALUE);
    skip = (at == -1) ? 0 : at + sep->len;

    result->len = s->len - skip;
    result->data = s->data + skip;

    return NGX_OK;
}


/* NGX_DECLINED: the separator is empty. */

static ngx_int_t
ngx_http_pyngx_bytes_split(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *sep, ngx_int_t most, ngx_array_t **result)
{
    size_t     at, from;
    ngx_int_t  found;
    ngx_str_t  text;

    if (sep && sep->data && sep->len == 0) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_list(pool, s, &text, result) != NGX_OK) {
        return NGX_ERROR;
    }

    at = 0;

    for ( ;; ) {

        if (sep == NULL || sep->data == NULL) {

            while (at < text.len && ngx_http_pyngx_is_space(text.data[at])) {
                at++;
            }

            if (at == text.len) {
                return NGX_OK;
            }
        }

        from = at;

        if (most-- == 0) {
            return ngx_http_pyngx_bytes_push(*result, &text, from, text.len);
        }

        if (sep && sep->data) {
            found = ngx_http_pyngx_bytes_find(&text, sep, from,
                                              NGX_MAX_INT_T_VALUE);

            if (found == -1) {
                return ngx_http_pyngx_bytes_push(*result, &text, from,
                                                 text.len);
            }

            at = found + sep->len;

        } else {
            while (at < text.len && !ngx_http_pyngx_is_space(text.data[at])) {
                at++;
            }

            found = at;
        }

        if (ngx_http_pyngx_bytes_push(*result, &text, from, found)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }
}


/* Found from the end, then put in order. */

static ngx_int_t
ngx_http_pyngx_bytes_rsplit(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *sep, ngx_int_t most, ngx_array_t **result)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_bytes_backwards(pool, s, sep, most, result);

    if (rc == NGX_OK) {
        ngx_http_pyngx_bytes_turn(*result);
    }

    return rc;
}


/* The first becomes the last one. */

static void
ngx_http_pyngx_bytes_turn(ngx_array_t *list)
{
    ngx_str_t   *parts, part;
    ngx_uint_t   i, n;

    parts = list->elts;
    n = list->nelts;

    for (i = 0; i < n / 2; i++) {
        part = parts[i];
        parts[i] = parts[n - 1 - i];
        parts[n - 1 - i] = part;
    }
}


static ngx_int_t
ngx_http_pyngx_bytes_backwards(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *sep, ngx_int_t most, ngx_array_t **result)
{
    size_t     end, last;
    ngx_int_t  found;
    ngx_str_t  text;

    if (sep && sep->data && sep->len == 0) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_list(pool, s, &text, result) != NGX_OK) {
        return NGX_ERROR;
    }

    end = text.len;

    for ( ;; ) {

        if (sep == NULL || sep->data == NULL) {

            while (end && ngx_http_pyngx_is_space(text.data[end - 1])) {
                end--;
            }

            if (end == 0) {
                return NGX_OK;
            }
        }

        last = end;

        if (most-- == 0) {
            return ngx_http_pyngx_bytes_push(*result, &text, 0, last);
        }

        if (sep && sep->data) {
            found = ngx_http_pyngx_bytes_rfind(&text, sep, 0, last);

            if (found == -1) {
                return ngx_http_pyngx_bytes_push(*result, &text, 0, last);
            }

            end = found;
            found += sep->len;

        } else {
            while (end && !ngx_http_pyngx_is_space(text.data[end - 1])) {
                end--;
            }

            found = end;
        }

        if (ngx_http_pyngx_bytes_push(*result, &text, found, last)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }
}


/* Lines end with LF, CR or both. */

static ngx_int_t
ngx_http_pyngx_bytes_splitlines(ngx_pool_t *pool, ngx_str_t *s,
    ngx_int_t keep, ngx_array_t **result)
{
    size_t     at, end, from;
    ngx_str_t  text;

    if (ngx_http_pyngx_bytes_list(pool, s, &text, result) != NGX_OK) {
        return NGX_ERROR;
    }

    at = 0;

    while (at < text.len) {
        from = at;

        while (at < text.len && text.data[at] != CR && text.data[at] != LF) {
            at++;
        }

        end = at;

        if (at < text.len) {
            at++;

            if (at < text.len
                && text.data[end] == CR
                && text.data[at] == LF)
            {
                at++;
            }
        }

        if (ngx_http_pyngx_bytes_push(*result, &text, from, keep ? at : end)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_join(ngx_pool_t *pool, ngx_str_t *s, ngx_array_t *parts,
    ngx_str_t *result)
{
    u_char      *p;
    size_t       len;
    ngx_str_t   *part, text;
    ngx_uint_t   i;

    len = 0;
    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        len += part[i].len + (i ? s->len : 0);
    }

    if (ngx_http_pyngx_bytes_new(pool, len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < parts->nelts; i++) {

        if (i) {
            p = ngx_cpymem(p, s->data, s->len);
        }

        p = ngx_cpymem(p, part[i].data, part[i].len);
    }

    *result = text;

    return NGX_OK;
}


/* item in parts */

static ngx_int_t
ngx_http_pyngx_bytes_in_list(ngx_str_t *item, ngx_array_t *parts)
{
    ngx_str_t   *part;
    ngx_uint_t   i;

    part = parts->elts;

    for (i = 0; i < parts->nelts; i++) {
        if (ngx_http_pyngx_bytes_eq(&part[i], item)) {
            return 1;
        }
    }

    return 0;
}


/* A new list, and the copy in which its pieces will lie. */

static ngx_int_t
ngx_http_pyngx_bytes_list(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *copy, ngx_array_t **result)
{
    if (ngx_http_pyngx_bytes_new(pool, s->len, copy) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memcpy(copy->data, s->data, s->len);

    *result = ngx_array_create(pool, 4, sizeof(ngx_str_t));

    return (*result == NULL) ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_push(ngx_array_t *list, ngx_str_t *s, size_t from,
    size_t end)
{
    ngx_str_t  *part;

    part = ngx_array_push(list);
    if (part == NULL) {
        return NGX_ERROR;
    }

    part->len = end - from;
    part->data = s->data + from;

    return NGX_OK;
}
