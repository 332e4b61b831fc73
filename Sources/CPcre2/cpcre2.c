#define PCRE2_CODE_UNIT_WIDTH 8
#include "cpcre2.h"

#include <pcre2.h>
#include <stdlib.h>

struct cpcre2_pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
    int groups;
    int preference;
};

cpcre2_pattern *cpcre2_compile(const char *pattern, size_t length, int ignore_case, int dot_all, int multiline,
                               int extended, int preference, char *error, size_t capacity) {
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    if (ignore_case) options |= PCRE2_CASELESS;
    if (dot_all) options |= PCRE2_DOTALL;
    if (multiline) options |= PCRE2_MULTILINE;
    if (extended) options |= PCRE2_EXTENDED;
    /* A repeat that nothing behind it could use more of must still give some back. */
    if (preference != cpcre2_first) options |= PCRE2_NO_AUTO_POSSESS;
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
    made->preference = preference;
    return made;
}

int cpcre2_group_count(const cpcre2_pattern *pattern) { return pattern->groups; }

/* Finds the longest or the shortest match: all alternatives at once, which gives no groups.
   1, 0 or -1, as cpcre2_find. */
static int find_whole(const cpcre2_pattern *pattern, const char *text, size_t length, size_t from,
                      PCRE2_SIZE *start, PCRE2_SIZE *end) {
    uint32_t options = PCRE2_NO_UTF_CHECK;
    if (pattern->preference == cpcre2_shortest) options |= PCRE2_DFA_SHORTEST;
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    if (!found) return -1;
    int count = PCRE2_ERROR_DFA_WSSIZE;
    for (size_t size = 1000; count == PCRE2_ERROR_DFA_WSSIZE && size <= 1000000; size *= 10) {
        int *workspace = malloc(size * sizeof *workspace);
        if (!workspace) break;
        count = pcre2_dfa_match(pattern->code, (PCRE2_SPTR)text, length, from, options, found,
                                pattern->limits, workspace, size);
        free(workspace);
    }
    if (count >= 0) {
        PCRE2_SIZE *places = pcre2_get_ovector_pointer(found);
        *start = places[0];
        *end = places[1];
    }
    pcre2_match_data_free(found);
    /* 0: there are more matches than places for them, the longest first. */
    if (count >= 0) return 1;
    return count == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

/* At the end of the pattern: goes on unless the match ends where it must. */
static int check_end(pcre2_callout_block *block, void *end) {
    return block->current_position == *(PCRE2_SIZE *)end ? 0 : 1;
}

int cpcre2_find(const cpcre2_pattern *pattern, const char *text, size_t length, size_t from, int groups,
                int64_t *starts, int64_t *lengths) {
    pcre2_match_context *context = pattern->limits;
    uint32_t options = PCRE2_NO_UTF_CHECK;
    PCRE2_SIZE start = from, end = 0;
    /* Whether there is a match does not depend on which is taken. */
    if (pattern->preference != cpcre2_first && groups > 0) {
        int found = find_whole(pattern, text, length, from, &start, &end);
        if (found == 1 && groups == 1) {
            starts[0] = (int64_t)start;
            lengths[0] = (int64_t)(end - start);
        }
        if (found != 1 || groups == 1) return found;
        context = pcre2_match_context_copy(pattern->limits);
        if (!context) return -1;
        pcre2_set_callout(context, check_end, &end);
        options |= PCRE2_ANCHORED;
    }
    pcre2_match_data *found = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    int count = found ? pcre2_match(pattern->code, (PCRE2_SPTR)text, length, start, options, found, context)
                      : PCRE2_ERROR_NOMEMORY;
    if (count > 0) {
        PCRE2_SIZE *places = pcre2_get_ovector_pointer(found);
        for (int i = 0; i < groups; i++) {
            int took_part = i < count && places[2 * i] != PCRE2_UNSET;
            starts[i] = took_part ? (int64_t)places[2 * i] : -1;
            lengths[i] = took_part ? (int64_t)(places[2 * i + 1] - places[2 * i]) : 0;
        }
    }
    pcre2_match_data_free(found);
    int is_placed = context != pattern->limits;
    if (is_placed) pcre2_match_context_free(context);
    if (count > 0) return 1;
    /* A whole match without its groups would be a fault, not an answer. */
    return count == PCRE2_ERROR_NOMATCH && !is_placed ? 0 : -1;
}

void cpcre2_free(cpcre2_pattern *pattern) {
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    free(pattern);
}
