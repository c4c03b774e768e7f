#include "services/portal/inbox/reminders.h"

#include "common/benefit/notice/notice.h"
#include "services/portal/inbox/inbox.h"

enum { SQL_FIND, SQL_SET, SQL_DROP, N_SQL };

static const char *const sql[] = {
    [SQL_FIND] = "SELECT off, journal_seq FROM reminder WHERE member_id = ?1",
    [SQL_SET] = "INSERT INTO reminder (member_id, off, journal_seq) VALUES (?1, ?2, ?3) ON CONFLICT (member_id) DO "
                "UPDATE SET off = excluded.off, journal_seq = excluded.journal_seq",
    [SQL_DROP] = "DELETE FROM reminder WHERE member_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* What is off; 0, too, where she has said nothing. */
static int64_t find(const struct portal *self, int64_t member_id, int64_t *ret_seq)
{
    int64_t off = 0;

    *ret_seq = 0;
    store_ask(self->store, self->reminders.sql + SQL_FIND, "i", member_id);
    store_only(self->store, self->reminders.sql + SQL_FIND, INTO(off), INTO(*ret_seq));
    return off;
}

/* The kinds whose bits are set. */
static size_t kinds_of(int64_t bits, Notice__NoticeKind ret[NOTICE_KINDS])
{
    size_t n = 0;

    for (int kind = 1; kind < NOTICE_KINDS; kind++) {
        if (bits >> kind & 1)
            ret[n++] = (Notice__NoticeKind)kind;
    }
    return n;
}

/* Says what is off from now on. */
static void say(int64_t member_id, int64_t off, void *call)
{
    Portal__RemindersChanged changed = PORTAL__REMINDERS_CHANGED__INIT;
    Notice__NoticeKind kinds[NOTICE_KINDS];

    changed.member_id = member_id;
    changed.off = kinds;
    changed.n_off = kinds_of(off, kinds);
    rpc_tell(call, &changed.base);
}

static void set(struct portal *self, int64_t member_id, int64_t off, void *call)
{
    store_run(self->store, self->reminders.sql + SQL_SET, "iii", member_id, off,
              rpc_server_journal(self->rpc)->tip.seq + 1);
    say(member_id, off, call);
}

static void reply_all(struct portal *self, Portal__ReminderList_Closure reply, void *call)
{
    Portal__ReminderList list = PORTAL__REMINDER_LIST__INIT;
    int64_t seq, off = find(self, portal_caller(self, call), &seq);

    for (int kind = 1; kind < NOTICE_KINDS; kind++) {
        Portal__Reminder *reminder = arena_message(rpc_arena(call), &portal__reminder__descriptor);

        if (reminder) {
            reminder->kind = (Notice__NoticeKind)kind;
            reminder->text = unconst(notice_sentence(kind));
            reminder->on = !(off >> kind & 1);
            reminder->needed = notice_needed(kind);
        }
        rpc_add(call, &list, reminders, reminder);
    }
    reply(&list, call);
}

/* rpc GetReminders: each kind. */
static void reminders__get_reminders(Portal__Reminders_Service *service, const Portal__GetRemindersRequest *req,
                                     Portal__ReminderList_Closure reply, void *call)
{
    (void)req;
    reply_all(container_of(service, struct portal, reminders_service), reply, call);
}

/* rpc SetReminders: nothing is told when nothing changes. */
static void reminders__set_reminders(Portal__Reminders_Service *service, const Portal__SetRemindersRequest *req,
                                     Portal__ReminderList_Closure reply, void *call)
{
    struct portal *self = container_of(service, struct portal, reminders_service);
    int64_t member_id = portal_caller(self, call), seq, off = notice_bits(req->off, req->n_off);

    for (size_t i = 0; i < req->n_off; i++) {
        if (rpc_refuse_field_if(call, notice_known((int)req->off[i]) ? 0 : RPC__REASON__OUT_OF_RANGE, "off") ||
            rpc_refuse_field_if(call, notice_needed((int)req->off[i]) ? PORTAL__REASON__REMINDER_NEEDED : 0, "off"))
            return;
    }
    if (member_id && off != find(self, member_id, &seq))
        set(self, member_id, off, call);
    reply_all(self, reply, call);
}

const Portal__Reminders_Service reminders_api = PORTAL__REMINDERS__INIT(reminders__);

/* ---- what the part does ---- */

static void on_closed(void *arg, int64_t member_id, void *call)
{
    struct portal *self = arg;

    (void)call;
    store_run(self->store, self->reminders.sql + SQL_DROP, "i", member_id);
}

static void on_merged(void *arg, int64_t gone_id, int64_t kept_id, void *call)
{
    struct portal *self = arg;
    int64_t seq, off = find(self, gone_id, &seq), kept = find(self, kept_id, &seq);

    on_closed(self, gone_id, call);
    if ((off | kept) != kept)
        set(self, kept_id, off | kept, call);
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct portal *self = arg;
    const Portal__Event *event = body;
    const Portal__RemindersChanged *changed = event->reminders_changed;
    int64_t seq, off;

    if (event->event_case != PORTAL__EVENT__EVENT_REMINDERS_CHANGED)
        return true;
    off = find(self, changed->member_id, &seq);
    told[0] += seq == row->seq;
    return seq != row->seq || off == notice_bits(changed->off, changed->n_off);
}

static void on_export(void *arg, struct part_export *export)
{
    const struct portal *self = arg;
    int64_t seq, off = find(self, export->member_id, &seq);
    Portal__RemindersChanged *mine;

    if (!off || export->after >= 1)
        return;
    mine = arena_message(rpc_arena(export->call), &portal__reminders_changed__descriptor);
    if (mine) {
        mine->member_id = export->member_id;
        mine->off = arena_alloc(rpc_arena(export->call), NOTICE_KINDS * sizeof(*mine->off));
        mine->n_off = mine->off ? kinds_of(off, mine->off) : 0;
    }
    part_give(export, mine, 1);
}

const struct part_spec reminders_part = {
    .tables = "reminder",
    .steps = &reminders_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .agrees = agrees,
    .counts = {{"reminders' settings", "SELECT count(*) FROM reminder"}},
    .others = "reminder.off",
    .on_export = on_export,
    .on_closed = on_closed,
    .on_merged = on_merged,
};
