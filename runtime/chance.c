
/*
 * email.utils, random and secrets, with the results that Python has.
 */


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
