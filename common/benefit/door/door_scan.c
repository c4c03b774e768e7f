/* door_scan.c: reading what was scanned, judging it, and what follows. */

#include "common/base/bytes.h"
#include "common/base/sha256.h"
#include "common/benefit/door/door_internal.h"

/* ---- what a scanner takes along ---- */

int32_t door_roster(const struct door *door, int64_t place_id, int64_t from, int64_t until, unsigned char ret_hash[32])
{
    struct sha256 sha;
    struct booking booking;
    int32_t n = 0;

    sha256_start(&sha);
    bookings_ask_roster(door->bookings, place_id, from, until, 0, INT32_MAX, RPC_PAGE_ALL);
    while (bookings_next_roster(door->bookings, &booking)) {
        unsigned char handle[8];

        put_be64(handle, (uint64_t)booking.handle);
        sha256_add(&sha, handle, sizeof(handle));
        n++;
    }
    sha256_end(&sha, ret_hash);
    return n;
}

bool door_revocations(const struct door *door, int64_t place_id, const char *union_path, void *call,
                      ProtobufCBinaryData *ret)
{
    struct arena *arena = rpc_arena(call);
    int64_t now = rpc_now(call), version = passes_count_revoked(door->bookings, place_id);
    uint32_t max = version < PASS_REVOKED_MAX ? (uint32_t)version : PASS_REVOKED_MAX;
    uint64_t *serials = arena_alloc(arena, (max + 1) * sizeof(*serials));
    struct pass_revocations head = {
        .issuer = issuer_of(union_path), .site = place_id, .version = version, .made_ms = now - now % 1000};
    struct buf buf;

    if (!serials)
        return false;
    buf_init(&buf, 8 * PASS_REVOKED_MAX + 1024);
    if (pass_revocations_make(door->passes, &head, serials, passes_revoked(door->bookings, place_id, now, serials, max),
                              &buf)) {
        ret->data = (uint8_t *)arena_strndup(arena, buf.bytes, buf.len);
        ret->len = buf.len;
    }
    buf_done(&buf);
    return ret->data != NULL;
}

/* ---- reading ---- */

static bool is_signed(const struct scanned *scanned)
{
    return strlen(scanned->text) != PASS_CODE_CHARS;
}

/* One byte for each question. */
static size_t answer_questions(const void *in, size_t len, void *out)
{
    size_t n = len / PASS_QUESTION_LEN;

    for (size_t i = 0; i < n; i++)
        ((unsigned char *)out)[i] = pass_signed((const unsigned char *)in + i * PASS_QUESTION_LEN);
    return n;
}

bool door_read(const struct door *door, struct scanned *scanned, size_t n, void *call)
{
    unsigned char questions[DOOR_UPLOAD][PASS_QUESTION_LEN];
    const unsigned char *answers;
    size_t n_questions = 0, n_answers;

    ensure(n <= DOOR_UPLOAD);
    for (size_t i = 0; i < n; i++) {
        if (!is_signed(&scanned[i]))
            continue;
        scanned[i].reason =
            pass_read(door->passes, scanned[i].text, strlen(scanned[i].text), &scanned[i].pass, questions[n_questions]);
        n_questions += scanned[i].reason == PASS_OK;
    }
    if (n_questions == 0)
        return true;
    answers = rpc_make(call, answer_questions, questions, n_questions * PASS_QUESTION_LEN,
                       n_questions * PASS_QUESTION_LEN, &n_answers);
    if (!answers)
        return false;
    ensure(n_answers == n_questions);
    for (size_t i = 0; i < n; i++) {
        if (is_signed(&scanned[i]) && scanned[i].reason == PASS_OK && !*answers++)
            scanned[i].reason = PASS_FORGED;
    }
    return true;
}

/* ---- judging ---- */

/* Whether the pass that a text is is good at a place then: the reason, with what is known of it. */
static enum pass_reason judge(const struct door *door, const struct scanned *scanned, int64_t place_id, int64_t at,
                              struct issued *ret_issued, struct booking *ret_booking)
{
    enum pass_reason reason = scanned->reason;
    struct pass pass = scanned->pass;
    struct pass_code code;

    *ret_issued = (struct issued){0};
    *ret_booking = (struct booking){0};
    if (!is_signed(scanned)) {
        reason = pass_code_check(door->passes, scanned->text, PASS_CODE_CHARS, at, &code);
        if (reason == PASS_OK && code.kind == PASS_ACCOUNT)
            reason = PASS_MALFORMED;
        pass.serial = code.subject;
    }
    if (reason != PASS_OK)
        return reason;
    /* What we signed and never issued has been signed by who stole the key. */
    if (!passes_find(door->bookings, (int64_t)pass.serial, ret_issued) ||
        !bookings_find(door->bookings, ret_issued->booking_id, ret_booking))
        return PASS_FORGED;
    if (ret_issued->revoked_at && ret_issued->revoked_at <= at)
        return PASS_REVOKED;
    pass.site = ret_issued->place_id;
    pass.from_ms = ret_issued->from_at;
    pass.until_ms = ret_issued->until_at;
    return pass_judge(&pass, place_id, NULL, at);
}

static int outcome_of(enum pass_reason reason)
{
    static const int outcomes[] = {
        [PASS_OK] = DOOR__OUTCOME__ACCEPTED,
        [PASS_MALFORMED] = DOOR__OUTCOME__MALFORMED,
        [PASS_UNKNOWN_KEY] = DOOR__OUTCOME__UNKNOWN_KEY,
        [PASS_FORGED] = DOOR__OUTCOME__FORGED,
        [PASS_STALE] = DOOR__OUTCOME__STALE,
        [PASS_REVOKED] = DOOR__OUTCOME__REVOKED,
        [PASS_OTHER_SITE] = DOOR__OUTCOME__OTHER_PLACE,
        [PASS_NOT_YET] = DOOR__OUTCOME__NOT_YET,
        [PASS_EXPIRED] = DOOR__OUTCOME__EXPIRED,
        [PASS_USED] = DOOR__OUTCOME__DUPLICATE,
    };

    return outcomes[reason];
}

/* What becomes of a scan whose pass is good: of its booking the store decides. */
static void decide(const struct door *door, const struct issued *issued, const struct booking *booking,
                   struct scan *scan)
{
    struct scan first;

    if (scans_find_of(door, booking->id, &first)) {
        scan->outcome = DOOR__OUTCOME__DUPLICATE;
        scan->duplicate_of = first.id;
    } else if (issued->slot_id != booking->slot_id || booking->state == BOOKINGS__STATE__CANCELLED) {
        scan->outcome = DOOR__OUTCOME__CHANGED;
    }
}

/* Why a scan without network that is good otherwise rests on its device's word alone. */
static int rests_on(const struct door *door, const struct scanner *device, const struct issued *issued,
                    const struct scan *scan)
{
    int doubt = scanner_doubt(door->scanners, device, scan->at, scan->received_at);

    if (doubt)
        return doubt;
    return issued->revoked_at ? DOOR__WAIT__PASS_MADE_ANEW : DOOR__WAIT__WAITS_NOT;
}

/* What there is beside its device's word is on record as it was; all else is that the place was given on. */
int scan_waits_for(const struct door *door, const struct scan *scan)
{
    struct issued issued;
    struct scanner device;
    int wait;

    if (scan->outcome != DOOR__OUTCOME__WAITS || !scanners_find(door->scanners, scan->device_id, &device) ||
        !passes_find(door->bookings, scan->serial, &issued))
        return DOOR__WAIT__WAITS_NOT;
    wait = rests_on(door, &device, &issued, scan);
    return wait ? wait : DOOR__WAIT__PLACE_GIVEN_ON;
}

/* ---- scans ---- */

/* A scan of a pass of ours, or of nothing we know. */
static struct scan new_scan(const struct scanner *device, const char *ref, const struct issued *issued, int64_t at,
                            int outcome, void *call)
{
    struct scan scan = {
        .device_id = device->id,
        .place_id = device->place_id,
        .booking_id = issued->booking_id,
        .serial = issued->serial,
        .at = at,
        .received_at = rpc_now(call),
        .outcome = outcome,
    };

    snprintf(scan.ref, sizeof(scan.ref), "%s", ref);
    return scan;
}

/* She has come. */
static void accept(struct door *door, struct scan *scan, struct booking *booking, void *call)
{
    scan_make(door, scan, call);
    booking_set(door->bookings, booking, BOOKINGS__STATE__ARRIVED, call);
    door->service->arrived(door->self, booking, call);
}

int door_scan(struct door *door, const struct scanner *device, const struct scanned *scanned, void *call,
              struct scan *ret)
{
    int64_t now = rpc_now(call);
    struct booking booking;
    struct issued issued;
    enum pass_reason reason = judge(door, scanned, device->place_id, now, &issued, &booking);

    *ret = new_scan(device, scanned->ref, &issued, now, outcome_of(reason), call);
    if (reason == PASS_OK)
        decide(door, &issued, &booking, ret);
    if (ret->outcome == DOOR__OUTCOME__ACCEPTED) {
        accept(door, ret, &booking, call);
        return 0;
    }
    if (ret->outcome == DOOR__OUTCOME__DUPLICATE)
        reason = PASS_USED;
    else if (ret->outcome == DOOR__OUTCOME__CHANGED)
        reason = PASS_REVOKED;
    return door->service->pass_refusal(reason);
}

void door_take_late(struct door *door, const struct scanner *device, const struct scanned *scanned, int64_t said_at,
                    int64_t behind_ms, void *call, struct scan *ret)
{
    int64_t at = scanner_time(said_at, behind_ms);
    enum pass_reason reason;
    struct booking booking;
    struct issued issued;
    char ref[DOOR_REF];

    scanner_ref(scanned->ref, scanned->text, said_at, ref);
    if (scans_find_ref(door, device->id, ref, ret))
        return;
    reason = judge(door, scanned, device->place_id, at, &issued, &booking);
    if (at <= 0)
        reason = PASS_MALFORMED;
    *ret = new_scan(device, ref, &issued, at, outcome_of(reason), call);
    ret->offline = true;
    if (device->revoked_at && device->revoked_at <= at)
        ret->outcome = DOOR__OUTCOME__DEVICE_OFF;
    else if (reason == PASS_OK)
        decide(door, &issued, &booking, ret);
    if (ret->outcome == DOOR__OUTCOME__ACCEPTED &&
        (rests_on(door, device, &issued, ret) ||
         (booking.state == BOOKINGS__STATE__NOT_COME && door->service->given_on(door->self, &booking, call))))
        ret->outcome = DOOR__OUTCOME__WAITS;
    if (ret->outcome == DOOR__OUTCOME__ACCEPTED)
        accept(door, ret, &booking, call);
    else
        scan_make(door, ret, call);
}

int door_accept(struct door *door, const struct scan *waits, void *call, struct scan *ret, bool *ret_made)
{
    struct booking booking;
    struct scan other;
    char ref[DOOR_REF];
    int refusal;

    snprintf(ref, sizeof(ref), "accepted-%lld", (long long)waits->id);
    *ret_made = !scans_find_ref(door, waits->device_id, ref, ret);
    if (!*ret_made)
        return 0;
    if (waits->outcome != DOOR__OUTCOME__WAITS || scans_find_of(door, waits->booking_id, &other) ||
        !bookings_find(door->bookings, waits->booking_id, &booking) || booking.state == BOOKINGS__STATE__CANCELLED)
        return door->service->words.not_waiting;
    refusal = door->service->beyond(door->self, &booking, call);
    if (refusal)
        return refusal;
    *ret = *waits;
    memcpy(ret->ref, ref, sizeof(ref));
    ret->outcome = DOOR__OUTCOME__ACCEPTED;
    ret->received_at = rpc_now(call);
    accept(door, ret, &booking, call);
    return 0;
}

int door_undo(struct door *door, struct scan *scan, const char *reason, void *call)
{
    if (scan->undone_at)
        return 0;
    if (scan->outcome == DOOR__OUTCOME__ACCEPTED && rpc_now(call) >= scan->received_at + door->service->undo_ms)
        return door->service->words.undo_too_late;
    return door_take_back(door, scan, reason, call);
}

int door_take_back(struct door *door, struct scan *scan, const char *reason, void *call)
{
    int state = BOOKINGS__STATE__ACTIVE;
    struct booking booking;

    if (scan->outcome != DOOR__OUTCOME__ACCEPTED || scan->undone_at)
        return door->service->words.not_accepted;
    if (!bookings_find(door->bookings, scan->booking_id, &booking))
        return RPC__REASON__STORE_FAILED;
    scan_undo(door, scan, reason, call);
    if (booking.walk_in)
        state = BOOKINGS__STATE__CANCELLED;
    else if (booking.due_at <= scan->received_at) /* had not come, and the next was called */
        state = BOOKINGS__STATE__NOT_COME;
    booking_set(door->bookings, &booking, state, call);
    door->service->undone(door->self, &booking, call);
    return 0;
}

/* ---- guests ---- */

int guests_read(const struct door *door, const char *text, int64_t now, struct guest *ret)
{
    struct pass_code code;
    enum pass_reason reason = pass_code_check(door->passes, text, strlen(text), now, &code);

    if (reason != PASS_OK)
        return door->service->pass_refusal(reason);
    if (code.kind != PASS_ACCOUNT)
        return door->service->words.no_guest;
    if (!guests_find(door, (int64_t)code.subject, ret))
        return door->service->pass_refusal(PASS_FORGED);
    ret->member_id = holder_of(door->holders, ret->member_id);
    return ret->member_id ? 0 : door->service->pass_refusal(PASS_REVOKED);
}

int door_admit(struct door *door, const struct scanner *device, const char *ref, struct booking *booking, void *call,
               struct scan *ret)
{
    struct issued issued;

    if (!passes_find_of(door->bookings, booking->id, &issued))
        return RPC__REASON__STORE_FAILED;
    *ret = new_scan(device, ref, &issued, rpc_now(call), DOOR__OUTCOME__ACCEPTED, call);
    ret->walk_in = true;
    accept(door, ret, booking, call);
    return 0;
}
