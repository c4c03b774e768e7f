#include "services/identity/people/notices.h"

#include "services/identity/access/wechats.h"
#include "services/identity/rules.h"

#define SLICE 500

enum { SQL_ADD, SQL_MINE, SQL_TOLD, SQL_DROP_OLD, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO account_notice (notice_id, member_id, news, about_id, at) VALUES (?1, ?2, ?3, ?4, ?5)",
    [SQL_MINE] = "SELECT notice_id, news, about_id, at FROM account_notice WHERE member_id = ?1 AND notice_id < ?2 "
                 "ORDER BY notice_id DESC LIMIT ?3",
    [SQL_TOLD] = "SELECT 1 FROM account_notice WHERE member_id = ?1 AND news = ?2 AND about_id = ?3 LIMIT 1",
    [SQL_DROP_OLD] = "DELETE FROM account_notice WHERE notice_id IN (SELECT notice_id FROM account_notice "
                     "WHERE at <= ?1 ORDER BY at LIMIT ?2)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static void journal(int64_t member_id, int news, int64_t about_id, int64_t notice_id, int64_t wechat_id, void *call)
{
    Identity__NoticeGiven given = IDENTITY__NOTICE_GIVEN__INIT;

    given.notice_id = notice_id;
    given.member_id = member_id;
    given.news = (Identity__AccountNews)news;
    given.wechat_id = wechat_id;
    given.about_id = about_id;
    given.at = rpc_now(call);
    rpc_tell(call, &given.base);
}

void account_tell(struct identity *self, int64_t member_id, int news, int64_t about_id, int64_t but_wechat_id,
                  void *call)
{
    int64_t notice_id = id_next(&self->ids, rpc_now(call));
    struct wechat doors[WECHAT_DOORS];
    size_t n = wechats_find_all(&self->wechats, member_id, doors, ARRAY_LEN(doors));

    store_run(self->notices.store, self->notices.sql + SQL_ADD, "iiiii", notice_id, member_id, (int64_t)news, about_id,
              rpc_now(call));
    journal(member_id, news, about_id, notice_id, 0, call);
    for (size_t i = 0; i < n; i++) {
        if (doors[i].id != but_wechat_id)
            journal(member_id, news, about_id, notice_id, doors[i].id, call);
    }
}

void account_tell_once(struct identity *self, int64_t member_id, int news, int64_t about_id, void *call)
{
    store_ask(self->notices.store, self->notices.sql + SQL_TOLD, "iii", member_id, (int64_t)news, about_id);
    if (!store_any(self->notices.store, self->notices.sql + SQL_TOLD))
        account_tell(self, member_id, news, about_id, 0, call);
}

/* rpc ListMyNotices: the caller's, the latest first. */
static void notices__list_my_notices(Identity__Notices_Service *service, const Identity__MyNoticesRequest *req,
                                     Identity__AccountNoticeList_Closure reply, void *call)
{
    struct identity *self = container_of(service, struct identity, notices_service);
    Identity__AccountNoticeList list = IDENTITY__ACCOUNT_NOTICE_LIST__INIT;
    unsigned statement = self->notices.sql + SQL_MINE;

    (void)req;
    store_ask(self->store, statement, "iii", rpc_principal(call)->member_id, rpc_page(call)->before,
              (int64_t)rpc_page(call)->limit);
    while (store_row(self->store, statement)) {
        Identity__AccountNotice *message = arena_message(rpc_arena(call), &identity__account_notice__descriptor);

        if (!message || !rpc_page_takes(call, store_int(self->store, statement, 0)))
            break;
        message->notice_id = store_int(self->store, statement, 0);
        message->news = (Identity__AccountNews)store_int(self->store, statement, 1);
        message->about_id = store_int(self->store, statement, 2);
        message->at = store_int(self->store, statement, 3);
        rpc_add(call, &list, notices, message);
    }
    store_end(self->store, statement);
    reply(&list, call);
}

const Identity__Notices_Service notices_api = IDENTITY__NOTICES__INIT(notices__);

static bool tidy(void *arg, void *call)
{
    const struct identity *self = arg;

    return store_run(self->notices.store, self->notices.sql + SQL_DROP_OLD, "ii", rpc_now(call) - NOTICES_KEPT_MS,
                     (int64_t)SLICE) == SLICE;
}

const struct part_spec notices_part = {
    .tables = "account_notice",
    .steps = &notices_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(notice_id) FROM account_notice",
    .tidy = tidy,
    .others = "account_notice.about_id account_notice.news",
    .exports = {{&identity__account_notice__descriptor,
                 "SELECT 9223372036854775807 - notice_id, notice_id, news, about_id, at FROM account_notice "
                 "WHERE member_id = ?1 AND 9223372036854775807 - notice_id > ?2 ORDER BY notice_id DESC LIMIT ?3"}},
    .closed = {"DELETE FROM account_notice WHERE member_id = ?1"},
    .merged = {"UPDATE account_notice SET member_id = ?2 WHERE member_id = ?1"},
};
