/* model.h: how probable it is that one says yes to another, learnt from who said yes to whom.
 *
 * With s the sex of i, who decides: z_ij = mu_s + w_s . (own_i, own_j, shared_ij) + a_i + b_j, and the probability of a
 * yes is 1 / (1 + e^-z). a is how readily i says yes, b how readily others say yes to j: both are inferences about a
 * person, which are told to nobody, stand in no journal, and go with her.
 *
 * A and b begin at 0 with the variance that they have among people, and each decision moves both (rank_decide) as far
 * as they are not yet known: a step of Newton with the diagonal of the posterior's variance. Only what was shown and
 * decided is learnt from; what nobody has seen is not a no. At night a sweep (fit.h) finds what fits all decisions at
 * once.
 *
 * Pure: no store, no clock, no memory of its own. */
#pragma once
#include "services/match/rank/traits.h"

struct rank_weights {
    double mu[RANK_SEXES];          /* by the sex of who decides */
    double w[RANK_SEXES][RANK_ALL]; /* likewise; in the order own of who decides, own of the other, shared */
    struct rank_scale scale;
};

/* What is inferred about one person, with its variance. */
struct rank_taste {
    double a, va; /* how readily she says yes */
    double b, vb; /* how readily others say yes to her */
};

/* Of a and of b among people; of a weight before anything is learnt. */
extern const double rank_var_a[RANK_SEXES], rank_var_b[RANK_SEXES];
#define RANK_VAR_WEIGHT .003

/* Those that ship (weights.c). */
extern const struct rank_weights rank_first_weights;

/* Of whom nothing has been seen. */
struct rank_taste rank_newcomer(int sex);
/* ret_all[RANK_ALL]: what is told of a decision of i about j. */
void rank_features(const struct rank_scale *scale, const struct rank_traits *i, const struct rank_traits *j,
                   double *ret_all);
/* z without a and b. */
double rank_fixed(const struct rank_weights *weights, const struct rank_traits *i, const struct rank_traits *j);
/* 1 / (1 + e^-z) */
double rank_chance(double z);
/* i has said yes or no to j; fixed is rank_fixed() of the two. */
void rank_decide(struct rank_taste *i, struct rank_taste *j, double fixed, bool yes);
/* The harmonic mean of both chances, 2 / (2 + e^-z + e^-back): near the smaller one. */
double rank_harmonic(double z, double back);
/* How probable it is that both say yes, of a harmonic mean; calibrated on the evenings behind the first weights. */
double rank_match_chance(double harmonic);
