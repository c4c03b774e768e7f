/* api.h: every operation of the system, read from the .proto files.
 *
 * The build embeds the descriptor set of proto/ and links the generated code.
 * api_load() joins the two once at start into read-only tables: methods with
 * their rules, fields with their limits, reasons with their meaning. Dispatch,
 * routes, JSON, checks, metrics and OpenAPI (openapi.h) all read these tables; nothing
 * about an operation is written by hand anywhere else.
 *
 * The tables hold every message that a method reaches, for the life of the
 * process. After api_load() nothing writes to them, so all threads may read. */
#pragma once
#include "rpc.pb-c.h"
#include "rule.pb-c.h"

#define API_MAX_PARAMS 4
#define API_MAX_KEY    3 /* fields from an input down to the one that chooses the partition */

struct api_field {
    const ProtobufCFieldDescriptor *descriptor;
    const Rule__Field *limit; /* never NULL: all zero where the .proto sets none */
    const char *json_name;    /* lowerCamelCase */
    const char *key;          /* `,"jsonName":`, as the encoder writes it */
    unsigned json_len, key_len;
    const struct api_message *message; /* of a message field, else NULL */
};

struct api_message {
    const ProtobufCMessageDescriptor *descriptor;
    const struct api_field *fields; /* descriptor->n_fields of them, in descriptor order */
    bool shows;                     /* it or a message in it names a subject */
};

struct api_method {
    /* The broker's queue: the proto package, "" for what every daemon serves; of such an operation with a route the
     * first parameter of the path, a string, names the queue. */
    const char *queue;
    const char *name; /* "Coupons.CreateClaim" */
    const ProtobufCServiceDescriptor *service;
    unsigned index; /* in service */
    const struct api_message *input, *output;
    const Rule__Method *rule;
    const char *http; /* "GET", "POST", "DELETE", or NULL when it has no route */
    const char *path; /* the route's template, or NULL */
    bool writes;
    bool shows;        /* officials are shown personal data, which is recorded: a read of this kind writes too */
    unsigned n_params; /* of the path, in its order */
    const struct api_field *params[API_MAX_PARAMS];
    /* Of a list in pages, else NULL: two of its input and one of its output. page_size is
     * also NULL where the service says how much a page holds. */
    const struct api_field *page_size, *page_token, *next_page_token;
    const struct api_field *page_states; /* of its input: repeated `state`, the only ones that rows are asked for in */
    unsigned n_key;                      /* of the path to the field that chooses the partition; 0: none does */
    const struct api_field *key[API_MAX_KEY];
    bool key_is_union; /* that field is the id of a union, whose place chooses */
};

struct api_reason {
    int number;
    const char *package; /* "coupon" */
    const char *name;    /* "SOLD_OUT" */
    int http;
    const char *zh;
};

/* Reads the embedded descriptors, before any thread starts; once is enough, more
 * do nothing. Returns 0, or -1 after logging what is wrong (a clash of routes or
 * reasons, a map, a recursion: a mistake in a .proto; common/api/api_check.c lists
 * the rules). */
int api_load(void);

/* All methods; ends with one whose name is NULL. */
const struct api_method *api_methods(void);
/* By name, or NULL. */
const struct api_method *api_method(const char *name);
/* Whether a service, or the one that a partition's queue is of, gives a person what it keeps of her by an operation of
 * its own (Method.exports). */
bool api_exports_itself(const char *queue);
/* The tables of a message of ours; never NULL for one that a method reaches. */
const struct api_message *api_message(const ProtobufCMessageDescriptor *descriptor);
/* Knows a message from now on that no operation takes or gives. 0, or -1 after logging why. */
int api_know(const ProtobufCMessageDescriptor *descriptor);
/* The subjects that a message names: how many, and into ret when it is not NULL. */
size_t api_subjects(const struct api_message *message, const ProtobufCMessage *value, int64_t *ret);
/* The kinds of a journal that are about money (rule.Event), of the service's Event: how many. */
size_t api_money_kinds(const ProtobufCMessageDescriptor *event, int32_t *ret, size_t max);
/* What a number means, 0 being OK with HTTP 200; an unknown number is
 * RPC__REASON__INTERNAL. */
const struct api_reason *api_reason(int number);

/* Says in an answer's `reason` and `words` why not: the name, and what it means to who reads it. */
#define api_say(answer, number)                                                                                        \
    ((void)((answer)->reason = unconst(api_reason(number)->name)), (answer)->words = unconst(api_reason(number)->zh))

/* The field `part` in an input of a method with media. */
int32_t *api_part(const struct api_method *method, ProtobufCMessage *input);

/* A path parameter: where its text stands in the path that was matched, still
 * percent-encoded. */
struct api_param {
    const struct api_field *field;
    const char *text;
    size_t len;
};

struct api_match {
    const struct api_method *method; /* NULL: no such route */
    bool other_methods;              /* the path exists, for another HTTP method */
    unsigned n_params;
    struct api_param params[API_MAX_PARAMS];
    const char *allow; /* with other_methods: the Allow header's value */
};

/* Finds the operation for an HTTP method and a path without its query, both any
 * bytes. A literal segment wins over a parameter, whatever the HTTP method; a ':'
 * in the last segment always begins a custom verb (the last ':' there does), so in a
 * parameter it is written %3A. Literals are matched as they are: a percent-encoded
 * one, an empty segment or a slash at the end is another path. HEAD is not GET here:
 * the caller asks for the GET it stands for. */
void api_route(const char *http, size_t http_len, const char *path, size_t path_len, struct api_match *ret_match);
