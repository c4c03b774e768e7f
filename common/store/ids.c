#include "common/store/ids.h"

#include "common/base/log.h"

enum { SQL_READ, SQL_RECORD, N_SQL };
static const char *const sql[N_SQL] = {
    [SQL_READ] = "SELECT partition, first FROM ids",
    [SQL_RECORD] = "INSERT INTO ids (partition, first) VALUES (?1, ?2)",
};

/* An empty store begins now; one that was filled before begins behind what it has, which
 * needs no clock to be right. */
static int64_t first_id(int64_t last, int64_t now)
{
    return last ? (last & ~(ID_STEP - 1)) + ID_STEP : id_at(now);
}

static int record(struct store *store, unsigned statements, unsigned partition, int64_t first)
{
    store_run(store, statements + SQL_RECORD, "ii", (int64_t)partition, first);
    return store_commit(store) ? -1 : 0;
}

int ids_open(struct id_source *ids, struct store *store, unsigned partition, int64_t last, int64_t now,
             int64_t *ret_first)
{
    int prepared = store_prepare(store, sql, N_SQL);
    unsigned statements = (unsigned)prepared;
    int64_t of = partition, first = first_id(last, now);
    bool known;

    ensure(partition < LIMIT_PARTITIONS);
    if (prepared < 0)
        return -1;
    store_ask(store, statements + SQL_READ, "");
    known = store_row(store, statements + SQL_READ);
    if (known) {
        of = store_int(store, statements + SQL_READ, 0);
        first = store_int(store, statements + SQL_READ, 1);
        store_end(store, statements + SQL_READ);
    } else if (last) {
        of = 0; /* from before there were partitions */
    }
    if (of != partition) {
        log_error("store_of_another_partition", "of", log_int(of), "asked", log_int(partition));
        return -1;
    }
    if (store_trouble(store) || (!known && record(store, statements, partition, first)))
        return -1;
    *ids = (struct id_source){.last = last >= first ? last : first - 1, .partition = partition};
    if (ret_first)
        *ret_first = first;
    return 0;
}
