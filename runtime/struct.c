
/*
 * What unpacks and packs bytes by the formats of struct, one value at a time.
 */


/* NGX_DECLINED: the bytes are more or fewer than the format. */

static ngx_int_t
ngx_http_pyngx_struct_whole(ngx_str_t *s, ngx_int_t size, ngx_str_t *result)
{
    *result = *s;

    return ((ngx_int_t) s->len == size) ? NGX_OK : NGX_DECLINED;
}


/* NGX_DECLINED: there are not as many bytes from the offset on. */

static ngx_int_t
ngx_http_pyngx_struct_part(ngx_str_t *s, ngx_int_t offset, ngx_int_t size,
    ngx_str_t *result)
{
    if (offset < 0) {

        if (offset + size > 0 || offset + (ngx_int_t) s->len < 0) {
            return NGX_DECLINED;
        }

        offset += s->len;
    }

    if ((ngx_int_t) s->len - offset < size) {
        return NGX_DECLINED;
    }

    result->len = size;
    result->data = s->data + offset;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_struct_number(ngx_str_t *s, ngx_int_t offset, ngx_int_t size,
    ngx_int_t little, ngx_int_t with_sign)
{
    u_char     *p;
    uint64_t    n;
    ngx_int_t   i;

    p = s->data + offset;
    n = (with_sign && p[little ? size - 1 : 0] >= 0x80) ? (uint64_t) -1 : 0;

    for (i = 0; i < size; i++) {
        n = n << 8 | p[little ? size - 1 - i : i];
    }

    return (ngx_int_t) n;
}


/* NGX_DECLINED: it does not fit. */

static ngx_int_t
ngx_http_pyngx_struct_large(ngx_str_t *s, ngx_int_t offset, ngx_int_t size,
    ngx_int_t little, ngx_int_t with_sign, ngx_int_t *result)
{
    *result = ngx_http_pyngx_struct_number(s, offset, size, little, with_sign);

    return (*result < 0) ? NGX_DECLINED : NGX_OK;
}


/* As long as its place, with zeros behind it. */

static ngx_int_t
ngx_http_pyngx_struct_field(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t size,
    ngx_str_t *result)
{
    size_t     len;
    ngx_str_t  text;

    if (ngx_http_pyngx_bytes_new(pool, size, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    len = ngx_min(s->len, (size_t) size);

    ngx_memcpy(text.data, s->data, len);
    ngx_memzero(text.data + len, size - len);

    *result = text;

    return NGX_OK;
}


/* NGX_DECLINED: not one byte. */

static ngx_int_t
ngx_http_pyngx_struct_character(ngx_str_t *s, ngx_str_t *result)
{
    *result = *s;

    return (s->len == 1) ? NGX_OK : NGX_DECLINED;
}


/* The texts of exceptions, as CPython words them. */

static ngx_int_t
ngx_http_pyngx_message_unpack(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t size,
    ngx_str_t *text)
{
    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "unpack requires a buffer of %i bytes",
                            size)
                - text->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_message_unpack_from(ngx_pool_t *pool, ngx_str_t *s,
    ngx_int_t offset, ngx_int_t size, ngx_str_t *text)
{
    u_char     *p;
    ngx_int_t   least;

    if (ngx_http_pyngx_message_new(pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text->data;

    if (offset < 0 && offset + size > 0) {
        p = ngx_sprintf(p, "not enough data to unpack %i bytes at offset %i",
                        size, offset);

    } else if (offset < 0 && offset + (ngx_int_t) s->len < 0) {
        p = ngx_sprintf(p, "offset %i out of range for %uz-byte buffer",
                        offset, s->len);

    } else {
        least = offset < 0 ? offset + (ngx_int_t) s->len : offset;

        p = ngx_sprintf(p, "unpack_from requires a buffer of at least %ui"
                        " bytes for unpacking %i bytes at offset %i"
                        " (actual buffer size is %uz)",
                        (ngx_uint_t) least + size, size, least, s->len);
    }

    text->len = p - text->data;

    return NGX_OK;
}
