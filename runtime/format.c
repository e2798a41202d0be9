
/*
 * The conversions of "%" formatting and of format specifications.  Width and
 * precision count bytes; a precision below zero is none.
 */


#define NGX_HTTP_PYNGX_LEFT    0x01  /* '-' */
#define NGX_HTTP_PYNGX_SIGN    0x02  /* '+' */
#define NGX_HTTP_PYNGX_SPACE   0x04  /* ' ' */
#define NGX_HTTP_PYNGX_ALT     0x08  /* '#' */
#define NGX_HTTP_PYNGX_ZERO    0x10  /* '0' */
#define NGX_HTTP_PYNGX_CENTER  0x20  /* '^' */
#define NGX_HTTP_PYNGX_COMMA   0x40  /* ',' */
#define NGX_HTTP_PYNGX_UNDER   0x80  /* '_' */


/*
 * Writes an integer as 'd', 'o', 'x', 'X' or 'c' says and returns the end.
 * The caller has made room for width, for precision, and for 26 bytes.
 */

static u_char *
ngx_http_pyngx_format_int(u_char *p, ngx_int_t n, ngx_uint_t flags,
    ngx_int_t width, ngx_int_t precision, u_char base)
{
    u_char       ch, *digit, digits[NGX_INT64_LEN + 2];
    ngx_int_t    len, zeros;
    ngx_str_t    byte;
    ngx_uint_t   radix, u;
    const char  *alphabet;

    if (base == 'c') {
        ch = (u_char) n;
        byte.len = 1;
        byte.data = &ch;

        return ngx_http_pyngx_format_bytes(p, &byte, flags, width, -1);
    }

    alphabet = (base == 'X') ? "0123456789ABCDEF" : "0123456789abcdef";

    switch (base) {

    case 'x':
    case 'X':
        radix = 16;
        break;

    case 'o':
        radix = 8;
        break;

    default: /* 'd' */
        radix = 10;
        flags &= ~NGX_HTTP_PYNGX_ALT;
        break;
    }

    u = (n < 0) ? -(ngx_uint_t) n : (ngx_uint_t) n;
    digit = digits + sizeof(digits);

    do {
        *--digit = alphabet[u % radix];
        u /= radix;
    } while (u);

    len = digits + sizeof(digits) - digit;
    zeros = ngx_max(precision - len, 0);

    len += zeros;

    if (n < 0 || (flags & (NGX_HTTP_PYNGX_SIGN|NGX_HTTP_PYNGX_SPACE))) {
        len++;
    }

    if (flags & NGX_HTTP_PYNGX_ALT) {
        len += 2;
    }

    width = ngx_max(width - len, 0);

    if (!(flags & NGX_HTTP_PYNGX_LEFT)) {

        if (flags & NGX_HTTP_PYNGX_ZERO) {
            zeros += width;

        } else {
            p = ngx_http_pyngx_format_fill(p, ' ', width);
        }

        width = 0;
    }

    if (n < 0) {
        *p++ = '-';

    } else if (flags & NGX_HTTP_PYNGX_SIGN) {
        *p++ = '+';

    } else if (flags & NGX_HTTP_PYNGX_SPACE) {
        *p++ = ' ';
    }

    if (flags & NGX_HTTP_PYNGX_ALT) {
        *p++ = '0';
        *p++ = base;
    }

    p = ngx_http_pyngx_format_fill(p, '0', zeros);
    p = ngx_cpymem(p, digit, digits + sizeof(digits) - digit);

    return ngx_http_pyngx_format_fill(p, ' ', width);
}


/*
 * Writes bytes and returns the end.  The caller has made room for the greater
 * of width and the length.
 */

static u_char *
ngx_http_pyngx_format_bytes(u_char *p, ngx_str_t *s, ngx_uint_t flags,
    ngx_int_t width, ngx_int_t precision)
{
    ngx_int_t  len;

    len = s->len;

    if (precision >= 0 && precision < len) {
        len = precision;
    }

    width = ngx_max(width - len, 0);

    if (!(flags & NGX_HTTP_PYNGX_LEFT)) {
        p = ngx_http_pyngx_format_fill(p, ' ', width);
        width = 0;
    }

    p = ngx_cpymem(p, s->data, len);

    return ngx_http_pyngx_format_fill(p, ' ', width);
}


static u_char *
ngx_http_pyngx_format_fill(u_char *p, u_char ch, ngx_int_t n)
{
    ngx_memset(p, ch, n);

    return p + n;
}
