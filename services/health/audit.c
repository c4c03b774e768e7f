/* audit.c: the store against its journal, and every published draw against its lists. */
#include "common/base/limits.h"
#include "services/health/holder/accounts.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/entitlements.h"
#include "services/health/lot/entries.h"
#include "services/health/lot/lots.h"
#include "services/health/lot/places.h"
#include "services/health/report/reports.h"
#include "services/health/door/scans.h"
#include "services/health/settlement/settlements.h"
#include "services/health/story/story.h"
#include "services/health/holder/union_moves.h"

#define UNITS (1 << 20)

enum { SQL_CAMPAIGNS, SQL_WITHDRAWN, SQL_ENTITLEMENTS, SQL_MISPLACED, SQL_ACTIVE, N_SQL };

static const char *const sql[] = {
    [SQL_CAMPAIGNS] = "SELECT campaign_id FROM draw WHERE campaign_id > ?1 ORDER BY campaign_id LIMIT 1",
    [SQL_WITHDRAWN] = "SELECT count(*) FROM entry WHERE withdrawn_at > 0",
    [SQL_ENTITLEMENTS] = "SELECT count(*) FROM entitlement",
    [SQL_MISPLACED] = "SELECT entitlement_id FROM entitlement JOIN draw ON draw.campaign_id = entitlement.campaign_id "
                      "WHERE place > 0 AND NOT EXISTS (SELECT 1 FROM place "
                      "WHERE place.campaign_id = entitlement.campaign_id AND place.stratum = entitlement.stratum "
                      "AND place.place = entitlement.place AND place.member_id = entitlement.member_id) LIMIT 1",
    /* Who came to light as having come after her place had been given to the next is not among the quota. */
    [SQL_ACTIVE] = "SELECT count(*) FROM entitlement WHERE campaign_id = ?1 AND stratum = ?2 AND place > 0 "
                   "AND state IN (1, 2, 3) AND NOT EXISTS (SELECT 1 FROM booking b JOIN scan s USING (booking_id) "
                   "WHERE b.entitlement_id = entitlement.entitlement_id AND s.outcome = 1 AND s.undone_at = 0 "
                   "AND s.received_at >= b.due_at)",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

/* ---- for the parts ---- */

int audit_told(struct store *store, unsigned count, int64_t told, const char *of, FILE *out)
{
    int64_t rows = health_number(store, count);

    if (rows == told)
        return 0;
    fprintf(out, "%s: %lld rows, of which the journal tells %lld\n", of, (long long)rows, (long long)told);
    return -1;
}

int audit_checks(struct store *store, unsigned sql_of_part, const struct audit_check *checks, size_t n, FILE *out)
{
    for (size_t i = 0; i < n; i++) {
        int64_t found = health_number(store, sql_of_part + checks[i].statement);

        if (found) {
            fprintf(out, "%s %lld: %s\n", checks[i].of, (long long)found, checks[i].says);
            return -1;
        }
    }
    return 0;
}

/* What an entitlement has become, as the journal tells. */
struct told {
    int64_t id;
    int state;
};

struct audit {
    struct health *self;
    unsigned sql;
    FILE *out;
    struct arena arena;
    int64_t withdrawn;
    struct told *told; /* by id, which grow along the journal */
    size_t n_told, size;
};

/* ---- the journal ---- */

static struct told *find_told(const struct audit *audit, int64_t id)
{
    size_t low = 0, high = audit->n_told;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (audit->told[middle].id == id)
            return &audit->told[middle];
        if (audit->told[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool note_told(struct audit *audit, int64_t id, int state)
{
    struct told *told = find_told(audit, id);

    if (told) {
        told->state = state;
        return true;
    }
    if (audit->n_told && audit->told[audit->n_told - 1].id > id)
        return false;
    if (audit->n_told == audit->size) {
        audit->size = audit->size ? 2 * audit->size : 1024;
        audit->told = realloc(audit->told, audit->size * sizeof(*audit->told));
        ensure(audit->told);
    }
    audit->told[audit->n_told++] = (struct told){id, state};
    return true;
}

/* Entries are appended in the journal's order, so the two are read side by side. */
static bool agrees_entered(struct audit *audit, const Health__Entered *entered)
{
    struct entry entry;

    return entries_next(&audit->self->entries, &entry) && entry.id == entered->entry_id &&
           entry.campaign_id == entered->campaign_id && entry.member_id == entered->member_id &&
           entry.stratum == entered->stratum && entered->ticket.len == DRAW_TICKET_LEN &&
           memcmp(entry.ticket, entered->ticket.data, DRAW_TICKET_LEN) == 0;
}

static bool is_hash(const ProtobufCBinaryData *said, const unsigned char hash[DRAW_HASH_LEN])
{
    return said->len == DRAW_HASH_LEN && memcmp(said->data, hash, DRAW_HASH_LEN) == 0;
}

/* What the journal says of a draw's fixed facts is what the store holds. */
static bool agrees_draw(struct audit *audit, const Health__Event *event)
{
    int64_t id = event->event_case == HEALTH__EVENT__EVENT_DRAW_ANNOUNCED ? event->draw_announced->campaign_id
                 : event->event_case == HEALTH__EVENT__EVENT_DRAW_FROZEN  ? event->draw_frozen->campaign_id
                                                                          : event->value_entered->campaign_id;
    const Health__Campaign *campaign = campaigns_find(&audit->self->campaigns, id, &audit->arena);
    struct lottery lottery;

    if (!campaign || !lottery_find(audit->self, campaign, &lottery))
        return false;
    if (event->event_case == HEALTH__EVENT__EVENT_DRAW_ANNOUNCED)
        return is_hash(&event->draw_announced->terms, lottery.draw.terms) &&
               is_hash(&event->draw_announced->commitment, lottery.draw.commitment);
    if (event->event_case == HEALTH__EVENT__EVENT_DRAW_FROZEN)
        return is_hash(&event->draw_frozen->root, lottery.draw.root) &&
               event->draw_frozen->n_entries == (int32_t)lottery.draw.n_entries;
    return !event->value_entered->confirmed || strcmp(event->value_entered->value, lottery.value) == 0;
}

/* What the other parts say of a row. */
static bool parts_agree(struct health *self, int64_t seq, const Health__Event *event)
{
    return bookings_audit_event(&self->bookings, seq, event) && scans_audit_event(&self->scans, seq, event) &&
           reports_audit_event(&self->reports, seq, event) && settlements_audit_event(&self->settlements, seq, event) &&
           accounts_audit_event(&self->accounts, event) && union_moves_audit_event(&self->union_moves, event) &&
           stories_audit_event(&self->stories, &self->bookings, seq, event);
}

static bool audit_row(const Rpc__JournalRow *row, void *arg)
{
    struct audit *audit = arg;
    Health__Event *event = health__event__unpack(NULL, row->body.len, row->body.data);
    bool ok = event != NULL;

    switch (event ? event->event_case : HEALTH__EVENT__EVENT__NOT_SET) {
    case HEALTH__EVENT__EVENT_ENTERED:
        ok = agrees_entered(audit, event->entered);
        break;
    case HEALTH__EVENT__EVENT_ENTRY_WITHDRAWN:
        audit->withdrawn++;
        break;
    case HEALTH__EVENT__EVENT_DRAW_ANNOUNCED:
    case HEALTH__EVENT__EVENT_DRAW_FROZEN:
    case HEALTH__EVENT__EVENT_VALUE_ENTERED:
        ok = agrees_draw(audit, event);
        arena_reset(&audit->arena);
        break;
    case HEALTH__EVENT__EVENT_ENTITLEMENT_CHANGED:
        ok = note_told(audit, event->entitlement_changed->entitlement_id, (int)event->entitlement_changed->state);
        break;
    default:
        break;
    }
    ok = ok && parts_agree(audit->self, row->seq, event);
    health__event__free_unpacked(event, NULL);
    if (!ok)
        fprintf(audit->out, "health: journal row %lld is not what the store holds\n", (long long)row->seq);
    return ok;
}

static int audit_entitlements(struct audit *audit)
{
    static const struct audit_check misplaced = {SQL_MISPLACED, "entitlement", "not of whoever has its place"};
    struct store *store = audit->self->store;
    struct entitlement entitlement;

    for (size_t i = 0; i < audit->n_told; i++) {
        if (!entitlements_find(&audit->self->entitlements, audit->told[i].id, &entitlement) ||
            entitlement.state != audit->told[i].state) {
            fprintf(audit->out, "entitlement %lld: not as the journal tells\n", (long long)audit->told[i].id);
            return -1;
        }
    }
    return audit_told(store, audit->sql + SQL_ENTITLEMENTS, (int64_t)audit->n_told, "entitlement", audit->out) ||
                   audit_checks(store, audit->sql, &misplaced, 1, audit->out)
               ? -1
               : 0;
}

/* ---- draws ---- */

/* The list of a lottery from its entries; false, and the list is empty, when it is none. */
static bool make_list(struct audit *audit, const struct lottery *lottery, const struct draw_terms *terms,
                      struct draw_list *ret)
{
    enum draw_progress progress;
    struct entry entry;

    if (!draw_list_init(ret, terms))
        return false;
    entries_ask(&audit->self->entries, lottery->campaign_id, lottery->last_entry);
    while (entries_next(&audit->self->entries, &entry)) {
        struct draw_entry one = {.stratum = (uint16_t)entry.stratum, .weight = 1};

        memcpy(one.ticket, entry.ticket, DRAW_TICKET_LEN);
        if (entry.campaign_id == lottery->campaign_id && !entry.withdrawn_at)
            draw_list_add(ret, &one);
    }
    do {
        progress = draw_list_freeze(ret, UNITS);
    } while (progress == DRAW_MORE);
    return progress == DRAW_DONE;
}

/* Whether the places of a stratum are those of the job. */
static bool same_places(struct audit *audit, const struct lottery *lottery, const struct draw_job *job,
                        uint32_t stratum)
{
    struct draw_outcome drawn;
    struct outcome outcome;
    uint32_t place, n = 0;
    int64_t member_id;
    bool same = true;

    draw_job_outcome(job, stratum, &drawn);
    same = outcomes_find(&audit->self->places, lottery->campaign_id, (int32_t)stratum, &outcome) &&
           outcome.drawn.entrants == drawn.entrants && outcome.drawn.places == drawn.places &&
           memcmp(outcome.drawn.cutoff, drawn.cutoff, DRAW_HASH_LEN) == 0;
    places_ask(&audit->self->places, lottery->campaign_id, (int32_t)stratum, 0, UINT32_MAX);
    while (same && places_next(&audit->self->places, &place, &member_id)) {
        struct entry entry;

        n++;
        same = place <= drawn.places && entries_find(&audit->self->entries, lottery->campaign_id, member_id, &entry) &&
               memcmp(job->list->entries[draw_job_at(job, stratum, place)].ticket, entry.ticket, DRAW_TICKET_LEN) == 0;
    }
    places_end(&audit->self->places);
    return same && n == drawn.places;
}

/* Draws again what was drawn. */
static const char *drawn_fault(struct audit *audit, const Health__Campaign *campaign, const struct lottery *lottery,
                               const struct draw_list *list, const struct draw_terms *terms)
{
    enum draw_progress progress;
    const char *fault = NULL;
    struct draw_job job;

    if (!draw_job_init(&job, list, terms, lottery->draw.seed))
        return "no memory to draw again";
    do {
        progress = draw_job_step(&job, UNITS);
    } while (progress == DRAW_MORE);
    for (uint32_t i = 0; i < terms->n_strata && !fault; i++) {
        struct outcome outcome;
        int64_t active;

        if (progress != DRAW_DONE || !same_places(audit, lottery, &job, i)) {
            fault = "the places are not those of the draw";
            break;
        }
        outcomes_find(&audit->self->places, lottery->campaign_id, (int32_t)i, &outcome);
        store_ask(audit->self->store, audit->sql + SQL_ACTIVE, "ii", lottery->campaign_id, (int64_t)i);
        active = store_number(audit->self->store, audit->sql + SQL_ACTIVE);
        if (active > campaign->strata[i]->quota)
            fault = "more are entitled than the quota";
    }
    draw_job_done(&job);
    return fault;
}

static const char *lottery_fault(struct audit *audit, const Health__Campaign *campaign, const struct lottery *lottery)
{
    struct draw_terms *terms = lottery_terms(campaign, lottery->draw.commitment, lottery->draw.steps);
    unsigned char commitment[DRAW_HASH_LEN];
    struct draw_list list = {0};
    const char *fault = NULL;

    if (!terms)
        return "no memory for its terms";
    draw_commitment(lottery->draw.secret, lottery->draw.steps, commitment);
    if (draw_may_use(&lottery->draw, terms) != DRAW_OK)
        fault = "the terms are not those announced";
    else if (lottery_reached(lottery) < DRAW_FROZEN)
        fault = NULL;
    else if (!make_list(audit, lottery, terms, &list) || list.n != lottery->draw.n_entries ||
             memcmp(list.root, lottery->draw.root, DRAW_HASH_LEN) != 0)
        fault = "the list is not the frozen one";
    else if (lottery->draw.state == DRAW_PUBLISHED && memcmp(commitment, lottery->draw.commitment, DRAW_HASH_LEN) != 0)
        fault = "the secret is not the one committed to";
    else if (lottery->draw.state == DRAW_PUBLISHED)
        fault = drawn_fault(audit, campaign, lottery, &list, terms);
    draw_list_done(&list);
    free(terms);
    return fault;
}

static int audit_draws(struct audit *audit)
{
    unsigned statement = audit->sql + SQL_CAMPAIGNS;
    int64_t id = 0;

    for (;;) {
        const Health__Campaign *campaign;
        struct lottery lottery;
        const char *fault = "no campaign";

        store_ask(audit->self->store, statement, "i", id);
        id = store_number(audit->self->store, statement);
        if (!id)
            return 0;
        campaign = campaigns_find(&audit->self->campaigns, id, &audit->arena);
        if (campaign && lottery_find(audit->self, campaign, &lottery))
            fault = lottery_fault(audit, campaign, &lottery);
        arena_reset(&audit->arena);
        if (fault) {
            fprintf(audit->out, "campaign %lld: %s\n", (long long)id, fault);
            return -1;
        }
    }
}

/* ---- all of it ---- */

int health_audit(struct store *store, struct journal *journal, FILE *out)
{
    static struct health self;
    int first = store_prepare(store, sql, N_SQL), failed;
    struct audit audit = {.self = &self, .sql = (unsigned)first, .out = out};
    struct entry entry;
    int64_t rows;

    self = (struct health){.store = store};
    if (first < 0 || health_open_parts(&self))
        return -1;
    arena_init(&audit.arena, LIMIT_BATCH_ARENA);
    entries_ask(&self.entries, 0, INT64_MAX);
    failed = journal_audit(journal, out, audit_row, &audit, &rows);
    if (!failed && entries_next(&self.entries, &entry)) {
        fprintf(out, "entry %lld is not in the journal\n", (long long)entry.id);
        failed = -1;
    }
    entries_end(&self.entries);
    if (!failed)
        failed = audit_told(store, audit.sql + SQL_WITHDRAWN, audit.withdrawn, "withdrawn entry", out) ||
                         audit_entitlements(&audit) || bookings_audit(&self.bookings, out) ||
                         scans_audit(&self.scans, out) || union_moves_audit(&self.union_moves, out) ||
                         audit_draws(&audit) || accounts_audit(&self.accounts, out) ||
                         reports_audit(&self.reports, out) || settlements_audit(&self.settlements, out) ||
                         stories_audit(&self.stories, out)
                     ? -1
                     : 0;
    free(audit.told);
    free(self.union_moves.told);
    arena_done(&audit.arena);
    return failed;
}
