/* JSON objects into column buffers, one pass over the fields of each object. */
#ifndef CSIMDJSON_H
#define CSIMDJSON_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

enum csimdjson_type {
    CSIMDJSON_INT, CSIMDJSON_DOUBLE, CSIMDJSON_BOOL, CSIMDJSON_TEXT, CSIMDJSON_TIMESTAMP, CSIMDJSON_NUMERIC,
    /* As it is written, strings with their quotes. */
    CSIMDJSON_JSON
};

typedef struct csimdjson_decoder csimdjson_decoder;

/* Columns are numbered in the order in which they are added. */
csimdjson_decoder *csimdjson_new(void);
/* low and high bound an integer. A column that is not kept is checked only. */
void csimdjson_add_column(csimdjson_decoder *d, const char *name, size_t length, int type, int64_t low,
                          int64_t high, int keep);
/* Appends a row; 64 bytes behind `length` must be readable. 0: done; else nothing was appended and
   csimdjson_error says why. */
int csimdjson_append(csimdjson_decoder *d, const uint8_t *json, size_t length);
const char *csimdjson_error(const csimdjson_decoder *d);
size_t csimdjson_rows(const csimdjson_decoder *d);
/* The buffers of a kept column, until the next append or clear. */
const uint8_t *csimdjson_validity(const csimdjson_decoder *d, size_t column, int *has_null);
const void *csimdjson_cells(const csimdjson_decoder *d, size_t column);
const int16_t *csimdjson_scales(const csimdjson_decoder *d, size_t column);
const uint32_t *csimdjson_offsets(const csimdjson_decoder *d, size_t column);
const uint8_t *csimdjson_bytes(const csimdjson_decoder *d, size_t column, size_t *count);
void csimdjson_clear(csimdjson_decoder *d);
/* Where the named members of an object stand in `json`, as begin and end pairs in `places`; both 0 when a
   member is missing. `names`: `count` of them, each with a zero behind it. 0: done; else csimdjson_error
   says why. 64 bytes behind `length` must be readable. */
int csimdjson_members(csimdjson_decoder *d, const uint8_t *json, size_t length, const char *names,
                      size_t count, size_t *places);
/* Takes the last row back. */
void csimdjson_drop_last(csimdjson_decoder *d);
void csimdjson_free(csimdjson_decoder *d);

#ifdef __cplusplus
}
#endif
#endif
