
/*
 * body.scan() with literals: the first place in a run of bytes at which one
 * of them matches.  Where there are several, two adjacent bytes of each are
 * looked for with vectors, and literals are compared where these occur.
 */


/*
 * The first match that starts from p on and before stop, in data that ends at
 * last.  NGX_OK: it is at *at.  NGX_AGAIN: there may be one at *at, and none
 * before; not if this is all of the data.  NGX_DECLINED: *at is stop.
 * NGX_BUSY: there is none before *at, and no more credit.
 */

static ngx_int_t
ngx_http_pyngx_scan_find(ngx_http_pyngx_scan_t *scan, u_char *p, u_char *stop,
    u_char *last, ngx_uint_t all, u_char **at, ngx_int_t *index)
{
    *at = stop;

    if (scan->usable == 0) {
        return NGX_DECLINED;
    }

    if (scan->usable == 1) {
        *index = scan->only;
        return ngx_http_pyngx_scan_find_one(scan, p, stop, last, all, at);
    }

    return ngx_http_pyngx_scan_find_any(scan, p, stop, last, all, at, index);
}


static ngx_int_t
ngx_http_pyngx_scan_find_one(ngx_http_pyngx_scan_t *scan, u_char *p,
    u_char *stop, u_char *last, ngx_uint_t all, u_char **at)
{
    size_t                    len;
    u_char                   *found;
    ngx_http_pyngx_needle_t  *needle;

    needle = &scan->needles[scan->only];
    len = needle->text.len;

    found = ngx_http_pyngx_search(p, ngx_min(last - p,
                                             stop - p + (ssize_t) len - 1),
                                  needle, &scan->credit);

    if (scan->credit < 0) {
        *at = found ? found : p;
        return NGX_BUSY;
    }

    if (found) {
        *at = found;
        return NGX_OK;
    }

    if (all) {
        return NGX_DECLINED;
    }

    if ((size_t) (last - p) >= len) {
        p = last - len + 1;
    }

    for ( /* void */ ; p < stop; p++) {

        if (scan->first[*p] == 0) {
            continue;
        }

        *at = p;

        if (ngx_http_pyngx_fits(needle, p, last - p)) {
            return NGX_AGAIN;
        }

        scan->credit -= needle->cost;

        if (scan->credit < 0) {
            return NGX_BUSY;
        }
    }

    *at = stop;

    return NGX_DECLINED;
}


static ngx_int_t
ngx_http_pyngx_scan_find_any(ngx_http_pyngx_scan_t *scan, u_char *p,
    u_char *stop, u_char *last, ngx_uint_t all, u_char **at, ngx_int_t *index)
{
#if (NGX_HTTP_PYNGX_X86)

    u_char     *end;
    uint32_t    found;
    ngx_uint_t  n;

#endif

    u_char     *from;
    ngx_int_t   rc;

    from = p;

#if (NGX_HTTP_PYNGX_X86)

    /* only before this place are all bytes there that are filtered by */

    end = p;

    if (scan->offset + 1 < (size_t) (last - p)) {
        end = ngx_min(stop, last - scan->offset - 1);
    }

    n = scan->needles[scan->only].avx2 ? 32 : 16;

    if ((n == 32 || scan->picked[0]) && end - p >= (ssize_t) n) {

        for ( ;; ) {
            p = (n == 32)
                ? ngx_http_pyngx_scan_v32(scan, p, end - 32, &found)
                : ngx_http_pyngx_scan_v16(scan, p, end - 16, &found);

            for ( /* void */ ; found; found &= found - 1) {
                *at = p + __builtin_ctz(found);

                rc = ngx_http_pyngx_scan_at(scan, *at, last, all, index,
                                            &from);
                if (rc != NGX_DECLINED) {
                    return rc;
                }
            }

            if (p == end - n) {
                p = end;
                break;
            }

            p = (end - p < 2 * (ssize_t) n) ? end - n : p + n;
        }
    }

#endif

    for ( /* void */ ; p < stop; p++) {

        if (scan->first[*p]) {
            *at = p;

            rc = ngx_http_pyngx_scan_at(scan, p, last, all, index, &from);
            if (rc != NGX_DECLINED) {
                return rc;
            }
        }
    }

    *at = stop;

    return NGX_DECLINED;
}


/*
 * What is at one place: as ngx_http_pyngx_scan_find().  The way from *from has
 * not yet given credit.
 */

static ngx_int_t
ngx_http_pyngx_scan_at(ngx_http_pyngx_scan_t *scan, u_char *p, u_char *last,
    ngx_uint_t all, ngx_int_t *index, u_char **from)
{
    ngx_uint_t                i;
    ngx_http_pyngx_needle_t  *needle;

    for (i = scan->first[*p]; i; i = needle->next) {

        needle = &scan->needles[i - 1];

        if (needle->text.len <= (size_t) (last - p)) {

            if (ngx_http_pyngx_fits(needle, p, needle->text.len)) {
                *index = i - 1;
                return NGX_OK;
            }

        } else if (!all && ngx_http_pyngx_fits(needle, p, last - p)) {
            return NGX_AGAIN;
        }

        if (ngx_http_pyngx_pay(&scan->credit, needle->cost, from, p)) {
            return NGX_BUSY;
        }
    }

    return NGX_DECLINED;
}


/*
 * Prepares the filter: literals are dealt into eight groups, and for each
 * half of two adjacent bytes a table says in which groups it occurs.  Those
 * bytes are taken of which even the commonest pair is rare.
 */

static void
ngx_http_pyngx_scan_filter(ngx_http_pyngx_scan_t *scan)
{
    u_char                    bit, c, *text;
    size_t                    j, offset;
    ngx_uint_t                i, k, most, least, n;
    ngx_http_pyngx_needle_t  *needle;

    ngx_memzero(scan->filter, sizeof(scan->filter));

    n = ngx_min(scan->shortest, 2);
    least = 512;
    scan->offset = 0;

    for (offset = 0; offset + n <= scan->shortest; offset++) {

        most = 0;

        for (i = 0; i < scan->n; i++) {
            text = scan->needles[i].text.data;

            if (text) {
                k = ngx_http_pyngx_frequency[text[offset]]
                    + ngx_http_pyngx_frequency[text[offset + n - 1]];
                most = ngx_max(most, k);
            }
        }

        if (most < least) {
            least = most;
            scan->offset = offset;
        }
    }

    for (i = 0; i < scan->n; i++) {

        needle = &scan->needles[i];

        if (needle->text.data == NULL) {
            continue;
        }

        bit = 1 << (i % 8);

        for (j = 0; j < n; j++) {
            c = needle->text.data[scan->offset + j];

            scan->filter[2 * j][c & 15] |= bit;
            scan->filter[2 * j + 1][c >> 4] |= bit;

            c &= ~ngx_http_pyngx_fold_bits(needle, c);

            scan->filter[2 * j + 1][c >> 4] |= bit;
        }
    }

    if (n == 1) {
        ngx_memset(scan->filter[2], 0xff, 32);
    }

    ngx_http_pyngx_scan_pick(scan, n);
}


/*
 * The bytes themselves, for who has no such tables; none if they are many.
 * All are compared with the bit set that makes letters lower-case, if case
 * is ignored: this may find more places, not fewer.
 */

static void
ngx_http_pyngx_scan_pick(ngx_http_pyngx_scan_t *scan, ngx_uint_t n)
{
    u_char      c, *text;
    ngx_uint_t  i, j;

    scan->picked[0] = 0;
    scan->picked[1] = 0;

    for (i = 0; i < scan->n; i++) {
        text = scan->needles[i].text.data;

        for (j = 0; text && j < n; j++) {
            c = text[scan->offset + j] | (scan->fold ? 0x20 : 0);

            if (scan->picked[j]
                && memchr(scan->pick[j], c, scan->picked[j]))
            {
                continue;
            }

            if (scan->picked[j] == 8) {
                scan->picked[0] = 0;
                return;
            }

            scan->pick[j][scan->picked[j]++] = c;
        }
    }
}


/*
 * The first 16 places of which one or more may be a match, a bit for each in
 * *found; or last, the last ones of all.
 */

static u_char *
ngx_http_pyngx_scan_v16(ngx_http_pyngx_scan_t *scan, u_char *p, u_char *last,
    uint32_t *found)
{
#if (NGX_HTTP_PYNGX_X86)

    uint32_t              bits;
    ngx_uint_t            i, n, second;
    ngx_http_pyngx_v16_t  a, b, fold, pick[2][8], x, y, zero;

    ngx_memzero(&zero, 16);

    fold = zero + (char) (scan->fold ? 0x20 : 0);
    n = scan->picked[0];
    second = scan->picked[1];

    for (i = 0; i < n; i++) {
        pick[0][i] = zero + (char) scan->pick[0][i];
    }

    for (i = 0; i < second; i++) {
        pick[1][i] = zero + (char) scan->pick[1][i];
    }

    p += scan->offset;
    last += scan->offset;

    for ( ;; ) {
        ngx_memcpy(&x, p, 16);

        x |= fold;
        a = (ngx_http_pyngx_v16_t) (x == pick[0][0]);

        for (i = 1; i < n; i++) {
            a |= (ngx_http_pyngx_v16_t) (x == pick[0][i]);
        }

        bits = __builtin_ia32_pmovmskb128(a);

        if (bits && second) {
            ngx_memcpy(&y, p + 1, 16);

            y |= fold;
            b = zero;

            for (i = 0; i < second; i++) {
                b |= (ngx_http_pyngx_v16_t) (y == pick[1][i]);
            }

            bits = __builtin_ia32_pmovmskb128(a & b);
        }

        if (bits) {
            break;
        }

        p += 16;

        if (p > last) {

            if (p == last + 16) {
                p = last;
                break;
            }

            p = last;
        }
    }

    *found = bits;

    return p - scan->offset;

#else
    return NULL;
#endif
}


/*
 * The first 32 places of which one or more may be a match, a bit for each in
 * *found; or last, the last ones of all.
 */

static NGX_HTTP_PYNGX_AVX2 u_char *
ngx_http_pyngx_scan_v32(ngx_http_pyngx_scan_t *scan, u_char *p, u_char *last,
    uint32_t *found)
{
#if (NGX_HTTP_PYNGX_X86)

    uint32_t              bits;
    ngx_uint_t            i;
    ngx_http_pyngx_v32_t  a, b, half, x, y, zero, table[4];

    /* a table for each half of a vector */

    for (i = 0; i < 4; i++) {
        ngx_memcpy(&table[i], scan->filter[i], 16);
        ngx_memcpy((u_char *) &table[i] + 16, scan->filter[i], 16);
    }

    ngx_memzero(&zero, 32);
    half = zero + 15;

    p += scan->offset;
    last += scan->offset;

    for ( ;; ) {
        ngx_memcpy(&x, p, 32);
        ngx_memcpy(&y, p + 1, 32);

        a = __builtin_ia32_pshufb256(table[0], x & half)
            & __builtin_ia32_pshufb256(table[1],
                  (ngx_http_pyngx_v32_t) ((ngx_http_pyngx_w32_t) x >> 4)
                  & half);

        b = __builtin_ia32_pshufb256(table[2], y & half)
            & __builtin_ia32_pshufb256(table[3],
                  (ngx_http_pyngx_v32_t) ((ngx_http_pyngx_w32_t) y >> 4)
                  & half);

        x = (ngx_http_pyngx_v32_t) ((a & b) == zero);

        bits = ~__builtin_ia32_pmovmskb256(x);

        if (bits) {
            break;
        }

        p += 32;

        if (p > last) {

            if (p == last + 32) {
                p = last;
                break;
            }

            p = last;
        }
    }

    *found = bits;

    return p - scan->offset;

#else
    return NULL;
#endif
}
