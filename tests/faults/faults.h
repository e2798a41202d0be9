
/*
 * Included before a module's source: the n-th of its allocations fails, or
 * all from the n-th on.  A file shared with the test says which, and counts.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <sys/mman.h>


typedef struct {
    uint64_t  first;           /* fails; 0 for none */
    uint64_t  onward;          /* those after it too */
    uint64_t  count;           /* allocations until now */
} faults_t;


static ngx_inline ngx_uint_t
faults_now(void)
{
    int               fd;
    static faults_t  *faults;

    if (faults == NULL) {
        fd = open(FAULTS_FILE, O_RDWR);
        faults = mmap(NULL, sizeof(faults_t), PROT_READ|PROT_WRITE,
                      MAP_SHARED, fd, 0);
        close(fd);
    }

    faults->count++;

    if (faults->first == 0 || faults->count < faults->first) {
        return 0;
    }

    return faults->onward || faults->count == faults->first;
}


#define faults_or(value, call)  (faults_now() ? (value) : (call))

#define ngx_palloc(p, n)        faults_or(NULL, (ngx_palloc)(p, n))
#define ngx_pnalloc(p, n)       faults_or(NULL, (ngx_pnalloc)(p, n))
#define ngx_pcalloc(p, n)       faults_or(NULL, (ngx_pcalloc)(p, n))
#define ngx_create_pool(n, l)   faults_or(NULL, (ngx_create_pool)(n, l))
#define ngx_create_temp_buf(p, n)                                             \
    faults_or(NULL, (ngx_create_temp_buf)(p, n))
#define ngx_alloc_chain_link(p) faults_or(NULL, (ngx_alloc_chain_link)(p))
#define ngx_chain_get_free_buf(p, c)                                          \
    faults_or(NULL, (ngx_chain_get_free_buf)(p, c))
#define ngx_chain_add_copy(p, c, i)                                           \
    faults_or(NGX_ERROR, (ngx_chain_add_copy)(p, c, i))
#define ngx_array_create(p, n, s)                                             \
    faults_or(NULL, (ngx_array_create)(p, n, s))
#define ngx_array_push(a)       faults_or(NULL, (ngx_array_push)(a))
#define ngx_array_push_n(a, n)  faults_or(NULL, (ngx_array_push_n)(a, n))
#define ngx_list_push(l)        faults_or(NULL, (ngx_list_push)(l))
#define ngx_pool_cleanup_add(p, n)                                            \
    faults_or(NULL, (ngx_pool_cleanup_add)(p, n))
#define ngx_http_complex_value(r, c, v)                                       \
    faults_or(NGX_ERROR, (ngx_http_complex_value)(r, c, v))
#define ngx_http_compile_complex_value(c)                                     \
    faults_or(NGX_ERROR, (ngx_http_compile_complex_value)(c))
#define ngx_http_add_variable(c, n, f)                                        \
    faults_or(NULL, (ngx_http_add_variable)(c, n, f))
#define ngx_http_merge_types(c, k, th, pk, pth, t)                            \
    faults_or(NGX_CONF_ERROR, (ngx_http_merge_types)(c, k, th, pk, pth, t))
