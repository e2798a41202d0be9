
/*
 * body.scan() where comparing literals at one place after another would take
 * too long: all of them are followed at once, in a tree in which each knows
 * where to go on when the next byte does not fit (Aho and Corasick).  What
 * was followed is remembered from call to call, so that a byte is looked at
 * as often whether the body is whole or cut into single bytes.
 */


typedef struct ngx_http_pyngx_node_s {
    uint32_t                  child;    /* the first; first literal before */
    uint32_t                  end;      /* after the last child or literal */
    uint32_t                  fail;     /* the longest end that is a node */
    uint32_t                  depth;
    uint32_t                  at;       /* the first match in its bytes */
    uint32_t                  found;    /* 1 + which literal it is, or 0 */
    u_char                    byte;
} ngx_http_pyngx_node_t;


/* The next part of the body, as ngx_http_pyngx_stream_scan(). */

static ngx_int_t
ngx_http_pyngx_scan_walk(ngx_http_request_t *r, ngx_http_pyngx_stream_t *s,
    ngx_http_pyngx_scan_t *scan, ngx_http_pyngx_part_t *part)
{
    size_t      avail, held, len, start;
    u_char     *at;
    ngx_int_t   index, more, rc;

    if (!scan->walking) {

        if (ngx_http_pyngx_scan_plant(r, scan) != NGX_OK) {
            return NGX_ERROR;
        }

        scan->walking = 1;
        scan->credit = 0;
        s->scanned = NULL;
    }

    if (s->scanned != scan) {
        ngx_memzero(&scan->here, sizeof(ngx_http_pyngx_place_t));
        ngx_memzero(&scan->ahead, sizeof(ngx_http_pyngx_place_t));
        s->scanned = scan;

        /* what is read in between is to be heard of */

        s->quick = 0;
    }

    for ( ;; ) {
        avail = 0;
        held = s->held_last - s->held;

        more = ngx_http_pyngx_stream_bytes(r, s, &avail);

        if (more == NGX_ERROR || (more != NGX_OK && held == 0)) {
            return more;
        }

        rc = ngx_http_pyngx_scan_follow(scan, s->held, held, s->pos, avail);

        while (rc == NGX_AGAIN && more == NGX_DONE && scan->here.node) {
            rc = ngx_http_pyngx_scan_fall(scan);

            if (rc == NGX_AGAIN) {
                rc = ngx_http_pyngx_scan_follow(scan, s->held, held, s->pos,
                                                avail);
            }
        }

        start = scan->here.seen - scan->nodes[scan->here.node].depth;
        index = -1;

        if (rc == NGX_OK) {
            start += scan->nodes[scan->here.node].at;
            index = scan->nodes[scan->here.node].found - 1;
        }

        if (start || rc == NGX_OK) {
            break;
        }

        if (more == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (ngx_http_pyngx_stream_hold(r, s, avail, 2 * scan->longest)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    /* a match that begins in what is held may end behind it */

    len = scan->needles[ngx_max(index, 0)].text.len;

    if (start == 0 && held && len > held) {

        if (ngx_http_pyngx_stream_hold(r, s, len - held, 2 * scan->longest)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        held = len;
    }

    at = held ? s->held : s->pos;

    if (held && start > held) {
        start = held;
    }

    len = ngx_http_pyngx_scan_part(scan, part, at, at + start, rc, index);

    if (held) {
        s->held += len;

    } else {
        s->pos += len;
    }

    ngx_http_pyngx_scan_leave(scan, len, part->matched);

    return NGX_OK;
}


/*
 * Follows the bytes that are held and those behind them: NGX_OK when a match
 * is decided, the node knows which; NGX_AGAIN at the end of the bytes.
 */

static ngx_int_t
ngx_http_pyngx_scan_follow(ngx_http_pyngx_scan_t *scan, u_char *held,
    size_t n, u_char *more, size_t avail)
{
    u_char                  c, *end, *p;
    uint32_t                child;
    ngx_http_pyngx_node_t  *node;

    node = &scan->nodes[scan->here.node];

    if (scan->here.node && node->child == node->end) {
        return NGX_OK;
    }

    while (scan->here.seen < n + avail) {

        if (scan->here.seen < n) {
            p = held + scan->here.seen;
            end = held + n;

        } else {
            p = more + (scan->here.seen - n);
            end = more + avail;
        }

        /* what no literal begins with */

        if (scan->here.node == 0 && scan->first[*p] == 0) {

            do {
                p++;
                scan->here.seen++;
            } while (p < end && scan->first[*p] == 0 && !scan->ahead.seen);

            ngx_http_pyngx_scan_jump(scan);

            continue;
        }

        node = &scan->nodes[scan->here.node];
        c = scan->fold ? ngx_tolower(*p) : *p;

        child = ngx_http_pyngx_scan_child(scan, node, c);

        if (child == 0) {

            if (ngx_http_pyngx_scan_fall(scan) == NGX_OK) {
                return NGX_OK;
            }

            continue;
        }

        scan->here.node = child;
        scan->here.seen++;

        node = &scan->nodes[child];

        if (node->child == node->end) {
            return NGX_OK;
        }
    }

    return NGX_AGAIN;
}


/* The child of a node for a byte, or 0. */

static uint32_t
ngx_http_pyngx_scan_child(ngx_http_pyngx_scan_t *scan,
    ngx_http_pyngx_node_t *node, u_char c)
{
    uint32_t  end, first, middle;

    first = node->child;
    end = node->end;

    while (first < end) {
        middle = first + (end - first) / 2;

        if (scan->nodes[middle].byte == c) {
            return middle;
        }

        if (scan->nodes[middle].byte < c) {
            first = middle + 1;

        } else {
            end = middle;
        }
    }

    return 0;
}


/*
 * The next byte does not fit: NGX_OK if that decides the match of the node,
 * else NGX_AGAIN at a node whose bytes begin later.
 */

static ngx_int_t
ngx_http_pyngx_scan_fall(ngx_http_pyngx_scan_t *scan)
{
    ngx_http_pyngx_node_t  *node;

    node = &scan->nodes[scan->here.node];

    if (node->found
        && node->depth - scan->nodes[node->fail].depth > node->at)
    {
        return NGX_OK;
    }

    scan->here.node = node->fail;

    ngx_http_pyngx_scan_jump(scan);

    return NGX_AGAIN;
}


/* Where the bytes begin that are known ahead, it goes on behind them. */

static void
ngx_http_pyngx_scan_jump(ngx_http_pyngx_scan_t *scan)
{
    size_t  start;

    start = scan->here.seen - scan->nodes[scan->here.node].depth;

    if (scan->ahead.seen
        && start >= scan->ahead.seen - scan->nodes[scan->ahead.node].depth)
    {
        scan->here = scan->ahead;
        scan->ahead.seen = 0;
    }
}


/*
 * So many bytes have been read.  After a match, bytes behind it were seen
 * already; the node for the last of them is the place ahead.
 */

static void
ngx_http_pyngx_scan_leave(ngx_http_pyngx_scan_t *scan, size_t len,
    ngx_uint_t matched)
{
    ngx_http_pyngx_place_t  *ahead;

    ahead = &scan->ahead;

    scan->here.seen -= len;

    if (ahead->seen) {
        ahead->seen -= len;
    }

    if (!matched) {
        return;
    }

    if (ahead->seen == 0) {
        *ahead = scan->here;
    }

    scan->here.node = 0;
    scan->here.seen = 0;

    while (scan->nodes[ahead->node].depth > ahead->seen) {
        ahead->node = scan->nodes[ahead->node].fail;
    }

    ngx_http_pyngx_scan_jump(scan);
}


/* Makes the tree: nodes in the order of their depth, children by byte. */

static ngx_int_t
ngx_http_pyngx_scan_plant(ngx_http_request_t *r, ngx_http_pyngx_scan_t *scan)
{
    size_t                     size;
    uint32_t                   n;
    ngx_uint_t                 i;
    ngx_http_pyngx_node_t     *node;
    ngx_http_pyngx_needle_t  **sorted;

    if (scan->planted) {
        return NGX_OK;
    }

    size = 1;

    for (i = 0; i < scan->n; i++) {
        if (scan->needles[i].text.data) {
            size += scan->needles[i].text.len;
        }
    }

    size = scan->usable * sizeof(ngx_http_pyngx_needle_t *)
           + size * sizeof(ngx_http_pyngx_node_t);

    if (scan->tree_size < size) {

        if (scan->tree) {
            ngx_pfree(r->pool, scan->tree);
        }

        size = ngx_max(size, 2 * scan->tree_size);
        scan->tree_size = 0;

        scan->tree = ngx_palloc(r->pool, size);
        if (scan->tree == NULL) {
            return NGX_ERROR;
        }

        scan->tree_size = size;
    }

    sorted = scan->tree;
    scan->nodes = (ngx_http_pyngx_node_t *) (sorted + scan->usable);

    n = 0;

    for (i = 0; i < scan->n; i++) {
        if (scan->needles[i].text.data) {
            sorted[n++] = &scan->needles[i];
        }
    }

    ngx_qsort(sorted, n, sizeof(ngx_http_pyngx_needle_t *),
              ngx_http_pyngx_scan_order);

    node = scan->nodes;
    ngx_memzero(node, sizeof(ngx_http_pyngx_node_t));
    node->end = n;

    n = 1;

    for (i = 0; i < n; i++) {
        n = ngx_http_pyngx_scan_branch(scan, sorted, i, n);
    }

    scan->planted = 1;

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_http_pyngx_scan_order(const void *one, const void *two)
{
    ngx_int_t                 rc;
    ngx_http_pyngx_needle_t  *a, *b;

    a = *(ngx_http_pyngx_needle_t **) one;
    b = *(ngx_http_pyngx_needle_t **) two;

    rc = ngx_memcmp(a->text.data, b->text.data,
                    ngx_min(a->text.len, b->text.len));

    if (rc == 0 && a->text.len != b->text.len) {
        return (a->text.len < b->text.len) ? -1 : 1;
    }

    return rc;
}


/*
 * Gives a node its children, which become node n and those that follow.  No
 * literal is continued of which one before it in the sequence is a prefix.
 * Returns the number of nodes.
 */

static uint32_t
ngx_http_pyngx_scan_branch(ngx_http_pyngx_scan_t *scan,
    ngx_http_pyngx_needle_t **sorted, uint32_t parent, uint32_t n)
{
    uint32_t                  end, first, i, index, own;
    ngx_http_pyngx_node_t    *child, *node;
    ngx_http_pyngx_needle_t  *needle;

    node = &scan->nodes[parent];
    child = NULL;
    first = n;
    end = node->end;

    for (i = node->child; i < end; i++) {

        needle = sorted[i];
        index = needle - scan->needles + 1;

        if (needle->text.len <= node->depth
            || (node->found && node->at == 0 && index > node->found))
        {
            continue;
        }

        if (child == NULL || child->byte != needle->text.data[node->depth]) {
            child = &scan->nodes[n++];
            child->byte = needle->text.data[node->depth];
            child->depth = node->depth + 1;
            child->child = i;
            child->found = 0;
        }

        child->end = i + 1;

        if (needle->text.len == child->depth
            && (child->found == 0 || index < child->found))
        {
            child->found = index;
        }
    }

    node->child = first;
    node->end = n;

    for (i = first; i < n; i++) {
        child = &scan->nodes[i];
        own = child->found;

        child->fail = 0;

        if (parent) {
            child->fail = ngx_http_pyngx_scan_goto(scan, node->fail,
                                                   child->byte);
        }

        ngx_http_pyngx_scan_match(scan, node, child, own);
    }

    return n;
}


/* The node for a node's bytes and one more, or for an end of them. */

static uint32_t
ngx_http_pyngx_scan_goto(ngx_http_pyngx_scan_t *scan, uint32_t node, u_char c)
{
    uint32_t  child;

    for ( ;; ) {
        child = ngx_http_pyngx_scan_child(scan, &scan->nodes[node], c);

        if (child || node == 0) {
            return child;
        }

        node = scan->nodes[node].fail;
    }
}


/*
 * The first match in the bytes of a child: one that begins where they do, one
 * of its parent, or one of the node for their end.
 */

static void
ngx_http_pyngx_scan_match(ngx_http_pyngx_scan_t *scan,
    ngx_http_pyngx_node_t *node, ngx_http_pyngx_node_t *child, uint32_t own)
{
    uint32_t                at;
    ngx_http_pyngx_node_t  *fail;

    child->at = 0;
    child->found = own;

    if (own) {
        return;
    }

    child->at = node->at;
    child->found = node->found;

    fail = &scan->nodes[child->fail];

    if (fail->found == 0) {
        return;
    }

    at = child->depth - fail->depth + fail->at;

    if (child->found == 0
        || at < child->at
        || (at == child->at && fail->found < child->found))
    {
        child->at = at;
        child->found = fail->found;
    }
}
