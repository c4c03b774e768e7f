/* people.h: who is who in the store of tests/bench/identity, computed, not kept.
 *
 * A store of `members` verified members has a twentieth more people (SPARE_MIN at
 * least) who have signed in and are on a roster, but are not verified yet. People are numbered in three orders that
 * are scattered over one another: by `place` on the rosters, union after union; by
 * `turn`, in which they signed in and got their ids; and by `draw`, in which the bench
 * asks: the first draws are spread evenly over everybody, the last ones are those
 * who are not verified. */
#pragma once
#include "common/cn/cn_id.h"
#include "common/base/id.h"
#include "services/identity/people/person.h"

#define SPARE_MIN 30000
#define N_UNIONS  140200
#define DAYS      90 /* in which they signed in */
#define DAY_MS    INT64_C(86400000)
#define HALF_LEN  16 /* of a refresh token, see services/identity/access/session_life.h */

/* Primes above any number of people. */
#define TURN_TO_PLACE UINT64_C(998244353)
#define TURN_TO_DRAW  UINT64_C(1000000007)

struct people {
    uint64_t members, all;
    int64_t begin_at;                     /* of the first one's signing in */
    uint64_t place_to_turn, draw_to_turn; /* the way back */
};

/* x with x * by = 1 modulo n, by the extended Euclidean algorithm. */
static inline uint64_t people_inverse(uint64_t by, uint64_t n)
{
    int64_t a = (int64_t)(by % n), b = (int64_t)n, x = 1, y = 0;

    while (a > 1) {
        int64_t q = a / b, rest = a % b, next = x - q * y;

        a = b;
        b = rest;
        x = y;
        y = next;
    }
    return (uint64_t)(x < 0 ? x + (int64_t)n : x);
}

static inline struct people people_of(uint64_t members, int64_t begin_at)
{
    uint64_t all = members + (members / 20 > SPARE_MIN ? members / 20 : SPARE_MIN);

    return (struct people){members, all, begin_at, people_inverse(TURN_TO_PLACE, all),
                           people_inverse(TURN_TO_DRAW, all)};
}

static inline uint64_t people_place(const struct people *people, uint64_t turn)
{
    return turn * TURN_TO_PLACE % people->all;
}

static inline uint64_t people_draw(const struct people *people, uint64_t turn)
{
    return turn * TURN_TO_DRAW % people->all;
}

static inline uint64_t people_turn_of_place(const struct people *people, uint64_t place)
{
    return place * people->place_to_turn % people->all;
}

static inline uint64_t people_turn_of_draw(const struct people *people, uint64_t draw)
{
    return draw * people->draw_to_turn % people->all;
}

/* ---- the tree: six levels ---- */

/* The union above union n, counted from 1 in the order they are made; 0 above the root. */
static inline uint32_t people_union_above(uint32_t n)
{
    static const uint32_t begins[] = {1, 2, 23, 149, 1661, 13757, N_UNIONS + 1};

    for (unsigned level = 1; level < ARRAY_LEN(begins) - 1; level++) {
        uint32_t above = begins[level] - begins[level - 1];

        if (n >= begins[level] && n < begins[level + 1])
            return begins[level - 1] + (n - begins[level]) * above / (begins[level + 1] - begins[level]);
    }
    return 0;
}

#define FIRST_LEAF 13757

static inline int64_t people_union_id(const struct people *people, uint32_t n)
{
    return id_at(people->begin_at - 2 * DAY_MS) + (int64_t)(n - 1) * ID_STEP;
}

/* Whose roster has the place. */
static inline uint32_t people_union(const struct people *people, uint64_t place)
{
    return (uint32_t)(FIRST_LEAF + place * (N_UNIONS + 1 - FIRST_LEAF) / people->all);
}

/* ---- ids and times ---- */

static inline int64_t people_roster_id(const struct people *people, uint64_t place)
{
    return id_at(people->begin_at - DAY_MS) + (int64_t)place * ID_STEP;
}

static inline int64_t people_signed_in_at(const struct people *people, uint64_t turn)
{
    return people->begin_at + (int64_t)(turn * ((uint64_t)DAYS * DAY_MS / people->all));
}

static inline int64_t people_member_id(const struct people *people, uint64_t turn)
{
    return id_at(people_signed_in_at(people, turn));
}

static inline int64_t people_session_id(const struct people *people, uint64_t turn)
{
    return people_member_id(people, turn) + ID_STEP;
}

/* The two halves of a refresh token that has not been used yet. */
static inline void people_refresh(uint64_t turn, unsigned char ret_family[HALF_LEN], unsigned char ret_turn[HALF_LEN])
{
    memset(ret_family, 'f', HALF_LEN);
    memset(ret_turn, 't', HALF_LEN);
    memcpy(ret_family, &turn, sizeof(turn));
    memcpy(ret_turn, &turn, sizeof(turn));
}

/* ---- personal data ---- */

#define SEEN_APART 400000 /* masked numbers of so many draws in a row are all different */

static inline void people_mobile(uint64_t draw, char ret[CN_MOBILE_LEN + 1])
{
    uint64_t seen = draw % SEEN_APART;

    snprintf(ret, CN_MOBILE_LEN + 1, "1%02u%04u%04u", (unsigned)(30 + seen / 10000),
             (unsigned)(draw / SEEN_APART % 10000), (unsigned)(seen % 10000));
}

/* Born from 1960 to 2004, 28 days a month: 15,120,000 different ones. */
static inline void people_resident_id(uint64_t place, char ret[CN_RESIDENT_ID_LEN + 1])
{
    static const int weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    unsigned day = (unsigned)(place / 1000);
    int sum = 0;

    snprintf(ret, CN_RESIDENT_ID_LEN + 1, "440604%04u%02u%02u%03u", 1960 + day / 336 % 45, day / 28 % 12 + 1,
             day % 28 + 1, (unsigned)(place % 1000));
    for (unsigned i = 0; i < ARRAY_LEN(weights); i++)
        sum += (ret[i] - '0') * weights[i];
    ret[CN_RESIDENT_ID_LEN - 1] = "10X98765432"[sum % 11]; /* GB 11643 */
    ret[CN_RESIDENT_ID_LEN] = '\0';
}

static inline void people_person(const struct people *people, uint64_t place, struct person *ret)
{
    static const char *const family[] = {"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "欧阳"};
    static const char *const given[] = {"伟", "芳",   "小明", "秀英", "敏", "静",  "志强",
                                        "丽", "建国", "洋",   "艳",   "勇", "桂花"};

    snprintf(ret->name, sizeof(ret->name), "%s%s", family[place % ARRAY_LEN(family)], given[place % ARRAY_LEN(given)]);
    people_resident_id(place, ret->resident_id);
    people_mobile(people_draw(people, people_turn_of_place(people, place)), ret->mobile);
}

/* Every tenth has one of the six trades. */
static inline int people_trade(uint64_t place)
{
    return place % 10 == 0 ? (int)(place / 10 % 6) + 1 : 0;
}
