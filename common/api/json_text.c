/* What can be said of a JSON text without parsing it. */
#include "common/api/json_internal.h"
#include "common/base/limits.h"

bool json_utf8(const char *text, size_t len, size_t *ret_points)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + len;
    size_t points = 0;

    for (; p < end; points++) {
        /* The second byte of the first of each group is bounded: no overlong form, no
         * surrogate, nothing above U+10FFFF (Unicode 15, table 3-7). */
        unsigned char low = 0x80, high = 0xbf;
        unsigned more;

        if (*p < 0x80) {
            if (*p++ == 0)
                return false;
            continue;
        }
        if (*p < 0xc2 || *p > 0xf4)
            return false;
        more = *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
        if (*p == 0xe0)
            low = 0xa0;
        else if (*p == 0xed)
            high = 0x9f;
        else if (*p == 0xf0)
            low = 0x90;
        else if (*p == 0xf4)
            high = 0x8f;
        if ((size_t)(end - p) <= more || p[1] < low || p[1] > high)
            return false;
        for (unsigned i = 2; i <= more; i++) {
            if (p[i] < 0x80 || p[i] > 0xbf)
                return false;
        }
        p += more + 1;
    }
    *ret_points = points;
    return true;
}

/* The index behind the string that begins at text[at]. */
static size_t skip_string(const char *text, size_t len, size_t at)
{
    for (at++; at < len && text[at] != '"'; at++) {
        if (text[at] == '\\')
            at++;
    }
    return at < len ? at + 1 : len;
}

int json_scan(const char *text, size_t len)
{
    unsigned depth = 0, values = 0;

    for (size_t i = 0; i < len;) {
        char c = text[i];

        if (c == '"') {
            i = skip_string(text, len, i);
            continue;
        }
        if ((c == '{' || c == '[') && ++depth > LIMIT_JSON_DEPTH)
            return RPC__REASON__TOO_DEEP;
        if ((c == '}' || c == ']') && depth > 0)
            depth--;
        /* Every value but the first stands behind one of these. */
        if ((c == '{' || c == '[' || c == ',') && ++values > LIMIT_JSON_VALUES)
            return RPC__REASON__TOO_MANY_ITEMS;
        i++;
    }
    return 0;
}

struct level {
    bool array, want_key;
    size_t index;
    const char *key;
    size_t key_len;
};

static void write_path(const struct level *levels, unsigned depth, char *ret_field, size_t size)
{
    size_t used = 0, points;

    ret_field[0] = '\0';
    for (unsigned i = 0; i < depth && used < size; i++) {
        const struct level *level = &levels[i];
        int n = 0;

        if (level->array)
            n = snprintf(ret_field + used, size - used, "[%zu]", level->index);
        else if (level->key)
            n = snprintf(ret_field + used, size - used, "%s%.*s", used ? "." : "", (int)level->key_len, level->key);
        used += (size_t)n;
    }
    /* A key is shown as it was sent: nothing is, when that cannot be. */
    if (used >= size || !json_utf8(ret_field, used, &points))
        ret_field[0] = '\0';
}

void json_locate(const char *text, size_t len, char *ret_field, size_t size)
{
    struct level levels[LIMIT_JSON_DEPTH];
    unsigned depth = 0;

    for (size_t i = 0; i < len;) {
        struct level *top = depth ? &levels[depth - 1] : NULL;
        char c = text[i];
        size_t end = i + 1;

        if (c == '"') {
            end = skip_string(text, len, i);
            if (top && top->want_key) {
                top->key = text + i + 1;
                top->key_len = text[end - 1] == '"' && end > i + 1 ? end - i - 2 : 0;
                top->want_key = false;
            }
        } else if ((c == '{' || c == '[') && depth < LIMIT_JSON_DEPTH) {
            levels[depth++] = (struct level){.array = c == '[', .want_key = c == '{'};
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        } else if (c == ',' && top) {
            top->index++;
            top->want_key = !top->array;
        }
        i = end;
    }
    write_path(levels, depth, ret_field, size);
}
