/* match FILE.csv: how well the service's model tells who would say yes to each other, on evenings of speed dating of
 * which it knows a part, with weights that are fitted on the other evenings of the file. Prints name=value, a line for
 * each way in which a part is known; or the weights of all evenings, as weights.c has them (services/match/rank). */
#include "services/match/rank/fit.h"
#include "tests/bench/match_evenings.h"
#include "tests/bench/match_scores.h"

#define FIT_ROUNDS 40 /* of sweep and descent, from scratch */

enum split { PARITY, TEMPORAL, LOPO, LOWO, LOO };
static const char *const prefixes[] = {"parity", "temporal", "lopo", "lowo", "loo"};

/* What is known of an evening, and what the service makes of it. */
struct known {
    const struct evening *evening;
    const struct rank_weights *weights;
    float fixed[ROWS_MAX];
    bool row[ROWS_MAX];
    struct rank_taste people[PEOPLE_MAX];
};

struct results {
    struct scores match, one_sided;
    struct mean person_auc, ndcg5, gini;
};

static void newcomers(struct rank_taste *people, const struct rank_traits *traits, size_t n)
{
    for (size_t i = 0; i < n; i++)
        people[i] = rank_newcomer(traits[i].sex);
}

static void sweep(struct rank_taste *people, const struct rank_traits *traits, size_t n_people,
                  const struct rank_decision *decisions, size_t n)
{
    static struct rank_sum sums[1 << 16];
    static uint8_t sexes[1 << 16];
    struct rank_sweep all = {decisions, n, people, sexes, sums, n_people, 0, 0};

    ensure(n_people <= ARRAY_LEN(sexes));
    for (size_t i = 0; i < n_people; i++)
        sexes[i] = traits[i].sex;
    while (rank_sweep_step(&all, 1000))
        continue;
}

/* Weights from all evenings but one. */
static struct rank_weights fit_without(const struct evenings *evenings, const struct evening *left_out)
{
    size_t n_people = 0, n = 0;
    struct rank_traits *traits = calloc(evenings->n * PEOPLE_MAX, sizeof(*traits));
    struct rank_taste *people = calloc(evenings->n * PEOPLE_MAX, sizeof(*people));
    struct rank_example *examples = calloc(evenings->n * ROWS_MAX, sizeof(*examples));
    struct rank_decision *decisions = calloc(evenings->n * ROWS_MAX, sizeof(*decisions));
    struct rank_weights weights = {0};

    ensure(traits && people && examples && decisions);
    for (size_t e = 0; e < evenings->n; e++) {
        const struct evening *evening = &evenings->of[e];

        if (evening == left_out)
            continue;
        for (int r = 0; r < evening->n_rows; r++) {
            const struct row *row = &evening->rows[r];

            examples[n].decision = (struct rank_decision){(uint32_t)(n_people + (size_t)row->i),
                                                          (uint32_t)(n_people + (size_t)row->j), 0, row->yes};
            examples[n++].sex = evening->people[row->i].sex;
        }
        memcpy(traits + n_people, evening->people, sizeof(*traits) * (size_t)evening->n_people);
        n_people += (size_t)evening->n_people;
    }
    rank_scale_of(traits, n_people, &weights.scale);
    newcomers(people, traits, n_people);
    for (size_t e = 0; e < n; e++) {
        double all[RANK_ALL];

        rank_features(&weights.scale, &traits[examples[e].decision.i], &traits[examples[e].decision.j], all);
        for (int k = 0; k < RANK_ALL; k++)
            examples[e].all[k] = (float)all[k];
    }
    for (int round = 0; round < FIT_ROUNDS; round++) {
        for (size_t e = 0; e < n; e++)
            decisions[e] = examples[e].decision;
        sweep(people, traits, n_people, decisions, n);
        rank_descend(&weights, examples, n, people);
    }
    free(traits);
    free(people);
    free(examples);
    free(decisions);
    return weights;
}

/* What the service has learnt from the known rows: each as it came, in an order that is always the same; then at night.
 */
static void learn(struct known *known)
{
    const struct evening *evening = known->evening;
    static struct rank_decision decisions[ROWS_MAX];
    size_t n = 0;
    uint32_t chance = 1;

    newcomers(known->people, evening->people, (size_t)evening->n_people);
    for (int r = 0; r < evening->n_rows; r++) {
        const struct row *row = &evening->rows[r];
        size_t at;

        if (!known->row[r])
            continue;
        chance = chance * 1664525 + 1013904223;
        at = (chance >> 8) % ++n;
        decisions[n - 1] = decisions[at];
        decisions[at] = (struct rank_decision){(uint32_t)row->i, (uint32_t)row->j, known->fixed[r], row->yes};
    }
    for (size_t d = 0; d < n; d++)
        rank_decide(&known->people[decisions[d].i], &known->people[decisions[d].j], decisions[d].fixed,
                    decisions[d].yes);
    sweep(known->people, evening->people, (size_t)evening->n_people, decisions, n);
}

static double z_of(const struct known *known, int r)
{
    const struct row *row = &known->evening->rows[r];

    return known->fixed[r] + known->people[row->i].a + known->people[row->j].b;
}

/* Of a row with its row back: how good the two are for each other, and whether both said yes. */
static double harmonic_of(const struct known *known, int r)
{
    return rank_harmonic(z_of(known, r), z_of(known, known->evening->rows[r].back));
}

static bool is_match(const struct evening *evening, int r)
{
    return evening->rows[r].yes && evening->rows[evening->rows[r].back].yes;
}

/* Hides what a split hides; of LOPO what is about person `one`, of LOO the pair of row `one`. */
static void hide(struct known *known, enum split split, int half, int one)
{
    const struct evening *evening = known->evening;

    for (int r = 0; r < evening->n_rows; r++) {
        const struct row *row = &evening->rows[r];
        int back = row->back >= 0 ? evening->rows[row->back].order : 0;

        if (split == PARITY)
            known->row[r] = row->parity == half;
        else if (split == TEMPORAL)
            known->row[r] = 2 * row->order <= evening->last_order && 2 * back <= evening->last_order;
        else if (split == LOPO)
            known->row[r] = row->i != one && row->j != one;
        else
            known->row[r] = split == LOO && r != one && row->back != one;
    }
}

/* What is said of one person's candidates. */
static void judge_person(struct results *results, struct scores *mine)
{
    add_to(&results->person_auc, auc_of(mine));
    add_to(&results->ndcg5, ndcg5_of(mine));
    mine->n = 0;
}

/* Adds how unequally people are among somebody's three best. */
static void judge_shares(struct results *results, const struct known *known)
{
    const struct evening *evening = known->evening;
    double times[PEOPLE_MAX] = {0};

    if (evening->n_people < 28)
        return;
    for (int i = 0; i < evening->n_people; i++) {
        int best[3] = {-1, -1, -1};

        for (int r = 0; r < evening->n_rows; r++) {
            int worse = r;

            if (evening->rows[r].i != i || evening->rows[r].back < 0 || known->row[r])
                continue;
            for (int place = 0; place < 3 && worse >= 0; place++) {
                if (best[place] < 0 || harmonic_of(known, worse) > harmonic_of(known, best[place])) {
                    int moved = best[place];

                    best[place] = worse;
                    worse = moved;
                }
            }
        }
        for (int place = 0; place < 3 && best[place] >= 0; place++)
            times[evening->rows[best[place]].j]++;
    }
    for (int sex = 0; sex < RANK_SEXES; sex++) {
        double shares[PEOPLE_MAX];
        size_t n = 0;

        for (int i = 0; i < evening->n_people; i++) {
            if (evening->people[i].sex == sex)
                shares[n++] = times[i];
        }
        add_to(&results->gini, gini_of(shares, n));
    }
}

/* Scores all that is hidden of an evening at once. */
static void judge(struct results *results, const struct known *known)
{
    const struct evening *evening = known->evening;
    struct scores mine = {0};

    for (int i = 0; i < evening->n_people; i++) {
        for (int r = 0; r < evening->n_rows; r++) {
            const struct row *row = &evening->rows[r];

            if (row->i != i || known->row[r])
                continue;
            add_score(&results->one_sided, z_of(known, r), row->yes);
            if (row->back < 0)
                continue;
            add_score(&mine, harmonic_of(known, r), is_match(evening, r));
            if (r < row->back)
                add_score(&results->match, harmonic_of(known, r), is_match(evening, r));
        }
        judge_person(results, &mine);
    }
    judge_shares(results, known);
    free(mine.of);
}

/* One is hidden after the other: of LOPO each person, of LOO each pair. */
static void judge_each(struct results *results, struct known *known, enum split split)
{
    const struct evening *evening = known->evening;
    struct scores mine = {0};
    double scored[ROWS_MAX];

    for (int r = 0; split == LOO && r < evening->n_rows; r++) {
        if (evening->rows[r].back >= 0 && r > evening->rows[r].back) {
            scored[r] = scored[evening->rows[r].back];
            continue;
        }
        hide(known, LOO, 0, r);
        learn(known);
        add_score(&results->one_sided, z_of(known, r), evening->rows[r].yes);
        if (evening->rows[r].back < 0)
            continue;
        add_score(&results->one_sided, z_of(known, evening->rows[r].back), evening->rows[evening->rows[r].back].yes);
        scored[r] = harmonic_of(known, r);
        add_score(&results->match, scored[r], is_match(evening, r));
    }
    for (int i = 0; i < evening->n_people; i++) {
        if (split == LOPO) {
            hide(known, LOPO, 0, i);
            learn(known);
        }
        for (int r = 0; r < evening->n_rows; r++) {
            const struct row *row = &evening->rows[r];

            if (split == LOPO && !known->row[r])
                add_score(&results->one_sided, z_of(known, r), row->yes);
            if (row->i != i || row->back < 0)
                continue;
            add_score(&mine, split == LOO ? scored[r] : harmonic_of(known, r), is_match(evening, r));
            if (split == LOPO)
                add_score(&results->match, harmonic_of(known, r), is_match(evening, r));
        }
        judge_person(results, &mine);
    }
    free(mine.of);
}

static void run_split(const struct evenings *evenings, const struct rank_weights *weights, enum split split)
{
    struct results halves[2] = {0};
    static struct known known;
    double said[5] = {0};
    int n = split == PARITY ? 2 : 1;

    for (int half = 0; half < n; half++) {
        struct results *results = &halves[half];

        for (size_t e = 0; e < evenings->n; e++) {
            const struct evening *evening = &evenings->of[e];

            known.evening = evening;
            known.weights = &weights[e];
            for (int r = 0; r < evening->n_rows; r++)
                known.fixed[r] = (float)rank_fixed(&weights[e], &evening->people[evening->rows[r].i],
                                                   &evening->people[evening->rows[r].j]);
            if (split == LOPO || split == LOO) {
                judge_each(results, &known, split);
            } else {
                hide(&known, split, half, 0);
                learn(&known);
                judge(results, &known);
            }
        }
        said[0] += auc_of(&results->match) / n;
        said[1] += mean_of(&results->person_auc) / n;
        said[2] += mean_of(&results->ndcg5) / n;
        said[3] += auc_of(&results->one_sided) / n;
        said[4] += mean_of(&results->gini) / n;
        free(results->match.of);
        free(results->one_sided.of);
    }
    printf("%s_auc=%.4f %s_person_auc=%.4f %s_ndcg5=%.4f %s_onesided_auc=%.4f\n", prefixes[split], said[0],
           prefixes[split], said[1], prefixes[split], said[2], prefixes[split], said[3]);
    if (split == PARITY)
        printf("gini_top3=%.3f\n", said[4]);
    fflush(stdout);
}

static void print_row(const double *values, size_t n)
{
    printf("{");
    for (size_t k = 0; k < n; k++)
        printf("%s%.4f", k ? ", " : "", values[k]);
    printf("},\n");
}

/* The weights of all evenings, as services/match/rank/weights.c has them. */
static void print_weights(const struct rank_weights *weights)
{
    printf(".mu = ");
    print_row(weights->mu, RANK_SEXES);
    for (int sex = 0; sex < RANK_SEXES; sex++) {
        printf(".w[%d] = ", sex);
        print_row(weights->w[sex], RANK_ALL);
        printf(".scale.mean[%d] = ", sex);
        print_row(weights->scale.mean[sex], RANK_SCALED);
        printf(".scale.deviation[%d] = ", sex);
        print_row(weights->scale.deviation[sex], RANK_SCALED);
        printf(".scale.tastes[%d] = ", sex);
        print_row(weights->scale.tastes[sex], RANK_TASTES);
    }
}

int main(int argc, char **argv)
{
    struct evenings evenings;
    struct rank_weights *weights;

    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "weights") != 0)) {
        fprintf(stderr, "usage: match FILE.csv [weights]\n");
        return 2;
    }
    evenings = evenings_read(argv[1]);
    if (argc == 3) {
        struct rank_weights all = fit_without(&evenings, NULL);

        print_weights(&all);
        free(evenings.of);
        return 0;
    }
    if (evenings.n_left_out > 0)
        fprintf(stderr, "%zu rows tell no decision of one of the evening's people and are left out\n",
                evenings.n_left_out);
    weights = calloc(evenings.n, sizeof(*weights));
    ensure(weights);
    for (size_t e = 0; e < evenings.n; e++)
        weights[e] = fit_without(&evenings, &evenings.of[e]);
    for (enum split split = PARITY; split <= LOO; split++)
        run_split(&evenings, weights, split);
    free(weights);
    free(evenings.of);
    return 0;
}
