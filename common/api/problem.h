/* problem.h: a refusal as an application/problem+json object (RFC 9457) with
 * Huigong's members: reason, errcode, errmsg, traceId, errors and the facts. A refusal without
 * facts says the bounds that its reason is about, where they are the same for every operation (maxBytes,
 * maxLength and so on), and one that is worth another try after how many seconds (retryAfter). */
#pragma once
#include "common/base/buf.h"
#include "rpc.pb-c.h"

/* Appends the object. detail may be NULL. Returns the HTTP status. */
int problem_encode(struct buf *ret, const Rpc__Answer *answer, const char *detail, const unsigned char trace_id[16]);
