
/*
 * The texts of exceptions of codecs, as CPython words them: what cannot be
 * decoded or encoded, and where.
 */


static ngx_int_t
ngx_http_pyngx_message_unescape(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *text)
{
    size_t   n;
    u_char  *last, *p;

    last = s->data + s->len;
    n = 0;

    for (p = s->data; p < last && n <= 4300; p++) {

        if (p[0] != '&' || last - p < 3 || p[1] != '#') {
            continue;
        }

        for (n = 0, p += 2; p < last && *p >= '0' && *p <= '9'; p++, n++) {
            /* void */
        }

        p--;
    }

    return ngx_http_pyngx_message_limit(pool, n, text);
}


/* A place in bytes or text that a codec does not have: one, or from a to b. */

static u_char *
ngx_http_pyngx_message_place(u_char *p, size_t start, size_t end)
{
    return (end - start == 1) ? ngx_sprintf(p, " in position %uz", start)
                              : ngx_sprintf(p, "s in position %uz-%uz", start,
                                            end - 1);
}


static ngx_int_t
ngx_http_pyngx_message_utf8(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *text)
{
    char    *why;
    u_char  *last, *p, *start, *to;

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    last = s->data + s->len;

    for (p = s->data, start = p; p < last; start = p) {
        if (ngx_http_pyngx_utf8_next(&p, last) != NGX_OK) {
            break;
        }
    }

    why = (*start < 0xc2 || *start > 0xf4) ? "invalid start byte"
          : (p == last) ? "unexpected end of data"
                        : "invalid continuation byte";

    to = ngx_sprintf(text->data, "'utf-8' codec can't decode byte");

    if (p - start == 1) {
        to = ngx_sprintf(to, " 0x%02xd", *start);
    }

    to = ngx_http_pyngx_message_place(to, start - s->data, p - s->data);
    text->len = ngx_sprintf(to, ": %s", why) - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_decode(ngx_pool_t *pool, ngx_str_t *s,
    ngx_int_t encoding, ngx_int_t errors, ngx_str_t *text)
{
    size_t   i;
    u_char  *to;

    if (encoding == NGX_HTTP_PYNGX_UTF8) {
        return ngx_http_pyngx_message_utf8(pool, s, text);
    }

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; s->data[i] < 0x80; i++) { /* void */ }

    to = ngx_sprintf(text->data, "'ascii' codec can't decode byte 0x%02xd"
                     " in position %uz: ordinal not in range(128)",
                     s->data[i], i);
    text->len = to - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_encode(ngx_pool_t *pool, ngx_str_t *s,
    ngx_int_t encoding, ngx_int_t errors, ngx_str_t *text)
{
    size_t     end, n, start;
    u_char    *last, *next, *p, *to;
    uint32_t   bound, code, first;

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    bound = (encoding == NGX_HTTP_PYNGX_LATIN1) ? 0x100 : 0x80;
    first = 0;
    start = 0;
    end = 0;
    last = s->data + s->len;

    for (p = s->data, n = 0; p < last; p = next, n++) {
        next = ngx_http_pyngx_str_next(p, last);
        code = ngx_http_pyngx_str_code(p, next);

        if (code >= bound && end == 0) {
            first = code;
            start = n;
            end = n + 1;

        } else if (code >= bound && end == n) {
            end = n + 1;
        }
    }

    to = ngx_sprintf(text->data, "'%s' codec can't encode character",
                     bound == 0x100 ? "latin-1" : "ascii");

    if (end - start == 1) {
        to = (first < 0x100) ? ngx_sprintf(to, " '\\x%02xD'", first)
             : (first < 0x10000) ? ngx_sprintf(to, " '\\u%04xD'", first)
                                 : ngx_sprintf(to, " '\\U%08xD'", first);
    }

    to = ngx_http_pyngx_message_place(to, start, end);
    to = ngx_sprintf(to, ": ordinal not in range(%uD)", bound);
    text->len = to - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_hex(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *text)
{
    if (s->len % 2) {
        ngx_str_set(text, "Odd-length string");

    } else {
        ngx_str_set(text, "Non-hexadecimal digit found");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_fromhex(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *text)
{
    size_t   i, n;
    u_char  *to;

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    /* of other text than ASCII nothing else is looked at */

    for (i = 0; i < s->len && s->data[i] < 0x80; i++) { /* void */ }

    if (i == s->len) {
        for (i = 0, n = 0; i < s->len; i++) {

            if (ngx_strlchr((u_char *) "0123456789abcdefABCDEF",
                            (u_char *) "0123456789abcdefABCDEF" + 22,
                            s->data[i])
                != NULL)
            {
                n++;

            } else if (n % 2 || (s->data[i] != ' '
                                 && (s->data[i] < '\t' || s->data[i] > '\r')))
            {
                break;
            }
        }
    }

    to = ngx_sprintf(text->data, "non-hexadecimal number found in fromhex()"
                     " arg at position %uz", i);
    text->len = to - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_b64(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *text)
{
    size_t      i, n;
    u_char      ch;
    ngx_uint_t  pads;

    n = 0;
    pads = 0;

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];

        if (ch == '=') {
            if (n % 4 >= 2 && n % 4 + ++pads >= 4) {
                break;
            }

        } else if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
                   || (ch >= '0' && ch <= '9') || ch == '+' || ch == '/')
        {
            pads = 0;
            n++;
        }
    }

    if (n % 4 != 1) {
        ngx_str_set(text, "Incorrect padding");
        return NGX_OK;
    }

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "Invalid base64-encoded string: number"
                            " of data characters (%uz) cannot be 1 more than"
                            " a multiple of 4", n) - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_urlsafe_b64(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *text)
{
    size_t     i;
    ngx_str_t  plain;

    plain.len = s->len;

    plain.data = ngx_pnalloc(pool, s->len);
    if (plain.data == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < s->len; i++) {
        plain.data[i] = (s->data[i] == '-') ? '+'
                        : (s->data[i] == '_') ? '/' : s->data[i];
    }

    return ngx_http_pyngx_message_b64(pool, &plain, text);
}


static ngx_int_t
ngx_http_pyngx_message_sep(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *sep,
    ngx_uint_t bytes, ngx_int_t group, ngx_str_t *text)
{
    size_t  i, n;

    for (i = 0, n = 0; i < sep->len; i++) {
        n += (bytes || (sep->data[i] & 0xc0) != 0x80);
    }

    if (n != 1) {
        ngx_str_set(text, "sep must be length 1.");

    } else {
        ngx_str_set(text, "sep must be ASCII.");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_b16(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t casefold,
    ngx_str_t *text)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < s->len; i++) {
        ch = casefold ? ngx_toupper(s->data[i]) : s->data[i];

        if ((ch < '0' || ch > '9') && (ch < 'A' || ch > 'F')) {
            ngx_str_set(text, "Non-base16 digit found");
            return NGX_OK;
        }
    }

    return ngx_http_pyngx_message_hex(pool, s, text);
}


static ngx_int_t
ngx_http_pyngx_message_b32(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t casefold,
    ngx_str_t *text)
{
    size_t  i, len;
    u_char  ch;

    ngx_str_set(text, "Incorrect padding");

    if (s->len % 8) {
        return NGX_OK;
    }

    for (len = s->len; len && s->data[len - 1] == '='; len--) { /* void */ }

    for (i = 0; i < len; i++) {
        ch = casefold ? ngx_toupper(s->data[i]) : s->data[i];

        if ((ch < '2' || ch > '7') && (ch < 'A' || ch > 'Z')) {
            ngx_str_set(text, "Non-base32 digit found");
            break;
        }
    }

    return NGX_OK;
}
