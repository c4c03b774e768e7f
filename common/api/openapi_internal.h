/* openapi_internal.h: what the pieces of the OpenAPI document share. */
#pragma once
#include "common/api/api_internal.h"
#include "common/api/openapi.h"

struct comment;
struct response;

struct openapi {
    const struct api *api;
    struct arena arena; /* all that is needed until the document is written */
    struct buf *out;
    const struct openapi_own *own;
    struct comment *comments; /* by name */
    size_t n_comments;
    struct response *responses; /* that an operation has referred to */
    size_t n_responses;
};

/* Memory until the document is written, zeroed. */
void *openapi_take(struct openapi *doc, size_t size);

/* ---- openapi_comment.c ---- */

/* Reads the comments of a descriptor set. 0, or -1 after logging why. */
int openapi_read_comments(struct openapi *doc, const void *set, size_t len);
/* The comment of a message, enum, service, or of a member of one, by its full name
 * ("health.Campaign.title", "health.Draws.Publish"); "" when it has none. */
const char *openapi_comment(const struct openapi *doc, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What a field means: its own comment, else that of the field called like it in the Glossary of its
 * package or of the chassis, else that of its type; "" when there is none. */
const char *openapi_field_comment(const struct openapi *doc, const struct api_message *message,
                                  const struct api_field *field);

/* ---- openapi_schema.c ---- */

void openapi_name(struct buf *ret, const char *name);
bool openapi_is_param(const struct api_method *method, const struct api_field *field);
/* The schema of a field, without what it means. */
void openapi_field(struct buf *ret, const struct api_field *field);
/* A message without the fields that the path of a method holds (method may be NULL). */
void openapi_message(struct openapi *doc, const struct api_message *message, const struct api_method *method);
/* The members of components.schemas that routes reach, each with a comma behind it. */
void openapi_schemas(struct openapi *doc);

/* ---- openapi_refusal.c ---- */

/* The members of an operation's responses that are refusals, by status. */
void openapi_refusals(struct openapi *doc, const struct api_method *method);
/* The same of what is an edge's own. */
void openapi_own_refusals(struct openapi *doc, const struct openapi_own *own);
/* The members of components.responses that operations have referred to. */
void openapi_responses(struct openapi *doc);
/* The members of components.schemas that those refer to, each with a comma behind it. */
void openapi_reasons(struct openapi *doc);
