
/*
 * Exceptions on their way from a helper to the "except" of a caller: which
 * one, where it was raised, and its message.
 */


typedef struct {
    ngx_uint_t   kind;
    char        *where;
    ngx_str_t    message;
} ngx_http_pyngx_error_t;


/* What a helper raises: for the caller, or for the log if no caller asks. */

static void
ngx_http_pyngx_raise(ngx_http_request_t *r, ngx_http_pyngx_error_t *error,
    ngx_uint_t kind, char *where, ngx_str_t *message)
{
    if (error == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "%s%s%V", where,
                      message->len ? ": " : "", message);
        return;
    }

    error->kind = kind;
    error->where = where;
    error->message = *message;
}


/* What has come from a helper, or was taken, and goes on. */

static void
ngx_http_pyngx_raise_again(ngx_http_request_t *r,
    ngx_http_pyngx_error_t *error, ngx_http_pyngx_error_t *raised)
{
    if (raised->kind) {
        ngx_http_pyngx_raise(r, error, raised->kind, raised->where,
                             &raised->message);
    }
}


/* Whether a header filter may return this. */

static ngx_int_t
ngx_http_pyngx_is_header_result(ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
    case NGX_ERROR:
    case NGX_DECLINED:
    case NGX_HTTP_CREATED:
    case NGX_HTTP_NO_CONTENT:
        return 1;

    default:
        return rc >= NGX_HTTP_SPECIAL_RESPONSE && rc <= 599;
    }
}
