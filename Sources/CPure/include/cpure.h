/* Pure functions of bytes: no system call, no state. */
#ifndef CPURE_H
#define CPURE_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t cpure_crc32c(uint32_t crc, const uint8_t *data, size_t length) {
    uint64_t c = ~crc;
#if defined(__SSE4_2__)
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, data, 8);
        c = __builtin_ia32_crc32di(c, word);
        data += 8;
        length -= 8;
    }
    while (length > 0) {
        c = __builtin_ia32_crc32qi((uint32_t)c, *data++);
        length--;
    }
#else
    while (length > 0) {
        c ^= *data++;
        for (int i = 0; i < 8; i++) c = (c >> 1) ^ (0x82F63B78u & (0u - (uint32_t)(c & 1)));
        length--;
    }
#endif
    return ~(uint32_t)c;
}

static inline uint64_t cpure_mix(uint64_t a, uint64_t b) {
    __uint128_t r = (__uint128_t)a * b;
    return (uint64_t)r ^ (uint64_t)(r >> 64);
}

/* wyhash's construction: multiply-mix over 16 bytes at a time. */
static inline uint64_t cpure_hash_bytes(const uint8_t *p, size_t n, uint64_t seed) {
    const uint64_t k0 = 0xa0761d6478bd642full, k1 = 0xe7037ed1a0b428dbull, k2 = 0x8ebc6af09c88c6e3ull;
    uint64_t a = 0, b = 0, h = seed ^ k0;
    if (n <= 16) {
        if (n >= 8) {
            memcpy(&a, p, 8);
            memcpy(&b, p + n - 8, 8);
        } else if (n >= 4) {
            uint32_t x, y;
            memcpy(&x, p, 4);
            memcpy(&y, p + n - 4, 4);
            a = x;
            b = y;
        } else if (n > 0) {
            a = ((uint64_t)p[0] << 16) | ((uint64_t)p[n >> 1] << 8) | p[n - 1];
        }
    } else {
        size_t i = n;
        while (i > 16) {
            uint64_t x, y;
            memcpy(&x, p, 8);
            memcpy(&y, p + 8, 8);
            h = cpure_mix(x ^ k1, y ^ h);
            p += 16;
            i -= 16;
        }
        memcpy(&a, p + i - 16, 8);
        memcpy(&b, p + i - 8, 8);
    }
    return cpure_mix(k1 ^ n, cpure_mix(a ^ k1, b ^ h ^ k2));
}

static inline uint64_t cpure_hash_u64(uint64_t v, uint64_t seed) {
    return cpure_mix(v ^ 0xa0761d6478bd642full ^ seed, 0xe7037ed1a0b428dbull ^ (v >> 32));
}

static inline int cpure_compare(const uint8_t *a, size_t an, const uint8_t *b, size_t bn) {
    int c = memcmp(a, b, an < bn ? an : bn);
    return c != 0 ? c : (an < bn ? -1 : (an > bn ? 1 : 0));
}

static inline int cpure_equal(const uint8_t *a, const uint8_t *b, size_t n) { return memcmp(a, b, n) == 0; }

/* Where the needle begins; -1 when it is not there. Linear time, whatever the bytes. */
int64_t cpure_find(const uint8_t *text, size_t length, const uint8_t *needle, size_t size);

/* Decimal digits and an exponent: 1.25e+20. */
void cpure_print_double(double value, int digits, char *text, size_t size);

static inline void cpure_prefetch(const void *p) { __builtin_prefetch(p); }

/* Words that one thread writes while others read; relaxed is enough, see docs/design. */
static inline uint32_t cpure_load_u32(const uint32_t *p) { return __atomic_load_n(p, __ATOMIC_RELAXED); }
static inline void cpure_store_u32(uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_RELAXED); }
#endif
