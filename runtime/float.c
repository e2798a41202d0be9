
/*
 * Floats with the results that Python has, as far as that takes no libm.
 */


/* Room for any finite float without an exponent, and a precision. */

#define NGX_HTTP_PYNGX_FLOAT_LEN  352

/* Room for one with an exponent. */

#define NGX_HTTP_PYNGX_FLOAT_EXP_LEN  32


/* The first integer that does not fit. */

#define NGX_HTTP_PYNGX_FLOAT_LIMIT  9223372036854775808.0


/*
 * a * b, rounded: where a processor adds to a product before it is rounded,
 * compilers use that.
 */

static double
ngx_http_pyngx_float_mul(double a, double b)
{
#if (__FP_FAST_FMA)
    volatile double  product;

    product = a * b;

    return product;
#else
    return a * b;
#endif
}


/* What total + x loses when it is rounded. */

static double
ngx_http_pyngx_float_lost(double total, double x)
{
    double  sum;

    sum = total + x;

    if (__builtin_fabs(total) >= __builtin_fabs(x)) {
        return (total - sum) + x;
    }

    return (x - sum) + total;
}


/* A sum with what its additions have lost, unless that is no number. */

static double
ngx_http_pyngx_float_summed(double total, double lost)
{
    return (lost != 0 && lost - lost == 0) ? total + lost : total;
}


/*
 * Less than, equal to or greater than 0, as x is to n, of which a double may
 * be another number; "unordered" if x is no number.
 */

static ngx_int_t
ngx_http_pyngx_float_cmp(double x, ngx_int_t n, ngx_int_t unordered)
{
    ngx_int_t  whole;

    if (x != x) {
        return unordered;
    }

    if (x >= NGX_HTTP_PYNGX_FLOAT_LIMIT) {
        return 1;
    }

    if (x < -NGX_HTTP_PYNGX_FLOAT_LIMIT) {
        return -1;
    }

    whole = (ngx_int_t) x;

    if (whole != n) {
        return (whole < n) ? -1 : 1;
    }

    x -= (double) whole;

    return (x > 0) - (x < 0);
}


/*
 * a / b, with b != 0, rounded once.  What is divided has 56 bits more than the
 * divisor, and the lowest bit of the quotient says that there is a rest.
 */

static double
ngx_http_pyngx_float_truediv(ngx_int_t a, ngx_int_t b)
{
    double             x;
    uint64_t           divisor, quotient, u;
    ngx_int_t          shift;
    unsigned __int128  n;

    u = (a < 0) ? -(uint64_t) a : (uint64_t) a;
    divisor = (b < 0) ? -(uint64_t) b : (uint64_t) b;

    if (u == 0) {
        return (b < 0) ? -0.0 : 0.0;
    }

    shift = 56 + __builtin_clzll(u) - __builtin_clzll(divisor);
    shift = ngx_max(shift, 0);

    n = (unsigned __int128) u << shift;
    quotient = (uint64_t) (n / divisor);

    if (n % divisor != 0) {
        quotient |= 1;
    }

    x = (double) quotient;

    if (shift > 60) {
        x /= (double) ((uint64_t) 1 << 60);
        shift -= 60;
    }

    x /= (double) ((uint64_t) 1 << shift);

    return ((a < 0) != (b < 0)) ? -x : x;
}


/* min(a, b) and max(a, b): the first, unless the other is less or more. */

static double
ngx_http_pyngx_float_min(double a, double b)
{
    return (b < a) ? b : a;
}


static double
ngx_http_pyngx_float_max(double a, double b)
{
    return (b > a) ? b : a;
}


static ngx_int_t
ngx_http_pyngx_float_isnan(double x)
{
    return x != x;
}


static ngx_int_t
ngx_http_pyngx_float_isfinite(double x)
{
    return x - x == 0;
}


static ngx_int_t
ngx_http_pyngx_float_isinf(double x)
{
    return x == x && x - x != 0;
}


/*
 * x without what is behind the point.  NGX_DECLINED: it is no number;
 * NGX_DONE: it is infinite; NGX_BUSY: it does not fit in 64 bits.
 */

static ngx_int_t
ngx_http_pyngx_float_trunc(double x, ngx_int_t *result)
{
    if (x != x) {
        return NGX_DECLINED;
    }

    if (x - x != 0) {
        return NGX_DONE;
    }

    if (x >= NGX_HTTP_PYNGX_FLOAT_LIMIT || x < -NGX_HTTP_PYNGX_FLOAT_LIMIT) {
        return NGX_BUSY;
    }

    *result = (ngx_int_t) x;

    return NGX_OK;
}


/* The greatest integer that is not above x. */

static ngx_int_t
ngx_http_pyngx_float_floor(double x, ngx_int_t *result)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_float_trunc(x, result);

    if (rc == NGX_OK && (double) *result > x) {
        (*result)--;
    }

    return rc;
}


/* The least integer that is not below x. */

static ngx_int_t
ngx_http_pyngx_float_ceil(double x, ngx_int_t *result)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_float_trunc(x, result);

    if (rc == NGX_OK && (double) *result < x) {
        (*result)++;
    }

    return rc;
}


/* The nearest integer, of two that are as near the even one. */

static ngx_int_t
ngx_http_pyngx_float_round(double x, ngx_int_t *result)
{
    double     rest;
    ngx_int_t  n, rc;

    rc = ngx_http_pyngx_float_trunc(x, &n);
    if (rc != NGX_OK) {
        return rc;
    }

    rest = x - (double) n;

    if (rest > 0.5 || (rest == 0.5 && (n & 1))) {
        n++;

    } else if (rest < -0.5 || (rest == -0.5 && (n & 1))) {
        n--;
    }

    *result = n;

    return NGX_OK;
}


/*
 * x with that many digits behind the point, rounded as the exact number that
 * it is.  NGX_BUSY: that is more than any float.
 */

static ngx_int_t
ngx_http_pyngx_float_round_to(double x, ngx_int_t digits, double *result)
{
    char       text[2 * NGX_HTTP_PYNGX_FLOAT_LEN];
    double     y;
    ngx_int_t  exponent, keep;

    if (x == 0 || x - x != 0 || digits > 323) {
        *result = x;
        return NGX_OK;
    }

    if (digits >= 0) {
        (void) snprintf(text, sizeof(text), "%.*f", (int) digits, x);
        *result = strtod(text, NULL);

        return NGX_OK;
    }

    y = __builtin_fabs(x);

    /* all of its digits, if it has one before the point */

    (void) snprintf(text, sizeof(text), "%.400e", y);

    exponent = strtol(text + sizeof("1.") - 1 + 400 + 1, NULL, 10);
    keep = (digits < -400) ? -1 : exponent + 1 + digits;

    if (keep > 0) {
        (void) snprintf(text, sizeof(text), "%.*e", (int) keep - 1, y);
        y = strtod(text, NULL);

    } else if (keep == 0
               && (text[0] > '5'
                   || (text[0] == '5'
                       && strspn(text + sizeof("1.") - 1, "0") < 400)))
    {
        (void) snprintf(text, sizeof(text), "1e%d", (int) exponent + 1);
        y = strtod(text, NULL);

    } else {
        y = 0;
    }

    if (y - y != 0) {
        return NGX_BUSY;
    }

    *result = __builtin_copysign(y, x);

    return NGX_OK;
}


/* The integer that "%d" writes: an exact one, however large. */

static ngx_int_t
ngx_http_pyngx_float_whole(double x, double *result)
{
    if (x != x) {
        return NGX_DECLINED;
    }

    if (x - x != 0) {
        return NGX_BUSY;
    }

    /* what is larger has nothing behind the point */

    if (x < NGX_HTTP_PYNGX_FLOAT_LIMIT && x > -NGX_HTTP_PYNGX_FLOAT_LIMIT) {
        x = (double) (ngx_int_t) x;
    }

    *result = x;

    return NGX_OK;
}


/* The clock of nginx, which moves once an event loop. */

static double
ngx_http_pyngx_float_time(void)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    return (double) tp->sec + (double) tp->msec / 1000;
}


/* 0 <= x < 1, with 53 bits; random() gives 31. */

static double
ngx_http_pyngx_float_random(void)
{
    uint64_t  high, low;

    high = (uint64_t) ngx_random() >> 4;
    low = (uint64_t) ngx_random() >> 5;

    return (double) (high << 26 | low) / (double) ((uint64_t) 1 << 53);
}


static double
ngx_http_pyngx_float_uniform(double a, double b)
{
    return a + ngx_http_pyngx_float_mul(b - a, ngx_http_pyngx_float_random());
}
