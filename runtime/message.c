
/*
 * The texts of exceptions that speak of a value, as CPython words them.  Made
 * where somebody reads them: an "except ... as", a caller, or the log.
 */


#define NGX_HTTP_PYNGX_MESSAGE  256
#define NGX_HTTP_PYNGX_REPR     200


/* The spaces and marks of the base plane that repr() does not show. */

static ngx_uint_t
ngx_http_pyngx_unprintable(uint32_t code)
{
    return (code >= 0x2000 && code <= 0x200f)
           || (code >= 0x2028 && code <= 0x202f)
           || (code >= 0x205f && code <= 0x206f)
           || (code >= 0xe000 && code <= 0xf8ff)
           || (code >= 0xfff0 && code <= 0xfffb)
           || code == 0x1680 || code == 0x180e || code == 0x3000
           || code == 0xfeff || code == 0xfffe || code == 0xffff;
}


/* What repr() gives of bytes or text: not more than some characters of it. */

static u_char *
ngx_http_pyngx_repr(u_char *p, ngx_str_t *s, ngx_uint_t bytes, size_t max)
{
    u_char      ch, *last, quote;
    size_t      i, width;
    uint32_t    code;
    ngx_uint_t  n;

    quote = '\'';

    if (ngx_strlchr(s->data, s->data + s->len, '\'') != NULL
        && ngx_strlchr(s->data, s->data + s->len, '"') == NULL)
    {
        quote = '"';
    }

    last = p + max;

    if (bytes) {
        *p++ = 'b';
    }

    *p++ = quote;

    for (i = 0; i < s->len && p < last; i += n) {
        ch = s->data[i];
        n = 1;

        if (!bytes && ch >= 0xc2) {
            n = (ch < 0xe0) ? 2 : (ch < 0xf0) ? 3 : 4;
            code = ngx_http_pyngx_str_code(s->data + i, s->data + i + n);

            if (code <= 0xa0 || code == 0xad) {
                p = ngx_slprintf(p, last, "\\x%02xD", code);

            } else if (ngx_http_pyngx_unprintable(code)) {
                p = ngx_slprintf(p, last, "\\u%04xD", code);

            } else {
                last += n - 1;
                p = ngx_cpymem(p, s->data + i, n);
            }

            continue;
        }

        width = last - p;

        if (ch == '\t' || ch == '\n' || ch == '\r') {
            ch = (ch == '\t') ? 't' : (ch == '\n') ? 'n' : 'r';
            p = ngx_snprintf(p, width, "\\%c", ch);

        } else if (ch == quote || ch == '\\') {
            p = ngx_snprintf(p, width, "\\%c", ch);

        } else if (ch < 0x20 || ch > 0x7e) {
            p = ngx_snprintf(p, width, "\\x%02xd", ch);

        } else {
            *p++ = ch;
        }
    }

    if (p < last) {
        *p++ = quote;
    }

    return p;
}


/* Of text each character takes up to four bytes. */

static ngx_int_t
ngx_http_pyngx_message_new(ngx_pool_t *pool, ngx_str_t *text)
{
    text->data = ngx_pnalloc(pool, NGX_HTTP_PYNGX_MESSAGE
                                   + 4 * NGX_HTTP_PYNGX_REPR);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = 0;

    return NGX_OK;
}


/* The digits at the beginning of a number, of whatever script. */

static size_t
ngx_http_pyngx_message_digits(ngx_str_t *s, ngx_int_t base, ngx_uint_t bytes)
{
    size_t      n;
    u_char     *last, *next, *p;
    ngx_int_t   ch;

    last = s->data + s->len;

    for (p = s->data, n = 0; p < last; p = next) {
        next = p + 1;
        ch = *p;

        if (!bytes && ch >= 0x80) {
            next = ngx_http_pyngx_str_next(p, last);
            ch = ngx_http_pyngx_str_digit(p, next);
        }

        if (ch == '_' || (n == 0 && (ch == '-' || ch == '+' || ch == ' '
                                     || (ch >= '\t' && ch <= '\r'))))
        {
            continue;
        }

        if (ch >= '0' && ch <= '9') {
            ch -= '0';

        } else if ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z') {
            ch = (ch | 0x20) - 'a' + 10;

        } else {
            break;
        }

        if (ch >= base) {
            break;
        }

        n++;
    }

    return n;
}


/* Python does not convert numbers as long as that. */

static ngx_int_t
ngx_http_pyngx_message_limit(ngx_pool_t *pool, size_t digits, ngx_str_t *text)
{
    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "Exceeds the limit (4300 digits) for"
                            " integer string conversion: value has %uz digits;"
                            " use sys.set_int_max_str_digits() to increase the"
                            " limit", digits) - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_number_of(ngx_pool_t *pool, ngx_str_t *s,
    ngx_int_t base, ngx_uint_t bytes, ngx_str_t *text)
{
    u_char  *p;
    size_t   digits;

    /* of powers of 2 there is no limit */

    if (base & (base - 1)) {
        digits = ngx_http_pyngx_message_digits(s, base, bytes);

        if (digits > 4300) {
            return ngx_http_pyngx_message_limit(pool, digits, text);
        }
    }

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(text->data, "invalid literal for int() with base %i: ",
                    base);
    p = ngx_http_pyngx_repr(p, s, bytes, NGX_HTTP_PYNGX_REPR);
    text->len = p - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_int(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *text)
{
    return ngx_http_pyngx_message_number_of(pool, s, 10, 1, text);
}


static ngx_int_t
ngx_http_pyngx_message_int_base(ngx_pool_t *pool, ngx_str_t *s,
    ngx_int_t base, ngx_str_t *text)
{
    return ngx_http_pyngx_message_number_of(pool, s, base, 1, text);
}


static ngx_int_t
ngx_http_pyngx_message_int_text(ngx_pool_t *pool, ngx_str_t *s,
    ngx_int_t base, ngx_str_t *text)
{
    return ngx_http_pyngx_message_number_of(pool, s, base, 0, text);
}


/* The whole repr() between two constants. */

static ngx_int_t
ngx_http_pyngx_message_of(ngx_pool_t *pool, char *head, ngx_str_t *s,
    ngx_uint_t bytes, char *rest, ngx_str_t *text)
{
    u_char  *p;

    text->data = ngx_pnalloc(pool, NGX_HTTP_PYNGX_MESSAGE + 4 * s->len);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(text->data, "%s", head);
    p = ngx_http_pyngx_repr(p, s, bytes, 4 * s->len + 3);
    text->len = ngx_sprintf(p, "%s", rest) - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_float(ngx_pool_t *pool, ngx_str_t *s, ngx_uint_t bytes,
    ngx_str_t *text)
{
    return ngx_http_pyngx_message_of(pool,
                                     "could not convert string to float: ", s,
                                     bytes, "", text);
}


static ngx_int_t
ngx_http_pyngx_message_float_parse(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *text)
{
    return ngx_http_pyngx_message_float(pool, s, 1, text);
}


static ngx_int_t
ngx_http_pyngx_message_float_parse_text(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *text)
{
    return ngx_http_pyngx_message_float(pool, s, 0, text);
}


static ngx_int_t
ngx_http_pyngx_message_key(ngx_pool_t *pool, ngx_str_t *s, ngx_uint_t bytes,
    char *rest, ngx_str_t *text)
{
    return ngx_http_pyngx_message_of(pool, "", s, bytes, rest, text);
}


static ngx_int_t
ngx_http_pyngx_message_number(ngx_pool_t *pool, ngx_int_t n, char *rest,
    ngx_str_t *text)
{
    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "%i%s", n, rest) - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_ord(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *text)
{
    size_t  i, n;

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0, n = 0; i < s->len; i++) {
        n += ((s->data[i] & 0xc0) != 0x80);
    }

    text->len = ngx_sprintf(text->data, "ord() expected a character, but"
                            " string of length %uz found", n) - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_to_bytes(ngx_pool_t *pool, ngx_int_t n, ngx_int_t len,
    ngx_int_t little, ngx_int_t is_signed, ngx_str_t *text)
{
    if (n < 0 && !is_signed) {
        ngx_str_set(text, "can't convert negative int to unsigned");

    } else {
        ngx_str_set(text, "int too big to convert");
    }

    return NGX_OK;
}


/* Two versions of Python say it in two ways. */

static ngx_int_t
ngx_http_pyngx_message_range(ngx_pool_t *pool, ngx_int_t start, ngx_int_t stop,
    ngx_uint_t width, ngx_str_t *text)
{
    u_char  *p;

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = width ? ngx_sprintf(text->data, "empty range for randrange() (%i, %i,"
                            " %i)", start, stop, stop - start)
              : ngx_sprintf(text->data, "empty range in randrange(%i, %i)",
                            start, stop);
    text->len = p - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_randrange(ngx_pool_t *pool, ngx_int_t start,
    ngx_int_t stop, ngx_str_t *text)
{
    return ngx_http_pyngx_message_range(pool, start, stop, 0, text);
}


static ngx_int_t
ngx_http_pyngx_message_randint(ngx_pool_t *pool, ngx_int_t a, ngx_int_t b,
    ngx_str_t *text)
{
    return ngx_http_pyngx_message_range(pool, a, b + 1, 0, text);
}


static ngx_int_t
ngx_http_pyngx_message_randrange_width(ngx_pool_t *pool, ngx_int_t start,
    ngx_int_t stop, ngx_str_t *text)
{
    return ngx_http_pyngx_message_range(pool, start, stop, 1, text);
}


static ngx_int_t
ngx_http_pyngx_message_randint_width(ngx_pool_t *pool, ngx_int_t a,
    ngx_int_t b, ngx_str_t *text)
{
    return ngx_http_pyngx_message_range(pool, a, b + 1, 1, text);
}


/* The year of a time, which is out of the range of dates. */

static ngx_int_t
ngx_http_pyngx_message_year(ngx_pool_t *pool, ngx_int_t sec, ngx_str_t *text)
{
    ngx_int_t  day, days, era, year;

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    /* days since March 1, year 0, in eras of 400 years */

    days = sec / 86400 - (sec % 86400 < 0) + 719468;
    era = (days - (days < 0 ? 146096 : 0)) / 146097;
    day = days - era * 146097;

    year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    year += era * 400 + (day >= 306);

    text->len = ngx_sprintf(text->data, "year %i is out of range", year)
                - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_absent_number(ngx_pool_t *pool, ngx_array_t *list,
    ngx_int_t n, ngx_str_t *text)
{
    return ngx_http_pyngx_message_number(pool, n, " is not in list", text);
}


static ngx_int_t
ngx_http_pyngx_message_absent(ngx_pool_t *pool, ngx_array_t *list,
    ngx_str_t *s, ngx_uint_t bytes, ngx_str_t *text)
{
    return ngx_http_pyngx_message_key(pool, s, bytes, " is not in list", text);
}


static ngx_int_t
ngx_http_pyngx_message_date(ngx_pool_t *pool, ngx_str_t *data, ngx_str_t *text)
{
    u_char                 *p;
    ngx_int_t               days, seconds;
    ngx_http_pyngx_date_t   date;

    text->data = ngx_pnalloc(pool, data->len + 160);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_http_pyngx_date(data, &date);

    p = text->data;

    if (date.wrong == NULL) {
        p = ngx_sprintf(p, "Invalid date value or format \"%V\"", data);

    } else if (ngx_strcmp(date.wrong, "year") == 0) {
        p = ngx_sprintf(p, "year %i is out of range", date.year);

    } else if (ngx_strcmp(date.wrong, "zone") == 0) {
        seconds = date.zone % 86400;
        seconds += (seconds < 0) ? 86400 : 0;
        days = (date.zone - seconds) / 86400;

        if (days > 2147483647 || days < -2147483648) {
            p = ngx_sprintf(p, "Python int too large to convert to C int");

        } else if (days > 999999999 || days < -999999999) {
            p = ngx_sprintf(p, "days=%i; must have magnitude <= 999999999",
                            days);

        } else {
            p = ngx_sprintf(p, "offset must be a timedelta strictly between"
                               " -timedelta(hours=24) and timedelta(hours=24),"
                               " not datetime.timedelta(days=%i",
                            days);

            if (seconds != 0) {
                p = ngx_sprintf(p, ", seconds=%i", seconds);
            }

            p = ngx_sprintf(p, ").");
        }

    } else {
        p = ngx_sprintf(p, "%s", date.wrong);
    }

    text->len = p - text->data;

    return NGX_OK;
}
