#include "common/draw/draw_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "common/base/buf.h"
#include "common/draw/draw_internal.h"

static const uint32_t sizes[] = {0, 1, 2, 62, 63, 64, 126, 127, 189, 190, 1000, 5000};

/* ---- the hashes, against the words of draw.h ---- */

static void sha(const void *bytes, size_t len, unsigned char ret[DRAW_HASH_LEN])
{
    sha256_of(bytes, len, ret);
}

static void seed_and_rank_are_the_hashes_of_the_bytes_in_the_header(void **state)
{
    unsigned char root[DRAW_HASH_LEN] = "root", seed[DRAW_HASH_LEN], rank[DRAW_HASH_LEN], expected[DRAW_HASH_LEN];
    unsigned char other[DRAW_HASH_LEN], bytes[128], ticket[DRAW_TICKET_LEN] = "ticket";

    (void)state;
    memcpy(bytes, "hg-draw-1", 9);
    memcpy(bytes + 9, draw_test_secret, 32);
    memcpy(bytes + 41, root, 32);
    memcpy(bytes + 73, "7 8 9", 5);
    sha(bytes, 78, expected);
    draw_seed(draw_test_secret, root, "7 8 9", seed);
    assert_memory_equal(seed, expected, DRAW_HASH_LEN);

    memset(expected, 0xff, sizeof(expected));
    memcpy(bytes, seed, 32);
    memcpy(bytes + 32, ticket, 16);
    for (uint32_t k = 0; k < DRAW_WEIGHT_MAX; k++) {
        memcpy(bytes + 48, (unsigned char[]){0, 0, 0, (unsigned char)k}, 4);
        sha(bytes, 52, other);
        if (memcmp(other, expected, DRAW_HASH_LEN) < 0)
            memcpy(expected, other, DRAW_HASH_LEN);
        draw_rank(seed, ticket, k + 1, rank);
        assert_memory_equal(rank, expected, DRAW_HASH_LEN);
    }
}

static void each_day_of_a_chain_leads_to_the_anchor_and_to_no_other_day(void **state)
{
    unsigned char anchor[DRAW_HASH_LEN], secret[DRAW_HASH_LEN], sum[DRAW_HASH_LEN];

    (void)state;
    draw_commitment(draw_test_secret, 30, anchor);
    for (uint32_t day = 1; day <= 30; day++) {
        draw_chain_secret(draw_test_secret, 30, day, secret);
        for (uint32_t steps = 1; steps <= 30; steps++) {
            draw_commitment(secret, steps, sum);
            assert_int_equal(memcmp(sum, anchor, DRAW_HASH_LEN) == 0, steps == day);
        }
    }
    draw_chain_secret(draw_test_secret, 30, 30, secret);
    assert_memory_equal(secret, draw_test_secret, DRAW_HASH_LEN);
}

/* The tree of RFC 6962 by its recursive definition. */
static void naive_top(const struct draw_list *list, uint32_t leaf, uint32_t n, unsigned char ret[DRAW_HASH_LEN])
{
    unsigned char bytes[1 + DRAW_LEAF * DRAW_ENTRY_LEN];
    size_t len = 1;

    if (n > 1) {
        uint32_t left = 1;

        while (left * 2 < n)
            left *= 2;
        bytes[0] = 1;
        naive_top(list, leaf, left, bytes + 1);
        naive_top(list, leaf + left, n - left, bytes + 33);
        sha(bytes, 65, ret);
        return;
    }
    bytes[0] = 0;
    for (uint32_t i = leaf * DRAW_LEAF; i < list->n && i < (leaf + 1) * DRAW_LEAF; i++, len += DRAW_ENTRY_LEN) {
        const struct draw_entry *entry = &list->entries[i];

        memcpy(bytes + len, entry->ticket, 16);
        put_be16(bytes + len + 16, entry->stratum);
        put_be16(bytes + len + 18, entry->weight);
    }
    sha(bytes, len, ret);
}

static void naive_root(const struct draw_test *t, unsigned char ret[DRAW_HASH_LEN])
{
    uint32_t n = t->list.n, leaves = n ? (n + DRAW_LEAF - 1) / DRAW_LEAF : 1;
    bool dated = *t->terms.value_format;
    size_t top = dated ? 49 : 41;
    unsigned char bytes[81] = {dated ? 3 : 2};
    struct buf announcement;

    buf_init(&announcement, 1 << 16);
    draw_terms_write(&t->terms, &announcement);
    sha(announcement.bytes, announcement.len, bytes + 1);
    buf_done(&announcement);
    put_be32(bytes + 37, n);
    if (dated)
        put_be32(bytes + 45, 2000); /* when it was frozen */
    naive_top(&t->list, 0, leaves, bytes + top);
    sha(bytes, top + DRAW_HASH_LEN, ret);
}

static void the_root_is_that_of_the_tree_in_the_header_and_every_entry_has_a_proof(void **state)
{
    (void)state;
    for (size_t s = 0; s < 2 * ARRAY_LEN(sizes); s++) {
        unsigned char root[DRAW_HASH_LEN], top[DRAW_HASH_LEN];
        struct draw_proof proof;
        struct draw_tree tree;
        struct draw_test t;

        draw_test_terms(&t, 3, 1, 1);
        if (s % 2)
            *t.terms.value_format = '\0'; /* of version 1 */
        draw_test_enter(&t, sizes[s / 2], true, MANY);
        naive_root(&t, root);
        assert_memory_equal(t.draw.root, root, DRAW_HASH_LEN);
        draw_tree_init(&tree);
        for (uint32_t i = 0; i < t.list.n; i++) {
            assert_true(draw_tree_add(&tree, &t.list.entries[i]));
            assert_false(draw_tree_add(&tree, &t.list.entries[i / 2]));
            draw_proof_make(&t.list, i, &proof);
            assert_true(draw_proof_check(&proof, &t.draw));
        }
        draw_tree_top(&tree, top);
        assert_memory_equal(t.list.top, top, DRAW_HASH_LEN);
        draw_test_done(&t);
    }
}

static void a_proof_with_anything_changed_does_not_hold(void **state)
{
    struct draw_proof proof, changed;
    struct draw draw;
    struct draw_test t;

    (void)state;
    draw_test_terms(&t, 3, 1, 1);
    draw_test_enter(&t, 1000, true, MANY);
    draw_proof_make(&t.list, 777, &proof);
    for (size_t i = 0; i < sizeof(proof); i++) {
        bool in_path = i >= offsetof(struct draw_proof, path) + proof.n_path * DRAW_HASH_LEN;

        changed = proof;
        ((unsigned char *)&changed)[i] ^= 1;
        /* Behind the path nothing is looked at. Of the index, the leaf counts here; who
         * holds the receipt sees which entry of the leaf is hers. */
        if (in_path || (i < sizeof(uint32_t) && changed.index / DRAW_LEAF == proof.index / DRAW_LEAF))
            continue;
        assert_false(draw_proof_check(&changed, &t.draw));
    }
    for (uint32_t n = 0; n < 3000; n++) {
        changed = proof;
        changed.n_entries = n;
        assert_int_equal(draw_proof_check(&changed, &t.draw), n == proof.n_entries);
    }
    draw = t.draw;
    draw.terms[31] ^= 1;
    assert_false(draw_proof_check(&proof, &draw));
    draw = t.draw;
    draw.frozen_ms++;
    assert_false(draw_proof_check(&proof, &draw));
    draw_test_done(&t);
}

/* ---- places ---- */

static bool naive_before(const struct draw_test *t, const struct draw_entry *a, const struct draw_entry *b)
{
    unsigned char x[DRAW_HASH_LEN], y[DRAW_HASH_LEN];

    draw_rank(t->draw.seed, a->ticket, a->weight, x);
    draw_rank(t->draw.seed, b->ticket, b->weight, y);
    return memcmp(x, y, DRAW_HASH_LEN) < 0;
}

static void check_places(const struct draw_test *t)
{
    for (uint32_t i = 0; i < t->list.n; i++) {
        const struct draw_entry *entry = &t->list.entries[i];
        const struct draw_stratum *stratum = &t->strata[entry->stratum];
        uint32_t place = 1, given = draw_job_place(&t->job, i);

        for (uint32_t k = 0; k < t->list.n; k++) {
            if (t->list.entries[k].stratum == entry->stratum)
                place += naive_before(t, &t->list.entries[k], entry);
        }
        assert_int_equal(given, place <= stratum->quota + stratum->waiting ? place : 0);
        if (given)
            assert_int_equal(draw_job_at(&t->job, entry->stratum, given), i);
        if (place == stratum->quota) {
            unsigned char rank[DRAW_HASH_LEN];
            struct draw_outcome outcome;

            draw_rank(t->draw.seed, entry->ticket, entry->weight, rank);
            draw_job_outcome(&t->job, entry->stratum, &outcome);
            assert_memory_equal(outcome.cutoff, rank, DRAW_HASH_LEN);
        }
    }
}

static void places_are_the_order_of_ranks_whatever_the_quota_and_the_slices(void **state)
{
    static const struct {
        uint32_t entrants, strata, quota, waiting, units;
    } cases[] = {
        {0, 1, 5, 5, MANY},  {1, 1, 1, 0, 1},      {1, 2, 0, 0, MANY},   {7, 1, 20, 20, 1},   {200, 1, 1, 0, 1},
        {200, 3, 10, 5, 3},  {200, 1, 0, 50, 7},   {200, 1, 200, 0, 9},  {200, 3, 3, 500, 2}, {900, 1, 100, 100, 5},
        {900, 2, 1, 1, 100}, {900, 1, 900, 0, 64}, {900, 3, 0, 1, MANY},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct draw_outcome outcome;
        struct draw_test t;
        uint32_t entrants = 0;

        draw_test_terms(&t, cases[i].strata, cases[i].quota, cases[i].waiting);
        draw_test_enter(&t, cases[i].entrants, i % 2, cases[i].units);
        draw_test_draw(&t, "7 8 9", cases[i].units);
        check_places(&t);
        for (uint32_t s = 0; s < cases[i].strata; s++) {
            uint32_t places = t.strata[s].quota + t.strata[s].waiting;

            draw_job_outcome(&t.job, s, &outcome);
            assert_int_equal(outcome.places, places < outcome.entrants ? places : outcome.entrants);
            entrants += outcome.entrants;
        }
        assert_int_equal(entrants, cases[i].entrants);
        draw_test_done(&t);
    }
}

static bool larger_first(const void *arg, uint32_t a, uint32_t b)
{
    (void)arg;
    return a > b;
}

static void ranks_that_begin_alike_are_told_apart_by_the_rest(void **state)
{
    struct draw_candidate candidates[500];

    (void)state;
    for (uint32_t i = 0; i < ARRAY_LEN(candidates); i++)
        candidates[i] = (struct draw_candidate){.key = (i * 7919) % 3, .index = i};
    draw_sort(candidates, ARRAY_LEN(candidates), larger_first, NULL);
    for (uint32_t i = 1; i < ARRAY_LEN(candidates); i++) {
        const struct draw_candidate *a = &candidates[i - 1], *b = &candidates[i];

        assert_true(a->key < b->key || (a->key == b->key && a->index > b->index));
    }
}

static void a_list_in_any_order_and_with_repetitions_gives_the_same_draw(void **state)
{
    struct draw_test t, other;

    (void)state;
    draw_test_terms(&t, 3, 5, 5);
    draw_test_enter(&t, 500, true, MANY);
    draw_test_draw(&t, "7 8 9", MANY);
    for (uint32_t step = 1; step < 500; step += 100) {
        draw_test_terms(&other, 3, 5, 5);
        draw_list_init(&other.list, &other.terms);
        /* 499 is prime to the steps, so this is every person but one, twice. */
        for (uint32_t i = 0; i < 998; i++) {
            struct draw_entry entry = draw_test_entry(i * step % 499, 3, true);

            assert_int_equal(draw_list_add(&other.list, &entry), DRAW_OK);
        }
        struct draw_entry last = draw_test_entry(499, 3, true), twice = last;

        twice.weight = 3; /* a better chance under the same ticket does not hold */
        ensure(last.weight < 3);
        assert_int_equal(draw_list_add(&other.list, &twice), DRAW_OK);
        assert_int_equal(draw_list_add(&other.list, &last), DRAW_OK);
        draw_test_freeze(&other, step);
        assert_int_equal(other.list.n, 500);
        assert_int_equal(other.list.duplicates, 500);
        assert_memory_equal(other.list.top, t.list.top, DRAW_HASH_LEN);
        assert_memory_equal(other.list.entries, t.list.entries, 500 * sizeof(*t.list.entries));
        assert_int_equal(draw_list_add(&other.list, &last), DRAW_LIST_FIXED);
        draw_test_done(&other);
    }
    draw_test_done(&t);
}

static void entries_outside_the_terms_are_refused(void **state)
{
    struct draw_entry entry = draw_test_entry(1, 1, false);
    struct draw_test t;

    (void)state;
    draw_test_terms(&t, 2, 1, 1);
    draw_list_init(&t.list, &t.terms);
    entry.stratum = 2;
    assert_int_equal(draw_list_add(&t.list, &entry), DRAW_BAD_ENTRY);
    entry.stratum = 1;
    entry.weight = 0;
    assert_int_equal(draw_list_add(&t.list, &entry), DRAW_BAD_ENTRY);
    entry.weight = 4;
    assert_int_equal(draw_list_add(&t.list, &entry), DRAW_BAD_ENTRY);
    entry.weight = 3;
    assert_int_equal(draw_list_add(&t.list, &entry), DRAW_OK);
    draw_test_done(&t);
}

/* ---- fairness ---- */

static void swapping_two_names_swaps_exactly_their_results(void **state)
{
    uint32_t before[60], ticket_of[60];
    struct draw_test t;

    (void)state;
    draw_test_terms(&t, 1, 20, 20);
    draw_test_enter(&t, 60, false, MANY);
    draw_test_draw(&t, "7 8 9", MANY);
    for (uint32_t i = 0; i < 60; i++)
        before[i] = draw_test_place(&t, i);
    draw_test_done(&t);
    for (uint32_t a = 0; a < 60; a += 7) {
        for (uint32_t b = 0; b < a; b += 5) {
            for (uint32_t i = 0; i < 60; i++)
                ticket_of[i] = i == a ? b : i == b ? a : i;
            draw_test_terms(&t, 1, 20, 20);
            draw_list_init(&t.list, &t.terms);
            for (uint32_t i = 0; i < 60; i++) {
                struct draw_entry entry = draw_test_entry(ticket_of[i], 1, false);

                assert_int_equal(draw_list_add(&t.list, &entry), DRAW_OK);
            }
            draw_test_freeze(&t, MANY);
            assert_int_equal(draw_announce(&t.draw, &t.terms, 0), DRAW_OK);
            assert_int_equal(draw_open(&t.draw, 1000), DRAW_OK);
            assert_int_equal(draw_freeze(&t.draw, t.list.top, t.list.n, 2000), DRAW_OK);
            draw_test_draw(&t, "7 8 9", MANY);
            for (uint32_t i = 0; i < 60; i++)
                assert_int_equal(draw_test_place(&t, ticket_of[i]), before[ticket_of[i]]);
            assert_int_equal(draw_test_place(&t, ticket_of[a]), before[b]);
            assert_int_equal(draw_test_place(&t, ticket_of[b]), before[a]);
            draw_test_done(&t);
        }
    }
}

#define PEOPLE 8

/* Draws so many times with other secrets; who came out at which place. */
static void simulate(struct draw_test *t, uint32_t draws, uint32_t first, uint32_t ret[PEOPLE][PEOPLE])
{
    for (uint32_t i = 0; i < draws; i++) {
        unsigned char secret[DRAW_HASH_LEN] = {0}, seed[DRAW_HASH_LEN];

        put_be32(secret, first + i);
        draw_seed(secret, t->draw.root, "7 8 9", seed);
        ensure(draw_job_init(&t->job, &t->list, &t->terms, seed));
        while (draw_job_step(&t->job, MANY) == DRAW_MORE)
            continue;
        for (uint32_t place = 1; place <= PEOPLE; place++)
            ret[place - 1][draw_job_at(&t->job, 0, place)]++;
        draw_job_done(&t->job);
    }
}

/* Chi-square of one place against the weights; 7 degrees of freedom, so above
 * 24.322 is p < 0.001. */
static void check_place(const uint32_t *counts, const struct draw_list *list, bool weighted)
{
    double sum = 0, weights = 0, chi = 0;

    for (uint32_t i = 0; i < PEOPLE; i++) {
        sum += counts[i];
        weights += weighted ? list->entries[i].weight : 1;
    }
    for (uint32_t i = 0; i < PEOPLE; i++) {
        double expected = sum * (weighted ? list->entries[i].weight : 1) / weights, off = counts[i] - expected;

        chi += off * off / expected;
    }
    if (chi >= 24.322)
        fail_msg("chi-square %.3f", chi);
}

static void each_place_of_a_million_draws_is_fair(void **state)
{
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        uint32_t counts[PEOPLE][PEOPLE] = {{0}};
        struct draw_test t;

        draw_test_terms(&t, 1, PEOPLE, 0);
        draw_test_enter(&t, PEOPLE, weighted, MANY);
        simulate(&t, weighted ? 200000 : 800000, 0, counts);
        for (uint32_t place = 0; place < PEOPLE; place++) {
            if (!weighted || place == 0)
                check_place(counts[place], &t.list, weighted);
        }
        draw_test_done(&t);
    }
}

/* ---- people ---- */

static void a_person_has_one_ticket_in_a_draw_and_others_elsewhere(void **state)
{
    static const char person[] = "11010519491231002X";
    unsigned char tickets[4][DRAW_TICKET_LEN], other_key[32] = "the key of another draw";

    (void)state;
    draw_ticket(draw_test_key, person, strlen(person), tickets[0]);
    draw_ticket(draw_test_key, person, strlen(person), tickets[1]);
    draw_ticket(other_key, person, strlen(person), tickets[2]);
    draw_ticket(draw_test_key, person, strlen(person) - 1, tickets[3]);
    assert_memory_equal(tickets[0], tickets[1], DRAW_TICKET_LEN);
    assert_memory_not_equal(tickets[0], tickets[2], DRAW_TICKET_LEN);
    assert_memory_not_equal(tickets[0], tickets[3], DRAW_TICKET_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seed_and_rank_are_the_hashes_of_the_bytes_in_the_header),
        cmocka_unit_test(each_day_of_a_chain_leads_to_the_anchor_and_to_no_other_day),
        cmocka_unit_test(the_root_is_that_of_the_tree_in_the_header_and_every_entry_has_a_proof),
        cmocka_unit_test(a_proof_with_anything_changed_does_not_hold),
        cmocka_unit_test(places_are_the_order_of_ranks_whatever_the_quota_and_the_slices),
        cmocka_unit_test(ranks_that_begin_alike_are_told_apart_by_the_rest),
        cmocka_unit_test(a_list_in_any_order_and_with_repetitions_gives_the_same_draw),
        cmocka_unit_test(entries_outside_the_terms_are_refused),
        cmocka_unit_test(swapping_two_names_swaps_exactly_their_results),
        cmocka_unit_test(each_place_of_a_million_draws_is_fair),
        cmocka_unit_test(a_person_has_one_ticket_in_a_draw_and_others_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
