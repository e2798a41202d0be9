
/*
 * Text from bytes and bytes from text, in the encodings that bytes have.
 */


#define NGX_HTTP_PYNGX_UTF8    0
#define NGX_HTTP_PYNGX_ASCII   1
#define NGX_HTTP_PYNGX_LATIN1  2


#define NGX_HTTP_PYNGX_STRICT  0
#define NGX_HTTP_PYNGX_REPLACE 1
#define NGX_HTTP_PYNGX_IGNORE  2


/* NGX_DECLINED: a byte that the encoding does not have. */

static ngx_int_t
ngx_http_pyngx_decode(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t encoding,
    ngx_int_t errors, ngx_str_t *result)
{
    u_char     *last, *p, *start, *to;
    ngx_int_t   rc;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_new(pool, s->len * 3, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    to = text.data;
    p = s->data;
    last = p + s->len;

    while (p < last) {

        start = p;
        rc = NGX_OK;

        if (*p < 0x80) {
            *to++ = *p++;
            continue;
        }

        if (encoding == NGX_HTTP_PYNGX_LATIN1) {
            *to++ = 0xc0 | *p >> 6;
            *to++ = 0x80 | (*p++ & 0x3f);
            continue;
        }

        if (encoding == NGX_HTTP_PYNGX_UTF8) {
            rc = ngx_http_pyngx_utf8_next(&p, last);

        } else {
            p++;
            rc = NGX_DECLINED;
        }

        if (rc == NGX_OK) {
            to = ngx_cpymem(to, start, p - start);

        } else if (errors == NGX_HTTP_PYNGX_STRICT) {
            return NGX_DECLINED;

        } else if (errors == NGX_HTTP_PYNGX_REPLACE) {
            to = ngx_cpymem(to, "\xef\xbf\xbd", 3);
        }
    }

    text.len = to - text.data;
    *result = text;

    return NGX_OK;
}


/* NGX_DECLINED: a character that the encoding does not have. */

static ngx_int_t
ngx_http_pyngx_encode(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t encoding,
    ngx_int_t errors, ngx_str_t *result)
{
    u_char     *last, *next, *p, *to;
    uint32_t    code;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_new(pool, s->len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    to = text.data;
    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);
        code = ngx_http_pyngx_str_code(p, next);

        if (encoding == NGX_HTTP_PYNGX_UTF8) {
            to = ngx_cpymem(to, p, next - p);

        } else if (code < 0x80
                   || (code < 0x100 && encoding == NGX_HTTP_PYNGX_LATIN1))
        {
            *to++ = (u_char) code;

        } else if (errors == NGX_HTTP_PYNGX_STRICT) {
            return NGX_DECLINED;

        } else if (errors == NGX_HTTP_PYNGX_REPLACE) {
            *to++ = '?';
        }
    }

    text.len = to - text.data;
    *result = text;

    return NGX_OK;
}


/*
 * Goes over one character.  As strict as Python: neither halves of surrogate
 * pairs nor more bytes than a character needs.  NGX_DECLINED: over as many
 * bytes as may begin one, at least one.
 */

static ngx_int_t
ngx_http_pyngx_utf8_next(u_char **pos, u_char *last)
{
    u_char      ch, *p;
    ngx_uint_t  high, low, n;

    p = *pos;
    ch = *p++;
    *pos = p;

    if (ch < 0x80) {
        return NGX_OK;
    }

    if (ch < 0xc2 || ch > 0xf4) {
        return NGX_DECLINED;
    }

    n = 1 + (ch >= 0xe0) + (ch >= 0xf0);
    low = (ch == 0xe0) ? 0xa0 : (ch == 0xf0) ? 0x90 : 0x80;
    high = (ch == 0xed) ? 0x9f : (ch == 0xf4) ? 0x8f : 0xbf;

    for ( /* void */ ; n; n--, p++) {

        if (p == last || *p < low || *p > high) {
            *pos = p;
            return NGX_DECLINED;
        }

        low = 0x80;
        high = 0xbf;
    }

    *pos = p;

    return NGX_OK;
}
