/* city.h: the demonstration city, Foshan, as two CSV files.
 *
 * The districts and towns are real (foshan-towns.csv); unions below them and
 * every person are generated and belong to nobody: given names end in one of
 * the stems and branches with which Chinese textbooks letter their examples,
 * and mobile numbers lie in 169, which no operator has been allotted.
 *
 * The same seed gives the same bytes. Nothing is kept per row, so a roster of
 * any size is written in the same memory. Resident IDs and mobile numbers are
 * unique by construction: both are injective functions of the row's number.
 *
 * The tree has six levels: city; district; town or a district's trade
 * federation; a town's trade federation or an enterprise; an enterprise of a
 * trade; its branch. Codes: 440600, 440604, 440604-003 (town), 440604-901
 * (trade federation of the district), 440604-003-9001 (of the town),
 * 440604-003-0012 (enterprise), 440604-003-0012-01 (branch). */
#pragma once

#define CITY_UNIONS      3000
#define CITY_MEMBERS_MAX 10000000
#define CITY_LEVELS      6
#define CITY_CODE_SIZE   24 /* of a union's code, with its NUL */

/* One trade of the new employment forms, or the rest. */
#define CITY_TRADES      6
#define CITY_TRADE_OTHER CITY_TRADES

struct city_union {
    char code[CITY_CODE_SIZE];
    int parent; /* index in city.unions, -1 at the root */
    int level;  /* 1 at the root */
    int trade;  /* that its members follow */
    bool leaf;  /* members belong to it */
    char name[160];
};

struct city {
    struct city_union unions[CITY_UNIONS];
    int n_unions;
    /* The unions that take members, by trade. */
    int leaves[CITY_TRADES + 1][CITY_UNIONS];
    int n_leaves[CITY_TRADES + 1];
    struct city_regions *regions;
    uint64_t seed;
};

/* Lays out the tree and reads the table of region codes. The caller frees. */
struct city *city_new(uint64_t seed);
void city_free(struct city *city);

/* code,name,parent_code,trades; a parent stands before its children. Returns 0 or -1
 * with errno. */
int city_write_unions(const struct city *city, FILE *file);
/* name,resident_id,mobile,union_code,trade; members rows, at most
 * CITY_MEMBERS_MAX. Row number i (from 0) has the mobile number 169 and i + 1
 * in eight digits. Returns 0 or -1 with errno. */
int city_write_roster(const struct city *city, long members, FILE *file);
