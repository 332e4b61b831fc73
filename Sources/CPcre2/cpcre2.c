#define PCRE2_CODE_UNIT_WIDTH 8
#include "cpcre2.h"

#include <pcre2.h>
#include <stdlib.h>

struct cpcre2_pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
    int groups;
};

cpcre2_pattern *cpcre2_compile(const char *pattern, size_t length, int ignore_case, int dot_all, int multiline,
                               int extended, char *error, size_t capacity) {
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    if (ignore_case) options |= PCRE2_CASELESS;
    if (dot_all) options |= PCRE2_DOTALL;
    if (multiline) options |= PCRE2_MULTILINE;
    if (extended) options |= PCRE2_EXTENDED;
    int code = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)pattern, length, options, &code, &at, NULL);
    if (!compiled) {
        pcre2_get_error_message(code, (PCRE2_UCHAR *)error, capacity);
        return NULL;
    }
    cpcre2_pattern *made = malloc(sizeof *made);
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (!made || !limits) {
        if (capacity) error[0] = 0;
        pcre2_code_free(compiled);
        if (limits) pcre2_match_context_free(limits);
        free(made);
        return NULL;
    }
    pcre2_set_match_limit(limits, 1000000);
    pcre2_set_depth_limit(limits, 10000);
    pcre2_set_heap_limit(limits, 16384);
    uint32_t groups = 0;
    pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &groups);
    made->code = compiled;
    made->limits = limits;
    made->groups = (int)groups;
    return made;
}

int cpcre2_group_count(const cpcre2_pattern *pattern) { return pattern->groups; }

int cpcre2_find(const cpcre2_pattern *pattern, const char *text, size_t length, size_t from, int groups,
                int64_t *starts, int64_t *lengths) {
    pcre2_match_data *found = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    if (!found) return -1;
    int count = pcre2_match(pattern->code, (PCRE2_SPTR)text, length, from, PCRE2_NO_UTF_CHECK, found,
                            pattern->limits);
    if (count > 0) {
        PCRE2_SIZE *places = pcre2_get_ovector_pointer(found);
        for (int i = 0; i < groups; i++) {
            int took_part = i < count && places[2 * i] != PCRE2_UNSET;
            starts[i] = took_part ? (int64_t)places[2 * i] : -1;
            lengths[i] = took_part ? (int64_t)(places[2 * i + 1] - places[2 * i]) : 0;
        }
    }
    pcre2_match_data_free(found);
    if (count > 0) return 1;
    return count == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

void cpcre2_free(cpcre2_pattern *pattern) {
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    free(pattern);
}
