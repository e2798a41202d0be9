
/*
 * The order of lists: comparing, sorting, and sorting by keys.
 */


/* The order of two items, as qsort() wants it. */

typedef int (*ngx_http_pyngx_list_by_pt)(const void *one, const void *two);


static int ngx_libc_cdecl
ngx_http_pyngx_list_by_number(const void *one, const void *two)
{
    ngx_int_t  a, b;

    a = *(ngx_int_t *) one;
    b = *(ngx_int_t *) two;

    return (a > b) - (a < b);
}


/* What is no number is neither more nor less than any other. */

static int ngx_libc_cdecl
ngx_http_pyngx_list_by_float(const void *one, const void *two)
{
    double  a, b;

    a = *(double *) one;
    b = *(double *) two;

    return (a > b) - (a < b);
}


static int ngx_libc_cdecl
ngx_http_pyngx_list_by_bytes(const void *one, const void *two)
{
    return ngx_http_pyngx_bytes_cmp((ngx_str_t *) one, (ngx_str_t *) two);
}


/* Equal items cannot be told apart: it is no matter which one comes first. */

static ngx_int_t
ngx_http_pyngx_list_sort(ngx_array_t *list, ngx_flag_t reverse,
    ngx_http_pyngx_list_by_pt by)
{
    ngx_qsort(list->elts, list->nelts, list->size, by);

    return reverse ? ngx_http_pyngx_list_reverse(list) : NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_list_sort_numbers(ngx_array_t *list, ngx_flag_t reverse)
{
    return ngx_http_pyngx_list_sort(list, reverse,
                                    ngx_http_pyngx_list_by_number);
}


static ngx_int_t
ngx_http_pyngx_list_sort_bytes(ngx_array_t *list, ngx_flag_t reverse)
{
    return ngx_http_pyngx_list_sort(list, reverse,
                                    ngx_http_pyngx_list_by_bytes);
}


/* list(range(len(list))). */

static ngx_int_t
ngx_http_pyngx_list_indices(ngx_pool_t *pool, ngx_array_t *list,
    ngx_array_t **result)
{
    ngx_int_t    *items;
    ngx_uint_t    i;
    ngx_array_t  *found;

    found = ngx_array_create(pool, ngx_max(list->nelts, 1), sizeof(ngx_int_t));
    if (found == NULL) {
        return NGX_ERROR;
    }

    found->nelts = list->nelts;
    items = found->elts;

    for (i = 0; i < found->nelts; i++) {
        items[i] = i;
    }

    *result = found;

    return NGX_OK;
}


/*
 * The indices in the order of their keys; those of equal keys stay as they
 * are, and so they do in the opposite order.  Runs are merged, from runs of
 * one index on.
 */

static ngx_int_t
ngx_http_pyngx_list_order(ngx_pool_t *pool, ngx_array_t *order,
    ngx_array_t *keys, ngx_flag_t reverse, ngx_http_pyngx_list_by_pt by,
    ngx_array_t **result)
{
    u_char       *items, *one, *two;
    ngx_int_t    *from, *to, *swap, rc;
    ngx_uint_t    width, start, middle, end, i, j, k, n;
    ngx_array_t  *merged;

    rc = ngx_http_pyngx_list_slice(pool, order, 0, order->nelts, result);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_pyngx_list_slice(pool, order, 0, order->nelts, &merged);
    if (rc != NGX_OK) {
        return rc;
    }

    from = (*result)->elts;
    to = merged->elts;
    items = keys->elts;
    n = order->nelts;

    for (width = 1; width < n; width *= 2) {

        for (start = 0; start < n; start += 2 * width) {
            middle = ngx_min(start + width, n);
            end = ngx_min(start + 2 * width, n);

            i = start;
            j = middle;

            for (k = start; k < end; k++) {
                rc = (i == middle) ? 1 : -1;

                if (i < middle && j < end) {
                    one = items + from[i] * keys->size;
                    two = items + from[j] * keys->size;

                    rc = reverse ? -by(one, two) : by(one, two);
                }

                to[k] = (rc <= 0) ? from[i++] : from[j++];
            }
        }

        swap = from;
        from = to;
        to = swap;
    }

    (*result)->elts = from;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_list_order_numbers(ngx_pool_t *pool, ngx_array_t *order,
    ngx_array_t *keys, ngx_flag_t reverse, ngx_array_t **result)
{
    return ngx_http_pyngx_list_order(pool, order, keys, reverse,
                                     ngx_http_pyngx_list_by_number, result);
}


static ngx_int_t
ngx_http_pyngx_list_order_floats(ngx_pool_t *pool, ngx_array_t *order,
    ngx_array_t *keys, ngx_flag_t reverse, ngx_array_t **result)
{
    return ngx_http_pyngx_list_order(pool, order, keys, reverse,
                                     ngx_http_pyngx_list_by_float, result);
}


static ngx_int_t
ngx_http_pyngx_list_order_bytes(ngx_pool_t *pool, ngx_array_t *order,
    ngx_array_t *keys, ngx_flag_t reverse, ngx_array_t **result)
{
    return ngx_http_pyngx_list_order(pool, order, keys, reverse,
                                     ngx_http_pyngx_list_by_bytes, result);
}


/* [list[i] for i in order]. */

static ngx_int_t
ngx_http_pyngx_list_pick(ngx_pool_t *pool, ngx_array_t *list,
    ngx_array_t *order, ngx_array_t **result)
{
    ngx_int_t    *from;
    ngx_uint_t    i;
    ngx_array_t  *found;

    found = ngx_array_create(pool, ngx_max(order->nelts, 1), list->size);
    if (found == NULL) {
        return NGX_ERROR;
    }

    found->nelts = order->nelts;
    from = order->elts;

    for (i = 0; i < order->nelts; i++) {
        ngx_memcpy((u_char *) found->elts + i * list->size,
                   (u_char *) list->elts + from[i] * list->size, list->size);
    }

    *result = found;

    return NGX_OK;
}


/* Less than, equal to or greater than 0, by the first items that differ. */

static ngx_int_t
ngx_http_pyngx_list_cmp(ngx_array_t *a, ngx_array_t *b,
    ngx_http_pyngx_list_by_pt by)
{
    u_char      *one, *two;
    ngx_int_t    rc;
    ngx_uint_t   i;

    one = a->elts;
    two = b->elts;

    for (i = 0; i < a->nelts && i < b->nelts; i++) {
        rc = by(one, two);
        if (rc != 0) {
            return (rc > 0) ? 1 : -1;
        }

        one += a->size;
        two += b->size;
    }

    return (a->nelts > b->nelts) - (a->nelts < b->nelts);
}


static ngx_int_t
ngx_http_pyngx_list_cmp_numbers(ngx_array_t *a, ngx_array_t *b)
{
    return ngx_http_pyngx_list_cmp(a, b, ngx_http_pyngx_list_by_number);
}


static ngx_int_t
ngx_http_pyngx_list_cmp_bytes(ngx_array_t *a, ngx_array_t *b)
{
    return ngx_http_pyngx_list_cmp(a, b, ngx_http_pyngx_list_by_bytes);
}


static ngx_int_t
ngx_http_pyngx_list_sorted(ngx_pool_t *pool, ngx_array_t *list,
    ngx_flag_t reverse, ngx_http_pyngx_list_by_pt by, ngx_array_t **result)
{
    ngx_int_t  rc;

    rc = ngx_http_pyngx_list_slice(pool, list, 0, list->nelts, result);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_pyngx_list_sort(*result, reverse, by);
}


static ngx_int_t
ngx_http_pyngx_list_sorted_numbers(ngx_pool_t *pool, ngx_array_t *list,
    ngx_flag_t reverse, ngx_array_t **result)
{
    return ngx_http_pyngx_list_sorted(pool, list, reverse,
                                      ngx_http_pyngx_list_by_number, result);
}


static ngx_int_t
ngx_http_pyngx_list_sorted_bytes(ngx_pool_t *pool, ngx_array_t *list,
    ngx_flag_t reverse, ngx_array_t **result)
{
    return ngx_http_pyngx_list_sorted(pool, list, reverse,
                                      ngx_http_pyngx_list_by_bytes, result);
}


/* -0.0 and 0.0 are equal, and can be told apart: they stay as they are. */

static ngx_int_t
ngx_http_pyngx_list_sorted_floats(ngx_pool_t *pool, ngx_array_t *list,
    ngx_flag_t reverse, ngx_array_t **result)
{
    ngx_int_t     rc;
    ngx_array_t  *order;

    rc = ngx_http_pyngx_list_indices(pool, list, &order);
    if (rc != NGX_OK) {
        return rc;
    }

    rc = ngx_http_pyngx_list_order_floats(pool, order, list, reverse, &order);
    if (rc != NGX_OK) {
        return rc;
    }

    return ngx_http_pyngx_list_pick(pool, list, order, result);
}


static ngx_int_t
ngx_http_pyngx_list_sort_floats(ngx_array_t *list, ngx_flag_t reverse)
{
    ngx_int_t     rc;
    ngx_array_t  *sorted;

    rc = ngx_http_pyngx_list_sorted_floats(list->pool, list, reverse, &sorted);
    if (rc != NGX_OK) {
        return rc;
    }

    ngx_memcpy(list->elts, sorted->elts, list->nelts * list->size);

    return NGX_OK;
}
