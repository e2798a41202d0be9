
/*
 * base64, binascii, html, urllib.parse, email.utils, random and secrets, with
 * the results that Python has.
 */


static ngx_int_t
ngx_http_pyngx_b64encode(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    ngx_str_t  text;

    if (ngx_http_pyngx_bytes_new(pool, ngx_base64_encoded_length(s->len),
                                 &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_encode_base64(&text, s);

    *result = text;

    return NGX_OK;
}


/* Unlike nginx's base64url, Python's keeps the padding. */

static ngx_int_t
ngx_http_pyngx_urlsafe_b64encode(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *result)
{
    size_t  i;

    if (ngx_http_pyngx_b64encode(pool, s, result) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < result->len; i++) {

        if (result->data[i] == '+') {
            result->data[i] = '-';

        } else if (result->data[i] == '/') {
            result->data[i] = '_';
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_b64decode(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    return ngx_http_pyngx_base64(pool, s, '+', '/', result);
}


static ngx_int_t
ngx_http_pyngx_urlsafe_b64decode(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *result)
{
    return ngx_http_pyngx_base64(pool, s, '-', '_', result);
}


/*
 * What is no digit is passed over; padding ends the data where it completes
 * four digits.  NGX_DECLINED: digits are missing.
 */

static ngx_int_t
ngx_http_pyngx_base64(ngx_pool_t *pool, ngx_str_t *s, u_char plus,
    u_char slash, ngx_str_t *result)
{
    u_char      ch, *p;
    size_t      i;
    ngx_int_t   n;
    ngx_str_t   text;
    ngx_uint_t  bits, padding, place;

    if (ngx_http_pyngx_bytes_new(pool, ngx_base64_decoded_length(s->len),
                                 &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = text.data;
    bits = 0;
    padding = 0;
    place = 0;

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];

        if (ch == '=') {
            if (place >= 2 && place + ++padding >= 4) {
                place = 0;
                break;
            }

            continue;
        }

        n = ngx_http_pyngx_base64_digit(ch, plus, slash);

        if (n == -1) {
            continue;
        }

        padding = 0;
        bits = bits << 6 | n;

        if (place) {
            *p++ = (u_char) (bits >> (6 - place * 2));
        }

        place = (place + 1) % 4;
    }

    if (place) {
        return NGX_DECLINED;
    }

    text.len = p - text.data;
    *result = text;

    return NGX_OK;
}


/* The usual two stay digits in the alphabet that is safe in URLs. */

static ngx_int_t
ngx_http_pyngx_base64_digit(u_char ch, u_char plus, u_char slash)
{
    if (ch >= 'A' && ch <= 'Z') {
        return ch - 'A';
    }

    if (ch >= 'a' && ch <= 'z') {
        return ch - 'a' + 26;
    }

    if (ch >= '0' && ch <= '9') {
        return ch - '0' + 52;
    }

    if (ch == '+' || ch == plus) {
        return 62;
    }

    return (ch == '/' || ch == slash) ? 63 : -1;
}


/* NGX_DECLINED: not an even number of hexadecimal digits. */

static ngx_int_t
ngx_http_pyngx_unhexlify(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    size_t     i;
    ngx_int_t  high, low;
    ngx_str_t  text;

    if (s->len % 2) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_new(pool, s->len / 2, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < text.len; i++) {
        high = ngx_http_pyngx_hex_digit(s->data[i * 2]);
        low = ngx_http_pyngx_hex_digit(s->data[i * 2 + 1]);

        if (high == -1 || low == -1) {
            return NGX_DECLINED;
        }

        text.data[i] = (u_char) (high << 4 | low);
    }

    *result = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_hex_digit(u_char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return (ch >= 'a' && ch <= 'f') ? ch - 'a' + 10 : -1;
}


/* nginx has "&#39;" for an apostrophe, Python has "&#x27;". */

static ngx_int_t
ngx_http_pyngx_html_escape(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t quote,
    ngx_str_t *result)
{
    u_char     *p;
    size_t      i, len;
    ngx_str_t   entity, text;

    len = 0;

    for (i = 0; i < s->len; i++) {
        ngx_http_pyngx_entity(s->data[i], quote, &entity);
        len += entity.len ? entity.len : 1;
    }

    if (ngx_http_pyngx_bytes_new(pool, len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < s->len; i++) {
        ngx_http_pyngx_entity(s->data[i], quote, &entity);

        if (entity.len) {
            p = ngx_cpymem(p, entity.data, entity.len);

        } else {
            *p++ = s->data[i];
        }
    }

    *result = text;

    return NGX_OK;
}


static void
ngx_http_pyngx_entity(u_char ch, ngx_int_t quote, ngx_str_t *entity)
{
    ngx_str_set(entity, "");

    if (ch == '&') {
        ngx_str_set(entity, "&amp;");

    } else if (ch == '<') {
        ngx_str_set(entity, "&lt;");

    } else if (ch == '>') {
        ngx_str_set(entity, "&gt;");

    } else if (ch == '"' && quote) {
        ngx_str_set(entity, "&quot;");

    } else if (ch == '\'' && quote) {
        ngx_str_set(entity, "&#x27;");
    }
}


static ngx_int_t
ngx_http_pyngx_quote(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *safe,
    ngx_str_t *result)
{
    return ngx_http_pyngx_percent(pool, s, safe, 0, result);
}


static ngx_int_t
ngx_http_pyngx_quote_plus(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *safe,
    ngx_str_t *result)
{
    return ngx_http_pyngx_percent(pool, s, safe, 1, result);
}


static ngx_int_t
ngx_http_pyngx_percent(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *safe,
    ngx_uint_t plus, ngx_str_t *result)
{
    u_char     ch, *p;
    size_t     i;
    ngx_str_t  text;

    static u_char  digits[] = "0123456789ABCDEF";

    if (ngx_http_pyngx_bytes_new(pool, s->len * 3, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];

        if (ch == ' ' && plus) {
            *p++ = '+';

        } else if (ngx_http_pyngx_is_safe(ch, safe)) {
            *p++ = ch;

        } else {
            *p++ = '%';
            *p++ = digits[ch >> 4];
            *p++ = digits[ch & 15];
        }
    }

    text.len = p - text.data;
    *result = text;

    return NGX_OK;
}


/* Only ASCII can be declared safe. */

static ngx_int_t
ngx_http_pyngx_is_safe(u_char ch, ngx_str_t *safe)
{
    if (ngx_http_pyngx_is_alpha(ch) || ngx_http_pyngx_is_digit(ch)
        || ch == '_' || ch == '.' || ch == '-' || ch == '~')
    {
        return 1;
    }

    return ch < 128 && safe->len
           && ngx_http_pyngx_bytes_contains_byte(safe, ch);
}


/* A "%" without two digits behind it stays. */

static ngx_int_t
ngx_http_pyngx_unquote(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    u_char     *p;
    size_t      i;
    ngx_int_t   high, low;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_new(pool, s->len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < s->len; i++) {

        if (s->data[i] == '%' && i + 2 < s->len) {
            high = ngx_http_pyngx_hex_digit(s->data[i + 1]);
            low = ngx_http_pyngx_hex_digit(s->data[i + 2]);

            if (high != -1 && low != -1) {
                *p++ = (u_char) (high << 4 | low);
                i += 2;
                continue;
            }
        }

        *p++ = s->data[i];
    }

    text.len = p - text.data;
    *result = text;

    return NGX_OK;
}


/*
 * NGX_DECLINED: not in the years 1 to 9999.  NGX_BUSY: the year does not even
 * fit in an int, which is another error in Python.
 */

static ngx_int_t
ngx_http_pyngx_formatdate(ngx_pool_t *pool, ngx_int_t seconds,
    ngx_str_t *result)
{
    ngx_tm_t   tm;
    ngx_str_t  text;

    static char  *days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static char  *months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

    if (seconds < -67768040609740800 || seconds > 67768036191676799) {
        return NGX_BUSY;
    }

    if (seconds < -62135596800 || seconds > 253402300799) {
        return NGX_DECLINED;
    }

    /* the calendar repeats after 400 years, nginx's begins in 1970 */

    ngx_gmtime(seconds + 5 * (ngx_int_t) 146097 * 86400, &tm);

    text.data = ngx_pnalloc(pool, sizeof("Mon, 28 Sep 1970 06:00:00 GMT"));
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    text.len = ngx_sprintf(text.data, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                           days[tm.ngx_tm_wday], tm.ngx_tm_mday,
                           months[tm.ngx_tm_mon - 1], tm.ngx_tm_year - 2000,
                           tm.ngx_tm_hour, tm.ngx_tm_min, tm.ngx_tm_sec)
               - text.data;

    *result = text;

    return NGX_OK;
}


/* low <= n < high; NGX_DECLINED: there is no such number. */

static ngx_int_t
ngx_http_pyngx_randrange(ngx_int_t low, ngx_int_t high, ngx_int_t *result)
{
    uint64_t  limit, n, range;

    if (low >= high) {
        return NGX_DECLINED;
    }

    range = (uint64_t) high - (uint64_t) low;
    limit = UINT64_MAX - UINT64_MAX % range;

    /* random() gives 31 bits */

    do {
        n = (uint64_t) ngx_random() << 62
            ^ (uint64_t) ngx_random() << 31
            ^ (uint64_t) ngx_random();
    } while (n >= limit);

    *result = (ngx_int_t) ((uint64_t) low + n % range);

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_randbelow(ngx_int_t high, ngx_int_t *result)
{
    return ngx_http_pyngx_randrange(0, high, result);
}


/* low <= n <= high */

static ngx_int_t
ngx_http_pyngx_randint(ngx_int_t low, ngx_int_t high, ngx_int_t *result)
{
    ngx_int_t  n;

    if (low > high) {
        return NGX_DECLINED;
    }

    if (high < NGX_MAX_INT_T_VALUE) {
        return ngx_http_pyngx_randrange(low, high + 1, result);
    }

    if (low > -NGX_MAX_INT_T_VALUE - 1) {
        (void) ngx_http_pyngx_randrange(low - 1, high, &n);
        *result = n + 1;
        return NGX_OK;
    }

    *result = (ngx_int_t) ((uint64_t) ngx_random() << 62
                           ^ (uint64_t) ngx_random() << 31
                           ^ (uint64_t) ngx_random());

    return NGX_OK;
}


/*
 * Bytes that nobody can guess, from the system: nginx's random() is not for
 * secrets.  NGX_DECLINED: a number below zero.
 */

static ngx_int_t
ngx_http_pyngx_token_bytes(ngx_http_request_t *r, ngx_int_t n,
    ngx_str_t *result)
{
    size_t     done;
    ssize_t    got;
    ngx_fd_t   fd;
    ngx_str_t  text;

    if (n < 0) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_new(r->pool, n, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    fd = ngx_open_file("/dev/urandom", NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, ngx_errno,
                      ngx_open_file_n " \"/dev/urandom\" failed");
        return NGX_ERROR;
    }

    for (done = 0; done < text.len; done += got) {
        got = ngx_read_fd(fd, text.data + done, text.len - done);

        if (got <= 0) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, ngx_errno,
                          ngx_read_fd_n " \"/dev/urandom\" failed");
            (void) ngx_close_file(fd);
            return NGX_ERROR;
        }
    }

    (void) ngx_close_file(fd);

    *result = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_token_hex(ngx_http_request_t *r, ngx_int_t n,
    ngx_str_t *result)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    rc = ngx_http_pyngx_token_bytes(r, n, &text);

    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_pyngx_bytes_hex(r->pool, &text, result);
}


static ngx_int_t
ngx_http_pyngx_token_urlsafe(ngx_http_request_t *r, ngx_int_t n,
    ngx_str_t *result)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    rc = ngx_http_pyngx_token_bytes(r, n, &text);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_pyngx_urlsafe_b64encode(r->pool, &text, result) != NGX_OK) {
        return NGX_ERROR;
    }

    while (result->len && result->data[result->len - 1] == '=') {
        result->len--;
    }

    return NGX_OK;
}
