
/*
 * urllib.parse, with the results that Python has.
 */


static ngx_int_t
ngx_http_pyngx_quote(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *safe,
    ngx_str_t *result)
{
    return ngx_http_pyngx_percent(pool, s, safe, 0, result);
}


static ngx_int_t
ngx_http_pyngx_quote_plus(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *safe,
    ngx_str_t *result)
{
    return ngx_http_pyngx_percent(pool, s, safe, 1, result);
}


static ngx_int_t
ngx_http_pyngx_percent(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *safe,
    ngx_uint_t plus, ngx_str_t *result)
{
    u_char     ch, *p;
    size_t     i;
    ngx_str_t  text;

    static u_char  digits[] = "0123456789ABCDEF";

    if (ngx_http_pyngx_bytes_new(pool, s->len * 3, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];

        if (ch == ' ' && plus) {
            *p++ = '+';

        } else if (ngx_http_pyngx_is_safe(ch, safe)) {
            *p++ = ch;

        } else {
            *p++ = '%';
            *p++ = digits[ch >> 4];
            *p++ = digits[ch & 15];
        }
    }

    text.len = p - text.data;
    *result = text;

    return NGX_OK;
}


/* Only ASCII can be declared safe. */

static ngx_int_t
ngx_http_pyngx_is_safe(u_char ch, ngx_str_t *safe)
{
    if (ngx_http_pyngx_is_alpha(ch) || ngx_http_pyngx_is_digit(ch)
        || ch == '_' || ch == '.' || ch == '-' || ch == '~')
    {
        return 1;
    }

    return ch < 128 && safe->len
           && ngx_http_pyngx_bytes_contains_byte(safe, ch);
}


/* A "%" without two digits behind it stays. */

static ngx_int_t
ngx_http_pyngx_unquote(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    u_char     *p;
    size_t      i;
    ngx_int_t   high, low;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_new(pool, s->len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < s->len; i++) {

        if (s->data[i] == '%' && i + 2 < s->len) {
            high = ngx_http_pyngx_hex_digit(s->data[i + 1]);
            low = ngx_http_pyngx_hex_digit(s->data[i + 2]);

            if (high != -1 && low != -1) {
                *p++ = (u_char) (high << 4 | low);
                i += 2;
                continue;
            }
        }

        *p++ = s->data[i];
    }

    text.len = p - text.data;
    *result = text;

    return NGX_OK;
}


/* What is no UTF-8 behind the "%" becomes U+FFFD. */

static ngx_int_t
ngx_http_pyngx_unquote_text(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    ngx_str_t  text;

    if (ngx_http_pyngx_unquote(pool, s, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_pyngx_decode(pool, &text, NGX_HTTP_PYNGX_UTF8,
                                 NGX_HTTP_PYNGX_REPLACE, result);
}


static ngx_int_t
ngx_http_pyngx_unquote_plus(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    size_t     i;
    ngx_str_t  text;

    if (ngx_http_pyngx_bytes_new(pool, s->len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < s->len; i++) {
        text.data[i] = (s->data[i] == '+') ? ' ' : s->data[i];
    }

    return ngx_http_pyngx_unquote_text(pool, &text, result);
}
