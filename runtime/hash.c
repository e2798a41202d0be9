
/*
 * hashlib, hmac and the checksums of zlib.  MD5, SHA-1 and CRC-32 are
 * nginx's; it has no SHA-256 of its own.
 */


#define NGX_HTTP_PYNGX_HASH_BLOCK   64
#define NGX_HTTP_PYNGX_HASH_LONGEST 32
#define NGX_HTTP_PYNGX_HASH_STATE   16


/* How one of the hashes goes. */

typedef struct {
    size_t    size;
    void    (*init)(void *state);
    void    (*update)(void *state, const void *data, size_t len);
    void    (*final)(u_char *digest, void *state);
} ngx_http_pyngx_hash_kind_t;


/* A hash that goes on; one with a key has what the end is hashed with. */

typedef struct {
    ngx_http_pyngx_hash_kind_t  *kind;
    uint64_t                     state[NGX_HTTP_PYNGX_HASH_STATE];
    ngx_uint_t                   keyed;
    u_char                       outer[NGX_HTTP_PYNGX_HASH_BLOCK];
} ngx_http_pyngx_hash_t;


typedef struct {
    uint32_t    state[8];
    u_char      block[64];
    size_t      filled;
    uint64_t    bytes;
} ngx_http_pyngx_sha256_t;


/* The first bits of the fractions of the cube roots of the first primes. */

static const uint32_t  ngx_http_pyngx_sha256_roots[] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};


static ngx_http_pyngx_hash_kind_t  ngx_http_pyngx_md5 = {
    16,
    (void (*)(void *)) ngx_md5_init,
    (void (*)(void *, const void *, size_t)) ngx_md5_update,
    (void (*)(u_char *, void *)) ngx_md5_final
};


static ngx_http_pyngx_hash_kind_t  ngx_http_pyngx_sha1 = {
    20,
    (void (*)(void *)) ngx_sha1_init,
    (void (*)(void *, const void *, size_t)) ngx_sha1_update,
    (void (*)(u_char *, void *)) ngx_sha1_final
};


static ngx_http_pyngx_hash_kind_t  ngx_http_pyngx_sha256 = {
    32,
    ngx_http_pyngx_sha256_init,
    ngx_http_pyngx_sha256_update,
    ngx_http_pyngx_sha256_final
};


static void
ngx_http_pyngx_sha256_init(void *state)
{
    ngx_http_pyngx_sha256_t  *sha = state;

    sha->state[0] = 0x6a09e667;
    sha->state[1] = 0xbb67ae85;
    sha->state[2] = 0x3c6ef372;
    sha->state[3] = 0xa54ff53a;
    sha->state[4] = 0x510e527f;
    sha->state[5] = 0x9b05688c;
    sha->state[6] = 0x1f83d9ab;
    sha->state[7] = 0x5be0cd19;
    sha->filled = 0;
    sha->bytes = 0;
}


/* The end: a bit, zeros, and the length in bits. */

static void
ngx_http_pyngx_sha256_final(u_char *digest, void *state)
{
    uint64_t                  bytes;
    ngx_uint_t                i;
    ngx_http_pyngx_sha256_t  *sha = state;

    bytes = sha->bytes;

    ngx_http_pyngx_sha256_update(sha, "\x80", 1);

    while (sha->filled != 56) {
        ngx_http_pyngx_sha256_update(sha, "", 1);
    }

    for (i = 0; i < 8; i++) {
        sha->block[56 + i] = (u_char) (bytes * 8 >> (56 - i * 8));
    }

    ngx_http_pyngx_sha256_block(sha, sha->block);

    for (i = 0; i < 32; i++) {
        digest[i] = (u_char) (sha->state[i / 4] >> (24 - i % 4 * 8));
    }
}


static void
ngx_http_pyngx_sha256_update(void *state, const void *data, size_t len)
{
    size_t                    n;
    u_char                   *p;
    ngx_http_pyngx_sha256_t  *sha = state;

    p = (u_char *) data;
    sha->bytes += len;

    while (len) {

        if (sha->filled == 0 && len >= 64) {
            ngx_http_pyngx_sha256_block(sha, p);
            p += 64;
            len -= 64;
            continue;
        }

        n = ngx_min(len, 64 - sha->filled);

        ngx_memcpy(sha->block + sha->filled, p, n);
        sha->filled += n;
        p += n;
        len -= n;

        if (sha->filled == 64) {
            ngx_http_pyngx_sha256_block(sha, sha->block);
            sha->filled = 0;
        }
    }
}


static void
ngx_http_pyngx_sha256_block(ngx_http_pyngx_sha256_t *sha, u_char *p)
{
    uint32_t    s[8], t1, t2, w[64];
    ngx_uint_t  i;

    for (i = 0; i < 16; i++, p += 4) {
        w[i] = (uint32_t) p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
    }

    for (i = 16; i < 64; i++) {
        t1 = ngx_http_pyngx_sha256_turn(w[i - 15], 7)
             ^ ngx_http_pyngx_sha256_turn(w[i - 15], 18)
             ^ (w[i - 15] >> 3);
        t2 = ngx_http_pyngx_sha256_turn(w[i - 2], 17)
             ^ ngx_http_pyngx_sha256_turn(w[i - 2], 19)
             ^ (w[i - 2] >> 10);

        w[i] = w[i - 16] + t1 + w[i - 7] + t2;
    }

    ngx_memcpy(s, sha->state, sizeof(s));

    for (i = 0; i < 64; i++) {
        t1 = ngx_http_pyngx_sha256_turn(s[4], 6)
             ^ ngx_http_pyngx_sha256_turn(s[4], 11)
             ^ ngx_http_pyngx_sha256_turn(s[4], 25);
        t1 += s[7] + ((s[4] & s[5]) ^ (~s[4] & s[6]))
              + ngx_http_pyngx_sha256_roots[i] + w[i];

        t2 = ngx_http_pyngx_sha256_turn(s[0], 2)
             ^ ngx_http_pyngx_sha256_turn(s[0], 13)
             ^ ngx_http_pyngx_sha256_turn(s[0], 22);
        t2 += (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);

        ngx_memmove(s + 1, s, 7 * sizeof(uint32_t));
        s[4] += t1;
        s[0] = t1 + t2;
    }

    for (i = 0; i < 8; i++) {
        sha->state[i] += s[i];
    }
}


static uint32_t
ngx_http_pyngx_sha256_turn(uint32_t n, ngx_uint_t bits)
{
    return n >> bits | n << (32 - bits);
}


/* A new hash of data, or of nothing yet. */

static ngx_int_t
ngx_http_pyngx_hash_new(ngx_http_request_t *r,
    ngx_http_pyngx_hash_kind_t *kind, ngx_str_t *data,
    ngx_http_pyngx_hash_t **result)
{
    ngx_http_pyngx_hash_t  *hash;

    hash = ngx_palloc(r->pool, sizeof(ngx_http_pyngx_hash_t));
    if (hash == NULL) {
        return NGX_ERROR;
    }

    ngx_http_pyngx_hash_begin(hash, kind, data);

    *result = hash;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_hmac_new(ngx_http_request_t *r,
    ngx_http_pyngx_hash_kind_t *kind, ngx_str_t *key, ngx_str_t *data,
    ngx_http_pyngx_hash_t **result)
{
    ngx_http_pyngx_hash_t  *hash;

    hash = ngx_palloc(r->pool, sizeof(ngx_http_pyngx_hash_t));
    if (hash == NULL) {
        return NGX_ERROR;
    }

    ngx_http_pyngx_hmac_begin(hash, kind, key, data);

    *result = hash;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_hash_copy(ngx_http_request_t *r, ngx_http_pyngx_hash_t *hash,
    ngx_http_pyngx_hash_t **result)
{
    ngx_http_pyngx_hash_t  *copy;

    copy = ngx_palloc(r->pool, sizeof(ngx_http_pyngx_hash_t));
    if (copy == NULL) {
        return NGX_ERROR;
    }

    *copy = *hash;
    *result = copy;

    return NGX_OK;
}


static void
ngx_http_pyngx_hash_update(ngx_http_pyngx_hash_t *hash, ngx_str_t *data)
{
    hash->kind->update(hash->state, data->data, data->len);
}


static ngx_int_t
ngx_http_pyngx_hash_size(ngx_http_pyngx_hash_t *hash)
{
    return hash->kind->size;
}


/* What has been hashed up to now; the hash can go on. */

static ngx_int_t
ngx_http_pyngx_hash_digest(ngx_pool_t *pool, ngx_http_pyngx_hash_t *hash,
    ngx_str_t *result)
{
    u_char     digest[NGX_HTTP_PYNGX_HASH_LONGEST];
    ngx_str_t  found, nothing;

    ngx_str_set(&nothing, "");
    found.len = ngx_http_pyngx_hash_end(*hash, digest);
    found.data = digest;

    return ngx_http_pyngx_bytes_concat(pool, &found, &nothing, result);
}


static ngx_int_t
ngx_http_pyngx_hash_hexdigest(ngx_pool_t *pool, ngx_http_pyngx_hash_t *hash,
    ngx_str_t *result)
{
    u_char     digest[NGX_HTTP_PYNGX_HASH_LONGEST];
    ngx_str_t  found;

    found.len = ngx_http_pyngx_hash_end(*hash, digest);
    found.data = digest;

    return ngx_http_pyngx_bytes_hex(pool, &found, result);
}


/* All of it at once. */

static ngx_int_t
ngx_http_pyngx_digest(ngx_pool_t *pool, ngx_http_pyngx_hash_kind_t *kind,
    ngx_str_t *data, ngx_str_t *result)
{
    ngx_http_pyngx_hash_t  hash;

    ngx_http_pyngx_hash_begin(&hash, kind, data);

    return ngx_http_pyngx_hash_digest(pool, &hash, result);
}


static ngx_int_t
ngx_http_pyngx_hexdigest(ngx_pool_t *pool, ngx_http_pyngx_hash_kind_t *kind,
    ngx_str_t *data, ngx_str_t *result)
{
    ngx_http_pyngx_hash_t  hash;

    ngx_http_pyngx_hash_begin(&hash, kind, data);

    return ngx_http_pyngx_hash_hexdigest(pool, &hash, result);
}


static ngx_int_t
ngx_http_pyngx_hmac_digest(ngx_pool_t *pool, ngx_http_pyngx_hash_kind_t *kind,
    ngx_str_t *key, ngx_str_t *message, ngx_str_t *result)
{
    ngx_http_pyngx_hash_t  hash;

    ngx_http_pyngx_hmac_begin(&hash, kind, key, message);

    return ngx_http_pyngx_hash_digest(pool, &hash, result);
}


static ngx_int_t
ngx_http_pyngx_hmac_hexdigest(ngx_pool_t *pool,
    ngx_http_pyngx_hash_kind_t *kind, ngx_str_t *key, ngx_str_t *message,
    ngx_str_t *result)
{
    ngx_http_pyngx_hash_t  hash;

    ngx_http_pyngx_hmac_begin(&hash, kind, key, message);

    return ngx_http_pyngx_hash_hexdigest(pool, &hash, result);
}


static void
ngx_http_pyngx_hash_begin(ngx_http_pyngx_hash_t *hash,
    ngx_http_pyngx_hash_kind_t *kind, ngx_str_t *data)
{
    hash->kind = kind;
    hash->keyed = 0;
    kind->init(hash->state);
    kind->update(hash->state, data->data, data->len);
}


/* A key that is longer than a block is hashed first. */

static void
ngx_http_pyngx_hmac_begin(ngx_http_pyngx_hash_t *hash,
    ngx_http_pyngx_hash_kind_t *kind, ngx_str_t *key, ngx_str_t *data)
{
    u_char      inner[NGX_HTTP_PYNGX_HASH_BLOCK];
    ngx_uint_t  i;

    ngx_memzero(inner, sizeof(inner));

    if (key->len > sizeof(inner)) {
        ngx_http_pyngx_hash_begin(hash, kind, key);
        kind->final(inner, hash->state);

    } else {
        ngx_memcpy(inner, key->data, key->len);
    }

    for (i = 0; i < sizeof(inner); i++) {
        hash->outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }

    hash->kind = kind;
    hash->keyed = 1;
    kind->init(hash->state);
    kind->update(hash->state, inner, sizeof(inner));
    kind->update(hash->state, data->data, data->len);
}


/* The digest and its size; the hash is a copy, for this is its end. */

static size_t
ngx_http_pyngx_hash_end(ngx_http_pyngx_hash_t hash, u_char *digest)
{
    hash.kind->final(digest, hash.state);

    if (hash.keyed) {
        hash.kind->init(hash.state);
        hash.kind->update(hash.state, hash.outer, sizeof(hash.outer));
        hash.kind->update(hash.state, digest, hash.kind->size);
        hash.kind->final(digest, hash.state);
    }

    return hash.kind->size;
}


/* Takes as long as the second one is, wherever they differ. */

static ngx_int_t
ngx_http_pyngx_compare_digest(ngx_str_t *a, ngx_str_t *b)
{
    size_t           i;
    volatile u_char  differ;

    differ = (a->len != b->len);

    for (i = 0; i < b->len; i++) {
        differ |= b->data[i] ^ ((a->len == b->len) ? a->data[i] : b->data[i]);
    }

    return differ == 0;
}


/* NGX_DECLINED: a character that is not ASCII. */

static ngx_int_t
ngx_http_pyngx_compare_texts(ngx_str_t *a, ngx_str_t *b, ngx_int_t *result)
{
    if (!ngx_http_pyngx_bytes_isascii(a) || !ngx_http_pyngx_bytes_isascii(b)) {
        return NGX_DECLINED;
    }

    *result = ngx_http_pyngx_compare_digest(a, b);

    return NGX_OK;
}


/* Goes on from the checksum of what came before, zero at the beginning. */

static ngx_int_t
ngx_http_pyngx_crc32(ngx_str_t *data, ngx_int_t before)
{
    uint32_t  crc;

    crc = (uint32_t) before ^ 0xffffffff;
    ngx_crc32_update(&crc, data->data, data->len);

    return crc ^ 0xffffffff;
}


static ngx_int_t
ngx_http_pyngx_adler32(ngx_str_t *data, ngx_int_t before)
{
    size_t      i;
    ngx_uint_t  high, low;

    low = (before & 0xffff) % 65521;
    high = (before >> 16 & 0xffff) % 65521;

    for (i = 0; i < data->len; i++) {
        low += data->data[i];
        high += low;

        /* no sum can pass 32 bits in so many rounds */

        if (i % 5552 == 5551) {
            low %= 65521;
            high %= 65521;
        }
    }

    return (high % 65521) << 16 | low % 65521;
}
