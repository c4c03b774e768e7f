#include "common/store/row.h"

static bool set_bytes(struct store *store, unsigned sql, int column, ProtobufCBinaryData *ret, struct arena *arena)
{
    const void *bytes = store_blob(store, sql, column, &ret->len);

    ret->data = arena_alloc(arena, ret->len + 1);
    if (ret->data)
        memcpy(ret->data, bytes, ret->len);
    return ret->data != NULL;
}

static bool set_field(struct store *store, unsigned sql, int column, const ProtobufCFieldDescriptor *field, void *to,
                      struct arena *arena)
{
    const char *text;

    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
        *(int64_t *)to = store_int(store, sql, column);
        return true;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        *(int32_t *)to = (int32_t)store_int(store, sql, column);
        return true;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)to = store_int(store, sql, column) != 0;
        return true;
    case PROTOBUF_C_TYPE_STRING:
        text = store_text(store, sql, column);
        *(char **)to = arena_strndup(arena, text, strlen(text));
        return *(char **)to != NULL;
    default:
        ensure(field->type == PROTOBUF_C_TYPE_BYTES);
        return set_bytes(store, sql, column, to, arena);
    }
}

void *row_message(struct store *store, unsigned sql, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    ProtobufCMessage *message = arena_alloc(arena, type->sizeof_message);

    if (!message)
        return NULL;
    protobuf_c_message_init(type, message);
    for (int column = 0; column < store_columns(store, sql); column++) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field_by_name(type, store_column(store, sql, column));

        if (field && field->label != PROTOBUF_C_LABEL_REPEATED &&
            !set_field(store, sql, column, field, (char *)message + field->offset, arena))
            return NULL;
    }
    return message;
}

void *row_next(struct store *store, unsigned sql, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    return store_row(store, sql) ? row_message(store, sql, type, arena) : NULL;
}

void *row_only(struct store *store, unsigned sql, const ProtobufCMessageDescriptor *type, struct arena *arena)
{
    void *message = row_next(store, sql, type, arena);

    store_end(store, sql);
    return message;
}
