/* traits.h: what the model knows of a person besides decisions, and of two people together.
 *
 * Pure: no store, no clock. A trait that is not known is 0 and counts as the mean of her sex. Race, religion, looks,
 * income, employer and whatever somebody rated are not here and do not come in. */
#pragma once
#include "common/base/base.h"

enum rank_sex { RANK_WOMAN, RANK_MAN, RANK_SEXES };

#define RANK_TASTES 17               /* interests that the model knows, a bit each */
#define RANK_GOALS  4                /* of the goals 1 to 6 those that have a weight of their own */
#define RANK_SCALED (3 + RANK_GOALS) /* age, dates, goes_out and the goals are told in standard deviations */
#define RANK_OWN    (RANK_SCALED + RANK_TASTES + 1) /* what is said of one person */
#define RANK_SHARED 10                              /* what is said of two */
#define RANK_ALL    (2 * RANK_OWN + RANK_SHARED)    /* of a decision: of who decides, of the other, of both */

struct rank_traits {
    uint32_t tastes;  /* bit k: the k-th interest of RANK_TASTES */
    uint8_t sex;      /* enum rank_sex */
    uint8_t age;      /* years */
    uint8_t dates;    /* 1 (several times a week) to 7 (almost never) */
    uint8_t goes_out; /* likewise */
    uint8_t goal;     /* 1 to 6: what she comes for */
    uint8_t trade;
    uint8_t work; /* the group of her work */
};

/* What is usual in each sex. */
struct rank_scale {
    double mean[RANK_SEXES][RANK_SCALED], deviation[RANK_SEXES][RANK_SCALED];
    double tastes[RANK_SEXES][RANK_TASTES]; /* the share that has the interest */
};

/* What is usual among these, of which each sex needs one at least to be told apart from the others. */
void rank_scale_of(const struct rank_traits *people, size_t n, struct rank_scale *ret_scale);
/* ret_own[RANK_OWN]: age, dates, goes_out, four goals; then the tastes; then their number. */
void rank_own(const struct rank_scale *scale, const struct rank_traits *traits, double *ret_own);
/* ret_shared[RANK_SHARED], the same whichever of the two decides. They are a woman and a man, in any order. */
void rank_shared(const struct rank_scale *scale, const struct rank_traits *one, const struct rank_traits *other,
                 double *ret_shared);
