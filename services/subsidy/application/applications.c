#include "services/subsidy/application/application_internal.h"
#include "services/subsidy/selection/selections.h"

#include "common/base/sha256.h"

#define CONTEXT "application"
#define GRANTED "(4, 8, 9, 10, 11, 12, 13)" /* APPLICATION_APPROVED, and APPLICATION_WAITING to APPLICATION_PAID */
/* Of looks: not those at what is with an objection to her. */
#define HERS_TO_SEE "evidence_id NOT IN (SELECT evidence_id FROM evidence WHERE objection_id > 0)"
#define COLUMNS                                                                                                        \
    "application_id, scheme_id, family_id, member_id, shown_name, union_path, state, step, office_path, since, "       \
    "due_at, period_at, amount_fen, taken_by, overdue, again, submitted_at, saved_at, n_steps, journal_seq, for_union"
#define OF_UNION "union_path = ?1 AND for_union = 1" /* in place of HOLDER_HERS */
#define HAD      "family_id = ?2 AND state IN " GRANTED " AND (?3 = 0 OR period_at = ?3) LIMIT 1"
#define STILL    "family_id = ?2 AND state IN (2, 3) AND application_id <> ?3 AND (?4 = 0 OR period_at = ?4) LIMIT 1"
/* What is promised, or paid since an instant. */
#define BESIDE                                                                                                         \
    "family_id = (SELECT family_id FROM scheme WHERE scheme_id = ?2) AND state IN " GRANTED                            \
    " AND (state <> 13 OR since > ?3) LIMIT 1"

static const char *const sql[] = {
    [APPLICATION_SQL_ADD] =
        "INSERT INTO application (" COLUMNS ", answers, remark) VALUES (?1, ?2, ?3, ?4, '', ?5, 1, 0, '', ?6, "
        "0, 0, 0, 0, 0, 0, 0, ?6, 0, 0, ?7, x'', x'')",
    [APPLICATION_SQL_FIND] = "SELECT " COLUMNS " FROM application WHERE application_id = ?1",
    [APPLICATION_SQL_SET] =
        "UPDATE application SET shown_name = ?2, union_path = ?3, state = ?4, step = ?5, office_path = ?6, "
        "since = ?7, due_at = ?8, period_at = ?9, amount_fen = ?10, taken_by = ?11, overdue = ?12, again = ?13, "
        "submitted_at = ?14, n_steps = ?15, journal_seq = ?16 WHERE application_id = ?1",
    [APPLICATION_SQL_SET_DUE] = "UPDATE application SET due_at = ?2 WHERE application_id = ?1",
    [APPLICATION_SQL_SAVE] = "UPDATE application SET answers = ?2, saved_at = ?3 WHERE application_id = ?1",
    [APPLICATION_SQL_ANSWERS] = "SELECT answers FROM application WHERE application_id = ?1",
    [APPLICATION_SQL_REMARK] = "SELECT remark FROM application WHERE application_id = ?1",
    [APPLICATION_SQL_SET_REMARK] = "UPDATE application SET remark = ?2 WHERE application_id = ?1",
    [APPLICATION_SQL_HERS] =
        "SELECT " COLUMNS " FROM application WHERE " HOLDER_HERS
        " AND application_id < ?2 AND " RPC_PAGE_STATES("?3", "state") " ORDER BY application_id DESC LIMIT ?4",
    [APPLICATION_SQL_HERS_AFTER] = "SELECT " COLUMNS " FROM application WHERE " HOLDER_HERS
                                   " AND application_id > ?2 ORDER BY application_id LIMIT ?3",
    [APPLICATION_SQL_IN_REVIEW] = "SELECT " COLUMNS " FROM application WHERE state = 2 AND (office_path, "
                                  "application_id) > (?1, ?3) AND office_path < ?2 ORDER BY office_path, "
                                  "application_id LIMIT ?4",
    [APPLICATION_SQL_IN_REVIEW_OF] = "SELECT " COLUMNS " FROM application WHERE state = 2 AND scheme_id = ?5 AND "
                                     "(office_path, application_id) > (?1, ?3) AND office_path < ?2 ORDER BY "
                                     "office_path, application_id LIMIT ?4",
    [APPLICATION_SQL_OF_UNIONS] =
        "SELECT " COLUMNS " FROM application WHERE state > 1 AND (union_path, application_id) > (?1, ?3) "
        "AND union_path < ?2 AND (?4 = 0 OR scheme_id = ?4) AND " RPC_PAGE_STATES(
            "?6", "state") " ORDER BY union_path, application_id LIMIT ?5",
    [APPLICATION_SQL_COUNT] =
        "SELECT count(*), coalesce(sum(overdue), 0) FROM (SELECT overdue FROM application WHERE state = 2 AND "
        "office_path >= ?1 AND office_path < ?2 LIMIT ?3)",
    [APPLICATION_SQL_LAST] = "SELECT max(application_id) FROM application WHERE " HOLDER_HERS " AND family_id = ?2",
    [APPLICATION_SQL_STILL] = "SELECT application_id FROM application WHERE " HOLDER_HERS " AND " STILL,
    [APPLICATION_SQL_UNION_STILL] = "SELECT application_id FROM application WHERE " OF_UNION " AND " STILL,
    /* A draft is of no period yet. */
    [APPLICATION_SQL_BEGUN] = "SELECT application_id FROM application WHERE " HOLDER_HERS
                              " AND family_id = ?2 AND (state = 1 OR (state = 3 AND (?4 = 0 OR period_at = ?4))) AND "
                              "(for_union = 0 OR union_path = ?3) ORDER BY state DESC LIMIT 1",
    [APPLICATION_SQL_N_OPEN] = "SELECT count(*) FROM application WHERE " HOLDER_HERS " AND state IN (1, 2, 3)",
    [APPLICATION_SQL_HAD] = "SELECT application_id FROM application WHERE " HOLDER_HERS " AND " HAD,
    [APPLICATION_SQL_UNION_HAD] = "SELECT application_id FROM application WHERE " OF_UNION " AND " HAD,
    [APPLICATION_SQL_BESIDE] = "SELECT application_id FROM application WHERE " HOLDER_HERS " AND " BESIDE,
    [APPLICATION_SQL_UNION_BESIDE] = "SELECT application_id FROM application WHERE " OF_UNION " AND " BESIDE,
    [APPLICATION_SQL_DUE] =
        "SELECT application_id FROM application WHERE due_at > 0 AND due_at <= ?1 ORDER BY due_at LIMIT ?2",
    [APPLICATION_SQL_OF_NUMBER] =
        "SELECT application_id FROM application WHERE member_id = ?1 AND (state IN (1, 2, 3) OR answers "
        "<> x'') LIMIT ?2",
    /* What one person has been given more often than once, the later one; but what is ordered or paid stays. */
    [APPLICATION_SQL_TWICE] =
        "SELECT b.application_id, b.scheme_id FROM application a JOIN application b USING (family_id) WHERE "
        "a.member_id IN " HOLDER_NUMBERS("?1") " AND b.member_id IN " HOLDER_NUMBERS(
            "?1") " AND a.state IN " GRANTED " AND b.state IN " GRANTED
                  " AND a.application_id <> b.application_id AND b.state NOT IN (12, 13) AND (a.application_id < "
                  "b.application_id OR "
                  "a.state IN (12, 13)) AND b.application_id > ?2 AND a.period_at = b.period_at AND a.for_union + "
                  "b.for_union = 0 ORDER BY "
                  "b.application_id LIMIT 1",
    [APPLICATION_SQL_ADD_STEP] =
        "INSERT INTO application_step (application_id, nth, kind, step, at, office_path, by_id, gave_by, "
        "also_gave_by, remark, journal_seq, journal_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [APPLICATION_SQL_STEPS] =
        "SELECT nth, kind, step, at, office_path, journal_seq, remark, journal_hash FROM application_step "
        "WHERE application_id = ?1 ORDER BY nth",
    [APPLICATION_SQL_STEP] =
        "SELECT 1 FROM application_step WHERE application_id = ?1 AND nth = ?2 AND kind = ?3 AND journal_seq = "
        "?4",
    /* Of all steps since it was handed in last: 1, 12 and 30 are STEP_SUBMITTED, STEP_ASKED_AGAIN and
       STEP_CARRIED_OVER, 4 STEP_APPROVED. */
    [APPLICATION_SQL_APPROVALS] =
        "SELECT step, by_id, gave_by, also_gave_by FROM application_step WHERE application_id = ?1 AND kind = 4 AND "
        "nth > (SELECT max(nth) FROM application_step WHERE application_id = ?1 AND kind IN (1, 12, 30)) "
        "ORDER BY nth",
    [APPLICATION_SQL_APPROVAL_HASH] =
        "SELECT journal_hash FROM application_step WHERE application_id = ?1 AND kind = 4 "
        "AND step < ?2 ORDER BY nth DESC LIMIT 1",
    [APPLICATION_SQL_UNIONS_AT] =
        "SELECT union_id, path FROM tree_union WHERE " UNION_PATH_RANGE("path") " AND length(path) = ?3 ORDER BY path",
    [APPLICATION_SQL_CLEAR_OFFICES] = "DELETE FROM application_office WHERE application_id = ?1",
    [APPLICATION_SQL_ADD_OFFICE] =
        "INSERT INTO application_office (application_id, nth, office_path, given_by) VALUES (?1, ?2, "
        "?3, ?4)",
    [APPLICATION_SQL_OFFICES] = "SELECT office_path, given_by FROM application_office WHERE application_id = ?1",
    [APPLICATION_SQL_COPY_OFFICES] =
        "INSERT INTO application_office (application_id, nth, office_path, given_by) SELECT "
        "?1, nth, office_path, given_by FROM application_office WHERE application_id = ?2",
    /* APPLICATION_APPROVED, SHOWN, and PAYABLE to PAID. */
    [APPLICATION_SQL_GIVEN] = "SELECT application_id FROM application WHERE family_id = ?1 AND period_at = ?2 AND "
                              "period_at > 0 AND state IN (4, 9, 11, 12, 13) AND application_id > ?3 ORDER BY "
                              "application_id LIMIT ?4",
    [APPLICATION_SQL_USE] = "INSERT INTO certificate (number, application_id) VALUES (?1, ?2)",
    [APPLICATION_SQL_USED] = "SELECT 1 FROM certificate WHERE number = ?1 AND application_id <> ?2",
    [APPLICATION_SQL_FREE] = "DELETE FROM certificate WHERE application_id = ?1",
    [APPLICATION_SQL_LOOK] = "INSERT INTO application_look (look_id, application_id, looked_by, at, evidence_id) "
                             "VALUES (?1, ?2, ?3, ?4, ?5)",
    [APPLICATION_SQL_LOOKS] =
        "SELECT look_id, at, evidence_id FROM application_look WHERE application_id = ?1 AND " HERS_TO_SEE
        " ORDER BY look_id DESC LIMIT ?2",
    [APPLICATION_SQL_FORGET] =
        "UPDATE application SET answers = x'', remark = x'', shown_name = '' WHERE application_id = ?1",
    [APPLICATION_SQL_FORGET_NOTES] = "UPDATE application_step SET remark = x'' WHERE application_id = ?1",
    [APPLICATION_SQL_DROP] = "DELETE FROM application WHERE application_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == APPLICATION_N_SQL, "a statement for each");

/* ---- rows ---- */

bool application_next(const struct subsidy *self, unsigned which, struct application *ret)
{
    return store_read(self->store, application_sql(self, which), INTO(ret->id), INTO(ret->scheme_id),
                      INTO(ret->family_id), INTO(ret->member_id), INTO(ret->shown_name), INTO(ret->union_path),
                      INTO(ret->state), INTO(ret->step), INTO(ret->office_path), INTO(ret->since), INTO(ret->due_at),
                      INTO(ret->period_at), INTO(ret->amount_fen), INTO(ret->taken_by), INTO(ret->overdue),
                      INTO(ret->again), INTO(ret->submitted_at), INTO(ret->saved_at), INTO(ret->n_steps),
                      INTO(ret->journal_seq), INTO(ret->for_union));
}

bool application_find(const struct subsidy *self, int64_t application_id, struct application *ret)
{
    bool found;

    store_ask(self->store, application_sql(self, APPLICATION_SQL_FIND), "i", application_id);
    found = application_next(self, APPLICATION_SQL_FIND, ret);
    store_end(self->store, application_sql(self, APPLICATION_SQL_FIND));
    return found;
}

size_t applications_list(const struct subsidy *self, int64_t member_id, int64_t before, int64_t states,
                         struct application *ret, size_t size)
{
    size_t n = 0;

    store_ask(self->store, application_sql(self, APPLICATION_SQL_HERS), "iiii", member_id, before, states,
              (int64_t)size);
    while (n < size && application_next(self, APPLICATION_SQL_HERS, &ret[n]))
        n++;
    store_end(self->store, application_sql(self, APPLICATION_SQL_HERS));
    return n;
}

#define IN_REVIEW RPC_STATE(SUBSIDY__APPLICATION_STATE__APPLICATION_IN_REVIEW)

const char *application_place(const struct application *application, int64_t states)
{
    return states == IN_REVIEW ? application->office_path : application->union_path;
}

size_t applications_at(const struct subsidy *self, const char *path, const char *from, int64_t after, int64_t states,
                       int64_t scheme_id, struct application *ret, size_t size)
{
    unsigned which = states != IN_REVIEW ? APPLICATION_SQL_OF_UNIONS
                     : scheme_id         ? APPLICATION_SQL_IN_REVIEW_OF
                                         : APPLICATION_SQL_IN_REVIEW;
    char end[UNION_PATH_SIZE + 1];
    size_t n = 0;

    union_path_end(path, end);
    if (states != IN_REVIEW)
        store_ask(self->store, application_sql(self, which), "ttiiii", from, end, after, scheme_id, (int64_t)size,
                  states);
    else if (scheme_id)
        store_ask(self->store, application_sql(self, which), "ttiii", from, end, after, (int64_t)size, scheme_id);
    else
        store_ask(self->store, application_sql(self, which), "ttii", from, end, after, (int64_t)size);
    while (n < size && application_next(self, which, &ret[n]))
        n++;
    store_end(self->store, application_sql(self, which));
    return n;
}

void applications_count(const struct subsidy *self, const char *path, int64_t most, int64_t *ret_n,
                        int64_t *ret_overdue)
{
    char end[UNION_PATH_SIZE + 1];

    union_path_end(path, end);
    store_ask(self->store, application_sql(self, APPLICATION_SQL_COUNT), "tti", path, end, most);
    store_only(self->store, application_sql(self, APPLICATION_SQL_COUNT), INTO(*ret_n), INTO(*ret_overdue));
}

int64_t application_last(const struct subsidy *self, int64_t member_id, int64_t family_id)
{
    store_ask(self->store, application_sql(self, APPLICATION_SQL_LAST), "ii", member_id, family_id);
    return store_number(self->store, application_sql(self, APPLICATION_SQL_LAST));
}

/* ---- what is sealed ---- */

Subsidy__FormAnswers *application_answers(const struct subsidy *self, int64_t application_id, struct arena *arena)
{
    Subsidy__FormAnswers *answers = NULL;
    const void *sealed;
    char *plain;
    size_t len;
    long n;

    store_ask(self->store, application_sql(self, APPLICATION_SQL_ANSWERS), "i", application_id);
    if (!store_row(self->store, application_sql(self, APPLICATION_SQL_ANSWERS)))
        return NULL;
    sealed = store_blob(self->store, application_sql(self, APPLICATION_SQL_ANSWERS), 0, &len);
    if (len == 0) {
        answers = arena_message(arena, &subsidy__form_answers__descriptor);
    } else {
        plain = arena_alloc(arena, len + 1);
        n = plain ? pii_open(self->forms, CONTEXT, application_id, sealed, len, plain) : -1;
        if (n >= 0)
            answers = subsidy__form_answers__unpack(&arena->allocator, (size_t)n, (const uint8_t *)plain);
    }
    store_end(self->store, application_sql(self, APPLICATION_SQL_ANSWERS));
    return answers;
}

char *application_open_text(const struct subsidy *self, int64_t row, const void *sealed, size_t len,
                            struct arena *arena)
{
    char *plain = len ? arena_alloc(arena, len + 1) : NULL;

    return plain && pii_open(self->forms, APPLICATION_REMARK, row, sealed, len, plain) >= 0 ? plain : unconst("");
}

char *application_remark(const struct subsidy *self, int64_t application_id, struct arena *arena)
{
    char *text = unconst("");
    const void *sealed;
    size_t len;

    store_ask(self->store, application_sql(self, APPLICATION_SQL_REMARK), "i", application_id);
    if (!store_row(self->store, application_sql(self, APPLICATION_SQL_REMARK)))
        return text;
    sealed = store_blob(self->store, application_sql(self, APPLICATION_SQL_REMARK), 0, &len);
    text = application_open_text(self, application_id, sealed, len, arena);
    store_end(self->store, application_sql(self, APPLICATION_SQL_REMARK));
    return text;
}

int application_save(struct subsidy *self, struct application *application, const Subsidy__FormAnswers *answers,
                     void *call)
{
    size_t len = subsidy__form_answers__get_packed_size(answers);
    uint8_t *plain = arena_alloc(rpc_arena(call), len + 1);
    unsigned char *sealed = arena_alloc(rpc_arena(call), len + PII_OVERHEAD), nonce[PII_NONCE_LEN];

    if (len + PII_OVERHEAD > APPLICATION_ANSWERS_SIZE)
        return RPC__REASON__TOO_LONG;
    if (!plain || !sealed)
        return RPC__REASON__OVERLOADED;
    subsidy__form_answers__pack(answers, plain);
    rpc_random(call, nonce, sizeof(nonce));
    pii_seal(self->forms, CONTEXT, application->id, nonce, plain, len, sealed);
    application->saved_at = rpc_now(call);
    store_run(self->store, application_sql(self, APPLICATION_SQL_SAVE), "ibi", application->id, sealed,
              len + PII_OVERHEAD, application->saved_at);
    self->parts.erased = true; /* what was typed before */
    return 0;
}

void application_hash(const struct subsidy *self, int64_t application_id, unsigned char ret[APPLICATION_HASH_LEN])
{
    const void *sealed;
    size_t len;

    memset(ret, 0, APPLICATION_HASH_LEN);
    store_ask(self->store, application_sql(self, APPLICATION_SQL_ANSWERS), "i", application_id);
    if (store_row(self->store, application_sql(self, APPLICATION_SQL_ANSWERS))) {
        sealed = store_blob(self->store, application_sql(self, APPLICATION_SQL_ANSWERS), 0, &len);
        if (len)
            sha256_of(sealed, len, ret);
    }
    store_end(self->store, application_sql(self, APPLICATION_SQL_ANSWERS));
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct subsidy *self = arg;
    const Subsidy__Event *event = body;
    const Subsidy__ApplicationChanged *changed = event->application_changed;
    struct application application;
    unsigned char hash[APPLICATION_HASH_LEN];

    if (event->event_case != SUBSIDY__EVENT__EVENT_APPLICATION_CHANGED)
        return true;
    told[0]++;
    store_ask(self->store, application_sql(self, APPLICATION_SQL_STEP), "iiii", changed->application_id,
              (int64_t)changed->nth, (int64_t)changed->kind, row->seq);
    if (!store_any(self->store, application_sql(self, APPLICATION_SQL_STEP)))
        return false;
    *part_word(&self->parts, &applications_part, 0, changed->application_id) = (int64_t)changed->state;
    *part_word(&self->parts, &applications_part, 1, changed->application_id) = changed->amount_fen;
    if (!application_find(self, changed->application_id, &application) || application.journal_seq < row->seq)
        return false;
    if (application.journal_seq > row->seq)
        return true;
    application_hash(self, application.id, hash);
    return application.member_id == changed->member_id && application.scheme_id == changed->scheme_id &&
           application.n_steps == changed->nth &&
           part_path_is(&self->parts, row->seq, changed->office_path, application.office_path) &&
           (!application.shown_name[0] || /* else it is forgotten */
            memcmp(hash, changed->answers_hash.data, APPLICATION_HASH_LEN) == 0 ||
            application.state == SUBSIDY__APPLICATION_STATE__APPLICATION_GIVEN_BACK); /* which she corrects */
}

static const struct part_stray strays[] = {
    {"application", "was handed in, and has not as many steps as it says",
     "SELECT application_id FROM application a WHERE n_steps <> (SELECT count(*) FROM application_step s WHERE "
     "s.application_id = a.application_id) LIMIT 1"},
    {"application", "is approved by fewer than two people",
     "SELECT application_id FROM application a WHERE state IN " GRANTED
     " AND (SELECT count(DISTINCT by_id) FROM application_step "
     "s WHERE s.application_id = a.application_id AND kind = 4) < 2 LIMIT 1"},
    {"certificate", "is of no application that uses it",
     "SELECT application_id FROM certificate WHERE application_id NOT IN (SELECT application_id FROM application WHERE "
     "state IN (2, 3) OR state IN " GRANTED ") LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec applications_part = {
    .tables = "application application_step application_office certificate application_look",
    .others = "application.application_id application.family_id application.taken_by application.overdue "
              "application.step application.again application.for_union "
              "application.n_steps application_step.nth application_step.by_id application_step.gave_by "
              "application_step.also_gave_by application_step.step application_office.nth application_office.given_by "
              "application_look.looked_by application_look.evidence_id",
    .steps = &applications_steps,
    .sql = sql,
    .n_sql = APPLICATION_N_SQL,
    .last_id = "SELECT max(coalesce((SELECT max(application_id) FROM application), 0), "
               "coalesce((SELECT max(look_id) FROM application_look), 0))",
    .tidy = application_tidy,
    .agrees = agrees,
    .counts = {{"steps of applications", "SELECT count(*) FROM application_step"}},
    .words = {{"application", "SELECT application_id, state FROM application WHERE journal_seq > 0 ORDER BY "
                              "application_id"},
              {"application's amount", "SELECT application_id, amount_fen FROM application WHERE journal_seq > 0 ORDER "
                                       "BY application_id"}},
    .strays = strays,
    .exports = {{&subsidy__application_look__descriptor,
                 "SELECT look_id, look_id, application_id, at, evidence_id FROM application_look WHERE application_id "
                 "IN (SELECT "
                 "application_id FROM application WHERE " HOLDER_HERS ") AND " HERS_TO_SEE
                 " AND look_id > ?2 ORDER BY look_id LIMIT ?3"}},
    .on_export = application_on_export,
    .closed = {"-- what is not decided lapses, and what she wrote is destroyed (settle)"},
    .merged = {"-- they stay under their number, and are hers who holds it; of what is had once the later one lapses "
               "(settle)"},
    .settle = application_settle,
    .moves = "application.union_path application.office_path application_step.office_path "
             "application_office.office_path",
};
