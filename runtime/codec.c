
/*
 * base64 and binascii, with the results that Python has.
 */


static ngx_int_t
ngx_http_pyngx_b64encode(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    ngx_str_t  text;

    if (ngx_http_pyngx_bytes_new(pool, ngx_base64_encoded_length(s->len),
                                 &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_encode_base64(&text, s);

    *result = text;

    return NGX_OK;
}


/* Unlike nginx's base64url, Python's keeps the padding. */

static ngx_int_t
ngx_http_pyngx_urlsafe_b64encode(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *result)
{
    size_t  i;

    if (ngx_http_pyngx_b64encode(pool, s, result) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < result->len; i++) {

        if (result->data[i] == '+') {
            result->data[i] = '-';

        } else if (result->data[i] == '/') {
            result->data[i] = '_';
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_b64decode(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    return ngx_http_pyngx_base64(pool, s, '+', '/', result);
}


static ngx_int_t
ngx_http_pyngx_urlsafe_b64decode(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *result)
{
    return ngx_http_pyngx_base64(pool, s, '-', '_', result);
}


/*
 * What is no digit is passed over; padding ends the data where it completes
 * four digits.  NGX_DECLINED: digits are missing.
 */

static ngx_int_t
ngx_http_pyngx_base64(ngx_pool_t *pool, ngx_str_t *s, u_char plus,
    u_char slash, ngx_str_t *result)
{
    u_char      ch, *p;
    size_t      i;
    ngx_int_t   n;
    ngx_str_t   text;
    ngx_uint_t  bits, padding, place;

    if (ngx_http_pyngx_bytes_new(pool, ngx_base64_decoded_length(s->len),
                                 &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = text.data;
    bits = 0;
    padding = 0;
    place = 0;

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];

        if (ch == '=') {
            if (place >= 2 && place + ++padding >= 4) {
                place = 0;
                break;
            }

            continue;
        }

        n = ngx_http_pyngx_base64_digit(ch, plus, slash);

        if (n == -1) {
            continue;
        }

        padding = 0;
        bits = bits << 6 | n;

        if (place) {
            *p++ = (u_char) (bits >> (6 - place * 2));
        }

        place = (place + 1) % 4;
    }

    if (place) {
        return NGX_DECLINED;
    }

    text.len = p - text.data;
    *result = text;

    return NGX_OK;
}


/* The usual two stay digits in the alphabet that is safe in URLs. */

static ngx_int_t
ngx_http_pyngx_base64_digit(u_char ch, u_char plus, u_char slash)
{
    if (ch >= 'A' && ch <= 'Z') {
        return ch - 'A';
    }

    if (ch >= 'a' && ch <= 'z') {
        return ch - 'a' + 26;
    }

    if (ch >= '0' && ch <= '9') {
        return ch - '0' + 52;
    }

    if (ch == '+' || ch == plus) {
        return 62;
    }

    return (ch == '/' || ch == slash) ? 63 : -1;
}


/* NGX_DECLINED: not an even number of hexadecimal digits. */

static ngx_int_t
ngx_http_pyngx_unhexlify(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    size_t     i;
    ngx_int_t  high, low;
    ngx_str_t  text;

    if (s->len % 2) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_new(pool, s->len / 2, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < text.len; i++) {
        high = ngx_http_pyngx_hex_digit(s->data[i * 2]);
        low = ngx_http_pyngx_hex_digit(s->data[i * 2 + 1]);

        if (high == -1 || low == -1) {
            return NGX_DECLINED;
        }

        text.data[i] = (u_char) (high << 4 | low);
    }

    *result = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_hex_digit(u_char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return (ch >= 'a' && ch <= 'f') ? ch - 'a' + 10 : -1;
}


static ngx_int_t
ngx_http_pyngx_b2a_base64(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t newline,
    ngx_str_t *result)
{
    ngx_str_t  end, text;

    if (ngx_http_pyngx_b64encode(pool, s, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_set(&end, "\n");
    end.len = newline ? 1 : 0;

    return ngx_http_pyngx_bytes_concat(pool, &text, &end, result);
}


static ngx_int_t
ngx_http_pyngx_b16encode(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    size_t  i;

    if (ngx_http_pyngx_bytes_hex(pool, s, result) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < result->len; i++) {
        result->data[i] = ngx_toupper(result->data[i]);
    }

    return NGX_OK;
}


/* NGX_DECLINED: not pairs of digits, or small letters without fold. */

static ngx_int_t
ngx_http_pyngx_b16decode(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t fold,
    ngx_str_t *result)
{
    size_t  i;

    for (i = 0; i < s->len; i++) {
        if (!fold && s->data[i] >= 'a') {
            return NGX_DECLINED;
        }
    }

    return ngx_http_pyngx_unhexlify(pool, s, result);
}


static ngx_int_t
ngx_http_pyngx_b32encode(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *result)
{
    u_char      *p;
    size_t       i, n;
    uint64_t     word;
    ngx_str_t    text;
    ngx_uint_t   digit;

    static u_char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    if (ngx_http_pyngx_bytes_new(pool, (s->len + 4) / 5 * 8, &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < s->len; i += 5) {
        word = 0;

        for (n = i; n < i + 5; n++) {
            word = word << 8 | (n < s->len ? s->data[n] : 0);
        }

        /* so many digits have bits of the last bytes, if these are fewer */

        n = (ngx_min(s->len - i, 5) * 8 + 4) / 5;

        for (digit = 0; digit < 8; digit++) {
            *p++ = (digit < n) ? digits[word >> (35 - digit * 5) & 31] : '=';
        }
    }

    *result = text;

    return NGX_OK;
}


/* NGX_DECLINED: other characters than the digits, or not enough of them. */

static ngx_int_t
ngx_http_pyngx_b32decode(ngx_pool_t *pool, ngx_str_t *s, ngx_int_t fold,
    ngx_str_t *result)
{
    u_char     *p;
    size_t      bits, i, len;
    uint64_t    word;
    ngx_int_t   digit;
    ngx_str_t   text;

    len = s->len;

    while (len && s->data[len - 1] == '=') {
        len--;
    }

    i = s->len - len;

    if (s->len % 8 || i > 6 || i == 2 || i == 5) {
        return NGX_DECLINED;
    }

    if (ngx_http_pyngx_bytes_new(pool, s->len / 8 * 5, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;
    bits = 0;
    word = 0;

    for (i = 0; i < len; i++) {
        digit = ngx_http_pyngx_base32_digit(s->data[i], fold);

        if (digit == -1) {
            return NGX_DECLINED;
        }

        word = word << 5 | digit;
        bits += 5;

        if (bits >= 8) {
            bits -= 8;
            *p++ = (u_char) (word >> bits);
        }
    }

    text.len = p - text.data;
    *result = text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_pyngx_base32_digit(u_char ch, ngx_int_t fold)
{
    if (fold && ch >= 'a' && ch <= 'z') {
        ch &= ~0x20;
    }

    if (ch >= 'A' && ch <= 'Z') {
        return ch - 'A';
    }

    return (ch >= '2' && ch <= '7') ? ch - '2' + 26 : -1;
}


/* bytes.fromhex(s): spaces may stand between the pairs. */

static ngx_int_t
ngx_http_pyngx_bytes_fromhex(ngx_pool_t *pool, ngx_str_t *s,
    ngx_str_t *result)
{
    u_char     *p;
    size_t      i;
    ngx_int_t   high, low;
    ngx_str_t   text;

    if (ngx_http_pyngx_bytes_new(pool, s->len / 2, &text) != NGX_OK) {
        return NGX_ERROR;
    }

    p = text.data;

    for (i = 0; i < s->len; i++) {

        if (ngx_http_pyngx_is_space(s->data[i])) {
            continue;
        }

        if (i + 1 == s->len) {
            return NGX_DECLINED;
        }

        high = ngx_http_pyngx_hex_digit(s->data[i++]);
        low = ngx_http_pyngx_hex_digit(s->data[i]);

        if (high == -1 || low == -1) {
            return NGX_DECLINED;
        }

        *p++ = (u_char) (high << 4 | low);
    }

    text.len = p - text.data;
    *result = text;

    return NGX_OK;
}


/*
 * A separator after every so many bytes, counted from the end, or from the
 * beginning if the number is negative.  NGX_DECLINED: it is not one character
 * of ASCII.  NGX_BUSY: the number does not fit in an int of C.
 */

static ngx_int_t
ngx_http_pyngx_bytes_hex_apart(ngx_pool_t *pool, ngx_str_t *s, ngx_str_t *sep,
    ngx_int_t group, ngx_str_t *result)
{
    u_char     *p;
    size_t      first, i, size;
    ngx_str_t   text;

    if (group != (int) group) {
        return NGX_BUSY;
    }

    if (sep->len != 1 || sep->data[0] > 127) {
        return NGX_DECLINED;
    }

    if (group == 0 || s->len == 0) {
        return ngx_http_pyngx_bytes_hex(pool, s, result);
    }

    size = (group < 0) ? -group : group;

    if (ngx_http_pyngx_bytes_new(pool, s->len * 2 + (s->len - 1) / size,
                                 &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = text.data;
    first = (group < 0) ? 0 : s->len % size;

    for (i = 0; i < s->len; i++) {

        if (i && i % size == first % size) {
            *p++ = sep->data[0];
        }

        p = ngx_hex_dump(p, s->data + i, 1);
    }

    *result = text;

    return NGX_OK;
}
