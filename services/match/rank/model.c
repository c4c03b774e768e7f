#include "services/match/rank/model.h"

#include <math.h>

const double rank_var_a[RANK_SEXES] = {[RANK_WOMAN] = 1.25, [RANK_MAN] = 1.75};
const double rank_var_b[RANK_SEXES] = {[RANK_WOMAN] = 1.05, [RANK_MAN] = 1.0};

struct rank_taste rank_newcomer(int sex)
{
    return (struct rank_taste){.va = rank_var_a[sex], .vb = rank_var_b[sex]};
}

void rank_features(const struct rank_scale *scale, const struct rank_traits *i, const struct rank_traits *j,
                   double *ret_all)
{
    rank_own(scale, i, ret_all);
    rank_own(scale, j, ret_all + RANK_OWN);
    rank_shared(scale, i, j, ret_all + 2 * RANK_OWN);
}

double rank_fixed(const struct rank_weights *weights, const struct rank_traits *i, const struct rank_traits *j)
{
    double all[RANK_ALL], z = weights->mu[i->sex];

    rank_features(&weights->scale, i, j, all);
    for (int k = 0; k < RANK_ALL; k++)
        z += weights->w[i->sex][k] * all[k];
    return z;
}

double rank_chance(double z)
{
    return 1 / (1 + exp(-z));
}

void rank_decide(struct rank_taste *i, struct rank_taste *j, double fixed, bool yes)
{
    double p = rank_chance(fixed + i->a + j->b), w = p * (1 - p);
    double d = 1 + (i->va + j->vb) * w, e = ((yes ? 1 : 0) - p) / d;

    i->a += i->va * e;
    j->b += j->vb * e;
    i->va -= i->va * i->va * w / d;
    j->vb -= j->vb * j->vb * w / d;
}

double rank_harmonic(double z, double back)
{
    return 2 / (2 + exp(-z) + exp(-back));
}

double rank_match_chance(double harmonic)
{
    return rank_chance(.58 + 2.13 * log(harmonic));
}
