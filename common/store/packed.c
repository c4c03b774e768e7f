#include "common/store/packed.h"

#include "common/base/base.h"

/* One field of a message. */
struct field {
    uint64_t key;    /* number and kind of what follows */
    uint64_t number; /* a varint; else the length of bytes */
    const unsigned char *bytes;
};

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

static bool next_varint(const unsigned char **at, const unsigned char *end, uint64_t *ret)
{
    *ret = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        unsigned char byte = *(*at)++;

        *ret |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool next_field(const unsigned char **at, const unsigned char *end, struct field *ret)
{
    uint64_t kind, skip = 0;

    if (*at >= end || !next_varint(at, end, &ret->key))
        return false;
    kind = ret->key & 7;
    if (kind == VARINT)
        return next_varint(at, end, &ret->number);
    if (kind == BYTES && !next_varint(at, end, &skip))
        return false;
    if (kind != BYTES)
        skip = kind == FIXED64 ? 8 : kind == FIXED32 ? 4 : UINT64_MAX;
    if (skip > (uint64_t)(end - *at))
        return false;
    ret->number = skip;
    ret->bytes = *at;
    *at += skip;
    return true;
}

/* The last field of a number and kind. */
static bool find(sqlite3_value **args, uint64_t kind, struct field *ret)
{
    const unsigned char *at = sqlite3_value_blob(args[0]), *end = at + sqlite3_value_bytes(args[0]);
    uint64_t key = (uint64_t)sqlite3_value_int64(args[1]) << 3 | kind;
    struct field field;
    bool found = false;

    while (at && next_field(&at, end, &field)) {
        if (field.key != key)
            continue;
        *ret = field;
        found = true;
    }
    return found;
}

static void packed_int(sqlite3_context *context, int n, sqlite3_value **args)
{
    struct field field;

    (void)n;
    sqlite3_result_int64(context, find(args, VARINT, &field) ? (int64_t)field.number : 0);
}

static void packed_text(sqlite3_context *context, int n, sqlite3_value **args)
{
    struct field field;

    (void)n;
    if (find(args, BYTES, &field))
        sqlite3_result_text(context, (const char *)field.bytes, (int)field.number, SQLITE_TRANSIENT);
    else
        sqlite3_result_text(context, "", 0, SQLITE_STATIC);
}

static void packed_bits(sqlite3_context *context, int n, sqlite3_value **args)
{
    const unsigned char *at, *end;
    struct field field;
    uint64_t bits = 0, number;

    (void)n;
    if (find(args, BYTES, &field)) {
        at = field.bytes;
        end = at + field.number;
        while (at < end && next_varint(&at, end, &number))
            bits |= number < 63 ? UINT64_C(1) << number : 0;
    }
    sqlite3_result_int64(context, (int64_t)bits);
}

int packed_register(sqlite3 *db)
{
    static const struct {
        const char *name;
        void (*run)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {{"packed_int", packed_int}, {"packed_text", packed_text}, {"packed_bits", packed_bits}};
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    int failed = SQLITE_OK;

    for (size_t i = 0; i < ARRAY_LEN(functions) && failed == SQLITE_OK; i++)
        failed = sqlite3_create_function(db, functions[i].name, 2, flags, NULL, functions[i].run, NULL, NULL);
    return failed;
}
