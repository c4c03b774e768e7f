/* service_archive.c: the old part of a daemon's journal leaves its store (common/store/archive.h).
 *
 * Rows go in whole files of HUIGONG_ARCHIVE_SEGMENT, once they are older than
 * HUIGONG_ARCHIVE_DAYS and HUIGONG_ARCHIVE_KEEP newer ones are there; or up to where
 * Daemon.ArchiveJournal has said, the last file then being a shorter one. What that has said
 * is forgotten at a stop; a file that has been told of to the store is brought to its end.
 * All is done in slices between batches, as parts tidy, but for the disk's part, which a
 * thread of libuv's waits for. After a failure, such as a full disk, it rests for a minute. */
#include "common/daemon/service.h"

#include "common/api/api.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/store/archive.h"
#include "common/trust/heads.h"

#define REST_NS INT64_C(60000000000)
#define DAY_MS  INT64_C(86400000)

_Static_assert(HEAD_KEY_LEN == 8 && ECDSA_SIGNATURE_LEN == 64, "as segment_vouch has them");

static bool sign(void *arg, const char *text, size_t len, unsigned char ret_key[8], unsigned char ret_signature[64])
{
    return heads_sign_text(((struct service *)arg)->heads, text, len, ret_key, ret_signature);
}

/* Without heads the audit says by itself that it has none to check by. */
static bool check(void *arg, const char *text, size_t len, const unsigned char key[8],
                  const unsigned char signature[64])
{
    const char *dir = conf_text(((struct service *)arg)->conf, "HUIGONG_HEADS");

    return !*dir || heads_check_text(dir, text, len, key, signature);
}

int service_archive_open(struct service *service, struct journal *journal)
{
    const struct segment_vouch vouch = {sign, check, service};
    const char *dir = conf_text(service->conf, "HUIGONG_ARCHIVE");

    if (*dir)
        return archive_open(journal, dir, service->queue, &vouch);
    if (journal->archived == 0)
        return 0;
    log_error("setting_missing", "name", "HUIGONG_ARCHIVE", "rows", log_int(journal->archived));
    return -1;
}

/* ---- slices ---- */

/* How many rows the next file is to have; 0: none is due. */
static int64_t rows_due(struct service *service, struct journal *journal)
{
    int64_t rows = conf_int(service->conf, "HUIGONG_ARCHIVE_SEGMENT"), told = service->archive_to - journal->archived;
    int64_t days = conf_int(service->conf, "HUIGONG_ARCHIVE_DAYS"), last = journal->archived + rows;

    if (told > 0)
        return told < rows ? told : rows;
    if (days > 0 && last <= journal->committed.seq - conf_int(service->conf, "HUIGONG_ARCHIVE_KEEP") &&
        journal_older(journal, last, clock_now(&service->clock) - days * DAY_MS))
        return rows;
    return 0;
}

static void record(void *call, void *arg)
{
    struct journal *journal = rpc_server_journal(((struct service *)arg)->rpc);
    int32_t kinds[LIMIT_MONEY_KINDS];
    size_t n = api_money_kinds(&rpc__chassis_event__descriptor, kinds, ARRAY_LEN(kinds));

    (void)call;
    if (journal->event)
        n += api_money_kinds(journal->event, kinds + n, ARRAY_LEN(kinds) - n);
    archive_record(journal, kinds, n);
}

static void clear(void *call, void *arg)
{
    (void)call;
    archive_clear(rpc_server_journal(((struct service *)arg)->rpc));
}

static void sync_file(uv_work_t *work)
{
    struct service *service = work->data;

    service->archive_failed = archive_sync(rpc_server_journal(service->rpc));
}

static bool rest(struct service *service)
{
    service->archive_again_ns = clock_monotonic_ns() + REST_NS;
    return false;
}

static void file_synced(uv_work_t *work, int status)
{
    struct service *service = work->data;

    service->archive_working = false;
    if (archive_synced(rpc_server_journal(service->rpc), status ? EIO : service->archive_failed))
        rest(service);
}

static bool begin_sync(struct service *service)
{
    service->archive_work.data = service;
    service->archive_working = uv_queue_work(&service->loop, &service->archive_work, sync_file, file_synced) == 0;
    return service->archive_working || rest(service);
}

/* Does a piece in a transaction, and then what follows from it. */
static bool transact(struct service *service, rpc_work work, void (*done)(struct journal *journal))
{
    if (rpc_server_transact(service->rpc, work, service))
        return rest(service);
    done(rpc_server_journal(service->rpc));
    return true;
}

bool service_archive_slice(struct service *service)
{
    struct journal *journal = rpc_server_journal(service->rpc);
    int64_t rows;

    if (!journal->archive || clock_monotonic_ns() < service->archive_again_ns)
        return false;
    if (service->archive_working)
        return true;
    switch (archive_due(journal)) {
    case ARCHIVE_NOTHING:
        rows = rows_due(service, journal);
        return rows > 0 && (archive_begin(journal, rows) == 0 || rest(service));
    case ARCHIVE_WRITE:
        return archive_write(journal) == 0 || rest(service);
    case ARCHIVE_SYNC:
        return begin_sync(service);
    case ARCHIVE_RECORD:
        return transact(service, record, archive_recorded);
    case ARCHIVE_CLEAR:
        return transact(service, clear, archive_cleared);
    }
    return false;
}

/* ---- what is told ---- */

void daemon__archive_journal(Rpc__Daemon_Service *daemon, const Rpc__ArchiveRequest *request,
                             Rpc__ArchiveReply_Closure reply, void *call)
{
    struct service *service = container_of(daemon, struct service, daemon);
    struct journal *journal = service->store ? rpc_server_journal(service->rpc) : NULL;
    Rpc__ArchiveReply answer = RPC__ARCHIVE_REPLY__INIT;

    if (!journal || !journal->archive) {
        rpc_refuse(call, RPC__REASON__UNIMPLEMENTED);
        return;
    }
    service->archive_to = journal->committed.seq - (request->keep_rows > 1 ? request->keep_rows : 1);
    service->archive_again_ns = 0;
    answer.archived_to = journal->archived;
    answer.archiving_to = service->archive_to > journal->archived ? service->archive_to : journal->archived;
    answer.last_seq = journal->committed.seq;
    reply(&answer, call);
}
