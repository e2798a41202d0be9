
/*
 * Text of floats, and floats of text, as Python has them.  The text of numbers
 * is that of the C locale, in which nginx runs.
 */


/* Digits, and "_" between two of them. */

static u_char *
ngx_http_pyngx_float_digits(u_char *p, u_char *last)
{
    while (p < last && *p >= '0' && *p <= '9') {
        p++;

        if (last - p > 1 && *p == '_' && p[1] >= '0' && p[1] <= '9') {
            p++;
        }
    }

    return p;
}


/* What float() makes of text.  NGX_DECLINED: it is no number. */

static ngx_int_t
ngx_http_pyngx_float_parse(ngx_str_t *s, double *result)
{
    size_t       len;
    u_char      *p, *q, *first, *last, *mark, *text, small[64];
    ngx_uint_t   found, minus;

    p = s->data;
    last = s->data + s->len;

    while (p < last && (*p == ' ' || (*p >= '\t' && *p <= '\r'))) {
        p++;
    }

    while (p < last && (last[-1] == ' '
                        || (last[-1] >= '\t' && last[-1] <= '\r')))
    {
        last--;
    }

    first = p;
    minus = (p < last && *p == '-');

    if (p < last && (*p == '-' || *p == '+')) {
        p++;
    }

    mark = p;
    len = last - p;

    p = ngx_http_pyngx_float_digits(p, last);
    found = (p != mark);

    if (p < last && *p == '.') {
        mark = ++p;
        p = ngx_http_pyngx_float_digits(p, last);
        found |= (p != mark);
    }

    if (!found) {
        p = last - len;

        if ((len == 3 && ngx_strncasecmp(p, (u_char *) "inf", 3) == 0)
            || (len == 8 && ngx_strncasecmp(p, (u_char *) "infinity", 8) == 0))
        {
            *result = minus ? -__builtin_inf() : __builtin_inf();
            return NGX_OK;
        }

        if (len == 3 && ngx_strncasecmp(p, (u_char *) "nan", 3) == 0) {
            *result = minus ? -__builtin_nan("") : __builtin_nan("");
            return NGX_OK;
        }

        return NGX_DECLINED;
    }

    if (p < last && (*p == 'e' || *p == 'E')) {
        p++;

        if (p < last && (*p == '-' || *p == '+')) {
            p++;
        }

        mark = p;
        p = ngx_http_pyngx_float_digits(p, last);

        if (p == mark) {
            return NGX_DECLINED;
        }
    }

    if (p != last) {
        return NGX_DECLINED;
    }

    len = last - first;
    text = small;

    if (len >= sizeof(small)) {
        text = ngx_alloc(len + 1, ngx_cycle->log);
        if (text == NULL) {
            return NGX_ERROR;
        }
    }

    q = text;

    for (p = first; p < last; p++) {
        if (*p != '_') {
            *q++ = *p;
        }
    }

    *q = '\0';
    *result = strtod((char *) text, NULL);

    if (text != small) {
        ngx_free(text);
    }

    return NGX_OK;
}


/* float(s): its digits and spaces may be those of any script. */

static ngx_int_t
ngx_http_pyngx_float_parse_text(ngx_str_t *s, double *result)
{
    u_char     *last, *next, *p, small[64];
    ngx_int_t   digit, rc;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_isascii(s)) {
        return ngx_http_pyngx_float_parse(s, result);
    }

    text.len = 0;
    text.data = small;

    if (s->len > sizeof(small)) {
        text.data = ngx_alloc(s->len, ngx_cycle->log);
        if (text.data == NULL) {
            return NGX_ERROR;
        }
    }

    last = s->data + s->len;
    rc = NGX_OK;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);
        digit = ngx_http_pyngx_str_digit(p, next);

        if (digit == -1) {
            rc = NGX_DECLINED;
            break;
        }

        text.data[text.len++] = (u_char) digit;
    }

    if (rc == NGX_OK) {
        rc = ngx_http_pyngx_float_parse(&text, result);
    }

    if (text.data != small) {
        ngx_free(text.data);
    }

    return rc;
}


/*
 * Writes a float, as "e", "f", "g", "E", "F" and "G" of "%" formatting say, as
 * "%" of format specifications does, as "d", of a whole one; 'r' is what str()
 * gives, 'n' that with a precision.  Returns the end.  The caller has made
 * room for width, for precision, and for NGX_HTTP_PYNGX_FLOAT_LEN bytes; half
 * of that more for groups.
 */

static u_char *
ngx_http_pyngx_format_float(u_char *p, double x, ngx_uint_t flags,
    ngx_int_t width, ngx_int_t precision, u_char type)
{
    char       conversion[sizeof("%#.*e")], *format;
    u_char     fill, *number, *start;
    ngx_int_t  before;

    start = p;

    if (x == x && __builtin_signbit(x)) {
        *p++ = '-';
        x = -x;

    } else if (flags & NGX_HTTP_PYNGX_SIGN) {
        *p++ = '+';

    } else if (flags & NGX_HTTP_PYNGX_SPACE) {
        *p++ = ' ';
    }

    number = p;

    if (type == '%') {
        x *= 100;
    }

    if (x - x != 0) {
        p = ngx_cpymem(p, (x != x) ? "nan" : "inf", 3);

        if (type == 'E' || type == 'F' || type == 'G') {
            ngx_memcpy(number, (x != x) ? "NAN" : "INF", 3);
        }

        flags &= ~(NGX_HTTP_PYNGX_COMMA|NGX_HTTP_PYNGX_UNDER);

    } else if (type == 'r') {
        p = ngx_http_pyngx_float_repr(p, x);

    } else if (type == 'n') {
        p = ngx_http_pyngx_float_general(p, x, ngx_max(precision, 1));

    } else {
        format = conversion;
        *format++ = '%';

        if (flags & NGX_HTTP_PYNGX_ALT) {
            *format++ = '#';
        }

        *format++ = '.';
        *format++ = '*';
        *format++ = (type == '%' || type == 'd') ? 'f' : type;
        *format = '\0';

        if (precision < 0) {
            precision = (type == 'd') ? 0 : 6;
        }

        p += snprintf((char *) p, NGX_HTTP_PYNGX_FLOAT_LEN + precision,
                      conversion, (int) precision, x);
    }

    if (flags & (NGX_HTTP_PYNGX_COMMA|NGX_HTTP_PYNGX_UNDER)) {
        p = ngx_http_pyngx_float_groups(number, p,
                              (flags & NGX_HTTP_PYNGX_COMMA) ? ',' : '_');
    }

    if (type == '%') {
        *p++ = '%';
    }

    width -= p - start;

    if (width <= 0) {
        return p;
    }

    fill = ngx_http_pyngx_format_filler(flags);

    if (flags & NGX_HTTP_PYNGX_ZERO && !(flags & NGX_HTTP_PYNGX_LEFT)) {
        ngx_memmove(number + width, number, p - number);
        ngx_memset(number, fill, width);

        return p + width;
    }

    before = ngx_http_pyngx_format_before(flags, width);

    ngx_memmove(start + before, start, p - start);
    ngx_memset(start, fill, before);

    return ngx_http_pyngx_format_fill(p + before, fill, width - before);
}


/* Puts a separator between groups of three digits before the point. */

static u_char *
ngx_http_pyngx_float_groups(u_char *number, u_char *last, u_char separator)
{
    u_char  *p;

    p = number;

    while (p < last && *p >= '0' && *p <= '9') {
        p++;
    }

    while (p - number > 3) {
        p -= 3;
        ngx_memmove(p + 1, p, last - p);
        *p = separator;
        last++;
    }

    return last;
}


/*
 * The shortest text that is read as x, which is not negative: 15 digits are
 * never too many for what has a full mantissa.  The floats below a power of
 * two are nearer than those above, so that the digits above may be right where
 * the rounded ones are not.
 */

static u_char *
ngx_http_pyngx_float_repr(u_char *p, double x)
{
    int       n;
    char      text[NGX_HTTP_PYNGX_FLOAT_EXP_LEN], *last;
    uint64_t  bits;

    ngx_memcpy(&bits, &x, sizeof(double));

    for (n = (x < 2.2250738585072014e-308) ? 0 : 14; n < 16; n++) {

        (void) snprintf(text, sizeof(text), "%.*e", n, x);

        if (strtod(text, NULL) == x) {
            break;
        }

        if (n == 15 && (bits & (((uint64_t) 1 << 52) - 1)) == 0) {
            last = text + sizeof("1.") - 1 + 14;

            if (*last != '9') {
                (*last)++;

                if (strtod(text, NULL) == x) {
                    break;
                }
            }
        }
    }

    if (n == 16) {
        (void) snprintf(text, sizeof(text), "%.16e", x);
    }

    return ngx_http_pyngx_float_layout(p, text, 16);
}


/* As "%g" with that precision, but what has no exponent has a point. */

static u_char *
ngx_http_pyngx_float_general(u_char *p, double x, ngx_int_t precision)
{
    /* no float has more digits than that */

    char  text[2 * NGX_HTTP_PYNGX_FLOAT_LEN + 128];

    (void) snprintf(text, sizeof(text), "%.*e",
                    (int) ngx_min(precision, 768) - 1, x);

    return ngx_http_pyngx_float_layout(p, text, precision - 1);
}


/*
 * Writes the digits of "1.25e+02" without zeros at the end: with an exponent
 * if the point is not within the first four zeros and the limit.
 */

static u_char *
ngx_http_pyngx_float_layout(u_char *p, char *text, ngx_int_t limit)
{
    char       *last, *exponent;
    ngx_int_t   digits, point;

    exponent = strchr(text, 'e');
    point = strtol(exponent + 1, NULL, 10) + 1;
    last = exponent;

    if (text[1] == '.') {
        text[1] = text[0];
        text++;
    }

    while (last - text > 1 && last[-1] == '0') {
        last--;
    }

    digits = last - text;

    if (point <= -4 || point > limit) {
        *p++ = *text++;

        if (digits > 1) {
            *p++ = '.';
            p = ngx_cpymem(p, text, digits - 1);
        }

        return ngx_cpymem(p, exponent, ngx_strlen(exponent));
    }

    if (point <= 0) {
        p = ngx_cpymem(p, "0.", 2);
        p = ngx_http_pyngx_format_fill(p, '0', -point);

        return ngx_cpymem(p, text, digits);
    }

    if (point >= digits) {
        p = ngx_cpymem(p, text, digits);
        p = ngx_http_pyngx_format_fill(p, '0', point - digits);

        return ngx_cpymem(p, ".0", 2);
    }

    p = ngx_cpymem(p, text, point);
    *p++ = '.';

    return ngx_cpymem(p, text + point, digits - point);
}
