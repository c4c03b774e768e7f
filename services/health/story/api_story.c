#include "services/health/api.h"
#include "services/health/campaign/campaigns.h"
#include "services/health/lot/entitlements.h"
#include "services/health/report/reports.h"
#include "services/health/settlement/settlements.h"
#include "services/health/story/stories.h"

#define SITES_MAX 200 /* of a campaign */

/* The name of the state that an event tells, or "". */
static const char *state_in(const Health__Event *event)
{
    const ProtobufCEnumDescriptor *type = NULL;
    const ProtobufCEnumValue *value;
    int state = 0;

    switch (event->event_case) {
    case HEALTH__EVENT__EVENT_ENTITLEMENT_CHANGED:
        type = &health__entitlement_state__descriptor;
        state = (int)event->entitlement_changed->state;
        break;
    case HEALTH__EVENT__EVENT_BOOKING_CHANGED:
        type = &health__booking_state__descriptor;
        state = (int)event->booking_changed->state;
        break;
    case HEALTH__EVENT__EVENT_REPORT_CHANGED:
        type = &health__report_state__descriptor;
        state = (int)event->report_changed->state;
        break;
    case HEALTH__EVENT__EVENT_SETTLEMENT_CHANGED:
        type = &health__settlement_state__descriptor;
        state = (int)event->settlement_changed->state;
        break;
    default:
        break;
    }
    value = type ? protobuf_c_enum_descriptor_get_value(type, state) : NULL;
    return value ? value->name : "";
}

/* A row as a fact in the arena, or NULL. */
static Health__StoryFact *fact_of(const Rpc__JournalRow *row, struct arena *arena)
{
    const Health__Event *event = health__event__unpack(&arena->allocator, row->body.len, row->body.data);
    const ProtobufCFieldDescriptor *member =
        protobuf_c_message_descriptor_get_field(&health__event__descriptor, (unsigned)row->kind);
    Health__StoryFact *fact = arena_alloc(arena, sizeof(*fact));

    if (!event || !member || !fact)
        return NULL;
    health__story_fact__init(fact);
    fact->seq = row->seq;
    fact->at = row->at;
    fact->hash = row->hash;
    fact->event = unconst(member->name);
    fact->state = unconst(state_in(event));
    return fact;
}

static bool add_fact(Health__Story *story, const Rpc__JournalRow *row, struct arena *arena)
{
    story->facts[story->n_facts] = row ? fact_of(row, arena) : NULL;
    return story->facts[story->n_facts++] != NULL;
}

static bool add_report(struct health *self, Health__Story *story, struct arena *arena)
{
    struct vault_file report;

    if (!vault_latest(&self->vault, story->booking_id, &report))
        return true;
    story->report = arena_alloc(arena, sizeof(*story->report));
    if (story->report)
        report_fact(&report, body_parts(report.size), story->report);
    return story->report != NULL;
}

/* The last line about the booking, and the row that made its settlement what it is: 0 or a Reason. */
static int add_line(struct health *self, Health__Story *story, struct arena *arena)
{
    struct statement_line *line = arena_alloc(arena, sizeof(*line));
    struct statement statement;
    Rpc__JournalRow *row;
    int reason;

    if (!line)
        return RPC__REASON__OVERLOADED;
    if (!statement_line_of(&self->settlement, story->booking_id, &story->settlement_id, line) ||
        !statements_find(&self->settlement, story->settlement_id, &statement))
        return 0;
    story->line = arena_alloc(arena, sizeof(*story->line));
    if (!story->line)
        return RPC__REASON__OVERLOADED;
    settlement_line_message(line, story->line);
    story->settlement = (Health__SettlementState)statement.state;
    reason = journal_row(self, statement.journal_seq, arena, &row);
    if (reason)
        return reason;
    return add_fact(story, row, arena) ? 0 : RPC__REASON__OVERLOADED;
}

static int compose(struct health *self, const struct booking *booking, struct arena *arena, Health__Story *ret)
{
    Rpc__JournalRow **rows = arena_alloc(arena, STORY_FACTS_MAX * sizeof(*rows));
    struct entitlement entitlement;
    struct issued pass;
    int n;

    health__story__init(ret);
    ret->facts = arena_alloc(arena, (STORY_FACTS_MAX + 1) * sizeof(*ret->facts));
    if (!rows || !ret->facts || !entitlements_find(&self->entitlements, booking->right_id, &entitlement))
        return RPC__REASON__OVERLOADED;
    n = story_read(self, entitlement.id, arena, rows);
    if (n < 0)
        return -n;
    ret->campaign_id = booking->group_id;
    ret->entitlement_id = entitlement.id;
    ret->entitlement = (Health__EntitlementState)entitlement.state;
    ret->place = entitlement.place;
    ret->booking_id = booking->id;
    ret->booking = (Health__BookingState)booking->state;
    ret->site_id = booking->place_id;
    ret->starts_at = booking->starts_at;
    if (passes_find_of(&self->bookings, booking->id, &pass))
        ret->pass_issued_at = pass.issued_at;
    for (int i = 0; i < n; i++) {
        if (!add_fact(ret, rows[i], arena))
            return RPC__REASON__OVERLOADED;
    }
    return add_report(self, ret, arena) ? add_line(self, ret, arena) : RPC__REASON__OVERLOADED;
}

/* What a check-up costs is told to officials alone. */
static void tell(struct health *self, const struct booking *booking, bool money, Health__Story_Closure reply,
                 void *call)
{
    Health__Story story;
    int reason = compose(self, booking, rpc_arena(call), &story);

    if (story.line && !money)
        story.line->fen = 0;
    if (reason) {
        rpc_retry_after(call, 1);
        rpc_refuse(call, reason);
    } else {
        reply(&story, call);
    }
}

/* rpc GetMyStory: of her own booking. */
static void stories__get_my_story(Health__Stories_Service *service, const Health__StoryRequest *req,
                                  Health__Story_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, stories_service);
    struct booking booking;

    if (bookings_find(&self->bookings, req->booking_id, &booking) &&
        holder_is(&self->holders, rpc_principal(call)->member_id, booking.member_id))
        tell(self, &booking, false, reply, call);
    else
        rpc_refuse(call, HEALTH__REASON__BOOKING_NOT_FOUND);
}

/* rpc GetStory: for the audit of the campaign's union; it says nobody's name or number. */
static void stories__get_story(Health__Stories_Service *service, const Health__StoryRequest *req,
                               Health__Story_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, stories_service);
    const Health__Campaign *campaign;
    struct booking booking;

    if (!bookings_find(&self->bookings, req->booking_id, &booking)) {
        rpc_refuse(call, HEALTH__REASON__BOOKING_NOT_FOUND);
        return;
    }
    campaign = campaigns_find(&self->campaigns, booking.group_id, rpc_arena(call));
    if (campaign && rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, campaign->union_path))
        tell(self, &booking, true, reply, call);
    else
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
}

/* rpc ListMyCheckups: all she has entered, won, booked, attended, with how many reports. */
static void stories__list_my_checkups(Health__Stories_Service *service, const Health__MyCheckupsRequest *req,
                                      Health__MyCheckupList_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, stories_service);
    const struct rpc_page *page = rpc_page(call);
    Health__MyCheckupList list = HEALTH__MY_CHECKUP_LIST__INIT;
    Health__MyCheckup *checkups = arena_alloc(rpc_arena(call), page->limit * sizeof(*checkups));
    size_t n = 0;

    checkups_ask(&self->stories, rpc_principal(call)->member_id, page,
                 rpc_page_mask(req->entitlement, req->n_entitlement), rpc_page_mask(req->booking, req->n_booking));
    while (checkups && n < page->limit && checkups_next(&self->stories, &checkups[n]))
        n++;
    for (size_t i = 0; i < n && rpc_page_takes(call, checkups[i].campaign_id); i++) {
        const Health__Campaign *campaign = campaigns_find(&self->campaigns, checkups[i].campaign_id, rpc_arena(call));

        if (campaign)
            checkups[i].title = campaign->title;
        rpc_add(call, &list, checkups, &checkups[i]);
    }
    reply(&list, call);
}

static void people_messages(const struct site_totals *totals, Health__People *people, Health__SiteTotals *ret)
{
    health__site_totals__init(ret);
    ret->site_id = totals->site_id;
    for (int i = 0; i < TOTALS_COLUMNS; i++) {
        health__people__init(&people[i]);
        people[i].withheld = totals->withheld[i];
        people[i].number = totals->withheld[i] ? 0 : totals->numbers[i];
    }
    ret->booked = &people[0];
    ret->attended = &people[1];
    ret->reported = &people[2];
}

/* rpc GetCampaignTotals: how many, never who or what; small groups are withheld. */
static void stories__get_campaign_totals(Health__Stories_Service *service, const Health__CampaignRequest *req,
                                         Health__CampaignTotals_Closure reply, void *call)
{
    struct health *self = container_of(service, struct health, stories_service);
    const Health__Campaign *campaign = campaigns_find(&self->campaigns, req->campaign_id, rpc_arena(call));
    Health__CampaignTotals message = HEALTH__CAMPAIGN_TOTALS__INIT;
    struct arena *arena = rpc_arena(call);
    struct site_totals *totals = arena_alloc(arena, (SITES_MAX + 1) * sizeof(*totals));
    Health__People *people = arena_alloc(arena, (SITES_MAX + 1) * TOTALS_COLUMNS * sizeof(*people));
    Health__SiteTotals *sites = arena_alloc(arena, (SITES_MAX + 1) * sizeof(*sites));
    size_t n = 0;

    if (!campaign) {
        rpc_refuse(call, HEALTH__REASON__CAMPAIGN_NOT_FOUND);
        return;
    }
    if (!rpc_has_role(call, RULE__ROLE__BENEFIT_MANAGER, campaign->union_path) &&
        !rpc_has_role(call, RULE__ROLE__FINANCE, campaign->union_path) &&
        !rpc_has_role(call, RULE__ROLE__AUDIT_ADMIN, campaign->union_path)) {
        rpc_refuse(call, RPC__REASON__OUTSIDE_YOUR_UNION);
        return;
    }
    message.sites = arena_alloc(arena, SITES_MAX * sizeof(*message.sites));
    if (!totals || !people || !sites || !message.sites) {
        rpc_refuse(call, RPC__REASON__OVERLOADED);
        return;
    }
    totals_ask(&self->stories, req->campaign_id);
    while (n < SITES_MAX && totals_next(&self->stories, &totals[n]))
        n++;
    totals_withhold(totals, n);
    for (size_t i = 0; i <= n; i++)
        people_messages(&totals[i], &people[i * TOTALS_COLUMNS], &sites[i]);
    for (; message.n_sites < n; message.n_sites++)
        message.sites[message.n_sites] = &sites[message.n_sites];
    message.all = &sites[n];
    reply(&message, call);
}

const Health__Stories_Service stories_api = HEALTH__STORIES__INIT(stories__);
