#include <zlib.h>
/* Macros that Swift cannot import. windowBits 15 + 16: the gzip container. */
static inline int czlib_inflate_init(z_stream *s) { return inflateInit2(s, 15 + 32); }
static inline int czlib_deflate_init(z_stream *s, int level) {
    return deflateInit2(s, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
