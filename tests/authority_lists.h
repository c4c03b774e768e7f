/* authority_lists.h: what a list shows that can be asked for by the states of its rows. Included by
 * authority.h, whose worlds it uses. */
#pragma once
#include "tests/authority_world.h"

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
