#include "services/identity/store.h"

struct audit {
    struct store *store;
    FILE *out;
    struct store_counts told; /* by the journal */
};

static bool audit_union(struct audit *audit, const Identity__UnionCreated *created)
{
    struct union_node node;

    audit->told.unions++;
    return store_find_union(audit->store, created->union_id, &node) && node.parent_id == created->parent_id &&
           strcmp(node.path, created->path) == 0;
}

/* Rows are appended in the journal's order, so the two are read side by side. */
static bool audit_roster(struct audit *audit, const Identity__RosterRowAdded *added)
{
    int64_t roster_id, union_id;

    audit->told.roster++;
    return store_next_roster(audit->store, &roster_id, &union_id) && roster_id == added->roster_id &&
           union_id == added->union_id;
}

static bool audit_member(struct audit *audit, const Identity__MemberVerified *verified)
{
    struct member member;

    audit->told.verified++;
    return store_find_member(audit->store, verified->member_id, &member) && member.level == (int)RPC__LEVEL__MEMBER &&
           member.roster_id == verified->roster_id && member.union_id == verified->union_id;
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
    case IDENTITY__EVENT__EVENT_MEMBER_VERIFIED:
        ok = audit_member(audit, event->member_verified);
        break;
    case IDENTITY__EVENT__EVENT_SESSION_REVOKED:
        ok = audit_session(audit, event->session_revoked);
        break;
    case IDENTITY__EVENT__EVENT_GRANT_CHANGED:
        ok = audit_grant(audit, event->grant_changed);
        break;
    case IDENTITY__EVENT__EVENT_WECHAT_BOUND:
        ok = audit_wechat(audit, event->wechat_bound->wechat_id, event->wechat_bound->member_id, false);
        break;
    case IDENTITY__EVENT__EVENT_WECHAT_UNBOUND:
        ok = audit_wechat(audit, event->wechat_unbound->wechat_id, event->wechat_unbound->member_id, true);
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

int identity_audit(struct store *store, struct journal *journal, FILE *out)
{
    struct audit audit = {.store = store, .out = out};
    struct store_counts stored = {0};
    int64_t rows, stray;
    bool ok;

    store_ask_roster(store);
    ok = journal_audit(journal, out, audit_row, &audit, &rows) == 0;
    store_end_roster(store);
    store_count(store, &stored);
    if (ok) {
        ok = same_count(out, "unions", stored.unions, audit.told.unions) &&
             same_count(out, "roster rows", stored.roster, audit.told.roster) &&
             same_count(out, "verified members", stored.verified, audit.told.verified) &&
             same_count(out, "grants", stored.grants, audit.told.grants) &&
             same_count(out, "WeChat doors", stored.wechats, audit.told.wechats);
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
