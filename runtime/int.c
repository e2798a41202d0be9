
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
