/* notice.h: what a person is to be told.
 *
 * A service that shares this part says what somebody is to be told: a kind (notice.proto), of
 * something that the service numbers, with the instant that it is about and the doors by which
 * she is told (notice_words.h). How it reads is the kind's.
 *
 * Once: while a notice stands, the same of the same thing is not told to her again, however
 * often it is found; two accounts that become one have been told once.
 *
 * Withdrawn when it is not true any more: she has booked, the merge was refused, the WeChat is
 * unbound. Whoever changes a thing withdraws what was told about it in the same transaction. A
 * notice that was withdrawn may be told anew.
 *
 * Who follows: the journal tells a notice once for each door, and that it was withdrawn
 * (NoticeGiven, NoticeWithdrawn). The bridge sends what still stands, at most once
 * (services/bridge/outbox); her inbox lists it (services/portal/inbox). Neither asks the service
 * for more, so a row has the title and the place, which the store has not.
 *
 * Rows are kept for NOTICE_KEPT_MS, so that she finds what she was told; what a service shows
 * of them, and gives her when she takes all away, is in the service's own words
 * (NOTICE_EXPORT, where it has none). */
#pragma once
#include "common/benefit/notice/notice_words.h"
#include "common/daemon/part.h"
#include "notice.pb-c.h"

#define NOTICE_KEPT_MS (INT64_C(365) * 86400000)

extern const struct part_spec notice_part;
extern const struct store_steps notice_steps;

struct notice {
    struct store *store;
    unsigned sql;
    struct parts *parts;
};

/* What somebody is told. */
struct notice_given {
    int kind; /* Notice__NoticeKind */
    int64_t member_id;
    int64_t about_id;
    int64_t at;                /* 0: now */
    const char *title, *place; /* NULL: none */
    const int64_t *doors;      /* by the first she is told in any case */
    size_t n_doors;            /* 0: by the app alone */
};

/* Tells it, unless the same stands already; nothing for nobody (member_id 0). */
void notice_give(struct notice *notice, const struct notice_given *given, void *call);
/* What was told about something is not true any more: of one kind, or (0) of any. Whether anything was. */
bool notice_withdraw(struct notice *notice, int kind, int64_t about_id, void *call);

/* Tells it under an id of the service's own, of which its own row says whether it was told, and keeps none here: for
 * what is told in a rush, and once by itself. Nothing for nobody. */
void notice_tell(const struct notice_given *given, int64_t notice_id, void *call);
/* What was told so is not true any more. */
void notice_untell(int64_t notice_id, void *call);

/* For part_spec.exports of a part of the service: what stands in the store, the latest first. */
#define NOTICE_EXPORT                                                                                                  \
    {                                                                                                                  \
        &notice__notice__descriptor,                                                                                   \
            "SELECT 9223372036854775807 - notice_id, notice_id, kind, about_id, at, given_at, withdrawn_at FROM "      \
            "notice WHERE member_id = ?1 AND 9223372036854775807 - notice_id > ?2 ORDER BY notice_id DESC LIMIT ?3"    \
    }
