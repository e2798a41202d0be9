
/*
 * What takes the functions of libm: a module with a piece of this is linked
 * with it.
 */


typedef double (*ngx_http_pyngx_math_pt)(double x);


typedef double (*ngx_http_pyngx_math2_pt)(double a, double b);


/* a // b, with b != 0. */

static double
ngx_http_pyngx_math_floordiv(double a, double b)
{
    double  quotient, rest, whole;

    rest = fmod(a, b);
    quotient = (a - rest) / b;

    if (rest != 0 && (b < 0) != (rest < 0)) {
        quotient -= 1;
    }

    if (quotient == 0) {
        return copysign(0, a / b);
    }

    whole = floor(quotient);

    return (quotient - whole > 0.5) ? whole + 1 : whole;
}


/* a % b, with b != 0; the result has the sign of b. */

static double
ngx_http_pyngx_math_mod(double a, double b)
{
    double  rest;

    rest = fmod(a, b);

    if (rest == 0) {
        return copysign(0, b);
    }

    return ((b < 0) != (rest < 0)) ? rest + b : rest;
}


/*
 * a ** b.  NGX_DONE: 0 to a negative power; NGX_DECLINED: a complex number;
 * NGX_BUSY: more than any float.
 */

static ngx_int_t
ngx_http_pyngx_math_pow(double a, double b, double *result)
{
    if (a == 0 && b < 0 && b - b == 0) {
        return NGX_DONE;
    }

    if (a < 0 && a - a == 0 && b - b == 0 && b != floor(b)) {
        return NGX_DECLINED;
    }

    *result = pow(a, b);

    if (*result - *result != 0 && a - a == 0 && b - b == 0) {
        return NGX_BUSY;
    }

    return NGX_OK;
}


/* A function of libm.  NGX_DECLINED: it has no value; NGX_BUSY: infinity. */

static ngx_int_t
ngx_http_pyngx_math_call(ngx_http_pyngx_math_pt function, double x,
    double *result)
{
    double  y;

    y = function(x);

    if (y != y && x == x) {
        return NGX_DECLINED;
    }

    if (y - y != 0 && x - x == 0) {
        return NGX_BUSY;
    }

    *result = y;

    return NGX_OK;
}


/* Likewise, of two operands. */

static ngx_int_t
ngx_http_pyngx_math_call2(ngx_http_pyngx_math2_pt function, double a, double b,
    double *result)
{
    double  x;

    x = function(a, b);

    if (x != x && a == a && b == b) {
        return NGX_DECLINED;
    }

    if (x - x != 0 && a - a == 0 && b - b == 0) {
        return NGX_BUSY;
    }

    *result = x;

    return NGX_OK;
}


/* math.pow(a, b).  NGX_DECLINED: it has no value; NGX_BUSY: infinity. */

static ngx_int_t
ngx_http_pyngx_math_power(double a, double b, double *result)
{
    if (a == 0 && b < 0 && b - b == 0) {
        return NGX_DECLINED;
    }

    return ngx_http_pyngx_math_call2(pow, a, b, result);
}


/* NGX_DECLINED: no logarithm; NGX_DONE: the base is 1. */

static ngx_int_t
ngx_http_pyngx_math_log(double x, double base, double *result)
{
    double  divisor;

    if (x <= 0 || base <= 0) {
        return NGX_DECLINED;
    }

    divisor = log(base);

    if (divisor == 0) {
        return NGX_DONE;
    }

    *result = log(x) / divisor;

    return NGX_OK;
}
