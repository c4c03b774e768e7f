/* A theatre whose shows are put on by two people. */
#include "common/benefit/benefit_fixture.h"
#include "common/benefit/holders/holders.h"
#include "common/benefit/two_hands/two_hands.h"

#define PATH    "00010002"
#define LIFE_MS INT64_C(1000000)
#define MANAGER RULE__ROLE__BENEFIT_MANAGER

#define THEATRE_PARTS(PART, SHARED) SHARED(holders) SHARED(two_hands)
#define THEATRE_SERVICES(SERVICE)   SERVICE(Sample__Shows, shows)
#define theatre__event__descriptor  sample__event__descriptor
SERVICE_OF_PARTS(theatre, THEATRE, "shows that two people put on")

/* The price is the deed, the title says what is done with it. */
static void create_show(Sample__Shows_Service *service, const Sample__CreateShowRequest *req,
                        Sample__ShowStatus_Closure reply, void *call)
{
    static const int offices[] = {MANAGER, RULE__ROLE__ROLE_NONE};
    struct theatre *self = container_of(service, struct theatre, shows_service);
    Sample__ShowStatus status = SAMPLE__SHOW_STATUS__INIT;
    Sample__Show what = SAMPLE__SHOW__INIT;
    struct hands_deed deed = {
        .kind = "show",
        .id = req->show->price_fen,
        .what = &what.base,
        .until = rpc_now(call) + LIFE_MS,
        .roles = offices,
        .union_path = req->show->union_path,
    };
    int reason = 0;

    what.deposit_fen = req->show->deposit_fen;
    status.show = req->show;
    if (strcmp(req->show->title, "give") == 0)
        reason = hands_give(&self->two_hands, &deed, call);
    else if (strcmp(req->show->title, "confirm") == 0)
        reason = hands_confirm(&self->two_hands, &deed, call);
    else
        hands_end(&self->two_hands, "show", deed.id, HANDS__STATE__TAKEN_BACK, call);
    if (reason)
        rpc_refuse(call, reason);
    else
        reply(&status, call);
}

const Sample__Shows_Service shows_api = {.base = SAMPLE__SHOWS__BASE_INIT, .create_show = create_show};

static int setup(void **state)
{
    (void)state;
    return begin(&theatre_spec, NULL, NULL);
}

static const Rpc__Answer *hand(const char *what, int64_t deed, const Rpc__Principal *who)
{
    static unsigned calls;
    Sample__CreateShowRequest request = SAMPLE__CREATE_SHOW_REQUEST__INIT;
    Sample__Show show = SAMPLE__SHOW__INIT;
    char key[32];

    snprintf(key, sizeof(key), "%u", calls++);
    show.title = unconst(what);
    show.price_fen = deed;
    show.union_path = unconst(PATH);
    request.show = &show;
    return harness_call(&h, "Shows.CreateShow", &request.base, who, key);
}

static Rpc__Principal *manager(int64_t member_id)
{
    return harness_official(&h, member_id, MANAGER, PATH);
}

/* One whose office was given just now. */
static Rpc__Principal *novice(int64_t member_id, int64_t given_by)
{
    return harness_newly(&h, manager(member_id), given_by, clock_now(&h.service.clock));
}

static void another_confirms_once(void **state)
{
    struct theatre *self = h.service.self;
    struct hands row;

    (void)state;
    assert_refused(hand("confirm", 5, manager(2)), "HANDS_OVER");
    assert_ok(hand("give", 5, manager(1)));
    assert_refused(hand("confirm", 5, manager(1)), "HANDS_SAME");
    assert_refused(hand("confirm", 6, manager(2)), "HANDS_OVER");
    assert_refused(hand("confirm", 5, harness_internal(&h)), "HAND_NOT_NAMED");
    harness_reopen(&h);
    assert_ok(hand("confirm", 5, manager(2)));
    assert_refused(hand("confirm", 5, manager(3)), "HANDS_OVER");
    assert_true(hands_find(&self->two_hands, "show", 5, &row));
    assert_int_equal(row.state, HANDS__STATE__DONE);
    assert_int_equal(row.first_by, 1);
    assert_int_equal(row.second_by, 2);
}

static void it_ends_in_time_and_when_it_is_taken_back(void **state)
{
    (void)state;
    assert_ok(hand("give", 5, manager(1)));
    clock_step(&h.service.clock, LIFE_MS);
    assert_refused(hand("confirm", 5, manager(2)), "HANDS_OVER");
    assert_ok(hand("give", 5, manager(1)));
    assert_ok(hand("end", 5, manager(1)));
    assert_refused(hand("confirm", 5, manager(2)), "HANDS_OVER");
    /* Whoever proposes it anew is the first hand. */
    assert_ok(hand("give", 5, manager(1)));
    assert_ok(hand("give", 5, manager(2)));
    assert_refused(hand("confirm", 5, manager(2)), "HANDS_SAME");
    assert_ok(hand("confirm", 5, manager(1)));
}

static void a_number_is_no_hand(void **state)
{
    Rpc__Principal *unknown = manager(1);

    (void)state;
    unknown->level = RPC__LEVEL__MOBILE;
    assert_refused(hand("give", 5, unknown), "HAND_NOT_NAMED");
    assert_refused(hand("give", 5, harness_internal(&h)), "HAND_NOT_NAMED");
    assert_ok(hand("give", 5, manager(2)));
    assert_refused(hand("confirm", 5, unknown), "HAND_NOT_NAMED");
}

static void two_accounts_of_one_person_are_one_hand(void **state)
{
    (void)state;
    assert_ok(hand("give", 5, manager(1)));
    assert_int_equal(hear_merged(&h, 1, 2), 0);
    assert_int_equal(hear_merged(&h, 2, 3), 0);
    assert_refused(hand("confirm", 5, manager(3)), "HANDS_SAME");
    assert_ok(hand("confirm", 5, manager(4)));
    /* Also of who gave the office. */
    assert_ok(hand("give", 6, novice(7, 8)));
    assert_int_equal(hear_merged(&h, 8, 9), 0);
    assert_refused(hand("confirm", 6, manager(9)), "HAND_GAVE_OFFICE");
}

static void who_gave_the_office_is_no_second_hand_for_a_day(void **state)
{
    Rpc__Principal *young = novice(2, 1), *both = novice(2, 1);
    Rpc__Grant *grants[2] = {both->grants[0], manager(2)->grants[0]};

    (void)state;
    assert_ok(hand("give", 5, manager(1)));
    assert_refused(hand("confirm", 5, young), "HAND_GAVE_OFFICE");
    assert_ok(hand("give", 6, young));
    assert_refused(hand("confirm", 6, manager(1)), "HAND_GAVE_OFFICE");
    assert_ok(hand("confirm", 6, manager(3)));
    /* Who has held one longer acts by that. */
    both->grants = grants;
    both->n_grants = 2;
    assert_ok(hand("confirm", 5, both));
    assert_ok(hand("give", 7, both));
    assert_ok(hand("confirm", 7, manager(1)));
    assert_ok(hand("give", 8, manager(1)));
    clock_step(&h.service.clock, LIFE_MS - 1);
    assert_refused(hand("confirm", 8, young), "HAND_GAVE_OFFICE");
    clock_step(&h.service.clock, HANDS_OFFICE_MS);
    assert_ok(hand("give", 8, manager(1)));
    assert_ok(hand("confirm", 8, young));
}

/* The deeds that wait in a subtree for whoever holds these offices there, with blanks between. */
static const char *waiting(const char *path, int64_t roles)
{
    const struct theatre *self = h.service.self;
    static char text[64];
    struct hands found[4];
    const struct hands_waiting asked = {path, roles, clock_now(&h.service.clock)};
    size_t n = hands_find_waiting(&self->two_hands, &asked, "", path, 0, found, 4);

    text[0] = '\0';
    for (size_t i = 0, len = 0; i < n; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d", i ? " " : "", (int)found[i].deed_id);
    return text;
}

static void what_waits_is_listed_where_and_by_whom_it_may_be_confirmed(void **state)
{
    int64_t managers = INT64_C(1) << MANAGER;

    (void)state;
    assert_ok(hand("give", 5, manager(1)));
    assert_ok(hand("give", 6, manager(2)));
    assert_ok(hand("give", 7, manager(2)));
    assert_ok(hand("confirm", 6, manager(1)));
    assert_string_equal(waiting("0001", managers), "5 7");
    assert_string_equal(waiting(PATH, managers | 1), "5 7");
    assert_string_equal(waiting("0002", managers), "");
    assert_string_equal(waiting("0001", INT64_C(1) << RULE__ROLE__FINANCE), "");
    assert_int_equal(hear_moved(&h, PATH, "00020002"), 0);
    assert_string_equal(waiting("0001", managers), "");
    assert_string_equal(waiting("0002", managers), "5 7");
    clock_step(&h.service.clock, LIFE_MS);
    assert_string_equal(waiting("0002", managers), "");
}

static void a_row_that_was_changed_is_found(void **state)
{
    (void)state;
    assert_ok(hand("give", 5, manager(1)));
    assert_ok(hand("confirm", 5, manager(2)));
    harness_tamper(&h, "UPDATE two_hands SET state = 3");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE two_hands SET state = 2, deed_id = 6");
    assert_string_not_equal(harness_audit(&h), "");
    harness_tamper(&h, "UPDATE two_hands SET deed_id = 5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_confirms_once),
        TEST(it_ends_in_time_and_when_it_is_taken_back),
        TEST(a_number_is_no_hand),
        TEST(two_accounts_of_one_person_are_one_hand),
        TEST(who_gave_the_office_is_no_second_hand_for_a_day),
        TEST(what_waits_is_listed_where_and_by_whom_it_may_be_confirmed),
        TEST(a_row_that_was_changed_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
