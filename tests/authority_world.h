/* authority_world.h: the world in which it is tried who may do what where, and requests made for
 * it from their descriptors. Included by authority.h, which says what a world is. */
#pragma once
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/api/json.h"
#include "tests/dump.h"
#include "tests/harness.h"

#define AUTHORITY_IDS      128
#define AUTHORITY_OFFICIAL 999
#define AUTHORITY_ROLES    64 /* numbers below it are tried */

enum { OWN, SIBLING, PARENT, CHILD, N_PLACES };
static const char *const place_names[] = {"own union", "sibling", "parent", "child"};

struct authority_person {
    int64_t member_id, session_id;
};

/* What a field says: "union_id", or "Slots.ChangeSlot/slot_id" of one operation alone. */
struct authority_field {
    const char *field;
    int64_t number;
    const char *text;
    struct authority_person owner; /* whose it is, when it is one member's */
    int role;                      /* said by this role alone; 0: by every one */
};

struct authority_place {
    const char *path; /* NULL: that of authority_place */
    struct authority_field fields[AUTHORITY_IDS];
    unsigned n_fields;
};

struct authority {
    const char *queue;
    struct harness *harness;                /* the test's */
    void (*begin)(struct harness *harness); /* the service on a fresh store */
    void (*end)(struct harness *harness);
    /* Makes what is in one place, in the order of the enum, under the path that is set. NULL: nothing. */
    void (*make)(struct harness *harness, struct authority_place *place, unsigned n);
    const struct authority_field *fields; /* the same everywhere; ended by a NULL */
    /* A text that is another one in each request, or NULL. May be NULL. */
    const char *(*text)(struct harness *harness, const char *method, const char *field,
                        const struct authority_place *place);
    const int *refusals;          /* for want of authority, besides the chassis' own; ended by 0 */
    const char *const *placeless; /* operations that touch only what is the caller's; NULL-ended */
    const char *const *open;    /* members' operations with the id of what is one's that everybody may use; likewise */
    const char *const *secrets; /* texts that no answer may hold, but of the operations `whole`; likewise */
    const char *const *whole;
    const char *const *foreign; /* ids of what other services have, which this one cannot judge; likewise */
    const ProtobufCMessageDescriptor *report; /* of an output that refuses line by line; may be NULL */

    struct authority_place places[N_PLACES];
    bool any;                         /* required fields that the world does not know are filled with anything */
    struct authority_person stranger; /* whose nothing of it all is; set by make, or nobody the service knows */
    unsigned n_calls;
    unsigned char *saved;
    size_t saved_len;
    struct dump_watch *watch;
};

static inline void authority_put(struct authority_place *place, const char *field, int64_t number)
{
    ensure(place->n_fields < AUTHORITY_IDS);
    place->fields[place->n_fields++] = (struct authority_field){.field = field, .number = number};
}

/* Of one member's. */
static inline void authority_put_hers(struct authority_place *place, const char *field, int64_t number,
                                      const Rpc__Principal *owner)
{
    authority_put(place, field, number);
    place->fields[place->n_fields - 1].owner = (struct authority_person){owner->member_id, owner->session_id};
}

static inline void authority_put_text(struct authority_place *place, const char *field, const char *text)
{
    authority_put(place, field, 0);
    place->fields[place->n_fields - 1].text = strdup(text);
}

/* ---- the world ---- */

/* Places where a service has no paths of its own. */
static inline void authority_place(struct authority *world)
{
    static const char *const paths[] = {
        [OWN] = "00010002", [SIBLING] = "00010003", [PARENT] = "0001", [CHILD] = "000100020004"};

    for (unsigned i = 0; i < N_PLACES; i++) {
        if (!world->places[i].path)
            world->places[i].path = paths[i];
    }
}

static inline FILE *authority_file(const struct authority *world, const char *mode)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "%s/data.sqlite", world->harness->dir);
    file = fopen(path, mode);
    ensure(file);
    return file;
}

static inline void authority_open(struct authority *world)
{
    FILE *file;

    world->begin(world->harness);
    world->stranger = (struct authority_person){998, 1000998};
    for (unsigned i = 0; i < N_PLACES; i++) {
        world->places[i].n_fields = 0;
        if (world->make)
            world->make(world->harness, &world->places[i], i);
    }
    harness_stop(world->harness);
    file = authority_file(world, "r");
    ensure(fseek(file, 0, SEEK_END) == 0);
    world->saved_len = (size_t)ftell(file);
    rewind(file);
    world->saved = malloc(world->saved_len);
    ensure(world->saved && fread(world->saved, 1, world->saved_len, file) == world->saved_len);
    fclose(file);
    harness_start(world->harness);
    world->watch = dump_watch(world->harness->dir);
}

static inline void authority_restore(struct authority *world)
{
    FILE *file;

    harness_off_record(world->harness);
    dump_unwatch(world->watch);
    harness_stop(world->harness);
    file = authority_file(world, "w");
    ensure(fwrite(world->saved, 1, world->saved_len, file) == world->saved_len && fclose(file) == 0);
    harness_start(world->harness);
    world->watch = dump_watch(world->harness->dir);
}

static inline void authority_close(struct authority *world)
{
    dump_unwatch(world->watch);
    free(world->saved);
    for (unsigned i = 0; i < N_PLACES; i++) {
        for (unsigned j = 0; j < world->places[i].n_fields; j++)
            free(unconst(world->places[i].fields[j].text));
    }
    world->end(world->harness);
}

static inline bool authority_lists(const char *const *list, const char *name)
{
    for (; list && *list; list++) {
        if (strcmp(*list, name) == 0)
            return true;
    }
    return false;
}

static inline const char *authority_role(int role)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&rule__role__descriptor, role);

    return value ? value->name : NULL;
}

/* ---- requests from descriptors ---- */

static inline bool authority_names(const struct authority_field *entry, const char *method, const char *field)
{
    size_t len = strlen(method);

    return strcmp(entry->field, field) == 0 || (strncmp(entry->field, method, len) == 0 && entry->field[len] == '/' &&
                                                strcmp(entry->field + len + 1, field) == 0);
}

/* How particular an entry is: one of an operation before one of all, one of a role before both. */
static inline int authority_rank(const struct authority_field *entry)
{
    return !entry ? 0 : entry->role ? 3 : strchr(entry->field, '/') ? 2 : 1;
}

/* What a field of an operation says at a place, for a role. */
static inline const struct authority_field *authority_find(const struct authority *world, const char *method,
                                                           const char *field, const struct authority_place *place,
                                                           int role)
{
    const struct authority_field *found = NULL, *entry;

    for (unsigned i = 0; i < place->n_fields; i++) {
        entry = &place->fields[i];
        if (authority_names(entry, method, field) && (!entry->role || entry->role == role) &&
            authority_rank(entry) > authority_rank(found))
            found = entry;
    }
    for (entry = world->fields; entry && entry->field; entry++) {
        if (authority_names(entry, method, field) && authority_rank(entry) > authority_rank(found))
            found = entry;
    }
    return found;
}

static inline bool authority_ends(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Whether a field is an id, the path of a union, or what a service has written of either: what says where. */
static inline bool authority_is_id(const struct api_field *field)
{
    return field->descriptor->type == PROTOBUF_C_TYPE_INT64 && !field->limit->time &&
           (authority_ends(field->descriptor->name, "_id") || authority_ends(field->descriptor->name, "_ids"));
}

static inline bool authority_is_place(const struct api_field *field)
{
    const char *name = field->descriptor->name;

    return authority_is_id(field) || (field->descriptor->type == PROTOBUF_C_TYPE_STRING && !field->limit->inside &&
                                      (authority_ends(name, "_path") || strcmp(name, "csv") == 0 ||
                                       (strcmp(name, "letter") == 0 && field->limit->required)));
}

/* Whether a request says where, in a field of its own or of a message in it. */
static inline bool authority_has_place(const struct api_message *message)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const struct api_field *field = &message->fields[i];

        if (authority_is_place(field) || (field->message && authority_has_place(field->message)))
            return true;
    }
    return false;
}

/* Puts a value into a field; of a repeated one it is the only element. */
static inline void authority_set(struct harness *harness, ProtobufCMessage *message,
                                 const ProtobufCFieldDescriptor *field, const void *value, size_t size)
{
    char *at = (char *)message + field->offset;

    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        void *list = harness_alloc(harness, size);

        memcpy(list, value, size);
        memcpy(at, &list, sizeof(list));
        *(size_t *)(void *)((char *)message + field->quantifier_offset) = 1;
    } else {
        memcpy(at, value, size);
    }
}

struct authority_filling {
    struct authority *world;
    const struct api_method *method;
    int role;                             /* of who asks */
    const struct authority_place *unions; /* whose the union that is named is */
    const struct authority_place *things; /* whose all else is */
    const struct api_field *formed;       /* this field of the request says `form`; NULL: none does */
    int64_t form;
};

static inline ProtobufCMessage *authority_message(const struct authority_filling *filling,
                                                  const struct api_message *kind);

static inline void authority_text(const struct authority_filling *filling, const struct api_field *field,
                                  const struct authority_field *known, const struct authority_place *place,
                                  ProtobufCMessage *message)
{
    const char *method = filling->method->name, *name = field->descriptor->name, *text = known ? known->text : NULL;

    if (!text && filling->world->text)
        text = filling->world->text(filling->world->harness, method, name, place);
    if (!text && filling->world->any && field->limit->required)
        text = "00000000000000000000000000000000" + (32 - (field->limit->min_len > 1 ? field->limit->min_len : 1));
    if (!text && (field->limit->required || authority_is_place(field)) && !filling->world->any)
        fail_msg("%s: teach the world its field %s", method, name);
    if (text && field->descriptor->type == PROTOBUF_C_TYPE_BYTES) {
        ProtobufCBinaryData bytes = {strlen(text),
                                     (uint8_t *)arena_strndup(&filling->world->harness->arena, text, strlen(text))};

        authority_set(filling->world->harness, message, field->descriptor, &bytes, sizeof(bytes));
    } else if (text) {
        authority_set(filling->world->harness, message, field->descriptor, &text, sizeof(text));
    }
}

static inline void authority_number(const struct authority_filling *filling, const struct api_field *field,
                                    const struct authority_field *known, ProtobufCMessage *message)
{
    int64_t number = known ? known->number : field->descriptor->type == PROTOBUF_C_TYPE_ENUM;
    int32_t small;

    if (!known && filling->world->any && field->limit->required)
        number = field->limit->day ? 20260101 : field->limit->min > 0 ? field->limit->min : 1;
    else if (!known &&
             (authority_is_id(field) || (field->limit->required && field->descriptor->type != PROTOBUF_C_TYPE_ENUM)))
        fail_msg("%s: teach the world its field %s", filling->method->name, field->descriptor->name);
    if (field == filling->formed)
        number = filling->form;
    small = (int32_t)number;
    if (field->descriptor->type == PROTOBUF_C_TYPE_INT64)
        authority_set(filling->world->harness, message, field->descriptor, &number, sizeof(number));
    else if (known || field->descriptor->label != PROTOBUF_C_LABEL_REPEATED)
        authority_set(filling->world->harness, message, field->descriptor, &small, sizeof(small));
}

static inline ProtobufCMessage *authority_message(const struct authority_filling *filling,
                                                  const struct api_message *kind)
{
    ProtobufCMessage *message = harness_alloc(filling->world->harness, kind->descriptor->sizeof_message), *inner;

    protobuf_c_message_init(kind->descriptor, message);
    for (unsigned i = 0; i < kind->descriptor->n_fields; i++) {
        const struct api_field *field = &kind->fields[i];
        const char *name = field->descriptor->name;
        bool is_union = strcmp(name, "union_id") == 0 || strcmp(name, "union_path") == 0;
        const struct authority_place *place = is_union ? filling->unions : filling->things;
        const struct authority_field *known =
            authority_find(filling->world, filling->method->name, name, place, filling->role);

        switch (field->descriptor->type) {
        case PROTOBUF_C_TYPE_MESSAGE:
            inner = authority_message(filling, field->message);
            authority_set(filling->world->harness, message, field->descriptor, &inner, sizeof(inner));
            break;
        case PROTOBUF_C_TYPE_STRING:
        case PROTOBUF_C_TYPE_BYTES:
            authority_text(filling, field, known, place, message);
            break;
        case PROTOBUF_C_TYPE_INT32:
        case PROTOBUF_C_TYPE_INT64:
        case PROTOBUF_C_TYPE_ENUM:
        case PROTOBUF_C_TYPE_BOOL:
            if (known || field->descriptor->type != PROTOBUF_C_TYPE_BOOL)
                authority_number(filling, field, known, message);
            break;
        default:
            fail_msg("%s: teach the matrix the type of %s", filling->method->name, name);
        }
    }
    return message;
}

static inline int authority_role_of(const Rpc__Principal *who)
{
    return who->n_grants ? (int)who->grants[0]->role : 0;
}

/* A request of a method by somebody; see struct authority_filling. */
static inline ProtobufCMessage *authority_request_formed(struct authority *world, const struct api_method *method,
                                                         const Rpc__Principal *who, unsigned unions, unsigned things,
                                                         const struct api_field *formed, int64_t form)
{
    struct authority_filling filling = {
        world, method, authority_role_of(who), &world->places[unions], &world->places[things], formed, form};

    return authority_message(&filling, method->input);
}

static inline ProtobufCMessage *authority_request(struct authority *world, const struct api_method *method,
                                                  const Rpc__Principal *who, unsigned place)
{
    return authority_request_formed(world, method, who, place, place, NULL, 0);
}

static inline const Rpc__Answer *authority_call(struct authority *world, const struct api_method *method,
                                                const Rpc__Principal *who, const ProtobufCMessage *input)
{
    const Rpc__Answer *answer;
    char key[32];

    snprintf(key, sizeof(key), "matrix %u", world->n_calls++);
    answer = harness_call(world->harness, method->name, input, who, key);
    for (const char *const *secret = world->secrets; secret && *secret; secret++) {
        if (answer->output.len && !authority_lists(world->whole, method->name) &&
            memmem(answer->output.data, answer->output.len, *secret, strlen(*secret)))
            fail_msg("%s answers with %s, which is for nobody", method->name, *secret);
    }
    return answer;
}
