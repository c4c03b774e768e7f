/* subsidy APPLICATIONS DRAWN: so many applications handed in and in review inside the service, what handing one in
 * costs at the beginning and at the end, and what a reviewer waits for her inbox then; before that a draw of so many
 * who are approved. Prints name=value. */
#include "services/subsidy/fixture.h"
#include "tests/bench/times.h"

#define BATCH     250
#define TOWNS     30
#define COMPANIES 30 /* of each town */
#define FEN       INT64_C(100000)
#define PLACES    19958
#define WINDOW    10000 /* applications, of which what one costs is told */
#define INBOXES   2000
#define LOT       SUBSIDY__SELECTION_KIND__BY_LOT
#define ALL       SUBSIDY__SELECTION_KIND__ALL

static char towns[TOWNS][UNION_PATH_SIZE], companies[TOWNS * COMPANIES][UNION_PATH_SIZE];
static struct times times;

static void make_unions(void)
{
    a_union(&h, CITY);
    for (int i = 0; i < TOWNS; i++) {
        ensure(union_path_child(CITY, i + 1, towns[i]));
        a_union(&h, towns[i]);
        for (int j = 0; j < COMPANIES; j++) {
            ensure(union_path_child(towns[i], j + 1, companies[i * COMPANIES + j]));
            a_union(&h, companies[i * COMPANIES + j]);
        }
        harness_forget(&h);
    }
}

static Rpc__Principal *worker(int64_t n)
{
    Rpc__Principal *principal = harness_member(&h, 1000 + n, companies[n % (TOWNS * COMPANIES)]);

    principal->shown_name = "王*明";
    return principal;
}

/* ---- handing in ---- */

/* As SaveApplication is called with a certificate of her own. */
static void add_save(int64_t id, int64_t n)
{
    Subsidy__SaveApplicationRequest request = SUBSIDY__SAVE_APPLICATION_REQUEST__INIT;
    Subsidy__FieldAnswer answer = SUBSIDY__FIELD_ANSWER__INIT, *list[] = {&answer};
    char number[24];

    snprintf(number, sizeof(number), "ZS%010lld", (long long)n);
    answer.field = "certificate";
    answer.text = number;
    request.application_id = id;
    request.answers = list;
    request.n_answers = 1;
    harness_add(&h, "Applications.SaveApplication", &request.base, worker(n), NULL);
}

static void run_ok(void)
{
    const Rpc__AnswerBatch *answers = harness_run(&h);

    for (size_t i = 0; i < answers->n_answers; i++)
        assert_ok(answers->answers[i]);
}

/* BATCH people hand one in each, from the n-th on; ret has room for their applications. */
static void hand_in(int64_t scheme_id, int64_t n, int64_t *ret, double *add_cpu_ms, double *add_ms)
{
    Subsidy__StartApplicationRequest start_one = SUBSIDY__START_APPLICATION_REQUEST__INIT;
    Subsidy__ApplicationRequest submit_one = SUBSIDY__APPLICATION_REQUEST__INIT;
    double cpu, wall;

    start_one.scheme_id = scheme_id;
    for (int i = 0; i < BATCH; i++)
        harness_add(&h, "Applications.StartApplication", &start_one.base, worker(n + i), NULL);
    harness_run(&h);
    for (int i = 0; i < BATCH; i++)
        ret[i] = application_of(h.answers->answers[i])->application_id;
    for (int i = 0; i < BATCH; i++)
        add_save(ret[i], n + i);
    run_ok();
    for (int i = 0; i < BATCH; i++) {
        submit_one.application_id = ret[i];
        harness_add(&h, "Applications.SubmitApplication", &submit_one.base, worker(n + i), NULL);
    }
    cpu = cpu_ms();
    wall = now_ms();
    harness_run(&h);
    *add_cpu_ms += cpu_ms() - cpu;
    *add_ms += now_ms() - wall;
    for (int i = 0; i < BATCH; i++)
        assert_ok(h.answers->answers[i]);
    harness_forget(&h);
}

static void run_submissions(int64_t scheme_id, int64_t first, int64_t applications)
{
    double cpu = 0, wall = 0, all_ms = 0, began = now_ms(), early_us = 0, late_us = 0;
    int64_t ids[BATCH];

    for (int64_t n = 0; n < applications; n += BATCH) {
        if (n % WINDOW == 0)
            cpu = 0;
        hand_in(scheme_id, first + n, ids, &cpu, &wall);
        if ((n + BATCH) % WINDOW == 0) {
            late_us = cpu * 1000 / WINDOW;
            if (n + BATCH == 2 * WINDOW)
                early_us = late_us;
        }
    }
    all_ms = now_ms() - began;
    printf("applications=%lld submit_per_s=%.0f whole_per_s=%.0f submit_us_at_%d=%.1f submit_us_at_end=%.1f\n",
           (long long)applications, (double)applications * 1000 / wall, (double)applications * 1000 / all_ms, WINDOW,
           early_us, late_us);
    printf("submit_ratio=%.3f\n", early_us > 0 ? late_us / early_us : 0.0);
    fflush(stdout);
}

/* ---- the inbox ---- */

/* Pages of an inbox one behind the other, from the first again when there is none. */
static void run_inbox(const char *name, const char *path, int64_t scheme_id)
{
    Subsidy__ListReviewsRequest request = SUBSIDY__LIST_REVIEWS_REQUEST__INIT;
    char token[256] = "";

    request.scheme_id = scheme_id;
    for (int i = 0; i < INBOXES; i++) {
        const Rpc__Answer *answer;
        const Subsidy__ReviewList *list;
        double at;

        request.union_id = a_union(&h, path);
        request.page_token = token;
        at = cpu_ms();
        answer = harness_call(&h, "Reviews.ListReviews", &request.base, manager(911, path), NULL);
        note(&times, cpu_ms() - at);
        list = harness_output(&h, answer, &subsidy__review_list__descriptor);
        ensure(list->n_items > 0);
        snprintf(token, sizeof(token), "%s", list->next_page_token);
        harness_forget(&h);
    }
    print_times(&times, name);
}

static void run_count(void)
{
    Subsidy__CountReviewsRequest request = SUBSIDY__COUNT_REVIEWS_REQUEST__INIT;

    for (int i = 0; i < INBOXES / 10; i++) {
        double at;

        request.union_id = a_union(&h, CITY);
        at = cpu_ms();
        assert_ok(harness_call(&h, "Reviews.CountReviews", &request.base, manager(911, CITY), NULL));
        note(&times, cpu_ms() - at);
        harness_forget(&h);
    }
    print_times(&times, "inbox_count");
}

/* ---- the draw ---- */

static void approve_many(const int64_t *ids)
{
    Subsidy__DecideRequest request = SUBSIDY__DECIDE_REQUEST__INIT;

    request.verdict = SUBSIDY__VERDICT__APPROVE;
    for (int step = 0; step < 2; step++) {
        for (int i = 0; i < BATCH; i++) {
            request.application_id = ids[i];
            harness_add(&h, "Reviews.Decide", &request.base, step ? finance(921, CITY) : manager(911, CITY), NULL);
        }
        run_ok();
        harness_forget(&h);
    }
}

static void run_draw(int64_t entrants)
{
    struct draft *draft = a_funded_draft(a_fund(PLACES * FEN), PLACES * FEN, LOT, PLACES);
    int64_t scheme_id, ids[BATCH], places = PLACES < entrants ? PLACES : entrants;
    double unused = 0, began, at;

    draft->selection.waiting = 2000;
    scheme_id = open_scheme(draft);
    harness_forget(&h);
    for (int64_t n = 0; n < entrants; n += BATCH) {
        hand_in(scheme_id, n, ids, &unused, &unused);
        approve_many(ids);
    }
    wait_until(LIST_AT);
    began = now_ms();
    for (int round = 0; selection_of(scheme_id)->n_chosen < places || selection_of(scheme_id)->n_approved > 0;
         round++) {
        bool more = true;

        ensure(round < 20);
        while (more) {
            at = cpu_ms();
            more = harness_tidy(&h);
            note(&times, cpu_ms() - at);
            harness_forget(&h);
        }
        harness_work(&h, do_what_is_due); /* the head that was wanted is signed by then */
        harness_forget(&h);
    }
    printf("drawn=%lld places=%lld draw_s=%.1f\n", (long long)entrants, (long long)places, (now_ms() - began) / 1000);
    print_times(&times, "draw");
}

int main(int argc, char **argv)
{
    int64_t applications = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;
    int64_t drawn = argc > 2 ? strtol(argv[2], NULL, 10) : 76000;
    struct draft *draft;
    int64_t scheme_id, few_id, ids[BATCH];
    double unused = 0;

    setup(NULL);
    make_unions();
    run_draw(drawn);
    /* One scheme that nearly all apply for, and another one for few of them, of which a reviewer asks. */
    draft = a_draft();
    draft->scheme.opens_at = now() + 1;
    draft->scheme.closes_at = now() + 60 * DAY_MS;
    scheme_id = open_scheme(draft);
    draft->scheme.title = "技能补贴";
    few_id = open_scheme(draft);
    clock_step(&h.service.clock, 10);
    harness_forget(&h);
    run_submissions(scheme_id, 10 * drawn, applications);
    for (int64_t n = 0; n < 2000; n += BATCH)
        hand_in(few_id, 20 * (drawn + applications) + n, ids, &unused, &unused);
    run_inbox("inbox_city", CITY, 0);
    run_inbox("inbox_town", towns[TOWNS / 2], 0);
    run_inbox("inbox_scheme", CITY, few_id);
    run_count();
    harness_close(&h);
    return 0;
}
