
/*
 * html, with the results that Python has.
 */


typedef struct {
    const char  *name;
    const char  *text;
} ngx_http_pyngx_html_entity_t;


/* nginx has "&#39;" for an apostrophe, Python has "&#x27;". */

static ngx_int_t
ngx_http_pyngx_html_escape(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t quote,
    ngx_str_t *result)
{
    u_char     *p;
    size_t      i, len;
    ngx_str_t   entity, text;

    len = 0;

    for (i = 0; i < s->len; i++) {
        ngx_http_pyngx_entity(s->data[i], quote, &entity);
        len += entity.len ? entity.len : 1;
    }

    if (ngx_http_pyngx_bytes_new(pool, len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < s->len; i++) {
        ngx_http_pyngx_entity(s->data[i], quote, &entity);

        if (entity.len) {
            p = ngx_cpymem(p, entity.data, entity.len);

        } else {
            *p++ = s->data[i];
        }
    }

    *result = text;

    return NGX_OK;
}


static void
ngx_http_pyngx_entity(u_char ch, ngx_int_t quote, ngx_str_t *entity)
{
    ngx_str_set(entity, "");

    if (ch == '&') {
        ngx_str_set(entity, "&amp;");

    } else if (ch == '<') {
        ngx_str_set(entity, "&lt;");

    } else if (ch == '>') {
        ngx_str_set(entity, "&gt;");

    } else if (ch == '"' && quote) {
        ngx_str_set(entity, "&quot;");

    } else if (ch == '\'' && quote) {
        ngx_str_set(entity, "&#x27;");
    }
}


/*
 * html.unescape(s).  No reference is as long as half of what it stands for.
 * NGX_DECLINED: a number of more digits than Python reads.
 */

static ngx_int_t
ngx_http_pyngx_html_unescape(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *result)
{
    u_char     *last, *next, *out, *p;
    ngx_int_t   rc;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_new(pool, s->len * 2, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    out = text.data;
    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {

        next = ngx_strlchr(p, last, '&');

        if (next == NULL) {
            next = last;
        }

        out = ngx_cpymem(out, p, next - p);

        if (next == last) {
            break;
        }

        p = next + 1;
        rc = NGX_DECLINED;

        if (p < last && *p == '#') {
            rc = ngx_http_pyngx_html_number(&p, last, &out);

            if (rc == NGX_ERROR) {
                return NGX_DECLINED;
            }

        } else {
            rc = ngx_http_pyngx_html_name(&p, last, &out);
        }

        if (rc == NGX_DECLINED) {
            *out++ = '&';
            next++;

        } else {
            next = p;
        }
    }

    text.len = out - text.data;
    *result = text;

    return NGX_OK;
}


/* Behind "&", at "#".  NGX_DECLINED: no number.  NGX_ERROR: far too long. */

static ngx_int_t
ngx_http_pyngx_html_number(u_char **pos, u_char *last, u_char **out)
{
    u_char      *p, *start;
    uint32_t     code;
    ngx_int_t    digit;
    ngx_uint_t   base;

    p = *pos + 1;
    base = 10;

    if (p < last && (*p | 0x20) == 'x') {
        p++;
        base = 16;
    }

    start = p;
    code = 0;

    for ( /* void */ ; p < last; p++) {
        digit = ngx_http_pyngx_hex_digit(*p);

        if (digit == -1 || digit >= (ngx_int_t) base) {
            break;
        }

        code = ngx_min(code * base + digit, 0x110000);
    }

    if (p == start) {
        return NGX_DECLINED;
    }

    if (base == 10 && p - start > 4300) {
        return NGX_ERROR;
    }

    *pos = (p < last && *p == ';') ? p + 1 : p;
    *out = ngx_http_pyngx_html_character(*out, code);

    return NGX_OK;
}


/* Numbers of Windows' characters stand for these, and some for nothing. */

static u_char *
ngx_http_pyngx_html_character(u_char *out, uint32_t code)
{
    static const uint16_t  windows[] = {
        0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
        0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178
    };

    if (code == 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
        return ngx_http_pyngx_utf8_put(out, 0xfffd);
    }

    if (code >= 0x80 && code <= 0x9f) {
        return ngx_http_pyngx_utf8_put(out, windows[code - 0x80]);
    }

    if (code <= 0x08 || code == 0x0b || (code >= 0x0e && code <= 0x1f)
        || code == 0x7f || (code >= 0xfdd0 && code <= 0xfdef)
        || (code & 0xfffe) == 0xfffe)
    {
        return out;
    }

    return ngx_http_pyngx_utf8_put(out, code);
}


/*
 * Behind "&".  A name ends before certain characters, behind 32 of any and
 * with a semicolon.  If it is none, a shorter one at its beginning may be one
 * that needs no semicolon.
 */

static ngx_int_t
ngx_http_pyngx_html_name(u_char **pos, u_char *last, u_char **out)
{
    u_char     *p, *start;
    size_t      len;
    ngx_str_t   found;

    start = *pos;
    p = start;

    for (len = 0; p < last && len < 32; len++) {

        if (*p == '\t' || *p == '\n' || *p == '\f' || *p == ' ' || *p == '<'
            || *p == '&' || *p == '#' || *p == ';')
        {
            break;
        }

        p = ngx_http_pyngx_str_next(p, last);
    }

    len = p - start;

    if (len == 0) {
        return NGX_DECLINED;
    }

    if (p < last && *p == ';') {
        len++;
    }

    ngx_str_null(&found);

    if (start[len - 1] != ';') {
        ngx_http_pyngx_html_find(ngx_http_pyngx_html_bare,
                                 sizeof(ngx_http_pyngx_html_bare), start, len,
                                 &found);

    } else if (*start < 'a') {
        ngx_http_pyngx_html_find(ngx_http_pyngx_html_capital,
                                 sizeof(ngx_http_pyngx_html_capital), start,
                                 len, &found);

    } else if (*start < 'm') {
        ngx_http_pyngx_html_find(ngx_http_pyngx_html_small,
                                 sizeof(ngx_http_pyngx_html_small), start, len,
                                 &found);

    } else {
        ngx_http_pyngx_html_find(ngx_http_pyngx_html_more,
                                 sizeof(ngx_http_pyngx_html_more), start, len,
                                 &found);
    }

    for (p = start + ngx_min(len - 1, 6); found.len == 0 && p - start > 1; p--)
    {
        len = p - start;

        ngx_http_pyngx_html_find(ngx_http_pyngx_html_bare,
                                 sizeof(ngx_http_pyngx_html_bare), start, len,
                                 &found);
    }

    if (found.len == 0) {
        return NGX_DECLINED;
    }

    *out = ngx_cpymem(*out, found.data, found.len);
    *pos = start + len;

    return NGX_OK;
}


/* What a name stands for in a table of so many bytes, if it is there. */

static void
ngx_http_pyngx_html_find(const ngx_http_pyngx_html_entity_t *table,
    size_t size, u_char *name, size_t len, ngx_str_t *found)
{
    size_t     i, middle, n;
    ngx_int_t  rc;

    i = 0;
    n = size / sizeof(ngx_http_pyngx_html_entity_t);

    while (i < n) {
        middle = i + (n - i) / 2;
        rc = ngx_strncmp(table[middle].name, name, len);

        if (rc == 0 && table[middle].name[len] == '\0') {
            found->data = (u_char *) table[middle].text;
            found->len = ngx_strlen(table[middle].text);
            return;
        }

        if (rc < 0) {
            i = middle + 1;

        } else {
            n = middle;
        }
    }
}
