/* tree_fixture.h: unions made, and a small tree of them. */
#pragma once
#include "services/identity/fixture.h"
#include "services/identity/unions/unions.h"

/* The id of a union by its code: 0 of "", which is above all roots; 1, which is none, when there is none. */
static inline int64_t union_coded(struct harness *h, const char *code)
{
    const struct identity *self = h->service.self;
    struct union_node node;

    return unions_find_code(&self->unions, code, &node) ? node.id : 1;
}

static inline const Rpc__Answer *create_union(struct harness *h, const Rpc__Principal *who, const char *code,
                                              const char *name, const char *parent)
{
    static unsigned calls;
    Identity__CreateUnionRequest request = IDENTITY__CREATE_UNION_REQUEST__INIT;
    char key[32];

    snprintf(key, sizeof(key), "union %u", calls++);
    request.code = unconst(code);
    request.name = unconst(name);
    request.parent_id = union_coded(h, parent);
    return harness_call(h, "Identity.CreateUnion", &request.base, who, key);
}

/* Made by the command line. */
static inline Identity__Union *make_union(struct harness *h, const char *code, const char *parent)
{
    return harness_output(h, create_union(h, harness_internal(h), code, "总工会", parent),
                          &identity__union__descriptor);
}

/* 440600, below it 440604 and 440605, and 440604-1 below 440604. */
static int64_t root_id, first_id, second_id, town_id;

#define ROOT   "0000"
#define FIRST  "00000000"
#define SECOND "00000001"
#define TOWN   "000000000000"

static inline void begin_with_unions(struct harness *h)
{
    begin(h);
    root_id = make_union(h, "440600", "")->union_id;
    first_id = make_union(h, "440604", "440600")->union_id;
    second_id = make_union(h, "440605", "440600")->union_id;
    town_id = make_union(h, "440604-1", "440604")->union_id;
}

static inline Rpc__Principal *administrator(struct harness *h, const char *path)
{
    return harness_official(h, 9, RULE__ROLE__UNION_ADMIN, path);
}
