
/*
 * More operations of bytes, with the results that Python has: case, padding,
 * translation, and positions that must be found.  What is built is allocated.
 */


static ngx_int_t
ngx_http_pyngx_bytes_index(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end, ngx_int_t *result)
{
    *result = ngx_http_pyngx_bytes_find(s, sub, start, end);

    return (*result == -1) ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_rindex(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end, ngx_int_t *result)
{
    *result = ngx_http_pyngx_bytes_rfind(s, sub, start, end);

    return (*result == -1) ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_isascii(ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (s->data[i] > 127) {
            return 0;
        }
    }

    return 1;
}


/* Whether capitals begin words, and only they. */

static ngx_int_t
ngx_http_pyngx_bytes_istitle(ngx_str_t *s)
{
    size_t      i;
    ngx_uint_t  cased, inside;

    cased = 0;
    inside = 0;

    for (i = 0; i < s->len; i++) {

        if (!ngx_http_pyngx_is_alpha(s->data[i])) {
            inside = 0;
            continue;
        }

        if ((s->data[i] >= 'a') != inside) {
            return 0;
        }

        cased = 1;
        inside = 1;
    }

    return cased;
}


static ngx_int_t
ngx_http_pyngx_bytes_title(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    u_char      ch;
    size_t      i;
    ngx_str_t   text;
    ngx_uint_t  inside;

    if (ngx_http_pyngx_bytes_new(pool, s->len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    inside = 0;

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];
        text.data[i] = inside ? ngx_tolower(ch) : ngx_toupper(ch);
        inside = ngx_http_pyngx_is_alpha(ch);
    }

    *result = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_capitalize(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *result)
{
    if (ngx_http_pyngx_bytes_lower(pool, s, result) != NGX_OK) {
        return NGX_ERROR;
    }

    if (result->len) {
        result->data[0] = ngx_toupper(result->data[0]);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_swapcase(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *result)
{
    u_char     ch;
    size_t     i;
    ngx_str_t  text;

    if (ngx_http_pyngx_bytes_new(pool, s->len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];
        text.data[i] = ngx_http_pyngx_is_alpha(ch) ? ch ^ 0x20 : ch;
    }

    *result = text;

    return NGX_OK;
}


/* NGX_DECLINED: fill is not one byte. */

static ngx_int_t
ngx_http_pyngx_bytes_ljust(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t width,
    ngx_str_t *fill, ngx_str_t *result)
{
    if (fill->len != 1) {
        return NGX_DECLINED;
    }

    return ngx_http_pyngx_bytes_pad(pool, s, 0, width, fill->data[0], result);
}


static ngx_int_t
ngx_http_pyngx_bytes_rjust(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t width,
    ngx_str_t *fill, ngx_str_t *result)
{
    ngx_int_t  left;

    if (fill->len != 1) {
        return NGX_DECLINED;
    }

    left = ngx_max(width, (ngx_int_t) s->len) - s->len;

    return ngx_http_pyngx_bytes_pad(pool, s, left, width, fill->data[0],
                                    result);
}


/* Where the room is odd, the side that gets more depends on the width. */

static ngx_int_t
ngx_http_pyngx_bytes_center(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t width,
    ngx_str_t *fill, ngx_str_t *result)
{
    ngx_int_t  left;

    if (fill->len != 1) {
        return NGX_DECLINED;
    }

    left = ngx_max(width, (ngx_int_t) s->len) - s->len;
    left = left / 2 + (left & width & 1);

    return ngx_http_pyngx_bytes_pad(pool, s, left, width, fill->data[0],
                                    result);
}


/* Zeros after the sign, if there is one. */

static ngx_int_t
ngx_http_pyngx_bytes_zfill(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t width,
    ngx_str_t *result)
{
    u_char     sign;
    ngx_int_t  left;

    sign = s->len ? s->data[0] : '0';
    left = ngx_max(width, (ngx_int_t) s->len) - s->len;

    if (ngx_http_pyngx_bytes_pad(pool, s, left, width, '0', result)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (left && (sign == '-' || sign == '+')) {
        result->data[left] = '0';
        result->data[0] = sign;
    }

    return NGX_OK;
}


/* s behind as many bytes as left says, and others up to the width. */

static ngx_int_t
ngx_http_pyngx_bytes_pad(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t left,
    ngx_int_t width, u_char fill, ngx_str_t *result)
{
    u_char     *p;
    ngx_str_t   text;

    if (width < (ngx_int_t) s->len) {
        width = s->len;
    }

    if (ngx_http_pyngx_bytes_new(pool, width, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memset(text.data, fill, left);
    p = ngx_cpymem(text.data + left, s->data, s->len);
    ngx_memset(p, fill, width - left - s->len);

    *result = text;

    return NGX_OK;
}


/*
 * Tabs to spaces, in columns of bytes or of characters.  NGX_DECLINED: the tab
 * size does not fit in an int of C.
 */

static ngx_int_t
ngx_http_pyngx_expandtabs(ngx_pool_t *pool, ngx_uint_t utf8, ngx_str_t *s,
    ngx_int_t size, ngx_str_t *result)
{
    u_char     *p;
    size_t      i;
    ngx_int_t   column, len, spaces;
    ngx_str_t   text;

    if (size != (int) size) {
        return NGX_DECLINED;
    }

    /* the first round measures, the second one writes */

    text.len = 0;
    p = NULL;

    for ( ;; ) {
        column = 0;
        len = 0;

        for (i = 0; i < s->len; i++) {

            if (s->data[i] == '\t') {
                spaces = (size > 0) ? size - column % size : 0;

                if (len > NGX_MAX_INT_T_VALUE - spaces) {
                    return NGX_ERROR;
                }

                if (p) {
                    ngx_memset(p + len, ' ', spaces);
                }

                column += spaces;
                len += spaces;
                continue;
            }

            if (p) {
                p[len] = s->data[i];
            }

            if (!utf8 || (s->data[i] & 0xc0) != 0x80) {
                column++;
            }

            len++;

            if (s->data[i] == CR || s->data[i] == LF) {
                column = 0;
            }
        }

        if (p) {
            *result = text;
            return NGX_OK;
        }

        if (ngx_http_pyngx_bytes_new(pool, len, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        p = text.data;
    }
}


/* Without what is to be deleted; NGX_DECLINED: the table has not 256 bytes. */

static ngx_int_t
ngx_http_pyngx_bytes_translate(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *table, ngx_str_t *deleted, ngx_str_t *result)
{
    u_char     *p;
    size_t      i;
    ngx_str_t   text;

    if (table && table->data == NULL) {
        table = NULL;
    }

    if (table && table->len != 256) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_new(pool, s->len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < s->len; i++) {

        if (deleted->len
            && ngx_http_pyngx_bytes_contains_byte(deleted, s->data[i]))
        {
            continue;
        }

        *p++ = table ? table->data[s->data[i]] : s->data[i];
    }

    text.len = p - text.data;
    *result = text;

    return NGX_OK;
}


/* repr(s) */

static ngx_int_t
ngx_http_pyngx_bytes_repr(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    u_char  ch, *end, *from, *p, quote;

    if (s->len > NGX_MAX_SIZE_T_VALUE / 4 - sizeof("b''")) {
        return NGX_ERROR;
    }

    result->data = ngx_pnalloc(pool, s->len * 4 + sizeof("b''"));
    if (result->data == NULL) {
        return NGX_ERROR;
    }

    end = s->data + s->len;

    quote = '\'';

    if (ngx_strlchr(s->data, end, '\'') && !ngx_strlchr(s->data, end, '"')) {
        quote = '"';
    }

    p = result->data;
    *p++ = 'b';
    *p++ = quote;

    for (from = s->data; from < end; from++) {
        ch = *from;

        switch (ch) {

        case '\t':
            *p++ = '\\';
            *p++ = 't';
            break;

        case '\n':
            *p++ = '\\';
            *p++ = 'n';
            break;

        case '\r':
            *p++ = '\\';
            *p++ = 'r';
            break;

        default:

            if (ch == quote || ch == '\\') {
                *p++ = '\\';
                *p++ = ch;

            } else if (ch < 0x20 || ch >= 0x7f) {
                p = ngx_sprintf(p, "\\x%02xd", (int) ch);

            } else {
                *p++ = ch;
            }
        }
    }

    *p++ = quote;
    result->len = p - result->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_bytes_hex(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    ngx_str_t  text;

    if (ngx_http_pyngx_bytes_new(pool, s->len * 2, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_hex_dump(text.data, s->data, s->len);

    *result = text;

    return NGX_OK;
}


/* The bytes of a str. */

static void
ngx_http_pyngx_bytes_same(ngx_str_t *s, ngx_str_t *result)
{
    *result = *s;
}


/* NGX_DECLINED: the bytes are not UTF-8. */

static ngx_int_t
ngx_http_pyngx_bytes_decode(ngx_str_t *s, ngx_str_t *result)
{
    u_char  *last, *p;

    p = s->data;
    last = p + s->len;

    while (p < last) {

        if (*p < 0x80) {
            p++;

        } else if (ngx_http_pyngx_utf8_next(&p, last) != NGX_OK) {
            return NGX_DECLINED;
        }
    }

    *result = *s;

    return NGX_OK;
}
