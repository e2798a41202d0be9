
/*
 * Operations of str that make a new one, or a list of its pieces: padding,
 * replacing, splitting.  What is made is allocated.
 */


/* Nothing is found before each character and at the end. */

static ngx_int_t
ngx_http_pyngx_str_replace(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *old,
    ngx_str_t *new, ngx_int_t count, ngx_str_t *result)
{
    u_char     *last, *next, *p, *to;
    ngx_int_t   n;
    ngx_str_t   text;

    if (old->len) {
        return ngx_http_pyngx_bytes_replace(pool, s, old, new, count, result);
    }

    n = ngx_http_pyngx_str_len(s) + 1;

    if (count < 0 || count > n) {
        count = n;
    }

    if (new->len
        && count > (ngx_int_t) ((NGX_MAX_INT_T_VALUE - s->len) / new->len))
    {
        return NGX_ERROR;
    }

    if (ngx_http_pyngx_bytes_new(pool, s->len + count * new->len, &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    to = text.data;
    last = s->data + s->len;

    for (p = s->data; count; p = next) {
        to = ngx_cpymem(to, new->data, new->len);
        count--;

        if (p == last) {
            break;
        }

        next = ngx_http_pyngx_str_next(p, last);
        to = ngx_cpymem(to, p, next - p);
    }

    ngx_memcpy(to, p, last - p);

    *result = text;

    return NGX_OK;
}


/* NGX_DECLINED: fill is not one character. */

static ngx_int_t
ngx_http_pyngx_str_ljust(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t width,
    ngx_str_t *fill, ngx_str_t *result)
{
    ngx_int_t  room;

    room = ngx_max(width - ngx_http_pyngx_str_len(s), 0);

    return ngx_http_pyngx_str_pad(pool, s, 0, room, fill, result);
}


static ngx_int_t
ngx_http_pyngx_str_rjust(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t width,
    ngx_str_t *fill, ngx_str_t *result)
{
    ngx_int_t  room;

    room = ngx_max(width - ngx_http_pyngx_str_len(s), 0);

    return ngx_http_pyngx_str_pad(pool, s, room, 0, fill, result);
}


/* Where the room is odd, the side that gets more depends on the width. */

static ngx_int_t
ngx_http_pyngx_str_center(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t width,
    ngx_str_t *fill, ngx_str_t *result)
{
    ngx_int_t  left, room;

    room = ngx_max(width - ngx_http_pyngx_str_len(s), 0);
    left = room / 2 + (room & width & 1);

    return ngx_http_pyngx_str_pad(pool, s, left, room - left, fill, result);
}


/* "^" of a format specification: the right side gets more. */

static ngx_int_t
ngx_http_pyngx_str_middle(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t width,
    ngx_str_t *fill, ngx_str_t *result)
{
    ngx_int_t  room;

    room = ngx_max(width - ngx_http_pyngx_str_len(s), 0);

    return ngx_http_pyngx_str_pad(pool, s, room / 2, room - room / 2, fill,
                                  result);
}


/* Zeros after the sign, if there is one. */

static ngx_int_t
ngx_http_pyngx_str_zfill(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t width,
    ngx_str_t *result)
{
    u_char     sign;
    ngx_int_t  room;
    ngx_str_t  zero;

    sign = s->len ? s->data[0] : '0';
    room = ngx_max(width - ngx_http_pyngx_str_len(s), 0);
    ngx_str_set(&zero, "0");

    if (ngx_http_pyngx_str_pad(pool, s, room, 0, &zero, result) != NGX_OK) {
        return NGX_ERROR;
    }

    if (room && (sign == '-' || sign == '+')) {
        result->data[room] = '0';
        result->data[0] = sign;
    }

    return NGX_OK;
}


/* s between so many characters of fill on either side. */

static ngx_int_t
ngx_http_pyngx_str_pad(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t left,
    ngx_int_t right, ngx_str_t *fill, ngx_str_t *result)
{
    u_char     *p;
    ngx_str_t   text;

    if (ngx_http_pyngx_str_len(fill) != 1) {
        return NGX_DECLINED;
    }

    if (left + right
        > (ngx_int_t) ((NGX_MAX_INT_T_VALUE - s->len) / fill->len))
    {
        return NGX_ERROR;
    }

    if (ngx_http_pyngx_bytes_new(pool, s->len + (left + right) * fill->len,
                                 &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = text.data;

    while (left--) {
        p = ngx_cpymem(p, fill->data, fill->len);
    }

    p = ngx_cpymem(p, s->data, s->len);

    while (right--) {
        p = ngx_cpymem(p, fill->data, fill->len);
    }

    *result = text;

    return NGX_OK;
}


/* NGX_DECLINED: the separator is empty. */

static ngx_int_t
ngx_http_pyngx_str_split(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *sep,
    ngx_int_t most, ngx_array_t **result)
{
    u_char     *end, *from, *last, *next, *p;
    ngx_str_t   text;

    if (sep && sep->data) {
        return ngx_http_pyngx_bytes_split(pool, s, sep, most, result);
    }

    if (ngx_http_pyngx_bytes_list(pool, s, &text, result) != NGX_OK) {
        return NGX_ERROR;
    }

    last = text.data + text.len;
    from = NULL;

    for (p = text.data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);

        if (!ngx_http_pyngx_str_is_space(p, next)) {

            if (from == NULL) {
                from = p;

                if (most-- == 0) {
                    break;
                }
            }

            continue;
        }

        if (from) {
            end = p;

            if (ngx_http_pyngx_bytes_push(*result, &text, from - text.data,
                                          end - text.data)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            from = NULL;
        }
    }

    if (from == NULL) {
        return NGX_OK;
    }

    return ngx_http_pyngx_bytes_push(*result, &text, from - text.data,
                                     text.len);
}


static ngx_int_t
ngx_http_pyngx_str_rsplit(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *sep,
    ngx_int_t most, ngx_array_t **result)
{
    u_char     *end, *p, *previous;
    ngx_int_t   rc;
    ngx_str_t   text;

    if (sep && sep->data) {
        return ngx_http_pyngx_bytes_rsplit(pool, s, sep, most, result);
    }

    if (ngx_http_pyngx_bytes_list(pool, s, &text, result) != NGX_OK) {
        return NGX_ERROR;
    }

    end = NULL;

    for (p = text.data + text.len; p > text.data; p = previous) {
        previous = ngx_http_pyngx_str_previous(text.data, p);

        if (!ngx_http_pyngx_str_is_space(previous, p)) {

            if (end == NULL) {
                end = p;

                if (most-- == 0) {
                    break;
                }
            }

            continue;
        }

        if (end) {
            rc = ngx_http_pyngx_bytes_push(*result, &text, p - text.data,
                                           end - text.data);
            if (rc != NGX_OK) {
                return rc;
            }

            end = NULL;
        }
    }

    if (end
        && ngx_http_pyngx_bytes_push(*result, &text, 0, end - text.data)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_pyngx_bytes_turn(*result);

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_str_splitlines(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t keep,
    ngx_array_t **result)
{
    u_char     *end, *from, *last, *next, *p;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_list(pool, s, &text, result) != NGX_OK) {
        return NGX_ERROR;
    }

    last = text.data + text.len;
    from = text.data;

    for (p = text.data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);

        if (!ngx_http_pyngx_str_ends_line(p, next)) {
            continue;
        }

        if (*p == CR && next < last && *next == LF) {
            next++;
        }

        end = keep ? next : p;

        if (ngx_http_pyngx_bytes_push(*result, &text, from - text.data,
                                      end - text.data)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        from = next;
    }

    if (from == last) {
        return NGX_OK;
    }

    return ngx_http_pyngx_bytes_push(*result, &text, from - text.data,
                                     text.len);
}


/*
 * s[start:stop:step].  Bounds left out are, for a step below zero,
 * NGX_MAX_INT_T_VALUE and -NGX_MAX_INT_T_VALUE.
 */

static ngx_int_t
ngx_http_pyngx_str_slice_step(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t start,
    ngx_int_t stop, ngx_int_t step, ngx_str_t *result)
{
    u_char      *from, *p, *to;
    ngx_int_t    len;
    ngx_str_t    part, text;
    ngx_uint_t   skipped, stride;

    if (step < 0) {
        len = ngx_http_pyngx_str_len(s);
        start = ngx_http_pyngx_bytes_backward(start, len) + 1;
        stop = ngx_http_pyngx_bytes_backward(stop, len) + 1;
        ngx_http_pyngx_str_slice(s, stop, start, &part);

    } else {
        ngx_http_pyngx_str_slice(s, start, stop, &part);
    }

    if (ngx_http_pyngx_bytes_new(pool, part.len, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    stride = (step < 0) ? -(ngx_uint_t) step : (ngx_uint_t) step;
    skipped = stride - 1;
    p = (step < 0) ? part.data + part.len : part.data;
    to = text.data;

    while (part.len) {

        if (step < 0) {
            from = ngx_http_pyngx_str_previous(part.data, p);
            part.len = from - part.data;
            len = p - from;
            p = from;

        } else {
            from = p;
            p = ngx_http_pyngx_str_next(from, from + part.len);
            len = p - from;
            part.len -= len;
        }

        if (++skipped == stride) {
            skipped = 0;
            to = ngx_cpymem(to, from, len);
        }
    }

    text.len = to - text.data;
    *result = text;

    return NGX_OK;
}


/*
 * s[start:stop:step] of a step that is computed; left_out has bit 1 for start
 * and bit 2 for stop.  NGX_DECLINED: step is zero.
 */

static ngx_int_t
ngx_http_pyngx_str_slice_by(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t start,
    ngx_int_t stop, ngx_int_t step, ngx_int_t left_out, ngx_str_t *result)
{
    if (step == 0) {
        return NGX_DECLINED;
    }

    if (step < 0 && (left_out & 1)) {
        start = NGX_MAX_INT_T_VALUE;
    }

    if (step < 0 && (left_out & 2)) {
        stop = -NGX_MAX_INT_T_VALUE;
    }

    return ngx_http_pyngx_str_slice_step(pool, s, start, stop, step, result);
}


/* The characters of s, each a text. */

static ngx_int_t
ngx_http_pyngx_str_list(ngx_pool_t *pool, ngx_str_t *s, ngx_array_t **result)
{
    u_char     *last, *next, *p;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_list(pool, s, &text, result) != NGX_OK) {
        return NGX_ERROR;
    }

    last = text.data + text.len;

    for (p = text.data; p < last; p = next) {
        next = ngx_http_pyngx_str_next(p, last);

        if (ngx_http_pyngx_bytes_push(*result, &text, p - text.data,
                                      next - text.data)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* Each of the characters becomes the text in its place; the rest stays. */

static ngx_int_t
ngx_http_pyngx_str_translate(ngx_pool_t *pool, ngx_str_t *s,
    ngx_array_t *chars, ngx_array_t *becomes, ngx_str_t *result)
{
    size_t      len;
    u_char     *last, *next, *p, *to;
    ngx_int_t   place;
    ngx_str_t   one, text, *texts;

    texts = becomes->elts;
    last = s->data + s->len;
    len = 0;
    to = NULL;

    for ( ;; ) {

        for (p = s->data; p < last; p = next) {
            next = ngx_http_pyngx_str_next(p, last);
            one.data = p;
            one.len = next - p;

            place = ngx_http_pyngx_bytes_lookup(chars->elts, chars->nelts,
                                                &one);
            if (place >= 0) {
                one = texts[place];
            }

            if (to) {
                to = ngx_cpymem(to, one.data, one.len);

            } else {
                len += one.len;
            }
        }

        if (to) {
            *result = text;
            return NGX_OK;
        }

        if (ngx_http_pyngx_bytes_new(pool, len, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        to = text.data;
    }
}
