#include "services/health/story/stories.h"

#include "services/health/booking/visits.h"

enum { SQL_UPTO, SQL_SET_UPTO, SQL_ADD, SQL_OF, SQL_CHECKUPS, SQL_TOTALS, SQL_HAS, N_SQL };

static const char *const sql[] = {
    [SQL_UPTO] = "SELECT upto FROM progress WHERE name = 'story'",
    [SQL_SET_UPTO] = "UPDATE progress SET upto = ?1 WHERE name = 'story'",
    [SQL_ADD] = "INSERT INTO story (entitlement_id, seq) VALUES (?1, ?2)",
    [SQL_OF] = "SELECT seq FROM story WHERE entitlement_id = ?1 ORDER BY seq LIMIT ?2",
    [SQL_CHECKUPS] =
        "SELECT c.campaign_id, coalesce((SELECT min(at) FROM lottery_entry WHERE " HOLDER_HERS
        " AND lot_id = c.campaign_id "
        "AND withdrawn_at = 0), 0), coalesce(n.state, 0), coalesce(b.booking_id, 0), coalesce(b.state, 0), "
        "coalesce(b.place_id, 0), coalesce(b.starts_at, 0), "
        "(SELECT count(*) FROM vault_file r WHERE r.subject_id = b.booking_id AND r.ready_at > 0) "
        "FROM (SELECT lot_id AS campaign_id FROM lottery_entry WHERE " HOLDER_HERS " AND withdrawn_at = 0 "
        "UNION SELECT campaign_id FROM entitlement WHERE " HOLDER_HERS ") c "
        "LEFT JOIN entitlement n ON n.entitlement_id = (SELECT entitlement_id FROM entitlement "
        "WHERE " HOLDER_HERS " AND campaign_id = c.campaign_id ORDER BY " ENTITLEMENT_COUNTS " LIMIT 1) "
        "LEFT JOIN booked_slot b ON b.right_id = n.entitlement_id AND b.state <> 3 "
        "WHERE c.campaign_id < ?2 AND " RPC_PAGE_STATES("?4", "coalesce(n.state, 0)") " AND " RPC_PAGE_STATES(
            "?5", "coalesce(b.state, 0)") " ORDER BY c.campaign_id DESC LIMIT ?3",
    [SQL_TOTALS] =
        "SELECT s.site_id, (SELECT count(*) FROM booked_slot b WHERE b.group_id = ?1 "
        "AND b.place_id = s.site_id AND b.state <> 3), "
        "(SELECT count(*) FROM booked_slot b WHERE b.group_id = ?1 AND b.place_id = s.site_id AND b.state = 2), "
        "(SELECT count(*) FROM booked_slot b WHERE b.group_id = ?1 AND b.place_id = s.site_id AND b.state = 2 "
        "AND EXISTS (SELECT 1 FROM vault_file r WHERE r.subject_id = b.booking_id AND r.version = 1)) "
        "FROM campaign_site s WHERE s.campaign_id = ?1 ORDER BY s.site_id",
    [SQL_HAS] = "SELECT 1 FROM story WHERE entitlement_id = ?1 AND seq = ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int64_t story_of(const struct bookings *bookings, const Health__Event *event)
{
    struct booking booking;
    int64_t booking_id;

    switch (event->event_case) {
    case HEALTH__EVENT__EVENT_ENTITLEMENT_CHANGED:
        return event->entitlement_changed->entitlement_id;
    case HEALTH__EVENT__EVENT_BOOKING_CHANGED:
        return event->booking_changed->right_id;
    case HEALTH__EVENT__EVENT_PASS_ISSUED:
        booking_id = event->pass_issued->booking_id;
        break;
    case HEALTH__EVENT__EVENT_PASS_REVOKED:
        booking_id = event->pass_revoked->booking_id;
        break;
    case HEALTH__EVENT__EVENT_SCANNED:
        booking_id = event->scanned->booking_id;
        break;
    case HEALTH__EVENT__EVENT_SCAN_UNDONE:
        booking_id = event->scan_undone->booking_id;
        break;
    case HEALTH__EVENT__EVENT_REPORT_CHANGED:
        booking_id = event->report_changed->booking_id;
        break;
    default:
        return 0;
    }
    return booking_id && bookings_find(bookings, booking_id, &booking) ? booking.right_id : 0;
}

static int64_t upto(const struct stories *stories)
{
    store_ask(stories->store, stories->sql + SQL_UPTO, "");
    return store_number(stories->store, stories->sql + SQL_UPTO);
}

static int64_t story_of_row(const struct bookings *bookings, const Rpc__JournalRow *row, struct arena *arena)
{
    const Health__Event *event = health__event__unpack(&arena->allocator, row->body.len, row->body.data);

    return event ? story_of(bookings, event) : 0;
}

static int read_journal(struct health *self, int64_t after, int32_t limit, struct arena *arena, Rpc__JournalPage *ret)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;

    request.after_seq = after;
    request.limit = limit;
    rpc__journal_page__init(ret);
    return journal_read(rpc_server_journal(self->rpc), &request, arena, ret);
}

int journal_row(struct health *self, int64_t seq, struct arena *arena, Rpc__JournalRow **ret_row)
{
    Rpc__JournalPage page;
    int reason = read_journal(self, seq - 1, 1, arena, &page);

    if (!reason && (page.n_rows == 0 || page.rows[0]->seq != seq))
        reason = RPC__REASON__OVERLOADED; /* memory is full */
    if (!reason)
        *ret_row = page.rows[0];
    return reason;
}

int story_read(struct health *self, int64_t entitlement_id, struct arena *arena, Rpc__JournalRow **ret_rows)
{
    unsigned statement = self->stories.sql + SQL_OF;
    int64_t *seqs = arena_alloc(arena, STORY_FACTS_MAX * sizeof(*seqs)), indexed = upto(&self->stories);
    Rpc__JournalPage behind;
    int n, reason;

    if (!seqs)
        return -RPC__REASON__OVERLOADED;
    store_ask(self->store, statement, "ii", entitlement_id, (int64_t)STORY_FACTS_MAX);
    n = (int)store_numbers(self->store, statement, seqs, STORY_FACTS_MAX);
    for (int i = 0; i < n; i++) {
        reason = journal_row(self, seqs[i], arena, &ret_rows[i]);
        if (reason)
            return -reason;
    }
    reason = read_journal(self, indexed, STORY_BEHIND, arena, &behind);
    if (reason)
        return -reason;
    for (size_t i = 0; i < behind.n_rows && n < STORY_FACTS_MAX; i++) {
        if (story_of_row(&self->bookings, behind.rows[i], arena) == entitlement_id)
            ret_rows[n++] = behind.rows[i];
    }
    return behind.read_to < behind.last_seq ? -HEALTH__REASON__STORY_NOT_READY : n;
}

static bool tidy(void *arg, void *call)
{
    struct health *self = arg;
    Rpc__JournalPage page;

    if (read_journal(self, upto(&self->stories), STORY_SLICE, rpc_arena(call), &page))
        return false; /* the next slice tries again */
    for (size_t i = 0; i < page.n_rows; i++) {
        int64_t entitlement_id = story_of_row(&self->bookings, page.rows[i], rpc_arena(call));

        if (entitlement_id)
            store_run(self->store, self->stories.sql + SQL_ADD, "ii", entitlement_id, page.rows[i]->seq);
    }
    if (page.n_rows > 0)
        store_run(self->store, self->stories.sql + SQL_SET_UPTO, "i", page.rows[page.n_rows - 1]->seq);
    return page.n_rows > 0 && page.read_to < page.last_seq;
}

/* ---- a member's campaigns, a campaign's people ---- */

void checkups_ask(const struct stories *stories, int64_t member_id, const struct rpc_page *page, int64_t entitlements,
                  int64_t bookings)
{
    store_ask(stories->store, stories->sql + SQL_CHECKUPS, "iiiii", member_id, page->before, (int64_t)page->limit,
              entitlements, bookings);
}

bool checkups_next(const struct stories *stories, Health__MyCheckup *ret)
{
    unsigned statement = stories->sql + SQL_CHECKUPS;
    struct store *store = stories->store;

    if (!store_row(store, statement))
        return false;
    health__my_checkup__init(ret);
    ret->campaign_id = store_int(store, statement, 0);
    ret->entered_at = store_int(store, statement, 1);
    ret->entitlement = (Health__EntitlementState)store_int(store, statement, 2);
    ret->booking_id = store_int(store, statement, 3);
    ret->booking = (Health__BookingState)store_int(store, statement, 4);
    ret->site_id = store_int(store, statement, 5);
    ret->starts_at = store_int(store, statement, 6);
    ret->reports = (int32_t)store_int(store, statement, 7);
    return true;
}

void totals_ask(const struct stories *stories, int64_t campaign_id)
{
    store_ask(stories->store, stories->sql + SQL_TOTALS, "i", campaign_id);
}

bool totals_next(const struct stories *stories, struct site_totals *ret)
{
    unsigned statement = stories->sql + SQL_TOTALS;

    if (!store_row(stories->store, statement))
        return false;
    *ret = (struct site_totals){.site_id = store_int(stories->store, statement, 0)};
    for (int i = 0; i < TOTALS_COLUMNS; i++)
        ret->numbers[i] = (int32_t)store_int(stories->store, statement, i + 1);
    return true;
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct health *self = arg;
    int64_t entitlement_id = row->seq <= upto(&self->stories) ? story_of(&self->bookings, body) : 0;

    if (!entitlement_id)
        return true;
    told[0]++;
    store_ask(self->store, self->stories.sql + SQL_HAS, "ii", entitlement_id, row->seq);
    return store_number(self->store, self->stories.sql + SQL_HAS) == 1;
}

const struct part_spec stories_part = {
    .tables = "story progress",
    .sql = sql,
    .n_sql = N_SQL,
    .steps = &stories_steps,
    .tidy = tidy,
    .agrees = agrees,
    .counts = {{"stories", "SELECT count(*) FROM story"}},
};
