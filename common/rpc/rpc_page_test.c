/* Lists in pages: ListSeats in the order of ids, ListShows in that of paths and ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/union_path.h"
#include "common/rpc/rpc.h"
#include "sample.pb-c.h"
#include "tests/harness.h"

#define SEATS  "Shows.ListSeats"
#define SHOWS  "Shows.ListShows"
#define OFFERS "Shows.GetOffers"
#define USUAL  20 /* as in sample.proto */
#define MOST   100
#define MANY   250

struct row {
    const char *path;
    int64_t id;
};

/* What there is to list, in order. */
static struct row rows[MANY];
static size_t n_rows, n_looked_at; /* of a slice, 0: all */
static bool full;                  /* a handler finds no memory */
static Sample__Shows_Service service;
static struct harness h;

static Sample__State state_of(const struct row *row)
{
    return (Sample__State)(row->id % 4);
}

/* ---- the service ---- */

static void list_seats(Sample__Shows_Service *self, const Sample__ListSeatsRequest *req, Sample__SeatList_Closure reply,
                       void *call)
{
    const struct rpc_page *page = rpc_page(call);
    Sample__SeatList list = SAMPLE__SEAT_LIST__INIT;
    size_t n = 0;

    (void)self;
    (void)req;
    for (size_t i = 0; i < n_rows && n < page->limit; i++) {
        Sample__Seat *seat;

        if (rows[i].id <= page->after || !rpc_page_wants(call, state_of(&rows[i])))
            continue;
        n++;
        if (!rpc_page_takes(call, rows[i].id))
            break;
        seat = arena_message(rpc_arena(call), &sample__seat__descriptor);
        assert_non_null(seat);
        seat->seat_id = rows[i].id;
        seat->state = state_of(&rows[i]);
        rpc_add(call, &list, seats, full && i == 1 ? arena_alloc(rpc_arena(call), LIMIT_BATCH_ARENA) : seat);
    }
    reply(&list, call);
}

static void list_shows(Sample__Shows_Service *self, const Sample__ListShowsRequest *req, Sample__ShowList_Closure reply,
                       void *call)
{
    const struct rpc_page *page = rpc_page(call);
    Sample__ShowList list = SAMPLE__SHOW_LIST__INIT;
    size_t looked_at = 0;

    (void)self;
    if (*page->place && !union_path_covers(req->union_path, page->place)) {
        rpc_refuse_page(call);
        return;
    }
    for (size_t i = 0; i < n_rows; i++) {
        int order = strcmp(rows[i].path, page->place);
        Sample__ShowStatus *status;

        if (order < 0 || (order == 0 && rows[i].id <= page->after))
            continue;
        if (n_looked_at && looked_at++ == n_looked_at) {
            rpc_page_ends_at(call, rows[i - 1].path, rows[i - 1].id);
            break;
        }
        if (!union_path_covers(req->union_path, rows[i].path))
            continue;
        if (!rpc_page_takes_at(call, rows[i].path, rows[i].id))
            break;
        status = arena_message(rpc_arena(call), &sample__show_status__descriptor);
        status->granted = rows[i].id;
        rpc_add(call, &list, shows, status);
    }
    reply(&list, call);
}

/* Without pages: as many as there are, or nothing for want of memory. */
static void get_offers(Sample__Shows_Service *self, const Sample__GetOffersRequest *req,
                       Sample__OfferList_Closure reply, void *call)
{
    Sample__OfferList list = SAMPLE__OFFER_LIST__INIT;

    (void)self;
    (void)req;
    for (size_t i = 0; i < n_rows; i++) {
        Sample__Offer *offer = arena_message(rpc_arena(call), &sample__offer__descriptor);

        offer->reason = arena_printf(rpc_arena(call), "%zu", i);
        rpc_add(call, &list, offers, offer);
    }
    reply(full ? NULL : &list, call);
}

static int start(struct service *daemon)
{
    service = (Sample__Shows_Service){
        .base = SAMPLE__SHOWS__BASE_INIT, .list_seats = list_seats, .list_shows = list_shows, .get_offers = get_offers};
    rpc_server_add(daemon->rpc, &service.base);
    return 0;
}

static const struct service_spec spec = {.name = "sample", .start = start};

static int setup(void **state)
{
    (void)state;
    n_rows = n_looked_at = 0;
    full = false;
    harness_open(&h, &spec, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    harness_close(&h);
    return 0;
}

/* ---- its callers ---- */

static void make_rows(size_t n)
{
    n_rows = n;
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct row){"0001", (int64_t)i + 1};
}

static void gather_seats(int32_t size, const char *token)
{
    Sample__ListSeatsRequest request = SAMPLE__LIST_SEATS_REQUEST__INIT;

    request.page_size = size;
    request.page_token = unconst(token);
    harness_add(&h, SEATS, &request.base, harness_member(&h, 1, "0001"), NULL);
}

static const Rpc__Answer *ask_seats(int32_t size, const char *token)
{
    gather_seats(size, token);
    return harness_run(&h)->answers[0];
}

static const Sample__SeatList *seats(int32_t size, const char *token)
{
    return harness_output(&h, ask_seats(size, token), &sample__seat_list__descriptor);
}

static const Rpc__Answer *ask_shows(int32_t size, const char *path, const char *token)
{
    Sample__ListShowsRequest request = SAMPLE__LIST_SHOWS_REQUEST__INIT;

    request.page_size = size;
    request.union_path = unconst(path);
    request.page_token = unconst(token);
    return harness_call(&h, SHOWS, &request.base, harness_internal(&h), NULL);
}

static const Sample__ShowList *shows(int32_t size, const char *path, const char *token)
{
    return harness_output(&h, ask_shows(size, path, token), &sample__show_list__descriptor);
}

static const Rpc__Answer *ask_offers(void)
{
    Sample__GetOffersRequest request = SAMPLE__GET_OFFERS_REQUEST__INIT;

    return harness_call(&h, OFFERS, &request.base, harness_member(&h, 1, "0001"), NULL);
}

static void assert_no_token(const Rpc__Answer *answer)
{
    assert_refused(answer, "BAD_PAGE_TOKEN");
    assert_string_equal(answer->field, "pageToken");
}

/* ---- the tests ---- */

static void rows_in_the_states_that_were_named_are_on_one_page(void **state)
{
    static Sample__State states[] = {SAMPLE__STATE__CLOSED, SAMPLE__STATE__DRAFT, SAMPLE__STATE__CLOSED};

    (void)state;
    make_rows(MANY);
    for (size_t n = 0; n <= ARRAY_LEN(states); n++) {
        size_t seen = 0;
        const char *token = "";

        do {
            Sample__ListSeatsRequest request = SAMPLE__LIST_SEATS_REQUEST__INIT;
            const Sample__SeatList *list;

            request.page_token = unconst(token);
            request.state = states;
            request.n_state = n;
            list = harness_output(&h, harness_call(&h, SEATS, &request.base, harness_member(&h, 1, "0001"), NULL),
                                  &sample__seat_list__descriptor);
            for (size_t i = 0; i < list->n_seats; i++, seen++)
                assert_true(n == 0 || list->seats[i]->state == states[0] ||
                            (n > 1 && list->seats[i]->state == states[1]));
            token = list->next_page_token;
        } while (*token);
        assert_int_equal(seen, n == 0 ? MANY : n == 1 ? MANY / 4 : MANY / 4 * 2);
    }
}

static void every_row_is_on_one_page(void **state)
{
    static const int32_t sizes[] = {1, 7, USUAL, MOST};

    (void)state;
    for (size_t n = 0; n <= 60; n += 20) {
        make_rows(n);
        for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
            size_t seen = 0, pages = 0;
            const char *token = "";

            do {
                const Sample__SeatList *list = seats(sizes[s], token);

                for (size_t i = 0; i < list->n_seats; i++)
                    assert_int_equal(list->seats[i]->seat_id, rows[seen + i].id);
                seen += list->n_seats;
                pages++;
                token = list->next_page_token;
            } while (*token);
            assert_int_equal(seen, n);
            /* The last page is not an empty one. */
            assert_int_equal(pages, n ? (n + (size_t)sizes[s] - 1) / (size_t)sizes[s] : 1);
        }
    }
}

static void a_size_is_usual_unless_it_is_said_and_within_its_bounds(void **state)
{
    static const int32_t wrong[] = {-1, MOST + 1, INT32_MIN, INT32_MAX};

    (void)state;
    make_rows(MANY);
    assert_int_equal(seats(0, "")->n_seats, USUAL);
    assert_int_equal(seats(MOST, "")->n_seats, MOST);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        const Rpc__Answer *answer = ask_seats(wrong[i], "");

        assert_refused(answer, "OUT_OF_RANGE");
        assert_string_equal(answer->field, "pageSize");
    }
}

static void every_key_fits_a_token(void **state)
{
    static const int64_t keys[] = {1, 255, INT64_C(1) << 40, INT64_C(999999999999999999), INT64_MAX - 1, INT64_MAX};
    const char *token = "";

    (void)state;
    n_rows = ARRAY_LEN(keys);
    for (size_t i = 0; i < n_rows; i++)
        rows[i] = (struct row){"0001", keys[i]};
    for (size_t i = 0; i < n_rows; i++) {
        const Sample__SeatList *list = seats(1, token);

        assert_int_equal(list->n_seats, 1);
        assert_true(list->seats[0]->seat_id == keys[i]);
        token = list->next_page_token;
        assert_true(strlen(token) <= LIMIT_PAGE_TOKEN);
    }
    assert_string_equal(token, "");
}

static void what_is_no_token_of_this_list_is_refused(void **state)
{
    static const char *const wrong[] = {
        "0", "1", "20", "-1", " ", "../", "AAAAAAAAAAAAAAAA", "0001.20", "9223372036854775807"};
    char text[2 * LIMIT_PAGE_TOKEN + 1];
    const char *token, *of_shows;
    size_t len;

    (void)state;
    make_rows(MANY);
    token = seats(0, "")->next_page_token;
    of_shows = shows(0, "", "")->next_page_token;
    len = strlen(token);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_no_token(ask_seats(0, wrong[i]));
    for (size_t i = 0; i < len; i++) {
        snprintf(text, sizeof(text), "%s", token);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        assert_no_token(ask_seats(0, text));
        text[i] = '\0';
        if (i > 0)
            assert_no_token(ask_seats(0, text));
    }
    snprintf(text, sizeof(text), "%sA", token);
    assert_no_token(ask_seats(0, text));
    memset(text, 'A', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_no_token(ask_seats(0, text));
    assert_no_token(ask_seats(0, of_shows));
    assert_no_token(ask_shows(0, "", token));
    assert_no_token(ask_shows(0, "0002", of_shows));
    assert_int_equal(seats(0, token)->seats[0]->seat_id, USUAL + 1);
}

static void rows_may_come_and_go_between_two_pages(void **state)
{
    const Sample__SeatList *list;
    const char *token;

    (void)state;
    make_rows(60);
    for (size_t i = 0; i < n_rows; i++)
        rows[i].id *= 10;
    token = seats(0, "")->next_page_token;
    /* The last row of the page and the next go, one comes before it and one behind. */
    rows[19].id = 195;
    rows[20].id = 201;
    list = seats(0, token);
    assert_int_equal(list->seats[0]->seat_id, 201);
    assert_int_equal(list->seats[1]->seat_id, 220);
    n_rows = 10;
    assert_int_equal(seats(0, token)->n_seats, 0);
}

static void rows_of_unions_are_in_the_order_of_the_tree(void **state)
{
    static const struct row all[] = {{"0001", 9},
                                     {"00010001", 1},
                                     {"00010001", 8},
                                     {"000100010001", 3},
                                     {"000100020003000400050006000700080009000a000b000c", INT64_MAX},
                                     {"0002", 2}};
    const char *token = "";
    size_t seen = 0;

    (void)state;
    memcpy(rows, all, sizeof(all));
    n_rows = ARRAY_LEN(all);
    do {
        const Sample__ShowList *list = shows(2, "0001", token);

        for (size_t i = 0; i < list->n_shows; i++)
            assert_true(list->shows[i]->granted == all[seen + i].id);
        seen += list->n_shows;
        token = list->next_page_token;
        assert_true(strlen(token) <= LIMIT_PAGE_TOKEN);
    } while (*token);
    assert_int_equal(seen, 5);
}

static void a_page_may_end_before_it_is_full(void **state)
{
    size_t seen = 0, pages = 0;
    const char *token = "";

    (void)state;
    make_rows(50);
    rows[0].path = "0000";
    n_looked_at = 7;
    do {
        const Sample__ShowList *list = shows(0, "0001", token);

        seen += list->n_shows;
        token = list->next_page_token;
        pages++;
    } while (*token && pages < 50);
    assert_int_equal(seen, 49);
    assert_int_equal(pages, 8);
}

static void a_reply_without_memory_is_refused(void **state)
{
    const Rpc__AnswerBatch *answers;

    (void)state;
    make_rows(MANY);
    full = true;
    gather_seats(0, "");
    gather_seats(1, ""); /* which needs no more than there is */
    answers = harness_run(&h);
    assert_refused(answers->answers[0], "OVERLOADED");
    assert_ok(answers->answers[1]);
    n_rows = 0;
    assert_refused(ask_offers(), "OVERLOADED");
    n_rows = MANY;
    full = false;
    assert_int_equal(seats(0, "")->n_seats, USUAL);
}

static void a_reply_takes_as_many_as_there_are(void **state)
{
    (void)state;
    for (size_t n = 0; n <= MANY; n++) {
        const Sample__OfferList *list;
        char text[8];

        make_rows(n);
        list = harness_output(&h, ask_offers(), &sample__offer_list__descriptor);
        assert_int_equal(list->n_offers, n);
        for (size_t i = 0; i < n; i++) {
            snprintf(text, sizeof(text), "%zu", i);
            assert_string_equal(list->offers[i]->reason, text);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_in_the_states_that_were_named_are_on_one_page),
        TEST(every_row_is_on_one_page),
        TEST(a_size_is_usual_unless_it_is_said_and_within_its_bounds),
        TEST(every_key_fits_a_token),
        TEST(what_is_no_token_of_this_list_is_refused),
        TEST(rows_may_come_and_go_between_two_pages),
        TEST(rows_of_unions_are_in_the_order_of_the_tree),
        TEST(a_page_may_end_before_it_is_full),
        TEST(a_reply_without_memory_is_refused),
        TEST(a_reply_takes_as_many_as_there_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
