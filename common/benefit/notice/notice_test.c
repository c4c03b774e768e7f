/* A theatre that tells people of its shows. */
#include "common/benefit/benefit_fixture.h"
#include "common/benefit/holders/holders.h"
#include "common/benefit/notice/notice.h"

#define WON  NOTICE__NOTICE_KIND__CHECKUP_WON
#define SOON NOTICE__NOTICE_KIND__CHECKUP_SOON

#define THEATRE_PARTS(PART, SHARED) SHARED(holders) SHARED(notice)
#define THEATRE_SERVICES(SERVICE)   SERVICE(Sample__Shows, shows)
#define theatre__event__descriptor  sample__event__descriptor
SERVICE_OF_PARTS(theatre, THEATRE, "shows that people are told of")

const Sample__Shows_Service shows_api = {.base = SAMPLE__SHOWS__BASE_INIT};

static int setup(void **state)
{
    (void)state;
    return begin(&theatre_spec, NULL, NULL);
}

static struct notice *part(void)
{
    return &((struct theatre *)h.service.self)->notice;
}

static void do_give(void *call, void *arg)
{
    notice_give(part(), arg, call);
}

static void give(int kind, int64_t member_id, int64_t about_id)
{
    struct notice_given given = {.kind = kind, .member_id = member_id, .about_id = about_id, .at = 77, .title = "戏"};

    assert_int_equal(rpc_server_transact(h.service.rpc, do_give, &given), 0);
}

static void do_withdraw(void *call, void *arg)
{
    const int64_t *what = arg;

    notice_withdraw(part(), (int)what[0], what[1], call);
}

static void withdraw(int kind, int64_t about_id)
{
    int64_t what[] = {kind, about_id};

    assert_int_equal(rpc_server_transact(h.service.rpc, do_withdraw, what), 0);
}

/* How many rows of the journal say so, and the last of them. */
static int64_t told(Rpc__ChassisEvent__EventCase kind, Rpc__ChassisEvent **ret_last)
{
    Rpc__JournalRequest request = RPC__JOURNAL_REQUEST__INIT;
    Rpc__JournalPage page = RPC__JOURNAL_PAGE__INIT;
    int32_t kinds[] = {(int32_t)kind};

    request.kinds = kinds;
    request.n_kinds = 1;
    journal_read(rpc_server_journal(h.service.rpc), &request, &h.arena, &page);
    *ret_last = harness_last_event(&h, &rpc__chassis_event__descriptor, kinds[0]);
    return (int64_t)page.n_rows;
}

static int64_t n_given(void)
{
    Rpc__ChassisEvent *last;

    return told(RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN, &last);
}

static int64_t n_withdrawn(void)
{
    Rpc__ChassisEvent *last;

    return told(RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN, &last);
}

static void she_is_told_once_while_it_is_so(void **state)
{
    Rpc__ChassisEvent *given, *withdrawn;

    (void)state;
    give(WON, 7, 500);
    give(WON, 7, 500);
    assert_int_equal(told(RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN, &given), 1);
    assert_int_equal(given->notice_given->member_id, 7);
    assert_int_equal(given->notice_given->kind, WON);
    assert_int_equal(given->notice_given->about_id, 500);
    assert_int_equal(given->notice_given->at, 77);
    assert_int_equal(given->notice_given->door, NOTICE_BY_APP);
    assert_string_equal(given->notice_given->title, "戏");
    give(WON, 8, 500);
    give(WON, 7, 501);
    give(SOON, 7, 500);
    give(WON, 0, 500); /* nobody */
    assert_int_equal(n_given(), 4);
    harness_reopen(&h);
    withdraw(WON, 500);
    assert_int_equal(n_withdrawn(), 2);
    assert_int_equal(told(RPC__CHASSIS_EVENT__EVENT_NOTICE_WITHDRAWN, &withdrawn), 2);
    withdraw(0, 500);
    withdraw(0, 500);
    assert_int_equal(n_withdrawn(), 3);
    give(WON, 7, 500);
    assert_int_equal(n_given(), 5);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM notice WHERE withdrawn_at = 0"), 2);
}

static void by_each_door_she_is_told_of_one_notice(void **state)
{
    static const int64_t doors[] = {NOTICE_BY_MOBILE, 55, 56};
    struct notice_given given = {.kind = WON, .member_id = 7, .about_id = 500, .doors = doors, .n_doors = 3};
    Rpc__ChassisEvent *last;

    (void)state;
    assert_int_equal(rpc_server_transact(h.service.rpc, do_give, &given), 0);
    assert_int_equal(told(RPC__CHASSIS_EVENT__EVENT_NOTICE_GIVEN, &last), 3);
    assert_int_equal(last->notice_given->door, 56);
    assert_int_equal(last->notice_given->at, HARNESS_NOW);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM notice"), 1);
    assert_int_equal(harness_number(&h, "SELECT notice_id FROM notice"), last->notice_given->notice_id);
}

static void a_crowd_that_was_told_is_told_that_it_is_over(void **state)
{
    (void)state;
    for (int64_t member = 1; member <= 40; member++)
        give(WON, member, 500);
    withdraw(WON, 500);
    assert_int_equal(n_withdrawn(), 40);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM notice WHERE withdrawn_at = 0"), 0);
}

static void two_accounts_that_become_one_were_told_once(void **state)
{
    (void)state;
    give(WON, 7, 500);
    give(WON, 8, 500);
    give(WON, 7, 501);
    assert_int_equal(hear_merged(&h, 7, 8), 0);
    assert_int_equal(n_withdrawn(), 1);
    give(WON, 8, 501);
    assert_int_equal(n_given(), 3);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM notice WHERE member_id = 8"), 3);
    assert_int_equal(hear_closed(&h, 8), 0);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM notice"), 0);
}

static void what_is_old_is_deleted(void **state)
{
    (void)state;
    give(WON, 7, 500);
    clock_step(&h.service.clock, NOTICE_KEPT_MS);
    give(WON, 7, 501);
    harness_tidy(&h);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM notice"), 2);
    clock_step(&h.service.clock, 2);
    harness_tidy(&h);
    assert_int_equal(harness_number(&h, "SELECT about_id FROM notice"), 501);
    assert_int_equal(harness_number(&h, "SELECT count(*) FROM notice"), 1);
}

static void a_row_that_was_changed_is_found(void **state)
{
    static const char *const changes[][2] = {
        {"UPDATE notice SET withdrawn_at = 0 WHERE about_id = 501",
         "UPDATE notice SET withdrawn_at = 1 WHERE about_id = 501"},
        {"UPDATE notice SET withdrawn_at = 1 WHERE about_id = 500",
         "UPDATE notice SET withdrawn_at = 0 WHERE about_id = 500"},
        {"UPDATE notice SET kind = 2", "UPDATE notice SET kind = 1"},
        {"UPDATE notice SET about_id = about_id + 5", "UPDATE notice SET about_id = about_id - 5"},
        {"INSERT INTO notice VALUES (1, 7, 1, 500, 1, 1, 0, 1)", "DELETE FROM notice WHERE notice_id = 1"},
    };

    (void)state;
    give(WON, 7, 500);
    give(WON, 7, 501);
    withdraw(WON, 501);
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        assert_found(&h, changes[i][0], changes[i][1]);
}

static void each_kind_has_its_words(void **state)
{
    (void)state;
    for (int kind = 1; kind < NOTICE_KINDS; kind++) {
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&notice__notice_kind__descriptor, kind);

        assert_non_null(value);
        assert_non_null(notice_sentence(kind));
        assert_non_null(notice_phrase(kind));
        assert_true(notice_until(kind, 5) >= 5);
        assert_true(!notice_needed(kind) || notice_sms(kind)); /* what guards her account goes by her number too */
        /* Of her account she is told by her number too. */
        assert_int_equal(notice_sms(kind) != NULL, strncmp(value->name, "ACCOUNT_", 8) == 0);
    }
    assert_int_equal(notice__notice_kind__descriptor.n_values, NOTICE_KINDS);
}

static void of_kinds_of_a_later_service_there_are_no_bits(void **state)
{
    static const int several[] = {1, NOTICE_KINDS - 1, NOTICE_KINDS, 64, 0, -1, INT32_MIN, INT32_MAX};
    Notice__NoticeKind kinds[ARRAY_LEN(several)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(several); i++) {
        kinds[i] = (Notice__NoticeKind)several[i];
        assert_int_equal(notice_known(several[i]), i < 2);
    }
    assert_int_equal(notice_bits(kinds, ARRAY_LEN(kinds)), INT64_C(1) << 1 | INT64_C(1) << (NOTICE_KINDS - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(she_is_told_once_while_it_is_so),
        TEST(by_each_door_she_is_told_of_one_notice),
        TEST(a_crowd_that_was_told_is_told_that_it_is_over),
        TEST(two_accounts_that_become_one_were_told_once),
        TEST(what_is_old_is_deleted),
        TEST(a_row_that_was_changed_is_found),
        cmocka_unit_test(each_kind_has_its_words),
        cmocka_unit_test(of_kinds_of_a_later_service_there_are_no_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
