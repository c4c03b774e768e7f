/* match_scores.h: how well scores tell what happened from what did not, as tests/bench/match prints it. */
#pragma once
#include <math.h>
#include <stdlib.h>

#include "common/base/base.h"

struct score {
    double score;
    bool yes;
};

struct scores {
    struct score *of;
    size_t n, size;
};

static inline void add_score(struct scores *scores, double score, bool yes)
{
    if (scores->n == scores->size) {
        scores->size = scores->size ? scores->size * 2 : 1024;
        scores->of = realloc(scores->of, scores->size * sizeof(*scores->of));
        ensure(scores->of);
    }
    scores->of[scores->n++] = (struct score){score, yes};
}

static inline int scores_descend(const void *a, const void *b)
{
    double x = ((const struct score *)a)->score, y = ((const struct score *)b)->score;

    return (x < y) - (x > y);
}

/* How often what happened has the higher score, equal ones half; NAN when all or none of it happened. */
static inline double auc_of(struct scores *scores)
{
    double above = 0, won = 0, yes = 0; /* of those that did not happen: seen so far */

    qsort(scores->of, scores->n, sizeof(*scores->of), scores_descend);
    for (size_t k = 0, end; k < scores->n; k = end) {
        double here = 0;

        for (end = k; end < scores->n && scores->of[end].score == scores->of[k].score; end++)
            here += scores->of[end].yes;
        won += here * above + here * ((double)(end - k) - here) / 2;
        above += (double)(end - k) - here;
        yes += here;
    }
    return yes == 0 || above == 0 ? NAN : 1 - won / (yes * above);
}

/* Normalised discounted gain of the best five; NAN when nothing happened. */
static inline double ndcg5_of(struct scores *scores)
{
    double gain = 0, best = 0;
    size_t yes = 0;

    qsort(scores->of, scores->n, sizeof(*scores->of), scores_descend);
    for (size_t k = 0; k < scores->n; k++)
        yes += scores->of[k].yes;
    for (size_t k = 0; k < 5; k++) {
        if (k < scores->n && scores->of[k].yes)
            gain += 1 / log2((double)k + 2);
        if (k < yes)
            best += 1 / log2((double)k + 2);
    }
    return yes ? gain / best : NAN;
}

/* How unequally n shares are: 0 when all have the same, near 1 when one has all. */
static inline double gini_of(double *shares, size_t n)
{
    struct scores sorted = {0};
    double sum = 0, ranked = 0;

    for (size_t k = 0; k < n; k++)
        add_score(&sorted, -shares[k], false);
    qsort(sorted.of, n, sizeof(*sorted.of), scores_descend);
    for (size_t k = 0; k < n; k++) {
        sum -= sorted.of[k].score;
        ranked -= ((double)k + 1) * sorted.of[k].score;
    }
    free(sorted.of);
    return sum > 0 ? 2 * ranked / ((double)n * sum) - ((double)n + 1) / (double)n : 0;
}

/* A mean of what there is. */
struct mean {
    double sum, n;
};

static inline void add_to(struct mean *mean, double value)
{
    if (!isnan(value)) {
        mean->sum += value;
        mean->n++;
    }
}

static inline double mean_of(const struct mean *mean)
{
    return mean->n > 0 ? mean->sum / mean->n : NAN;
}
