/* A JSON body as some operation's input. The first byte chooses the operation, the
 * second the memory, the third a parameter that is set from the text as well.
 *
 * Holds: a refusal is a known reason and its field is UTF-8; what was taken and is
 * complete can be written, read again without trouble, and is then written the same. */
#include "common/api/json_internal.h"
#include "tests/fuzz/fuzz.h"

#define MEMORY_MAX ((size_t)4 << 20)

static void check_trouble(int reason, const struct json_trouble *trouble)
{
    size_t points;

    ensure(trouble->reason == reason);
    ensure(strlen(trouble->field) < sizeof(trouble->field));
    ensure(json_utf8(trouble->field, strlen(trouble->field), &points));
    ensure(reason == 0 || api_reason(reason)->number == reason);
}

static void write_and_read(const struct api_message *type, const ProtobufCMessage *message)
{
    struct json_trouble trouble = {.reason = 0};
    struct buf first, second;
    struct arena arena;
    ProtobufCMessage *again;

    check_trouble(json_complete(message, &trouble), &trouble);
    /* A required field that is missing is written, and then below its least value. */
    if (trouble.reason)
        return;
    arena_init(&arena, 16 * MEMORY_MAX);
    buf_init(&first, MEMORY_MAX);
    buf_init(&second, MEMORY_MAX);
    json_encode(message, &first);
    ensure(!first.failed);
    again = json_new(type, &arena);
    ensure(again);
    ensure(json_decode(again, first.bytes, first.len, &arena, &trouble) == 0);
    json_encode(again, &second);
    ensure(first.len == second.len && memcmp(first.bytes, second.bytes, first.len) == 0);
    buf_done(&second);
    buf_done(&first);
    arena_done(&arena);
}

static void set_parameter(const struct api_message *type, unsigned choice, const char *text, size_t len,
                          struct arena *arena)
{
    ProtobufCMessage *message = type->descriptor->n_fields ? json_new(type, arena) : NULL;
    const struct api_field *field;
    struct json_trouble trouble;
    int reason;

    if (!message)
        return;
    field = &type->fields[choice % type->descriptor->n_fields];
    reason = json_set(message, field, text, len, arena, &trouble);
    check_trouble(reason, &trouble);
    if (!reason)
        write_and_read(type, message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct api_message *type;
    const char *text = (const char *)data + 3;
    struct json_trouble trouble;
    ProtobufCMessage *message;
    struct arena arena;
    size_t n = 0;
    int reason;

    ensure(api_load() == 0);
    if (size < 3)
        return 0;
    while (api_methods()[n].name)
        n++;
    type = api_methods()[data[0] % n].input;
    /* 255 is plenty; less is a cap that small inputs meet. */
    arena_init(&arena, data[1] == 255 ? MEMORY_MAX : (size_t)data[1] * 16);
    message = json_new(type, &arena);
    if (message) {
        reason = json_decode(message, text, size - 3, &arena, &trouble);
        check_trouble(reason, &trouble);
        if (!reason)
            write_and_read(type, message);
        set_parameter(type, data[2], text, size - 3, &arena);
    }
    arena_done(&arena);
    return 0;
}
