
/*
 * Search for a literal.  The two bytes of it that are rarest in web pages
 * are compared at many places at once; where both fit, the whole is compared.
 *
 * Comparisons that fail are paid for with credit: who has none left goes on
 * with a search that is slower but never looks at a byte many times.
 */


/* x86-64 always has 16-byte vectors; 32-byte ones are asked for at run time */

#ifdef NGX_HTTP_PYNGX_PORTABLE
#define NGX_HTTP_PYNGX_X86   0
#define NGX_HTTP_PYNGX_AVX2
#elif (__x86_64__ && __GNUC__)
#define NGX_HTTP_PYNGX_X86   1
#define NGX_HTTP_PYNGX_AVX2  __attribute__((target("avx2")))
#else
#define NGX_HTTP_PYNGX_X86   0
#define NGX_HTTP_PYNGX_AVX2
#endif


#define NGX_HTTP_PYNGX_CREDIT  4096


typedef __attribute__((vector_size(16))) char  ngx_http_pyngx_v16_t;


typedef __attribute__((vector_size(32))) char  ngx_http_pyngx_v32_t;


typedef __attribute__((vector_size(32))) uint16_t  ngx_http_pyngx_w32_t;


typedef struct {
    ngx_str_t   text;          /* in lower case, if fold */
    size_t      a;             /* where its rarest byte is */
    size_t      b;             /* the next rarest one */
    ngx_uint_t  next;          /* used by scan */
    ngx_int_t   cost;          /* of comparing it in vain */
    u_char      a_bits;        /* set in data before it is compared */
    u_char      b_bits;
    unsigned    fold:1;        /* the case of ASCII letters is ignored */
    unsigned    avx2:1;
} ngx_http_pyngx_needle_t;


/*
 * How common bytes are in pages, scripts and style sheets: logarithms, 10 to
 * a factor of two.
 */

static u_char  ngx_http_pyngx_frequency[256] = {
     22,  28,  28,  22,  22,  22,  22,  22,
     22,  56, 189,  22,  22,  22,  22,  22,
     22,  22,  22,  22,  22,  22,  22,  22,
     22,  22,  22,  22,  22,  22,  22,  22,
    227, 159, 199, 182, 132, 107, 165, 156,
    174, 174, 136, 132, 175, 199, 199, 201,
    190, 198, 196, 193, 192, 188, 189, 185,
    187, 184, 178, 174, 203, 200, 203, 128,
    135, 154, 152, 164, 141, 151, 162, 123,
    147, 163, 102, 120, 162, 156, 144, 149,
    147,  96, 149, 161, 160, 134, 138, 134,
    115, 138, 109, 157, 128, 157, 127, 173,
    165, 213, 183, 199, 200, 212, 193, 185,
    195, 205, 144, 176, 199, 190, 209, 203,
    204, 142, 202, 211, 210, 187, 176, 181,
    166, 173, 156, 160, 138, 160,  78,  31,
    120, 120, 120, 120, 112, 102, 113, 101,
    117, 105, 108, 118, 113, 100,  79, 103,
    110,  94, 113, 106, 119, 115, 107, 114,
    107, 120,  98,  95, 114, 113, 105, 103,
    106, 101,  95,  96, 113, 100, 106, 112,
    111, 106, 108, 108, 105, 102, 114, 110,
    108,  94,  88, 107, 105,  95,  83,  84,
    109, 101,  94,  98, 113,  98, 109, 104,
     60,  60,  82,  92,  69,  72,  60,  60,
     60,  60,  60,  60,  60,  60,  60,  62,
     60,  60,  60,  60,  60,  60,  60,  60,
     60,  60,  60,  60,  60,  60,  60,  60,
     60,  85, 120, 120, 107, 120, 117, 109,
    107,  99, 103, 119, 120, 109,  60,  88,
     71,  60,  60,  60,  60,  60,  60,  60,
     20,  20,  20,  20,  20,  20,  20,  20
};


/* Prepares a needle whose text and fold are set; the text is not empty. */

static void
ngx_http_pyngx_needle(ngx_http_pyngx_needle_t *needle)
{
    size_t   i;
    u_char  *frequency, *text;

    frequency = ngx_http_pyngx_frequency;
    text = needle->text.data;

    needle->a = 0;
    needle->cost = 8 + (needle->fold ? 2 * needle->text.len
                                     : needle->text.len / 8);

    for (i = 1; i < needle->text.len; i++) {
        if (frequency[text[i]] < frequency[text[needle->a]]) {
            needle->a = i;
        }
    }

    /* a second place, even if the same byte is there */

    needle->b = (needle->a == 0) ? needle->text.len - 1 : 0;

    for (i = 0; i < needle->text.len; i++) {
        if (i != needle->a
            && frequency[text[i]] < frequency[text[needle->b]])
        {
            needle->b = i;
        }
    }

    needle->a_bits = ngx_http_pyngx_fold_bits(needle, text[needle->a]);
    needle->b_bits = ngx_http_pyngx_fold_bits(needle, text[needle->b]);

#if (NGX_HTTP_PYNGX_X86)
    needle->avx2 = (__builtin_cpu_supports("avx2") != 0);
#endif
}


/* What makes a letter lower-case. */

static u_char
ngx_http_pyngx_fold_bits(ngx_http_pyngx_needle_t *needle, u_char c)
{
    return (needle->fold && c >= 'a' && c <= 'z') ? 0x20 : 0;
}


/*
 * The first place of a needle in data, or NULL.  If credit is negative then:
 * the first place that was not looked at.
 */

static u_char *
ngx_http_pyngx_search(u_char *data, size_t len,
    ngx_http_pyngx_needle_t *needle, ngx_int_t *credit)
{
    if (len < needle->text.len) {
        return NULL;
    }

    /* the places where it may start are data to data + len */

    len -= needle->text.len;

#if (NGX_HTTP_PYNGX_X86)

    if (len >= 31 && needle->avx2) {
        return ngx_http_pyngx_search_vectors(data, data + len, 32, needle,
                                             credit);
    }

    if (len >= 15) {
        return ngx_http_pyngx_search_vectors(data, data + len, 16, needle,
                                             credit);
    }

#endif

    return ngx_http_pyngx_search_bytes(data, data + len, needle, credit);
}


/*
 * Many places at a time; there are so many at least.  The last ones are
 * looked at together with some before them.
 */

static u_char *
ngx_http_pyngx_search_vectors(u_char *p, u_char *last, ngx_uint_t n,
    ngx_http_pyngx_needle_t *needle, ngx_int_t *credit)
{
#if (NGX_HTTP_PYNGX_X86)

    u_char    *from, *q;
    uint32_t   found;

    from = p;
    last -= n - 1;

    for ( ;; ) {
        p = (n == 32) ? ngx_http_pyngx_search_v32(p, last, needle, &found)
                      : ngx_http_pyngx_search_v16(p, last, needle, &found);

        for ( /* void */ ; found; found &= found - 1) {
            q = p + __builtin_ctz(found);

            if (ngx_http_pyngx_fits(needle, q, needle->text.len)) {
                return q;
            }

            if (ngx_http_pyngx_pay(credit, needle->cost, &from, q)) {
                return q + 1;
            }
        }

        if (p == last) {
            return NULL;
        }

        p = (last - p < (ssize_t) n) ? last : p + n;
    }

#else
    return NULL;
#endif
}


/*
 * The first 32 places of which one or more may be a match, a bit for each in
 * *found; or last, the last ones of all.
 */

static NGX_HTTP_PYNGX_AVX2 u_char *
ngx_http_pyngx_search_v32(u_char *p, u_char *last,
    ngx_http_pyngx_needle_t *needle, uint32_t *found)
{
#if (NGX_HTTP_PYNGX_X86)

    size_t                 b;
    uint32_t               bits;
    ngx_http_pyngx_v32_t   va, va_bits, vb, vb_bits, x, y, zero;

    ngx_memzero(&zero, 32);

    va = zero + (char) needle->text.data[needle->a];
    vb = zero + (char) needle->text.data[needle->b];
    va_bits = zero + (char) needle->a_bits;
    vb_bits = zero + (char) needle->b_bits;

    b = needle->b - needle->a;
    p += needle->a;
    last += needle->a;

    for ( ;; ) {
        ngx_memcpy(&x, p, 32);
        ngx_memcpy(&y, p + b, 32);

        x = (ngx_http_pyngx_v32_t) ((x | va_bits) == va)
            & (ngx_http_pyngx_v32_t) ((y | vb_bits) == vb);

        bits = __builtin_ia32_pmovmskb256(x);

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

    return p - needle->a;

#else
    return NULL;
#endif
}


/* The same with 16 places. */

static u_char *
ngx_http_pyngx_search_v16(u_char *p, u_char *last,
    ngx_http_pyngx_needle_t *needle, uint32_t *found)
{
#if (NGX_HTTP_PYNGX_X86)

    size_t                 b;
    uint32_t               bits;
    ngx_http_pyngx_v16_t   va, va_bits, vb, vb_bits, x, y, zero;

    ngx_memzero(&zero, 16);

    va = zero + (char) needle->text.data[needle->a];
    vb = zero + (char) needle->text.data[needle->b];
    va_bits = zero + (char) needle->a_bits;
    vb_bits = zero + (char) needle->b_bits;

    b = needle->b - needle->a;
    p += needle->a;
    last += needle->a;

    for ( ;; ) {
        ngx_memcpy(&x, p, 16);
        ngx_memcpy(&y, p + b, 16);

        x = (ngx_http_pyngx_v16_t) ((x | va_bits) == va)
            & (ngx_http_pyngx_v16_t) ((y | vb_bits) == vb);

        bits = __builtin_ia32_pmovmskb128(x);

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

    return p - needle->a;

#else
    return NULL;
#endif
}


/* One place at a time: where there are few, or no vectors. */

static u_char *
ngx_http_pyngx_search_bytes(u_char *p, u_char *last,
    ngx_http_pyngx_needle_t *needle, ngx_int_t *credit)
{
    u_char  a, b, *from, *q;

    from = p;
    a = needle->text.data[needle->a];
    b = needle->text.data[needle->b];

    for ( /* void */ ; p <= last; p++) {

        if (!needle->a_bits) {
            q = memchr(p + needle->a, a, last - p + 1);
            if (q == NULL) {
                return NULL;
            }

            p = q - needle->a;
        }

        if ((p[needle->a] | needle->a_bits) == a
            && (p[needle->b] | needle->b_bits) == b)
        {
            if (ngx_http_pyngx_fits(needle, p, needle->text.len)) {
                return p;
            }

            if (ngx_http_pyngx_pay(credit, needle->cost, &from, p)) {
                return p + 1;
            }
        }
    }

    return NULL;
}


/* The first place of sub in data, or NULL; in linear time, always. */

static u_char *
ngx_http_pyngx_search_once(u_char *data, size_t len, ngx_str_t *sub)
{
    u_char                   *p;
    ngx_int_t                 credit;
    ngx_http_pyngx_needle_t   needle;

    /* preparing the needle must be worth it */

    if (len < 256 || len / 8 < sub->len) {
        return memmem(data, len, sub->data, sub->len);
    }

    needle.text = *sub;
    needle.fold = 0;
    credit = NGX_HTTP_PYNGX_CREDIT;

    ngx_http_pyngx_needle(&needle);

    p = ngx_http_pyngx_search(data, len, &needle, &credit);

    if (credit >= 0) {
        return p;
    }

    return memmem(p, data + len - p, sub->data, sub->len);
}


/*
 * Takes a cost from credit; when that is used up, the way from *from to at
 * gives new one.  Returns whether there is none left.
 */

static ngx_uint_t
ngx_http_pyngx_pay(ngx_int_t *credit, ngx_int_t cost, u_char **from,
    u_char *at)
{
    *credit -= cost;

    if (*credit < 0 && at > *from) {
        *credit += 2 * (at - *from);
        *from = at;
    }

    return *credit < 0;
}


/* Whether data is a needle, or so many first bytes of it. */

static ngx_uint_t
ngx_http_pyngx_fits(ngx_http_pyngx_needle_t *needle, u_char *data, size_t len)
{
    size_t   i;
    u_char  *text;

    text = needle->text.data;

    if (!needle->fold) {
        return ngx_memcmp(data, text, len) == 0;
    }

    for (i = 0; i < len; i++) {
        if (ngx_tolower(data[i]) != text[i]) {
            return 0;
        }
    }

    return 1;
}
