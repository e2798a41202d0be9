
/*
 * Lists that a function has made, which are arrays of whatever size of item.
 */


/* del list[index]: a negative index counts from the end. */

static ngx_int_t
ngx_http_pyngx_list_del(ngx_array_t *list, ngx_int_t index)
{
    u_char  *item;

    if (index < 0) {
        index += list->nelts;
    }

    if (index < 0 || index >= (ngx_int_t) list->nelts) {
        return NGX_DECLINED;
    }

    list->nelts--;

    item = (u_char *) list->elts + index * list->size;
    ngx_memmove(item, item + list->size, (list->nelts - index) * list->size);

    return NGX_OK;
}


/* list.pop(index): the item is moved to where the caller wants it. */

static ngx_int_t
ngx_http_pyngx_list_pop(ngx_array_t *list, ngx_int_t index, void *result)
{
    ngx_int_t  at;

    at = (index < 0) ? index + (ngx_int_t) list->nelts : index;

    if (at < 0 || at >= (ngx_int_t) list->nelts) {
        return NGX_DECLINED;
    }

    ngx_memcpy(result, (u_char *) list->elts + at * list->size, list->size);

    return ngx_http_pyngx_list_del(list, at);
}


/* The place for a new item before the one at the index. */

static void *
ngx_http_pyngx_list_insert(ngx_array_t *list, ngx_int_t index)
{
    u_char     *item;
    ngx_int_t   last;

    last = list->nelts;

    if (ngx_array_push(list) == NULL) {
        return NULL;
    }

    if (index < 0) {
        index = ngx_max(index + last, 0);
    }

    index = ngx_min(index, last);

    item = (u_char *) list->elts + index * list->size;
    ngx_memmove(item + list->size, item, (last - index) * list->size);

    return item;
}


static ngx_int_t
ngx_http_pyngx_list_clear(ngx_array_t *list)
{
    list->nelts = 0;

    return NGX_OK;
}


/* A list may be extended by itself. */

static ngx_int_t
ngx_http_pyngx_list_extend(ngx_array_t *list, ngx_array_t *other)
{
    void        *items;
    ngx_uint_t   n;

    n = other->nelts;

    if (n == 0) {
        return NGX_OK;
    }

    items = ngx_array_push_n(list, n);
    if (items == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(items, other->elts, n * list->size);

    return NGX_OK;
}


/* list[start:stop], a new list. */

static ngx_int_t
ngx_http_pyngx_list_slice(ngx_pool_t *pool, ngx_array_t *list,
    ngx_int_t start, ngx_int_t stop, ngx_array_t **result)
{
    ngx_int_t  length;

    length = list->nelts;

    start = (start < 0) ? ngx_max(start + length, 0) : ngx_min(start, length);
    stop = (stop < 0) ? ngx_max(stop + length, 0) : ngx_min(stop, length);
    length = ngx_max(stop - start, 0);

    *result = ngx_array_create(pool, ngx_max(length, 1), list->size);
    if (*result == NULL) {
        return NGX_ERROR;
    }

    (*result)->nelts = length;
    ngx_memcpy((*result)->elts, (u_char *) list->elts + start * list->size,
               length * list->size);

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_list_concat(ngx_pool_t *pool, ngx_array_t *list,
    ngx_array_t *other, ngx_array_t **result)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_list_slice(pool, list, 0, list->nelts, result);

    return (rc == NGX_OK) ? ngx_http_pyngx_list_extend(*result, other) : rc;
}


static ngx_int_t
ngx_http_pyngx_list_reverse(ngx_array_t *list)
{
    u_char      c, *a, *b;
    ngx_uint_t  i;

    if (list->nelts == 0) {
        return NGX_OK;
    }

    a = list->elts;
    b = a + (list->nelts - 1) * list->size;

    for ( /* void */ ; a < b; a += list->size, b -= list->size) {
        for (i = 0; i < list->size; i++) {
            c = a[i];
            a[i] = b[i];
            b[i] = c;
        }
    }

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_pyngx_list_by_number(const void *one, const void *two)
{
    ngx_int_t  a, b;

    a = *(ngx_int_t *) one;
    b = *(ngx_int_t *) two;

    return (a > b) - (a < b);
}


static int ngx_libc_cdecl
ngx_http_pyngx_list_by_bytes(const void *one, const void *two)
{
    return ngx_http_pyngx_bytes_cmp((ngx_str_t *) one, (ngx_str_t *) two);
}


/* Equal items cannot be told apart: it is no matter which one comes first. */

static ngx_int_t
ngx_http_pyngx_list_sort_numbers(ngx_array_t *list, ngx_flag_t reverse)
{
    ngx_qsort(list->elts, list->nelts, list->size,
              ngx_http_pyngx_list_by_number);

    return reverse ? ngx_http_pyngx_list_reverse(list) : NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_list_sort_bytes(ngx_array_t *list, ngx_flag_t reverse)
{
    ngx_qsort(list->elts, list->nelts, list->size,
              ngx_http_pyngx_list_by_bytes);

    return reverse ? ngx_http_pyngx_list_reverse(list) : NGX_OK;
}


static ngx_flag_t
ngx_http_pyngx_list_has_number(ngx_int_t number, ngx_array_t *list)
{
    ngx_int_t   *items;
    ngx_uint_t   i;

    items = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (items[i] == number) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_pyngx_list_sorted_numbers(ngx_pool_t *pool, ngx_array_t *list,
    ngx_flag_t reverse, ngx_array_t **result)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_list_slice(pool, list, 0, list->nelts, result);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_pyngx_list_sort_numbers(*result, reverse);
}


static ngx_int_t
ngx_http_pyngx_list_sorted_bytes(ngx_pool_t *pool, ngx_array_t *list,
    ngx_flag_t reverse, ngx_array_t **result)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_list_slice(pool, list, 0, list->nelts, result);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_pyngx_list_sort_bytes(*result, reverse);
}
