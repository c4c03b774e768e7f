/* notice_words.h: how what a person is told reads, and by which door she is told.
 *
 * One line for each NoticeKind (notice_words.c): for a template of WeChat's and for one of the
 * sender of short messages, whose text says what has happened and what to do. Pure. */
#pragma once
#include "notice.pb-c.h"

#define NOTICE_KINDS 50 /* one more than the greatest of NoticeKind */

/* Doors that are not the id of one of her WeChats. */
#define NOTICE_BY_APP    INT64_C(0)  /* the WeChat in the template's app that was bound last */
#define NOTICE_BY_MOBILE INT64_C(-1) /* no WeChat: a short message to her number */

/* Whether it is a kind that stands here; one of a later service does not. */
bool notice_known(int kind);
/* A bit for each of some kinds, of those that stand here. */
int64_t notice_bits(const Notice__NoticeKind *which, size_t n);

/* Of a kind that stands here. A sentence of at most 20 characters, and what has become of it, of at most 5. */
const char *notice_sentence(int kind);
const char *notice_phrase(int kind);
/* The sender's template for a kind; NULL: it does not go by short messages. */
const char *notice_sms(int kind);
/* Whether it guards her account, so that she is told of it outside her inbox whatever she has chosen. */
bool notice_needed(int kind);
/* From when on it is of no use to tell this any more. */
int64_t notice_until(int kind, int64_t about_at);
