#include "services/match/rank/fit.h"

static void add_up(struct rank_sweep *sweep, const struct rank_decision *decision)
{
    double p = rank_chance(decision->fixed + sweep->people[decision->i].a + sweep->people[decision->j].b);
    struct rank_sum *sum = &sweep->sums[sweep->pass == 0 ? decision->i : decision->j];

    sum->slope += (float)((decision->yes ? 1 : 0) - p);
    sum->curve += (float)(p * (1 - p));
}

/* Toward what fits, held by what is usual. */
static void move(double *value, double *variance, double usual, struct rank_sum *sum)
{
    double curve = sum->curve + 1 / usual;

    *value += (sum->slope - *value / usual) / curve;
    *variance = 1 / curve;
    *sum = (struct rank_sum){0};
}

bool rank_sweep_step(struct rank_sweep *sweep, size_t most)
{
    bool over_people = sweep->pass % 2 == 1;
    size_t n = over_people ? sweep->n_people : sweep->n_decisions, end;

    if (sweep->pass == 4)
        return false;
    end = most < n - sweep->at ? sweep->at + most : n;
    for (; sweep->at < end; sweep->at++) {
        struct rank_taste *person = &sweep->people[sweep->at];

        if (!over_people)
            add_up(sweep, &sweep->decisions[sweep->at]);
        else if (sweep->pass == 1)
            move(&person->a, &person->va, rank_var_a[sweep->sexes[sweep->at]], &sweep->sums[sweep->at]);
        else
            move(&person->b, &person->vb, rank_var_b[sweep->sexes[sweep->at]], &sweep->sums[sweep->at]);
    }
    if (sweep->at == n) {
        sweep->at = 0;
        sweep->pass++;
    }
    return sweep->pass < 4;
}

/* The feature of a weight; of mu it is 1. */
static double feature(const struct rank_example *example, int k)
{
    return k < RANK_ALL ? (double)example->all[k] : 1;
}

/* A weight, with mu as the one behind them, which nothing holds to 0. */
static void descend_one(double *weight, int sex, int k, struct rank_example *examples, size_t n,
                        const struct rank_taste *people)
{
    double held = k < RANK_ALL ? 1 / RANK_VAR_WEIGHT : 1e-6;
    double slope = -*weight * held, curve = held;

    for (size_t e = 0; e < n; e++) {
        const struct rank_decision *decision = &examples[e].decision;
        double x = feature(&examples[e], k), p;

        if (examples[e].sex != sex || x == 0)
            continue;
        p = rank_chance(decision->fixed + people[decision->i].a + people[decision->j].b);
        slope += ((decision->yes ? 1 : 0) - p) * x;
        curve += p * (1 - p) * x * x;
    }
    *weight += slope / curve;
    for (size_t e = 0; e < n; e++) {
        if (examples[e].sex == sex)
            examples[e].decision.fixed += (float)(slope / curve * feature(&examples[e], k));
    }
}

void rank_descend(struct rank_weights *weights, struct rank_example *examples, size_t n,
                  const struct rank_taste *people)
{
    for (int sex = 0; sex < RANK_SEXES; sex++) {
        descend_one(&weights->mu[sex], sex, RANK_ALL, examples, n, people);
        for (int k = 0; k < RANK_ALL; k++)
            descend_one(&weights->w[sex][k], sex, k, examples, n, people);
    }
}
