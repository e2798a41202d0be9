
/*
 * The conversions of "%" formatting and of format specifications.  Width and
 * precision count bytes; a precision below zero is none.  The flags' second
 * byte is what fills the width, if that is no space, or zero after the sign.
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
 * Writes an integer as 'd', 'b', 'o', 'x', 'X' or 'c' says and returns the
 * end.  The caller has made room for width, for precision, and for 26 bytes,
 * with groups for 34, and for 82 if the radix is 2.
 */

static u_char *
ngx_http_pyngx_format_int(u_char *p, ngx_int_t n, ngx_uint_t flags,
    ngx_int_t width, ngx_int_t precision, u_char base)
{
    u_char       ch, fill, *digit, separator, digits[82];
    ngx_int_t    before, group, len, zeros;
    ngx_str_t    byte;
    ngx_uint_t   count, radix, u;
    const char  *alphabet;

    if (base == 'c') {
        ch = (u_char) n;
        byte.len = 1;
        byte.data = &ch;

        return ngx_http_pyngx_format_bytes(p, &byte, flags, width, -1);
    }

    alphabet = (base == 'X') ? "0123456789ABCDEF" : "0123456789abcdef";
    group = 4;

    switch (base) {

    case 'x':
    case 'X':
        radix = 16;
        break;

    case 'o':
        radix = 8;
        break;

    case 'b':
        radix = 2;
        break;

    default: /* 'd' */
        radix = 10;
        group = 3;
        flags &= ~NGX_HTTP_PYNGX_ALT;
        break;
    }

    separator = (flags & NGX_HTTP_PYNGX_COMMA) ? ',' : '_';

    if (!(flags & (NGX_HTTP_PYNGX_COMMA|NGX_HTTP_PYNGX_UNDER))) {
        group = sizeof(digits);
    }

    u = (n < 0) ? -(ngx_uint_t) n : (ngx_uint_t) n;
    digit = digits + sizeof(digits);
    count = 0;

    do {
        if (count && count % group == 0) {
            *--digit = separator;
        }

        *--digit = alphabet[u % radix];
        u /= radix;
        count++;
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
    fill = ngx_http_pyngx_format_filler(flags);
    before = ngx_http_pyngx_format_before(flags, width);

    if (flags & NGX_HTTP_PYNGX_ZERO && !(flags & NGX_HTTP_PYNGX_LEFT)) {
        before = 0;

    } else {
        p = ngx_http_pyngx_format_fill(p, fill, before);
        width -= before;
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

    if (flags & NGX_HTTP_PYNGX_ZERO && !(flags & NGX_HTTP_PYNGX_LEFT)) {
        p = ngx_http_pyngx_format_fill(p, fill, width);
        width = 0;
    }

    p = ngx_http_pyngx_format_fill(p, '0', zeros);
    p = ngx_cpymem(p, digit, digits + sizeof(digits) - digit);

    return ngx_http_pyngx_format_fill(p, fill, width);
}


/*
 * Writes bytes and returns the end.  The caller has made room for the greater
 * of width and the length.
 */

static u_char *
ngx_http_pyngx_format_bytes(u_char *p, ngx_str_t *s, ngx_uint_t flags,
    ngx_int_t width, ngx_int_t precision)
{
    u_char     fill;
    ngx_int_t  before, len;

    len = s->len;

    if (precision >= 0 && precision < len) {
        len = precision;
    }

    width = ngx_max(width - len, 0);
    before = ngx_http_pyngx_format_before(flags, width);

    fill = (flags & NGX_HTTP_PYNGX_ZERO && !(flags >> 8))
           ? ' ' : ngx_http_pyngx_format_filler(flags);

    p = ngx_http_pyngx_format_fill(p, fill, before);
    p = ngx_cpymem(p, s->data, len);

    return ngx_http_pyngx_format_fill(p, fill, width - before);
}


/* What fills the width. */

static u_char
ngx_http_pyngx_format_filler(ngx_uint_t flags)
{
    if (flags >> 8) {
        return (u_char) (flags >> 8);
    }

    if (flags & NGX_HTTP_PYNGX_ZERO && !(flags & NGX_HTTP_PYNGX_LEFT)) {
        return '0';
    }

    return ' ';
}


/* How much of what fills stands before the value. */

static ngx_int_t
ngx_http_pyngx_format_before(ngx_uint_t flags, ngx_int_t room)
{
    if (flags & NGX_HTTP_PYNGX_LEFT) {
        return 0;
    }

    return (flags & NGX_HTTP_PYNGX_CENTER) ? room / 2 : room;
}


static u_char *
ngx_http_pyngx_format_fill(u_char *p, u_char ch, ngx_int_t n)
{
    ngx_memset(p, ch, n);

    return p + n;
}
