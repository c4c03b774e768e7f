#include "services/identity/people/notices.h"

#include "common/store/row.h"
#include "services/identity/access/wechats.h"
#include "services/identity/rules.h"

/* Outside she reads AccountNews, whose numbers follow those of NoticeKind. */
#define COLUMNS "notice_id, kind - 6 AS news, about_id, given_at AS at"
_Static_assert((int)NOTICE__NOTICE_KIND__ACCOUNT_WECHAT_BOUND - 6 == (int)IDENTITY__ACCOUNT_NEWS__NEWS_WECHAT_BOUND &&
                   (int)NOTICE__NOTICE_KIND__ACCOUNT_TRADE_OVER - 6 == (int)IDENTITY__ACCOUNT_NEWS__NEWS_TRADE_OVER,
               "the first and the last of those beside each other");
_Static_assert((int)NOTICE__NOTICE_KIND__ACCOUNT_UNLISTED - 6 == (int)IDENTITY__ACCOUNT_NEWS__NEWS_UNLISTED,
               "and of those of companies");

enum { SQL_MINE, N_SQL };

static const char *const sql[] = {
    [SQL_MINE] = "SELECT " COLUMNS " FROM notice WHERE member_id = ?1 AND notice_id < ?2 "
                 "ORDER BY notice_id DESC LIMIT ?3",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void account_tell(struct identity *self, int64_t member_id, int kind, int64_t about_id, int64_t but_wechat_id,
                  void *call)
{
    struct notice_given given = {.kind = kind, .member_id = member_id, .about_id = about_id};
    int64_t doors[1 + WECHAT_DOORS] = {NOTICE_BY_MOBILE};
    struct wechat wechats[WECHAT_DOORS];
    size_t n = wechats_find_all(&self->wechats, member_id, wechats, ARRAY_LEN(wechats));

    given.doors = doors;
    given.n_doors = 1;
    for (size_t i = 0; i < n; i++) {
        if (wechats[i].id != but_wechat_id)
            doors[given.n_doors++] = wechats[i].id;
    }
    notice_give(&self->notice, &given, call);
}

void account_tell_decided(struct identity *self, int64_t member_id, int kind, int64_t about_id, void *call)
{
    if (rpc_principal(call)->member_id != member_id)
        account_tell(self, member_id, kind, about_id, 0, call);
}

/* rpc ListMyNotices: the caller's, the latest first. */
static void notices__list_my_notices(Identity__Notices_Service *service, const Identity__MyNoticesRequest *req,
                                     Identity__AccountNoticeList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, notices_service);
    Identity__AccountNoticeList list = IDENTITY__ACCOUNT_NOTICE_LIST__INIT;
    unsigned mine = self->notices.sql + SQL_MINE;
    Identity__AccountNotice *notice;

    (void)req;
    store_ask(self->store, mine, "iii", rpc_principal(call)->member_id, rpc_page(call)->before,
              (int64_t)rpc_page(call)->limit);
    while ((notice = row_next(self->store, mine, &identity__account_notice__descriptor, rpc_arena(call)))) {
        if (rpc_page_takes(call, notice->notice_id))
            rpc_add(call, &list, notices, notice);
    }
    reply(&list, call);
}

const Identity__Notices_Service notices_api = IDENTITY__NOTICES__INIT(notices__);

const struct part_spec notices_part = {
    .steps = &notices_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .exports = {{&identity__account_notice__descriptor,
                 "SELECT 9223372036854775807 - notice_id, " COLUMNS " FROM notice WHERE member_id = ?1 "
                 "AND 9223372036854775807 - notice_id > ?2 ORDER BY notice_id DESC LIMIT ?3"}},
};
