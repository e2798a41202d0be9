
/*
 * Directives that nginx has no handler for.  A list field is an ngx_array_t;
 * each argument is an element, and the directive given again appends.
 */


/* list[bytes]: elements are ngx_str_t. */

static char *
ngx_http_pyngx_conf_list_str(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t    *element, *value;
    ngx_uint_t    i;
    ngx_array_t  *list;

    list = ngx_http_pyngx_conf_list(cf, cmd, conf, sizeof(ngx_str_t));
    if (list == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        element = ngx_array_push(list);
        if (element == NULL) {
            return NGX_CONF_ERROR;
        }

        *element = value[i];
    }

    return NGX_CONF_OK;
}


/* list[int]: elements are ngx_int_t. */

static char *
ngx_http_pyngx_conf_list_int(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t    *element, n;
    ngx_str_t    *value;
    ngx_uint_t    i, minus;
    ngx_array_t  *list;

    list = ngx_http_pyngx_conf_list(cf, cmd, conf, sizeof(ngx_int_t));
    if (list == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        minus = (value[i].len > 1 && value[i].data[0] == '-');

        n = ngx_atoi(value[i].data + minus, value[i].len - minus);

        if (n == NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        element = ngx_array_push(list);
        if (element == NULL) {
            return NGX_CONF_ERROR;
        }

        *element = minus ? -n : n;
    }

    return NGX_CONF_OK;
}


/* The array of a list field, made by the first directive of its level. */

static ngx_array_t *
ngx_http_pyngx_conf_list(ngx_conf_t *cf, ngx_command_t *cmd, void *conf,
    size_t size)
{
    ngx_array_t  **list;

    list = (ngx_array_t **) ((u_char *) conf + cmd->offset);

    if (*list == NULL || *list == NGX_CONF_UNSET_PTR) {
        *list = ngx_array_create(cf->pool, 4, size);
    }

    return *list;
}
