/* RE2 behind a C surface: leftmost-longest, as PostgreSQL's regular expressions are. */
#ifndef CRE2_H
#define CRE2_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef struct cre2_pattern cre2_pattern;
/* Never null; cre2_error says whether it can be used. */
cre2_pattern *cre2_compile(const char *pattern, size_t length, int ignore_case);
/* Null when the pattern is good. */
const char *cre2_error(const cre2_pattern *pattern);
int cre2_group_count(const cre2_pattern *pattern);
/* 1 when found; starts and lengths of group 0 to `groups` - 1 (-1: did not take part). */
int cre2_find(const cre2_pattern *pattern, const char *text, size_t length, size_t from, int groups,
              int64_t *starts, int64_t *lengths);
void cre2_free(cre2_pattern *pattern);
#ifdef __cplusplus
}
#endif
#endif
