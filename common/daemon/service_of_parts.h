/* service_of_parts.h: a service from its list of parts.
 *
 * A service NAME is services/NAME/NAME.h, which lists its parts, and a room for each noun:
 *
 *     #define PORTAL_PARTS(PART, SHARED) SHARED(holders) PART(inbox) PART(reminders)
 *     SERVICE_OF_PARTS(portal, PORTAL, "members' inbox")
 *
 * From this follow struct inbox, which is handed to the functions of inbox.h; struct portal
 * with one of each part, the handlers of every service of proto/portal/ as NAME_service, and
 * what all services have: store, rpc, clock and ids; portal_spec; and the program hg-portal
 * (the build makes main() and the spec of every folder of services/ that has no main.c or
 * spec.c of its own). A handler finds its service by container_of(service, struct portal,
 * inbox_service); leaving out the handlers of a service in a .proto (`inbox_api`), a part's
 * struct part_spec (`inbox_part`) or its file of steps (`inbox_steps`) does not link.
 *
 * PART is a noun of the service's own. SHARED is a part that lives in several services: its
 * header defines its struct, which begins like the others, and also has a struct parts
 * *parts, by which it reaches the service it is in.
 *
 * A service that has settings, memory or work of its own writes out what SERVICE_OF_PARTS
 * stands for: SERVICE_PARTS and a struct with SERVICE_MEMBERS first in its header, and
 * SERVICE_TABLE and a struct service_spec in its spec.c. */
#pragma once
#include "common/daemon/part.h"
#include "common/daemon/service.h"

/* ---- in the header ---- */

#define SERVICE_PART(name)                                                                                             \
    struct name {                                                                                                      \
        struct store *store;                                                                                           \
        unsigned sql; /* the first of its statements */                                                                \
    };                                                                                                                 \
    extern const struct part_spec name##_part;                                                                         \
    extern const struct store_steps name##_steps;
#define SERVICE_SHARED(name)    extern const struct part_spec name##_part;
#define SERVICE_API(Type, name) extern const Type##_Service name##_api;
/* The struct and the names of each part. */
#define SERVICE_PARTS(NAME) NAME##_PARTS(SERVICE_PART, SERVICE_SHARED) NAME##_SERVICES(SERVICE_API)

#define SERVICE_PART_MEMBER(name)      struct name name;
#define SERVICE_API_MEMBER(Type, name) Type##_Service name##_service;
/* What the service's struct has of them. */
#define SERVICE_MEMBERS(NAME)                                                                                          \
    union {                                                                                                            \
        struct parts parts;                                                                                            \
        struct {                                                                                                       \
            PARTS_MEMBERS                                                                                              \
        };                                                                                                             \
    };                                                                                                                 \
    NAME##_PARTS(SERVICE_PART_MEMBER, SERVICE_PART_MEMBER) NAME##_SERVICES(SERVICE_API_MEMBER)

/* ---- in the spec ---- */

#define SERVICE_ENTRY(name)                                                                                            \
    {&name##_part,                                                                                                     \
     #name,                                                                                                            \
     offsetof(service_struct, name),                                                                                   \
     offsetof(service_struct, name.store),                                                                             \
     offsetof(service_struct, name.sql),                                                                               \
     0},
#define SERVICE_SHARED_ENTRY(name)                                                                                     \
    {&name##_part,                                                                                                     \
     #name,                                                                                                            \
     offsetof(service_struct, name),                                                                                   \
     offsetof(service_struct, name.store),                                                                             \
     offsetof(service_struct, name.sql),                                                                               \
     offsetof(service_struct, name.parts)},
#define SERVICE_API_ENTRY(Type, name)                                                                                  \
    {&name##_api.base, offsetof(service_struct, name##_service), sizeof(Type##_Service)},
/* service_table, the table of them; what follows NAME are members of struct part_table. */
#define SERVICE_TABLE(service, NAME, ...)                                                                              \
    typedef struct service service_struct;                                                                             \
    static struct service service_self;                                                                                \
    static const struct part_entry service_entries[] = {NAME##_PARTS(SERVICE_ENTRY, SERVICE_SHARED_ENTRY)};            \
    _Static_assert(ARRAY_LEN(service_entries) <= LIMIT_PARTS, "limits.h: LIMIT_PARTS");                                \
    static const struct part_api service_apis[] = {NAME##_SERVICES(SERVICE_API_ENTRY)};                                \
    static const struct part_table service_table = {.entries = service_entries,                                        \
                                                    .n = ARRAY_LEN(service_entries),                                   \
                                                    .apis = service_apis,                                              \
                                                    .n_apis = ARRAY_LEN(service_apis),                                 \
                                                    .event = &service##__event__descriptor,                            \
                                                    .self = &service_self,                                             \
                                                    .size = sizeof(struct service),                                    \
                                                    .at = offsetof(struct service, parts),                             \
                                                    __VA_ARGS__};

/* ---- both, of a service that has nothing else ---- */

#ifdef SERVICE_SPEC /* in what the build makes of the header */
#define SERVICE_DEFINE(service, NAME, words)                                                                           \
    SERVICE_TABLE(service, NAME)                                                                                       \
    const struct service_spec service##_spec = {.name = #service, .about = words, .parts = &service_table};
#else
#define SERVICE_DEFINE(service, NAME, words) extern const struct service_spec service##_spec;
#endif

#define SERVICE_OF_PARTS(service, NAME, words)                                                                         \
    SERVICE_PARTS(NAME)                                                                                                \
    struct service {                                                                                                   \
        SERVICE_MEMBERS(NAME)                                                                                          \
    };                                                                                                                 \
    SERVICE_DEFINE(service, NAME, words)
