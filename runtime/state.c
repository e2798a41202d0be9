
/*
 * Byte strings of the request context: each owns its storage, which is used
 * again on assignment and grows by doubling.
 */


static ngx_int_t
ngx_http_pyngx_keep(ngx_pool_t *pool, ngx_str_t *place, ngx_str_t *storage,
    ngx_str_t *value)
{
    size_t  wanted;

    if (value->data == NULL) {
        ngx_str_null(place);
        return NGX_OK;
    }

    if (value->data == place->data && value->len == place->len) {
        return NGX_OK;
    }

    if (storage->len < value->len || storage->data == NULL) {

        wanted = ngx_max(value->len, 2 * storage->len);
        wanted = ngx_max(wanted, 16);

        storage->data = ngx_pnalloc(pool, wanted);
        if (storage->data == NULL) {
            storage->len = 0;
            return NGX_ERROR;
        }

        storage->len = wanted;
    }

    /* the value may be a piece of what is kept */

    ngx_memmove(storage->data, value->data, value->len);

    place->data = storage->data;
    place->len = value->len;

    return NGX_OK;
}


/* The value of a field as it is now, whatever is assigned to it later. */

static ngx_int_t
ngx_http_pyngx_snapshot(ngx_pool_t *pool, ngx_str_t *place, ngx_str_t *value)
{
    if (place->data == NULL) {
        ngx_str_null(value);
        return NGX_OK;
    }

    value->len = place->len;

    value->data = ngx_pnalloc(pool, place->len);
    if (value->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(value->data, place->data, place->len);

    return NGX_OK;
}
