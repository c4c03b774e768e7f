#include "services/match/rank/traits.h"

#include <math.h>

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* A trait by its place among those that are scaled; false when it is not known. */
static bool trait_at(const struct rank_traits *traits, int k, double *ret_value)
{
    const uint8_t plain[] = {traits->age, traits->dates, traits->goes_out};

    if (k < (int)ARRAY_LEN(plain)) {
        *ret_value = plain[k];
        return plain[k] != 0;
    }
    *ret_value = traits->goal == k - (int)ARRAY_LEN(plain) + 1;
    return traits->goal != 0;
}

static bool has_taste(const struct rank_traits *traits, int k)
{
    return traits->tastes >> k & 1;
}

void rank_scale_of(const struct rank_traits *people, size_t n, struct rank_scale *ret_scale)
{
    for (int sex = 0; sex < RANK_SEXES; sex++) {
        double all = 0;

        for (size_t i = 0; i < n; i++)
            all += people[i].sex == sex;
        for (int k = 0; k < RANK_SCALED; k++) {
            double known = 0, sum = 0, squares = 0, value;

            for (size_t i = 0; i < n; i++) {
                if (people[i].sex == sex && trait_at(&people[i], k, &value)) {
                    known++;
                    sum += value;
                    squares += value * value;
                }
            }
            ret_scale->mean[sex][k] = known > 0 ? sum / known : 0;
            squares = known > 0 ? squares / known - ret_scale->mean[sex][k] * ret_scale->mean[sex][k] : 0;
            ret_scale->deviation[sex][k] = squares > 1e-9 ? sqrt(squares) : 1;
        }
        for (int k = 0; k < RANK_TASTES; k++) {
            double with = 0;

            for (size_t i = 0; i < n; i++)
                with += people[i].sex == sex && has_taste(&people[i], k);
            ret_scale->tastes[sex][k] = all > 0 ? with / all : 0;
        }
    }
}

/* In standard deviations from the mean of her sex. */
static double scaled(const struct rank_scale *scale, const struct rank_traits *traits, int k)
{
    double value;

    if (!trait_at(traits, k, &value))
        return 0;
    return (value - scale->mean[traits->sex][k]) / scale->deviation[traits->sex][k];
}

void rank_own(const struct rank_scale *scale, const struct rank_traits *traits, double *ret_own)
{
    for (int k = 0; k < RANK_SCALED; k++)
        *ret_own++ = scaled(scale, traits, k);
    for (int k = 0; k < RANK_TASTES; k++)
        *ret_own++ = 2 * ((has_taste(traits, k) ? 1 : 0) - scale->tastes[traits->sex][k]);
    *ret_own = (__builtin_popcount(traits->tastes) - 6) / 4.0;
}

static double age_of(const struct rank_scale *scale, const struct rank_traits *traits)
{
    return traits->age ? traits->age : scale->mean[traits->sex][0];
}

void rank_shared(const struct rank_scale *scale, const struct rank_traits *one, const struct rank_traits *other,
                 double *ret_shared)
{
    const struct rank_traits *man = one->sex == RANK_MAN ? one : other, *woman = one->sex == RANK_MAN ? other : one;
    double older = age_of(scale, man) - age_of(scale, woman), g = (older - 1) / 5;

    ret_shared[0] = fmax(-3, least(3, g));
    ret_shared[1] = least(g * g, 6);
    ret_shared[2] = least(fabs(g), 3);
    ret_shared[3] = (older < 0) - .3;
    ret_shared[4] = (__builtin_popcount(man->tastes & woman->tastes) - 3.5) / 2.5;
    ret_shared[5] = (man->goal != 0 && man->goal == woman->goal) - .3;
    ret_shared[6] = (man->trade != 0 && man->trade == woman->trade) - .1;
    ret_shared[7] = (man->work != 0 && man->work == woman->work) - .15;
    ret_shared[8] = 1 - fabs(scaled(scale, man, 1) - scaled(scale, woman, 1));
    ret_shared[9] = 1 - fabs(scaled(scale, man, 2) - scaled(scale, woman, 2));
}
