
/*
 * A str in another case.
 */


static const ngx_http_pyngx_uni_case_t  ngx_http_pyngx_uni_lower = {
    ngx_http_pyngx_uni_lower_shifts,
    sizeof(ngx_http_pyngx_uni_lower_shifts)
        / sizeof(ngx_http_pyngx_uni_shift_t),
    ngx_http_pyngx_uni_lower_texts,
    sizeof(ngx_http_pyngx_uni_lower_texts)
        / sizeof(ngx_http_pyngx_uni_text_t)
};


static const ngx_http_pyngx_uni_case_t  ngx_http_pyngx_uni_upper = {
    ngx_http_pyngx_uni_upper_shifts,
    sizeof(ngx_http_pyngx_uni_upper_shifts)
        / sizeof(ngx_http_pyngx_uni_shift_t),
    ngx_http_pyngx_uni_upper_texts,
    sizeof(ngx_http_pyngx_uni_upper_texts)
        / sizeof(ngx_http_pyngx_uni_text_t)
};


static const ngx_http_pyngx_uni_case_t  ngx_http_pyngx_uni_title = {
    ngx_http_pyngx_uni_title_shifts,
    sizeof(ngx_http_pyngx_uni_title_shifts)
        / sizeof(ngx_http_pyngx_uni_shift_t),
    ngx_http_pyngx_uni_title_texts,
    sizeof(ngx_http_pyngx_uni_title_texts)
        / sizeof(ngx_http_pyngx_uni_text_t)
};


static const ngx_http_pyngx_uni_case_t  ngx_http_pyngx_uni_fold = {
    ngx_http_pyngx_uni_fold_shifts,
    sizeof(ngx_http_pyngx_uni_fold_shifts)
        / sizeof(ngx_http_pyngx_uni_shift_t),
    ngx_http_pyngx_uni_fold_texts,
    sizeof(ngx_http_pyngx_uni_fold_texts)
        / sizeof(ngx_http_pyngx_uni_text_t)
};


static ngx_int_t
ngx_http_pyngx_str_upper(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    return ngx_http_pyngx_uni_change(pool, s, &ngx_http_pyngx_uni_upper,
                                     result);
}


static ngx_int_t
ngx_http_pyngx_str_casefold(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    return ngx_http_pyngx_uni_change(pool, s, &ngx_http_pyngx_uni_fold,
                                     result);
}


static ngx_int_t
ngx_http_pyngx_uni_change(ngx_pool_t *pool, ngx_str_t *s,
    const ngx_http_pyngx_uni_case_t *to, ngx_str_t *result)
{
    u_char     *last, *next, *p, *out;
    ngx_str_t   text;

    /* a character is at most three times as long in another case */

    if (ngx_http_pyngx_bytes_new(pool, s->len * 3, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    out = text.data;
    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);
        out = ngx_http_pyngx_uni_put(out, to, p, next);
    }

    text.len = out - text.data;
    *result = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_str_lower(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    u_char     *last, *next, *out, *p;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_isascii(s)) {
        return ngx_http_pyngx_bytes_lower(pool, s, result);
    }

    if (ngx_http_pyngx_bytes_new(pool, s->len * 3, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    out = text.data;
    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);
        out = ngx_http_pyngx_uni_small(out, s, p, next);
    }

    text.len = out - text.data;
    *result = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_str_capitalize(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *result)
{
    u_char     *last, *next, *out, *p;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_new(pool, s->len * 3, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    out = text.data;
    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);

        if (p == s->data) {
            out = ngx_http_pyngx_uni_put(out, &ngx_http_pyngx_uni_title, p,
                                         next);

        } else {
            out = ngx_http_pyngx_uni_small(out, s, p, next);
        }
    }

    text.len = out - text.data;
    *result = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_str_title(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    u_char      *last, *next, *out, *p;
    ngx_str_t    text;
    ngx_uint_t   inside;

    if (ngx_http_pyngx_bytes_new(pool, s->len * 3, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    inside = 0;
    out = text.data;
    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);

        if (inside) {
            out = ngx_http_pyngx_uni_small(out, s, p, next);

        } else {
            out = ngx_http_pyngx_uni_put(out, &ngx_http_pyngx_uni_title, p,
                                         next);
        }

        inside = ngx_http_pyngx_uni_kind(ngx_http_pyngx_str_code(p, next));
    }

    text.len = out - text.data;
    *result = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_str_swapcase(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    u_char     kind, *last, *next, *out, *p;
    ngx_str_t  text;

    if (ngx_http_pyngx_bytes_new(pool, s->len * 3, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    out = text.data;
    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);
        kind = ngx_http_pyngx_uni_kind(ngx_http_pyngx_str_code(p, next));

        if (kind == 'A') {
            out = ngx_http_pyngx_uni_small(out, s, p, next);

        } else if (kind == 'a') {
            out = ngx_http_pyngx_uni_put(out, &ngx_http_pyngx_uni_upper, p,
                                         next);

        } else {
            out = ngx_cpymem(out, p, next - p);
        }
    }

    text.len = out - text.data;
    *result = text;

    return NGX_OK;
}


/* A character of s as a small one; a sigma that ends a word has its own. */

static u_char *
ngx_http_pyngx_uni_small(u_char *out, ngx_str_t *s, u_char *p, u_char *last)
{
    if (ngx_http_pyngx_str_code(p, last) != 0x3a3) {
        return ngx_http_pyngx_uni_put(out, &ngx_http_pyngx_uni_lower, p, last);
    }

    if (ngx_http_pyngx_uni_before(s->data, p)
        && !ngx_http_pyngx_uni_behind(last, s->data + s->len))
    {
        return ngx_cpymem(out, "\317\202", 2);
    }

    return ngx_cpymem(out, "\317\203", 2);
}


/* Whether a letter is before p, and whether one is behind it. */

static ngx_int_t
ngx_http_pyngx_uni_before(u_char *first, u_char *p)
{
    u_char     *at;
    ngx_int_t   rc;

    while (p > first) {
        at = ngx_http_pyngx_str_previous(first, p);
        rc = ngx_http_pyngx_uni_letter(at, p);

        if (rc != NGX_DECLINED) {
            return rc == NGX_OK;
        }

        p = at;
    }

    return 0;
}


static ngx_int_t
ngx_http_pyngx_uni_behind(u_char *p, u_char *last)
{
    u_char     *next;
    ngx_int_t   rc;

    while (p < last) {
        next = ngx_http_pyngx_str_next(p, last);
        rc = ngx_http_pyngx_uni_letter(p, next);

        if (rc != NGX_DECLINED) {
            return rc == NGX_OK;
        }

        p = next;
    }

    return 0;
}


/* NGX_OK: a letter that has cases.  NGX_DECLINED: to be passed over. */

static ngx_int_t
ngx_http_pyngx_uni_letter(u_char *p, u_char *last)
{
    uint32_t  code;

    code = ngx_http_pyngx_str_code(p, last);

    if (ngx_http_pyngx_uni_has(ngx_http_pyngx_uni_ignored,
                               sizeof(ngx_http_pyngx_uni_ignored), code))
    {
        return NGX_DECLINED;
    }

    return ngx_http_pyngx_uni_kind(code) ? NGX_OK : NGX_DONE;
}


/* Writes a character in another case, which may be several ones. */

static u_char *
ngx_http_pyngx_uni_put(u_char *out, const ngx_http_pyngx_uni_case_t *to,
    u_char *p, u_char *last)
{
    size_t                             i, middle, n;
    uint32_t                           code;
    const ngx_http_pyngx_uni_shift_t  *shift;

    code = ngx_http_pyngx_str_code(p, last);

    for (i = 0; code >= 0x80 && i < to->ntexts; i++) {
        if (to->texts[i].code == code) {
            return ngx_cpymem(out, to->texts[i].text,
                              ngx_strlen(to->texts[i].text));
        }
    }

    i = 0;
    n = to->nshifts;

    while (i < n) {
        middle = i + (n - i) / 2;
        shift = &to->shifts[middle];

        if (code > shift->last) {
            i = middle + 1;

        } else if (code < shift->first) {
            n = middle;

        } else if ((code - shift->first) % shift->step == 0) {
            return ngx_http_pyngx_utf8_put(out, code + shift->by);

        } else {
            break;
        }
    }

    return ngx_cpymem(out, p, last - p);
}


static u_char *
ngx_http_pyngx_utf8_put(u_char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (u_char) code;
        return out;
    }

    if (code < 0x800) {
        *out++ = (u_char) (0xc0 | code >> 6);

    } else {

        if (code < 0x10000) {
            *out++ = (u_char) (0xe0 | code >> 12);

        } else {
            *out++ = (u_char) (0xf0 | code >> 18);
            *out++ = (u_char) (0x80 | (code >> 12 & 0x3f));
        }

        *out++ = (u_char) (0x80 | (code >> 6 & 0x3f));
    }

    *out++ = (u_char) (0x80 | (code & 0x3f));

    return out;
}
