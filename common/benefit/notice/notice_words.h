/* notice_words.h: how what a person is told reads, and by which door she is told.
 *
 * One line for each NoticeKind (notice_words.c): for a template of WeChat's and for one of the
 * sender of short messages, whose text says what has happened and what to do. Pure. */
#pragma once

#define NOTICE_KINDS 25 /* one more than the greatest of NoticeKind */

/* Doors that are not the id of one of her WeChats. */
#define NOTICE_BY_APP    INT64_C(0)  /* the WeChat in the template's app that was bound last */
#define NOTICE_BY_MOBILE INT64_C(-1) /* no WeChat: a short message to her number */

/* A sentence of at most 20 characters, and what has become of it, of at most 5. */
const char *notice_sentence(int kind);
const char *notice_phrase(int kind);
/* The sender's template for a kind; NULL: it does not go by short messages. */
const char *notice_sms(int kind);
/* From when on it is of no use to tell this any more. */
int64_t notice_until(int kind, int64_t about_at);
