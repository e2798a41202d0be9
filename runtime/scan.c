
/*
 * body.scan() with literals: the body in parts, of which those are marked
 * that re.finditer() on the whole would find.
 *
 * Text is delivered up to the first place that may turn out to be a match
 * when more has come; from there on bytes are held, and given back one place
 * after another as candidates fail.
 */


typedef struct {
    uint32_t                  node;
    size_t                    seen;     /* bytes of what is unread */
} ngx_http_pyngx_place_t;


typedef struct {
    ngx_http_pyngx_needle_t  *needles;
    uint32_t                 *first;    /* by first byte: 1 + which needle */
    ngx_uint_t                n;
    ngx_uint_t                usable;   /* not longer than the limit */
    ngx_uint_t                only;     /* which, if it is but one */
    size_t                    longest;
    size_t                    shortest;
    size_t                    offset;   /* of the bytes that are filtered by */
    u_char                    filter[4][16];
    u_char                    pick[2][8];
    ngx_uint_t                picked[2];
    u_char                   *memory;
    size_t                    size;
    ngx_int_t                 credit;   /* for comparing in vain */
    void                     *tree;     /* memory of nodes */
    size_t                    tree_size;
    struct ngx_http_pyngx_node_s  *nodes;
    ngx_http_pyngx_place_t    here;     /* where the walk is */
    ngx_http_pyngx_place_t    ahead;    /* where it has been, if seen */
    unsigned                  fold:1;
    unsigned                  planted:1;
    unsigned                  walking:1;
} ngx_http_pyngx_scan_t;


typedef struct {
    ngx_str_t                 bytes;
    ngx_uint_t                matched;
    ngx_int_t                 index;    /* of the literal, -1 for text */
} ngx_http_pyngx_part_t;


/*
 * Prepares a scan for n literals, none of them empty; they need not outlive
 * the call.  The memory of a scan that was prepared before is used again.
 */

static ngx_int_t
ngx_http_pyngx_scan_init(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_http_pyngx_scan_t *scan, ngx_str_t *literals, ngx_uint_t n,
    ngx_uint_t ignore_case, ngx_int_t limit)
{
    size_t                    size;
    u_char                   *p;
    ngx_uint_t                i;
    ngx_http_pyngx_needle_t  *needle;

    size = n * sizeof(ngx_http_pyngx_needle_t) + 256 * sizeof(uint32_t);

    for (i = 0; i < n; i++) {
        size += literals[i].len;
    }

    if (scan->size < size) {

        if (scan->memory) {
            ngx_pfree(r->pool, scan->memory);
        }

        size = ngx_max(size, 2 * scan->size);

        scan->memory = ngx_palloc(r->pool, size);
        if (scan->memory == NULL) {
            return NGX_ERROR;
        }

        scan->size = size;
    }

    scan->needles = (ngx_http_pyngx_needle_t *) scan->memory;
    scan->first = (uint32_t *) (scan->needles + n);
    scan->n = n;
    scan->fold = (ignore_case != 0);
    scan->usable = 0;
    scan->credit = NGX_HTTP_PYNGX_CREDIT;
    scan->planted = 0;
    scan->walking = 0;
    scan->longest = 1;
    scan->shortest = 0;

    p = (u_char *) (scan->first + 256);

    ngx_memzero(scan->first, 256 * sizeof(uint32_t));

    /* backwards, for the first of a sequence is to be the head of its list */

    for (i = n; i-- > 0; /* void */ ) {

        needle = &scan->needles[i];
        needle->text.data = NULL;

        if (limit < 0 || literals[i].len > (size_t) limit) {
            continue;
        }

        needle->text.data = p;
        needle->text.len = literals[i].len;
        needle->fold = (ignore_case != 0);

        if (ignore_case) {
            ngx_strlow(p, literals[i].data, literals[i].len);

        } else {
            ngx_memcpy(p, literals[i].data, literals[i].len);
        }

        ngx_http_pyngx_needle(needle);

        needle->next = scan->first[*p];
        scan->first[*p] = i + 1;

        if (ignore_case) {
            scan->first[ngx_toupper(*p)] = i + 1;
        }

        p += literals[i].len;

        scan->only = i;
        scan->usable++;
        scan->longest = ngx_max(scan->longest, literals[i].len);

        if (scan->shortest == 0 || scan->shortest > literals[i].len) {
            scan->shortest = literals[i].len;
        }
    }

    if (scan->usable > 1) {
        ngx_http_pyngx_scan_filter(scan);
    }

    return NGX_OK;
}


/*
 * The next part of the body: NGX_OK; NGX_DONE at the end; NGX_AGAIN, to be
 * called again with the same arguments when there is more input or room.
 */

static ngx_int_t
ngx_http_pyngx_stream_scan(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_http_pyngx_scan_t *scan, ngx_http_pyngx_part_t *part)
{
    void       *scanned;
    size_t      avail, held, len, look;
    u_char     *at;
    ngx_int_t   index, more, rc;

    scanned = s->scanned;
    rc = ngx_http_pyngx_stream_begin(s);
    s->scanned = scanned;

    if (rc != NGX_OK) {
        return rc;
    }

    s->searched = 0;

    if (scan->credit < 0) {
        return ngx_http_pyngx_scan_walk(r, s, scan, part);
    }

    if (scan->walking) {

        if (scan->credit < NGX_HTTP_PYNGX_CREDIT
            || scan->here.seen || scan->ahead.seen)
        {
            return ngx_http_pyngx_scan_walk(r, s, scan, part);
        }

        scan->walking = 0;
    }

    for ( ;; ) {
        avail = 0;
        held = s->held_last - s->held;

        more = ngx_http_pyngx_stream_bytes(r, s, &avail);

        if (more == NGX_ERROR || (more != NGX_OK && held == 0)) {
            return more;
        }

        if (held == 0) {

            rc = ngx_http_pyngx_scan_find(scan, s->pos, s->buf->last,
                                          s->buf->last, 0, &at, &index);

            if (rc == NGX_BUSY && at == s->pos) {
                return ngx_http_pyngx_scan_walk(r, s, scan, part);
            }

            if (rc == NGX_AGAIN && at == s->pos) {

                if (ngx_http_pyngx_stream_hold(r, s, avail, 2 * scan->longest)
                    != NGX_OK)
                {
                    return NGX_ERROR;
                }

                continue;
            }

            len = ngx_http_pyngx_scan_part(scan, part, s->pos, at, rc, index);
            s->pos += len;

            return NGX_OK;
        }

        /* as much after what is held as can decide whether matches start */

        look = ngx_min(avail, scan->longest - 1);

        if (ngx_http_pyngx_stream_hold_room(r, s, look, 2 * scan->longest)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (look) {
            ngx_memcpy(s->held_last, s->pos, look);
        }

        scan->credit -= (held + look) / (scan->fold ? 1 : 16);

        rc = ngx_http_pyngx_scan_find(scan, s->held, s->held_last,
                                      s->held_last + look, more == NGX_DONE,
                                      &at, &index);

        if (rc == NGX_BUSY && at == s->held) {
            return ngx_http_pyngx_scan_walk(r, s, scan, part);
        }

        if (rc == NGX_AGAIN && at == s->held) {

            if (more == NGX_AGAIN) {
                return NGX_AGAIN;
            }

            s->held_last += look;
            s->pos += look;

            continue;
        }

        len = ngx_http_pyngx_scan_part(scan, part, s->held, at, rc, index);

        if (len > held) {
            s->pos += len - held;
            len = held;
        }

        s->held += len;

        return NGX_OK;
    }
}


/* Sets a part to what was found, or to the text before; returns its length. */

static size_t
ngx_http_pyngx_scan_part(ngx_http_pyngx_scan_t *scan,
    ngx_http_pyngx_part_t *part, u_char *data, u_char *at, ngx_int_t rc,
    ngx_int_t index)
{
    part->bytes.data = data;

    if (rc == NGX_OK && at == data) {
        part->bytes.len = scan->needles[index].text.len;
        part->matched = 1;
        part->index = index;

    } else {
        part->bytes.len = at - data;
        part->matched = 0;
        part->index = -1;
    }

    /* what was passed pays for more comparisons */

    if (scan->credit >= 0) {
        scan->credit = ngx_min(scan->credit
                               + 2 * (ngx_int_t) part->bytes.len,
                               NGX_HTTP_PYNGX_CREDIT);
    }

    return part->bytes.len;
}
