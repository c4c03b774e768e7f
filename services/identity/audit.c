#include "services/identity/cadres.h"
#include "services/identity/changes.h"
#include "services/identity/covers.h"
#include "services/identity/companies.h"
#include "services/identity/joins.h"
#include "services/identity/proofs.h"
#include "services/identity/merges.h"
#include "services/identity/proposals.h"
#include "services/identity/rolls.h"
#include "services/identity/tallies.h"
#include "services/identity/trades.h"
#include "services/identity/transfers.h"

struct audit {
    struct store *store;
    struct rolls rolls;
    struct joins joins;
    struct tallies tallies;
    struct changes changes;
    struct transfers transfers;
    struct proposals proposals;
    struct cadres cadres;
    struct companies companies;
    struct trades trades;
    struct covers covers;
    struct proofs proofs;
    struct merges merges;
    FILE *out;
    struct store_counts told; /* by the journal */
    bool roster_read;         /* a row whose addition has not been told yet: */
    int64_t roster_id, roster_union;
    struct rolls_counts rolls_told;
    int64_t joins_told, joins_decided_told, transfers_told, changes_told, trades_told, covers_told, proofs_told,
        proposals_told, proposals_decided_told, cadres_told, cadres_ended_told, companies_told, merged_told;
    int64_t joins_missing, joins_purged; /* requests that are gone, by the rows and by the word of purging */
};

/* Whether a union hangs where its last move, or its creation, put it. Of its path the
 * rest follows its parent's, which store_find_stray_union checks. */
static bool is_in_place(const struct union_node *node, int64_t move, int64_t parent_id, const char *path)
{
    size_t len = strlen(path), node_len = strlen(node->path);

    if (node->moves != move)
        return node->moves > move;
    return node->parent_id == parent_id && len >= LIMIT_PATH_SEGMENT && node_len >= LIMIT_PATH_SEGMENT &&
           strcmp(node->path + node_len - LIMIT_PATH_SEGMENT, path + len - LIMIT_PATH_SEGMENT) == 0;
}

static bool audit_union(struct audit *audit, const Identity__UnionCreated *created)
{
    struct union_node node;

    audit->told.unions++;
    return store_find_union(audit->store, created->union_id, &node) &&
           is_in_place(&node, 0, created->parent_id, created->path);
}

static bool audit_moved(struct audit *audit, const Identity__UnionMoved *moved)
{
    struct union_node node;

    return store_find_union(audit->store, moved->union_id, &node) &&
           is_in_place(&node, moved->move, moved->parent_id, moved->path);
}

static bool audit_closed(struct audit *audit, const Identity__UnionClosed *closed)
{
    struct union_node node;

    return store_find_union(audit->store, closed->union_id, &node) && node.state >= (int)closed->state &&
           node.into_id == closed->into_id;
}

static bool audit_changed(struct audit *audit, const Identity__UnionChanged *changed)
{
    struct change change;

    audit->changes_told += changed->state == IDENTITY__CHANGE_STATE__CHANGE_ASKED;
    return changes_find(&audit->changes, changed->change_id, &change) && change.union_id == changed->union_id &&
           change.kind == (int)changed->kind &&
           (changed->state == IDENTITY__CHANGE_STATE__CHANGE_ASKED || change.state == (int)changed->state);
}

/* Rows are appended in the journal's order, so the two are read side by side; a row that
 * is not there was taken off later. */
static bool audit_roster(struct audit *audit, const Identity__RosterRowAdded *added)
{
    audit->told.roster++;
    if (!audit->roster_read && !store_next_roster(audit->store, &audit->roster_id, &audit->roster_union))
        audit->roster_id = INT64_MAX;
    audit->roster_read = added->roster_id != audit->roster_id;
    return audit->roster_id > added->roster_id ||
           (audit->roster_id == added->roster_id && audit->roster_union == added->union_id);
}

static bool audit_removed(struct audit *audit, const Identity__RosterRowRemoved *removed)
{
    struct roster_entry entry;

    audit->told.roster--;
    return !store_find_roster_row(audit->store, removed->roster_id, &entry);
}

static bool audit_member(struct audit *audit, const Identity__MemberVerified *verified)
{
    struct member member;

    audit->told.verified += !verified->again;
    return store_find_member(audit->store, verified->member_id, &member) &&
           member.level >= (int)RPC__LEVEL__REAL_NAME && member.roster_id == verified->roster_id;
}

static bool audit_began(struct audit *audit, const Identity__MembershipBegan *began)
{
    struct period period;

    audit->rolls_told.periods++;
    return rolls_find_period(&audit->rolls, began->membership_id, &period) && period.member_id == began->member_id &&
           period.union_id == began->union_id && period.began == (int)began->began;
}

static bool audit_ended(struct audit *audit, const Identity__MembershipEnded *ended)
{
    struct period period;

    audit->rolls_told.ended++;
    return rolls_find_period(&audit->rolls, ended->membership_id, &period) && period.member_id == ended->member_id &&
           period.union_id == ended->union_id && period.ended == (int)ended->ended &&
           period.ended_at >= period.began_at;
}

static bool audit_standing(struct audit *audit, const Identity__StandingChanged *changed)
{
    if (changed->standing != IDENTITY__STANDING__STANDING_ACTIVE)
        audit->rolls_told.standings++;
    return true;
}

/* A session that was revoked is gone; one that was opened may be. */
static bool audit_session(struct audit *audit, const Identity__SessionRevoked *revoked)
{
    struct session session;

    return !store_find_session(audit->store, revoked->session_id, &session);
}

/* A grant that is there is what was granted; one that was revoked is gone. */
static bool audit_grant(struct audit *audit, const Identity__GrantChanged *changed)
{
    struct authority grant;
    bool found = store_find_grant(audit->store, changed->grant_id, &grant);

    audit->told.grants += changed->revoked ? -1 : 1;
    if (changed->revoked || !found)
        return !found;
    return grant.member_id == changed->member_id && grant.role == (int)changed->role &&
           grant.union_id == changed->union_id;
}

/* A request that was decided says what the journal does of it; it may have been purged since. */
static bool audit_join(struct audit *audit, const Identity__JoinChanged *changed)
{
    bool decided = changed->state != IDENTITY__JOIN_STATE__JOIN_ASKED;
    struct join join;

    if (!joins_find(&audit->joins, changed->request_id, &join)) {
        audit->joins_missing += !decided;
        return true;
    }
    audit->joins_told += !decided;
    audit->joins_decided_told += decided;
    return join.member_id == changed->member_id && join.union_id == changed->union_id &&
           (!decided || (join.state == (int)changed->state && join.reason == (int)changed->reason));
}

/* A proposal that was decided says what the journal does of it. */
static bool audit_proposal(struct audit *audit, const Identity__ProposalChanged *changed)
{
    bool decided = changed->state != IDENTITY__PROPOSAL_STATE__PROPOSAL_OPEN;
    struct proposal proposal;

    audit->proposals_told += !decided;
    audit->proposals_decided_told += decided;
    return proposals_find(&audit->proposals, changed->proposal_id, &proposal) &&
           proposal.member_id == changed->member_id && proposal.union_id == changed->union_id &&
           proposal.kind == (int)changed->kind && (!decided || proposal.state == (int)changed->state);
}

static bool audit_cadre(struct audit *audit, const Identity__CadreChanged *changed)
{
    struct cadre cadre;

    audit->cadres_told += !changed->ended;
    audit->cadres_ended_told += changed->ended;
    return cadres_find(&audit->cadres, changed->cadre_id, &cadre) && cadre.member_id == changed->member_id &&
           cadre.union_id == changed->union_id && cadre.post == changed->post && (!changed->ended || cadre.ended_at);
}

static bool audit_company(struct audit *audit, const Identity__CompanyRegistered *registered)
{
    struct company company;

    audit->companies_told++;
    return companies_find(&audit->companies, registered->union_id, &company) && company.id == registered->company_id;
}

/* Once it is closed, a transfer says what the journal does of it; its first row is
 * the one before which nothing was released or decided. */
static bool audit_transfer(struct audit *audit, const Rpc__JournalRow *row, const Identity__TransferChanged *changed)
{
    bool closed = changed->state > IDENTITY__TRANSFER_STATE__TRANSFER_RELEASED;
    struct transfer transfer;

    if (!transfers_find(&audit->transfers, changed->transfer_id, &transfer))
        return false;
    if (row->actor == changed->member_id && !closed)
        audit->transfers_told++;
    return transfer.member_id == changed->member_id && transfer.from_union == changed->from_union_id &&
           transfer.to_union == changed->to_union_id &&
           (!closed || (transfer.state == (int)changed->state && transfer.release == (int)changed->release &&
                        transfer.reason == (int)changed->reason));
}

static bool audit_proof(struct audit *audit, const Identity__ProofEnded *ended)
{
    struct name_proof proof;

    audit->proofs_told++;
    audit->told.verified += ended->verdict == IDENTITY__VERDICT__VERDICT_AGREES;
    return proofs_find(&audit->proofs, ended->proof_id, &proof) && proof.member_id == ended->member_id &&
           proof.verdict == (int)ended->verdict;
}

/* A claim is told first as asked, what had none as proven; how it ended stands in its row. */
static bool audit_trade(struct audit *audit, const Identity__TradeChanged *changed)
{
    bool asked = changed->state == IDENTITY__TRADE_STATE__TRADE_ASKED;
    bool proven = changed->state == IDENTITY__TRADE_STATE__TRADE_PROVEN;
    struct trade trade;

    if (!trades_find(&audit->trades, changed->trade_id, &trade))
        return false;
    audit->trades_told += asked || (proven && trade.proof == IDENTITY__TRADE_PROOF__TRADE_PROOF_NONE);
    return trade.member_id == changed->member_id && trade.union_id == changed->union_id &&
           trade.trade == (int)changed->trade && trade.state >= (int)changed->state &&
           (asked || proven || (trade.state == (int)changed->state && trade.reason == (int)changed->reason));
}

/* A merge begins as asked or proposed, or is done by her at once, and ends as its row says. */
static bool audit_merge(struct audit *audit, const Identity__MergeChanged *changed)
{
    struct merge merge;

    if (!merges_find(&audit->merges, changed->merge_id, &merge))
        return false;
    return merge.kept_id == changed->kept_id && merge.gone_id == changed->gone_id && merge.state >= (int)changed->state;
}

/* What is gone leads to what was kept, or to what that one is gone into. */
static bool audit_merged(struct audit *audit, const Identity__MembersMerged *merged)
{
    struct member kept, gone;

    return store_find_member(audit->store, merged->gone_id, &gone) &&
           store_find_member(audit->store, merged->kept_id, &kept) &&
           gone.merged_into == (kept.merged_into ? kept.merged_into : kept.id);
}

/* A door that is there is the member's to whom it was bound; one that she unbound is gone. */
static bool audit_wechat(struct audit *audit, int64_t wechat_id, int64_t member_id, bool unbound)
{
    int64_t owner = store_wechat_member(audit->store, wechat_id);

    audit->told.wechats += unbound ? -1 : 1;
    return owner == 0 || (!unbound && owner == member_id);
}

static bool audit_row(const Rpc__JournalRow *row, void *arg)
{
    struct audit *audit = arg;
    Identity__Event *event = identity__event__unpack(NULL, row->body.len, row->body.data);
    bool ok = event != NULL;

    switch (event ? event->event_case : IDENTITY__EVENT__EVENT__NOT_SET) {
    case IDENTITY__EVENT__EVENT_UNION_CREATED:
        ok = audit_union(audit, event->union_created);
        break;
    case IDENTITY__EVENT__EVENT_ROSTER_ROW_ADDED:
        ok = audit_roster(audit, event->roster_row_added);
        break;
    case IDENTITY__EVENT__EVENT_ROSTER_ROW_REMOVED:
        ok = audit_removed(audit, event->roster_row_removed);
        break;
    case IDENTITY__EVENT__EVENT_MEMBER_VERIFIED:
        ok = audit_member(audit, event->member_verified);
        break;
    case IDENTITY__EVENT__EVENT_SESSION_REVOKED:
        ok = audit_session(audit, event->session_revoked);
        break;
    case IDENTITY__EVENT__EVENT_GRANT_CHANGED:
        ok = audit_grant(audit, event->grant_changed);
        break;
    case IDENTITY__EVENT__EVENT_MEMBERSHIP_BEGAN:
        ok = audit_began(audit, event->membership_began);
        break;
    case IDENTITY__EVENT__EVENT_MEMBERSHIP_ENDED:
        ok = audit_ended(audit, event->membership_ended);
        break;
    case IDENTITY__EVENT__EVENT_STANDING_CHANGED:
        ok = audit_standing(audit, event->standing_changed);
        break;
    case IDENTITY__EVENT__EVENT_JOIN_CHANGED:
        ok = audit_join(audit, event->join_changed);
        break;
    case IDENTITY__EVENT__EVENT_PURGED:
        if (event->purged->kind == IDENTITY__PURGE_KIND__PURGE_JOINS)
            audit->joins_purged += event->purged->count;
        break;
    case IDENTITY__EVENT__EVENT_TRANSFER_CHANGED:
        ok = audit_transfer(audit, row, event->transfer_changed);
        break;
    case IDENTITY__EVENT__EVENT_UNION_CHANGED:
        ok = audit_changed(audit, event->union_changed);
        break;
    case IDENTITY__EVENT__EVENT_UNION_MOVED:
        ok = audit_moved(audit, event->union_moved);
        break;
    case IDENTITY__EVENT__EVENT_UNION_CLOSED:
        ok = audit_closed(audit, event->union_closed);
        break;
    case IDENTITY__EVENT__EVENT_TRADE_CHANGED:
        ok = audit_trade(audit, event->trade_changed);
        break;
    case IDENTITY__EVENT__EVENT_COVER_ENROLLED:
        audit->covers_told++;
        ok = covers_agree(&audit->covers, event->cover_enrolled);
        break;
    case IDENTITY__EVENT__EVENT_MERGE_CHANGED:
        ok = audit_merge(audit, event->merge_changed);
        break;
    case IDENTITY__EVENT__EVENT_MEMBERS_MERGED:
        audit->merged_told++;
        ok = audit_merged(audit, event->members_merged);
        break;
    case IDENTITY__EVENT__EVENT_WECHAT_BOUND:
        ok = audit_wechat(audit, event->wechat_bound->wechat_id, event->wechat_bound->member_id, false);
        break;
    case IDENTITY__EVENT__EVENT_WECHAT_UNBOUND:
        ok = audit_wechat(audit, event->wechat_unbound->wechat_id, event->wechat_unbound->member_id, true);
        break;
    case IDENTITY__EVENT__EVENT_PROOF_ENDED:
        ok = audit_proof(audit, event->proof_ended);
        break;
    case IDENTITY__EVENT__EVENT_CADRE_CHANGED:
        ok = audit_cadre(audit, event->cadre_changed);
        break;
    case IDENTITY__EVENT__EVENT_COMPANY_REGISTERED:
        ok = audit_company(audit, event->company_registered);
        break;
    case IDENTITY__EVENT__EVENT_PROPOSAL_CHANGED:
        ok = audit_proposal(audit, event->proposal_changed);
        break;
    default:
        break;
    }
    identity__event__free_unpacked(event, NULL);
    if (!ok)
        fprintf(audit->out, "identity: the store does not agree with journal row %lld\n", (long long)row->seq);
    return ok;
}

static bool same_count(FILE *out, const char *what, int64_t stored, int64_t told)
{
    if (stored != told)
        fprintf(out, "%s: %lld in the store, %lld by the journal\n", what, (long long)stored, (long long)told);
    return stored == told;
}

static bool audit_rolls(struct audit *audit)
{
    struct rolls_counts stored = {0};
    int64_t stray, joins = 0, decided = 0, proposals = 0, proposals_decided = 0, cadres = 0, cadres_ended = 0,
                   companies = 0;

    joins_count(&audit->joins, &joins, &decided);
    rolls_count(&audit->rolls, &stored);
    companies_count(&audit->companies, &companies);
    cadres_count(&audit->cadres, &cadres, &cadres_ended);
    proposals_count(&audit->proposals, &proposals, &proposals_decided);
    if (tallies_find_wrong(&audit->tallies, &stray)) {
        fprintf(audit->out, "union %lld: its numbers are not what counting gives\n", (long long)stray);
        return false;
    }
    if (rolls_find_stray_member(&audit->rolls, &stray)) {
        fprintf(audit->out, "member %lld: her row does not agree with her membership and standing\n", (long long)stray);
        return false;
    }
    if (merges_find_stray_member(&audit->merges, &stray)) {
        fprintf(audit->out, "member %lld: what is gone into another account lives on\n", (long long)stray);
        return false;
    }
    if (trades_find_stray_member(&audit->trades, &stray)) {
        fprintf(audit->out, "member %lld: her row does not agree with her trade\n", (long long)stray);
        return false;
    }
    return same_count(audit->out, "memberships", stored.periods, audit->rolls_told.periods) &&
           same_count(audit->out, "ended memberships", stored.ended, audit->rolls_told.ended) &&
           same_count(audit->out, "standings", stored.standings, audit->rolls_told.standings) &&
           same_count(audit->out, "requests to join", joins, audit->joins_told) &&
           same_count(audit->out, "decided requests to join", decided, audit->joins_decided_told) &&
           same_count(audit->out, "deleted requests to join", audit->joins_missing, audit->joins_purged) &&
           same_count(audit->out, "companies", companies, audit->companies_told) &&
           same_count(audit->out, "cadres", cadres, audit->cadres_told) &&
           same_count(audit->out, "ended cadres", cadres_ended, audit->cadres_ended_told) &&
           same_count(audit->out, "proposals", proposals, audit->proposals_told) &&
           same_count(audit->out, "decided proposals", proposals_decided, audit->proposals_decided_told) &&
           same_count(audit->out, "transfers", transfers_count(&audit->transfers), audit->transfers_told) &&
           same_count(audit->out, "proofs", proofs_count(&audit->proofs), audit->proofs_told) &&
           same_count(audit->out, "trades", trades_count(&audit->trades), audit->trades_told) &&
           same_count(audit->out, "enrolments", covers_count(&audit->covers), audit->covers_told) &&
           same_count(audit->out, "merged accounts", merges_count(&audit->merges), audit->merged_told) &&
           same_count(audit->out, "changes of unions", changes_count(&audit->changes), audit->changes_told);
}

int identity_audit(struct store *store, struct journal *journal, FILE *out)
{
    struct audit audit = {.store = store, .out = out};
    struct store_counts stored = {0};
    int64_t rows, stray;
    bool ok;

    if (rolls_open(&audit.rolls, store) || joins_open(&audit.joins, store) || transfers_open(&audit.transfers, store) ||
        changes_open(&audit.changes, store) || tallies_open(&audit.tallies, store) ||
        trades_open(&audit.trades, store) || covers_open(&audit.covers, store) || proofs_open(&audit.proofs, store) ||
        proposals_open(&audit.proposals, store) || cadres_open(&audit.cadres, store) ||
        companies_open(&audit.companies, store) || merges_open(&audit.merges, store)) {
        fprintf(out, "identity: the store lacks a table\n");
        return -1;
    }
    store_ask_roster(store);
    ok = journal_audit(journal, out, audit_row, &audit, &rows) == 0;
    store_end_roster(store);
    store_count(store, &stored);
    if (ok) {
        ok = same_count(out, "unions", stored.unions, audit.told.unions) &&
             same_count(out, "roster rows", stored.roster, audit.told.roster) &&
             same_count(out, "verified members", stored.verified, audit.told.verified) &&
             same_count(out, "grants", stored.grants, audit.told.grants) &&
             same_count(out, "WeChat doors", stored.wechats, audit.told.wechats) && audit_rolls(&audit);
    }
    if (store_find_stray_union(store, &stray)) {
        fprintf(out, "union %lld: its path is not below its parent's\n", (long long)stray);
        ok = false;
    }
    if (store_find_split_unionid(store, &stray)) {
        fprintf(out, "WeChat door %lld: its unionid is another member's too\n", (long long)stray);
        ok = false;
    }
    return ok ? 0 : -1;
}
