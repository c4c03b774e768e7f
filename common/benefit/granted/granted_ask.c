/* granted_ask.c: in which year, period and group something counts, and what somebody has got in one. */

#include "common/benefit/granted/granted_internal.h"
#include "common/base/sha256.h"
#include "common/cn/cn_id.h"

#define DAY_MS   INT64_C(86400000)
#define CHINA_MS INT64_C(28800000)

/* ---- keys and calendar ---- */

int64_t granted_key(int64_t union_id, const char *name)
{
    unsigned char hash[32], id[8];
    struct sha256 sha;
    uint64_t key = 0;

    for (int i = 0; i < 8; i++)
        id[i] = (unsigned char)((uint64_t)union_id >> (56 - 8 * i));
    sha256_start(&sha);
    sha256_add(&sha, id, sizeof(id));
    sha256_add(&sha, name, strlen(name));
    sha256_end(&sha, hash);
    for (int i = 0; i < 8; i++)
        key = key << 8 | hash[i];
    return key >> 1 ? (int64_t)(key >> 1) : 1;
}

int64_t granted_since(int64_t at, int period)
{
    int day = cn_day(at), month = day / 100 % 100;
    int64_t days = (at + CHINA_MS) / DAY_MS, began = 0;

    switch (period) {
    case GRANTED__PERIOD__DAY:
        return days * DAY_MS - CHINA_MS;
    case GRANTED__PERIOD__WEEK: /* the first day of 1970 was a Thursday */
        return (days - (days + 3) % 7) * DAY_MS - CHINA_MS;
    case GRANTED__PERIOD__MONTH:
        day = day / 100 * 100 + 1;
        break;
    case GRANTED__PERIOD__SEASON:
        day = day / 10000 * 10000 + ((month - 1) / 3 * 3 + 1) * 100 + 1;
        break;
    default:
        day = day / 10000 * 10000 + 101;
        break;
    }
    cn_day_begin(day, &began);
    return began;
}

/* ---- asking ---- */

bool granted_counts(const struct granted_entry *entry)
{
    return entry->state == GRANTED__GRANT_STATE__HELD || entry->state == GRANTED__GRANT_STATE__SPENT ||
           entry->state == GRANTED__GRANT_STATE__PASSED;
}

/* By one walk, as it is asked before each claim. */
int granted_refusal(const struct granted *granted, const struct granted_marks *marks, int64_t member_id, int64_t fen,
                    int64_t now)
{
    struct granted_walk walk;
    const struct granted_entry *entry;
    struct granted_year year;
    int64_t since, again, n = 0;
    bool is_recent = false;

    if (!granted_has_marks(marks))
        return 0;
    year = granted_year(marks->ceiling_key, now);
    since = granted_since(now, marks->period);
    again = granted_since(now, GRANTED__PERIOD__DAY) - (marks->not_within_days - 1) * DAY_MS;
    walk = granted_walk(granted->index, member_id);
    while ((entry = granted_walk_next(&walk))) {
        bool is_of_group = marks->group_key && entry->group_key == marks->group_key && granted_counts(entry);

        n += is_of_group && entry->at >= since;
        is_recent |= is_of_group && marks->not_within_days && entry->at >= again;
        if (marks->ceiling_key && granted_is_in(entry, &year))
            fen += entry->fen;
    }
    if (is_recent)
        return GRANTED__REASON__GOT_RECENTLY;
    if (marks->at_most && n >= marks->at_most)
        return GRANTED__REASON__GROUP_LIMIT_REACHED;
    return marks->ceiling_key && fen > marks->ceiling_fen ? GRANTED__REASON__CEILING_REACHED : 0;
}

int64_t granted_count(const struct granted *granted, int64_t member_id, int64_t group_key, int64_t since)
{
    struct granted_walk walk = granted_walk(granted->index, member_id);
    const struct granted_entry *entry;
    int64_t n = 0;

    while ((entry = granted_walk_next(&walk)))
        n += entry->group_key == group_key && entry->at >= since && granted_counts(entry);
    return n;
}

int64_t granted_last(const struct granted *granted, int64_t member_id, int64_t group_key)
{
    struct granted_walk walk = granted_walk(granted->index, member_id);
    const struct granted_entry *entry;
    int64_t last = 0;

    while ((entry = granted_walk_next(&walk))) {
        if (entry->group_key == group_key && entry->at > last && granted_counts(entry))
            last = entry->at;
    }
    return last;
}

struct granted_year granted_year(int64_t ceiling_key, int64_t at)
{
    int64_t since = granted_since(at, GRANTED__PERIOD__YEAR);

    return (struct granted_year){ceiling_key, since, granted_since(since + 367 * DAY_MS, GRANTED__PERIOD__YEAR)};
}

bool granted_is_in(const struct granted_entry *entry, const struct granted_year *year)
{
    return entry->ceiling_key == year->ceiling_key && entry->at >= year->since && entry->at < year->until &&
           granted_counts(entry);
}

int64_t granted_value(const struct granted *granted, int64_t member_id, int64_t ceiling_key, int64_t at)
{
    struct granted_walk walk = granted_walk(granted->index, member_id);
    const struct granted_year year = granted_year(ceiling_key, at);
    const struct granted_entry *entry;
    int64_t fen = 0;

    while ((entry = granted_walk_next(&walk)))
        fen += granted_is_in(entry, &year) ? entry->fen : 0;
    return fen;
}
