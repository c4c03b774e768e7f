/* api_internal.h: how the tables of api.h are made.
 *
 * api.c unpacks the descriptor set, api_check.c judges it alone, api.c joins it to
 * the generated descriptors, api_route.c compiles the paths. All of it belongs to one struct api, so that a test can
 * build another from a set with a mistake in it. */
#pragma once
#include "common/api/api.h"
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "descriptor.pb-c.h"

/* The decoder keeps the fields it has seen in 64 bits. */
#define API_MAX_FIELDS 64

/* FieldDescriptorProto.Type and Label (google/protobuf/descriptor.proto). */
enum {
    VIEW_TYPE_DOUBLE = 1,
    VIEW_TYPE_FLOAT = 2,
    VIEW_TYPE_INT64 = 3,
    VIEW_TYPE_INT32 = 5,
    VIEW_TYPE_BOOL = 8,
    VIEW_TYPE_STRING = 9,
    VIEW_TYPE_GROUP = 10,
    VIEW_TYPE_MESSAGE = 11,
    VIEW_TYPE_BYTES = 12,
    VIEW_TYPE_ENUM = 14,
    VIEW_LABEL_REPEATED = 3,
};

/* What the build embeds and links. */
extern const unsigned char api_set[];
extern const size_t api_set_len;
extern const ProtobufCServiceDescriptor *const api_services[]; /* ended by NULL */

struct api_node;

struct api {
    struct arena arena; /* holds all that follows */
    View__FileSet *set;
    struct api_method *methods; /* n_methods, and one without a name */
    size_t n_methods;
    const struct api_method **by_name;
    const struct api_message **slots; /* by hash of the descriptor's address; n_slots is a power of two */
    size_t n_slots;
    struct api_reason *reasons; /* by number */
    size_t n_reasons;
    struct api_node *routes;
    char wrong[256]; /* what api_build found */
};

/* Builds every table from a packed FileDescriptorSet and the linked services (ended
 * by NULL). Returns 0, or -1 with the mistake in api->wrong; api_done in both cases. */
int api_build(struct api *api, const void *set, size_t len, const ProtobufCServiceDescriptor *const *services);
void api_done(struct api *api);
/* api_load from another set and other services. */
int api_load_set(const void *set, size_t len, const ProtobufCServiceDescriptor *const *services);

/* Memory for the life of the tables, zeroed. At start only: without memory it stops
 * the process. */
void *api_take(struct api *api, size_t size);
/* Notes a mistake; returns -1. */
int api_wrong(struct api *api, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The message called ".package.Name" in the set, or NULL. */
const View__Message *api_view_message(const View__FileSet *set, const char *type_name);
/* A field of a message by its name, or NULL. */
const View__Field *api_view_field(const View__Message *message, const char *name);
/* The tables of a message in api, or NULL. */
const struct api_message *api_find_message(const struct api *api, const ProtobufCMessageDescriptor *descriptor);

/* Judges api->set by the rules at the head of api_check.c. */
int api_check(struct api *api);
/* Adds a method with a path to api->routes and fills its params. */
int api_route_add(struct api *api, struct api_method *method);
/* api_route in these tables. */
void api_route_find(const struct api_node *root, const char *http, size_t http_len, const char *path, size_t path_len,
                    struct api_match *ret_match);
/* What api_load has built. */
const struct api *api_loaded(void);

/* Whether a method is of the bus alone. */
static inline bool api_is_inside(const Rule__Method *rule)
{
    return rule->who == RULE__WHO__INTERNAL || rule->who == RULE__WHO__EDGE;
}
