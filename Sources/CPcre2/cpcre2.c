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

/* The longest or the shortest of the matches that begin at `start`: all alternatives at once, in one pass
   over the text, which gives no groups. 1, 0 or -1, as cpcre2_find. */
static int find_end(const cpcre2_pattern *pattern, const char *text, size_t length, PCRE2_SIZE start,
                    PCRE2_SIZE *end) {
    uint32_t options = PCRE2_NO_UTF_CHECK | PCRE2_ANCHORED;
    if (pattern->preference == cpcre2_shortest) options |= PCRE2_DFA_SHORTEST;
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    if (!found) return -1;
    int count = PCRE2_ERROR_DFA_WSSIZE;
    for (size_t size = 1000; count == PCRE2_ERROR_DFA_WSSIZE && size <= 1000000; size *= 10) {
        int *workspace = malloc(size * sizeof *workspace);
        if (!workspace) break;
        count = pcre2_dfa_match(pattern->code, (PCRE2_SPTR)text, length, start, options, found,
                                pattern->limits, workspace, size);
        free(workspace);
    }
    if (count >= 0) *end = pcre2_get_ovector_pointer(found)[1];
    pcre2_match_data_free(found);
    /* 0: there are more matches than places for them, the longest first. */
    if (count >= 0) return 1;
    return count == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

/* At the end of the pattern: goes on unless the match ends where it must. */
static int check_end(pcre2_callout_block *block, void *end) {
    return block->current_position == *(PCRE2_SIZE *)end ? 0 : 1;
}

/* A match by backtracking, with as many groups as it has. */
static int match(const cpcre2_pattern *pattern, const char *text, size_t length, size_t from, uint32_t options,
                 pcre2_match_context *context, int groups, int64_t *starts, int64_t *lengths) {
    pcre2_match_data *found = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    if (!found) return -1;
    int count = pcre2_match(pattern->code, (PCRE2_SPTR)text, length, from, PCRE2_NO_UTF_CHECK | options, found,
                            context);
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

int cpcre2_find(const cpcre2_pattern *pattern, const char *text, size_t length, size_t from, int groups,
                int64_t *starts, int64_t *lengths) {
    /* Whether there is a match, and where the first begins, does not depend on which is taken. */
    int found = match(pattern, text, length, from, 0, pattern->limits, groups, starts, lengths);
    if (found != 1 || groups == 0 || pattern->preference == cpcre2_first) return found;
    PCRE2_SIZE start = (PCRE2_SIZE)starts[0], end = 0;
    found = find_end(pattern, text, length, start, &end);
    if (found == 1 && (size_t)lengths[0] != end - start) {
        lengths[0] = (int64_t)(end - start);
        if (groups == 1) return 1;
        pcre2_match_context *context = pcre2_match_context_copy(pattern->limits);
        if (!context) return -1;
        pcre2_set_callout(context, check_end, &end);
        found = match(pattern, text, length, start, PCRE2_ANCHORED, context, groups, starts, lengths);
        pcre2_match_context_free(context);
    }
    /* A match that is not found again would be a fault, not an answer. */
    return found == 1 ? 1 : -1;
}

void cpcre2_free(cpcre2_pattern *pattern) {
    pcre2_code_free(pattern->code);
    pcre2_match_context_free(pattern->limits);
    free(pattern);
}
