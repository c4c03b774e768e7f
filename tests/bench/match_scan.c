/* match_scan PROFILES: the twenty best of so many profiles for somebody, exactly, in one thread; with and without
 * conditions; what a decision costs; and how long a call waits while the night's sweep over all of them goes in slices.
 * Prints name=value. */
#include <sys/resource.h>

#include "services/match/rank/fit.h"
#include "services/match/rank/share.h"
#include "tests/bench/times.h"

#define SEEKERS   400
#define BEST      20
#define DECISIONS 5 /* of each profile, that the night goes over */
#define SLICE     20000

static struct rank_pool pool; /* of women, for men who look */
static struct rank_traits *traits;
static struct rank_taste *people;
static size_t n_women, n_all;

/* A number that looks like chance, below `below`. */
static uint32_t some(uint32_t below)
{
    static uint64_t state = 29;
    uint64_t z = (state += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)(((z ^ (z >> 31)) >> 32) * below >> 32);
}

static double about_zero(void)
{
    return ((double)some(1000) + some(1000) + some(1000)) / 500 - 3;
}

static struct rank_traits somebody(uint8_t sex)
{
    return (struct rank_traits){.sex = sex,
                                .age = (uint8_t)(22 + some(10) + some(14)),
                                .dates = (uint8_t)some(8),
                                .goes_out = (uint8_t)some(8),
                                .goal = (uint8_t)some(7),
                                .trade = (uint8_t)(1 + some(20)),
                                .work = (uint8_t)(1 + some(30)),
                                .tastes = some(1u << RANK_TASTES)};
}

/* Women first, then men. */
static void fill(void)
{
    ensure(rank_pool_init(&pool, n_women));
    pool.n = n_women;
    for (size_t i = 0; i < n_all; i++) {
        traits[i] = somebody(i < n_women ? RANK_WOMAN : RANK_MAN);
        people[i] = rank_newcomer(traits[i].sex);
        people[i].a = about_zero();
        people[i].b = about_zero();
        if (i >= n_women)
            continue;
        pool.gates[i] = (struct rank_gate){traits[i].age, (uint8_t)(traits[i].age - 4 + some(3)),
                                           (uint8_t)(traits[i].age + 9 - some(3)), RANK_PRESENT};
        pool.cards[i] = rank_card_of(&rank_first_weights, &traits[i], &people[i]);
        pool.facts[i] = (struct rank_facts){.hobbies = (uint64_t)some(UINT32_MAX) & some(UINT32_MAX),
                                            .district = (uint16_t)(1 + some(33)),
                                            .joined = (uint16_t)some(2000),
                                            .height = (uint8_t)(150 + some(30)),
                                            .education = (uint8_t)some(6)};
        rank_attention_begin(&pool, i);
    }
}

static struct rank_seeker *seek(size_t man, uint8_t either_way)
{
    static struct rank_seeker seeker;
    const struct rank_traits *his = &traits[man];

    rank_seeker_init(&seeker, &rank_first_weights, his, &people[man],
                     his->age > either_way + 4 ? (uint8_t)(his->age - either_way - 4) : 0,
                     (uint8_t)(his->age + either_way));
    return &seeker;
}

static void search(const char *name, bool everybody, const struct rank_filter *filter)
{
    struct times times = {0};
    size_t found = 0;

    for (int k = 0; k < SEEKERS; k++) {
        struct rank_best best = {.most = BEST};
        double began = cpu_ms();

        rank_scan(&pool, seek(n_women + some((uint32_t)(n_all - n_women)), everybody ? 60 : 4), filter, NULL,
                  rank_boosts, &best, NULL);
        note(&times, cpu_ms() - began);
        found += best.n;
    }
    printf("%s_found=%zu ", name, found / SEEKERS);
    print_times(&times, name);
    free(times.ms);
}

static void make_lists(void)
{
    struct times times = {0};

    for (int k = 0; k < SEEKERS; k++) {
        struct rank_list list;
        double began = cpu_ms();

        rank_list_choose(&pool, seek(n_women + some((uint32_t)(n_all - n_women)), 4), NULL, NULL, &list);
        for (size_t slot = 0; slot < list.n; slot++)
            rank_attention_count(&pool, list.of[slot].at, list.of[slot].harmonic, 12, 1);
        note(&times, cpu_ms() - began);
    }
    print_times(&times, "list");
    free(times.ms);
}

/* A man has decided about a woman: both are learnt about, and her card is made anew (his is one of the other pool). */
static void decide(size_t man, size_t woman, bool yes)
{
    float share = pool.cards[woman].share;

    rank_decide(&people[man], &people[woman], rank_fixed(&rank_first_weights, &traits[man], &traits[woman]), yes);
    pool.cards[woman] = rank_card_of(&rank_first_weights, &traits[woman], &people[woman]);
    pool.cards[woman].share = share;
}

static void decide_many(void)
{
    int n = 200000;
    double began = cpu_ms();

    for (int k = 0; k < n; k++)
        decide(n_women + some((uint32_t)(n_all - n_women)), some((uint32_t)n_women), some(3) == 0);
    printf("decision_us=%.2f\n", (cpu_ms() - began) * 1000 / n);
}

/* Between any two slices a call: what it waits is the slice, and its own time. */
static void sweep(void)
{
    size_t n = n_all * DECISIONS;
    struct rank_decision *decisions = calloc(n, sizeof(*decisions));
    struct rank_sum *sums = calloc(n_all, sizeof(*sums));
    uint8_t *sexes = calloc(n_all, sizeof(*sexes));
    struct rank_sweep all = {decisions, n, people, sexes, sums, n_all, 0, 0};
    struct times times = {0};
    double began = cpu_ms(), at;

    ensure(decisions && sums && sexes);
    for (size_t i = 0; i < n_all; i++)
        sexes[i] = traits[i].sex;
    for (size_t k = 0; k < n; k++) {
        uint32_t man = (uint32_t)n_women + some((uint32_t)(n_all - n_women)), woman = some((uint32_t)n_women);

        decisions[k] = k % 2 ? (struct rank_decision){man, woman, -.5f, some(3) == 0}
                             : (struct rank_decision){woman, man, -1, some(4) == 0};
    }
    began = at = cpu_ms();
    while (rank_sweep_step(&all, SLICE)) {
        decide(n_women + some((uint32_t)(n_all - n_women)), some((uint32_t)n_women), false);
        note(&times, cpu_ms() - at);
        at = cpu_ms();
    }
    for (size_t from = 0; from < pool.n; from += SLICE) {
        at = cpu_ms();
        rank_attention_renew(&pool, from, from + SLICE < pool.n ? from + SLICE : pool.n, 1);
        note(&times, cpu_ms() - at);
    }
    printf("sweep_decisions=%zu sweep_s=%.2f ", n, (cpu_ms() - began) / 1000);
    print_times(&times, "slice");
    free(times.ms);
    free(decisions);
    free(sums);
    free(sexes);
}

int main(int argc, char **argv)
{
    struct rank_filter filter = {
        .hobbies = 0xff, .height_from = 158, .education_from = 2, .districts = {3, 4, 5, 6, 7}};
    long n = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

    if (n < 1000 || n > 100000000) {
        fprintf(stderr, "usage: match_scan PROFILES\n");
        return 2;
    }
    n_all = (size_t)n;
    n_women = n_all * 45 / 100;
    traits = calloc(n_all, sizeof(*traits));
    people = calloc(n_all, sizeof(*people));
    ensure(traits && people);
    fill();
    printf("profiles=%zu of_the_other_sex=%zu profile_bytes=%zu taste_bytes=%zu\n", n_all, n_women, RANK_PROFILE_BYTES,
           sizeof(struct rank_taste));
    search("scan", false, NULL);
    search("filtered", false, &filter);
    search("unbounded", true, NULL);
    make_lists();
    decide_many();
    sweep();
    rank_pool_done(&pool);
    free(traits);
    free(people);
    return 0;
}
