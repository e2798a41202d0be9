
/*
 * email.utils.parsedate_to_datetime(data).timestamp(), of what Python's email
 * package takes for a date.  Its names and numbers are in ASCII.
 */


typedef struct {
    ngx_int_t    year;
    ngx_int_t    month;
    ngx_int_t    day;
    ngx_int_t    hour;
    ngx_int_t    minute;
    ngx_int_t    second;
    ngx_int_t    zone;     /* seconds, or NGX_HTTP_PYNGX_LOCAL */
    const char  *wrong;    /* the message, or what it speaks of */
} ngx_http_pyngx_date_t;


#define NGX_HTTP_PYNGX_LOCAL  NGX_MAX_INT_T_VALUE


/* NGX_DECLINED is a ValueError, NGX_BUSY an OverflowError. */

static ngx_int_t
ngx_http_pyngx_timestamp(ngx_str_t *data, double *result)
{
    ngx_int_t              days, rc, seconds;
    ngx_http_pyngx_date_t  date;

    rc = ngx_http_pyngx_date(data, &date);
    if (rc != NGX_OK) {
        return rc;
    }

    days = ngx_http_pyngx_date_days(date.year, date.month, date.day);
    seconds = ((days * 24 + date.hour) * 60 + date.minute) * 60 + date.second;

    if (date.zone == NGX_HTTP_PYNGX_LOCAL) {
        *result = (double) ngx_http_pyngx_date_local(seconds);

    } else {
        *result = (double) (seconds - date.zone);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_date(ngx_str_t *data, ngx_http_pyngx_date_t *date)
{
    ngx_int_t  days;

    static u_char  lengths[] = { 31, 28, 31, 30, 31, 30,
                                 31, 31, 30, 31, 30, 31 };

    date->wrong = NULL;

    if (ngx_http_pyngx_date_fields(data, date) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (date->zone != NGX_HTTP_PYNGX_LOCAL
        && (date->zone <= -86400 || date->zone >= 86400))
    {
        date->wrong = "zone";
        days = ngx_abs(date->zone / 86400);

        return (days < 1000000000) ? NGX_DECLINED : NGX_BUSY;
    }

    if (ngx_http_pyngx_date_fits(date, date->year) != NGX_OK
        || ngx_http_pyngx_date_fits(date, date->day) != NGX_OK
        || ngx_http_pyngx_date_fits(date, date->hour) != NGX_OK
        || ngx_http_pyngx_date_fits(date, date->minute) != NGX_OK
        || ngx_http_pyngx_date_fits(date, date->second) != NGX_OK)
    {
        return NGX_BUSY;
    }

    if (date->year < 1 || date->year > 9999) {
        date->wrong = "year";
        return NGX_DECLINED;
    }

    days = lengths[date->month - 1];

    if (date->month == 2 && date->year % 4 == 0
        && (date->year % 100 != 0 || date->year % 400 == 0))
    {
        days++;
    }

    if (date->day < 1 || date->day > days) {
        date->wrong = "day is out of range for month";

    } else if (date->hour < 0 || date->hour > 23) {
        date->wrong = "hour must be in 0..23";

    } else if (date->minute < 0 || date->minute > 59) {
        date->wrong = "minute must be in 0..59";

    } else if (date->second < 0 || date->second > 59) {
        date->wrong = "second must be in 0..59";
    }

    return date->wrong ? NGX_DECLINED : NGX_OK;
}


/* Python's dates are made of C's ints. */

static ngx_int_t
ngx_http_pyngx_date_fits(ngx_http_pyngx_date_t *date, ngx_int_t n)
{
    if (n == NGX_MAX_INT_T_VALUE) {
        date->wrong = "Python int too large to convert to C long";
        return NGX_BUSY;
    }

    if (n > NGX_MAX_INT32_VALUE) {
        date->wrong = "signed integer is greater than maximum";
        return NGX_BUSY;
    }

    if (n < -(ngx_int_t) NGX_MAX_INT32_VALUE - 1) {
        date->wrong = "signed integer is less than minimum";
        return NGX_BUSY;
    }

    return NGX_OK;
}


/* The five words of a date, in whatever order and form mail has them. */

static ngx_int_t
ngx_http_pyngx_date_fields(ngx_str_t *data, ngx_http_pyngx_date_t *date)
{
    ngx_str_t   words[8], *day, *month, *swap, *time, *year, *zone;
    ngx_uint_t  n;

    n = ngx_http_pyngx_date_words(data, words);
    if (n < 5) {
        return NGX_DECLINED;
    }

    day = &words[0];
    month = &words[1];
    year = &words[2];
    time = &words[3];
    zone = &words[4];

    if (day->len == 0 || month->len == 0 || year->len == 0) {
        return NGX_DECLINED;
    }

    date->month = ngx_http_pyngx_date_month(month);

    if (date->month == 0) {
        swap = day;
        day = month;
        month = swap;

        date->month = ngx_http_pyngx_date_month(month);
        if (date->month == 0) {
            return NGX_DECLINED;
        }
    }

    ngx_http_pyngx_date_comma(day);

    if (ngx_http_pyngx_date_find(year, ':') > 0) {
        swap = year;
        year = time;
        time = swap;
    }

    ngx_http_pyngx_date_comma(year);

    if (year->len == 0) {
        return NGX_DECLINED;
    }

    if (year->data[0] < '0' || year->data[0] > '9') {
        swap = year;
        year = zone;
        zone = swap;
    }

    ngx_http_pyngx_date_comma(time);

    if (ngx_http_pyngx_date_number(year, &date->year) != NGX_OK
        || ngx_http_pyngx_date_number(day, &date->day) != NGX_OK
        || ngx_http_pyngx_date_time(time, date) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (date->year < 100) {
        date->year += (date->year > 68) ? 1900 : 2000;
    }

    date->zone = ngx_http_pyngx_date_zone(zone);

    return NGX_OK;
}


/* At most 8 words, of which a day of the week is left out. */

static ngx_uint_t
ngx_http_pyngx_date_words(ngx_str_t *data, ngx_str_t *words)
{
    u_char      *last, *p;
    ngx_int_t    at;
    ngx_str_t    date, *word;
    ngx_uint_t   i, n;

    n = 0;
    p = data->data;
    last = p + data->len;

    for ( ;; ) {
        while (p < last && ngx_http_pyngx_date_space(*p)) {
            p++;
        }

        if (p == last || n == 8) {
            break;
        }

        word = &words[n++];
        word->data = p;

        while (p < last && !ngx_http_pyngx_date_space(*p)) {
            p++;
        }

        word->len = p - word->data;
    }

    if (n == 0) {
        return 0;
    }

    if (words[0].data[words[0].len - 1] == ','
        || ngx_http_pyngx_date_named(&words[0], "montuewedthufrisatsun", 7))
    {
        n--;
        ngx_memmove(words, words + 1, n * sizeof(ngx_str_t));

    } else {
        for (i = words[0].len; i-- > 0; ) {
            if (words[0].data[i] == ',') {
                words[0].data += i + 1;
                words[0].len -= i + 1;
                break;
            }
        }
    }

    if (n == 3) {
        date = words[0];
        at = ngx_http_pyngx_date_find(&date, '-');

        if (at >= 0) {
            words[4] = words[2];
            words[3] = words[1];
            words[0].len = at;
            words[1].data = date.data + at + 1;
            words[1].len = date.len - at - 1;

            at = ngx_http_pyngx_date_find(&words[1], '-');
            if (at < 0) {
                return 0;
            }

            words[2].data = words[1].data + at + 1;
            words[2].len = words[1].len - at - 1;
            words[1].len = at;

            return (ngx_http_pyngx_date_find(&words[2], '-') < 0) ? 5 : 0;
        }
    }

    if (n == 4) {
        at = ngx_http_pyngx_date_find(&words[3], '+');
        if (at < 0) {
            at = ngx_http_pyngx_date_find(&words[3], '-');
        }

        if (at <= 0) {
            at = words[3].len;
        }

        words[4].data = words[3].data + at;
        words[4].len = words[3].len - at;
        words[3].len = at;
        n = 5;
    }

    return n;
}


static ngx_int_t
ngx_http_pyngx_date_space(u_char ch)
{
    return ch == ' ' || (ch >= '\t' && ch <= '\r')
           || (ch >= 0x1c && ch <= 0x1f);
}


/* 1 for the first of n names of three letters, 0 for none. */

static ngx_int_t
ngx_http_pyngx_date_named(ngx_str_t *word, char *names, ngx_int_t n)
{
    ngx_int_t  i;

    for (i = 0; word->len == 3 && i < n; i++) {
        if (ngx_strncasecmp(word->data, (u_char *) names + 3 * i, 3) == 0) {
            return i + 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_pyngx_date_month(ngx_str_t *word)
{
    ngx_int_t  i;

    static ngx_str_t  names[] = {
        ngx_string("january"), ngx_string("february"), ngx_string("march"),
        ngx_string("april"), ngx_string("may"), ngx_string("june"),
        ngx_string("july"), ngx_string("august"), ngx_string("september"),
        ngx_string("october"), ngx_string("november"), ngx_string("december")
    };

    for (i = 0; i < 12; i++) {
        if ((word->len == 3 || word->len == names[i].len)
            && ngx_strncasecmp(word->data, names[i].data, word->len) == 0)
        {
            return i + 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_pyngx_date_find(ngx_str_t *word, u_char ch)
{
    u_char  *p;

    p = ngx_strlchr(word->data, word->data + word->len, ch);

    return p ? p - word->data : -1;
}


static void
ngx_http_pyngx_date_comma(ngx_str_t *word)
{
    if (word->len != 0 && word->data[word->len - 1] == ',') {
        word->len--;
    }
}


/* One that does not fit is the largest, and what would be that is one less. */

static ngx_int_t
ngx_http_pyngx_date_number(ngx_str_t *word, ngx_int_t *result)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_bytes_int(word, result);

    if (rc == NGX_BUSY) {
        *result = NGX_MAX_INT_T_VALUE;
        return NGX_OK;
    }

    if (rc == NGX_OK && *result == NGX_MAX_INT_T_VALUE) {
        *result -= 1;
    }

    return rc;
}


static ngx_int_t
ngx_http_pyngx_date_time(ngx_str_t *word, ngx_http_pyngx_date_t *date)
{
    u_char     separator;
    ngx_int_t  at;
    ngx_str_t  hour, minute, second;

    separator = (ngx_http_pyngx_date_find(word, ':') < 0) ? '.' : ':';

    at = ngx_http_pyngx_date_find(word, separator);
    if (at < 0) {
        return NGX_DECLINED;
    }

    hour.data = word->data;
    hour.len = at;
    minute.data = word->data + at + 1;
    minute.len = word->len - at - 1;

    at = ngx_http_pyngx_date_find(&minute, separator);

    if (at < 0) {
        ngx_str_set(&second, "0");

    } else {
        second.data = minute.data + at + 1;
        second.len = minute.len - at - 1;
        minute.len = at;
    }

    if (ngx_http_pyngx_date_number(&hour, &date->hour) != NGX_OK
        || ngx_http_pyngx_date_number(&minute, &date->minute) != NGX_OK
        || ngx_http_pyngx_date_number(&second, &date->second) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* Without a zone, and with "-0000", a time is the machine's. */

static ngx_int_t
ngx_http_pyngx_date_zone(ngx_str_t *word)
{
    ngx_int_t  found, n;

    static ngx_int_t  hours[] = { 0, 0, -4, -3, -5, -4,
                                  -6, -5, -7, -6, -8, -7 };

    found = ngx_http_pyngx_date_named(word,
                                      "utcgmtastadtestedtcstcdtmstmdtpstpdt",
                                      12);
    if (found) {
        return hours[found - 1] * 3600;
    }

    if ((word->len == 2
         && ngx_strncasecmp(word->data, (u_char *) "ut", 2) == 0)
        || (word->len == 1 && (word->data[0] | 0x20) == 'z'))
    {
        return 0;
    }

    if (ngx_http_pyngx_date_number(word, &n) != NGX_OK
        || (n == 0 && word->data[0] == '-'))
    {
        return NGX_HTTP_PYNGX_LOCAL;
    }

    if (ngx_abs(n / 100) > NGX_MAX_INT_T_VALUE / 3600 - 1) {
        return (n > 0) ? NGX_MAX_INT_T_VALUE - 1 : -NGX_MAX_INT_T_VALUE;
    }

    return n / 100 * 3600 + n % 100 * 60;
}


/* Days since January 1, 1970, of any date of the calendar. */

static ngx_int_t
ngx_http_pyngx_date_days(ngx_int_t year, ngx_int_t month, ngx_int_t day)
{
    if (month < 3) {
        month += 12;
        year--;
    }

    return 365 * year + year / 4 - year / 100 + year / 400
           + (153 * (month - 3) + 2) / 5 + day - 1 - 719468;
}


/*
 * The time that is so many seconds after 1970 on the machine's clock; of two
 * the earlier one, and of none that with the clock before the change.
 */

static ngx_int_t
ngx_http_pyngx_date_local(ngx_int_t seconds)
{
    ngx_int_t  before, found, offset, shift;

    offset = ngx_http_pyngx_date_clock(seconds) - seconds;
    found = seconds - offset;

    if (ngx_http_pyngx_date_clock(found) == seconds) {
        before = found - 86400;
        shift = ngx_http_pyngx_date_clock(before) - before;

        if (shift == offset) {
            return found;
        }

    } else {
        shift = ngx_http_pyngx_date_clock(found) - found;
    }

    before = seconds - shift;

    if (ngx_http_pyngx_date_clock(before) == seconds) {
        return before;
    }

    if (ngx_http_pyngx_date_clock(found) == seconds) {
        return found;
    }

    return ngx_max(found, before);
}


static ngx_int_t
ngx_http_pyngx_date_clock(ngx_int_t time)
{
    time_t     sec;
    ngx_int_t  days;
    struct tm  tm;

    sec = time;
    ngx_memzero(&tm, sizeof(struct tm));

    (void) localtime_r(&sec, &tm);

    days = ngx_http_pyngx_date_days(tm.tm_year + 1900, tm.tm_mon + 1,
                                    tm.tm_mday);

    return ((days * 24 + tm.tm_hour) * 60 + tm.tm_min) * 60 + tm.tm_sec;
}
