#include "services/match/profile/profiles.h"

#include "common/cn/cn_id.h"

#define CONTEXT     "profile"
#define HEIGHT_MIN  100
#define ADULT_YEARS 18

enum { SQL_OPEN, SQL_SEQ, SQL_PUT, N_SQL };

static const char *const sql[] = {
    [SQL_OPEN] = "SELECT sealed FROM profile WHERE handle = ?1",
    [SQL_SEQ] = "SELECT journal_seq FROM profile WHERE handle = ?1",
    [SQL_PUT] = "INSERT INTO profile (handle, sealed, journal_seq) VALUES (?1, ?2, ?3) ON CONFLICT (handle) DO UPDATE "
                "SET sealed = excluded.sealed, journal_seq = excluded.journal_seq",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

Match__Profile *profile_of(const struct match *self, int64_t handle, void *call)
{
    unsigned statement = self->profiles.sql + SQL_OPEN;
    Match__Profile *profile = NULL;
    const void *sealed;
    size_t len;
    char *plain;
    long n;

    store_ask(self->store, statement, "i", handle);
    if (!store_row(self->store, statement))
        return arena_message(rpc_arena(call), &match__profile__descriptor);
    sealed = store_blob(self->store, statement, 0, &len);
    plain = len > PII_OVERHEAD ? arena_alloc(rpc_arena(call), len - PII_OVERHEAD + 1) : NULL;
    n = plain ? pii_open(self->keys, CONTEXT, handle, sealed, len, plain) : -1;
    store_end(self->store, statement);
    if (n >= 0)
        profile = match__profile__unpack(&rpc_arena(call)->allocator, (size_t)n, (const uint8_t *)plain);
    return profile;
}

int profile_put(struct match *self, int64_t handle, const Match__Profile *profile, void *call)
{
    Match__ProfileChanged changed = MATCH__PROFILE_CHANGED__INIT;
    size_t len = match__profile__get_packed_size(profile);
    uint8_t *plain = arena_alloc(rpc_arena(call), len + 1), *sealed = arena_alloc(rpc_arena(call), len + PII_OVERHEAD);
    unsigned char nonce[PII_NONCE_LEN];

    if (!plain || !sealed)
        return RPC__REASON__OVERLOADED;
    match__profile__pack(profile, plain);
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(self->keys, CONTEXT, handle, nonce, plain, len, sealed);
    store_run(self->store, self->profiles.sql + SQL_PUT, "ibi", handle, sealed, len + PII_OVERHEAD,
              rpc_server_journal(self->rpc)->tip.seq + 1);
    self->parts.erased = true; /* what she said before */
    changed.handle = handle;
    rpc_tell(call, &changed.base);
    return 0;
}

/* ---- what may be said ---- */

static bool is_known(const ProtobufCEnumDescriptor *kind, int value)
{
    return protobuf_c_enum_descriptor_get_value(kind, value) != NULL;
}

/* "" or one that is in force. */
static bool is_region(const char *code, int64_t now)
{
    char name[CN_REGION_SIZE];

    return !*code || (strlen(code) == 6 && cn_region(code, cn_day(now) / 10000, name) == CN_REGION_IN_FORCE);
}

static int hobbies_refusal(const Match__Profile *profile)
{
    uint64_t said = 0;

    for (size_t i = 0; i < profile->n_hobbies; i++) {
        int hobby = (int)profile->hobbies[i];

        if (hobby == MATCH__HOBBY__HOBBY_NONE || !is_known(&match__hobby__descriptor, hobby))
            return RPC__REASON__OUT_OF_RANGE;
        if (said >> hobby & 1)
            return MATCH__REASON__PROFILE_SAID_TWICE;
        said |= UINT64_C(1) << hobby;
    }
    return 0;
}

static int told_refusal(const Match__Profile *profile)
{
    unsigned said = 0;

    for (size_t i = 0; i < profile->n_told; i++) {
        const Match__FieldTold *one = profile->told[i];

        if (one->field == MATCH__PROFILE_FIELD__FIELD_NONE || one->told_to == MATCH__TOLD_TO__TOLD_NONE ||
            !is_known(&match__profile_field__descriptor, (int)one->field) ||
            !is_known(&match__told_to__descriptor, (int)one->told_to))
            return RPC__REASON__OUT_OF_RANGE;
        if (said >> one->field & 1)
            return MATCH__REASON__PROFILE_SAID_TWICE;
        said |= 1u << one->field;
    }
    return 0;
}

static int ages_refusal(const Match__Profile *profile)
{
    bool turned = profile->age_until && profile->age_until < profile->age_from;
    bool young = (profile->age_from && profile->age_from < ADULT_YEARS) ||
                 (profile->age_until && profile->age_until < ADULT_YEARS);

    return turned || young ? MATCH__REASON__PROFILE_AGES_TURNED : 0;
}

int profile_refusal(const Match__Profile *profile, int64_t now, const char **ret_field)
{
    const struct {
        const char *field;
        int reason;
    } checks[] = {
        {"profile.heightCm", profile->height_cm && profile->height_cm < HEIGHT_MIN ? RPC__REASON__OUT_OF_RANGE : 0},
        {"profile.education",
         is_known(&match__education__descriptor, (int)profile->education) ? 0 : RPC__REASON__OUT_OF_RANGE},
        {"profile.work", is_known(&match__work__descriptor, (int)profile->work) ? 0 : RPC__REASON__OUT_OF_RANGE},
        {"profile.marital",
         is_known(&match__marital__descriptor, (int)profile->marital) ? 0 : RPC__REASON__OUT_OF_RANGE},
        {"profile.aim", is_known(&match__aim__descriptor, (int)profile->aim) ? 0 : RPC__REASON__OUT_OF_RANGE},
        {"profile.home", is_region(profile->home, now) ? 0 : MATCH__REASON__PROFILE_NO_SUCH_REGION},
        {"profile.district", is_region(profile->district, now) ? 0 : MATCH__REASON__PROFILE_NO_SUCH_REGION},
        {"profile.hobbies", hobbies_refusal(profile)},
        {"profile.told", told_refusal(profile)},
        {"profile.ageUntil", ages_refusal(profile)},
    };

    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        if (checks[i].reason) {
            *ret_field = checks[i].field;
            return checks[i].reason;
        }
    }
    return 0;
}

/* ---- what the part does ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct match *self = arg;
    const Match__Event *event = body;

    if (event->event_case != MATCH__EVENT__EVENT_PROFILE_CHANGED)
        return true;
    store_ask(self->store, self->profiles.sql + SQL_SEQ, "i", event->profile_changed->handle);
    told[0] += store_number(self->store, self->profiles.sql + SQL_SEQ) == row->seq;
    return true;
}

static void on_export(void *arg, struct part_export *export)
{
    const struct match *self = arg;

    store_ask(self->store, self->profiles.sql + SQL_SEQ, "i", export->member_id);
    if (store_any(self->store, self->profiles.sql + SQL_SEQ) && export->after < 1)
        part_give(export, profile_of(self, export->member_id, export->call), 1);
}

const struct part_spec profiles_part = {
    .tables = "profile",
    .steps = &profiles_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .agrees = agrees,
    .counts = {{"profiles", "SELECT count(*) FROM profile"}},
    .people = "profile.handle",
    .on_export = on_export,
    .closed = {"DELETE FROM profile WHERE handle = ?1"},
    .merged = {"DELETE FROM profile WHERE handle = ?1 AND handle <> ?2"},
};
