
/*
 * Arithmetic of integers, with the results that Python has.  A function that
 * stores its result returns NGX_DECLINED if it does not fit.
 */


/* a // b, with b != 0 and not the least integer by -1. */

static ngx_int_t
ngx_http_pyngx_floordiv(ngx_int_t a, ngx_int_t b)
{
    ngx_int_t  n;

    n = a / b;

    if (a % b != 0 && (a < 0) != (b < 0)) {
        n--;
    }

    return n;
}


/* a % b, with b != 0; the result has the sign of b. */

static ngx_int_t
ngx_http_pyngx_floormod(ngx_int_t a, ngx_int_t b)
{
    ngx_int_t  n;

    if (b == -1) {
        return 0;
    }

    n = a % b;

    if (n != 0 && (n < 0) != (b < 0)) {
        n += b;
    }

    return n;
}


/* a ** b, with b >= 0. */

static ngx_int_t
ngx_http_pyngx_pow(ngx_int_t a, ngx_int_t b, ngx_int_t *result)
{
    ngx_int_t  n;

    n = 1;

    for ( ;; ) {

        if ((b & 1) && __builtin_mul_overflow(n, a, &n)) {
            return NGX_DECLINED;
        }

        b >>= 1;

        if (b == 0) {
            *result = n;
            return NGX_OK;
        }

        if (__builtin_mul_overflow(a, a, &a)) {
            return NGX_DECLINED;
        }
    }
}


/* a << b, with b >= 0. */

static ngx_int_t
ngx_http_pyngx_lshift(ngx_int_t a, ngx_int_t b, ngx_int_t *result)
{
    ngx_int_t  bits;

    bits = sizeof(ngx_int_t) * 8;

    if (a == 0) {
        *result = 0;
        return NGX_OK;
    }

    if (b >= bits) {
        return NGX_DECLINED;
    }

    *result = (ngx_int_t) ((ngx_uint_t) a << b);

    return (ngx_http_pyngx_rshift(*result, b) == a) ? NGX_OK : NGX_DECLINED;
}


/* a >> b, with b >= 0; the sign moves in. */

static ngx_int_t
ngx_http_pyngx_rshift(ngx_int_t a, ngx_int_t b)
{
    ngx_int_t  bits;

    bits = sizeof(ngx_int_t) * 8;

    return a >> ngx_min(b, bits - 1);
}


/* The place of a number among sorted keys; -1: it is none of them. */

static ngx_int_t
ngx_http_pyngx_lookup(ngx_int_t *keys, ngx_int_t n, ngx_int_t key)
{
    ngx_int_t  first, middle;

    first = 0;

    while (first < n) {
        middle = first + (n - first) / 2;

        if (keys[middle] == key) {
            return middle;
        }

        if (keys[middle] < key) {
            first = middle + 1;

        } else {
            n = middle;
        }
    }

    return -1;
}


/* int(s): NGX_DECLINED is ValueError, NGX_BUSY OverflowError. */

static ngx_int_t
ngx_http_pyngx_bytes_int(ngx_str_t *s, ngx_int_t *result)
{
    size_t       digits;
    u_char      *last, *p;
    ngx_int_t    rc;
    ngx_str_t    text;
    ngx_uint_t   digit, limit, minus, n;

    ngx_http_pyngx_bytes_strip(s, NULL, &text);

    p = text.data;
    last = text.data + text.len;
    minus = 0;

    if (p < last && (*p == '-' || *p == '+')) {
        minus = (*p++ == '-');
    }

    rc = NGX_OK;
    limit = (ngx_uint_t) NGX_MAX_INT_T_VALUE + minus;
    n = 0;

    for (digits = 0; p < last; p++) {

        if (*p == '_' && digits && p + 1 < last) {
            p++;
        }

        if (!ngx_http_pyngx_is_digit(*p)) {
            return NGX_DECLINED;
        }

        digit = *p - '0';

        if (n > (limit - digit) / 10) {
            rc = NGX_BUSY;

        } else {
            n = n * 10 + digit;
        }

        digits++;
    }

    /* Python, too, refuses to convert more */

    if (digits == 0 || digits > 4300) {
        return NGX_DECLINED;
    }

    if (rc == NGX_OK) {
        *result = minus ? -n : n;
    }

    return rc;
}


/* int(s, base) for bases 2 to 36, as ngx_http_pyngx_bytes_int() for 10. */

static ngx_int_t
ngx_http_pyngx_bytes_int_base(ngx_str_t *s, ngx_int_t base, ngx_int_t *result)
{
    size_t      digits;
    u_char      c, *last, *p;
    ngx_int_t   rc;
    ngx_str_t   text;
    ngx_uint_t  digit, limit, minus, n, prefix;

    ngx_http_pyngx_bytes_strip(s, NULL, &text);

    p = text.data;
    last = text.data + text.len;
    minus = 0;

    if (p < last && (*p == '-' || *p == '+')) {
        minus = (*p++ == '-');
    }

    prefix = 0;

    if (last - p > 1 && p[0] == '0') {
        c = p[1] | 0x20;

        if ((base == 16 && c == 'x') || (base == 8 && c == 'o')
            || (base == 2 && c == 'b'))
        {
            p += 2;
            prefix = 1;
        }
    }

    rc = NGX_OK;
    limit = (ngx_uint_t) NGX_MAX_INT_T_VALUE + minus;
    n = 0;

    for (digits = 0; p < last; p++) {

        if (*p == '_' && (digits || prefix) && p + 1 < last) {
            p++;
        }

        c = *p | 0x20;

        if (ngx_http_pyngx_is_digit(*p)) {
            digit = *p - '0';

        } else if (c >= 'a' && c <= 'z') {
            digit = c - 'a' + 10;

        } else {
            return NGX_DECLINED;
        }

        if (digit >= (ngx_uint_t) base) {
            return NGX_DECLINED;
        }

        if (rc != NGX_OK || n > (limit - digit) / base) {
            rc = NGX_BUSY;

        } else {
            n = n * base + digit;
        }

        digits++;
        prefix = 0;
    }

    /* of powers of 2 there is no limit */

    if (digits == 0 || (digits > 4300 && (base & (base - 1)))) {
        return NGX_DECLINED;
    }

    if (rc == NGX_OK) {
        *result = minus ? -n : n;
    }

    return rc;
}


/* NGX_DECLINED: it does not fit in 64 bits. */

static ngx_int_t
ngx_http_pyngx_int_from_bytes(ngx_str_t *s, ngx_int_t little,
    ngx_int_t with_sign, ngx_int_t *result)
{
    u_char     ch;
    size_t     i;
    ngx_int_t  n;

    n = 0;

    for (i = 0; i < s->len; i++) {
        ch = s->data[little ? s->len - 1 - i : i];

        if (i == 0 && with_sign && ch >= 0x80) {
            n = -1;
        }

        if (n > NGX_MAX_INT_T_VALUE >> 8
            || n < -(NGX_MAX_INT_T_VALUE >> 8) - 1)
        {
            return NGX_DECLINED;
        }

        n = n * 256 + ch;
    }

    *result = n;

    return NGX_OK;
}


/* NGX_DECLINED: so many bytes are too few.  NGX_BUSY: less than none. */

static ngx_int_t
ngx_http_pyngx_int_to_bytes(ngx_pool_t *pool, ngx_int_t n, ngx_int_t len,
    ngx_int_t little, ngx_int_t with_sign, ngx_str_t *result)
{
    size_t     i;
    ngx_int_t  rest;
    ngx_str_t  text;

    if (len < 0) {
        return NGX_BUSY;
    }

    /* what does not go into the bytes; all bits of it may be a sign */

    if (len < 8) {
        rest = len ? n >> (len * 8 - (with_sign ? 1 : 0)) : n;

    } else {
        rest = (n < 0) ? -1 : 0;
    }

    if (rest && (rest != -1 || !with_sign)) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_new(pool, len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < text.len; i++) {
        text.data[little ? i : text.len - 1 - i] = (u_char) n;
        n >>= 8;
    }

    *result = text;

    return NGX_OK;
}
