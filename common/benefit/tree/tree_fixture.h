/* tree_fixture.h: unions that a service hears of, in the test's own process. */
#pragma once
#include "common/benefit/holders/holders_fixture.h"

/* The id of a union at a path, of which the service hears that it was made: the path's digits
 * behind a 1, as a number, so that each has its own. */
static inline int64_t a_union(struct harness *h, const char *path)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__UnionCreated created = IDENTITY__UNION_CREATED__INIT;
    char digits[16];
    int64_t union_id;

    ensure(snprintf(digits, sizeof(digits), "1%s", path) <= 13);
    union_id = strtoll(digits, NULL, 36);
    created.union_id = union_id;
    created.path = unconst(path);
    event.event_case = IDENTITY__EVENT__EVENT_UNION_CREATED;
    event.union_created = &created;
    ensure(hear(h, &event) == 0);
    return union_id;
}
