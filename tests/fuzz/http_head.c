/* A request: one byte for the size of the pieces in which it arrives, the rest is a head
 * and, where the head says so, a body in chunks.
 *
 * Holds: what is read does not depend on the pieces; every part lies within the head's
 * bytes and consists of the characters that it may; no request has two framings of its
 * body, nor one that is too large; nothing is taken that was not given. */
#include "services/gateway/http/chunk.h"
#include "tests/fuzz/fuzz.h"

struct reading {
    enum refusal refusal;
    size_t used; /* of the input, by head and body */
    struct head head;
    char body[LIMIT_BODY];
    size_t body_len;
    bool whole;
};

static void read_body(struct reading *ret, const char *bytes, size_t len, size_t piece)
{
    struct chunk_reader reader;
    struct chunk_step step = {0};

    chunk_init(&reader, LIMIT_BODY);
    while (ret->used < len && !ret->refusal && !step.end) {
        size_t n = len - ret->used < piece ? len - ret->used : piece;

        ret->refusal = chunk_feed(&reader, bytes + ret->used, n, &step);
        ensure(step.used <= n && (ret->refusal || step.used > 0) && step.data_len <= step.used);
        ensure(step.data_len == 0 || step.data + step.data_len == bytes + ret->used + step.used);
        ensure(step.data_len <= sizeof(ret->body) - ret->body_len);
        if (step.data_len)
            memcpy(ret->body + ret->body_len, step.data, step.data_len);
        ret->body_len += step.data_len;
        ret->used += step.used;
    }
    ret->whole = step.end;
}

static void read_request(struct reading *ret, const char *bytes, size_t len, size_t piece)
{
    ret->refusal = REFUSAL_NONE;
    ret->used = ret->body_len = 0;
    ret->whole = false;
    head_init(&ret->head);
    while (ret->used < len && !ret->refusal && !ret->head.complete) {
        size_t n = len - ret->used < piece ? len - ret->used : piece, used = 0;

        ret->refusal = head_feed(&ret->head, bytes + ret->used, n, &used);
        ensure(used <= n && (ret->refusal || used > 0));
        ret->used += used;
    }
    if (!ret->refusal && ret->head.complete && ret->head.chunked)
        read_body(ret, bytes, len, piece);
}

static void check_part(const struct head *head, size_t at, size_t len)
{
    ensure(at <= head->len && len <= head->len - at);
}

static void check_head(const struct head *head)
{
    ensure(head->len <= sizeof(head->bytes) && head->field_count <= LIMIT_HEADER_COUNT);
    ensure(memcmp(head->bytes + head->len - 4, "\r\n\r\n", 4) == 0);
    ensure(!(head->chunked && head->content_length) && head->content_length <= LIMIT_BODY);
    ensure(!head->chunked || head->minor_version == 1);
    check_part(head, 0, head->method_len);
    check_part(head, head->path, head->path_len);
    check_part(head, head->query, head->query_len);
    ensure(head->path_len > 0 && head->path_len + head->query_len <= LIMIT_URI);
    ensure(head->bytes[head->path] == '/' || (head->path_len == 1 && head->bytes[head->path] == '*'));
    for (size_t i = 0; i < head->field_count; i++) {
        const struct head_field *field = &head->fields[i];

        check_part(head, field->name, field->name_len);
        check_part(head, field->value, field->value_len);
        for (size_t j = 0; j < field->name_len; j++)
            ensure(head_is_token((unsigned char)head->bytes[field->name + j]));
        for (size_t j = 0; j < field->value_len; j++)
            ensure(head_is_value((unsigned char)head->bytes[field->value + j]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct reading whole, pieces;
    size_t len = size ? size - 1 : 0, value_len;
    const char *bytes = (const char *)data + 1;

    if (!size)
        return 0;
    read_request(&whole, bytes, len, len ? len : 1);
    read_request(&pieces, bytes, len, (size_t)data[0] % 64 + 1);
    ensure(whole.refusal == pieces.refusal && whole.used == pieces.used && whole.whole == pieces.whole);
    ensure(whole.refusal < REFUSAL_COUNT && whole.head.complete == pieces.head.complete);
    ensure(whole.body_len == pieces.body_len && memcmp(whole.body, pieces.body, whole.body_len) == 0);
    if (whole.refusal || !whole.head.complete)
        return 0;
    ensure(whole.head.len == pieces.head.len && whole.head.path == pieces.head.path &&
           whole.head.path_len == pieces.head.path_len && whole.head.query_len == pieces.head.query_len &&
           whole.head.content_length == pieces.head.content_length && whole.head.chunked == pieces.head.chunked &&
           whole.head.keep_alive == pieces.head.keep_alive && whole.head.field_count == pieces.head.field_count &&
           memcmp(whole.head.bytes, pieces.head.bytes, whole.head.len) == 0);
    check_head(&whole.head);
    ensure(whole.head.minor_version == 0 || head_field(&whole.head, "host", &value_len));
    return 0;
}
