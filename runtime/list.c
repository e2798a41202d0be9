
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


/* Bytes of an item of a list that lives longer than they do. */

static ngx_int_t
ngx_http_pyngx_list_keep(ngx_array_t *list, ngx_str_t *s)
{
    u_char  *data;

    if (s->data == NULL) {
        return NGX_OK;
    }

    data = ngx_pnalloc(list->pool, ngx_max(s->len, 1));
    if (data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(data, s->data, s->len);
    s->data = data;

    return NGX_OK;
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


/*
 * list[start:stop:step], a new list.  Bounds left out are, for a step below
 * zero, NGX_MAX_INT_T_VALUE and -NGX_MAX_INT_T_VALUE.  NGX_DECLINED: step is
 * zero.
 */

static ngx_int_t
ngx_http_pyngx_list_slice_step(ngx_pool_t *pool, ngx_array_t *list,
    ngx_int_t start, ngx_int_t stop, ngx_int_t step, ngx_array_t **result)
{
    ngx_int_t     lowest, highest, n;
    ngx_uint_t    i;
    ngx_array_t  *found;

    if (step == 0) {
        return NGX_DECLINED;
    }

    n = list->nelts;
    lowest = (step > 0) ? 0 : -1;
    highest = (step > 0) ? n : n - 1;

    start = (start < 0) ? ngx_max(start + n, lowest) : ngx_min(start, highest);
    stop = (stop < 0) ? ngx_max(stop + n, lowest) : ngx_min(stop, highest);

    (void) ngx_http_pyngx_range_count(start, stop, step, &n);

    found = ngx_array_create(pool, ngx_max(n, 1), list->size);
    if (found == NULL) {
        return NGX_ERROR;
    }

    found->nelts = n;

    for (i = 0; i < found->nelts; i++) {
        n = ngx_http_pyngx_range_item(start, i, step);

        ngx_memcpy((u_char *) found->elts + i * list->size,
                   (u_char *) list->elts + n * list->size, list->size);
    }

    *result = found;

    return NGX_OK;
}


/*
 * list[start:stop:step] of a step that is computed; left_out has bit 1 for
 * start and bit 2 for stop.
 */

static ngx_int_t
ngx_http_pyngx_list_slice_by(ngx_pool_t *pool, ngx_array_t *list,
    ngx_int_t start, ngx_int_t stop, ngx_int_t step, ngx_int_t left_out,
    ngx_array_t **result)
{
    if (step < 0 && (left_out & 1)) {
        start = NGX_MAX_INT_T_VALUE;
    }

    if (step < 0 && (left_out & 2)) {
        stop = -NGX_MAX_INT_T_VALUE;
    }

    return ngx_http_pyngx_list_slice_step(pool, list, start, stop, step,
                                          result);
}


/* list(s) of bytes, a list of numbers. */

static ngx_int_t
ngx_http_pyngx_list_of_bytes(ngx_pool_t *pool, ngx_str_t *s,
    ngx_array_t **result)
{
    size_t        i;
    ngx_int_t    *items;
    ngx_array_t  *list;

    list = ngx_array_create(pool, ngx_max(s->len, 1), sizeof(ngx_int_t));
    if (list == NULL) {
        return NGX_ERROR;
    }

    list->nelts = s->len;
    items = list->elts;

    for (i = 0; i < s->len; i++) {
        items[i] = s->data[i];
    }

    *result = list;

    return NGX_OK;
}


/*
 * How many numbers range(start, stop, step) has, at most NGX_MAX_INT_T_VALUE.
 * NGX_DECLINED: step is zero.
 */

static ngx_int_t
ngx_http_pyngx_range_count(ngx_int_t start, ngx_int_t stop, ngx_int_t step,
    ngx_int_t *result)
{
    ngx_uint_t  n;

    if (step == 0) {
        return NGX_DECLINED;
    }

    if (step > 0) {
        n = (start < stop) ? ((ngx_uint_t) stop - start - 1) / step + 1 : 0;

    } else {
        n = (start > stop)
            ? ((ngx_uint_t) start - stop - 1) / -(ngx_uint_t) step + 1 : 0;
    }

    *result = (ngx_int_t) ngx_min(n, NGX_MAX_INT_T_VALUE);

    return NGX_OK;
}


/* A number that the range has: it fits, whatever lies on the way to it. */

static ngx_int_t
ngx_http_pyngx_range_item(ngx_int_t start, ngx_int_t index, ngx_int_t step)
{
    return (ngx_int_t) ((ngx_uint_t) start + (ngx_uint_t) index * step);
}


static ngx_int_t
ngx_http_pyngx_list_concat(ngx_pool_t *pool, ngx_array_t *list,
    ngx_array_t *other, ngx_array_t **result)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_list_slice(pool, list, 0, list->nelts, result);

    return (rc == NGX_OK) ? ngx_http_pyngx_list_extend(*result, other) : rc;
}


/* list * n.  NGX_DECLINED: that is more than fits into memory. */

static ngx_int_t
ngx_http_pyngx_list_repeat(ngx_pool_t *pool, ngx_array_t *list, ngx_int_t n,
    ngx_array_t **result)
{
    ngx_int_t     rc;
    ngx_uint_t    length;
    ngx_array_t  *found;

    if (n <= 0) {
        return ngx_http_pyngx_list_slice(pool, list, 0, 0, result);
    }

    length = list->nelts;

    if (length && (ngx_uint_t) n > NGX_MAX_INT32_VALUE / length / list->size) {
        return NGX_DECLINED;
    }

    found = ngx_array_create(pool, ngx_max(length * n, 1), list->size);
    if (found == NULL) {
        return NGX_ERROR;
    }

    for (rc = NGX_OK; length && n; n--) {
        rc = ngx_http_pyngx_list_extend(found, list);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    *result = found;

    return NGX_OK;
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


/* The item at the index, which a search has found or not, goes. */

static ngx_int_t
ngx_http_pyngx_list_remove(ngx_array_t *list, ngx_int_t found)
{
    return (found < 0) ? NGX_DECLINED : ngx_http_pyngx_list_del(list, found);
}


static ngx_int_t
ngx_http_pyngx_list_find_numbers(ngx_array_t *list, ngx_int_t value,
    ngx_uint_t from)
{
    ngx_int_t  *items;

    items = list->elts;

    for ( /* void */ ; from < list->nelts; from++) {
        if (items[from] == value) {
            return from;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_pyngx_list_count_numbers(ngx_array_t *list, ngx_int_t value)
{
    ngx_int_t  at, n;

    n = 0;
    at = ngx_http_pyngx_list_find_numbers(list, value, 0);

    while (at >= 0) {
        n++;
        at = ngx_http_pyngx_list_find_numbers(list, value, at + 1);
    }

    return n;
}


static ngx_int_t
ngx_http_pyngx_list_index_numbers(ngx_array_t *list, ngx_int_t value,
    ngx_int_t *result)
{
    *result = ngx_http_pyngx_list_find_numbers(list, value, 0);

    return (*result < 0) ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_list_remove_numbers(ngx_array_t *list, ngx_int_t value)
{
    ngx_int_t  found;

    found = ngx_http_pyngx_list_find_numbers(list, value, 0);

    return ngx_http_pyngx_list_remove(list, found);
}


static ngx_int_t
ngx_http_pyngx_list_find_bytes(ngx_array_t *list, ngx_str_t *value,
    ngx_uint_t from)
{
    ngx_str_t  *items;

    items = list->elts;

    for ( /* void */ ; from < list->nelts; from++) {
        if (items[from].len == value->len
            && ngx_memcmp(items[from].data, value->data, value->len) == 0)
        {
            return from;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_pyngx_list_count_bytes(ngx_array_t *list, ngx_str_t *value)
{
    ngx_int_t  at, n;

    n = 0;
    at = ngx_http_pyngx_list_find_bytes(list, value, 0);

    while (at >= 0) {
        n++;
        at = ngx_http_pyngx_list_find_bytes(list, value, at + 1);
    }

    return n;
}


static ngx_int_t
ngx_http_pyngx_list_index_bytes(ngx_array_t *list, ngx_str_t *value,
    ngx_int_t *result)
{
    *result = ngx_http_pyngx_list_find_bytes(list, value, 0);

    return (*result < 0) ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_list_remove_bytes(ngx_array_t *list, ngx_str_t *value)
{
    ngx_int_t  found;

    found = ngx_http_pyngx_list_find_bytes(list, value, 0);

    return ngx_http_pyngx_list_remove(list, found);
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
