/* What is not worth a place in every caller. */
#define _GNU_SOURCE
#include "cpure.h"
#include <stdio.h>

void cpure_print_double(double value, int digits, char *text, size_t size) {
    snprintf(text, size, "%.*e", digits - 1, value);
}

int64_t cpure_find(const uint8_t *text, size_t length, const uint8_t *needle, size_t size) {
    const uint8_t *found = memmem(text, length, needle, size);
    return found ? found - text : -1;
}
