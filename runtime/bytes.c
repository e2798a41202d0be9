
/*
 * Operations of bytes, with the results that Python has.
 *
 * Bounds are Python's: negative ones count from the end, those beyond are
 * clamped.  strip and its like store a view of their argument.
 */


static ngx_int_t
ngx_http_pyngx_bytes_eq(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


/* Negative, zero or positive, as memcmp(). */

static ngx_int_t
ngx_http_pyngx_bytes_cmp(ngx_str_t *a, ngx_str_t *b)
{
    ngx_int_t  rc;

    rc = ngx_memcmp(a->data, b->data, ngx_min(a->len, b->len));

    if (rc == 0 && a->len != b->len) {
        rc = (a->len < b->len) ? -1 : 1;
    }

    return rc;
}


/* The first offset of sub in s[start:end], or -1. */

static ngx_int_t
ngx_http_pyngx_bytes_find(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end)
{
    u_char     *p;
    ngx_int_t   n;

    n = ngx_http_pyngx_bytes_bounds(s, &start, &end);

    if (n < 0 || (size_t) n < sub->len) {
        return -1;
    }

    if (sub->len == 0) {
        return start;
    }

    if (sub->len == 1) {
        p = memchr(s->data + start, sub->data[0], n);

    } else {
        p = ngx_http_pyngx_search_once(s->data + start, n, sub);
    }

    return p ? p - s->data : -1;
}


/* The last offset of sub in s[start:end], or -1. */

static ngx_int_t
ngx_http_pyngx_bytes_rfind(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end)
{
    u_char     *from, *p;
    size_t      len;
    ngx_int_t   n;

    n = ngx_http_pyngx_bytes_bounds(s, &start, &end);

    if (n < (ngx_int_t) sub->len) {
        return -1;
    }

    end -= sub->len;

    if (sub->len <= 32) {

        for ( /* void */ ; end >= start; end--) {
            if (ngx_memcmp(s->data + end, sub->data, sub->len) == 0) {
                return end;
            }
        }

        return -1;
    }

    /* as many places at once as sub is long, for linear time */

    while (end >= start) {
        len = ngx_min((size_t) (end - start) + 1, sub->len);
        from = s->data + end + 1 - len;
        p = memmem(from, len + sub->len - 1, sub->data, sub->len);

        if (p) {
            return ngx_http_pyngx_bytes_last(p, s->data + end, sub) - s->data;
        }

        end -= len;
    }

    return -1;
}


/*
 * The last place of sub that is not after last, where p is one that is less
 * than its length before: such places are the same distance from each other,
 * so from the second on it is enough to see how far the period goes.
 */

static u_char *
ngx_http_pyngx_bytes_last(u_char *p, u_char *last, ngx_str_t *sub)
{
    u_char  *end, *q;
    size_t   period;

    for ( ;; ) {

        q = memmem(p + 1, last - p + sub->len - 1, sub->data, sub->len);
        if (q == NULL) {
            return p;
        }

        period = q - p;
        end = q + sub->len;

        while (end < last + sub->len && *end == *(end - period)) {
            end++;
        }

        p = q + (end - q - sub->len) / period * period;
    }
}


/* How often sub is in s[start:end] without overlap. */

static ngx_int_t
ngx_http_pyngx_bytes_count(ngx_str_t *s, ngx_str_t *sub, ngx_int_t start,
    ngx_int_t end)
{
    ngx_int_t  count, n;

    n = ngx_http_pyngx_bytes_bounds(s, &start, &end);

    if (sub->len == 0) {
        return (n < 0) ? 0 : n + 1;
    }

    for (count = 0; /* void */ ; count++) {
        start = ngx_http_pyngx_bytes_find(s, sub, start, end);

        if (start == -1) {
            return count;
        }

        start += sub->len;
    }
}


/* byte in s */

static ngx_int_t
ngx_http_pyngx_bytes_contains_byte(ngx_str_t *s, ngx_int_t byte)
{
    return memchr(s->data, (u_char) byte, s->len) != NULL;
}


/* sub in s */

static ngx_int_t
ngx_http_pyngx_bytes_contains(ngx_str_t *s, ngx_str_t *sub)
{
    return ngx_http_pyngx_bytes_find(s, sub, 0, NGX_MAX_INT_T_VALUE) != -1;
}


static ngx_int_t
ngx_http_pyngx_bytes_startswith(ngx_str_t *s, ngx_str_t *prefix,
    ngx_int_t start, ngx_int_t end)
{
    ngx_int_t  n;

    n = ngx_http_pyngx_bytes_bounds(s, &start, &end);

    return n >= (ngx_int_t) prefix->len
           && ngx_memcmp(s->data + start, prefix->data, prefix->len) == 0;
}


static ngx_int_t
ngx_http_pyngx_bytes_endswith(ngx_str_t *s, ngx_str_t *suffix,
    ngx_int_t start, ngx_int_t end)
{
    ngx_int_t  n;

    n = ngx_http_pyngx_bytes_bounds(s, &start, &end);

    return n >= (ngx_int_t) suffix->len
           && ngx_memcmp(s->data + end - suffix->len, suffix->data,
                         suffix->len)
              == 0;
}


static ngx_int_t
ngx_http_pyngx_bytes_isdigit(ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (!ngx_http_pyngx_is_digit(s->data[i])) {
            return 0;
        }
    }

    return s->len != 0;
}


static ngx_int_t
ngx_http_pyngx_bytes_isalpha(ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (!ngx_http_pyngx_is_alpha(s->data[i])) {
            return 0;
        }
    }

    return s->len != 0;
}


static ngx_int_t
ngx_http_pyngx_bytes_isalnum(ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (!ngx_http_pyngx_is_digit(s->data[i])
            && !ngx_http_pyngx_is_alpha(s->data[i]))
        {
            return 0;
        }
    }

    return s->len != 0;
}


static ngx_int_t
ngx_http_pyngx_bytes_isspace(ngx_str_t *s)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (!ngx_http_pyngx_is_space(s->data[i])) {
            return 0;
        }
    }

    return s->len != 0;
}


static ngx_int_t
ngx_http_pyngx_bytes_islower(ngx_str_t *s)
{
    size_t      i;
    ngx_uint_t  cased;

    cased = 0;

    for (i = 0; i < s->len; i++) {

        if (s->data[i] >= 'A' && s->data[i] <= 'Z') {
            return 0;
        }

        cased |= ngx_http_pyngx_is_alpha(s->data[i]);
    }

    return cased;
}


static ngx_int_t
ngx_http_pyngx_bytes_isupper(ngx_str_t *s)
{
    size_t      i;
    ngx_uint_t  cased;

    cased = 0;

    for (i = 0; i < s->len; i++) {

        if (s->data[i] >= 'a' && s->data[i] <= 'z') {
            return 0;
        }

        cased |= ngx_http_pyngx_is_alpha(s->data[i]);
    }

    return cased;
}


static void
ngx_http_pyngx_bytes_strip(ngx_str_t *s, ngx_str_t *chars, ngx_str_t *result)
{
    ngx_http_pyngx_bytes_lstrip(s, chars, result);
    ngx_http_pyngx_bytes_rstrip(result, chars, result);
}


static void
ngx_http_pyngx_bytes_lstrip(ngx_str_t *s, ngx_str_t *chars, ngx_str_t *result)
{
    *result = *s;

    while (result->len
           && ngx_http_pyngx_bytes_strips(chars, result->data[0]))
    {
        result->data++;
        result->len--;
    }
}


static void
ngx_http_pyngx_bytes_rstrip(ngx_str_t *s, ngx_str_t *chars, ngx_str_t *result)
{
    *result = *s;

    while (result->len
           && ngx_http_pyngx_bytes_strips(chars,
                                          result->data[result->len - 1]))
    {
        result->len--;
    }
}


static void
ngx_http_pyngx_bytes_removeprefix(ngx_str_t *s, ngx_str_t *prefix,
    ngx_str_t *result)
{
    *result = *s;

    if (s->len >= prefix->len
        && ngx_memcmp(s->data, prefix->data, prefix->len) == 0)
    {
        result->data += prefix->len;
        result->len -= prefix->len;
    }
}


static void
ngx_http_pyngx_bytes_removesuffix(ngx_str_t *s, ngx_str_t *suffix,
    ngx_str_t *result)
{
    *result = *s;

    if (s->len >= suffix->len
        && ngx_memcmp(s->data + s->len - suffix->len, suffix->data,
                      suffix->len)
           == 0)
    {
        result->len -= suffix->len;
    }
}


/* s[start:stop]: 0 and NGX_MAX_INT_T_VALUE stand for bounds left out. */

static void
ngx_http_pyngx_bytes_slice(ngx_str_t *s, ngx_int_t start, ngx_int_t stop,
    ngx_str_t *result)
{
    ngx_int_t  n;
    ngx_str_t  view;

    n = ngx_http_pyngx_bytes_bounds(s, &start, &stop);

    if (n <= 0) {
        start = 0;
        n = 0;
    }

    view.len = n;
    view.data = s->data + start;

    *result = view;
}


/*
 * Clamps s[start:end] to offsets of s and returns its length, which is below
 * zero if start is behind end or behind the end of s.
 */

static ngx_int_t
ngx_http_pyngx_bytes_bounds(ngx_str_t *s, ngx_int_t *start, ngx_int_t *end)
{
    ngx_int_t  len;

    len = s->len;

    if (*end > len) {
        *end = len;

    } else if (*end < 0) {
        *end = ngx_max(*end + len, 0);
    }

    if (*start < 0) {
        *start = ngx_max(*start + len, 0);
    }

    return *end - *start;
}


/* Whether strip(chars) takes a byte away; without chars it takes spaces. */

static ngx_int_t
ngx_http_pyngx_bytes_strips(ngx_str_t *chars, u_char ch)
{
    if (chars == NULL || chars->data == NULL) {
        return ngx_http_pyngx_is_space(ch);
    }

    return chars->len && memchr(chars->data, ch, chars->len) != NULL;
}


static ngx_int_t
ngx_http_pyngx_is_digit(u_char ch)
{
    return ch >= '0' && ch <= '9';
}


static ngx_int_t
ngx_http_pyngx_is_alpha(u_char ch)
{
    ch |= 0x20;

    return ch >= 'a' && ch <= 'z';
}


static ngx_int_t
ngx_http_pyngx_is_space(u_char ch)
{
    return ch == ' ' || (ch >= '\t' && ch <= '\r');
}


/*
 * The place of s among keys that are sorted by length and then by their bytes;
 * -1: it is none of them.
 */

static ngx_int_t
ngx_http_pyngx_bytes_lookup(ngx_str_t *keys, ngx_int_t n, ngx_str_t *s)
{
    ngx_int_t  cmp, first, middle;

    first = 0;

    while (first < n) {
        middle = first + (n - first) / 2;

        if (keys[middle].len != s->len) {
            cmp = (keys[middle].len < s->len) ? -1 : 1;

        } else {
            cmp = ngx_memcmp(keys[middle].data, s->data, s->len);
        }

        if (cmp == 0) {
            return middle;
        }

        if (cmp < 0) {
            first = middle + 1;

        } else {
            n = middle;
        }
    }

    return -1;
}
