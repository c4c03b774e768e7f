#include "common/benefit/audience/audience.h"

#include "common/base/civil.h"
#include "common/cn/cn_id.h"

#define COLUMNS                                                                                                        \
    "path, level, trades, born_from, born_until, age_from, age_until, sex, birthday, since_day, member_months, "       \
    "new_within_days"

enum { SQL_PUT, SQL_FIND, N_SQL };

static const char *const sql[] = {
    [SQL_PUT] = "REPLACE INTO audience (audience_id, " COLUMNS ") "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [SQL_FIND] = "SELECT " COLUMNS " FROM audience WHERE audience_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- rules ---- */

static void note_personal(struct audience_rules *rules)
{
    rules->personal = rules->born_from || rules->born_until || rules->age_from || rules->age_until || rules->sex ||
                      rules->birthday || rules->since_day || rules->member_months || rules->new_within_days;
}

void audience_compile(const Audience__Audience *said, struct audience_rules *ret)
{
    *ret = (struct audience_rules){
        .level = said->level ? (int32_t)said->level : (int32_t)RPC__LEVEL__MEMBER,
        .born_from = said->born_from,
        .born_until = said->born_until,
        .age_from = said->age_from,
        .age_until = said->age_until,
        .sex = (int32_t)said->sex,
        .birthday = (int32_t)said->birthday,
        .since_day = said->since_day,
        .member_months = said->member_months,
        .new_within_days = said->new_within_days,
    };
    snprintf(ret->path, sizeof(ret->path), "%s", said->union_path);
    for (size_t i = 0; i < said->n_trades; i++)
        ret->trades |= UINT32_C(1) << ((unsigned)said->trades[i] & 31);
    note_personal(ret);
}

/* What is not known is in no range. */
static bool is_within(int32_t number, int32_t from, int32_t until, bool known)
{
    if (!from && !until)
        return true;
    return known && number >= from && (!until || number <= until);
}

static bool has_age(const struct audience_rules *rules, const Rpc__Principal *principal, int today)
{
    bool known = principal->birth_year && principal->birthday;

    return is_within(known ? cn_years(principal->birth_year * 10000 + principal->birthday, today) : 0, rules->age_from,
                     rules->age_until, known);
}

static bool has_birthday(int birthday_rule, int32_t birthday, int today)
{
    if (!birthday_rule)
        return true;
    if (!birthday)
        return false;
    if (birthday_rule == AUDIENCE__BIRTHDAY__IN_ITS_MONTH)
        return birthday / 100 == today / 100 % 100;
    if (birthday == 229 && !civil_date(today / 10000, 2, 29))
        birthday = 301;
    return birthday == today % 10000;
}

/* Whole months from a day to another; the last day of a month ends one that began on a later day than it has. */
static int32_t months_between(int from, int to)
{
    int month = to / 100 % 100, day = to % 100;
    bool last = !civil_date(to / 10000, month, day + 1);

    return (to / 10000 - from / 10000) * 12 + month - from / 100 % 100 - (day < from % 100 && !last);
}

static int64_t days_of(int day)
{
    return civil_days(day / 10000, day / 100 % 100, day % 100);
}

static bool has_been_member(const struct audience_rules *rules, int32_t since, int today)
{
    if (!rules->since_day && !rules->member_months && !rules->new_within_days)
        return true;
    return since && (!rules->since_day || since <= rules->since_day) &&
           (!rules->member_months || months_between(since, today) >= rules->member_months) &&
           (!rules->new_within_days || days_of(today) - days_of(since) <= rules->new_within_days);
}

static bool meets(const struct audience_rules *rules, const Rpc__Principal *principal, enum audience_rule rule,
                  int today)
{
    switch (rule) {
    case AUDIENCE_LEVEL:
        return (int32_t)principal->level >= rules->level;
    case AUDIENCE_UNION:
        return union_path_covers(rules->path, principal->union_path);
    case AUDIENCE_TRADE:
        return !rules->trades || rules->trades & UINT32_C(1) << ((unsigned)principal->trade & 31);
    case AUDIENCE_BORN:
        return is_within(principal->birth_year, rules->born_from, rules->born_until, principal->birth_year != 0);
    case AUDIENCE_AGE:
        return has_age(rules, principal, today);
    case AUDIENCE_SEX:
        return !rules->sex || (int32_t)principal->sex == rules->sex;
    case AUDIENCE_BIRTHDAY:
        return has_birthday(rules->birthday, principal->birthday, today);
    default:
        return has_been_member(rules, principal->member_since, today);
    }
}

enum audience_rule audience_next(const struct audience_rules *rules, const Rpc__Principal *principal, int64_t now,
                                 enum audience_rule after)
{
    enum audience_rule end = rules->personal ? AUDIENCE_RULES : AUDIENCE_BORN;
    int today = rules->personal ? cn_day(now) : 0;

    for (enum audience_rule rule = after + 1; rule < end; rule++) {
        if (!meets(rules, principal, rule, today))
            return rule;
    }
    return AUDIENCE_FITS;
}

enum audience_rule audience_judge(const struct audience_rules *rules, const Rpc__Principal *principal, int64_t now)
{
    return audience_next(rules, principal, now, AUDIENCE_FITS);
}

void audience_tell_renewal(const struct audience_rules *rules, void *call)
{
    const Rpc__Principal *principal = rpc_principal(call);
    bool lacks;

    switch (audience_judge(rules, principal, rpc_now(call))) {
    case AUDIENCE_AGE:
    case AUDIENCE_BIRTHDAY:
        lacks = principal->birth_year && !principal->birthday;
        break;
    case AUDIENCE_SINCE:
        lacks = principal->level >= RPC__LEVEL__MEMBER && !principal->member_since;
        break;
    default:
        lacks = false;
    }
    if (lacks)
        rpc_fact(call, "renew", principal->unproven ? "stepUp" : "session");
}

int audience_reason(const int own[AUDIENCE_RULES], enum audience_rule rule)
{
    static const int common[AUDIENCE_RULES] = {
        [AUDIENCE_LEVEL] = AUDIENCE__REASON__NOT_FOR_LEVEL,
        [AUDIENCE_UNION] = AUDIENCE__REASON__NOT_FOR_UNION,
        [AUDIENCE_TRADE] = AUDIENCE__REASON__NOT_FOR_TRADE,
        [AUDIENCE_BORN] = AUDIENCE__REASON__NOT_FOR_BIRTH_YEAR,
        [AUDIENCE_AGE] = AUDIENCE__REASON__NOT_FOR_AGE,
        [AUDIENCE_SEX] = AUDIENCE__REASON__NOT_FOR_SEX,
        [AUDIENCE_BIRTHDAY] = AUDIENCE__REASON__NOT_FOR_BIRTHDAY,
        [AUDIENCE_SINCE] = AUDIENCE__REASON__NOT_FOR_NEWCOMERS,
    };

    return own[rule] ? own[rule] : common[rule];
}

/* ---- forms ---- */

/* What is wrong with what a form says by itself; 0 or a Reason. */
static int form_refusal(const Audience__Audience *said, const char **ret_field)
{
    *ret_field = "bornUntil";
    if (said->born_until && said->born_until < said->born_from)
        return AUDIENCE__REASON__AGES_OUT_OF_ORDER;
    *ret_field = "ageUntil";
    if (said->age_until && said->age_until < said->age_from)
        return AUDIENCE__REASON__AGES_OUT_OF_ORDER;
    return 0;
}

bool audience_read(const Audience__Audience *form, const char *giver_path, const char *in, void *call,
                   struct audience_rules *ret)
{
    const char *name = "unionId", *field;
    int reason = RPC__REASON__OUTSIDE_YOUR_UNION;

    if (union_path_covers(giver_path, form->union_path))
        reason = form_refusal(form, &name);
    if (!reason) {
        audience_compile(form, ret);
        return true;
    }
    field = arena_printf(rpc_arena(call), "%s.%s", in, name);
    rpc_refuse_field(call, reason, field ? field : in);
    return false;
}

bool audience_take(const struct tree *tree, const Audience__Audience *said, const char *giver_path, const char *in,
                   void *call, struct audience_rules *ret)
{
    static const Audience__Audience everyone = AUDIENCE__AUDIENCE__INIT;
    Audience__Audience form = said ? *said : everyone;
    const char *field = arena_printf(rpc_arena(call), "%s.unionId", in);

    form.union_path = form.union_id ? tree_path(tree, form.union_id, field ? field : in, call) : unconst(giver_path);
    return form.union_path && audience_read(&form, giver_path, in, call, ret);
}

Audience__Audience *audience_message(const struct audience_rules *rules, int64_t union_id, struct arena *arena)
{
    Audience__Audience *message = arena_message(arena, &audience__audience__descriptor);
    Rpc__Trade *trades = arena_alloc(arena, 32 * sizeof(*trades));

    if (!message || !trades)
        return NULL;
    message->level = (Rpc__Level)rules->level;
    message->union_id = union_id;
    message->union_path = arena_strndup(arena, rules->path, strlen(rules->path));
    message->born_from = rules->born_from;
    message->born_until = rules->born_until;
    message->age_from = rules->age_from;
    message->age_until = rules->age_until;
    message->sex = (Rpc__Sex)rules->sex;
    message->birthday = (Audience__Birthday)rules->birthday;
    message->since_day = rules->since_day;
    message->member_months = rules->member_months;
    message->new_within_days = rules->new_within_days;
    message->trades = trades;
    for (unsigned trade = 0; trade < 32; trade++) {
        if (rules->trades & UINT32_C(1) << trade)
            trades[message->n_trades++] = (Rpc__Trade)trade;
    }
    return message->union_path ? message : NULL;
}

/* ---- the store ---- */

void audience_put(const struct audience *audience, int64_t id, const struct audience_rules *rules)
{
    store_run(audience->store, audience->sql + SQL_PUT, "itiiiiiiiiiii", id, rules->path, (int64_t)rules->level,
              (int64_t)rules->trades, (int64_t)rules->born_from, (int64_t)rules->born_until, (int64_t)rules->age_from,
              (int64_t)rules->age_until, (int64_t)rules->sex, (int64_t)rules->birthday, (int64_t)rules->since_day,
              (int64_t)rules->member_months, (int64_t)rules->new_within_days);
}

bool audience_find(const struct audience *audience, int64_t id, struct audience_rules *ret)
{
    struct store *store = audience->store;
    unsigned statement = audience->sql + SQL_FIND;
    bool found;

    *ret = (struct audience_rules){.level = INT32_MAX};
    store_ask(store, statement, "i", id);
    found = store_read(store, statement, INTO(ret->path), INTO(ret->level), INTO(ret->trades), INTO(ret->born_from),
                       INTO(ret->born_until), INTO(ret->age_from), INTO(ret->age_until), INTO(ret->sex),
                       INTO(ret->birthday), INTO(ret->since_day), INTO(ret->member_months), INTO(ret->new_within_days));
    store_end(store, statement);
    note_personal(ret);
    return found;
}

const struct part_spec audience_part = {
    .tables = "audience",
    .steps = &audience_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .others = "audience.audience_id audience.born_from audience.born_until audience.age_from audience.age_until "
              "audience.birthday audience.member_months audience.new_within_days",
    .moves = "audience.path",
};
