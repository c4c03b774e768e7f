/* api_set_fixture.h: the embedded set of descriptors, changed by a test before tables are built of it. */
#pragma once
#include "common/api/api_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static inline View__Message *view_message(View__FileSet *set, const char *type_name)
{
    View__Message *message = (View__Message *)api_view_message(set, type_name);

    assert_non_null(message);
    return message;
}

static inline View__Field *view_field(View__FileSet *set, const char *type_name, const char *name)
{
    View__Message *message = view_message(set, type_name);

    for (size_t i = 0; i < message->n_field; i++) {
        if (strcmp(message->field[i]->name, name) == 0)
            return message->field[i];
    }
    fail_msg("no field %s", name);
    return NULL;
}

static inline Rule__Field *limit(View__FileSet *set, const char *type_name, const char *name)
{
    View__Field *field = view_field(set, type_name, name);

    assert_non_null(field->options);
    return field->options->field;
}

static inline View__Method *view_method(View__FileSet *set, const char *name)
{
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_service; j++) {
            const View__Service *service = set->file[i]->service[j];

            for (size_t k = 0; k < service->n_method; k++) {
                if (strcmp(service->method[k]->name, name) == 0)
                    return service->method[k];
            }
        }
    }
    fail_msg("no method %s", name);
    return NULL;
}

static inline Rule__Method *rule(View__FileSet *set, const char *name)
{
    return view_method(set, name)->options->method;
}

static inline View__EnumValue *view_reason(View__FileSet *set, const char *name)
{
    for (size_t i = 0; i < set->n_file; i++) {
        for (size_t j = 0; j < set->file[i]->n_enum_type; j++) {
            const View__Enum *reasons = set->file[i]->enum_type[j];

            for (size_t k = 0; k < reasons->n_value; k++) {
                if (strcmp(reasons->value[k]->name, name) == 0)
                    return reasons->value[k];
            }
        }
    }
    fail_msg("no reason %s", name);
    return NULL;
}

/* Builds tables from the embedded set after change has been at it. */
static inline int build_changed(struct api *api, void (*change)(View__FileSet *set))
{
    struct arena arena;
    View__FileSet *set;
    uint8_t *packed;
    size_t len;
    int result;

    arena_init(&arena, (size_t)64 << 20);
    set = view__file_set__unpack(&arena.allocator, api_set_len, api_set);
    assert_non_null(set);
    change(set);
    packed = arena_alloc(&arena, view__file_set__get_packed_size(set));
    assert_non_null(packed);
    len = view__file_set__pack(set, packed);
    result = api_build(api, packed, len, api_services);
    arena_done(&arena);
    return result;
}

#define CHANGE(name) static void name(View__FileSet *set)
