#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/cn/cn_id.h"
#include "services/subsidy/figures/figures_internal.h"
#include "services/subsidy/fund/funds.h"

#define ROWS_MAX  200 /* unions of one answer */
#define DOWN_MAX  16
#define STEPS_MAX 5 /* of a scheme */
#define CSV_LINE  256
#define CHINA_MS  INT64_C(28800000)

/* A scheme that the caller may ask about, by one of some roles; NULL after refusing. */
static const Subsidy__Scheme *find_scheme(struct subsidy *self, int64_t scheme_id, bool manages, void *call)
{
    const Subsidy__Scheme *scheme = scheme_find(self, scheme_id, rpc_arena(call));
    int reason = 0;

    if (!scheme || scheme->state == SUBSIDY__SCHEME_STATE__SCHEME_DRAFT)
        reason = SUBSIDY__REASON__SCHEME_NOT_FOUND;
    else if (!rpc_has_role(call, RULE__ROLE__FINANCE, scheme->union_path) &&
             !rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, scheme->union_path) &&
             !(manages && rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, scheme->union_path)))
        reason = RPC__REASON__OUTSIDE_YOUR_UNION;
    return rpc_refuse_if(call, reason) ? NULL : scheme;
}

/* ---- numbers ---- */

struct gathered {
    Subsidy__SchemeNumbersRow *row;
    char place[UNION_PATH_SIZE];
};

/* Of the row that is read, how many left each step after so many days. */
struct days {
    int64_t n[STEPS_MAX][FIGURE_DAYS_MAX + 1];
};

static void turn_down(const Subsidy__Scheme *scheme, Subsidy__SchemeNumbersRow *row, int kind, int64_t which, int64_t n,
                      void *call)
{
    Subsidy__TurnedDown *down = arena_message(rpc_arena(call), &subsidy__turned_down__descriptor);

    if (!down || row->n_turned_down == DOWN_MAX)
        return;
    down->kind = (Subsidy__StepKind)kind;
    if (kind == SUBSIDY__STEP_KIND__STEP_REFUSED && which < (int64_t)scheme->n_steps)
        down->step_title = scheme->steps[which]->title;
    down->n = n;
    if (!row->turned_down)
        row->turned_down = arena_alloc(rpc_arena(call), DOWN_MAX * sizeof(Subsidy__TurnedDown *));
    if (row->turned_down)
        row->turned_down[row->n_turned_down++] = down;
}

/* What was counted of one kind. */
static void add(const Subsidy__Scheme *scheme, Subsidy__SchemeNumbersRow *row, struct days *days, int what,
                int64_t which, int64_t n, int64_t fen, void *call)
{
    switch (what) {
    case SUBSIDY__STEP_KIND__STEP_SUBMITTED:
        row->declared += which ? 0 : n;
        break;
    case SUBSIDY__STEP_KIND__STEP_CARRIED_OVER:
        row->declared += n;
        break;
    case SUBSIDY__STEP_KIND__STEP_GIVEN_BACK:
        row->given_back += n;
        break;
    case SUBSIDY__STEP_KIND__STEP_DECIDED:
        row->approved += n;
        break;
    case SUBSIDY__STEP_KIND__STEP_CHOSEN:
        row->chosen += n;
        row->chosen_fen += fen;
        break;
    case SUBSIDY__STEP_KIND__STEP_PAID:
        row->paid += n;
        row->paid_fen += fen;
        break;
    case SUBSIDY__STEP_KIND__STEP_CAME_BACK:
        row->failed += n;
        break;
    case SUBSIDY__STEP_KIND__STEP_OVERDUE:
        row->overdue += n;
        break;
    case SUBSIDY__STEP_KIND__STEP_REFUSED:
    case SUBSIDY__STEP_KIND__STEP_WITHDRAWN:
    case SUBSIDY__STEP_KIND__STEP_LAPSED:
    case SUBSIDY__STEP_KIND__STEP_NOT_CHOSEN:
    case SUBSIDY__STEP_KIND__STEP_OBJECTION_UPHELD:
    case SUBSIDY__STEP_KIND__STEP_ABOVE_CEILING:
        turn_down(scheme, row, what, which, n, call);
        break;
    case SUBSIDY__STEP_KIND__STEP_OBJECTED:
        row->objected += n;
        break;
    case FIGURE_OBJECTION_LATE:
        row->objections_overdue += n;
        break;
    case FIGURE_DAYS:
        if (which / 1000 < STEPS_MAX)
            days->n[which / 1000][which % 1000] += n;
        break;
    default:
        break;
    }
}

/* The least number of days that so many tenths took no longer than. */
static int32_t days_of(const int64_t n_days[FIGURE_DAYS_MAX + 1], int64_t n, int tenths)
{
    int64_t so_far = 0;
    int32_t days = 0;

    while (days < FIGURE_DAYS_MAX && (so_far += n_days[days]) * 10 < n * tenths)
        days++;
    return days;
}

static void put_days(const Subsidy__Scheme *scheme, Subsidy__SchemeNumbersRow *row, const struct days *of, void *call)
{
    row->days = arena_alloc(rpc_arena(call), STEPS_MAX * sizeof(Subsidy__StepDays *));
    for (size_t i = 0; row->days && i < scheme->n_steps && i < STEPS_MAX; i++) {
        Subsidy__StepDays *days = arena_message(rpc_arena(call), &subsidy__step_days__descriptor);

        if (!days)
            return;
        days->step_title = scheme->steps[i]->title;
        for (int j = 0; j <= FIGURE_DAYS_MAX; j++)
            days->n += of->n[i][j];
        if (days->n) {
            days->median_days = days_of(of->n[i], days->n, 5);
            days->p90_days = days_of(of->n[i], days->n, 9);
        }
        row->days[row->n_days++] = days;
    }
}

static void withhold(Subsidy__SchemeNumbersRow *row)
{
    subsidy__scheme_numbers_row__init(row);
    row->withheld = true;
}

/* Groups of which a few are not told; nor is another one by which they would be. */
static void withhold_few(Subsidy__SchemeNumbersRow **rows, size_t n)
{
    size_t withheld = 0, smallest = n;

    for (size_t i = 0; i < n; i++) {
        if (rows[i]->declared < LIMIT_PEOPLE_MIN) {
            withhold(rows[i]);
            withheld++;
        } else if (smallest == n || rows[i]->declared < rows[smallest]->declared) {
            smallest = i;
        }
    }
    if (withheld == 1 && smallest < n)
        withhold(rows[smallest]);
}

/* All rows of a question, each complete but for its union: how many; -1: memory is full. */
static int gather(struct subsidy *self, const Subsidy__Scheme *scheme, const Subsidy__SchemeNumbersRequest *req,
                  bool by_union, void *call, struct gathered *rows)
{
    struct days *days = arena_alloc(rpc_arena(call), sizeof(*days));
    int64_t what, which, count, fen;
    char place[UNION_PATH_SIZE];
    int n = 0;

    if (!days)
        return -1;
    store_ask(self->store, figure_sql(self, FIGURE_SQL_ASK), "iiii", scheme->scheme_id, (int64_t)req->from_day,
              req->until_day ? (int64_t)req->until_day : INT64_MAX, (int64_t)by_union);
    while (store_read(self->store, figure_sql(self, FIGURE_SQL_ASK), INTO(place), INTO(what), INTO(which), INTO(count),
                      INTO(fen))) {
        if (n == 0 || strcmp(rows[n - 1].place, place) != 0) {
            if (n)
                put_days(scheme, rows[n - 1].row, days, call);
            memset(days, 0, sizeof(*days));
            rows[n].row =
                n < ROWS_MAX ? arena_message(rpc_arena(call), &subsidy__scheme_numbers_row__descriptor) : NULL;
            if (!rows[n].row) {
                store_end(self->store, figure_sql(self, FIGURE_SQL_ASK));
                return n == ROWS_MAX ? n : -1;
            }
            snprintf(rows[n++].place, sizeof(rows[0].place), "%s", place);
        }
        add(scheme, rows[n - 1].row, days, (int)what, which, count, fen, call);
    }
    if (n)
        put_days(scheme, rows[n - 1].row, days, call);
    return n;
}

/* rpc GetSchemeNumbers: of all, and of each union below. */
static void figures__get_scheme_numbers(Subsidy__Figures_Service *service, const Subsidy__SchemeNumbersRequest *req,
                                        Subsidy__SchemeNumbers_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, figures_service);
    const Subsidy__Scheme *scheme = find_scheme(self, req->scheme_id, true, call);
    struct gathered *rows = arena_alloc(rpc_arena(call), (ROWS_MAX + 1) * sizeof(*rows));
    Subsidy__SchemeNumbers numbers = SUBSIDY__SCHEME_NUMBERS__INIT;
    int n = rows && scheme ? gather(self, scheme, req, false, call, rows) : -1;

    if (!scheme || rpc_refuse_if(call, n < 0 ? RPC__REASON__OVERLOADED : 0))
        return;
    numbers.all = n ? rows[0].row : arena_message(rpc_arena(call), &subsidy__scheme_numbers_row__descriptor);
    n = req->by_union ? gather(self, scheme, req, true, call, rows) : 0;
    numbers.rows = n > 0 ? arena_alloc(rpc_arena(call), (size_t)n * sizeof(*numbers.rows)) : NULL;
    if (rpc_refuse_if(call, n < 0 || (n > 0 && !numbers.rows) ? RPC__REASON__OVERLOADED : 0))
        return;
    for (int i = 0; i < n; i++)
        numbers.rows[numbers.n_rows++] = rows[i].row;
    withhold_few(numbers.rows, numbers.n_rows);
    for (int i = 0; i < n; i++) {
        if (rpc_refuse_if(call, tree_id(&self->tree, rows[i].place, call, &numbers.rows[i]->union_id)))
            return;
    }
    if (scheme->funding)
        numbers.free_fen = funding_balance(self, scheme, BUDGET__ACCOUNT__FREE);
    reply(&numbers, call);
}

/* ---- steps ---- */

#define HEAD "\xef\xbb\xbf申请编号,序号,步骤,时间,审核级次,金额(元),日志序号,日志哈希\r\n"

static const char *kind_words(int kind)
{
    static const char *const words[] = {
        [SUBSIDY__STEP_KIND__STEP_SUBMITTED] = "提交",
        [SUBSIDY__STEP_KIND__STEP_TAKEN] = "受理",
        [SUBSIDY__STEP_KIND__STEP_LEFT] = "退出受理",
        [SUBSIDY__STEP_KIND__STEP_APPROVED] = "审核同意",
        [SUBSIDY__STEP_KIND__STEP_PASSED_ON] = "转下一级",
        [SUBSIDY__STEP_KIND__STEP_GIVEN_BACK] = "退回补正",
        [SUBSIDY__STEP_KIND__STEP_REFUSED] = "不予通过",
        [SUBSIDY__STEP_KIND__STEP_DECIDED] = "审核通过",
        [SUBSIDY__STEP_KIND__STEP_WITHDRAWN] = "撤回",
        [SUBSIDY__STEP_KIND__STEP_LAPSED] = "失效",
        [SUBSIDY__STEP_KIND__STEP_OVERDUE] = "逾期转上级",
        [SUBSIDY__STEP_KIND__STEP_ASKED_AGAIN] = "申请复核",
        [SUBSIDY__STEP_KIND__STEP_CHOSEN] = "入选公示",
        [SUBSIDY__STEP_KIND__STEP_WAITS] = "候补",
        [SUBSIDY__STEP_KIND__STEP_NOT_CHOSEN] = "未入选",
        [SUBSIDY__STEP_KIND__STEP_SHOWN] = "公示期满",
        [SUBSIDY__STEP_KIND__STEP_OBJECTED] = "异议暂停",
        [SUBSIDY__STEP_KIND__STEP_OBJECTION_UPHELD] = "异议成立",
        [SUBSIDY__STEP_KIND__STEP_OBJECTION_UNFOUNDED] = "异议不成立",
        [SUBSIDY__STEP_KIND__STEP_ORDERED] = "已下付款单",
        [SUBSIDY__STEP_KIND__STEP_TO_CONFIRM] = "待收款确认",
        [SUBSIDY__STEP_KIND__STEP_PAID] = "已发放",
        [SUBSIDY__STEP_KIND__STEP_CAME_BACK] = "付款退回",
        [SUBSIDY__STEP_KIND__STEP_CARRIED_OVER] = "结转下期",
        [SUBSIDY__STEP_KIND__STEP_ABOVE_CEILING] = "超出年度上限",
    };

    return kind > 0 && (size_t)kind < ARRAY_LEN(words) && words[kind] ? words[kind] : "其他";
}

/* Which of a scheme's applications' steps it is. */
struct step_line {
    int64_t application_id, nth, at, step, fen, seq;
    int kind;
    unsigned char hash[32];
};

static size_t print_line(const struct step_line *line, char ret[CSV_LINE], struct arena *arena)
{
    int day = cn_day(line->at), second = (int)((line->at + CHINA_MS) / 1000 % 86400);
    const char *hash = hex_text(line->hash, sizeof(line->hash), arena);
    int len =
        snprintf(ret, CSV_LINE, "%lld,%lld,%s,%04d-%02d-%02d %02d:%02d:%02d,%lld,%lld.%02lld,%lld,%s\r\n",
                 (long long)line->application_id, (long long)line->nth, kind_words(line->kind), day / 10000,
                 day / 100 % 100, day % 100, second / 3600, second / 60 % 60, second % 60, (long long)line->step + 1,
                 (long long)line->fen / 100, (long long)line->fen % 100, (long long)line->seq, hash ? hash : "");

    ensure(len > 0 && len < CSV_LINE);
    return (size_t)len;
}

/* rpc ExportSchemeSteps: line by line, each with its hash. */
static void figures__export_scheme_steps(Subsidy__Figures_Service *service, const Subsidy__SchemeAuditRequest *req,
                                         Subsidy__SchemeAuditPage_Closure reply, void *call)
{
    struct subsidy *self = container_of(service, struct subsidy, figures_service);
    const Subsidy__Scheme *scheme = find_scheme(self, req->scheme_id, false, call);
    const struct rpc_page *page = rpc_page(call);
    unsigned which = figure_sql(self, FIGURE_SQL_STEPS);
    Subsidy__SchemeAuditPage answer = SUBSIDY__SCHEME_AUDIT_PAGE__INIT;
    char *text = arena_alloc(rpc_arena(call), sizeof(HEAD) + page->limit * CSV_LINE), nth[24];
    struct step_line line;
    size_t len = 0;
    bool takes = true;

    if (!scheme || rpc_refuse_if(call, text ? 0 : RPC__REASON__OVERLOADED))
        return;
    if (!*page->place)
        len = (size_t)snprintf(text, sizeof(HEAD), "%s", HEAD);
    store_ask(self->store, which, "iiii", scheme->scheme_id, page->after, (int64_t)strtoll(page->place, NULL, 10),
              (int64_t)page->limit);
    while (takes && store_read(self->store, which, INTO(line.application_id), INTO(line.nth), INTO(line.kind),
                               INTO(line.at), INTO(line.step), INTO(line.fen), INTO(line.seq), INTO(line.hash))) {
        snprintf(nth, sizeof(nth), "%lld", (long long)line.nth);
        takes = rpc_page_takes_at(call, nth, line.application_id);
        if (takes)
            len += print_line(&line, text + len, rpc_arena(call));
    }
    store_end(self->store, which);
    text[len] = '\0';
    answer.text = text;
    reply(&answer, call);
}

const Subsidy__Figures_Service figures_api = SUBSIDY__FIGURES__INIT(figures__);
