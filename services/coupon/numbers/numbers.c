#include "services/coupon/numbers/numbers_internal.h"

#define CELLS       8192 /* a power of two */
#define CELLS_FULL  6144
#define CELLS_MORE  256 /* for each level less */
#define FLUSH_SLICE 256
#define PLACE_SIZE  (NUMBERS_LEVELS * LIMIT_PATH_SEGMENT)
#define SPENT       64 /* days of releases of which something is spent in one batch; of more each is written at once */

/* Groups of a split: of a release, of some goods, or of a union's releases and goods on some days. ?2 says by what
 * (coupon.NumbersBy), ?3 the length of the path of the unions that are told apart; goods are told of by coupon.Numbers
 * as releases are, under their own id. */
#define SPLIT(day)                                                                                                     \
    "SELECT CASE ?2 WHEN 1 THEN " day " WHEN 2 THEN trade ELSE 0 END AS number, "                                      \
    "CASE ?2 WHEN 3 THEN substr(place, 1, ?3) ELSE '' END AS below, "
#define OF_RELEASE                                                                                                     \
    "CASE ?2 WHEN 4 THEN number.release_id ELSE 0 END AS of_release, 0 AS of_goods, what, n, n * face_fen AS fen "     \
    "FROM number JOIN release ON release.release_id = number.release_id "
#define OF_GOODS                                                                                                       \
    "0, CASE ?2 WHEN 4 THEN goods_id ELSE 0 END, what, n, 0 FROM number JOIN goods ON goods_id = release_id "
#define ALL_OF(path) "WHERE substr(" path ", 1, length(?1)) = ?1 AND "
#define GROUPED(rows)                                                                                                  \
    "SELECT number, below, of_release, of_goods, what, sum(n), sum(fen) FROM (" rows ") "                              \
    "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
#define CN_DAY "((opens_at + 28800000) / 86400000 + day)"

static const char *const sql[] = {
    [NUMBERS_SQL_ADD] = "INSERT INTO number (release_id, day, trade, place, what, n) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
                        "ON CONFLICT (release_id, day, trade, place, what) DO UPDATE SET n = n + excluded.n",
    [NUMBERS_SQL_SOLD_OUT] = "INSERT INTO number_sold_out (release_id, day, at) VALUES (?1, ?2, ?3) "
                             "ON CONFLICT (release_id, day) DO UPDATE SET at = excluded.at",
    [NUMBERS_SQL_OF_RELEASE] = GROUPED(SPLIT("day") OF_RELEASE "WHERE number.release_id = ?1"),
    [NUMBERS_SQL_OF_UNION] = GROUPED(SPLIT(CN_DAY) OF_RELEASE ALL_OF("release.union_path") CN_DAY
                                     " BETWEEN ?4 AND ?5"
                                     " UNION ALL " SPLIT("day") OF_GOODS ALL_OF("goods.union_path") "day BETWEEN ?4 "
                                                                                                    "AND ?5"),
    [NUMBERS_SQL_OF_GOODS] = GROUPED(SPLIT("day") "0 AS of_release, 0 AS of_goods, what, n, 0 AS fen FROM number "
                                                  "WHERE release_id = ?1"),
    [NUMBERS_SQL_SOLD_LAST] = "SELECT coalesce(max(at), 0) FROM number_sold_out WHERE release_id = ?1",
    [NUMBERS_SQL_SOLD] = "SELECT day, at FROM number_sold_out WHERE release_id = ?1 ORDER BY day",
};
_Static_assert(ARRAY_LEN(sql) == NUMBERS_N_SQL, "a statement for each");

struct cell {
    int64_t release_id; /* 0: free */
    char place[PLACE_SIZE];
    int32_t day;
    int16_t trade;
    int32_t what;
    uint32_t n;
};

/* What was spent of a day in this batch. */
struct spent {
    int64_t release_id;
    int32_t day;
    int n;
};

struct number_cells {
    struct spent spent[SPENT];
    unsigned n_spent;
    bool spent_written; /* those are of a batch before, committed or taken back */
    unsigned n;         /* that are used */
    unsigned at;        /* the next to be written */
    struct cell cells[CELLS];
    struct cell spare[CELLS]; /* while those that are written make room */
};

struct number_cells *number_cells_new(void)
{
    return calloc(1, sizeof(struct number_cells));
}

void number_cells_free(struct number_cells *cells)
{
    free(cells);
}

/* ---- counting ---- */

static uint64_t word(const char *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

static size_t place_of(const struct cell *cell)
{
    uint64_t mixed = (uint64_t)cell->release_id ^ word(cell->place) ^ word(cell->place + 8) << 1;

    mixed ^= (uint64_t)(uint32_t)cell->what << 40 ^ (uint64_t)(uint32_t)cell->day << 20 ^ (uint64_t)cell->trade << 11;
    return (size_t)((mixed * UINT64_C(0x9e3779b97f4a7c15)) >> 40) & (CELLS - 1);
}

static bool same(const struct cell *a, const struct cell *b)
{
    return a->release_id == b->release_id && a->day == b->day && a->what == b->what && a->trade == b->trade &&
           memcmp(a->place, b->place, sizeof(a->place)) == 0;
}

/* The cell like one, made when there are fewer than so many; else NULL. */
static struct cell *cell_like(struct number_cells *cells, const struct cell *like, unsigned most)
{
    size_t i = place_of(like);

    while (cells->cells[i].release_id && !same(&cells->cells[i], like))
        i = (i + 1) & (CELLS - 1);
    if (cells->cells[i].release_id)
        return &cells->cells[i];
    if (cells->n >= most)
        return NULL;
    cells->n++;
    cells->cells[i] = *like;
    return &cells->cells[i];
}

static void undo_count(void *arg, int64_t at, int64_t unused)
{
    struct number_cells *cells = arg;

    (void)unused;
    cells->cells[at].n--;
}

/* By the longest beginning of a union's place that has room. */
static struct cell *find_cell(struct number_cells *cells, struct cell *like)
{
    unsigned most = CELLS_FULL;
    struct cell *cell = cell_like(cells, like, most);

    for (size_t len = PLACE_SIZE; !cell && len > 0;) {
        len -= LIMIT_PATH_SEGMENT;
        most += CELLS_MORE;
        memset(like->place + len, 0, PLACE_SIZE - len);
        cell = cell_like(cells, like, most);
    }
    return cell;
}

static void count(struct coupon *self, int64_t id, int32_t day, int what, void *call)
{
    const Rpc__Principal *principal = rpc_principal(call);
    struct cell like = {.release_id = id, .day = day, .trade = (int16_t)principal->trade, .what = what};
    struct cell *cell;

    memcpy(like.place, principal->union_path, strnlen(principal->union_path, PLACE_SIZE));
    cell = find_cell(self->number_cells, &like);
    if (!cell)
        return;
    cell->n++;
    if (what == NUMBERS_GRANTED || what == NUMBERS_ENTERED || what == NUMBERS_WITHDRAWN)
        rpc_on_undo(call, undo_count, self->number_cells, cell - self->number_cells->cells, 0);
}

void number_count(struct coupon *self, const struct release *release, int what, void *call)
{
    count(self, release->id, release->day, what, call);
}

/* Of nobody's trade or union. */
static void add_at_once(struct coupon *self, int64_t release_id, int32_t day, int what, int64_t n)
{
    store_run(self->store, self->numbers.sql + NUMBERS_SQL_ADD, "iiitii", release_id, (int64_t)day, (int64_t)0, "",
              (int64_t)what, n);
}

void number_called(struct coupon *self, int64_t release_id, int32_t day)
{
    add_at_once(self, release_id, day, NUMBERS_CALLED, 1);
}

static void undo_redeemed(void *arg, int64_t at, int64_t n)
{
    struct number_cells *cells = arg;

    cells->spent[at].n -= (int)n;
}

void number_redeemed(struct coupon *self, int64_t release_id, int32_t day, int n, void *call)
{
    struct number_cells *cells = self->number_cells;
    unsigned i = 0;

    if (cells->spent_written)
        cells->n_spent = 0;
    cells->spent_written = false;
    while (i < cells->n_spent && (cells->spent[i].release_id != release_id || cells->spent[i].day != day))
        i++;
    if (i == SPENT) {
        add_at_once(self, release_id, day, NUMBERS_REDEEMED, n);
        return;
    }
    if (i == cells->n_spent)
        cells->spent[cells->n_spent++] = (struct spent){release_id, day, 0};
    cells->spent[i].n += n;
    rpc_on_undo(call, undo_redeemed, cells, i, n);
}

int64_t number_redeemed_unwritten(const struct coupon *self, int64_t release_id)
{
    const struct number_cells *cells = self->number_cells;
    int64_t n = 0;

    for (unsigned i = 0; !cells->spent_written && i < cells->n_spent; i++)
        n += cells->spent[i].release_id == release_id ? cells->spent[i].n : 0;
    return n;
}

void number_write_redeemed(void *self)
{
    struct coupon *coupon = self;
    struct number_cells *cells = coupon->number_cells;

    for (unsigned i = 0; !cells->spent_written && i < cells->n_spent; i++) {
        if (cells->spent[i].n)
            add_at_once(coupon, cells->spent[i].release_id, cells->spent[i].day, NUMBERS_REDEEMED, cells->spent[i].n);
    }
    cells->spent_written = true;
}

void number_sold_out(struct coupon *self, const struct release *release)
{
    store_run(self->store, self->numbers.sql + NUMBERS_SQL_SOLD_OUT, "iii", release->id, (int64_t)release->day,
              release->sold_out_at);
}

/* ---- goods ---- */

static int32_t china_day(int64_t at)
{
    return (int32_t)((at + INT64_C(8) * 3600000) / COUPON_DAY_MS);
}

void number_count_goods(struct coupon *self, int64_t goods_id, int reason, void *call)
{
    count(self, goods_id, china_day(rpc_now(call)), reason, call);
}

void number_ordered(struct coupon *self, int64_t goods_id, int64_t fen, bool none_left, void *call)
{
    const Rpc__Principal *her = rpc_principal(call);
    int64_t day = china_day(rpc_now(call));
    char place[PLACE_SIZE + 1] = "";

    memcpy(place, her->union_path, strnlen(her->union_path, PLACE_SIZE));
    store_run(self->store, self->numbers.sql + NUMBERS_SQL_ADD, "iiitii", goods_id, day, (int64_t)her->trade, place,
              (int64_t)NUMBERS_GRANTED, INT64_C(1));
    store_run(self->store, self->numbers.sql + NUMBERS_SQL_ADD, "iiitii", goods_id, day, (int64_t)her->trade, place,
              (int64_t)NUMBERS_GRANTED_FEN, fen);
    if (none_left)
        store_run(self->store, self->numbers.sql + NUMBERS_SQL_SOLD_OUT, "iii", goods_id, day, rpc_now(call));
}

void number_handed_over(struct coupon *self, int64_t goods_id, int64_t ordered_at, int64_t fen)
{
    add_at_once(self, goods_id, china_day(ordered_at), NUMBERS_REDEEMED, 1);
    add_at_once(self, goods_id, china_day(ordered_at), NUMBERS_REDEEMED_FEN, fen);
}

int64_t number_goods_gone_at(const struct coupon *self, int64_t goods_id)
{
    store_ask(self->store, self->numbers.sql + NUMBERS_SQL_SOLD_LAST, "i", goods_id);
    return store_number(self->store, self->numbers.sql + NUMBERS_SQL_SOLD_LAST);
}

/* ---- writing behind ---- */

static void undo_write(void *arg, int64_t at, int64_t n)
{
    struct number_cells *cells = arg;

    cells->cells[at].n += (uint32_t)n;
}

static void write_cell(struct coupon *self, unsigned at, const char *place, void *call)
{
    struct cell *cell = &self->number_cells->cells[at];

    store_run(self->store, self->numbers.sql + NUMBERS_SQL_ADD, "iiitii", cell->release_id, (int64_t)cell->day,
              (int64_t)cell->trade, place, (int64_t)cell->what, (int64_t)cell->n);
    rpc_on_undo(call, undo_write, self->number_cells, at, cell->n);
    cell->n = 0;
}

/* All that is counted is written in one round of slices; then the table is empty again. */
static bool tidy(void *arg, void *call)
{
    struct coupon *self = arg;
    struct number_cells *cells = self->number_cells;

    if (!cells->n)
        return false;
    for (unsigned written = 0; cells->at < CELLS && written < FLUSH_SLICE; cells->at++) {
        char place[PLACE_SIZE + 1] = "";

        if (cells->cells[cells->at].n) {
            memcpy(place, cells->cells[cells->at].place, PLACE_SIZE);
            write_cell(self, cells->at, place, call);
            written++;
        }
    }
    if (cells->at < CELLS)
        return true;
    cells->at = 0;
    return false;
}

/* Cells that are written make room: outside of calls, which would take a count back where it stood. */
static bool work(void *arg)
{
    struct coupon *self = arg;
    struct number_cells *cells = self->number_cells;

    if (cells->n <= CELLS_FULL / 2)
        return false;
    memcpy(cells->spare, cells->cells, sizeof(cells->spare));
    memset(cells->cells, 0, sizeof(cells->cells));
    cells->n = cells->at = 0;
    for (unsigned i = 0; i < CELLS; i++) {
        if (cells->spare[i].n)
            *cell_like(cells, &cells->spare[i], CELLS) = cells->spare[i];
    }
    return false;
}

/* What is not written yet goes along. */
static void on_moved(void *arg, const char *old_path, const char *path, void *call)
{
    struct coupon *self = arg;

    for (unsigned i = 0; i < CELLS; i++) {
        struct cell *cell = &self->number_cells->cells[i];
        char place[PLACE_SIZE + 1] = "", moved[UNION_PATH_SIZE + PLACE_SIZE];

        memcpy(place, cell->place, PLACE_SIZE);
        if (!cell->n || !union_path_covers(old_path, place))
            continue;
        snprintf(moved, sizeof(moved), "%s%s", path, place + strlen(old_path));
        moved[PLACE_SIZE] = '\0';
        write_cell(self, i, moved, call);
    }
}

static const struct part_stray strays[] = {
    {"release", "has another number of coupons that are spent",
     "SELECT release_id FROM (SELECT release_id, n FROM number WHERE what = -2 UNION ALL SELECT release_id, -1 FROM "
     "redemption WHERE state = 2 UNION ALL SELECT goods_id, -1 FROM shop_order WHERE state IN (2, 3) UNION ALL SELECT "
     "release_id, -1 FROM boarding WHERE refusal = 0 AND undone_at = 0) "
     "GROUP BY release_id HAVING sum(n) <> 0 LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec numbers_part = {
    .tables = "number number_sold_out",
    .others = "number.day number.trade number.what number.n number_sold_out.day",
    .steps = &numbers_steps,
    .sql = sql,
    .n_sql = NUMBERS_N_SQL,
    .tidy = tidy,
    .work = work,
    .moves = "number.place",
    .on_moved = on_moved,
    .strays = strays,
};
