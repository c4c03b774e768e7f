/* problem.h: a refusal as an application/problem+json object (RFC 9457) with
 * Huigong's members: reason, errcode, errmsg, traceId, errors and the facts. */
#pragma once
#include "common/base/buf.h"
#include "rpc.pb-c.h"

/* Appends the object. detail may be NULL. Returns the HTTP status. */
int problem_encode(struct buf *ret, const Rpc__Answer *answer, const char *detail, const unsigned char trace_id[16]);
