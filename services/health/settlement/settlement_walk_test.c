/* All orders of what may happen to one check-up between two sites, up to STEPS_MAX of them:
 * it is never settled twice, and in the end just where she has come. */
#include "services/health/report/report_fixture.h"
#include "services/health/settlement/settlements.h"

#define STEPS_MAX 8
#define WALKS     4000 /* each in a campaign of its own */
#define STATES    1000
#define PRICE     11600

/* Scan, undo and strike out where the booking is, move to the other site; at each site: prepare what is
 * to be settled or corrected there, confirm, reject. */
static const char steps[] = "sukmaAcCrR";

static struct harness h;
static int64_t campaigns[WALKS], sites[2], devices[2];
static int n_walks, query;

/* ---- a world with many campaigns ---- */

static int64_t device_at(int64_t site_id)
{
    the_site = site_id;
    set_staff(&h, SCANNER, HEALTH__DUTY__SCANS, false);
    register_the_device(&h);
    return the_device;
}

static void open_world(void)
{
    Health__CampaignSite both[2], *list[] = {&both[0], &both[1]};
    Health__Campaign *draft;

    begin(&h);
    clock_step(&h.service.clock, DAY_AT - 20 * HEALTH_DAY_MS - now_of(&h));
    draft = a_draft(&h, 100);
    sites[0] = draft->sites[0]->site_id;
    sites[1] = a_site(&h);
    for (int i = 0; i < 2; i++) {
        health__campaign_site__init(&both[i]);
        both[i].site_id = sites[i];
    }
    draft->sites = list;
    draft->n_sites = 2;
    campaigns[0] = campaign_of(&h, create_campaign(&h, manager_of(&h, UNION), draft))->campaign_id;
    clock_step(&h.service.clock, DAY_AT + 8 * HOUR_MS - now_of(&h));
    for (int i = 0; i < 2; i++)
        devices[i] = device_at(sites[i]);
    harness_off_record(&h);
    query = -1;
    n_walks = 0;
}

/* The campaign's row once more, under another number. */
static int64_t another_campaign(void)
{
    struct health *self = h.service.self;
    Health__Campaign *campaign = campaigns_find(&self->campaigns, campaigns[0], &h.arena);

    assert_non_null(campaign);
    campaign->campaign_id += ++n_walks;
    campaign->state = HEALTH__CAMPAIGN_STATE__PUBLISHED;
    assert_true(n_walks < WALKS && campaigns_put(&self->campaigns, campaign, &h.arena));
    assert_int_equal(store_commit(h.service.store), 0);
    return campaign->campaign_id;
}

/* ---- one walk ---- */

static struct {
    int64_t slots[2], booking_id, scan_id;
    struct booking booking;
} walk;

static void begin_walk(int64_t campaign_id)
{
    harness_forget(&h);
    the_campaign = campaign_id;
    give_places(&h, the_campaign, n_walks, 1);
    for (int i = 0; i < 2; i++)
        walk.slots[i] = a_slot(&h, the_campaign, sites[i], 9 * 60, 10);
    walk.booking_id = booking_in(&h, book(&h, the_campaign, walk.slots[0], n_walks))->booking_id;
    walk.scan_id = 0;
}

static int site_now(void)
{
    assert_true(bookings_find(&health_of(&h)->bookings, walk.booking_id, &walk.booking));
    return walk.booking.place_id == sites[1];
}

static int64_t open_at(int site)
{
    struct statement open;

    return statements_find_open(&health_of(&h)->settlement, the_campaign, sites[site], &open) ? open.id : 0;
}

static void strike_out(int64_t scan_id)
{
    Health__UndoScanRequest request = HEALTH__UNDO_SCAN_REQUEST__INIT;

    request.scan_id = scan_id;
    request.reason = "并未到检";
    for (int64_t by = 900; by <= 901; by++)
        assert_ok(harness_call(&h, "Scans.StrikeScan", &request.base, manager_number(&h, by), NULL));
    site_now();
    assert_int_equal(walk.booking.state, HEALTH__BOOKING_STATE__ACTIVE);
}

static void scan_or_undo(char step)
{
    int site = site_now();

    the_site = sites[site];
    the_device = devices[site];
    if (step == 's' && walk.booking.state == HEALTH__BOOKING_STATE__ACTIVE)
        walk.scan_id = come(&h, walk.booking_id);
    else if (step == 'u' && walk.booking.state == HEALTH__BOOKING_STATE__ARRIVED)
        undo_scan(&h, walk.scan_id);
    else if (step == 'k' && walk.booking.state == HEALTH__BOOKING_STATE__ARRIVED)
        strike_out(walk.scan_id);
}

/* What is not possible is refused and changes nothing. */
static void take_step(char step)
{
    int site = step == 'A' || step == 'C' || step == 'R';

    if (step == 's' || step == 'u' || step == 'k') {
        scan_or_undo(step);
    } else if (step == 'm') {
        move(&h, walk.booking_id, walk.slots[!site_now()], n_walks);
    } else if (step == 'a' || step == 'A') {
        the_site = sites[site];
        prepare(&h, finance(&h, 701));
    } else if (open_at(site)) {
        on_settlement(&h, step == 'c' || step == 'C' ? "Settlements.ConfirmSettlement" : "Settlements.RejectSettlement",
                      open_at(site), finance(&h, 702));
    }
}

/* What the lines say of the booking. */
enum {
    OWED,
    SETTLED,
    SETTLED_SITE,
    NET_A,
    NET_B,
    OPEN_A,
    OPEN_B,
    DONE_A,
    DONE_B,
    SEQ_A,
    SEQ_B,
    PAID_A,
    PAID_B,
    N_NUMBERS
};

#define LINES(columns, where)                                                                                          \
    "coalesce((SELECT " columns " FROM statement_line JOIN statement USING (statement_id) WHERE thing_id = ?1 " where  \
    "), 0), "
#define AT_BOTH(columns, where) LINES(columns, where " AND payee_id = ?2") LINES(columns, where " AND payee_id = ?3")

static void read_numbers(int64_t ret[N_NUMBERS])
{
    static const char *const sql = "SELECT " LINES("sum(fen)", "") "settled, settled_place, " AT_BOTH("sum(fen)", "")
        AT_BOTH("max(kind)", "AND state = 1") AT_BOTH("count(*)", "AND state = 2") AT_BOTH("max(seq)", "AND state = 1")
            AT_BOTH("sum(fen)", "AND state = 2") "0 "
                                                 "FROM booked_slot WHERE booking_id = ?1";

    if (query < 0)
        query = store_prepare(h.service.store, &sql, 1);
    store_ask(h.service.store, (unsigned)query, "iii", walk.booking_id, sites[0], sites[1]);
    assert_true(store_row(h.service.store, (unsigned)query));
    for (int i = 0; i < N_NUMBERS; i++)
        ret[i] = store_int(h.service.store, (unsigned)query, i);
    store_end(h.service.store, (unsigned)query);
}

/* All that the next step depends on; also looks whether money was lost. */
static void describe(char ret[96])
{
    int64_t n[N_NUMBERS], seq;
    int site = 0;

    site_now();
    read_numbers(n);
    /* Never twice, and never less than nothing; and the booking says what the lines say. */
    assert_in_range(n[OWED], 0, PRICE);
    assert_int_equal(n[OWED] > 0, n[SETTLED] > 0);
    if (n[SETTLED_SITE])
        site = n[SETTLED_SITE] == sites[0] ? 1 : 2;
    seq = walk.booking.journal_seq;
    snprintf(ret, 96, "%d %d %d|%lld %lld|%lld %lld|%d %d|%d %d", walk.booking.state, site_now(), site,
             (long long)n[NET_A], (long long)n[NET_B], (long long)n[OPEN_A], (long long)n[OPEN_B], n[DONE_A] > 0,
             n[DONE_B] > 0, n[SEQ_A] == seq, n[SEQ_B] == seq);
}

/* Officials go on until nothing is left: where she has come is paid, once, and nothing else. */
static void finish_walk(void)
{
    int64_t n[N_NUMBERS];
    bool came;
    int at;

    for (int round = 0; round < 4; round++)
        for (const char *step = "aArRaAcC"; *step; step++)
            take_step(*step);
    for (int round = 0; round < 3; round++)
        for (const char *step = "cCrRaAcC"; *step; step++)
            take_step(*step);
    assert_int_equal(open_at(0), 0);
    assert_int_equal(open_at(1), 0);
    at = site_now();
    came = walk.booking.state == HEALTH__BOOKING_STATE__ARRIVED;
    read_numbers(n);
    assert_int_equal(n[PAID_A], came && at == 0 ? PRICE : 0);
    assert_int_equal(n[PAID_B], came && at == 1 ? PRICE : 0);
}

/* ---- all walks ---- */

static struct {
    char path[STEPS_MAX + 2], state[96];
} known[STATES];
static int n_known;

static bool is_known(const char *state)
{
    for (int i = 0; i < n_known; i++) {
        if (strcmp(known[i].state, state) == 0)
            return true;
    }
    return false;
}

static void go_in(int64_t campaign_id, const char *path, char ret_state[96])
{
    begin_walk(campaign_id);
    describe(ret_state);
    for (const char *step = path; *step; step++) {
        take_step(*step);
        describe(ret_state);
    }
}

static void go(const char *path, char ret_state[96])
{
    go_in(another_campaign(), path, ret_state);
}

/* From each state that some walk leads to, each step. What led to the same state goes on the same. */
static void no_order_of_steps_settles_twice_or_not_at_all(void **state)
{
    char reached[96];

    (void)state;
    open_world();
    go("", known[n_known++].state);
    for (int i = 0; i < n_known; i++) {
        size_t len = strlen(known[i].path);

        for (const char *step = steps; *step && len < STEPS_MAX; step++) {
            char path[STEPS_MAX + 2];

            snprintf(path, sizeof(path), "%s%c", known[i].path, *step);
            go(path, reached);
            if (is_known(reached))
                continue;
            assert_true(n_known < STATES);
            snprintf(known[n_known].path, sizeof(known[n_known].path), "%s", path);
            snprintf(known[n_known++].state, sizeof(known[0].state), "%s", reached);
            finish_walk();
        }
    }
    assert_true(n_known > 40);
    harness_close(&h);
}

/* The case that was paid twice, step by step. */
static void a_correction_is_not_rejected_once_she_is_settled_elsewhere(void **state)
{
    char reached[96];
    int64_t correction;

    (void)state;
    open_world();
    go("sacuamsA", reached);
    correction = open_at(0);
    assert_refused(on_settlement(&h, "Settlements.RejectSettlement", correction, finance(&h, 702)),
                   "SETTLEMENT_SUPERSEDED");
    assert_ok(on_settlement(&h, "Settlements.ConfirmSettlement", open_at(1), finance(&h, 702)));
    assert_refused(on_settlement(&h, "Settlements.RejectSettlement", correction, finance(&h, 702)),
                   "SETTLEMENT_SUPERSEDED");
    assert_ok(on_settlement(&h, "Settlements.ConfirmSettlement", correction, finance(&h, 702)));
    finish_walk();
    harness_close(&h);
}

/* As a program did that let the correction be rejected all the same. */
static void reject_all_the_same(void *call, void *arg)
{
    struct health *self = health_of(&h);
    struct statement correction;

    (void)arg;
    assert_true(statements_find_open(&self->settlement, the_campaign, sites[0], &correction));
    assert_int_equal(statement_change(&self->settlement, SETTLEMENT__STATE__REJECTED, call, &correction), 0);
}

/* The SQL of one step of the schema. */
static const char *step_of_schema(const char *mark)
{
    const struct service_spec *spec = h.service.spec;
    const char *schema = arena_strndup(&h.arena, (const char *)spec->schema, *spec->schema_len);
    const char *begin = strstr(schema, mark), *end;

    assert_non_null(begin);
    begin += strlen(mark);
    end = strstr(begin, "\n-- step ");
    return arena_strndup(&h.arena, begin, end ? (size_t)(end - begin) : strlen(begin));
}

/* The step that found who was settled twice, over what it called settlements and bookings. */
static void make_step_13(void)
{
    const char *const sql[] = {
        "CREATE VIEW settlement AS SELECT statement_id AS settlement_id, payee_id AS site_id FROM statement",
        "CREATE VIEW settlement_line AS SELECT statement_id AS settlement_id, thing_id AS booking_id, kind, corrects "
        "FROM statement_line",
        "CREATE VIEW booking AS SELECT booking_id, place_id AS site_id, state, settled, settled_place AS settled_site "
        "FROM booked_slot",
        "CREATE TRIGGER booking_set INSTEAD OF UPDATE ON booking BEGIN UPDATE booked_slot SET settled = NEW.settled, "
        "settled_place = NEW.settled_site WHERE booking_id = NEW.booking_id; END",
        step_of_schema("\n-- step 13\n"),
        "DROP VIEW booking",
        "DROP VIEW settlement_line",
        "DROP VIEW settlement",
    };

    for (size_t i = 0; i < ARRAY_LEN(sql); i++)
        harness_tamper(&h, sql[i]);
}

/* After the upgrade the next settlement of the site where she has not come takes back what it got: where she has
 * been since, or where she was before that and has been once more. */
static void what_was_paid_twice_is_found_and_taken_back(void **state)
{
    (void)state;
    for (int came = 0; came < 2; came++) {
        struct decree decree = {.state = HEALTH__CAMPAIGN_STATE__PUBLISHED};
        int64_t n[N_NUMBERS];
        char reached[96];

        open_world();
        decree.campaign_id = campaigns[0];
        harness_give(&h, "decree", carry_out, &decree, sizeof(decree));
        n_walks = 1; /* the member */
        go_in(campaigns[0], "sacuamsAC", reached);
        assert_string_equal(harness_audit(&h), "");
        assert_int_equal(rpc_server_transact(h.service.rpc, reject_all_the_same, NULL), 0);
        assert_non_null(strstr(harness_audit(&h), "settled twice"));
        for (const char *step = "ums"; came == 0 && *step; step++)
            take_step(*step);
        assert_int_equal(site_now(), came);
        make_step_13();
        read_numbers(n);
        assert_int_equal(n[OWED], 2 * PRICE);
        assert_int_equal(n[SETTLED_SITE], sites[!came]);
        take_step(came ? 'a' : 'A');
        read_numbers(n);
        assert_int_equal(n[OWED], PRICE);
        assert_int_equal(n[SETTLED_SITE], sites[came]);
        assert_refused(on_settlement(&h, "Settlements.RejectSettlement", open_at(!came), finance(&h, 702)),
                       "SETTLEMENT_SUPERSEDED");
        finish_walk();
        end(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_correction_is_not_rejected_once_she_is_settled_elsewhere),
        cmocka_unit_test(no_order_of_steps_settles_twice_or_not_at_all),
        cmocka_unit_test(what_was_paid_twice_is_found_and_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
