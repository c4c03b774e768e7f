/* The comments of a descriptor set, by the full names of what they are about. */
#include "common/api/openapi_internal.h"
#include "common/base/log.h"

#include <stdarg.h>

struct comment {
    const char *name, *text;
};

/* Field numbers of descriptor.proto that lead from a file to an element of it. */
enum {
    PATH_MESSAGE = 4,
    PATH_ENUM = 5,
    PATH_SERVICE = 6,
    PATH_MEMBER = 2, /* field, value or method */
};

/* The lines of both comments as one, without what divides them. NULL when there is nothing. */
static const char *text_of(struct openapi *doc, const View__Location *location)
{
    const char *const parts[] = {location->leading_comments, location->trailing_comments};
    char *text = openapi_take(doc, strlen(parts[0]) + strlen(parts[1]) + 2), *out = text;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        bool blank = out > text;

        for (const char *at = parts[i]; *at; at++) {
            if (*at == ' ' || *at == '\n') {
                blank = out > text;
                continue;
            }
            if (blank)
                *out++ = ' ';
            blank = false;
            *out++ = *at;
        }
    }
    return out > text ? text : NULL;
}

/* The name of the element that a path leads to, or NULL. */
static const char *name_of(struct openapi *doc, const View__File *file, const View__Location *location)
{
    const int32_t *path = location->path;
    size_t n = location->n_path;
    const char *name = NULL, *member = NULL;
    char *full;
    size_t size;

    if ((n != 2 && n != 4) || (n == 4 && path[2] != PATH_MEMBER))
        return NULL;
    if (path[0] == PATH_MESSAGE) {
        name = file->message_type[path[1]]->name;
        member = n == 4 ? file->message_type[path[1]]->field[path[3]]->name : NULL;
    } else if (path[0] == PATH_ENUM) {
        name = file->enum_type[path[1]]->name;
        member = n == 4 ? file->enum_type[path[1]]->value[path[3]]->name : NULL;
    } else if (path[0] == PATH_SERVICE) {
        name = file->service[path[1]]->name;
        member = n == 4 ? file->service[path[1]]->method[path[3]]->name : NULL;
    }
    if (!name)
        return NULL;
    size = strlen(file->package) + strlen(name) + (member ? strlen(member) : 0) + 3;
    full = openapi_take(doc, size);
    snprintf(full, size, "%s.%s%s%s", file->package, name, member ? "." : "", member ? member : "");
    return full;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct comment *)a)->name, ((const struct comment *)b)->name);
}

int openapi_read_comments(struct openapi *doc, const void *bytes, size_t len)
{
    const View__FileSet *set = view__file_set__unpack(&doc->arena.allocator, len, bytes);
    size_t n = 0;

    if (!set) {
        log_error("openapi_comments", "what", "the descriptor set does not parse");
        return -1;
    }
    for (size_t i = 0; i < set->n_file; i++)
        n += set->file[i]->source_info ? set->file[i]->source_info->n_location : 0;
    doc->comments = openapi_take(doc, (n + 1) * sizeof(*doc->comments));
    for (size_t i = 0; i < set->n_file; i++) {
        const View__File *file = set->file[i];

        for (size_t j = 0; file->source_info && j < file->source_info->n_location; j++) {
            const View__Location *location = file->source_info->location[j];
            const char *name = name_of(doc, file, location), *text = name ? text_of(doc, location) : NULL;

            if (text)
                doc->comments[doc->n_comments++] = (struct comment){name, text};
        }
    }
    qsort(doc->comments, doc->n_comments, sizeof(*doc->comments), compare);
    return 0;
}

const char *openapi_comment(const struct openapi *doc, const char *format, ...)
{
    char name[256];
    const struct comment key = {.name = name}, *found;
    va_list args;

    va_start(args, format);
    vsnprintf(name, sizeof(name), format, args);
    va_end(args);
    found = bsearch(&key, doc->comments, doc->n_comments, sizeof(key), compare);
    return found ? found->text : "";
}

const char *openapi_field_comment(const struct openapi *doc, const struct api_message *message,
                                  const struct api_field *field)
{
    const ProtobufCFieldDescriptor *descriptor = field->descriptor;
    const char *text = openapi_comment(doc, "%s.%s", message->descriptor->name, descriptor->name);

    if (!*text)
        text = openapi_comment(doc, "%s.Glossary.%s", message->descriptor->package_name, descriptor->name);
    if (!*text)
        text = openapi_comment(doc, "rpc.Glossary.%s", descriptor->name);
    if (!*text && field->message)
        text = openapi_comment(doc, "%s", field->message->descriptor->name);
    if (!*text && descriptor->type == PROTOBUF_C_TYPE_ENUM)
        text = openapi_comment(doc, "%s", ((const ProtobufCEnumDescriptor *)descriptor->descriptor)->name);
    return text;
}
