/* totals.h: how many people a campaign's sites had, said so that nothing is told of a few.
 *
 * A table of sites and, behind them, their sum; each column counts some of the people of the
 * one before: booked, of those attended, of those reported. So each number splits the one to
 * its left in two groups, and no group of 1 to LIMIT_PEOPLE_MIN - 1 people is told: neither as a
 * number nor as the difference of two. Where a number is withheld those to its right are.
 *
 * What is withheld could be computed from the sum and the other sites. So in each column more
 * sites are withheld, the smallest first (complementary suppression: Willenborg and de Waal,
 * Elements of Statistical Disclosure Control, 2001), until both groups of all that is
 * withheld have nobody or LIMIT_PEOPLE_MIN people; when there are no more sites, the sum is
 * withheld. One site alone is never enough, since it is withheld for a group of a few: there
 * is always another one with which people of both groups could be exchanged, and no number
 * that is told would change.
 *
 * The table is one for a campaign, without any choice of rows, so that no two tables that
 * somebody asks for differ by a few. Who asks again and again sees a number that is told grow
 * by one: that somebody came, where LIMIT_PEOPLE_MIN others have. */
#pragma once
#include "services/health/health.h"

#define TOTALS_COLUMNS 3

struct site_totals {
    int64_t site_id;
    int32_t numbers[TOTALS_COLUMNS];
    bool withheld[TOTALS_COLUMNS];
};

/* Puts the sum of n rows behind them, and decides what of them and of it is withheld. */
void totals_withhold(struct site_totals *totals, size_t n);
