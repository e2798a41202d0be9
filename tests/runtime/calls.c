
/*
 * The pure functions of the runtime as a shared library, for a judge that
 * calls them beside CPython.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_md5.h>
#include <ngx_sha1.h>


#include "runtime.h"


#define ngx_call(type, name, params, args)                                    \
    type call_##name params;                                                  \
    type call_##name params { return ngx_http_pyngx_##name args; }


#define ngx_call_search(name)                                                 \
    ngx_call(ngx_int_t, bytes_##name,                                         \
             (ngx_str_t *s, ngx_str_t *t, ngx_int_t i, ngx_int_t j),          \
             (s, t, i, j))


#define ngx_call_predicate(name)                                              \
    ngx_call(ngx_int_t, bytes_##name, (ngx_str_t *s), (s))


#define ngx_call_view(name)                                                   \
    ngx_call(void, bytes_##name,                                              \
             (ngx_str_t *s, ngx_str_t *t, ngx_str_t *result), (s, t, result))


#define ngx_call_build(name, params, args)                                    \
    ngx_call(ngx_int_t, bytes_##name, params, args)


#define ngx_call_plain(name)                                                  \
    ngx_call(ngx_int_t, bytes_##name,                                         \
             (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result),             \
             (pool, s, result))


#define ngx_call_sized(name)                                                  \
    ngx_call(ngx_int_t, bytes_##name,                                         \
             (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t n,                    \
              ngx_str_t *result),                                             \
             (pool, s, n, result))


#define ngx_call_padded(name)                                                 \
    ngx_call(ngx_int_t, bytes_##name,                                         \
             (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t n, ngx_str_t *fill,   \
              ngx_str_t *result),                                             \
             (pool, s, n, fill, result))


#define ngx_call_piece(name)                                                  \
    ngx_call(ngx_int_t, bytes_##name,                                         \
             (ngx_str_t *s, ngx_str_t *sep, ngx_str_t *result),               \
             (s, sep, result))


ngx_call(ngx_int_t, bytes_eq, (ngx_str_t *a, ngx_str_t *b), (a, b))
ngx_call(ngx_int_t, bytes_cmp, (ngx_str_t *a, ngx_str_t *b), (a, b))
ngx_call(ngx_int_t, bytes_contains, (ngx_str_t *a, ngx_str_t *b), (a, b))
ngx_call(ngx_int_t, bytes_contains_byte, (ngx_str_t *s, ngx_int_t byte), (s, byte))
ngx_call(ngx_int_t, bytes_lookup, (ngx_str_t *keys, ngx_int_t n, ngx_str_t *s),
         (keys, n, s))
ngx_call(ngx_int_t, lookup, (ngx_int_t *keys, ngx_int_t n, ngx_int_t key),
         (keys, n, key))
ngx_call_search(find)
ngx_call_search(rfind)
ngx_call_search(count)
ngx_call_search(startswith)
ngx_call_search(endswith)
ngx_call_predicate(isdigit)
ngx_call_predicate(isalpha)
ngx_call_predicate(isalnum)
ngx_call_predicate(isspace)
ngx_call_predicate(islower)
ngx_call_predicate(isupper)
ngx_call_view(strip)
ngx_call_view(lstrip)
ngx_call_view(rstrip)
ngx_call_view(removeprefix)
ngx_call_view(removesuffix)
ngx_call(void, bytes_slice,
         (ngx_str_t *s, ngx_int_t i, ngx_int_t j, ngx_str_t *result),
         (s, i, j, result))
ngx_call_build(slice_step,
               (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t i, ngx_int_t j,
                ngx_int_t step, ngx_str_t *result),
               (pool, s, i, j, step, result))
ngx_call_build(lower, (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result),
               (pool, s, result))
ngx_call_build(upper, (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result),
               (pool, s, result))
ngx_call_build(concat,
               (ngx_pool_t *pool, ngx_str_t *a, ngx_str_t *b,
                ngx_str_t *result),
               (pool, a, b, result))
ngx_call_build(repeat,
               (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t n,
                ngx_str_t *result),
               (pool, s, n, result))
ngx_call_build(replace,
               (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *a, ngx_str_t *b,
                ngx_int_t n, ngx_str_t *result),
               (pool, s, a, b, n, result))
ngx_call(ngx_int_t, bytes_index,
         (ngx_str_t *s, ngx_str_t *t, ngx_int_t i, ngx_int_t j,
          ngx_int_t *result),
         (s, t, i, j, result))
ngx_call(ngx_int_t, bytes_rindex,
         (ngx_str_t *s, ngx_str_t *t, ngx_int_t i, ngx_int_t j,
          ngx_int_t *result),
         (s, t, i, j, result))
ngx_call_predicate(isascii)
ngx_call_predicate(istitle)
ngx_call_plain(title)
ngx_call_plain(capitalize)
ngx_call_plain(swapcase)
ngx_call_plain(hex)
ngx_call_padded(ljust)
ngx_call_padded(rjust)
ngx_call_padded(center)
ngx_call_sized(zfill)
ngx_call(ngx_int_t, expandtabs,
         (ngx_pool_t *pool, ngx_uint_t utf8, ngx_str_t *s, ngx_int_t n,
          ngx_str_t *result),
         (pool, utf8, s, n, result))
ngx_call_build(translate,
               (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *table,
                ngx_str_t *deleted, ngx_str_t *result),
               (pool, s, table, deleted, result))
ngx_call_build(join,
               (ngx_pool_t *pool, ngx_str_t *s, ngx_array_t *parts,
                ngx_str_t *result),
               (pool, s, parts, result))
ngx_call_piece(before)
ngx_call_piece(at)
ngx_call_piece(behind)
ngx_call_piece(rbefore)
ngx_call_piece(rbehind)
ngx_call_build(decode, (ngx_str_t *s, ngx_str_t *result), (s, result))
ngx_call(void, bytes_same, (ngx_str_t *s, ngx_str_t *result), (s, result))
ngx_call(ngx_int_t, bytes_split,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *sep, ngx_int_t most,
          ngx_array_t **result),
         (pool, s, sep, most, result))
ngx_call(ngx_int_t, bytes_rsplit,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *sep, ngx_int_t most,
          ngx_array_t **result),
         (pool, s, sep, most, result))
ngx_call(ngx_int_t, bytes_splitlines,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t keep,
          ngx_array_t **result),
         (pool, s, keep, result))
ngx_call_build(int, (ngx_str_t *s, ngx_int_t *result), (s, result))
ngx_call(ngx_int_t, floordiv, (ngx_int_t a, ngx_int_t b), (a, b))
ngx_call(ngx_int_t, floormod, (ngx_int_t a, ngx_int_t b), (a, b))
ngx_call(ngx_int_t, rshift, (ngx_int_t a, ngx_int_t b), (a, b))
ngx_call(ngx_int_t, lshift, (ngx_int_t a, ngx_int_t b, ngx_int_t *result),
         (a, b, result))
ngx_call(ngx_int_t, pow, (ngx_int_t a, ngx_int_t b, ngx_int_t *result),
         (a, b, result))
ngx_call(u_char *, format_int,
         (u_char *p, ngx_int_t n, ngx_uint_t flags, ngx_int_t width,
          ngx_int_t precision, u_char base),
         (p, n, flags, width, precision, base))
ngx_call(u_char *, format_bytes,
         (u_char *p, ngx_str_t *s, ngx_uint_t flags, ngx_int_t width,
          ngx_int_t precision),
         (p, s, flags, width, precision))


#define ngx_call_codec(name)                                                  \
    ngx_call(ngx_int_t, name,                                                 \
             (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result),             \
             (pool, s, result))


#define ngx_call_quote(name)                                                  \
    ngx_call(ngx_int_t, name,                                                 \
             (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *safe,                \
              ngx_str_t *result),                                             \
             (pool, s, safe, result))


#define ngx_call_hash(hash)                                                   \
    ngx_int_t call_##hash(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result); \
    ngx_int_t call_##hash(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)  \
    {                                                                         \
        return ngx_http_pyngx_digest(pool, &ngx_http_pyngx_##hash, s,         \
                                     result);                                 \
    }                                                                         \
    ngx_int_t call_hmac_##hash(ngx_pool_t *pool, ngx_str_t *key,              \
        ngx_str_t *s, ngx_str_t *result);                                     \
    ngx_int_t call_hmac_##hash(ngx_pool_t *pool, ngx_str_t *key,              \
        ngx_str_t *s, ngx_str_t *result)                                      \
    {                                                                         \
        return ngx_http_pyngx_hmac_hexdigest(pool, &ngx_http_pyngx_##hash,    \
                                             key, s, result);                 \
    }


#define ngx_call_update(hash)                                                 \
    ngx_int_t call_update_##hash(ngx_pool_t *pool, ngx_str_t *key,            \
        ngx_str_t *parts, ngx_uint_t n, ngx_str_t *result);                   \
    ngx_int_t call_update_##hash(ngx_pool_t *pool, ngx_str_t *key,            \
        ngx_str_t *parts, ngx_uint_t n, ngx_str_t *result)                    \
    {                                                                         \
        return call_parts(pool, &ngx_http_pyngx_##hash, key, parts, n,        \
                          result);                                            \
    }


/* The digests after each of the parts, one after the other. */

static ngx_int_t
call_parts(ngx_pool_t *pool, ngx_http_pyngx_hash_kind_t *kind, ngx_str_t *key,
    ngx_str_t *parts, ngx_uint_t n, ngx_str_t *result)
{
    ngx_int_t               rc;
    ngx_str_t               digest;
    ngx_uint_t              i;
    ngx_http_request_t      r;
    ngx_http_pyngx_hash_t  *copy, *hash;

    r.pool = pool;
    ngx_str_set(&digest, "");
    ngx_str_set(result, "");

    rc = key ? ngx_http_pyngx_hmac_new(&r, kind, key, &digest, &hash)
             : ngx_http_pyngx_hash_new(&r, kind, &digest, &hash);

    for (i = 0; rc == NGX_OK && i < n; i++) {
        ngx_http_pyngx_hash_update(hash, &parts[i]);
        rc = ngx_http_pyngx_hash_copy(&r, hash, &copy);

        if (rc == NGX_OK) {
            rc = ngx_http_pyngx_hash_hexdigest(pool, copy, &digest);
        }

        if (rc == NGX_OK) {
            ngx_http_pyngx_hash_update(copy, &parts[i]);
            rc = ngx_http_pyngx_bytes_concat(pool, result, &digest, result);
        }
    }

    return rc;
}


ngx_call_update(md5)
ngx_call_update(sha1)
ngx_call_update(sha256)
ngx_call_hash(md5)
ngx_call_hash(sha1)
ngx_call_hash(sha256)
ngx_call(ngx_int_t, compare_digest, (ngx_str_t *a, ngx_str_t *b), (a, b))
ngx_call(ngx_int_t, crc32, (ngx_str_t *s, ngx_int_t n), (s, n))
ngx_call(ngx_int_t, adler32, (ngx_str_t *s, ngx_int_t n), (s, n))
ngx_call_codec(b64encode)
ngx_call_codec(urlsafe_b64encode)
ngx_call_codec(b64decode)
ngx_call_codec(urlsafe_b64decode)
ngx_call_codec(unhexlify)
ngx_call_codec(unquote)
ngx_call_quote(quote)
ngx_call_quote(quote_plus)
ngx_call(ngx_int_t, html_escape,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t quote, ngx_str_t *result),
         (pool, s, quote, result))
ngx_call(ngx_int_t, randrange,
         (ngx_int_t a, ngx_int_t b, ngx_int_t *result), (a, b, result))
ngx_call(ngx_int_t, randint,
         (ngx_int_t a, ngx_int_t b, ngx_int_t *result), (a, b, result))


#define ngx_call_str_search(name)                                             \
    ngx_call(ngx_int_t, str_##name,                                           \
             (ngx_str_t *s, ngx_str_t *t, ngx_int_t i, ngx_int_t j),          \
             (s, t, i, j))


#define ngx_call_str_strip(name)                                              \
    ngx_call(void, str_##name,                                                \
             (ngx_str_t *s, ngx_str_t *t, ngx_str_t *result), (s, t, result))


#define ngx_call_str_padded(name)                                             \
    ngx_call(ngx_int_t, str_##name,                                           \
             (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t n, ngx_str_t *fill,   \
              ngx_str_t *result),                                             \
             (pool, s, n, fill, result))


#define ngx_call_str_split(name)                                              \
    ngx_call(ngx_int_t, str_##name,                                           \
             (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *sep, ngx_int_t most, \
              ngx_array_t **result),                                          \
             (pool, s, sep, most, result))


ngx_call_str_search(find)
ngx_call_str_search(rfind)
ngx_call_str_search(count)
ngx_call_str_search(startswith)
ngx_call_str_search(endswith)
ngx_call(ngx_int_t, str_len, (ngx_str_t *s), (s))
ngx_call(ngx_int_t, str_isspace, (ngx_str_t *s), (s))
ngx_call_str_strip(strip)
ngx_call_str_strip(lstrip)
ngx_call_str_strip(rstrip)
ngx_call_str_padded(ljust)
ngx_call_str_padded(rjust)
ngx_call_str_padded(center)
ngx_call(ngx_int_t, str_zfill,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t n, ngx_str_t *result),
         (pool, s, n, result))
ngx_call_str_split(split)
ngx_call_str_split(rsplit)
ngx_call(ngx_int_t, str_splitlines,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t keep,
          ngx_array_t **result),
         (pool, s, keep, result))
ngx_call(ngx_int_t, str_list,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_array_t **result),
         (pool, s, result))
ngx_call(ngx_int_t, str_replace,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *a, ngx_str_t *b,
          ngx_int_t n, ngx_str_t *result),
         (pool, s, a, b, n, result))
ngx_call(void, str_slice,
         (ngx_str_t *s, ngx_int_t i, ngx_int_t j, ngx_str_t *result),
         (s, i, j, result))
ngx_call(ngx_int_t, str_slice_step,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t i, ngx_int_t j,
          ngx_int_t step, ngx_str_t *result),
         (pool, s, i, j, step, result))
ngx_call(ngx_int_t, str_item,
         (ngx_str_t *s, ngx_int_t i, ngx_str_t *result), (s, i, result))
ngx_call(ngx_int_t, str_ord, (ngx_str_t *s, ngx_int_t *result), (s, result))
ngx_call(ngx_int_t, decode,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t encoding,
          ngx_int_t errors, ngx_str_t *result),
         (pool, s, encoding, errors, result))
ngx_call(ngx_int_t, encode,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t encoding,
          ngx_int_t errors, ngx_str_t *result),
         (pool, s, encoding, errors, result))
ngx_call_codec(unquote_text)
ngx_call_codec(unquote_plus)
ngx_call_codec(b16encode)
ngx_call_codec(b32encode)
ngx_call_codec(bytes_fromhex)
ngx_call(ngx_int_t, b16decode,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t fold, ngx_str_t *result),
         (pool, s, fold, result))
ngx_call(ngx_int_t, b32decode,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t fold, ngx_str_t *result),
         (pool, s, fold, result))
ngx_call(ngx_int_t, b2a_base64,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_int_t line, ngx_str_t *result),
         (pool, s, line, result))
ngx_call(ngx_int_t, bytes_hex_apart,
         (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *sep, ngx_int_t group,
          ngx_str_t *result),
         (pool, s, sep, group, result))
ngx_call(ngx_int_t, int_from_bytes,
         (ngx_str_t *s, ngx_int_t little, ngx_int_t with_sign,
          ngx_int_t *result),
         (s, little, with_sign, result))
ngx_call(ngx_int_t, int_to_bytes,
         (ngx_pool_t *pool, ngx_int_t n, ngx_int_t len, ngx_int_t little,
          ngx_int_t with_sign, ngx_str_t *result),
         (pool, n, len, little, with_sign, result))


#define ngx_call_str_is(name)                                                 \
    ngx_call(ngx_int_t, str_##name, (ngx_str_t *s), (s))


#define ngx_call_str_case(name)                                               \
    ngx_call(ngx_int_t, str_##name,                                           \
             (ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result),             \
             (pool, s, result))


ngx_call_str_is(isalpha)
ngx_call_str_is(isalnum)
ngx_call_str_is(isdecimal)
ngx_call_str_is(isdigit)
ngx_call_str_is(isnumeric)
ngx_call_str_is(isprintable)
ngx_call_str_is(isidentifier)
ngx_call_str_is(islower)
ngx_call_str_is(isupper)
ngx_call_str_is(istitle)
ngx_call_str_case(lower)
ngx_call_str_case(upper)
ngx_call_str_case(title)
ngx_call_str_case(capitalize)
ngx_call_str_case(swapcase)
ngx_call_str_case(casefold)
ngx_call(ngx_int_t, str_int,
         (ngx_str_t *s, ngx_int_t base, ngx_int_t *result), (s, base, result))
ngx_call_codec(html_unescape)


#define ngx_call_float_whole(name)                                            \
    ngx_call(ngx_int_t, float_##name,                                         \
             (double x, ngx_int_t *result), (x, result))


ngx_call_float_whole(trunc)
ngx_call_float_whole(round)
ngx_call_float_whole(floor)
ngx_call_float_whole(ceil)
ngx_call(ngx_int_t, float_round_to,
         (double x, ngx_int_t digits, double *result), (x, digits, result))
ngx_call(ngx_int_t, float_whole, (double x, double *result), (x, result))
ngx_call(ngx_int_t, float_parse, (ngx_str_t *s, double *result), (s, result))
ngx_call(double, float_truediv, (ngx_int_t a, ngx_int_t b), (a, b))
ngx_call(ngx_int_t, float_cmp,
         (double x, ngx_int_t n, ngx_int_t unordered), (x, n, unordered))
ngx_call(u_char *, format_float,
         (u_char *p, double x, ngx_uint_t flags, ngx_int_t width,
          ngx_int_t precision, ngx_int_t type),
         (p, x, flags, width, precision, type))
ngx_call(ngx_int_t, timestamp, (ngx_str_t *data, double *result),
         (data, result))
ngx_call(ngx_int_t, message_date,
         (ngx_pool_t *pool, ngx_str_t *data, ngx_str_t *text),
         (pool, data, text))
