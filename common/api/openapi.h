/* openapi.h: the OpenAPI 3.1 document of all routes.
 *
 * It is written from the tables of api.h, and its words are the comments in the .proto files. Those
 * are in a descriptor set of their own, which only programs that need it have in them (add_set in
 * CMakeLists.txt).
 *
 * A path item for every route, a schema for every message and enum that a route reaches, and for
 * every operation its refusals by status: what the chassis may say, as far as the method's options
 * and input imply it, and what its service says. Fields of 64 bits are strings; their bounds, and
 * that a text has several lines (x-lines) or any characters (x-raw), OpenAPI has no words for.
 *
 * openapi.c writes the document, openapi_schema.c schemas, openapi_refusal.c refusals;
 * openapi_comment.c finds comments. */
#pragma once
#include "common/base/buf.h"

/* What an edge answers itself, to anybody: a read that is no service's, or a POST of JSON. */
struct openapi_own {
    const char *path;
    const char *name;    /* as of an operation, "Gateway.GetJournalHeads": the tag, and what it does */
    const char *summary; /* one sentence without its stop, as a comment in a .proto begins */
    const char *media;   /* of its answer */
    const char *schema;  /* of that, in JSON */
    const char *takes;   /* the schema of what is posted, in JSON; NULL: it is a read */
    bool limited;        /* its callers have a rate */
    bool fails;          /* it answers 503 in the same form */
};

/* What the build embeds: the descriptor set with the text of the comments. */
extern const unsigned char api_docs[];
extern const size_t api_docs_len;

/* Appends the document as JSON, after api_load, with the comments of such a set and with what an edge
 * has of its own, ended by a path of NULL. 0, or -1 after logging why. */
int openapi_write(struct buf *ret, const void *docs, size_t len, const struct openapi_own *own);
