/* The N-th access to the disk fails, for N = 1.. until nothing fails any more.
 *
 * A layer under SQLite, registered as its default VFS, counts the accesses of one kind
 * and fails the N-th, or all from the N-th on. Whatever fails, a caller is told that
 * her call was done or that the store failed; what she was told was done is there, in
 * this process and after a restart, and the store passes its audit. */
#include <setjmp.h>
#include <stdarg.h>
#include <sqlite3.h>
#include <cmocka.h>

#include "services/coupon/coupon.h"
#include "tests/harness.h"

/* ---- the layer ---- */

enum access { ACCESS_WRITE, ACCESS_SYNC, ACCESS_READ };

static struct {
    enum access kind;
    int code;      /* what SQLite is told */
    int countdown; /* accesses until the first that fails */
    bool lasting, armed, fired;
} fault;

static void arm(enum access kind, int code, int n, bool lasting)
{
    fault.kind = kind;
    fault.code = code;
    fault.countdown = n;
    fault.lasting = lasting;
    fault.armed = true;
    fault.fired = false;
}

static bool strikes(enum access kind)
{
    if (!fault.armed || kind != fault.kind)
        return false;
    if (fault.fired)
        return fault.lasting;
    fault.fired = --fault.countdown == 0;
    return fault.fired;
}

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* stands behind it */
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct file *)(void *)file)->real;
}

static int file_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int file_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
    return strikes(ACCESS_READ) ? fault.code : real(file)->pMethods->xRead(real(file), bytes, len, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    if (!strikes(ACCESS_WRITE))
        return real(file)->pMethods->xWrite(real(file), bytes, len, at);
    /* A write that fails may have got half way. */
    real(file)->pMethods->xWrite(real(file), bytes, len / 2, at);
    return fault.code;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return strikes(ACCESS_WRITE) ? fault.code : real(file)->pMethods->xTruncate(real(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    return strikes(ACCESS_SYNC) ? fault.code : real(file)->pMethods->xSync(real(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return real(file)->pMethods->xFileSize(real(file), ret);
}

static int file_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int file_check_lock(sqlite3_file *file, int *ret)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), ret);
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int file_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int file_characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int file_shm_unmap(sqlite3_file *file, int delete)
{
    return real(file)->pMethods->xShmUnmap(real(file), delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct file *mine = (struct file *)(void *)file;
    int code;

    (void)vfs;
    mine->real = (sqlite3_file *)(void *)(mine + 1);
    code = real_vfs->xOpen(real_vfs, name, mine->real, flags, ret_flags);
    file->pMethods = mine->real->pMethods ? &methods : NULL;
    return code;
}

static void vfs_register(void)
{
    static sqlite3_vfs vfs;

    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "faulty";
    vfs.szOsFile = real_vfs->szOsFile + (int)sizeof(struct file);
    vfs.xOpen = vfs_open;
    vfs.pNext = NULL;
    assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

/* ---- the service and its callers ---- */

#define UNION   "0001"
#define MEMBERS 12
#define STOCK   10
#define OPENS   (HARNESS_NOW + 1000)

static struct harness h;
static int64_t release_id;
static int64_t coupons[MEMBERS]; /* what each was told she has */

static void done(void *self)
{
    coupon_done(self);
}

/* Done, or told that the store failed; nothing else. */
static bool acknowledged(const Rpc__Answer *answer)
{
    if (answer->reason == 0)
        return true;
    assert_true(answer->reason == RPC__REASON__STORE_FULL || answer->reason == RPC__REASON__STORE_FAILED);
    assert_true(fault.fired);
    return false;
}

static const Rpc__Answer *create(void)
{
    Coupon__Release draft = COUPON__RELEASE__INIT;
    Coupon__CreateReleaseRequest request = COUPON__CREATE_RELEASE_REQUEST__INIT;

    draft.union_path = (char *)(uintptr_t)UNION;
    draft.face_fen = 500;
    draft.stock_per_day = STOCK;
    draft.opens_at = OPENS;
    request.release = &draft;
    return harness_call(&h, "Coupons.CreateRelease", &request.base,
                        harness_official(&h, 900, RULE__ROLE__BENEFIT_MANAGER, UNION), "create");
}

static const Rpc__Answer *publish(void)
{
    Coupon__ReleaseRequest request = COUPON__RELEASE_REQUEST__INIT;

    request.release_id = release_id;
    return harness_call(&h, "Coupons.PublishRelease", &request.base,
                        harness_official(&h, 900, RULE__ROLE__BENEFIT_MANAGER, UNION), NULL);
}

static void gather_claim(int64_t member)
{
    Coupon__CreateClaimRequest request = COUPON__CREATE_CLAIM_REQUEST__INIT;
    char key[16];

    request.release_id = release_id;
    snprintf(key, sizeof(key), "claim-%d", (int)member);
    harness_add(&h, "Coupons.CreateClaim", &request.base, harness_member(&h, member + 1, UNION), key);
}

/* Members from first to before end claim in one batch. */
static void claim(int64_t first, int64_t end)
{
    for (int64_t member = first; member < end; member++)
        gather_claim(member);
    harness_run(&h);
    for (int64_t member = first; member < end; member++) {
        const Rpc__Answer *answer = h.answers->answers[member - first];
        const Coupon__Coupon *coupon;

        if (answer->reason == COUPON__REASON__SOLD_OUT) {
            assert_int_equal(coupons[member], 0);
            continue;
        }
        if (!acknowledged(answer))
            continue;
        assert_true(answer->created);
        coupon = harness_output(&h, answer, &coupon__coupon__descriptor);
        assert_true(coupons[member] == 0 || coupons[member] == coupon->coupon_id);
        coupons[member] = coupon->coupon_id;
    }
}

static int64_t granted(void)
{
    return coupon_find(h.service.self, release_id)->granted;
}

static int64_t told(void)
{
    int64_t n = 0;

    for (unsigned i = 0; i < MEMBERS; i++)
        n += coupons[i] != 0;
    return n;
}

static void open_release(void)
{
    const Coupon__ReleaseStatus *status = harness_output(&h, create(), &coupon__release_status__descriptor);

    release_id = status->release->release_id;
    assert_int_equal(publish()->reason, 0);
    clock_step(&h.service.clock, 1000);
}

/* The disk works again: everybody tries once more with her own key. */
static void settle(bool restart)
{
    fault.armed = false;
    if (restart)
        harness_reopen(&h);
    else
        assert_int_equal(granted(), told());
    /* After a restart, what was not acknowledged may be there all the same. */
    assert_true(granted() >= told() && granted() <= STOCK);
    assert_string_equal(harness_audit(&h), "");
    claim(0, MEMBERS);
    assert_int_equal(told(), STOCK);
    assert_int_equal(granted(), STOCK);
    while (coupon_index_slice(h.service.self, 100) > 0)
        continue;
    assert_string_equal(harness_audit(&h), "");
    harness_reopen(&h);
    claim(0, MEMBERS);
    assert_int_equal(granted(), STOCK);
    assert_string_equal(harness_audit(&h), "");
}

static const struct {
    enum access kind;
    int code;
} write_faults[] = {
    {ACCESS_WRITE, SQLITE_FULL},
    {ACCESS_WRITE, SQLITE_IOERR_WRITE},
    {ACCESS_SYNC, SQLITE_IOERR_FSYNC},
};

/* Every combination of a fault, its lasting and a restart; N until nothing fails. */
static void for_every_fault(void (*body)(void), void (*after)(bool restart))
{
    for (unsigned variant = 0; variant < 4 * ARRAY_LEN(write_faults); variant++) {
        int n = 0;

        do {
            memset(coupons, 0, sizeof(coupons));
            harness_open(&h, &coupon_spec, done);
            open_release();
            arm(write_faults[variant / 4].kind, write_faults[variant / 4].code, ++n, variant & 1);
            body();
            after(variant & 2);
            harness_close(&h);
            assert_true(n < 1000);
        } while (fault.fired);
        assert_true(n > 1);
    }
}

static void claim_in_batches(void)
{
    claim(0, 3);
    claim(3, 4);
    coupon_index_slice(h.service.self, 2);
    claim(0, 2);
    claim(4, MEMBERS);
    coupon_index_slice(h.service.self, 100);
    rpc_server_tidy(h.service.rpc);
}

static void no_failing_access_loses_or_doubles_a_claim(void **state)
{
    (void)state;
    for_every_fault(claim_in_batches, settle);
}

static int64_t created; /* the release that the caller was told of, or 0 */

static void create_another(void)
{
    const Rpc__Answer *answer;

    created = 0;
    clock_step(&h.service.clock, -1000); /* it must open later than now */
    answer = harness_call(&h, "Daemon.None", NULL, NULL, NULL);
    assert_int_equal(answer->reason, RPC__REASON__UNIMPLEMENTED);
    for (int i = 0; i < 2 && !created; i++) {
        Coupon__Release draft = COUPON__RELEASE__INIT;
        Coupon__CreateReleaseRequest request = COUPON__CREATE_RELEASE_REQUEST__INIT;

        draft.union_path = (char *)(uintptr_t)UNION;
        draft.face_fen = 700;
        draft.stock_per_day = STOCK;
        draft.opens_at = OPENS;
        request.release = &draft;
        answer = harness_call(&h, "Coupons.CreateRelease", &request.base,
                              harness_official(&h, 901, RULE__ROLE__BENEFIT_MANAGER, UNION), "another");
        if (acknowledged(answer)) {
            const Coupon__ReleaseStatus *status = harness_output(&h, answer, &coupon__release_status__descriptor);

            created = status->release->release_id;
        }
    }
    clock_step(&h.service.clock, 1000);
}

static void settle_created(bool restart)
{
    struct coupon *self = h.service.self;
    int64_t before = created;

    fault.armed = false;
    if (restart)
        harness_reopen(&h);
    else
        assert_int_equal(self->n_releases, created ? 2 : 1);
    assert_string_equal(harness_audit(&h), "");
    if (before)
        assert_non_null(coupon_find(self, before));
    create_another(); /* the first answer again, or now */
    assert_true(created && (!before || created == before));
    assert_int_equal(self->n_releases, 2);
    harness_reopen(&h);
    assert_int_equal(self->n_releases, 2);
    assert_non_null(coupon_find(self, created));
    assert_string_equal(harness_audit(&h), "");
}

static void no_failing_access_loses_or_doubles_a_release(void **state)
{
    (void)state;
    for_every_fault(create_another, settle_created);
}

/* ---- reads ---- */

static const char *const reads[] = {"Coupons.GetCoupon", "Coupons.ListCoupons", "Coupons.ListOffers",
                                    "Coupons.CreateClaim"};

static const Rpc__Answer *read_own(unsigned i)
{
    Coupon__CouponRequest get = COUPON__COUPON_REQUEST__INIT;
    Coupon__CreateClaimRequest again = COUPON__CREATE_CLAIM_REQUEST__INIT;
    const ProtobufCMessage *inputs[] = {&get.base, NULL, NULL, &again.base};

    get.coupon_id = coupons[0];
    again.release_id = release_id;
    return harness_call(&h, reads[i], inputs[i], harness_member(&h, 1, UNION), NULL);
}

static void a_failing_read_is_never_an_answer(void **state)
{
    const Rpc__Answer *right[ARRAY_LEN(reads)];

    (void)state;
    harness_open(&h, &coupon_spec, done);
    open_release();
    claim(0, 3);
    while (coupon_index_slice(h.service.self, 100) > 0)
        continue;
    for (unsigned i = 0; i < ARRAY_LEN(reads); i++)
        right[i] = read_own(i);
    harness_reopen(&h); /* and nothing in the log, whose pages are read otherwise */
    for (unsigned variant = 0; variant < 2 * ARRAY_LEN(reads); variant++) {
        const Rpc__Answer *wanted = right[variant / 2], *answer;
        int n = 0, failures = 0;

        do {
            harness_pragma(&h, "PRAGMA shrink_memory"); /* nothing is in SQLite's cache */
            arm(ACCESS_READ, SQLITE_IOERR_READ, ++n, variant & 1);
            answer = read_own(variant / 2);
            fault.armed = false;
            if (!acknowledged(answer)) {
                failures++;
                assert_int_equal(answer->output.len, 0);
                answer = read_own(variant / 2);
            }
            assert_int_equal(answer->reason, 0);
            assert_int_equal(answer->output.len, wanted->output.len);
            assert_memory_equal(answer->output.data, wanted->output.data, wanted->output.len);
        } while (fault.fired);
        assert_true(n > 1);
        assert_true(failures > 0 || !(variant & 1));
    }
    harness_close(&h);
}

/* ---- the opening ---- */

static void an_opening_that_fails_can_be_tried_again(void **state)
{
    struct store *store;

    (void)state;
    for (unsigned variant = 0; variant < 2 * ARRAY_LEN(write_faults); variant++) {
        int n = 0;

        do {
            char dir[] = "/tmp/huigong-anomaly-XXXXXX";
            const struct store_options options = {.dir = dir,
                                                  .schema = coupon_spec.schema,
                                                  .schema_len = *coupon_spec.schema_len,
                                                  .sql = coupon_spec.sql,
                                                  .n_sql = *coupon_spec.n_sql};

            assert_non_null(mkdtemp(dir));
            arm(write_faults[variant / 2].kind, write_faults[variant / 2].code, ++n, variant & 1);
            store = store_open(&options);
            store_close(store);
            fault.armed = false;
            assert_true(store || fault.fired);
            store = store_open(&options);
            assert_non_null(store);
            assert_int_equal(store_check(store, stderr), 0);
            store_close(store);
            harness_remove_dir(dir);
        } while (fault.fired);
        assert_true(n > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failing_access_loses_or_doubles_a_claim),
        cmocka_unit_test(no_failing_access_loses_or_doubles_a_release),
        cmocka_unit_test(a_failing_read_is_never_an_answer),
        cmocka_unit_test(an_opening_that_fails_can_be_tried_again),
    };

    vfs_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
