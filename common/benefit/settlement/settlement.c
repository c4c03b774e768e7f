#include "common/benefit/settlement/settlement.h"

#include "common/base/bytes.h"
#include "common/base/hex.h"
#include "common/base/sha256.h"

#define CSV_LINES 500                         /* of one part */
#define CSV_LINE  (240 + SETTLEMENT_CSV_MORE) /* bytes of one, at most */
#define CSV_WORD  40                          /* of these what a kind of line is called */

#define COLUMNS                                                                                                        \
    "statement_id, for_id, payee_id, state, n_lines, total_fen, lines_hash, prepared_by, prepared_at, decided_by, "    \
    "decided_at, journal_seq"
#define LINE_COLUMNS "line, thing_id, kind, fen, seq, hash, corrects"
/* No correction takes line l back. */
#define STANDS                                                                                                         \
    "l.kind = 1 AND NOT EXISTS (SELECT 1 FROM statement_line c WHERE c.thing_id = l.thing_id "                         \
    "AND c.corrects = l.statement_id)"

enum {
    SQL_ADD,
    SQL_SET,
    SQL_FIND,
    SQL_FIND_OPEN,
    SQL_FOR,
    SQL_TOTAL,
    SQL_STAND,
    SQL_ADD_LINE,
    SQL_LINES,
    SQL_LINE_OF,
    SQL_DUE_FEN,
    SQL_SUPERSEDED,
    SQL_DROP_LINES,
    N_SQL
};

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO statement (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    [SQL_SET] = "UPDATE statement SET state = ?2, n_lines = ?3, total_fen = ?4, lines_hash = ?5, decided_by = ?6, "
                "decided_at = ?7, journal_seq = ?8 WHERE statement_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM statement WHERE statement_id = ?1",
    [SQL_FIND_OPEN] = "SELECT " COLUMNS " FROM statement WHERE for_id = ?1 AND payee_id = ?2 AND state = 1",
    [SQL_FOR] = "SELECT " COLUMNS " FROM statement WHERE for_id = ?1 AND statement_id < ?2 AND " RPC_PAGE_STATES(
        "?4", "state") " ORDER BY statement_id DESC LIMIT ?3",
    [SQL_TOTAL] = "SELECT coalesce(sum(total_fen), 0) FROM statement WHERE for_id = ?1 AND state IN (1, 2)",
    [SQL_STAND] = "SELECT l.statement_id, s.payee_id FROM statement_line l JOIN statement s USING (statement_id) "
                  "WHERE l.thing_id = ?1 AND " STANDS " ORDER BY s.payee_id = ?2, l.statement_id LIMIT 1",
    [SQL_ADD_LINE] = "INSERT INTO statement_line (statement_id, " LINE_COLUMNS ") "
                     "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQL_LINES] = "SELECT " LINE_COLUMNS " FROM statement_line WHERE statement_id = ?1 AND line > ?2 "
                  "ORDER BY line LIMIT ?3",
    [SQL_LINE_OF] = "SELECT " LINE_COLUMNS ", statement_id FROM statement_line WHERE thing_id = ?1 "
                    "ORDER BY statement_id DESC, line DESC LIMIT 1",
    [SQL_DUE_FEN] = "SELECT fen FROM statement_line WHERE thing_id = ?1 AND statement_id = ?2 AND kind = 1",
    [SQL_SUPERSEDED] = "SELECT 1 FROM statement_line t JOIN statement_line l ON l.thing_id = t.thing_id AND " STANDS
                       " WHERE t.statement_id = ?1 AND t.kind = 2 LIMIT 1",
    [SQL_DROP_LINES] = "DELETE FROM statement_line WHERE statement_id = ?1",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

void settlement_use(struct settlement *settlement, const struct settlement_kind *kind, struct two_hands *hands)
{
    ensure(strlen(kind->csv_due) <= CSV_WORD && strlen(kind->csv_correction) <= CSV_WORD);
    settlement->kind = kind;
    settlement->hands = hands;
}

/* ---- asking ---- */

#define INTO_STATEMENT(s)                                                                                              \
    INTO((s)->id), INTO((s)->for_id), INTO((s)->payee_id), INTO((s)->state), INTO((s)->n_lines), INTO((s)->total_fen), \
        INTO((s)->lines_hash), INTO((s)->prepared_by), INTO((s)->prepared_at), INTO((s)->decided_by),                  \
        INTO((s)->decided_at), INTO((s)->journal_seq)
#define INTO_LINE(l)                                                                                                   \
    INTO((l)->line), INTO((l)->thing_id), INTO((l)->kind), INTO((l)->fen), INTO((l)->seq), INTO((l)->hash),            \
        INTO((l)->corrects)

bool statements_find(const struct settlement *settlement, int64_t statement_id, struct statement *ret)
{
    store_ask(settlement->store, settlement->sql + SQL_FIND, "i", statement_id);
    return store_only(settlement->store, settlement->sql + SQL_FIND, INTO_STATEMENT(ret));
}

bool statements_find_open(const struct settlement *settlement, int64_t for_id, int64_t payee_id, struct statement *ret)
{
    store_ask(settlement->store, settlement->sql + SQL_FIND_OPEN, "ii", for_id, payee_id);
    return store_only(settlement->store, settlement->sql + SQL_FIND_OPEN, INTO_STATEMENT(ret));
}

void statements_ask(const struct settlement *settlement, int64_t for_id, int64_t before, int limit, int64_t states)
{
    store_ask(settlement->store, settlement->sql + SQL_FOR, "iiii", for_id, before, (int64_t)limit, states);
}

bool statements_next(const struct settlement *settlement, struct statement *ret)
{
    return store_read(settlement->store, settlement->sql + SQL_FOR, INTO_STATEMENT(ret));
}

int64_t statements_total(const struct settlement *settlement, int64_t for_id)
{
    store_ask(settlement->store, settlement->sql + SQL_TOTAL, "i", for_id);
    return store_number(settlement->store, settlement->sql + SQL_TOTAL);
}

static bool next_line(const struct settlement *settlement, struct statement_line *ret)
{
    return store_read(settlement->store, settlement->sql + SQL_LINES, INTO_LINE(ret));
}

static void ask_lines(const struct settlement *settlement, int64_t statement_id, int32_t after, int n)
{
    store_ask(settlement->store, settlement->sql + SQL_LINES, "iii", statement_id, (int64_t)after, (int64_t)n);
}

int statement_lines(const struct settlement *settlement, int64_t statement_id, int32_t after, int n,
                    struct arena *arena, struct statement_line **ret)
{
    struct statement_line *lines = arena_alloc(arena, (size_t)n * sizeof(*lines));
    int count = 0;

    if (!lines)
        return -1;
    ask_lines(settlement, statement_id, after, n);
    while (count < n && next_line(settlement, &lines[count]))
        count++;
    store_end(settlement->store, settlement->sql + SQL_LINES);
    *ret = lines;
    return count;
}

bool statement_line_of(const struct settlement *settlement, int64_t thing_id, int64_t *ret_statement_id,
                       struct statement_line *ret)
{
    store_ask(settlement->store, settlement->sql + SQL_LINE_OF, "i", thing_id);
    return store_only(settlement->store, settlement->sql + SQL_LINE_OF, INTO_LINE(ret), INTO(*ret_statement_id));
}

/* ---- changes ---- */

static void put_event(struct statement *s, Settlement__StatementChanged *ret)
{
    settlement__statement_changed__init(ret);
    ret->statement_id = s->id;
    ret->for_id = s->for_id;
    ret->payee_id = s->payee_id;
    ret->n_lines = s->n_lines;
    ret->total_fen = s->total_fen;
    ret->lines_hash = (ProtobufCBinaryData){sizeof(s->lines_hash), s->lines_hash};
}

/* Says what became of it, then keeps that with the number of the row. */
static void change(struct settlement *settlement, int state, void *call, struct statement *s)
{
    Settlement__StatementChanged changed;

    s->state = state;
    put_event(s, &changed);
    changed.state = (Settlement__State)state;
    rpc_tell(call, &changed.base);
    s->journal_seq = rpc_server_journal(settlement->parts->rpc)->tip.seq;
    store_run(settlement->store, settlement->sql + SQL_SET, "iiiibiii", s->id, (int64_t)state, (int64_t)s->n_lines,
              s->total_fen, s->lines_hash, sizeof(s->lines_hash), s->decided_by, s->decided_at, s->journal_seq);
}

/* The deed of one; `what` is filled in for it. */
static struct hands_deed deed_of(const struct settlement *settlement, struct statement *s, const char *union_path,
                                 void *call, Settlement__StatementChanged *what)
{
    const struct settlement_kind *kind = settlement->kind;

    put_event(s, what);
    return (struct hands_deed){
        .kind = kind->deed,
        .id = s->id,
        .what = &what->base,
        .what_name = kind->deeds,
        .until = rpc_now(call) + HANDS_LIFE_MS,
        .roles = kind->roles,
        .union_path = union_path,
        .own = kind->reasons.by_one,
        .earlier_by = s->prepared_by,
    };
}

static void hash_line(struct sha256 *sum, const struct statement_line *line)
{
    unsigned char bytes[28];

    put_be64(bytes, (uint64_t)line->thing_id);
    put_be32(bytes + 8, (uint32_t)line->kind);
    put_be64(bytes + 12, (uint64_t)line->fen);
    put_be64(bytes + 20, (uint64_t)line->seq);
    sha256_add(sum, bytes, sizeof(bytes));
    sha256_add(sum, line->hash, sizeof(line->hash));
}

/* Tells the service what stands for a thing: of two that an earlier program let stand, the one to be corrected. */
static void tell_stands(struct settlement *settlement, int64_t thing_id)
{
    unsigned statement = settlement->sql + SQL_STAND;
    void *self = parts_self(settlement->parts);
    int64_t stands = 0, whose = 0, payee_id = 0, seq;

    settlement->kind->owed(self, thing_id, &payee_id, &seq);
    store_ask(settlement->store, statement, "ii", thing_id, payee_id);
    store_only(settlement->store, statement, INTO(stands), INTO(whose));
    settlement->kind->stands(self, thing_id, stands, whose);
}

static void add_lines(struct settlement *settlement, struct statement *s, const struct statement_line *lines)
{
    struct sha256 sum;

    sha256_start(&sum);
    for (int32_t i = 0; i < s->n_lines; i++) {
        const struct statement_line *line = &lines[i];

        hash_line(&sum, line);
        store_run(settlement->store, settlement->sql + SQL_ADD_LINE, "iiiiiibi", s->id, (int64_t)line->line,
                  line->thing_id, (int64_t)line->kind, line->fen, line->seq, line->hash, sizeof(line->hash),
                  line->corrects);
        tell_stands(settlement, line->thing_id);
    }
    sha256_end(&sum, s->lines_hash);
}

/* Numbers the lines, and finds the amount of what they take back and the hash of each row. 0 or a Reason. */
static int complete(struct settlement *settlement, struct statement *s, struct statement_line *lines)
{
    struct journal *journal = rpc_server_journal(settlement->parts->rpc);
    unsigned due = settlement->sql + SQL_DUE_FEN;

    _Static_assert(SETTLEMENT_HASH_LEN == JOURNAL_HASH_LEN, "the hash of a row");
    for (int32_t i = 0; i < s->n_lines; i++) {
        struct statement_line *line = &lines[i];

        line->line = i + 1;
        if (line->kind == SETTLEMENT__LINE_KIND__CORRECTION) {
            store_ask(settlement->store, due, "ii", line->thing_id, line->corrects);
            line->fen = -store_number(settlement->store, due);
        }
        if (__builtin_add_overflow(s->total_fen, line->fen, &s->total_fen))
            return RPC__REASON__OUT_OF_RANGE;
        if (!journal_hash_at(journal, line->seq, line->hash))
            return RPC__REASON__STORE_FAILED;
    }
    return 0;
}

int statement_prepare(struct settlement *settlement, const char *union_path, struct statement_line *lines, int n,
                      void *call, struct statement *statement)
{
    struct statement made = {
        .id = id_next(&settlement->parts->ids, rpc_now(call)),
        .for_id = statement->for_id,
        .payee_id = statement->payee_id,
        .n_lines = n,
        .prepared_by = rpc_principal(call)->member_id,
        .prepared_at = rpc_now(call),
    };
    Settlement__StatementChanged what;
    struct hands_deed deed;
    int reason = n > 0 ? complete(settlement, &made, lines) : settlement->kind->reasons.nothing;

    if (reason)
        return reason;
    store_run(settlement->store, settlement->sql + SQL_ADD, "iiiiiibiiiii", made.id, made.for_id, made.payee_id,
              (int64_t)0, (int64_t)0, (int64_t)0, made.lines_hash, sizeof(made.lines_hash), made.prepared_by,
              made.prepared_at, (int64_t)0, (int64_t)0, (int64_t)0);
    add_lines(settlement, &made, lines);
    change(settlement, SETTLEMENT__STATE__PREPARED, call, &made);
    *statement = made;
    deed = deed_of(settlement, statement, union_path, call, &what);
    return hands_give(settlement->hands, &deed, call);
}

/* Whether one of its lines is not due any more: the journal has gone on about the thing, or it is owed again to whom
 * a correction takes it from. 0 or a Reason. */
static int stale_reason(struct settlement *settlement, const struct statement *s, void *call)
{
    struct statement_line *lines;
    int n = statement_lines(settlement, s->id, 0, SETTLEMENT_LINES_MAX, rpc_arena(call), &lines);
    int64_t payee_id, seq;

    for (int i = 0; i < n; i++) {
        if (!settlement->kind->owed(parts_self(settlement->parts), lines[i].thing_id, &payee_id, &seq))
            return RPC__REASON__STORE_FAILED;
        if (lines[i].kind == SETTLEMENT__LINE_KIND__DUE ? seq != lines[i].seq : payee_id == s->payee_id)
            return settlement->kind->reasons.stale;
    }
    return n < 0 ? RPC__REASON__OVERLOADED : 0;
}

static bool is_superseded(const struct settlement *settlement, const struct statement *s)
{
    store_ask(settlement->store, settlement->sql + SQL_SUPERSEDED, "i", s->id);
    return store_any(settlement->store, settlement->sql + SQL_SUPERSEDED);
}

/* Frees what its lines stand for. */
static int drop_lines(struct settlement *settlement, struct statement *s, void *call)
{
    struct statement_line *lines;
    int n = statement_lines(settlement, s->id, 0, SETTLEMENT_LINES_MAX, rpc_arena(call), &lines);

    if (n < 0)
        return RPC__REASON__OVERLOADED;
    store_run(settlement->store, settlement->sql + SQL_DROP_LINES, "i", s->id);
    for (int i = 0; i < n; i++)
        tell_stands(settlement, lines[i].thing_id);
    s->n_lines = 0;
    s->total_fen = 0;
    return 0;
}

int statement_change(struct settlement *settlement, int state, void *call, struct statement *statement)
{
    int reason = state == SETTLEMENT__STATE__REJECTED ? drop_lines(settlement, statement, call) : 0;

    if (reason)
        return reason;
    statement->decided_by = rpc_principal(call)->member_id;
    statement->decided_at = rpc_now(call);
    change(settlement, state, call, statement);
    if (state == SETTLEMENT__STATE__CONFIRMED)
        rpc_want_head(call);
    return 0;
}

int statement_decide(struct settlement *settlement, const char *union_path, int state, void *call,
                     struct statement *statement)
{
    Settlement__StatementChanged what;
    struct hands_deed deed;
    int reason;

    if (statement->state != SETTLEMENT__STATE__PREPARED)
        return settlement->kind->reasons.decided;
    if (state == SETTLEMENT__STATE__REJECTED) {
        if (is_superseded(settlement, statement))
            return settlement->kind->reasons.superseded;
        hands_end(settlement->hands, settlement->kind->deed, statement->id, HANDS__STATE__REFUSED, call);
    } else {
        reason = stale_reason(settlement, statement, call);
        deed = deed_of(settlement, statement, union_path, call, &what);
        reason = reason ? reason : hands_confirm(settlement->hands, &deed, call);
        if (reason)
            return reason;
    }
    return statement_change(settlement, state, call, statement);
}

/* ---- for a spreadsheet ---- */

int statement_print_yuan(char *to, size_t size, int64_t fen)
{
    uint64_t amount = fen < 0 ? -(uint64_t)fen : (uint64_t)fen;

    return snprintf(to, size, "%s%llu.%02llu", fen < 0 ? "-" : "", (unsigned long long)(amount / 100),
                    (unsigned long long)(amount % 100));
}

/* One line; how many bytes, at most CSV_LINE. */
static size_t print_line(const struct settlement *settlement, const struct statement *s,
                         const struct statement_line *line, char *to)
{
    const struct settlement_kind *kind = settlement->kind;
    const char *word = line->kind == SETTLEMENT__LINE_KIND__DUE ? kind->csv_due : kind->csv_correction;
    char yuan[32];
    size_t len;

    statement_print_yuan(yuan, sizeof(yuan), line->fen);
    len = (size_t)snprintf(to, CSV_LINE, "%lld,%d,%lld,%s,%s,%lld,", (long long)s->id, line->line,
                           (long long)line->thing_id, word, yuan, (long long)line->seq);
    hex_write(line->hash, sizeof(line->hash), to + len);
    len += 2 * sizeof(line->hash);
    if (kind->csv_more)
        len += kind->csv_more(parts_self(settlement->parts), line, to + len);
    to[len++] = '\r';
    to[len++] = '\n';
    ensure(len <= CSV_LINE);
    return len;
}

int statement_export(const struct settlement *settlement, const struct statement *statement, int32_t after, void *call,
                     Rpc__Part *ret)
{
    const struct settlement_kind *kind = settlement->kind;
    struct statement_line *lines;
    int n = statement_lines(settlement, statement->id, after, CSV_LINES, rpc_arena(call), &lines);
    char *text = arena_alloc(rpc_arena(call), 3 + strlen(kind->csv_head) + 3 + CSV_LINES * CSV_LINE);
    size_t len = 0;

    rpc__part__init(ret);
    ret->file_name = arena_printf(rpc_arena(call), "%s-%lld.csv", kind->file_name, (long long)statement->id);
    if (!text || n < 0 || !ret->file_name)
        return RPC__REASON__OVERLOADED;
    if (after == 0)
        len = (size_t)snprintf(text, 3 + strlen(kind->csv_head) + 3, "\xef\xbb\xbf%s\r\n", kind->csv_head);
    for (int i = 0; i < n; i++)
        len += print_line(settlement, statement, &lines[i], text + len);
    ret->body = (ProtobufCBinaryData){len, (uint8_t *)text};
    if (n > 0 && lines[n - 1].line < statement->n_lines)
        ret->next = lines[n - 1].line;
    return 0;
}

/* ---- the audit ---- */

static bool lines_agree(const struct settlement *settlement, const struct statement *s)
{
    unsigned char hash[SETTLEMENT_HASH_LEN];
    struct statement_line line;
    struct sha256 sum;

    sha256_start(&sum);
    ask_lines(settlement, s->id, 0, SETTLEMENT_LINES_MAX);
    while (next_line(settlement, &line))
        hash_line(&sum, &line);
    sha256_end(&sum, hash);
    return memcmp(hash, s->lines_hash, sizeof(hash)) == 0;
}

static bool agrees(void *self, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    const struct settlement *settlement = self;
    const Rpc__ChassisEvent *event = body;
    const Settlement__StatementChanged *changed;
    struct statement s;

    if (!event || event->event_case != RPC__CHASSIS_EVENT__EVENT_STATEMENT_CHANGED)
        return true;
    changed = event->statement_changed;
    if (!statements_find(settlement, changed->statement_id, &s) || s.for_id != changed->for_id ||
        s.payee_id != changed->payee_id || s.journal_seq < row->seq ||
        changed->lines_hash.len != sizeof(s.lines_hash) ||
        memcmp(changed->lines_hash.data, s.lines_hash, sizeof(s.lines_hash)) != 0)
        return false;
    if (s.journal_seq > row->seq)
        return true;
    told[0]++;
    return s.state == (int)changed->state && s.total_fen == changed->total_fen && s.n_lines == changed->n_lines &&
           (s.n_lines == 0 || lines_agree(settlement, &s));
}

static const struct part_stray strays[] = {
    {"thing", "settled twice: what is prepared for the payee of what stands for it takes one back",
     "SELECT thing_id FROM statement_line GROUP BY thing_id "
     "HAVING sum(CASE kind WHEN 1 THEN 1 ELSE -1 END) > 1 LIMIT 1"},
    {"statement", "its lines do not add up to it",
     "SELECT s.statement_id FROM statement s LEFT JOIN statement_line USING (statement_id) "
     "GROUP BY s.statement_id HAVING coalesce(sum(fen), 0) <> min(total_fen) "
     "OR count(line) <> min(n_lines) LIMIT 1"},
    {"statement", "a line names another row than the journal has",
     "SELECT statement_id FROM statement_line l LEFT JOIN journal j ON j.seq = l.seq "
     "WHERE j.seq IS NULL OR j.hash <> l.hash LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec settlement_part = {
    .tables = "statement statement_line",
    .others = "statement.for_id statement.payee_id statement_line.thing_id",
    .steps = &settlement_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT coalesce(max(statement_id), 0) FROM statement",
    .agrees = agrees,
    .counts = {{"statements", "SELECT count(*) FROM statement"}},
    .strays = strays,
    .keeps = "which officials prepared and decided what money is owed must be known as long as the accounts are",
};
