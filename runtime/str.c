
/*
 * Operations of str, which is UTF-8: what counts characters, or takes a set
 * of them.  A byte of the form 10xxxxxx goes on with a character, any other
 * one begins it.  Texts of a configuration may be no UTF-8; they do no harm.
 */


static ngx_int_t
ngx_http_pyngx_str_len(ngx_str_t *s)
{
    size_t     i;
    ngx_int_t  n;

    n = 0;

    for (i = 0; i < s->len; i++) {
        n += ngx_http_pyngx_str_begins(s->data[i]);
    }

    return n;
}


static ngx_int_t
ngx_http_pyngx_str_find(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end)
{
    ngx_int_t  at;
    ngx_str_t  part;

    if (ngx_http_pyngx_str_part(s, start, end, &part) != NGX_OK) {
        return -1;
    }

    at = ngx_http_pyngx_bytes_find(&part, sub, 0, NGX_MAX_INT_T_VALUE);

    return (at == -1) ? -1 : ngx_http_pyngx_str_place(s, part.data + at);
}


static ngx_int_t
ngx_http_pyngx_str_rfind(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end)
{
    ngx_int_t  at;
    ngx_str_t  part;

    if (ngx_http_pyngx_str_part(s, start, end, &part) != NGX_OK) {
        return -1;
    }

    at = ngx_http_pyngx_bytes_rfind(&part, sub, 0, NGX_MAX_INT_T_VALUE);

    return (at == -1) ? -1 : ngx_http_pyngx_str_place(s, part.data + at);
}


static ngx_int_t
ngx_http_pyngx_str_index(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end, ngx_int_t *result)
{
    *result = ngx_http_pyngx_str_find(s, sub, start, end);

    return (*result == -1) ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_str_rindex(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end, ngx_int_t *result)
{
    *result = ngx_http_pyngx_str_rfind(s, sub, start, end);

    return (*result == -1) ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_str_count(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end)
{
    ngx_str_t  part;

    if (ngx_http_pyngx_str_part(s, start, end, &part) != NGX_OK) {
        return 0;
    }

    if (sub->len == 0) {
        return ngx_http_pyngx_str_len(&part) + 1;
    }

    return ngx_http_pyngx_bytes_count(&part, sub, 0, NGX_MAX_INT_T_VALUE);
}


static ngx_int_t
ngx_http_pyngx_str_startswith(ngx_str_t *s, ngx_str_t *prefix,
    ngx_int_t start, ngx_int_t end)
{
    ngx_str_t  part;

    if (ngx_http_pyngx_str_part(s, start, end, &part) != NGX_OK) {
        return 0;
    }

    return ngx_http_pyngx_bytes_startswith(&part, prefix, 0,
                                           NGX_MAX_INT_T_VALUE);
}


static ngx_int_t
ngx_http_pyngx_str_endswith(ngx_str_t *s, ngx_str_t *suffix,
    ngx_int_t start, ngx_int_t end)
{
    ngx_str_t  part;

    if (ngx_http_pyngx_str_part(s, start, end, &part) != NGX_OK) {
        return 0;
    }

    return ngx_http_pyngx_bytes_endswith(&part, suffix, 0,
                                         NGX_MAX_INT_T_VALUE);
}


static ngx_int_t
ngx_http_pyngx_str_isspace(ngx_str_t *s)
{
    u_char  *last, *next, *p;

    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);

        if (!ngx_http_pyngx_str_is_space(p, next)) {
            return 0;
        }
    }

    return s->len != 0;
}


static void
ngx_http_pyngx_str_strip(ngx_str_t *s, ngx_str_t *chars, ngx_str_t *result)
{
    ngx_http_pyngx_str_lstrip(s, chars, result);
    ngx_http_pyngx_str_rstrip(result, chars, result);
}


static void
ngx_http_pyngx_str_lstrip(ngx_str_t *s, ngx_str_t *chars, ngx_str_t *result)
{
    u_char  *last, *next, *p;

    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);

        if (!ngx_http_pyngx_str_strips(chars, p, next)) {
            break;
        }
    }

    result->data = p;
    result->len = last - p;
}


static void
ngx_http_pyngx_str_rstrip(ngx_str_t *s, ngx_str_t *chars, ngx_str_t *result)
{
    u_char  *last, *previous;

    last = s->data + s->len;

    while (last > s->data) {
        previous = ngx_http_pyngx_str_previous(s->data, last);

        if (!ngx_http_pyngx_str_strips(chars, previous, last)) {
            break;
        }

        last = previous;
    }

    result->data = s->data;
    result->len = last - s->data;
}


/* NGX_DECLINED: there is no such character. */

static ngx_int_t
ngx_http_pyngx_str_item(ngx_str_t *s, ngx_int_t index, ngx_str_t *result)
{
    size_t   at;
    u_char  *p;

    if (index < 0) {
        index += ngx_http_pyngx_str_len(s);

        if (index < 0) {
            return NGX_DECLINED;
        }
    }

    at = ngx_http_pyngx_str_offset(s, index);

    if (at >= s->len) {
        return NGX_DECLINED;
    }

    p = s->data + at;
    result->len = ngx_http_pyngx_str_next(p, s->data + s->len) - p;
    result->data = p;

    return NGX_OK;
}


/* s[start:stop]: 0 and NGX_MAX_INT_T_VALUE stand for bounds left out. */

static void
ngx_http_pyngx_str_slice(ngx_str_t *s, ngx_int_t start, ngx_int_t stop,
    ngx_str_t *result)
{
    ngx_str_t  part;

    if (ngx_http_pyngx_str_part(s, start, stop, &part) != NGX_OK) {
        part.len = 0;
        part.data = s->data;
    }

    *result = part;
}


/* The bytes of a text; NGX_DECLINED: it is not ASCII. */

static ngx_int_t
ngx_http_pyngx_str_ascii(ngx_str_t *s, ngx_str_t *result)
{
    if (!ngx_http_pyngx_bytes_isascii(s)) {
        return NGX_DECLINED;
    }

    *result = *s;

    return NGX_OK;
}


/* NGX_DECLINED: not one character. */

static ngx_int_t
ngx_http_pyngx_str_ord(ngx_str_t *s, ngx_int_t *result)
{
    u_char  *last;

    last = s->data + s->len;

    if (s->len == 0 || ngx_http_pyngx_str_next(s->data, last) != last) {
        return NGX_DECLINED;
    }

    *result = ngx_http_pyngx_str_code(s->data, last);

    return NGX_OK;
}


/* NGX_DECLINED: start is behind end, or behind the end of s. */

static ngx_int_t
ngx_http_pyngx_str_part(ngx_str_t *s, ngx_int_t start, ngx_int_t end,
    ngx_str_t *part)
{
    size_t  first, last;

    first = ngx_http_pyngx_str_offset(s, start);
    last = ngx_http_pyngx_str_offset(s, end);
    last = ngx_min(last, s->len);

    if (first > last) {
        return NGX_DECLINED;
    }

    part->len = last - first;
    part->data = s->data + first;

    return NGX_OK;
}


/*
 * Where a character begins: counted from the end if n is negative, and one
 * behind the end of s if there are not so many.
 */

static size_t
ngx_http_pyngx_str_offset(ngx_str_t *s, ngx_int_t n)
{
    size_t  i;

    if (n < 0) {

        for (i = s->len; i && n; i--) {
            n += ngx_http_pyngx_str_begins(s->data[i - 1]);
        }

        return i;
    }

    if (n > (ngx_int_t) s->len) {
        return s->len + 1;
    }

    for (i = 0; n && i < s->len; n--) {
        i++;

        while (i < s->len && !ngx_http_pyngx_str_begins(s->data[i])) {
            i++;
        }
    }

    return n ? s->len + 1 : i;
}


/* How many characters there are before p. */

static ngx_int_t
ngx_http_pyngx_str_place(ngx_str_t *s, u_char *p)
{
    ngx_str_t  before;

    before.len = p - s->data;
    before.data = s->data;

    return ngx_http_pyngx_str_len(&before);
}


static u_char *
ngx_http_pyngx_str_next(u_char *p, u_char *last)
{
    for (p++; p < last; p++) {
        if (ngx_http_pyngx_str_begins(*p)) {
            break;
        }
    }

    return p;
}


static u_char *
ngx_http_pyngx_str_previous(u_char *first, u_char *p)
{
    for (p--; p > first; p--) {
        if (ngx_http_pyngx_str_begins(*p)) {
            break;
        }
    }

    return p;
}


static ngx_int_t
ngx_http_pyngx_str_begins(u_char ch)
{
    return (ch & 0xc0) != 0x80;
}


/* The number of the character from p to last; of other bytes any one. */

static uint32_t
ngx_http_pyngx_str_code(u_char *p, u_char *last)
{
    uint32_t  code;

    if (last - p == 1) {
        return *p;
    }

    if (last - p > 4) {
        return 0xfffd;
    }

    code = *p & (0x7f >> (last - p));

    for (p++; p < last; p++) {
        code = code << 6 | (*p & 0x3f);
    }

    return code;
}


/* Whether strip(chars) takes a character; without chars it takes spaces. */

static ngx_int_t
ngx_http_pyngx_str_strips(ngx_str_t *chars, u_char *p, u_char *last)
{
    ngx_str_t  ch;

    if (chars == NULL || chars->data == NULL) {
        return ngx_http_pyngx_str_is_space(p, last);
    }

    ch.len = last - p;
    ch.data = p;

    return ngx_http_pyngx_bytes_contains(chars, &ch);
}


static ngx_int_t
ngx_http_pyngx_str_is_space(u_char *p, u_char *last)
{
    uint32_t  code;

    code = ngx_http_pyngx_str_code(p, last);

    if (code < 0x80) {
        return code == ' ' || (code >= '\t' && code <= '\r')
               || (code >= 0x1c && code <= 0x1f);
    }

    return code == 0x85 || code == 0xa0 || code == 0x1680
           || (code >= 0x2000 && code <= 0x200a)
           || code == 0x2028 || code == 0x2029
           || code == 0x202f || code == 0x205f || code == 0x3000;
}


static ngx_int_t
ngx_http_pyngx_str_ends_line(u_char *p, u_char *last)
{
    uint32_t  code;

    code = ngx_http_pyngx_str_code(p, last);

    return (code >= '\n' && code <= '\r') || (code >= 0x1c && code <= 0x1e)
           || code == 0x85 || code == 0x2028 || code == 0x2029;
}
