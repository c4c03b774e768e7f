/* The store against its journal. */
#include "services/coupon/api.h"
#include "services/coupon/store.h"

/* What the journal last said of a release. */
struct said {
    int64_t release_id;
    int state;
    char union_path[COUPON_PATH_SIZE], eligible_path[COUPON_PATH_SIZE];
};

struct audit {
    struct store *store;
    FILE *out;
    struct said *said; /* in order of id, as releases are made */
    size_t n_said, size;
};

static struct said *said_of(const struct audit *audit, int64_t release_id)
{
    size_t low = 0, high = audit->n_said;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (audit->said[middle].release_id == release_id)
            return &audit->said[middle];
        if (audit->said[middle].release_id < release_id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool note_release(struct audit *audit, const Coupon__ReleaseChanged *changed)
{
    struct said *said = said_of(audit, changed->release_id);

    if (!said && audit->n_said == audit->size) {
        size_t size = audit->size ? audit->size * 2 : 256;
        struct said *more = realloc(audit->said, size * sizeof(*more));

        if (!more)
            return false;
        audit->said = more;
        audit->size = size;
    }
    if (!said)
        said = &audit->said[audit->n_said++];
    said->release_id = changed->release_id;
    said->state = changed->state;
    snprintf(said->union_path, sizeof(said->union_path), "%s", changed->union_path);
    snprintf(said->eligible_path, sizeof(said->eligible_path), "%s", changed->eligible_path);
    return true;
}

static int audit_releases(struct audit *audit)
{
    size_t n = 0;
    struct release release;
    int failed = 0;

    store_ask_releases(audit->store, 0);
    while (store_next_release(audit->store, &release)) {
        const struct said *said = said_of(audit, release.id);

        n += said != NULL;
        if (said && said->state == release.state && strcmp(said->union_path, release.union_path) == 0 &&
            strcmp(said->eligible_path, release.eligible_path) == 0)
            continue;
        fprintf(audit->out, "release %lld is not as the journal last said\n", (long long)release.id);
        failed = -1;
    }
    if (!failed && n != audit->n_said) {
        fprintf(audit->out, "release: %zu are in the journal, %zu in the store\n", audit->n_said, n);
        failed = -1;
    }
    return failed;
}

/* Claims are appended in the journal's order, so the two are read side by side. */
static bool audit_row(const Rpc__JournalRow *row, void *arg)
{
    struct audit *audit = arg;
    Coupon__Event *event = coupon__event__unpack(NULL, row->body.len, row->body.data);
    const Coupon__Claimed *claimed = NULL;
    struct claim claim;
    bool ok = event != NULL;

    if (event && event->event_case == COUPON__EVENT__EVENT_CLAIMED)
        claimed = event->claimed;
    if (event && event->event_case == COUPON__EVENT__EVENT_RELEASE_CHANGED)
        ensure(note_release(audit, event->release_changed));
    if (claimed)
        ok = store_next_claim(audit->store, &claim) && claim.coupon_id == claimed->coupon_id &&
             claim.release_id == claimed->release_id && claim.member_id == claimed->member_id &&
             claim.day == claimed->day;
    coupon__event__free_unpacked(event, NULL);
    if (!ok)
        fprintf(audit->out, "claim: journal row %lld has no equal claim\n", (long long)row->seq);
    return ok;
}

int coupon_audit(struct store *store, struct journal *journal, FILE *out)
{
    struct audit audit = {.store = store, .out = out};
    int64_t rows, release, other;
    struct claim claim;
    int failed;

    store_ask_claims(store, 0);
    failed = journal_audit(journal, out, audit_row, &audit, &rows);
    if (!failed && store_next_claim(store, &claim)) {
        fprintf(out, "claim: coupon %lld is not in the journal\n", (long long)claim.coupon_id);
        failed = -1;
    }
    store_end_claims(store);
    if (!failed)
        failed = audit_releases(&audit);
    free(audit.said);
    if (store_find_oversold(store, &release, &other)) {
        fprintf(out, "release %lld: more claims on day %lld than its stock\n", (long long)release, (long long)other);
        failed = -1;
    }
    if (store_find_duplicate(store, &release, &other)) {
        fprintf(out, "release %lld: member %lld has two coupons for one\n", (long long)release, (long long)other);
        failed = -1;
    }
    return failed;
}
