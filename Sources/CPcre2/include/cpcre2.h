/* PCRE2 behind a C surface, for what RE2 cannot say: lookaround, back references, non-greedy repeats. */
#ifndef CPCRE2_H
#define CPCRE2_H
#include <stddef.h>
#include <stdint.h>

typedef struct cpcre2_pattern cpcre2_pattern;

/* Which of the matches that begin at the same place is taken: the first that backtracking finds, the
   longest, or the shortest. For the last two the pattern must end in (?C1), so that its groups can be found
   once the end of the match is known; they have no back references. */
enum { cpcre2_first = 0, cpcre2_longest = 1, cpcre2_shortest = 2 };

/* Null when the pattern is bad; `error` (of `capacity` bytes) then says why. UTF-8; a dot matches a line
   feed when `dot_all`; ^ and $ match at lines when `multiline`. */
cpcre2_pattern *cpcre2_compile(const char *pattern, size_t length, int ignore_case, int dot_all, int multiline,
                               int extended, int preference, char *error, size_t capacity);
int cpcre2_group_count(const cpcre2_pattern *pattern);
/* 1 when found, with starts and lengths of group 0 to `groups` - 1 (-1: did not take part); 0 when not;
   -1 when a limit was reached. */
int cpcre2_find(const cpcre2_pattern *pattern, const char *text, size_t length, size_t from, int groups,
                int64_t *starts, int64_t *lengths);
void cpcre2_free(cpcre2_pattern *pattern);
#endif
