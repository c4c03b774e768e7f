/* A theatre that keeps what its guests have written, sealed. */
#include "common/benefit/benefit_fixture.h"
#include "common/benefit/holders/holders.h"
#include "common/benefit/vault/vault.h"
#include "identity/consent.pb-c.h"

#define GUEST    7
#define OTHER    8
#define PATH     "00010002"
#define SIZE     (LIMIT_PART + 100)
#define KEEP_MS  INT64_C(1000000000)
#define NOTES    "what was said of it"
#define VERSIONS 3

#define THEATRE_PARTS(PART, SHARED) SHARED(holders) SHARED(vault)
#define THEATRE_SERVICES(SERVICE)   SERVICE(Sample__Shows, shows)
#define theatre__event__descriptor  sample__event__descriptor
SERVICE_PARTS(THEATRE)
struct theatre {
    SERVICE_MEMBERS(THEATRE)
    struct pii_keys *keys;
};

static unsigned char bytes[SIZE];

/* ---- the service: the first call uploads, the next one ends the upload ---- */

static void tell(const struct vault_file *file, void *call)
{
    Sample__SeatTaken taken = SAMPLE__SEAT_TAKEN__INIT;

    taken.seat_id = file->id;
    taken.show_id = file->state;
    rpc_tell(call, &taken.base);
}

static int followed; /* the state of the last file that changed */

static void follow(void *self, const struct vault_file *file, void *call)
{
    struct vault_file stored;

    (void)call;
    assert_ptr_equal(self, h.service.self);
    assert_true(vault_find(&((struct theatre *)self)->vault, file->id, &stored));
    assert_int_equal(stored.journal_seq, rpc_server_journal(h.service.rpc)->tip.seq);
    followed = stored.state;
}

static bool is_letter(const void *content, size_t len)
{
    return len > 6 && memcmp(content, "Dear ", 5) == 0;
}

static const struct vault_kind letters = {
    .name = "letter",
    .versions_max = VERSIONS,
    .purpose = IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT,
    .is_type = is_letter,
    .tell = tell,
    .tell_look = tell,
    .follow = follow,
};

static enum vault_trouble upload(struct theatre *self, struct vault_file *file, void *call)
{
    enum vault_trouble trouble = vault_begin(&self->vault, file, NOTES, sizeof(NOTES), call);

    for (int32_t part = 0; part < body_parts(SIZE) && !trouble; part++) {
        ProtobufCBinaryData content = {(size_t)body_part_size(SIZE, part), bytes + part * LIMIT_PART};

        trouble = vault_put(&self->vault, file, part, content, call);
    }
    return trouble;
}

static enum vault_trouble end_upload(struct theatre *self, int64_t file_id, struct vault_file *file, void *call)
{
    unsigned char sum[32];
    enum vault_trouble trouble;

    if (!vault_find(&self->vault, file_id, file))
        return VAULT_GONE;
    sha256_of(bytes, SIZE, sum);
    trouble = vault_check(&self->vault, file, (ProtobufCBinaryData){sizeof(sum), sum}, call);
    if (!trouble)
        vault_ready(&self->vault, file, call);
    return trouble;
}

static void take_seat(Sample__Shows_Service *service, const Sample__TakeSeatRequest *req, Sample__Seat_Closure reply,
                      void *call)
{
    struct theatre *self = container_of(service, struct theatre, shows_service);
    struct vault_file file = {.subject_id = 1, .member_id = rpc_principal(call)->member_id, .size = SIZE};
    Sample__Seat seat = SAMPLE__SEAT__INIT;
    enum vault_trouble trouble;

    trouble = req->show_id ? end_upload(self, req->show_id, &file, call) : upload(self, &file, call);
    if (trouble == VAULT_WAITS)
        return;
    seat.seat_id = file.id;
    if (trouble)
        rpc_refuse_field(call, SAMPLE__REASON__SOLD_OUT, trouble == VAULT_TOO_MANY ? "many" : "other");
    else
        reply(&seat, call);
}

const Sample__Shows_Service shows_api = {.base = SAMPLE__SHOWS__BASE_INIT, .take_seat = take_seat};

SERVICE_TABLE(theatre, THEATRE)

static int start(struct service *service)
{
    struct theatre *self = service->self;

    self->keys = pii_keys_open(getenv("HUIGONG_THEATRE_KEY"));
    if (!self->keys)
        return -1;
    vault_open(&self->vault, &letters, self->keys, KEEP_MS);
    return 0;
}

static void done(void *self)
{
    pii_keys_close(((struct theatre *)self)->keys);
}

static const struct service_spec spec = {.name = "sample", .parts = &service_table, .start = start};

static int setup(void **state)
{
    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes, "Dear all", 8);
    return begin(&spec, done, "HUIGONG_THEATRE_KEY");
}

static struct vault *vault(void)
{
    return &((struct theatre *)h.service.self)->vault;
}

static const Rpc__Answer *try(int64_t member_id, int64_t file_id)
{
    Sample__TakeSeatRequest request = SAMPLE__TAKE_SEAT_REQUEST__INIT;

    request.show_id = file_id;
    return harness_call(&h, "Shows.TakeSeat", &request.base, harness_member(&h, member_id, PATH), NULL);
}

static int64_t begun(int64_t member_id)
{
    return ((Sample__Seat *)harness_output(&h, try(member_id, 0), &sample__seat__descriptor))->seat_id;
}

static struct vault_file ready(int64_t member_id)
{
    struct vault_file file;
    int64_t file_id = begun(member_id);

    assert_ok(try(member_id, file_id));
    assert_true(vault_find(vault(), file_id, &file));
    assert_int_equal(file.state, VAULT_READY);
    assert_int_equal(followed, VAULT_READY);
    return file;
}

static int state_of(int64_t file_id)
{
    struct vault_file file;

    assert_true(vault_find(vault(), file_id, &file));
    return file.state;
}

/* ---- the tests ---- */

static void what_was_uploaded_is_read(void **state)
{
    struct vault_file file = ready(GUEST);
    static char plain[LIMIT_PART + 1];
    const uint8_t *notes;
    size_t len;

    (void)state;
    for (int32_t part = 0; part < body_parts(SIZE); part++) {
        assert_int_equal(vault_part_of(vault(), &file, part, plain), body_part_size(SIZE, part));
        assert_memory_equal(plain, bytes + part * LIMIT_PART, (size_t)body_part_size(SIZE, part));
    }
    assert_int_equal(vault_part_of(vault(), &file, body_parts(SIZE), plain), -1);
    notes = vault_notes(vault(), &file, &h.arena, &len);
    assert_int_equal(len, sizeof(NOTES));
    assert_memory_equal(notes, NOTES, sizeof(NOTES));
}

static void no_part_stands_for_another(void **state)
{
    struct vault_file file = ready(GUEST);
    static char plain[LIMIT_PART + 1];

    (void)state;
    harness_tamper(&h, "UPDATE vault_part SET sealed = (SELECT sealed FROM vault_part WHERE part = 1) WHERE part = 0");
    assert_int_equal(vault_part_of(vault(), &file, 0, plain), -1);
}

static void the_next_version_supersedes_and_they_are_bounded(void **state)
{
    struct vault_file first = ready(GUEST), second = ready(GUEST);
    int64_t given_up = begun(GUEST);
    const Rpc__Answer *answer = try(GUEST, 0);

    (void)state;
    assert_int_equal(state_of(first.id), VAULT_SUPERSEDED);
    assert_int_equal(second.version, 2);
    assert_refused(answer, "SOLD_OUT");
    assert_string_equal(answer->field, "many");
    assert_string_equal(harness_fact(answer, "maximum"), "3");
    assert_int_equal(state_of(given_up), VAULT_UPLOADING);
    clock_step(&h.service.clock, VAULT_UPLOAD_MS);
    harness_tidy(&h);
    assert_int_equal(state_of(given_up), VAULT_ABANDONED);
    assert_int_equal(vault_received(vault(), given_up), 0);
}

static void a_file_of_another_type_is_not_taken(void **state)
{
    (void)state;
    memcpy(bytes, "Cher", 4);
    assert_refused(try(GUEST, 0), "SOLD_OUT");
}

static void what_is_not_what_was_sent_is_damaged(void **state)
{
    int64_t file_id = begun(GUEST);

    (void)state;
    bytes[SIZE - 1] = 'y';
    assert_refused(try(GUEST, file_id), "SOLD_OUT");
    bytes[SIZE - 1] = 'x';
    assert_ok(try(GUEST, file_id));
}

static void a_key_is_destroyed_when_its_time_is_over(void **state)
{
    struct vault_file file = ready(GUEST);
    size_t len;

    (void)state;
    clock_step(&h.service.clock, KEEP_MS - 1);
    harness_tidy(&h);
    assert_int_equal(state_of(file.id), VAULT_READY);
    clock_step(&h.service.clock, 1);
    harness_tidy(&h);
    assert_true(vault_find(vault(), file.id, &file));
    assert_int_equal(file.state, VAULT_EXPIRED);
    assert_int_equal(followed, VAULT_EXPIRED);
    assert_int_equal(file.wrapped_len, 0);
    assert_int_equal(vault_received(vault(), file.id), 0);
    assert_null(vault_notes(vault(), &file, &h.arena, &len));
}

/* How many a member has, under all her numbers. */
static unsigned hers(int64_t member_id)
{
    struct vault_file file;
    unsigned n = 0;

    vault_ask_before(vault(), member_id, INT64_MAX, 10);
    while (vault_next_before(vault(), &file))
        n++;
    return n;
}

static void files_go_with_their_account(void **state)
{
    struct vault_file file = ready(GUEST);

    (void)state;
    assert_int_equal(hers(OTHER), 0);
    assert_int_equal(hear_merged(&h, GUEST, OTHER), 0);
    while (harness_tidy(&h))
        continue;
    assert_int_equal(hers(OTHER), 1);
    assert_int_equal(state_of(file.id), VAULT_READY);
    assert_int_equal(hear_closed(&h, OTHER), 0);
    while (harness_tidy(&h))
        continue;
    assert_int_equal(state_of(file.id), VAULT_ERASED);
    assert_string_equal(harness_audit(&h), "");
}

static void consent(int64_t member_id, bool withdrawn)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__ConsentChanged changed = IDENTITY__CONSENT_CHANGED__INIT;

    changed.member_id = member_id;
    changed.purpose = IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT;
    changed.version = 1;
    changed.withdrawn = withdrawn;
    event.event_case = IDENTITY__EVENT__EVENT_CONSENT_CHANGED;
    event.consent_changed = &changed;
    assert_int_equal(hear(&h, &event), 0);
}

static void publish_policy(int32_t version, int64_t at)
{
    Identity__Event event = IDENTITY__EVENT__INIT;
    Identity__PolicyPublished published = IDENTITY__POLICY_PUBLISHED__INIT;

    published.purpose = IDENTITY__PURPOSE__PURPOSE_HEALTH_REPORT;
    published.version = version;
    published.in_force_at = at;
    event.event_case = IDENTITY__EVENT__EVENT_POLICY_PUBLISHED;
    event.policy_published = &published;
    assert_int_equal(hear(&h, &event), 0);
}

static void who_agrees_is_known_by_identitys_journal(void **state)
{
    (void)state;
    assert_false(vault_agreed(vault(), GUEST, 1000));
    consent(GUEST, false);
    assert_true(vault_agreed(vault(), GUEST, 1000));
    assert_false(vault_agreed(vault(), OTHER, 1000));
    publish_policy(2, 2000);
    assert_true(vault_agreed(vault(), GUEST, 1999));
    assert_false(vault_agreed(vault(), GUEST, 2000));
    consent(GUEST, true);
    assert_false(vault_agreed(vault(), GUEST, 1000));
}

static void a_link_is_good_for_its_time_and_as_it_was_given(void **state)
{
    char link[VAULT_LINK_SIZE];

    (void)state;
    vault_link(vault(), 12345, 1000, link);
    assert_int_equal(vault_of_link(vault(), link, 999), 12345);
    assert_int_equal(vault_of_link(vault(), link, 1000), 0);
    for (size_t i = 0; i < sizeof(link) - 1; i++) {
        char kept = link[i];

        link[i] = kept == 'A' ? 'B' : 'A';
        assert_true(vault_of_link(vault(), link, 999) != 12345);
        link[i] = kept;
    }
    assert_int_equal(vault_of_link(vault(), "", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_uploaded_is_read),
        TEST(no_part_stands_for_another),
        TEST(the_next_version_supersedes_and_they_are_bounded),
        TEST(a_file_of_another_type_is_not_taken),
        TEST(what_is_not_what_was_sent_is_damaged),
        TEST(a_key_is_destroyed_when_its_time_is_over),
        TEST(files_go_with_their_account),
        TEST(who_agrees_is_known_by_identitys_journal),
        TEST(a_link_is_good_for_its_time_and_as_it_was_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
