/* A walk through all that happens to tickets, in random orders, beside a model that is as simple as can be: seats of
 * two classes, who has one, who is asked, who waits and in which order. */
#include "services/coupon/ticket/ticket_fixture.h"
#include "tests/seed.h"

#define PEOPLE 8
#define WALKS  12
#define STEPS  120
#define QUOTA  3

enum { NONE = -1 };

static struct {
    int64_t release_id;
    int has[PEOPLE + 1]; /* the class of her seat, or NONE */
    int64_t coupon[PEOPLE + 1];
    int asked_by[PEOPLE + 1]; /* who asks her along, or 0 */
    int64_t invitation[PEOPLE + 1];
    int waits[2][PEOPLE], n_waits[2];
} now;

static struct clock dice;

static unsigned below(unsigned n)
{
    unsigned number;

    clock_random(&dice, &number, sizeof(number));
    return number % n;
}

static int taken(int class)
{
    int n = 0;

    for (int i = 1; i <= PEOPLE; i++)
        n += (now.has[i] == class) + (now.asked_by[i] && now.has[now.asked_by[i]] == class);
    return n;
}

static void stop_waiting(int who)
{
    for (int class = 0; class < 2; class ++) {
        int n = 0;

        for (int i = 0; i < now.n_waits[class]; i++) {
            if (now.waits[class][i] != who)
                now.waits[class][n++] = now.waits[class][i];
        }
        now.n_waits[class] = n;
    }
}

static void has(int who, int class, int64_t coupon_id)
{
    now.has[who] = class;
    now.coupon[who] = coupon_id;
    stop_waiting(who);
}

static void take_one(int who, int class, int companion)
{
    char number[8], *companions[] = {number, NULL};
    const Rpc__Answer *answer;
    bool asks = companion != who && now.has[who] == NONE;
    int seats = asks ? 2 : 1;

    snprintf(number, sizeof(number), "%d", companion);
    answer = take_as(now.release_id, harness_member(&h, who, TOWN), 0, class, asks ? companions : NULL);
    if (now.has[who] != NONE) {
        assert_int_equal(seat_of(answer)->coupon_id, now.coupon[who]);
        return;
    }
    if (now.n_waits[class] || taken(class) + seats > QUOTA) {
        assert_refused(answer, "NO_SEAT_LEFT");
        return;
    }
    has(who, class, seat_of(answer)->coupon_id);
    if (!asks)
        return;
    /* The model follows one invitation of each; another one to her is withdrawn at once. */
    if (now.asked_by[companion]) {
        assert_ok(on_invitation("Tickets.WithdrawInvitation", seat_of(answer)->companions[0]->invitation_id, who));
        return;
    }
    now.asked_by[companion] = who;
    now.invitation[companion] = seat_of(answer)->companions[0]->invitation_id;
}

static void give_one_back(int who)
{
    if (now.has[who] == NONE)
        return;
    assert_int_not_equal(seat_of(return_ticket(now.coupon[who], who))->returned_at, 0);
    for (int i = 1; i <= PEOPLE; i++) {
        if (now.asked_by[i] == who)
            now.asked_by[i] = 0;
    }
    now.has[who] = NONE;
}

static void wait_one(int who, int class)
{
    const Rpc__Answer *answer = wait_for(now.release_id, who, class);
    int at = 0;

    if (now.has[who] != NONE) {
        assert_refused(answer, "TICKET_HELD");
        return;
    }
    while (at < now.n_waits[class] && now.waits[class][at] != who)
        at++;
    if (at == now.n_waits[class] && now.n_waits[class] == 0 && taken(class) < QUOTA) {
        assert_refused(answer, "SEATS_LEFT");
        return;
    }
    if (at == now.n_waits[class]) {
        stop_waiting(who);
        now.waits[class][now.n_waits[class]++] = who;
        at = now.n_waits[class] - 1;
    }
    assert_int_equal(ahead_of(answer), at);
}

static void answer_one(int who, bool yes)
{
    const Rpc__Answer *answer;
    int host = now.asked_by[who];

    if (!host)
        return;
    answer = on_invitation(yes ? "Tickets.AcceptInvitation" : "Tickets.DeclineInvitation", now.invitation[who], who);
    if (yes && now.has[who] != NONE) {
        assert_refused(answer, "TICKET_HELD");
        return;
    }
    now.asked_by[who] = 0;
    if (yes)
        has(who, now.has[host], seat_of(answer)->coupon_id);
    else
        assert_ok(answer);
}

/* Who waits longest has what is free. */
static void call_up(void)
{
    tidy_all();
    for (int class = 0; class < 2; class ++) {
        while (now.n_waits[class] && taken(class) < QUOTA) {
            int who = now.waits[class][0];

            has(who, class, claimants_find(&release_find(h.service.self, now.release_id)->claimants, who));
            assert_int_not_equal(now.coupon[who], 0);
        }
    }
}

static void compare(void)
{
    int standing = 0;

    for (int class = 0; class < 2; class ++) {
        assert_int_equal(waiting_of(now.release_id, class), now.n_waits[class]);
        assert_int_equal(left_of(now.release_id, class), now.n_waits[class] ? 0 : QUOTA - taken(class));
    }
    for (int i = 1; i <= PEOPLE; i++) {
        standing += now.has[i] != NONE;
        if (now.has[i] != NONE)
            assert_int_equal(seat(now.coupon[i], i)->class_, now.has[i]);
    }
    assert_int_equal(get(now.release_id)->granted, standing);
}

static void tickets_are_as_the_model_says_in_every_order(void **state)
{
    dice = test_random();
    for (int walk = 0; walk < WALKS; walk++) {
        memset(&now, 0, sizeof(now));
        for (int i = 0; i <= PEOPLE; i++)
            now.has[i] = NONE;
        now.release_id = open_tickets(QUOTA, QUOTA, 3);
        for (int step = 0; step < STEPS; step++) {
            int who = 1 + (int)below(PEOPLE), class = (int)below(2);

            switch (below(8)) {
            case 0:
            case 1:
                take_one(who, class, 1 + (int)below(PEOPLE));
                break;
            case 2:
                give_one_back(who);
                break;
            case 3:
                wait_one(who, class);
                break;
            case 4:
                answer_one(who, true);
                break;
            case 5:
                answer_one(who, false);
                break;
            case 6:
                assert_ok(leave(now.release_id, who));
                stop_waiting(who);
                break;
            default:
                if (below(6) == 0)
                    harness_reopen(&h);
            }
            if (below(3) == 0)
                call_up();
            compare();
        }
        assert_clean();
        teardown(state);
        setup(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(tickets_are_as_the_model_says_in_every_order)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
