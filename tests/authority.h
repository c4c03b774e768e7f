/* authority.h: who may do what where, tried for every operation of a service.
 *
 * A service gives a world: four unions (an official's own, its sibling, parent and child)
 * with a thing of each kind in each, and what its requests' other fields may say. All the
 * rest follows from the descriptors: each operation is called by every role over the own
 * union, with the things of each union, with ids that name nothing or something else, by
 * a member whose things they are not, and by nobody. An operation with a required field, an
 * id or a path that the world does not know fails until it does, and so does one whose
 * request names no place at all. A failure says the operation, the role, the place and
 * what was answered.
 *
 * What was refused has changed nothing: not one row of the store. */
#pragma once
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/api/json.h"
#include "tests/dump.h"
#include "tests/harness.h"

#define AUTHORITY_IDS      64
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
    const char *path;
    struct authority_field fields[AUTHORITY_IDS];
    unsigned n_fields;
};

struct authority {
    const char *queue;
    struct harness *harness;                /* the test's */
    void (*begin)(struct harness *harness); /* the service on a fresh store */
    void (*end)(struct harness *harness);
    /* Makes what is in one place, in the order of the enum; paths are set, or are set here. */
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

/* Whether a field is an id, or the path of a union: what says where. */
static inline bool authority_is_id(const struct api_field *field)
{
    return field->descriptor->type == PROTOBUF_C_TYPE_INT64 && !field->limit->time &&
           (authority_ends(field->descriptor->name, "_id") || authority_ends(field->descriptor->name, "_ids"));
}

static inline bool authority_is_place(const struct api_field *field)
{
    const char *name = field->descriptor->name;

    return authority_is_id(field) || (field->descriptor->type == PROTOBUF_C_TYPE_STRING && !field->limit->inside &&
                                      (authority_ends(name, "_path") || strcmp(name, "csv") == 0));
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

/* ---- who may ---- */

static inline bool authority_has_role(const struct api_method *method, int role)
{
    for (size_t i = 0; i < method->rule->n_roles; i++) {
        if ((int)method->rule->roles[i] == role)
            return true;
    }
    return false;
}

static inline bool authority_is_refusal(const struct authority *world, int reason)
{
    for (const int *refusal = world->refusals; refusal && *refusal; refusal++) {
        if (*refusal == reason)
            return true;
    }
    return reason == RPC__REASON__NOT_OFFICIAL || reason == RPC__REASON__OUTSIDE_YOUR_UNION;
}

static inline bool authority_covers(int role, unsigned place)
{
    /* Who acts for a company does so in its own union alone (rule.proto). */
    return place == OWN || (place == CHILD && role != RULE__ROLE__COMPANY_AGENT);
}

/* Whether a number is that of something in a place that the role does not cover. */
static inline bool authority_is_beyond(const struct authority *world, int role, int64_t number)
{
    for (unsigned i = 0; i < N_PLACES; i++) {
        for (unsigned j = 0; !authority_covers(role, i) && j < world->places[i].n_fields; j++) {
            if (number && world->places[i].fields[j].number == number)
                return true;
        }
    }
    return false;
}

/* The field of an output that names something beyond the role; NULL when none does. */
static inline const char *authority_shown(const struct authority *world, int role, const struct api_message *kind,
                                          const ProtobufCMessage *message)
{
    for (unsigned i = 0; i < kind->descriptor->n_fields; i++) {
        const struct api_field *field = &kind->fields[i];
        const char *at = (const char *)message + field->descriptor->offset, *found = NULL;
        size_t n = 1;

        if (field->descriptor->label == PROTOBUF_C_LABEL_REPEATED) {
            n = *(const size_t *)(const void *)((const char *)message + field->descriptor->quantifier_offset);
            at = *(const char *const *)(const void *)at;
        }
        for (size_t j = 0; j < n && !found; j++) {
            const void *value = at + j * sizeof(int64_t);

            if (field->message && *(ProtobufCMessage *const *)value)
                found = authority_shown(world, role, field->message, *(ProtobufCMessage *const *)value);
            else if (authority_is_id(field) && authority_is_beyond(world, role, *(const int64_t *)value))
                found = field->descriptor->name;
        }
        if (found)
            return found;
    }
    return NULL;
}

static inline const char *authority_answered(const struct authority *world, const struct api_method *method, int role,
                                             const Rpc__Answer *answer)
{
    return authority_shown(world, role, method->output,
                           harness_output(world->harness, answer, method->output->descriptor));
}

static inline void authority_judge(const struct authority *world, const struct api_method *method, int role,
                                   unsigned place, const Rpc__Answer *answer, bool changed)
{
    bool placed = !authority_lists(world->placeless, method->name), wrong;

    if (!authority_has_role(method, role))
        wrong = answer->reason != RPC__REASON__NOT_OFFICIAL || changed;
    else if (placed && !authority_covers(role, place) && answer->reason == 0)
        /* A list leaves out what she may not see, a report refuses each of its lines. */
        wrong = changed || authority_answered(world, method, role, answer) ||
                (method->writes && method->output->descriptor != world->report);
    else if (placed && !authority_covers(role, place))
        wrong = changed || !authority_is_refusal(world, answer->reason);
    else
        wrong = authority_is_refusal(world, answer->reason);
    if (wrong)
        fail_msg("%s by %s to the %s: %s%s", method->name, authority_role(role), place_names[place],
                 api_reason(answer->reason)->name, changed ? ", and the store has changed" : "");
}

static inline void authority_try_roles(struct authority *world, const struct api_method *method)
{
    if (!authority_has_place(method->input) && !authority_lists(world->placeless, method->name))
        fail_msg("%s: its request names no place; say so in the world", method->name);
    for (int role = 0; role < AUTHORITY_ROLES; role++) {
        for (unsigned i = 0; i < N_PLACES && authority_role(role); i++) {
            const char *path = world->places[OWN].path;
            Rpc__Principal *who = role ? harness_official(world->harness, AUTHORITY_OFFICIAL, role, path)
                                       : harness_member(world->harness, AUTHORITY_OFFICIAL, path);
            const Rpc__Answer *answer = authority_call(world, method, who, authority_request(world, method, who, i));
            bool changed = dump_has_changed(world->watch);

            authority_judge(world, method, role, i, answer, changed);
            if (changed)
                authority_restore(world);
        }
    }
    harness_forget(world->harness);
}

/* ---- ids ---- */

/* The request with an id of another number does nothing: it is refused, or where it names
 * several, says so of that one. */
static inline void authority_try_id(struct authority *world, const struct api_method *method, const Rpc__Principal *who,
                                    const struct api_field *field, int64_t id, const char *what)
{
    ProtobufCMessage *input = authority_request_formed(world, method, who, OWN, OWN, field, id);
    const Rpc__Answer *answer = authority_call(world, method, who, input);

    if ((answer->reason == 0 && answer->output.len && field->descriptor->label != PROTOBUF_C_LABEL_REPEATED) ||
        dump_has_changed(world->watch))
        fail_msg("%s takes %s, %lld, as %s", method->name, what, (long long)id, field->descriptor->name);
}

/* Numbers that name nothing, and the ids of things of her own of every other kind. */
static inline void authority_try_kinds(struct authority *world, const struct api_method *method,
                                       const Rpc__Principal *who, const struct api_field *field)
{
    static const int64_t nothing[] = {0, -1, LLONG_MIN, 1, LLONG_MAX};
    const struct authority_place *own = &world->places[OWN];
    int64_t right = authority_find(world, method->name, field->descriptor->name, own, authority_role_of(who))->number;
    bool foreign = authority_lists(world->foreign, field->descriptor->name);

    for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
        if (!foreign || nothing[i] <= 0)
            authority_try_id(world, method, who, field, nothing[i], "an id of nothing");
    }
    for (unsigned i = 0; i < own->n_fields && !foreign; i++) {
        int64_t id = own->fields[i].number;
        bool same = id == right || own->fields[i].text;

        /* Of the same kind are all that stand under the field's name. */
        for (unsigned j = 0; j < own->n_fields; j++)
            same |= own->fields[j].number == id && authority_ends(own->fields[j].field, field->descriptor->name);
        if (!same)
            authority_try_id(world, method, who, field, id, own->fields[i].field);
    }
}

static inline void authority_try_ids(struct authority *world, const struct api_method *method,
                                     const Rpc__Principal *who)
{
    const ProtobufCMessageDescriptor *descriptor = method->input->descriptor;
    bool has_union = protobuf_c_message_descriptor_get_field_by_name(descriptor, "union_id"), has_other = false;

    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const struct api_field *field = &method->input->fields[i];

        if (!authority_is_id(field) || !field->limit->required)
            continue;
        has_other |= strcmp(descriptor->fields[i].name, "union_id") != 0;
        authority_try_kinds(world, method, who, field);
    }
    if (has_union && has_other) {
        authority_call(world, method, who, authority_request_formed(world, method, who, OWN, SIBLING, NULL, 0));
        if (dump_has_changed(world->watch))
            fail_msg("%s touches what is the sibling's, under the own union's name", method->name);
    }
    harness_forget(world->harness);
}

/* ---- every operation ---- */

static inline bool authority_is_of(const struct authority *world, const struct api_method *method, int who)
{
    return strcmp(method->queue, world->queue) == 0 && (int)method->rule->who == who;
}

static inline void an_official_acts_in_her_office_on_her_union_and_below_only(void **state)
{
    struct authority *world = *state;

    authority_open(world);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (authority_is_of(world, method, RULE__WHO__OFFICIAL))
            authority_try_roles(world, method);
    }
    authority_close(world);
}

static inline void ids_of_others_and_of_nothing_do_nothing(void **state)
{
    struct authority *world = *state;

    authority_open(world);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        for (size_t i = 0; authority_is_of(world, method, RULE__WHO__OFFICIAL) && i < method->rule->n_roles; i++)
            authority_try_ids(world, method,
                              harness_official(world->harness, AUTHORITY_OFFICIAL, (int)method->rule->roles[i],
                                               world->places[OWN].path));
    }
    authority_close(world);
}

/* Whose thing an operation of a member's names; NULL when it names none, or for everybody. */
static inline const struct authority_person *
authority_owner(const struct authority *world, const struct api_method *method, const struct authority_place *place)
{
    if ((!authority_is_of(world, method, RULE__WHO__SESSION) && !authority_is_of(world, method, RULE__WHO__VERIFIED)) ||
        authority_lists(world->open, method->name))
        return NULL;
    for (unsigned i = 0; i < method->input->descriptor->n_fields; i++) {
        const struct authority_field *known =
            authority_find(world, method->name, method->input->descriptor->fields[i].name, place, 0);

        if (known && known->owner.member_id)
            return &known->owner;
    }
    return NULL;
}

static inline Rpc__Principal *authority_person(const struct authority *world, const struct authority_person *person,
                                               int role, const char *path)
{
    Rpc__Principal *who = role ? harness_official(world->harness, person->member_id, role, path)
                               : harness_member(world->harness, person->member_id, path);

    who->session_id = person->session_id;
    return who;
}

static inline void authority_try_stranger(struct authority *world, const struct api_method *method, unsigned place,
                                          const struct authority_person *owner)
{
    const char *path = world->places[place].path;
    Rpc__Principal *who = authority_person(world, owner, 0, path);
    int hers = authority_call(world, method, who, authority_request(world, method, who, place))->reason;

    if (dump_has_changed(world->watch))
        authority_restore(world);
    for (int role = 0; role < AUTHORITY_ROLES; role++) {
        const Rpc__Answer *answer;

        if (!authority_role(role))
            continue;
        who = authority_person(world, &world->stranger, role, role ? "" : path);
        answer = authority_call(world, method, who, authority_request(world, method, who, place));
        if (answer->reason == 0 || answer->reason == hers || dump_has_changed(world->watch))
            fail_msg("%s of another's in the %s, by a member who is %s: %s; by herself: %s", method->name,
                     place_names[place], authority_role(role), api_reason(answer->reason)->name,
                     api_reason(hers)->name);
    }
    if (place == OWN)
        authority_try_ids(world, method, authority_person(world, owner, 0, path));
    harness_forget(world->harness);
}

static inline void what_is_one_members_is_hers_alone(void **state)
{
    struct authority *world = *state;

    authority_open(world);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        for (unsigned i = 0; i < N_PLACES; i++) {
            const struct authority_person *owner = authority_owner(world, method, &world->places[i]);

            if (owner)
                authority_try_stranger(world, method, i, owner);
        }
    }
    authority_close(world);
}

/* What the edge makes of the forms in which a client may write an id. */
static inline void an_id_is_a_whole_number_in_digits_or_a_string_of_them(void **state)
{
    static const struct {
        const char *text;
        bool is_id;
    } forms[] = {{"\"42\"", true},
                 {"42", true},
                 {"\"\"", false},
                 {"\"4 2\"", false},
                 {"\"0x2a\"", false},
                 {"4.2", false},
                 {"42.0", false},
                 {"42e0", false},
                 {"true", false},
                 {"[42]", false},
                 {"{}", false},
                 {"\"９\"", false},
                 {"+42", false},
                 {"\"+42\"", false},
                 {"9223372036854775808", false},
                 {"\"9223372036854775808\"", false}};
    const struct authority *world = *state;
    struct arena arena;

    arena_init(&arena, (size_t)64 << 20);
    assert_int_equal(api_load(), 0);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        for (unsigned i = 0; strcmp(method->queue, world->queue) == 0 && i < method->input->descriptor->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &method->input->descriptor->fields[i];

            if (!authority_is_id(&method->input->fields[i]) || field->label == PROTOBUF_C_LABEL_REPEATED)
                continue;
            for (size_t j = 0; j < ARRAY_LEN(forms); j++) {
                ProtobufCMessage *input = json_new(method->input, &arena);
                const char *json = method->input->fields[i].json_name;
                const char *text = arena_printf(&arena, "{\"%s\":%s}", json, forms[j].text);
                struct json_trouble trouble;
                bool taken = json_decode(input, text, strlen(text), &arena, &trouble) == 0;

                if (taken != forms[j].is_id || (taken && *(int64_t *)(void *)((char *)input + field->offset) != 42))
                    fail_msg("%s of %s", text, method->name);
            }
            arena_reset(&arena);
        }
    }
    arena_done(&arena);
}

static inline void only_public_operations_are_open_to_nobody_and_internal_ones_to_no_person(void **state)
{
    struct authority *world = *state;
    unsigned n = 0;

    world->begin(world->harness);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        bool internal = method->rule->who == RULE__WHO__INTERNAL || method->rule->who == RULE__WHO__EDGE;
        int expected = internal ? RPC__REASON__NOT_OFFICIAL : RPC__REASON__MISSING_TOKEN, reason;

        if (strcmp(method->queue, world->queue) != 0 || method->rule->who == RULE__WHO__PUBLIC)
            continue;
        n++;
        reason = authority_call(world, method, NULL, NULL)->reason;
        if (reason != expected)
            fail_msg("%s by nobody: %s", method->name, api_reason(reason)->name);
        for (int role = 0; role < AUTHORITY_ROLES && internal; role++) {
            if (!authority_role(role))
                continue;
            reason = authority_call(world, method, harness_official(world->harness, AUTHORITY_OFFICIAL, role, ""), NULL)
                         ->reason;
            if (reason != RPC__REASON__NOT_OFFICIAL)
                fail_msg("%s by %s: %s", method->name, authority_role(role), api_reason(reason)->name);
        }
    }
    assert_true(n > 0);
    world->end(world->harness);
}

/* ---- lists ---- */

/* The rows of a list that can be asked for by state: those that have one, or else the only ones. */
static inline const struct api_field *authority_rows(const struct api_method *method)
{
    const struct api_field *rows = NULL;

    for (unsigned i = 0; i < method->output->descriptor->n_fields; i++) {
        const struct api_field *field = &method->output->fields[i];

        if (!field->message || field->descriptor->label != PROTOBUF_C_LABEL_REPEATED)
            continue;
        if (!rows || protobuf_c_message_descriptor_get_field_by_name(field->message->descriptor, "state"))
            rows = field;
    }
    return rows;
}

/* The rows that somebody is shown in these states, or (n 0) where none is named: none where she is refused. With
 * *ret_at the place of each row's state, or 0 where it has none; returns how many rows. */
static inline size_t authority_list(struct authority *world, const struct api_method *method, const Rpc__Principal *who,
                                    unsigned place, const int *states, size_t n, const char *const **ret_rows,
                                    size_t *ret_at)
{
    ProtobufCMessage *input = authority_request(world, method, who, place);
    const struct api_field *rows = authority_rows(method);
    const ProtobufCFieldDescriptor *field = method->page_states->descriptor;
    const Rpc__Answer *answer;
    const char *output;

    *(const void **)(void *)((char *)input + field->offset) = states;
    *(size_t *)(void *)((char *)input + field->quantifier_offset) = n;
    answer = authority_call(world, method, who, input);
    if (answer->reason)
        return 0;
    output = (const char *)harness_output(world->harness, answer, method->output->descriptor);
    field = protobuf_c_message_descriptor_get_field_by_name(rows->message->descriptor, "state");
    *ret_at = field ? field->offset : 0;
    *ret_rows = *(const char *const *const *)(const void *)(output + rows->descriptor->offset);
    return *(const size_t *)(const void *)(output + rows->descriptor->quantifier_offset);
}

/* How many rows are shown of a state; fails on one that is in another. */
static inline size_t authority_count(struct authority *world, const struct api_method *method,
                                     const Rpc__Principal *who, unsigned place, int state)
{
    const char *const *rows;
    size_t at, n = authority_list(world, method, who, place, &state, 1, &rows, &at);

    for (size_t i = 0; at && i < n; i++) {
        if (*(const int *)(const void *)(rows[i] + at) != state)
            fail_msg("%s of state %d shows another", method->name, state);
    }
    return n;
}

/* That the rows of each state are together those of all: how many. Where no state is named all rows are shown, or no
 * others: of each state that is shown then, all. */
static inline size_t authority_try_states(struct authority *world, const struct api_method *method,
                                          const Rpc__Principal *who, unsigned place)
{
    const ProtobufCEnumDescriptor *states = method->page_states->descriptor->descriptor;
    size_t at = 0, all, usual, of_state, n = 0, shown = 0;
    const char *const *rows;
    int names[64];

    for (unsigned i = 0; i < states->n_values; i++)
        names[i] = states->values[i].value;
    all = authority_list(world, method, who, place, names, states->n_values, &rows, &at);
    usual = authority_list(world, method, who, place, NULL, 0, &rows, &at);
    for (unsigned i = 0; i < states->n_values; i++) {
        size_t here = 0;

        for (size_t j = 0; at && j < usual; j++)
            here += *(const int *)(const void *)(rows[j] + at) == names[i];
        of_state = authority_count(world, method, who, place, names[i]);
        if (here && here != of_state)
            fail_msg("%s shows %zu rows of state %d, and %zu when asked for them", method->name, here, names[i],
                     of_state);
        shown += here;
        n += of_state;
    }
    if (n != all || (at ? shown != usual : all != usual))
        fail_msg("%s shows %zu rows, and %zu by their states", method->name, all, n);
    harness_forget(world->harness);
    return all;
}

static inline size_t authority_try_list(struct authority *world, const struct api_method *method)
{
    const struct authority_place *own = &world->places[OWN];
    size_t n = 0;

    for (size_t i = 0; i < method->rule->n_roles; i++)
        n += authority_try_states(
            world, method, harness_official(world->harness, AUTHORITY_OFFICIAL, (int)method->rule->roles[i], own->path),
            OWN);
    for (unsigned i = 0; method->rule->n_roles == 0 && i < own->n_fields; i++) {
        if (own->fields[i].owner.member_id)
            n += authority_try_states(world, method, authority_person(world, &own->fields[i].owner, 0, own->path), OWN);
    }
    return n;
}

static inline void a_list_of_some_states_holds_what_is_in_them(void **state)
{
    struct authority *world = *state;
    unsigned empty = 0;

    authority_open(world);
    for (const struct api_method *method = api_methods(); method->name; method++) {
        if (strcmp(method->queue, world->queue) != 0 || !method->page_states || !method->http)
            continue;
        if (authority_try_list(world, method) == 0) {
            print_error("%s: the world has nothing to list\n", method->name);
            empty++;
        }
    }
    authority_close(world);
    assert_int_equal(empty, 0);
}

#include "tests/edge.h"

#define AUTHORITY_TEST(name, world) cmocka_unit_test_prestate(name, world)

static inline int authority_run(struct authority *world)
{
    const struct CMUnitTest tests[] = {
        AUTHORITY_TEST(an_official_acts_in_her_office_on_her_union_and_below_only, world),
        AUTHORITY_TEST(ids_of_others_and_of_nothing_do_nothing, world),
        AUTHORITY_TEST(what_is_one_members_is_hers_alone, world),
        AUTHORITY_TEST(an_id_is_a_whole_number_in_digits_or_a_string_of_them, world),
        AUTHORITY_TEST(a_list_of_some_states_holds_what_is_in_them, world),
        AUTHORITY_TEST(only_public_operations_are_open_to_nobody_and_internal_ones_to_no_person, world),
        AUTHORITY_TEST(a_taken_gateway_is_held_to_what_clients_may_say, world),
    };

    return cmocka_run_group_tests_name(world->queue, tests, NULL, NULL);
}
