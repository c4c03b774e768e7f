#include "services/subsidy/skills/skills.h"

#include "common/base/sha256.h"
#include "common/cn/cn_id.h"
#include "services/subsidy/scheme/scheme_rules.h"

#define CONTEXT   "skill"
#define HASH_LEN  32
#define WORDS_MAX 256 /* bytes of an occupation or a level by which it is found */
#define COLUMNS   "skill.application_id, skill.member_id, skill.union_path, kind, given_year, attested_at"
/* APPLICATION_APPROVED, and all that follows it but what is refused or lapses. */
#define STANDS                                                                                                         \
    "said <> x'' AND (SELECT state FROM application WHERE application_id = skill.application_id) IN (4, 8, 9, 10, "    \
    "11, "                                                                                                             \
    "12, 13, 14)"
#define SEARCH(given)                                                                                                  \
    "SELECT " COLUMNS " FROM skill WHERE " given "(union_path, application_id) > (?1, ?3) AND union_path < ?2 AND "    \
    "given_year >= ?4 AND given_year <= ?5 AND (?6 = x'' OR level = ?6) AND (?7 = x'' OR occupation = ?7) AND " STANDS \
    " ORDER BY union_path, application_id LIMIT ?8"

enum {
    SQL_PUT,
    SQL_FIND,
    SQL_ANY,
    SQL_HERS,
    SQL_HERS_AFTER,
    SQL_SAID,
    SQL_PROOF,
    SQL_SEARCH,
    SQL_SEARCH_LEVEL,
    SQL_SEARCH_TRADE,
    N_SQL
};

static const char *const sql[] = {
    [SQL_PUT] =
        "INSERT INTO skill (application_id, member_id, union_path, kind, given_year, attested_at, occupation, level, "
        "said, journal_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (application_id) DO "
        "UPDATE SET union_path = excluded.union_path, kind = excluded.kind, given_year = excluded.given_year, "
        "attested_at = excluded.attested_at, occupation = excluded.occupation, level = excluded.level, said = "
        "excluded.said, journal_seq = excluded.journal_seq",
    [SQL_FIND] = "SELECT " COLUMNS " FROM skill WHERE application_id = ?1 AND " STANDS,
    [SQL_ANY] = "SELECT said, journal_seq, member_id FROM skill WHERE application_id = ?1",
    [SQL_HERS] = "SELECT " COLUMNS " FROM skill WHERE " HOLDER_HERS " AND application_id < ?2 AND " STANDS
                 " ORDER BY application_id DESC LIMIT ?3",
    [SQL_HERS_AFTER] =
        "SELECT " COLUMNS " FROM skill WHERE " HOLDER_HERS " AND application_id > ?2 AND said <> x'' ORDER "
        "BY application_id LIMIT ?3",
    [SQL_SAID] = "SELECT said FROM skill WHERE application_id = ?1",
    /* STEP_DECIDED. */
    [SQL_PROOF] =
        "SELECT journal_seq, journal_hash FROM application_step WHERE application_id = ?1 AND kind = 8 ORDER BY "
        "nth DESC LIMIT 1",
    [SQL_SEARCH] = SEARCH(""),
    [SQL_SEARCH_LEVEL] = SEARCH("level <> x'' AND level = ?6 AND "),
    [SQL_SEARCH_TRADE] = SEARCH("occupation <> x'' AND occupation = ?7 AND "),
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

static bool next(const struct subsidy *self, unsigned which, struct skill *ret)
{
    return store_read(self->store, self->skills.sql + which, INTO(ret->application_id), INTO(ret->member_id),
                      INTO(ret->union_path), INTO(ret->kind), INTO(ret->year), INTO(ret->attested_at));
}

static size_t all(const struct subsidy *self, unsigned which, struct skill *ret, size_t size)
{
    size_t n = 0;

    while (n < size && next(self, which, &ret[n]))
        n++;
    store_end(self->store, self->skills.sql + which);
    return n;
}

bool skill_find(const struct subsidy *self, int64_t application_id, struct skill *ret)
{
    store_ask(self->store, self->skills.sql + SQL_FIND, "i", application_id);
    return all(self, SQL_FIND, ret, 1) == 1;
}

size_t skills_list(const struct subsidy *self, int64_t member_id, int64_t before, struct skill *ret, size_t size)
{
    store_ask(self->store, self->skills.sql + SQL_HERS, "iii", member_id, before, (int64_t)size);
    return all(self, SQL_HERS, ret, size);
}

/* Of what is found by its words: as it is written, but for blanks. How long the index is: 0, there are no words. */
static size_t index_of(const struct subsidy *self, const char *context, const char *text,
                       unsigned char ret[PII_INDEX_LEN])
{
    char folded[WORDS_MAX];
    size_t len = 0;

    for (const char *at = text; *at && len < sizeof(folded); at++) {
        if (*at != ' ' && *at != '\n')
            folded[len++] = *at;
    }
    if (len)
        pii_index(self->forms, context, folded, len, ret);
    return len ? PII_INDEX_LEN : 0;
}

static size_t occupation_index(const struct subsidy *self, const char *text, unsigned char ret[PII_INDEX_LEN])
{
    return index_of(self, "skill occupation", text, ret);
}

static size_t level_index(const struct subsidy *self, const char *text, unsigned char ret[PII_INDEX_LEN])
{
    return index_of(self, "skill level", text, ret);
}

size_t skills_search(const struct subsidy *self, const struct skill_search *search, struct skill *ret, size_t size)
{
    unsigned char occupation[PII_INDEX_LEN], level[PII_INDEX_LEN];
    size_t occupation_len = occupation_index(self, search->occupation, occupation),
           level_len = level_index(self, search->level, level);
    unsigned which = occupation_len ? SQL_SEARCH_TRADE : level_len ? SQL_SEARCH_LEVEL : SQL_SEARCH;
    char end[UNION_PATH_SIZE + 1];

    union_path_end(search->path, end);
    store_ask(self->store, self->skills.sql + which, "ttiiibbi", search->from, end, search->after,
              (int64_t)search->year_from, (int64_t)(search->year_to ? search->year_to : INT32_MAX), level, level_len,
              occupation, occupation_len, (int64_t)size);
    return all(self, which, ret, size);
}

Subsidy__SkillSaid *skill_said(const struct subsidy *self, int64_t application_id, struct arena *arena)
{
    Subsidy__SkillSaid *said = NULL;
    const void *sealed;
    char *plain;
    size_t len;
    long n;

    store_ask(self->store, self->skills.sql + SQL_SAID, "i", application_id);
    if (!store_row(self->store, self->skills.sql + SQL_SAID))
        return NULL;
    sealed = store_blob(self->store, self->skills.sql + SQL_SAID, 0, &len);
    plain = arena_alloc(arena, len + 1);
    n = plain && len ? pii_open(self->forms, CONTEXT, application_id, sealed, len, plain) : -1;
    if (n >= 0)
        said = subsidy__skill_said__unpack(&arena->allocator, (size_t)n, (const uint8_t *)plain);
    store_end(self->store, self->skills.sql + SQL_SAID);
    return said;
}

void skill_proof(const struct subsidy *self, int64_t application_id, struct arena *arena, Subsidy__Skill *ret)
{
    const void *bytes;
    size_t len;

    store_ask(self->store, self->skills.sql + SQL_PROOF, "i", application_id);
    if (!store_row(self->store, self->skills.sql + SQL_PROOF))
        return;
    ret->seq = store_int(self->store, self->skills.sql + SQL_PROOF, 0);
    bytes = store_blob(self->store, self->skills.sql + SQL_PROOF, 1, &len);
    ret->hash.data = arena_alloc(arena, len);
    if (ret->hash.data) {
        memcpy(ret->hash.data, bytes, len);
        ret->hash.len = len;
    }
    store_end(self->store, self->skills.sql + SQL_PROOF);
}

/* ---- attesting ---- */

static char *text_of(const Subsidy__FormAnswers *answers, const char *field)
{
    const Subsidy__FieldAnswer *answer = *field ? form_answer(answers, field) : NULL;

    return answer ? answer->text : unconst("");
}

void skill_attest(struct subsidy *self, const Subsidy__Scheme *scheme, const struct application *application,
                  void *call)
{
    const Subsidy__SkillTerm *term = scheme->skill;
    const Subsidy__FormAnswers *answers = term ? application_answers(self, application->id, rpc_arena(call)) : NULL;
    unsigned char occupation[PII_INDEX_LEN], level[PII_INDEX_LEN], nonce[PII_NONCE_LEN], hash[HASH_LEN], *sealed;
    Subsidy__SkillAttested attested = SUBSIDY__SKILL_ATTESTED__INIT;
    Subsidy__SkillSaid said = SUBSIDY__SKILL_SAID__INIT;
    const Subsidy__FieldAnswer *day;
    uint8_t *plain;
    size_t len;

    if (!answers)
        return;
    said.title = *term->title ? term->title : text_of(answers, term->title_field);
    said.occupation = text_of(answers, term->occupation_field);
    said.level = text_of(answers, term->level_field);
    day = *term->day_field ? form_answer(answers, term->day_field) : NULL;
    said.date = day && day->date ? day->date : cn_day(rpc_now(call));
    len = subsidy__skill_said__get_packed_size(&said);
    plain = arena_alloc(rpc_arena(call), len + 1);
    sealed = arena_alloc(rpc_arena(call), len + PII_OVERHEAD);
    if (!plain || !sealed) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    subsidy__skill_said__pack(&said, plain);
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(self->forms, CONTEXT, application->id, nonce, plain, len, sealed);
    sha256_of(sealed, len + PII_OVERHEAD, hash);
    attested.application_id = application->id;
    attested.member_id = application->member_id;
    attested.said_hash = (ProtobufCBinaryData){HASH_LEN, hash};
    rpc_tell(call, &attested.base);
    store_run(self->store, self->skills.sql + SQL_PUT, "iitiiibbbi", application->id, application->member_id,
              application->union_path, (int64_t)term->kind, (int64_t)(said.date / 10000), rpc_now(call), occupation,
              occupation_index(self, said.occupation, occupation), level, level_index(self, said.level, level), sealed,
              len + PII_OVERHEAD, rpc_server_journal(self->rpc)->tip.seq);
}

/* ---- the part ---- */

static void on_export(void *arg, struct part_export *export)
{
    struct subsidy *self = arg;
    struct arena *arena = rpc_arena(export->call);
    struct skill skills[16];
    size_t n = ARRAY_LEN(skills);

    for (int64_t after = export->after; n == ARRAY_LEN(skills) && !export->failed;) {
        store_ask(self->store, self->skills.sql + SQL_HERS_AFTER, "iii", export->member_id, after,
                  (int64_t)ARRAY_LEN(skills));
        n = all(self, SQL_HERS_AFTER, skills, ARRAY_LEN(skills));
        for (size_t i = 0; i < n; i++) {
            Subsidy__Skill *message = arena_message(arena, &subsidy__skill__descriptor);
            const Subsidy__SkillSaid *said = message ? skill_said(self, skills[i].application_id, arena) : NULL;

            after = skills[i].application_id;
            if (said) {
                message->application_id = after;
                message->kind = (Subsidy__SkillKind)skills[i].kind;
                message->title = said->title;
                message->occupation = said->occupation;
                message->level = said->level;
                message->date = said->date;
                message->year = skills[i].year;
                message->attested_at = skills[i].attested_at;
            }
            if (!part_give(export, said ? message : NULL, after))
                return;
        }
    }
}

static void on_closed(void *arg, int64_t member_id, void *call)
{
    struct subsidy *self = arg;

    (void)member_id;
    (void)call;
    self->parts.erased = true;
}

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    const Subsidy__SkillAttested *attested = event->skill_attested;
    unsigned char hash[HASH_LEN];
    int64_t member_id = 0, seq = 0;
    const void *said;
    bool gone = false;
    size_t len;

    (void)told;
    if (event->event_case != SUBSIDY__EVENT__EVENT_SKILL_ATTESTED)
        return true;
    *part_word(&self->parts, &skills_part, 0, attested->application_id) = row->seq;
    store_ask(self->store, self->skills.sql + SQL_ANY, "i", attested->application_id);
    if (store_row(self->store, self->skills.sql + SQL_ANY)) {
        said = store_blob(self->store, self->skills.sql + SQL_ANY, 0, &len);
        gone = len == 0;
        sha256_of(said, len, hash);
        seq = store_int(self->store, self->skills.sql + SQL_ANY, 1);
        member_id = store_int(self->store, self->skills.sql + SQL_ANY, 2);
    }
    store_end(self->store, self->skills.sql + SQL_ANY);
    return member_id == attested->member_id && seq >= row->seq &&
           (seq > row->seq || gone ||
            (attested->said_hash.len == HASH_LEN && memcmp(attested->said_hash.data, hash, HASH_LEN) == 0));
}

const struct part_spec skills_part = {
    .tables = "skill",
    .others = "skill.application_id",
    .steps = &skills_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .agrees = agrees,
    .words = {{"entry of a file of skills", "SELECT application_id, journal_seq FROM skill ORDER BY application_id"}},
    .on_export = on_export,
    .closed = {"UPDATE skill SET said = x'', occupation = x'', level = x'' WHERE member_id = ?1"},
    .on_closed = on_closed,
    .merged = {"-- they stay under their number, and are hers who holds it"},
    .moves = "skill.union_path",
};
