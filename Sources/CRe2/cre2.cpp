#include "cre2.h"

#include <re2/re2.h>

struct cre2_pattern {
    re2::RE2 expression;
    cre2_pattern(re2::StringPiece text, const re2::RE2::Options &options) : expression(text, options) {}
};

extern "C" {

cre2_pattern *cre2_compile(const char *pattern, size_t length, int ignore_case) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_longest_match(true);
    options.set_case_sensitive(!ignore_case);
    options.set_dot_nl(true);
    options.set_max_mem(16 << 20);
    return new cre2_pattern(re2::StringPiece(pattern, length), options);
}

const char *cre2_error(const cre2_pattern *pattern) {
    return pattern->expression.ok() ? nullptr : pattern->expression.error().c_str();
}

int cre2_group_count(const cre2_pattern *pattern) { return pattern->expression.NumberOfCapturingGroups(); }

int cre2_find(const cre2_pattern *pattern, const char *text, size_t length, size_t from, int groups,
              int64_t *starts, int64_t *lengths) {
    re2::StringPiece input(text, length), found[10];
    if (groups > 10) groups = 10;
    if (!pattern->expression.Match(input, from, length, re2::RE2::UNANCHORED, found, groups)) return 0;
    for (int i = 0; i < groups; i++) {
        starts[i] = found[i].data() == nullptr ? -1 : found[i].data() - text;
        lengths[i] = (int64_t)found[i].size();
    }
    return 1;
}

void cre2_free(cre2_pattern *pattern) { delete pattern; }
}
