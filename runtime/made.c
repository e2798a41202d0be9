
/*
 * Operations of bytes that make new ones.  What is made is allocated, and
 * never has data == NULL, which would be None.
 */


static ngx_int_t
ngx_http_pyngx_bytes_lower(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    size_t  i;

    if (ngx_http_pyngx_bytes_new(pool, s->len, result) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < s->len; i++) {
        result->data[i] = ngx_tolower(s->data[i]);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_upper(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    size_t  i;

    if (ngx_http_pyngx_bytes_new(pool, s->len, result) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < s->len; i++) {
        result->data[i] = ngx_toupper(s->data[i]);
    }

    return NGX_OK;
}


/* s.replace(old, new, count), all of them if count is negative. */

static ngx_int_t
ngx_http_pyngx_bytes_replace(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *old,
    ngx_str_t *new, ngx_int_t count, ngx_str_t *result)
{
    u_char     *p;
    ngx_int_t   at, from, n;

    n = ngx_http_pyngx_bytes_count(s, old, 0, NGX_MAX_INT_T_VALUE);

    if (count < 0 || count > n) {
        count = n;
    }

    if (new->len > old->len
        && count > (ngx_int_t) ((NGX_MAX_INT_T_VALUE - s->len)
                                / (new->len - old->len)))
    {
        return NGX_ERROR;
    }

    if (ngx_http_pyngx_bytes_new(pool, s->len - count * old->len
                                       + count * new->len, result)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = result->data;
    from = 0;

    for (at = 0; count; count--) {

        at = ngx_http_pyngx_bytes_find(s, old, at, NGX_MAX_INT_T_VALUE);

        p = ngx_cpymem(p, s->data + from, at - from);
        p = ngx_cpymem(p, new->data, new->len);

        from = at + old->len;
        at = old->len ? from : from + 1;
    }

    ngx_memcpy(p, s->data + from, s->len - from);

    return NGX_OK;
}


/* s * n; NGX_DECLINED if the length does not fit. */

static ngx_int_t
ngx_http_pyngx_bytes_repeat(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t n,
    ngx_str_t *result)
{
    u_char  *p;

    if (n < 0) {
        n = 0;
    }

    if (s->len && n > (ngx_int_t) (NGX_MAX_INT_T_VALUE / s->len)) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_new(pool, s->len * n, result) != NGX_OK) {
        return NGX_ERROR;
    }

    p = result->data;

    if (s->len) {
        while (n--) {
            p = ngx_cpymem(p, s->data, s->len);
        }
    }

    return NGX_OK;
}


/* a + b */

static ngx_int_t
ngx_http_pyngx_bytes_concat(ngx_pool_t *pool, ngx_str_t *a, ngx_str_t *b,
    ngx_str_t *result)
{
    u_char     *p;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_new(pool, a->len + b->len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(text.data, a->data, a->len);
    ngx_memcpy(p, b->data, b->len);

    *result = text;

    return NGX_OK;
}


/*
 * s[start:stop:step].  Bounds left out are, for a step below zero,
 * NGX_MAX_INT_T_VALUE and -NGX_MAX_INT_T_VALUE.  NGX_DECLINED: step is zero.
 */

static ngx_int_t
ngx_http_pyngx_bytes_slice_step(ngx_pool_t *pool, ngx_str_t *s,
    ngx_int_t start, ngx_int_t stop, ngx_int_t step, ngx_str_t *result)
{
    u_char      *p;
    ngx_int_t    len, n;
    ngx_str_t    text;
    ngx_uint_t   stride;

    if (step == 0) {
        return NGX_DECLINED;
    }

    len = s->len;

    if (step > 0) {
        n = ngx_http_pyngx_bytes_bounds(s, &start, &stop);
        stride = step;

    } else {
        start = ngx_http_pyngx_bytes_backward(start, len);
        stop = ngx_http_pyngx_bytes_backward(stop, len);
        n = start - stop;
        stride = -(ngx_uint_t) step;
    }

    n = (n > 0) ? (ngx_int_t) ((n - 1) / stride + 1) : 0;

    if (ngx_http_pyngx_bytes_new(pool, n, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    for (p = text.data; n; n--) {
        *p++ = s->data[start];

        if (n > 1) {
            start += step;
        }
    }

    *result = text;

    return NGX_OK;
}


/* A bound of a slice that goes backward, clamped to -1 .. len - 1. */

static ngx_int_t
ngx_http_pyngx_bytes_backward(ngx_int_t bound, ngx_int_t len)
{
    if (bound < 0) {
        return ngx_max(bound + len, -1);
    }

    return ngx_min(bound, len - 1);
}


static ngx_int_t
ngx_http_pyngx_bytes_new(ngx_pool_t *pool, size_t len, ngx_str_t *result)
{
    result->len = len;
    result->data = ngx_pnalloc(pool, ngx_max(len, 1));
    if (result->data == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* bytes(n) */

static ngx_int_t
ngx_http_pyngx_bytes_zeros(ngx_pool_t *pool, ngx_int_t n, ngx_str_t *result)
{
    if (n < 0) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_new(pool, n, result) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(result->data, n);

    return NGX_OK;
}


/*
 * s[start:stop:step] of a step that is computed; left_out has bit 1 for start
 * and bit 2 for stop.
 */

static ngx_int_t
ngx_http_pyngx_bytes_slice_by(ngx_pool_t *pool, ngx_str_t *s,
    ngx_int_t start, ngx_int_t stop, ngx_int_t step, ngx_int_t left_out,
    ngx_str_t *result)
{
    if (step < 0 && (left_out & 1)) {
        start = NGX_MAX_INT_T_VALUE;
    }

    if (step < 0 && (left_out & 2)) {
        stop = -NGX_MAX_INT_T_VALUE;
    }

    return ngx_http_pyngx_bytes_slice_step(pool, s, start, stop, step, result);
}


/* bytes(list) of numbers.  NGX_DECLINED: one of them is no byte. */

static ngx_int_t
ngx_http_pyngx_bytes_of_list(ngx_pool_t *pool, ngx_array_t *list,
    ngx_str_t *result)
{
    ngx_int_t   *items;
    ngx_str_t    text;
    ngx_uint_t   i;

    if (ngx_http_pyngx_bytes_new(pool, list->nelts, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    items = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (items[i] < 0 || items[i] > 255) {
            return NGX_DECLINED;
        }

        text.data[i] = (u_char) items[i];
    }

    *result = text;

    return NGX_OK;
}
