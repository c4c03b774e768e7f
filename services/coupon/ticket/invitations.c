#include "services/coupon/ticket/invitations.h"

#include "common/pass/pass.h"

#define COLUMNS     "invitation_id, host_coupon_id, host_id, host_name, member_id, release_id, cell_id, state, until"
#define LAPSE_SLICE 32

enum { SQL_ADD, SQL_SET, SQL_FIND, SQL_OF, SQL_TO, SQL_WAITING_OF, SQL_DUE, N_SQL };

static const char *const sql[] = {
    [SQL_ADD] = "INSERT INTO ticket_invitation (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SQL_SET] = "UPDATE ticket_invitation SET state = ?2, host_name = '' WHERE invitation_id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS " FROM ticket_invitation WHERE invitation_id = ?1",
    [SQL_OF] = "SELECT " COLUMNS " FROM ticket_invitation WHERE host_coupon_id = ?1 ORDER BY invitation_id",
    [SQL_TO] = "SELECT " COLUMNS " FROM ticket_invitation WHERE " HOLDER_HERS " AND state = 1 AND until > ?2 "
               "AND invitation_id > ?3 ORDER BY invitation_id LIMIT ?4",
    [SQL_WAITING_OF] = "SELECT " COLUMNS " FROM ticket_invitation WHERE host_coupon_id = ?1 AND state = 1 LIMIT 1",
    [SQL_DUE] = "SELECT " COLUMNS " FROM ticket_invitation WHERE state = 1 AND until <= ?1 ORDER BY until LIMIT ?2",
};
_Static_assert(ARRAY_LEN(sql) == N_SQL, "a statement for each");

int64_t companion_number(const char *text)
{
    size_t len = strlen(text), digits = strspn(text, "0123456789");
    struct pass_code code;
    long long number;

    if (len > 0 && len < 19 && digits == len) {
        number = strtoll(text, NULL, 10);
        return number > 0 ? number : 0;
    }
    if (!pass_code_says(text, len, &code) || code.kind != PASS_CARD || code.subject > INT64_MAX)
        return 0;
    return (int64_t)code.subject;
}

/* ---- rows ---- */

static bool next(const struct invitations *invitations, unsigned statement, struct invitation *ret)
{
    return store_read(invitations->store, statement, INTO(ret->id), INTO(ret->host_coupon_id), INTO(ret->host_id),
                      INTO(ret->host_name), INTO(ret->member_id), INTO(ret->release_id), INTO(ret->cell_id),
                      INTO(ret->state), INTO(ret->until));
}

static bool only(const struct invitations *invitations, unsigned statement, struct invitation *ret)
{
    bool found = next(invitations, statement, ret);

    store_end(invitations->store, statement);
    return found;
}

/* Up to max of what a query finds; ends it. */
static size_t all(const struct invitations *invitations, unsigned statement, struct invitation *ret, size_t max)
{
    size_t n = 0;

    while (n < max && next(invitations, statement, &ret[n]))
        n++;
    store_end(invitations->store, statement);
    return n;
}

bool invitations_find(const struct invitations *invitations, int64_t invitation_id, struct invitation *ret)
{
    store_ask(invitations->store, invitations->sql + SQL_FIND, "i", invitation_id);
    return only(invitations, invitations->sql + SQL_FIND, ret);
}

void invitations_ask_of(const struct invitations *invitations, int64_t host_coupon_id)
{
    store_ask(invitations->store, invitations->sql + SQL_OF, "i", host_coupon_id);
}

bool invitations_next_of(const struct invitations *invitations, struct invitation *ret)
{
    return next(invitations, invitations->sql + SQL_OF, ret);
}

size_t invitations_to(const struct invitations *invitations, int64_t member_id, int64_t now, int64_t after,
                      struct invitation *ret, size_t max)
{
    store_ask(invitations->store, invitations->sql + SQL_TO, "iiii", member_id, now, after, (int64_t)max);
    return all(invitations, invitations->sql + SQL_TO, ret, max);
}

/* ---- changes ---- */

static void tell(const struct invitation *invitation, void *call)
{
    Coupon__InvitationChanged changed = COUPON__INVITATION_CHANGED__INIT;

    changed.invitation_id = invitation->id;
    changed.host_coupon_id = invitation->host_coupon_id;
    changed.state = (Coupon__CompanionState)invitation->state;
    rpc_tell(call, &changed.base);
}

void invitations_add(struct coupon *self, const struct ticket_seat *seat, const struct ticket_cell *cell, int64_t until,
                     const int64_t *numbers, size_t n, void *call)
{
    const struct release *release = release_find(self, seat->release_id);

    for (size_t i = 0; i < n; i++) {
        struct invitation made = {
            .id = id_next(&self->ids, rpc_now(call)),
            .host_coupon_id = seat->coupon_id,
            .host_id = rpc_principal(call)->member_id,
            .member_id = numbers[i],
            .release_id = seat->release_id,
            .cell_id = cell->id,
            .state = COUPON__COMPANION_STATE__ASKED,
            .until = until,
        };
        struct notice_given asked = {
            .kind = NOTICE__NOTICE_KIND__TICKET_INVITED,
            .member_id = holder_of(&self->holders, numbers[i]),
            .about_id = made.id,
            .at = until,
            .title = release ? release->title : NULL,
        };

        store_run(self->store, self->invitations.sql + SQL_ADD, "iiitiiiii", made.id, made.host_coupon_id, made.host_id,
                  rpc_principal(call)->shown_name, made.member_id, made.release_id, made.cell_id, (int64_t)made.state,
                  made.until);
        tell(&made, call);
        notice_give(&self->notice, &asked, call);
    }
}

void invitation_set(struct coupon *self, struct invitation *invitation, int state, void *call)
{
    struct ticket_cell cell;

    invitation->state = state;
    store_run(self->store, self->invitations.sql + SQL_SET, "ii", invitation->id, (int64_t)state);
    tell(invitation, call);
    notice_withdraw(&self->notice, NOTICE__NOTICE_KIND__TICKET_INVITED, invitation->id, call);
    if (state != COUPON__COMPANION_STATE__ACCEPTED && ticket_cell_find(&self->tickets, invitation->cell_id, &cell))
        ticket_cell_take(self, &cell, -1, call);
}

void invitations_withdraw(struct coupon *self, int64_t host_coupon_id, void *call)
{
    unsigned statement = self->invitations.sql + SQL_WAITING_OF;
    struct invitation invitation;

    while (!store_trouble(self->store)) {
        store_ask(self->store, statement, "i", host_coupon_id);
        if (!only(&self->invitations, statement, &invitation))
            return;
        invitation_set(self, &invitation, COUPON__COMPANION_STATE__WITHDRAWN, call);
    }
}

void invitation_fail(struct coupon *self, struct invitation *invitation, int state, void *call)
{
    struct notice_given out = {
        .kind = NOTICE__NOTICE_KIND__TICKET_COMPANION_OUT,
        .member_id = holder_of(&self->holders, invitation->host_id),
        .about_id = invitation->id,
    };

    invitation_set(self, invitation, state, call);
    notice_give(&self->notice, &out, call);
}

static bool tidy(void *arg, void *call)
{
    struct coupon *self = arg;
    struct invitation due[LAPSE_SLICE];
    size_t n;

    store_ask(self->store, self->invitations.sql + SQL_DUE, "ii", rpc_now(call), (int64_t)LAPSE_SLICE);
    n = all(&self->invitations, self->invitations.sql + SQL_DUE, due, LAPSE_SLICE);
    for (size_t i = 0; i < n; i++)
        invitation_fail(self, &due[i], COUPON__COMPANION_STATE__LAPSED, call);
    return n == LAPSE_SLICE;
}

/* ---- people ---- */

static void on_closed(void *arg, int64_t member_id, void *call)
{
    struct coupon *self = arg;
    struct invitation asked[LAPSE_SLICE];
    size_t n;

    do {
        n = invitations_to(&self->invitations, member_id, 0, 0, asked, LAPSE_SLICE);
        for (size_t i = 0; i < n; i++)
            invitation_fail(self, &asked[i], COUPON__COMPANION_STATE__LAPSED, call);
    } while (n == LAPSE_SLICE && !store_trouble(self->store));
}

/* ---- the audit ---- */

static bool agrees(void *arg, const void *body, const Rpc__JournalRow *row, int64_t told[PART_COUNTS])
{
    struct coupon *self = arg;
    const Coupon__Event *event = body;
    const Coupon__InvitationChanged *changed = event->invitation_changed;
    struct invitation invitation;

    (void)row;
    (void)told;
    if (event->event_case != COUPON__EVENT__EVENT_INVITATION_CHANGED)
        return true;
    *part_word(&self->parts, &invitations_part, 0, changed->invitation_id) = (int64_t)changed->state;
    return invitations_find(&self->invitations, changed->invitation_id, &invitation) &&
           invitation.host_coupon_id == changed->host_coupon_id;
}

static const struct part_stray strays[] = {
    {"invitation", "is accepted, and nobody has its seat",
     "SELECT invitation_id FROM ticket_invitation WHERE state = 2 AND NOT EXISTS (SELECT 1 FROM ticket_seat WHERE "
     "ticket_seat.invitation_id = ticket_invitation.invitation_id) LIMIT 1"},
    {"invitation", "waits, and who asked has no ticket",
     "SELECT invitation_id FROM ticket_invitation WHERE state = 1 AND host_coupon_id NOT IN (SELECT coupon_id FROM "
     "ticket_seat WHERE freed_at = 0) LIMIT 1"},
    {NULL, NULL, NULL},
};

const struct part_spec invitations_part = {
    .tables = "ticket_invitation",
    .steps = &invitations_steps,
    .sql = sql,
    .n_sql = N_SQL,
    .last_id = "SELECT max(invitation_id) FROM ticket_invitation",
    .tidy = tidy,
    .agrees = agrees,
    .words = {{"invitation", "SELECT invitation_id, state FROM ticket_invitation ORDER BY invitation_id"}},
    .strays = strays,
    .people = "ticket_invitation.host_id",
    .others = "ticket_invitation.host_coupon_id",
    .exports = {{&coupon__invitation__descriptor,
                 "SELECT invitation_id, invitation_id, release_id, until FROM ticket_invitation WHERE " HOLDER_HERS
                 " AND invitation_id > ?2 ORDER BY invitation_id LIMIT ?3"}},
    .closed = {"UPDATE ticket_invitation SET host_name = '' WHERE host_id = ?1 AND host_name <> ''"},
    .on_closed = on_closed,
    .merged =
        {"-- who asks and who is asked stay under their numbers, which the account that is kept holds (holders.h)"},
};
