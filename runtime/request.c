
/*
 * Arguments, cookies and variables of a request, by name.
 */


/* r.arg(name), as nginx has it; data is NULL if there is none. */

static ngx_int_t
ngx_http_pyngx_arg(ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value)
{
    if (ngx_http_arg(r, name->data, name->len, value) != NGX_OK) {
        ngx_str_null(value);
    }

    return NGX_OK;
}


/*
 * r.cookie(name), as nginx has it; data is NULL if there is none.  The parser
 * of cookies has changed its name and arguments, the variable has not.
 */

static ngx_int_t
ngx_http_pyngx_cookie(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    u_char     *p;
    ngx_str_t   variable;

    if (name->len == 0) {
        ngx_str_null(value);
        return NGX_OK;
    }

    variable.len = sizeof("cookie_") - 1 + name->len;
    variable.data = ngx_pnalloc(r->pool, variable.len);
    if (variable.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(variable.data, "cookie_", sizeof("cookie_") - 1);
    ngx_memcpy(p, name->data, name->len);

    return ngx_http_pyngx_variable_get(r, &variable, value);
}


/* r.variables[name]; data is NULL if it is unknown or not found. */

static ngx_int_t
ngx_http_pyngx_variable_get(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_str_t                   lowcase;
    ngx_uint_t                  key;
    ngx_http_variable_value_t  *vv;

    ngx_str_null(value);

    if (ngx_http_pyngx_variable_key(r, name, &lowcase, &key) != NGX_OK) {
        return NGX_ERROR;
    }

    vv = ngx_http_get_variable(r, &lowcase, key);

    if (vv == NULL) {
        return NGX_ERROR;
    }

    if (vv->not_found) {
        return NGX_OK;
    }

    value->len = vv->len;
    value->data = vv->len ? vv->data : (u_char *) "";

    return NGX_OK;
}


/* r.variables[name] = value; NGX_DECLINED if nginx does not allow it. */

static ngx_int_t
ngx_http_pyngx_variable_set(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_str_t                   lowcase;
    ngx_uint_t                  key;
    ngx_http_variable_t        *v;
    ngx_http_variable_value_t  *vv, set;
    ngx_http_core_main_conf_t  *cmcf;

    if (ngx_http_pyngx_variable_key(r, name, &lowcase, &key) != NGX_OK) {
        return NGX_ERROR;
    }

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    v = ngx_hash_find(&cmcf->variables_hash, key, lowcase.data, lowcase.len);

    if (v == NULL || !(v->flags & NGX_HTTP_VAR_CHANGEABLE)) {
        return NGX_DECLINED;
    }

    if (v->set_handler) {
        vv = &set;

    } else if (v->flags & NGX_HTTP_VAR_INDEXED) {
        vv = &r->variables[v->index];

    } else {
        return NGX_DECLINED;
    }

    ngx_memzero(vv, sizeof(ngx_http_variable_value_t));

    vv->len = value->len;
    vv->data = value->data;
    vv->valid = 1;

    if (v->set_handler) {
        v->set_handler(r, vv, v->data);
    }

    return NGX_OK;
}


/* What a variable is found by: its name in lower case, and the hash of it. */

static ngx_int_t
ngx_http_pyngx_variable_key(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *lowcase, ngx_uint_t *key)
{
    lowcase->len = name->len;
    lowcase->data = ngx_pnalloc(r->pool, name->len + 1);
    if (lowcase->data == NULL) {
        return NGX_ERROR;
    }

    *key = ngx_hash_strlow(lowcase->data, name->data, name->len);

    return NGX_OK;
}
