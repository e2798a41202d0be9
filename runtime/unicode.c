
/*
 * What a str says of its characters, and their other cases, by the tables of
 * Unicode.
 */


/* As many digits as Python reads, the underscores between them and a sign. */

#define NGX_HTTP_PYNGX_DIGITS 8600


typedef struct {
    uint32_t    first;
    uint32_t    last;
    uint32_t    step;
} ngx_http_pyngx_uni_range_t;


typedef struct {
    uint32_t    first;
    uint32_t    last;
    uint32_t    step;
    int32_t     by;
} ngx_http_pyngx_uni_shift_t;


/* A character that becomes several ones. */

typedef struct {
    uint32_t    code;
    u_char      text[8];
} ngx_http_pyngx_uni_text_t;


typedef struct {
    const ngx_http_pyngx_uni_shift_t  *shifts;
    size_t                             nshifts;
    const ngx_http_pyngx_uni_text_t   *texts;
    size_t                             ntexts;
} ngx_http_pyngx_uni_case_t;


static ngx_int_t
ngx_http_pyngx_str_isalpha(ngx_str_t *s)
{
    return s->len != 0
           && ngx_http_pyngx_uni_all(s, ngx_http_pyngx_uni_alpha,
                                     sizeof(ngx_http_pyngx_uni_alpha));
}


static ngx_int_t
ngx_http_pyngx_str_isdecimal(ngx_str_t *s)
{
    return s->len != 0
           && ngx_http_pyngx_uni_all(s, ngx_http_pyngx_uni_decimal,
                                     sizeof(ngx_http_pyngx_uni_decimal));
}


static ngx_int_t
ngx_http_pyngx_str_isdigit(ngx_str_t *s)
{
    return s->len != 0
           && ngx_http_pyngx_uni_all(s, ngx_http_pyngx_uni_digit,
                                     sizeof(ngx_http_pyngx_uni_digit));
}


static ngx_int_t
ngx_http_pyngx_str_isnumeric(ngx_str_t *s)
{
    return s->len != 0
           && ngx_http_pyngx_uni_all(s, ngx_http_pyngx_uni_numeric,
                                     sizeof(ngx_http_pyngx_uni_numeric));
}


static ngx_int_t
ngx_http_pyngx_str_isprintable(ngx_str_t *s)
{
    return ngx_http_pyngx_uni_all(s, ngx_http_pyngx_uni_printable,
                                  sizeof(ngx_http_pyngx_uni_printable));
}


static ngx_int_t
ngx_http_pyngx_str_isidentifier(ngx_str_t *s)
{
    u_char  *next;

    if (s->len == 0) {
        return 0;
    }

    next = ngx_http_pyngx_str_next(s->data, s->data + s->len);

    return ngx_http_pyngx_uni_has(ngx_http_pyngx_uni_first,
                                  sizeof(ngx_http_pyngx_uni_first),
                                  ngx_http_pyngx_str_code(s->data, next))
           && ngx_http_pyngx_uni_all(s, ngx_http_pyngx_uni_part,
                                     sizeof(ngx_http_pyngx_uni_part));
}


/* Decimals and digits are numeric, too. */

static ngx_int_t
ngx_http_pyngx_str_isalnum(ngx_str_t *s)
{
    u_char    *last, *next, *p;
    uint32_t   code;

    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);
        code = ngx_http_pyngx_str_code(p, next);

        if (!ngx_http_pyngx_uni_has(ngx_http_pyngx_uni_alpha,
                                    sizeof(ngx_http_pyngx_uni_alpha), code)
            && !ngx_http_pyngx_uni_has(ngx_http_pyngx_uni_numeric,
                                       sizeof(ngx_http_pyngx_uni_numeric),
                                       code))
        {
            return 0;
        }
    }

    return s->len != 0;
}


static ngx_int_t
ngx_http_pyngx_str_islower(ngx_str_t *s)
{
    return ngx_http_pyngx_uni_only(s, 'a');
}


static ngx_int_t
ngx_http_pyngx_str_isupper(ngx_str_t *s)
{
    return ngx_http_pyngx_uni_only(s, 'A');
}


/* Whether letters of one case, and of no other one, are among others. */

static ngx_int_t
ngx_http_pyngx_uni_only(ngx_str_t *s, u_char wanted)
{
    u_char      found, *last, *next, *p;
    ngx_uint_t  cased;

    cased = 0;
    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);
        found = ngx_http_pyngx_uni_kind(ngx_http_pyngx_str_code(p, next));

        if (found == wanted) {
            cased = 1;

        } else if (found) {
            return 0;
        }
    }

    return cased;
}


/* Whether capitals begin words, and only they. */

static ngx_int_t
ngx_http_pyngx_str_istitle(ngx_str_t *s)
{
    u_char      found, *last, *next, *p;
    ngx_uint_t  cased, inside;

    cased = 0;
    inside = 0;
    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);
        found = ngx_http_pyngx_uni_kind(ngx_http_pyngx_str_code(p, next));

        if (found == 0) {
            inside = 0;
            continue;
        }

        if ((found == 'a') != inside) {
            return 0;
        }

        cased = 1;
        inside = 1;
    }

    return cased;
}


/* 'a' for small letters, 'A' for capitals, 'T' for both in one, or 0. */

static u_char
ngx_http_pyngx_uni_kind(uint32_t code)
{
    if (ngx_http_pyngx_uni_has(ngx_http_pyngx_uni_is_lower,
                               sizeof(ngx_http_pyngx_uni_is_lower), code))
    {
        return 'a';
    }

    if (ngx_http_pyngx_uni_has(ngx_http_pyngx_uni_is_upper,
                               sizeof(ngx_http_pyngx_uni_is_upper), code))
    {
        return 'A';
    }

    if (ngx_http_pyngx_uni_has(ngx_http_pyngx_uni_is_title,
                               sizeof(ngx_http_pyngx_uni_is_title), code))
    {
        return 'T';
    }

    return 0;
}


static ngx_int_t
ngx_http_pyngx_uni_all(ngx_str_t *s, const ngx_http_pyngx_uni_range_t *table,
    size_t size)
{
    u_char  *last, *next, *p;

    last = s->data + s->len;

    for (p = s->data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);

        if (!ngx_http_pyngx_uni_has(table, size,
                                    ngx_http_pyngx_str_code(p, next)))
        {
            return 0;
        }
    }

    return 1;
}


/* Whether a character is in a table of so many bytes. */

static ngx_int_t
ngx_http_pyngx_uni_has(const ngx_http_pyngx_uni_range_t *table, size_t size,
    uint32_t code)
{
    size_t  i, middle, n;

    i = 0;
    n = size / sizeof(ngx_http_pyngx_uni_range_t);

    while (i < n) {
        middle = i + (n - i) / 2;

        if (code > table[middle].last) {
            i = middle + 1;

        } else if (code < table[middle].first) {
            n = middle;

        } else {
            return (code - table[middle].first) % table[middle].step == 0;
        }
    }

    return 0;
}


/*
 * int(s): its digits may be those of any script, its spaces all of Unicode's.
 * NGX_DECLINED is ValueError, NGX_BUSY OverflowError.
 */

static ngx_int_t
ngx_http_pyngx_str_int(ngx_str_t *s, ngx_int_t base, ngx_int_t *result)
{
    u_char     digits[NGX_HTTP_PYNGX_DIGITS], *last, *next, *p;
    ngx_int_t  digit;
    ngx_str_t  text;

    text = *s;

    if (!ngx_http_pyngx_bytes_isascii(s)) {
        last = s->data + s->len;
        text.len = 0;
        text.data = digits;

        for (p = s->data; p < last; p = next) {
            next = ngx_http_pyngx_str_next(p, last);
            digit = ngx_http_pyngx_str_digit(p, next);

            if (digit == ' ' && (text.len == 0 || text.len == sizeof(digits)))
            {
                continue;
            }

            if (digit == -1 || text.len == sizeof(digits)) {
                return NGX_DECLINED;
            }

            digits[text.len++] = (u_char) digit;
        }
    }

    if (base == 10) {
        return ngx_http_pyngx_bytes_int(&text, result);
    }

    return ngx_http_pyngx_bytes_int_base(&text, base, result);
}


/* The digit or space of ASCII that stands for a character; -1: none does. */

static ngx_int_t
ngx_http_pyngx_str_digit(u_char *p, u_char *last)
{
    size_t                             i;
    uint32_t                           code;
    const ngx_http_pyngx_uni_range_t  *range;

    code = ngx_http_pyngx_str_code(p, last);

    if (code < 0x80) {
        return code;
    }

    if (ngx_http_pyngx_str_is_space(p, last)) {
        return ' ';
    }

    for (i = 0; i < sizeof(ngx_http_pyngx_uni_decimal); i += sizeof(*range)) {
        range = &ngx_http_pyngx_uni_decimal[i / sizeof(*range)];

        if (code >= range->first && code <= range->last) {
            return '0' + (code - range->first) % 10;
        }
    }

    return -1;
}
