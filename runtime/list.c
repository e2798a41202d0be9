
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
