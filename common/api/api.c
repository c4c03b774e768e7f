#include "common/api/api_internal.h"
#include "common/base/log.h"

#include <jansson.h>
#include <stdarg.h>

#define TABLES_MAX ((size_t)64 << 20)

static struct api loaded;
static bool is_loaded;

/* ---- common to the pieces ---- */

void *api_take(struct api *api, size_t size)
{
    void *bytes = arena_zalloc(&api->arena, size);

    ensure(bytes);
    return bytes;
}

int api_wrong(struct api *api, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(api->wrong, sizeof(api->wrong), format, args);
    va_end(args);
    return -1;
}

/* ---- messages ---- */

static size_t slot_of(const struct api *api, const ProtobufCMessageDescriptor *descriptor)
{
    /* Fibonacci hashing; the low bits of an address say nothing. */
    uint64_t hash = (uint64_t)(uintptr_t)descriptor * 0x9e3779b97f4a7c15;
    size_t slot = (size_t)(hash >> 32) & (api->n_slots - 1);

    while (api->slots[slot] && api->slots[slot]->descriptor != descriptor)
        slot = (slot + 1) & (api->n_slots - 1);
    return slot;
}

const struct api_message *api_find_message(const struct api *api, const ProtobufCMessageDescriptor *descriptor)
{
    return api->slots[slot_of(api, descriptor)];
}

static void make_slots(struct api *api)
{
    size_t n = 1;

    for (size_t i = 0; i < api->set->n_file; i++)
        n += api->set->file[i]->n_message_type;
    /* Half of the slots stay empty, so that a search ends soon. */
    for (api->n_slots = 1; api->n_slots < 2 * n; api->n_slots *= 2)
        continue;
    api->slots = api_take(api, api->n_slots * sizeof(const struct api_message *));
}

/* The JSON name protoc gives a field: the letter after an underscore is a capital. */
static char *lower_camel(struct api *api, const char *name)
{
    char *json = api_take(api, strlen(name) + 1), *out = json;

    for (bool capital = false; *name; name++) {
        if (*name == '_') {
            capital = true;
            continue;
        }
        *out++ = capital && *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
        capital = false;
    }
    return json;
}

static int join_message(struct api *api, const ProtobufCMessageDescriptor *descriptor,
                        const struct api_message **ret_message);

static int join_field(struct api *api, const ProtobufCFieldDescriptor *descriptor, const View__Message *view,
                      struct api_field *ret_field)
{
    static const Rule__Field no_limit = RULE__FIELD__INIT;
    const View__Field *field = api_view_field(view, descriptor->name);
    char *key;

    if (!field)
        return api_wrong(api, "field %s.%s: not in the set", view->name, descriptor->name);
    if (descriptor->label != PROTOBUF_C_LABEL_NONE && descriptor->label != PROTOBUF_C_LABEL_REPEATED)
        return api_wrong(api, "field %s.%s: not of proto3", view->name, descriptor->name);
    ret_field->descriptor = descriptor;
    ret_field->limit = field->options && field->options->field ? field->options->field : &no_limit;
    ret_field->json_name = lower_camel(api, descriptor->name);
    ret_field->json_len = (unsigned)strlen(ret_field->json_name);
    ret_field->key_len = ret_field->json_len + 4;
    key = api_take(api, ret_field->key_len + 1);
    snprintf(key, ret_field->key_len + 1, ",\"%s\":", ret_field->json_name);
    ret_field->key = key;
    if (descriptor->type != PROTOBUF_C_TYPE_MESSAGE)
        return 0;
    return join_message(api, descriptor->descriptor, &ret_field->message);
}

/* Makes the tables of a message and of all it reaches; the set is known to be
 * without recursion. */
static int join_message(struct api *api, const ProtobufCMessageDescriptor *descriptor,
                        const struct api_message **ret_message)
{
    const struct api_message *known = api_find_message(api, descriptor);
    struct api_message *message;
    struct api_field *fields;
    const View__Message *view;
    char type_name[256];

    *ret_message = known;
    if (known)
        return 0;
    snprintf(type_name, sizeof(type_name), ".%s", descriptor->name);
    view = api_view_message(api->set, type_name);
    if (!view || view->n_field != descriptor->n_fields)
        return api_wrong(api, "message %s: not as in the set", descriptor->name);
    message = api_take(api, sizeof(*message));
    fields = api_take(api, (descriptor->n_fields + 1) * sizeof(*fields));
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        if (join_field(api, &descriptor->fields[i], view, &fields[i]))
            return -1;
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(fields[i].json_name, fields[j].json_name) == 0)
                return api_wrong(api, "message %s: two fields are %s in JSON", view->name, fields[i].json_name);
        }
    }
    *message = (struct api_message){.descriptor = descriptor, .fields = fields};
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        message->shows |= fields[i].limit->subject || (fields[i].message && fields[i].message->shows);
    api->slots[slot_of(api, descriptor)] = message;
    *ret_message = message;
    return 0;
}

/* ---- methods ---- */

static const View__Method *view_method(const View__FileSet *set, const ProtobufCServiceDescriptor *service,
                                       const char *name)
{
    for (size_t i = 0; i < set->n_file; i++) {
        const View__File *file = set->file[i];

        for (size_t j = 0; j < file->n_service && strcmp(file->package, service->package) == 0; j++) {
            if (strcmp(file->service[j]->name, service->short_name) != 0)
                continue;
            for (size_t k = 0; k < file->service[j]->n_method; k++) {
                if (strcmp(file->service[j]->method[k]->name, name) == 0)
                    return file->service[j]->method[k];
            }
        }
    }
    return NULL;
}

/* A field by its name, or NULL. */
static const struct api_field *field_called(const struct api_message *message, const char *name)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        if (strcmp(message->descriptor->fields[i].name, name) == 0)
            return &message->fields[i];
    }
    return NULL;
}

/* The fields down to the one that chooses a method's partition: "release.union_id". */
static int join_key(struct api *api, struct api_method *method)
{
    const struct api_message *message = method->input;
    const char *name = method->rule->partition;

    while (*name) {
        size_t len = strcspn(name, ".");
        const struct api_field *field = NULL;

        for (unsigned i = 0; message && i < message->descriptor->n_fields; i++) {
            const char *one = message->descriptor->fields[i].name;

            if (strlen(one) == len && memcmp(one, name, len) == 0)
                field = &message->fields[i];
        }
        if (!field || method->n_key == API_MAX_KEY || field->descriptor->label == PROTOBUF_C_LABEL_REPEATED ||
            (field->descriptor->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
            return api_wrong(api, "method %s: partition names no single field of its input", method->name);
        method->key[method->n_key++] = field;
        message = field->message;
        name += len + (name[len] == '.');
        if (!*name && field->descriptor->type != PROTOBUF_C_TYPE_INT64)
            return api_wrong(api, "method %s: partition names no id", method->name);
        method->key_is_union = strcmp(field->descriptor->name, "union_id") == 0;
    }
    return 0;
}

static int join_method(struct api *api, const ProtobufCServiceDescriptor *service, unsigned index)
{
    const ProtobufCMethodDescriptor *descriptor = &service->methods[index];
    const View__Method *view = view_method(api->set, service, descriptor->name);
    struct api_method *method = &api->methods[api->n_methods];
    size_t len = strlen(service->short_name) + strlen(descriptor->name) + 2;
    const Rule__Method *rule;
    char *name;

    if (!view)
        return api_wrong(api, "method %s.%s: not in the set", service->name, descriptor->name);
    rule = view->options->method;
    name = api_take(api, len);
    snprintf(name, len, "%s.%s", service->short_name, descriptor->name);
    method->queue = strcmp(service->package, "rpc") == 0 ? "" : service->package;
    method->service = service;
    method->index = index;
    method->rule = rule;
    method->writes = !rule->get[0] && !rule->read;
    if (!api_is_inside(rule)) {
        method->http = rule->get[0] ? "GET" : rule->post[0] ? "POST" : "DELETE";
        method->path = rule->get[0] ? rule->get : rule->post[0] ? rule->post : rule->delete_;
    }
    if (join_message(api, descriptor->input, &method->input) || join_message(api, descriptor->output, &method->output))
        return -1;
    method->page_size = field_called(method->input, "page_size");
    method->page_token = field_called(method->input, "page_token");
    method->next_page_token = field_called(method->output, "next_page_token");
    method->page_states = field_called(method->input, "state");
    if (method->page_states && method->page_states->descriptor->label != PROTOBUF_C_LABEL_REPEATED)
        method->page_states = NULL;
    method->shows = rule->who == RULE__WHO__OFFICIAL && method->output->shows;
    method->name = name;
    api->by_name[api->n_methods++] = method;
    if (join_key(api, method))
        return -1;
    return method->path ? api_route_add(api, method) : 0;
}

static int compare_methods(const void *a, const void *b)
{
    return strcmp((*(const struct api_method *const *)a)->name, (*(const struct api_method *const *)b)->name);
}

static int join_methods(struct api *api, const ProtobufCServiceDescriptor *const *services)
{
    size_t n = 0;

    for (size_t i = 0; services[i]; i++)
        n += services[i]->n_methods;
    api->methods = api_take(api, (n + 1) * sizeof(struct api_method));
    api->by_name = api_take(api, (n + 1) * sizeof(const struct api_method *));
    for (size_t i = 0; services[i]; i++) {
        for (unsigned j = 0; j < services[i]->n_methods; j++) {
            if (join_method(api, services[i], j))
                return -1;
        }
    }
    qsort(api->by_name, n, sizeof(const struct api_method *), compare_methods);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(api->by_name[i - 1]->name, api->by_name[i]->name) == 0)
            return api_wrong(api, "method %s: in two packages", api->by_name[i]->name);
    }
    return 0;
}

/* ---- reasons ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct api_reason *)a)->name, ((const struct api_reason *)b)->name);
}

static int compare_numbers(const void *a, const void *b)
{
    int x = ((const struct api_reason *)a)->number, y = ((const struct api_reason *)b)->number;

    return (x > y) - (x < y);
}

static void add_reasons(struct api *api, const View__File *file, const View__Enum *reasons)
{
    for (size_t i = 0; i < reasons->n_value; i++) {
        const View__EnumValue *value = reasons->value[i];

        if (value->number == 0)
            continue;
        api->reasons[api->n_reasons++] = (struct api_reason){
            .number = value->number,
            .package = file->package,
            .name = value->name,
            .http = value->options->says->http,
            .zh = value->options->says->zh,
        };
    }
}

static int join_reasons(struct api *api)
{
    const View__FileSet *set = api->set;
    size_t n = 1;

    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_enum_type; j++)
            n += set->file[i]->enum_type[j]->n_value;
    }
    api->reasons = api_take(api, n * sizeof(struct api_reason));
    api->reasons[api->n_reasons++] =
        (struct api_reason){.number = 0, .package = "rpc", .name = "OK", .http = 200, .zh = ""};
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_enum_type; j++) {
            if (strcmp(set->file[i]->enum_type[j]->name, "Reason") == 0)
                add_reasons(api, set->file[i], set->file[i]->enum_type[j]);
        }
    }
    qsort(api->reasons, api->n_reasons, sizeof(struct api_reason), compare_names);
    for (size_t i = 1; i < api->n_reasons; i++) {
        if (compare_names(&api->reasons[i - 1], &api->reasons[i]) == 0)
            return api_wrong(api, "reason %s: in two packages", api->reasons[i].name);
    }
    qsort(api->reasons, api->n_reasons, sizeof(struct api_reason), compare_numbers);
    for (size_t i = 1; i < api->n_reasons; i++) {
        if (api->reasons[i - 1].number == api->reasons[i].number)
            return api_wrong(api, "reason %d: twice", api->reasons[i].number);
    }
    return 0;
}

/* ---- the whole ---- */

int api_build(struct api *api, const void *set, size_t len, const ProtobufCServiceDescriptor *const *services)
{
    *api = (struct api){.n_methods = 0};
    arena_init(&api->arena, TABLES_MAX);
    api->set = view__file_set__unpack(&api->arena.allocator, len, set);
    if (!api->set)
        return api_wrong(api, "the descriptor set does not parse");
    if (api_check(api))
        return -1;
    make_slots(api);
    return join_reasons(api) || join_methods(api, services) ? -1 : 0;
}

void api_done(struct api *api)
{
    arena_done(&api->arena);
    *api = (struct api){.n_methods = 0};
}

int api_load_set(const void *set, size_t len, const ProtobufCServiceDescriptor *const *services)
{
    if (is_loaded)
        return 0;
    /* The parser's hash seed comes from a file: it is read while there is one thread
     * and no sandbox. */
    json_object_seed(0);
    if (api_build(&loaded, set, len, services)) {
        log_error("proto_mistake", "what", loaded.wrong);
        api_done(&loaded);
        return -1;
    }
    is_loaded = true;
    return 0;
}

int api_load(void)
{
    return api_load_set(api_set, api_set_len, api_services);
}

const struct api_method *api_methods(void)
{
    ensure(is_loaded);
    return loaded.methods;
}

bool api_exports_itself(const char *queue)
{
    size_t len = strcspn(queue, ".");

    for (size_t i = 0; i < loaded.n_methods; i++) {
        const struct api_method *method = &loaded.methods[i];

        if (method->rule->exports && strlen(method->queue) == len && memcmp(method->queue, queue, len) == 0)
            return true;
    }
    return false;
}

const struct api_method *api_method(const char *name)
{
    size_t low = 0, high = loaded.n_methods;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(loaded.by_name[middle]->name, name);

        if (order == 0)
            return loaded.by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

int32_t *api_part(const struct api_method *method, ProtobufCMessage *input)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(input->descriptor, "part");

    ensure(method->rule->media[0] && field && field->type == PROTOBUF_C_TYPE_INT32);
    return (int32_t *)(void *)((char *)input + field->offset);
}

const struct api_message *api_message(const ProtobufCMessageDescriptor *descriptor)
{
    ensure(is_loaded);
    return api_find_message(&loaded, descriptor);
}

int api_know(const ProtobufCMessageDescriptor *descriptor)
{
    const struct api_message *message;

    ensure(is_loaded);
    if (!join_message(&loaded, descriptor, &message))
        return 0;
    log_error("proto_mistake", "what", loaded.wrong);
    return -1;
}

size_t api_money_kinds(const ProtobufCMessageDescriptor *event, int32_t *ret, size_t max)
{
    size_t n = 0;

    ensure(is_loaded);
    for (unsigned i = 0; i < event->n_fields; i++) {
        const ProtobufCMessageDescriptor *message = event->fields[i].descriptor;
        const View__Message *view;
        char name[128];

        snprintf(name, sizeof(name), ".%s", message->name);
        view = api_view_message(loaded.set, name);
        ensure(view);
        if (!view->options || !view->options->event || !view->options->event->money)
            continue;
        ensure(n < max);
        ret[n++] = (int32_t)event->fields[i].id;
    }
    return n;
}

const struct api_reason *api_reason(int number)
{
    const struct api_reason key = {.number = number}, *found;

    ensure(is_loaded);
    found = bsearch(&key, loaded.reasons, loaded.n_reasons, sizeof(key), compare_numbers);
    return found ? found : api_reason(RPC__REASON__INTERNAL);
}

void api_route(const char *http, size_t http_len, const char *path, size_t path_len, struct api_match *ret_match)
{
    ensure(is_loaded);
    api_route_find(loaded.routes, http, http_len, path, path_len, ret_match);
}

const struct api *api_loaded(void)
{
    ensure(is_loaded);
    return &loaded;
}

/* One value of a field, a message or a subject's id. */
static size_t subjects_of(const struct api_field *field, const void *at, int64_t *ret)
{
    const ProtobufCMessage *message;
    int64_t id;

    if (field->message) {
        message = *(ProtobufCMessage *const *)at;
        return message ? api_subjects(field->message, message, ret) : 0;
    }
    id = *(const int64_t *)at;
    if (id && ret)
        *ret = id;
    return id != 0;
}

size_t api_subjects(const struct api_message *message, const ProtobufCMessage *value, int64_t *ret)
{
    size_t n = 0;

    for (unsigned i = 0; message->shows && i < message->descriptor->n_fields; i++) {
        const struct api_field *field = &message->fields[i];
        const char *at = (const char *)value + field->descriptor->offset;

        if (!field->limit->subject && !(field->message && field->message->shows))
            continue;
        if (field->descriptor->label != PROTOBUF_C_LABEL_REPEATED) {
            n += subjects_of(field, at, ret ? ret + n : NULL);
            continue;
        }
        for (size_t j = 0;
             j < *(const size_t *)(const void *)((const char *)value + field->descriptor->quantifier_offset); j++)
            n += subjects_of(field, (const char *)*(void *const *)(const void *)at + j * sizeof(void *),
                             ret ? ret + n : NULL);
    }
    return n;
}
