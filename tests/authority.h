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
#include "tests/authority_world.h"

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

#include "tests/authority_lists.h"
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

    authority_place(world);
    return cmocka_run_group_tests_name(world->queue, tests, NULL, NULL);
}
