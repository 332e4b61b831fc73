#include "csimdjson.h"

// What is malformed comes as an error, never as an exception: those would end the process.
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <cmath>
#include <cstring>

#include <string>
#include <string_view>
#include <vector>

using namespace simdjson;

namespace {

typedef __int128 wide;

struct Column {
    std::string name;
    int type;
    bool is_document = false;
    int64_t low, high;
    bool keep;
    bool seen = false;
    bool has_null = false;
    std::vector<uint8_t> validity;
    std::vector<int64_t> ints;      // integers and timestamps; doubles as bits
    std::vector<uint8_t> bools;
    std::vector<wide> coefficients;
    std::vector<int16_t> scales;
    std::vector<uint32_t> offsets{0};
    std::vector<uint8_t> bytes;

    size_t rows() const { return validity.size(); }

    void append_null() {
        has_null = true;
        validity.push_back(0);
        switch (type) {
        case CSIMDJSON_BOOL: bools.push_back(0); break;
        case CSIMDJSON_TEXT: offsets.push_back((uint32_t)bytes.size()); break;
        case CSIMDJSON_NUMERIC:
            coefficients.push_back(0);
            scales.push_back(0);
            break;
        default: ints.push_back(0);
        }
    }

    void truncate(size_t rows) {
        if (validity.size() <= rows) return;
        validity.resize(rows);
        switch (type) {
        case CSIMDJSON_BOOL: bools.resize(rows); break;
        case CSIMDJSON_TEXT:
            offsets.resize(rows + 1);
            bytes.resize(offsets.back());
            break;
        case CSIMDJSON_NUMERIC:
            coefficients.resize(rows);
            scales.resize(rows);
            break;
        default: ints.resize(rows);
        }
    }
};

bool digits(const char *&p, const char *end, int width, int &out) {
    if (end - p < width) return false;
    out = 0;
    for (int i = 0; i < width; i++, p++) {
        if (*p < '0' || *p > '9') return false;
        out = out * 10 + (*p - '0');
    }
    return true;
}

int days_in_month(int y, int m) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 29 : days[m - 1];
}

int64_t days_from_civil(int64_t y, unsigned m, unsigned d) {
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int64_t)doe - 719468;
}

// ISO 8601; a zone is dropped, as timestamp without time zone does. Microseconds since 2000-01-01.
bool parse_timestamp(std::string_view text, int64_t &out) {
    const char *p = text.data(), *end = p + text.size();
    int y, mo, d, h = 0, mi = 0, s = 0;
    int64_t us = 0;
    if (!digits(p, end, 4, y) || p == end || *p++ != '-' || !digits(p, end, 2, mo) || p == end || *p++ != '-' ||
        !digits(p, end, 2, d))
        return false;
    if (mo < 1 || mo > 12 || d < 1 || d > days_in_month(y, mo)) return false;
    if (p < end) {
        if (*p != ' ' && *p != 'T' && *p != 't') return false;
        p++;
        if (!digits(p, end, 2, h) || p == end || *p++ != ':' || !digits(p, end, 2, mi)) return false;
        if (p < end && *p == ':') {
            p++;
            if (!digits(p, end, 2, s)) return false;
            if (p < end && *p == '.') {
                p++;
                int64_t unit = 100000;
                if (p == end || *p < '0' || *p > '9') return false;
                const char *first = p;
                for (; p < end && *p >= '0' && *p <= '9'; p++) us += (*p - '0') * unit, unit /= 10;
                // As PostgreSQL: more than six digits go through a double, rounded to even.
                if (p - first > 6) us = llrint(strtod(("0." + std::string(first, p)).c_str(), nullptr) * 1e6);
            }
        }
        if (h > 23 || mi > 59 || s > 60) return false;
        if (p < end && (*p == 'Z' || *p == 'z')) p++;
        else if (p < end && (*p == '+' || *p == '-')) {
            int zh, zm;
            p++;
            if (!digits(p, end, 2, zh)) return false;
            if (p < end && *p == ':') p++;
            if (p < end && !digits(p, end, 2, zm)) return false;
        }
    }
    if (p != end) return false;
    out = (days_from_civil(y, mo, d) - 10957) * 86400000000LL + ((h * 60LL + mi) * 60 + s) * 1000000LL + us;
    return true;
}

bool parse_numeric(std::string_view text, wide &coefficient, int16_t &scale) {
    const char *p = text.data(), *end = p + text.size();
    bool negative = p < end && *p == '-';
    if (negative || (p < end && *p == '+')) p++;
    wide value = 0;
    int places = 0, count = 0;
    bool point = false, any = false;
    for (; p < end; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (*p < '0' || *p > '9') break;
        any = true;
        if (value != 0 || *p != '0') count++;
        if (count > 38) return false;
        value = value * 10 + (*p - '0');
        if (point) places++;
    }
    if (!any) return false;
    if (p < end && (*p == 'e' || *p == 'E')) {
        int exponent = atoi(std::string(p + 1, end).c_str());
        for (const char *q = p + 1; q < end; q++)
            if (!((*q >= '0' && *q <= '9') || (q == p + 1 && (*q == '-' || *q == '+')))) return false;
        if (exponent > 38 || exponent < -1000) return false;
        places -= exponent;
        for (; places < 0; places++) {
            if (value != 0 && ++count > 38) return false;
            value *= 10;
        }
        p = end;
    }
    if (p != end || places > 1000) return false;
    coefficient = negative ? -value : value;
    scale = (int16_t)places;
    return true;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (unsigned char)text.back() <= ' ') text.remove_suffix(1);
    return text;
}

// RFC 8259's number; simdjson refuses those that are too large for a double.
bool is_number(std::string_view text) {
    const char *p = text.data(), *end = p + text.size();
    auto digit = [&] { return p < end && *p >= '0' && *p <= '9'; };
    if (p < end && *p == '-') p++;
    if (!digit()) return false;
    if (*p == '0') p++;
    else
        while (digit()) p++;
    if (p < end && *p == '.') {
        p++;
        if (!digit()) return false;
        while (digit()) p++;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '-' || *p == '+')) p++;
        if (!digit()) return false;
        while (digit()) p++;
    }
    return p == end;
}

// Walks over a value that nobody wants: on demand, simdjson looks at nothing that is not asked for.
bool is_valid(ondemand::value value) {
    ondemand::json_type type;
    if (value.type().get(type)) return false;
    switch (type) {
    case ondemand::json_type::object: {
        ondemand::object object;
        if (value.get_object().get(object)) return false;
        for (auto result : object) {
            ondemand::field field;
            if (std::move(result).get(field)) return false;
            std::string_view key;
            if (field.unescaped_key().get(key) || !is_valid(field.value())) return false;
        }
        return true;
    }
    case ondemand::json_type::array: {
        ondemand::array array;
        if (value.get_array().get(array)) return false;
        for (auto result : array) {
            ondemand::value element;
            if (std::move(result).get(element) || !is_valid(element)) return false;
        }
        return true;
    }
    case ondemand::json_type::string: {
        std::string_view text;
        return !value.get_string().get(text);
    }
    case ondemand::json_type::number: return is_number(trimmed(value.raw_json_token()));
    case ondemand::json_type::boolean: {
        bool b;
        return !value.get_bool().get(b);
    }
    case ondemand::json_type::null: {
        bool is_null;
        return !value.is_null().get(is_null) && is_null;
    }
    default: return false;
    }
}

}  // namespace

struct csimdjson_decoder {
    ondemand::parser parser;
    // Looks at values that are handed on as they are written.
    ondemand::parser checker;
    std::vector<Column> columns;
    std::vector<uint8_t> padded;
    std::string error;
    size_t rows = 0;

    bool fail(const std::string &reason) {
        error = reason;
        return false;
    }

    bool fail(const Column &c, const char *expected) {
        return fail("field \"" + c.name + "\" is not " + expected);
    }

    bool take_int(Column &c, int64_t v) {
        if (v < c.low || v > c.high) return fail("field \"" + c.name + "\" is out of range");
        c.ints.push_back(v);
        return true;
    }

    bool take_text(Column &c, std::string_view text) {
        if (text.find('\0') != std::string_view::npos) return fail(c, "free of zero bytes");
        c.bytes.insert(c.bytes.end(), text.begin(), text.end());
        c.offsets.push_back((uint32_t)c.bytes.size());
        return true;
    }

    bool is_document(std::string_view text) {
        padded.assign(text.begin(), text.end());
        padded.resize(text.size() + SIMDJSON_PADDING, ' ');
        ondemand::document document;
        if (checker.iterate(padded.data(), text.size(), padded.size()).get(document)) return false;
        ondemand::value value;
        return !document.get_value().get(value) && is_valid(value);
    }

    bool take(Column &c, ondemand::value value) {
        ondemand::json_type type;
        if (value.type().get(type)) return fail("invalid JSON");
        if (type == ondemand::json_type::null) {
            bool is_null;
            if (value.is_null().get(is_null) || !is_null) return fail("invalid JSON");
            c.append_null();
            return true;
        }
        std::string_view text;
        bool is_string = type == ondemand::json_type::string;
        if (is_string && c.is_document) {
            // With its quotes: what it is must not be lost.
            text = trimmed(value.raw_json_token());
            std::string_view inner;
            if (value.get_string().get(inner)) return fail("invalid JSON string");
            if (!take_text(c, text)) return false;
            c.validity.push_back(1);
            return true;
        }
        if (is_string && value.get_string().get(text)) return fail("invalid JSON string");
        switch (c.type) {
        case CSIMDJSON_INT: {
            int64_t v;
            if (type == ondemand::json_type::number) {
                if (value.get_int64().get(v)) return fail(c, "an integer");
            } else if (is_string) {
                wide w;
                int16_t scale;
                if (!parse_numeric(text, w, scale) || scale != 0 || w > INT64_MAX || w < INT64_MIN)
                    return fail(c, "an integer");
                v = (int64_t)w;
            } else
                return fail(c, "an integer");
            if (!take_int(c, v)) return false;
            break;
        }
        case CSIMDJSON_DOUBLE: {
            double v;
            if (type == ondemand::json_type::number) {
                if (value.get_double().get(v)) return fail(c, "a number");
            } else if (is_string) {
                char *stop;
                std::string copy(text);
                v = strtod(copy.c_str(), &stop);
                if (copy.empty() || *stop) return fail(c, "a number");
            } else
                return fail(c, "a number");
            int64_t bits;
            memcpy(&bits, &v, 8);
            c.ints.push_back(bits);
            break;
        }
        case CSIMDJSON_BOOL: {
            bool v;
            if (type == ondemand::json_type::boolean) {
                if (value.get_bool().get(v)) return fail(c, "a boolean");
            } else if (is_string && (text == "true" || text == "false"))
                v = text == "true";
            else
                return fail(c, "a boolean");
            c.bools.push_back(v);
            break;
        }
        case CSIMDJSON_TEXT:
            if (!is_string) {
                if (type == ondemand::json_type::object || type == ondemand::json_type::array) {
                    ondemand::value copy = value;
                    if (type == ondemand::json_type::object) {
                        ondemand::object o;
                        if (copy.get_object().get(o) || o.raw_json().get(text)) return fail("invalid JSON");
                    } else {
                        ondemand::array a;
                        if (copy.get_array().get(a) || a.raw_json().get(text)) return fail("invalid JSON");
                    }
                    if (!is_document(text)) return fail("invalid JSON");
                } else {
                    text = trimmed(value.raw_json_token());
                    if (type == ondemand::json_type::number) {
                        if (!is_number(text)) return fail("invalid JSON number");
                    } else {
                        bool b;
                        if (value.get_bool().get(b)) return fail("invalid JSON");
                    }
                }
            }
            if (!take_text(c, text)) return false;
            break;
        case CSIMDJSON_TIMESTAMP: {
            int64_t v;
            if (!is_string || !parse_timestamp(text, v)) return fail(c, "a timestamp");
            c.ints.push_back(v);
            break;
        }
        case CSIMDJSON_NUMERIC: {
            wide w;
            int16_t scale;
            if (type == ondemand::json_type::number) {
                text = trimmed(value.raw_json_token());
                if (!is_number(text)) return fail("invalid JSON number");
            } else if (!is_string)
                return fail(c, "a number");
            if (!parse_numeric(text, w, scale)) return fail(c, "a number of at most 38 digits");
            c.coefficients.push_back(w);
            c.scales.push_back(scale);
            break;
        }
        }
        c.validity.push_back(1);
        return true;
    }

    bool row(const uint8_t *json, size_t length) {
        ondemand::document document;
        if (parser.iterate(json, length, length + SIMDJSON_PADDING).get(document)) return fail("invalid JSON");
        ondemand::object object;
        if (document.get_object().get(object)) return fail("not a JSON object");
        for (auto &c : columns) c.seen = false;
        size_t guess = 0, count = columns.size();
        for (auto result : object) {
            ondemand::field field;
            if (std::move(result).get(field)) return fail("invalid JSON");
            std::string_view key;
            if (field.unescaped_key().get(key)) return fail("invalid JSON");
            size_t at = count;
            for (size_t i = 0; i < count; i++) {
                size_t candidate = guess + i < count ? guess + i : guess + i - count;
                const Column &c = columns[candidate];
                if (c.name.size() == key.size() && memcmp(c.name.data(), key.data(), key.size()) == 0) {
                    at = candidate;
                    break;
                }
            }
            if (at == count) {
                if (!is_valid(field.value())) return fail("invalid JSON");
                continue;
            }
            guess = at + 1 == count ? 0 : at + 1;
            Column &c = columns[at];
            if (c.seen) c.truncate(rows);
            c.seen = true;
            if (!take(c, field.value())) return false;
        }
        const char *behind;
        if (document.current_location().get(behind) == SUCCESS) return fail("more than one JSON value");
        for (auto &c : columns)
            if (!c.seen) c.append_null();
        return true;
    }
};

static bool find_members(csimdjson_decoder &d, const uint8_t *json, size_t length, const char *names,
                         size_t count, size_t *places) {
    for (size_t i = 0; i < 2 * count; i++) places[i] = 0;
    ondemand::document document;
    if (d.parser.iterate(json, length, length + SIMDJSON_PADDING).get(document)) return d.fail("invalid JSON");
    ondemand::object object;
    if (document.get_object().get(object)) return d.fail("not a JSON object");
    for (auto result : object) {
        ondemand::field field;
        if (std::move(result).get(field)) return d.fail("invalid JSON");
        std::string_view key, text;
        if (field.unescaped_key().get(key)) return d.fail("invalid JSON");
        bool is_wanted = false;
        const char *name = names;
        for (size_t i = 0; i < count; i++, name += strlen(name) + 1) is_wanted |= key == name;
        if (!is_wanted) {
            if (!is_valid(field.value())) return d.fail("invalid JSON");
            continue;
        }
        // Its bytes move when the value is walked over.
        std::string own_key(key);
        if (to_json_string(field.value()).get(text)) return d.fail("invalid JSON");
        name = names;
        for (size_t i = 0; i < count; i++, name += strlen(name) + 1) {
            if (own_key != name) continue;
            places[2 * i] = (size_t)((const uint8_t *)text.data() - json);
            places[2 * i + 1] = places[2 * i] + text.size();
        }
    }
    return true;
}

extern "C" {

int csimdjson_members(csimdjson_decoder *d, const uint8_t *json, size_t length, const char *names,
                      size_t count, size_t *places) {
    return find_members(*d, json, length, names, count, places) ? 0 : 1;
}

csimdjson_decoder *csimdjson_new(void) { return new csimdjson_decoder(); }

void csimdjson_add_column(csimdjson_decoder *d, const char *name, size_t length, int type, int64_t low,
                          int64_t high, int keep) {
    Column c;
    c.name.assign(name, length);
    // Its text is kept like any other.
    c.is_document = type == CSIMDJSON_JSON;
    c.type = c.is_document ? (int)CSIMDJSON_TEXT : type;
    c.low = low;
    c.high = high;
    c.keep = keep != 0;
    d->columns.push_back(std::move(c));
}

int csimdjson_append(csimdjson_decoder *d, const uint8_t *json, size_t length) {
    if (d->row(json, length)) {
        d->rows++;
        return 0;
    }
    for (auto &c : d->columns) c.truncate(d->rows);
    return 1;
}

const char *csimdjson_error(const csimdjson_decoder *d) { return d->error.c_str(); }
size_t csimdjson_rows(const csimdjson_decoder *d) { return d->rows; }

const uint8_t *csimdjson_validity(const csimdjson_decoder *d, size_t column, int *has_null) {
    *has_null = d->columns[column].has_null;
    return d->columns[column].validity.data();
}

const void *csimdjson_cells(const csimdjson_decoder *d, size_t column) {
    const Column &c = d->columns[column];
    switch (c.type) {
    case CSIMDJSON_BOOL: return c.bools.data();
    case CSIMDJSON_NUMERIC: return c.coefficients.data();
    default: return c.ints.data();
    }
}

const int16_t *csimdjson_scales(const csimdjson_decoder *d, size_t column) { return d->columns[column].scales.data(); }
const uint32_t *csimdjson_offsets(const csimdjson_decoder *d, size_t column) {
    return d->columns[column].offsets.data();
}
const uint8_t *csimdjson_bytes(const csimdjson_decoder *d, size_t column, size_t *count) {
    *count = d->columns[column].bytes.size();
    return d->columns[column].bytes.data();
}

void csimdjson_clear(csimdjson_decoder *d) {
    for (auto &c : d->columns) {
        c.truncate(0);
        c.has_null = false;
    }
    d->rows = 0;
}

void csimdjson_drop_last(csimdjson_decoder *d) {
    if (d->rows == 0) return;
    d->rows--;
    for (auto &c : d->columns) c.truncate(d->rows);
}

void csimdjson_free(csimdjson_decoder *d) { delete d; }
}
