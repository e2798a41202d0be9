
/*
 * Directives that nginx has no handler for: sets of flags, floats, defaults
 * that are complex values; and the error that names the line of a refused
 * value.
 */


/* The least and the greatest value of a directive, and what others get. */

typedef struct {
    double       low;
    double       high;
    const char  *message;
} ngx_http_pyngx_conf_bounds_t;


/* Several names of a table of flags; the field is a ngx_uint_t. */

static char *
ngx_http_pyngx_conf_flags(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_str_t           *value;
    ngx_uint_t          *flags, i, k;
    ngx_conf_bitmask_t  *mask;

    flags = (ngx_uint_t *) (p + cmd->offset);
    value = cf->args->elts;
    mask = cmd->post;

    if (*flags == NGX_CONF_UNSET_UINT) {
        *flags = 0;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        for (k = 0; mask[k].name.len != 0; k++) {

            if (mask[k].name.len == value[i].len
                && ngx_strcasecmp(mask[k].name.data, value[i].data) == 0)
            {
                break;
            }
        }

        if (mask[k].name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        *flags |= mask[k].mask;
    }

    return NGX_CONF_OK;
}


/* The argument is the name of a variable, which the handler gives. */

static char *
ngx_http_pyngx_conf_variable(ngx_conf_t *cf, ngx_http_get_variable_pt handler)
{
    ngx_str_t            *value;
    ngx_uint_t            flags;
    ngx_http_variable_t  *v;

    value = cf->args->elts;

    if (value[1].len < 2 || value[1].data[0] != '$') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid variable name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    value[1].len--;
    value[1].data++;

    flags = NGX_HTTP_VAR_CHANGEABLE|NGX_HTTP_VAR_NOCACHEABLE;

    v = ngx_http_add_variable(cf, &value[1], flags);
    if (v == NULL) {
        return NGX_CONF_ERROR;
    }

    if (v->get_handler && v->get_handler != handler) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "variable \"$%V\" is defined already", &value[1]);
        return NGX_CONF_ERROR;
    }

    v->get_handler = handler;

    return NGX_CONF_OK;
}


/* A default with variables in it. */

static ngx_int_t
ngx_http_pyngx_conf_complex(ngx_conf_t *cf, ngx_http_complex_value_t **value,
    ngx_str_t *text)
{
    ngx_http_compile_complex_value_t  ccv;

    *value = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (*value == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = *value;

    return ngx_http_compile_complex_value(&ccv);
}


/*
 * Values are judged when the whole block has been read, so that nginx's own
 * message would name the block's end.
 */

static void ngx_cdecl
ngx_http_pyngx_conf_error(ngx_conf_t *cf, ngx_str_t *file, ngx_uint_t line,
    const char *fmt, ...)
{
    u_char   text[NGX_MAX_CONF_ERRSTR], *last;
    va_list  args;

    va_start(args, fmt);
    last = ngx_vslprintf(text, text + NGX_MAX_CONF_ERRSTR, fmt, args);
    va_end(args);

    if (line == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "%*s", (size_t) (last - text), text);
        return;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "%*s in %V:%ui", (size_t) (last - text), text, file, line);
}


/* A decimal number; the field is a double, which is nan if it is unset. */

static char *
ngx_http_pyngx_conf_float(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    double                         n, *field;
    ngx_str_t                     *value;
    ngx_http_pyngx_conf_bounds_t  *bounds;

    field = (double *) (p + cmd->offset);

    if (*field == *field) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_http_pyngx_conf_decimal(&value[1], &n) != NGX_OK) {
        return "invalid number";
    }

    bounds = cmd->post;

    if (bounds && (n < bounds->low || n > bounds->high)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", bounds->message);
        return NGX_CONF_ERROR;
    }

    *field = n;

    return NGX_CONF_OK;
}


/* list[float]: elements are doubles. */

static char *
ngx_http_pyngx_conf_list_float(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    double       *element;
    ngx_str_t    *value;
    ngx_uint_t    i;
    ngx_array_t  *list;

    list = ngx_http_pyngx_conf_list(cf, cmd, conf, sizeof(double));
    if (list == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        element = ngx_array_push(list);
        if (element == NULL) {
            return NGX_CONF_ERROR;
        }

        if (ngx_http_pyngx_conf_decimal(&value[i], element) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid number \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* Digits with or without a point, behind them a NUL; NGX_ERROR: no number. */

static ngx_int_t
ngx_http_pyngx_conf_decimal(ngx_str_t *value, double *result)
{
    u_char      *ch, *last;
    ngx_uint_t   digits, points;

    ch = value->data;
    last = ch + value->len;

    if (ch < last && *ch == '-') {
        ch++;
    }

    digits = 0;
    points = 0;

    for ( /* void */ ; ch < last; ch++) {

        if (*ch >= '0' && *ch <= '9') {
            digits++;

        } else if (*ch != '.' || points++) {
            return NGX_ERROR;
        }
    }

    *result = strtod((char *) value->data, NULL);

    return (digits == 0 || *result - *result != 0) ? NGX_ERROR : NGX_OK;
}


/* What is set, here or outside, else the default. */

static double
ngx_http_pyngx_conf_merge(double conf, double prev, double otherwise)
{
    if (conf == conf) {
        return conf;
    }

    return (prev == prev) ? prev : otherwise;
}
