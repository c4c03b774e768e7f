/* match_market: a market of 20,000 members of whom each looks at ten others a day, by three rules: anybody at random,
 * the best who have not been shown too often, and the service's own (services/match/rank, share.h). Prints name=value.
 *
 * Who would say yes to whom is drawn as the model has it; the service knows a and b but for a rest, of newcomers nearly
 * nothing. Nobody answers more than ANSWERS follows a day, and matches are expected values after that. */
#include <math.h>

#include "services/match/rank/share.h"
#include "tests/bench/match_scores.h"

#define MEMBERS 20000
#define MEN     (MEMBERS * 55 / 100)
#define DAYS    7
#define ANSWERS 5.0
#define NEW_OF  10 /* one of so many is a newcomer */

enum rule { RANDOM, CAPPED, SHARED, RULES };
static const char *const names[RULES] = {"random", "cap_only", "shared"};

struct member {
    struct rank_traits traits;
    struct rank_taste truth, guess;
    uint8_t wish_from, wish_to;
    uint32_t at; /* in the pool of its sex */
    bool is_new;
    uint32_t *seen, n_seen, size_seen; /* positions in the other pool */
    double unmatched;                  /* how probable it is that there was no match yet */
    unsigned shown, days_unseen, shown_today;
};

/* A slot of a list of today. */
struct event {
    uint32_t viewer, shown;
    double follows, back;
};

static struct member members[MEMBERS];
static struct rank_pool pools[RANK_SEXES];
static uint32_t at_of[RANK_SEXES][MEMBERS]; /* whose a position is */
static double given[RANK_SEXES];
static struct rank_weights weights = {.mu = {[RANK_WOMAN] = -2.72, [RANK_MAN] = -2.03}};
static struct event events[MEMBERS * RANK_SLOTS];
static size_t n_events;
static uint64_t state;

static double uniform(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return ((double)((z ^ (z >> 31)) >> 11) + .5) / 9007199254740992.0;
}

static double normal(double deviation)
{
    return deviation * sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

/* Adds a part of a and of b with these variances; their correlation is -.3. */
static void draw_taste(struct rank_taste *taste, double var_a, double var_b)
{
    double one = normal(1), other = normal(1);

    taste->a += sqrt(var_a) * one;
    taste->b += sqrt(var_b) * (-.3 * one + sqrt(1 - .09) * other);
}

static void draw_member(struct member *member, uint32_t number)
{
    bool man = number < MEN;
    double all_a = man ? 1.6 : 1.19, all_b = 1.17, age;

    do
        age = man ? 29 + normal(5) : 28 + normal(5);
    while (age < 20 || age > 45);
    *member = (struct member){.traits = {.sex = man ? RANK_MAN : RANK_WOMAN, .age = (uint8_t)lround(age)},
                              .is_new = number % NEW_OF == 0,
                              .unmatched = 1};
    member->wish_from = (uint8_t)(member->traits.age - (man ? 9 : 4));
    member->wish_to = (uint8_t)(member->traits.age + (man ? 4 : 9));
    draw_taste(&member->guess, member->is_new ? .12 * all_a : all_a - .25, member->is_new ? .25 * all_b : all_b - .25);
    member->truth = member->guess;
    draw_taste(&member->truth, member->is_new ? .88 * all_a : .25, member->is_new ? .75 * all_b : .25);
}

static void enter(struct member *member, uint32_t number)
{
    int sex = member->traits.sex;
    struct rank_pool *pool = &pools[sex];

    member->at = (uint32_t)pool->n++;
    at_of[sex][member->at] = number;
    pool->gates[member->at] = (struct rank_gate){member->traits.age, member->wish_from, member->wish_to, RANK_PRESENT};
    pool->cards[member->at] = rank_card_of(&weights, &member->traits, &member->guess);
    rank_attention_begin(pool, member->at);
    if (!member->is_new)
        pool->attention[member->at].new_days = 0;
}

static void begin(void)
{
    state = 17;
    for (int sex = 0; sex < RANK_SEXES; sex++) {
        weights.w[sex][2 * RANK_OWN + 1] = sex == RANK_MAN ? -.10 : -.06;
        for (int k = 0; k < RANK_SCALED; k++)
            weights.scale.deviation[sex][k] = 1;
        given[sex] = 0;
        ensure(rank_pool_init(&pools[sex], MEMBERS));
    }
    for (uint32_t i = 0; i < MEMBERS; i++) {
        draw_member(&members[i], i);
        enter(&members[i], i);
    }
}

static void end(void)
{
    for (int sex = 0; sex < RANK_SEXES; sex++)
        rank_pool_done(&pools[sex]);
    for (uint32_t i = 0; i < MEMBERS; i++)
        free(members[i].seen);
}

static void see(struct member *member, uint32_t at)
{
    if (member->n_seen == member->size_seen) {
        member->size_seen = member->size_seen ? member->size_seen * 2 : 64;
        member->seen = realloc(member->seen, member->size_seen * sizeof(*member->seen));
        ensure(member->seen);
    }
    member->seen[member->n_seen++] = at;
}

/* Any ten who fit by age, both ways, and are new to the viewer. */
static void choose_any(const struct rank_pool *pool, const struct member *viewer, const uint8_t *skip,
                       struct rank_list *list)
{
    list->n = 0;
    for (int tries = 0; tries < 3000 && list->n < RANK_SLOTS; tries++) {
        uint32_t at = (uint32_t)(uniform() * (double)pool->n);
        const struct rank_gate *gate = &pool->gates[at];
        bool known = skip[at / 8] >> at % 8 & 1;

        for (size_t k = 0; k < list->n; k++)
            known = known || list->of[k].at == at;
        if (!known && gate->age >= viewer->wish_from && gate->age <= viewer->wish_to &&
            viewer->traits.age >= gate->wish_from && viewer->traits.age <= gate->wish_to)
            list->of[list->n++] = (struct rank_slot){.at = at};
    }
}

static void choose_best(const struct rank_pool *pool, const struct rank_seeker *seeker, const uint8_t *skip,
                        struct rank_list *list)
{
    struct rank_best best = {.most = RANK_SLOTS};

    rank_scan(pool, seeker, NULL, skip, rank_boosts, &best, NULL);
    for (list->n = 0; list->n < best.n; list->n++)
        list->of[list->n] = (struct rank_slot){best.of[list->n].at, false, best.of[list->n].harmonic};
}

static double true_chance(const struct member *i, const struct member *j)
{
    return rank_chance(rank_fixed(&weights, &i->traits, &j->traits) + i->truth.a + j->truth.b);
}

static void look(uint32_t number, enum rule rule)
{
    struct member *viewer = &members[number];
    int other = !viewer->traits.sex;
    struct rank_pool *pool = &pools[other];
    unsigned cap = rank_cap(pool->n, pools[!other].n);
    static struct rank_seeker seeker;
    static uint8_t skip[MEMBERS / 8 + 1];
    struct rank_list list;

    for (uint32_t k = 0; k < viewer->n_seen; k++)
        skip[viewer->seen[k] / 8] |= (uint8_t)(1 << viewer->seen[k] % 8);
    rank_seeker_init(&seeker, &weights, &viewer->traits, &viewer->guess, viewer->wish_from, viewer->wish_to);
    if (rule == RANDOM)
        choose_any(pool, viewer, skip, &list);
    else if (rule == CAPPED)
        choose_best(pool, &seeker, skip, &list);
    else
        rank_list_choose(pool, &seeker, NULL, skip, &list);
    for (uint32_t k = 0; k < viewer->n_seen; k++)
        skip[viewer->seen[k] / 8] = 0;
    for (size_t k = 0; k < list.n; k++) {
        uint32_t at = list.of[k].at;
        struct member *shown = &members[at_of[other][at]];
        double before = (double)pool->attention[at].given;

        rank_attention_count(pool, at, list.of[k].harmonic, cap, (float)(given[other] / (double)pool->n));
        given[other] += (double)pool->attention[at].given - before;
        if (rule == CAPPED)
            pool->cards[at].share = 1;
        see(viewer, at);
        see(shown, viewer->at);
        shown->shown++;
        shown->shown_today++;
        events[n_events++] =
            (struct event){number, at_of[other][at], true_chance(viewer, shown), true_chance(shown, viewer)};
    }
}

/* Matches that are to be expected of today's slots. */
static double answer_all(void)
{
    static double follows[MEMBERS];
    double matches = 0;

    memset(follows, 0, sizeof(follows));
    for (size_t e = 0; e < n_events; e++)
        follows[events[e].shown] += events[e].follows;
    for (size_t e = 0; e < n_events; e++) {
        double expected = follows[events[e].shown];
        double match = events[e].follows * events[e].back * (expected > ANSWERS ? ANSWERS / expected : 1);

        matches += match;
        members[events[e].viewer].unmatched *= 1 - match;
        members[events[e].shown].unmatched *= 1 - match;
    }
    n_events = 0;
    return matches;
}

static void shuffle(uint32_t *order)
{
    for (uint32_t i = 0; i < MEMBERS; i++) {
        uint32_t at = (uint32_t)(uniform() * (i + 1));

        order[i] = order[at];
        order[at] = i;
    }
}

static void renew(enum rule rule)
{
    for (int sex = 0; sex < RANK_SEXES; sex++) {
        struct rank_pool *pool = &pools[sex];

        given[sex] = rank_attention_renew(pool, 0, pool->n, (float)(given[sex] / (double)pool->n));
        for (size_t at = 0; rule == CAPPED && at < pool->n; at++)
            pool->cards[at].share = 1;
    }
    for (uint32_t i = 0; i < MEMBERS; i++) {
        members[i].days_unseen += members[i].shown_today == 0;
        members[i].shown_today = 0;
    }
}

struct outcome {
    double matches, unseen, matched, gini[RANK_SEXES];
};

static struct outcome run(enum rule rule)
{
    static uint32_t order[MEMBERS];
    static double shares[RANK_SEXES][MEMBERS];
    struct outcome outcome = {0};
    size_t n[RANK_SEXES] = {0};

    begin();
    for (int day = 0; day < DAYS; day++) {
        shuffle(order);
        for (uint32_t i = 0; i < MEMBERS; i++)
            look(order[i], rule);
        outcome.matches += answer_all() * 1000 / MEMBERS / DAYS;
        renew(rule);
    }
    for (uint32_t i = 0; i < MEMBERS; i++) {
        int sex = members[i].traits.sex;

        shares[sex][n[sex]++] = members[i].shown;
        outcome.unseen += (double)members[i].days_unseen / DAYS / MEMBERS;
        outcome.matched += (1 - members[i].unmatched) / MEMBERS;
    }
    for (int sex = 0; sex < RANK_SEXES; sex++)
        outcome.gini[sex] = gini_of(shares[sex], n[sex]);
    printf("%s_matches=%.1f %s_gini_women=%.3f %s_gini_men=%.3f %s_unseen_percent=%.2f %s_matched_percent=%.1f\n",
           names[rule], outcome.matches, names[rule], outcome.gini[RANK_WOMAN], names[rule], outcome.gini[RANK_MAN],
           names[rule], 100 * outcome.unseen, names[rule], 100 * outcome.matched);
    fflush(stdout);
    end();
    return outcome;
}

int main(void)
{
    struct outcome of[RULES];

    for (enum rule rule = RANDOM; rule < RULES; rule++)
        of[rule] = run(rule);
    printf("matches_ratio=%.3f matched_gain=%.4f\n", of[SHARED].matches / of[RANDOM].matches,
           of[SHARED].matched - of[CAPPED].matched);
    return 0;
}
