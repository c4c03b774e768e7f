/* draw_test.h: small draws for the tests. */
#pragma once
#include "common/draw/draw.h"

#define MANY 100000 /* units that finish any phase of a small draw */

static const unsigned char draw_test_key[32] = "a key of this draw";
static const unsigned char draw_test_secret[DRAW_HASH_LEN] = "a secret of 32 bytes";

struct draw_test {
    struct draw_stratum strata[3];
    struct draw_terms terms;
    struct draw draw;
    struct draw_list list;
    struct draw_job job;
};

/* Terms with n strata of this quota and waiting list, and weights up to 3. */
static inline void draw_test_terms(struct draw_test *t, uint32_t n_strata, uint32_t quota, uint32_t waiting)
{
    memset(t, 0, sizeof(*t));
    t->terms = (struct draw_terms){
        .id = "t-1",
        .title = "体检 抽签",
        .rules = "everybody",
        .opens_ms = 1000,
        .closes_ms = 2000,
        .steps = 1,
        .public_name = "a value",
        .value_at_ms = 3000,
        .value_format = "# # #",
        .weight_max = 3,
        .n_strata = n_strata,
        .strata = t->strata,
    };
    for (uint32_t i = 0; i < n_strata; i++)
        t->strata[i] = (struct draw_stratum){.quota = quota + i, .waiting = waiting, .label = "s"};
    draw_commitment(draw_test_secret, 1, t->terms.commitment);
}

static inline struct draw_entry draw_test_entry(uint32_t person, uint32_t n_strata, bool weighted)
{
    struct draw_entry entry = {.stratum = (uint16_t)(person % n_strata),
                               .weight = weighted ? (uint16_t)(person / 3 % 3 + 1) : 1};

    draw_ticket(draw_test_key, &person, sizeof(person), entry.ticket);
    return entry;
}

static inline void draw_test_freeze(struct draw_test *t, uint32_t units)
{
    enum draw_progress progress;

    while ((progress = draw_list_freeze(&t->list, units)) == DRAW_MORE)
        continue;
    ensure(progress == DRAW_DONE);
}

/* Persons 0..n-1 enter, and the list is frozen. */
static inline void draw_test_enter(struct draw_test *t, uint32_t n, bool weighted, uint32_t units)
{
    ensure(draw_announce(&t->draw, &t->terms, 0) == DRAW_OK && draw_open(&t->draw, 1000) == DRAW_OK);
    draw_list_init(&t->list, &t->terms);
    for (uint32_t i = 0; i < n; i++) {
        struct draw_entry entry = draw_test_entry(i, t->terms.n_strata, weighted);

        ensure(draw_list_add(&t->list, &entry) == DRAW_OK);
    }
    draw_test_freeze(t, units);
    ensure(draw_freeze(&t->draw, t->list.top, t->list.n, 2000) == DRAW_OK);
}

static inline void draw_test_draw(struct draw_test *t, const char *value, uint32_t units)
{
    enum draw_progress progress;

    ensure(draw_draw(&t->draw, t->list.top, t->list.n, draw_test_secret, value, 3000) == DRAW_OK);
    ensure(draw_job_init(&t->job, &t->list, &t->terms, t->draw.seed));
    while ((progress = draw_job_step(&t->job, units)) == DRAW_MORE)
        continue;
    ensure(progress == DRAW_DONE);
}

static inline uint32_t draw_test_place(const struct draw_test *t, uint32_t person)
{
    struct draw_entry entry = draw_test_entry(person, t->terms.n_strata, false);
    uint32_t index;

    ensure(draw_list_find(&t->list, entry.ticket, &index));
    return draw_job_place(&t->job, index);
}

static inline void draw_test_done(struct draw_test *t)
{
    draw_job_done(&t->job);
    draw_list_done(&t->list);
}
