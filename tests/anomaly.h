/* anomaly.h: a service whose disk fails at each access of each call, in turn.
 *
 * From anomaly_begin() to anomaly_end() whatever a test does by harness_call() or
 * harness_work() is done while the n-th access to the disk fails, for n = 1.. until
 * nothing fails: so a scenario written for a healthy disk is its own test under faults.
 * What failed must say so: a call is answered with the store's trouble and has added
 * nothing to the journal, or it is a read, done again, whose answer is the right one.
 * What has passed in the end leaves a store that passes its audit.
 *
 * disk_init() before the process' first store; one anomaly at a time. */
#pragma once
#include "tests/disk.h"
#include "tests/harness.h"

#define ANOMALY_MAX 5000 /* accesses of one call */

struct anomaly {
    enum disk_fault fault;
    bool lasting; /* from the n-th access on, until the call has been answered */
    bool restart; /* the service after each failure */
};

/* Those that differ in what the service has to do about them. */
static const struct anomaly anomalies[] = {
    {DISK_WRITE_FAILS, false, false}, {DISK_FULL, true, false},        {DISK_SYNC_FAILS, false, false},
    {DISK_SYNC_FAILS, true, true},    {DISK_READ_FAILS, false, false},
};

static struct {
    struct anomaly kind;
    int n;                        /* the access that fails; 0 before a call */
    int failures;                 /* of this call */
    int calls, attempts;          /* since the beginning; calls counts those that failed at least once */
    int64_t rows;                 /* of the journal before the attempt */
    ProtobufCBinaryData answered; /* by a read while an access failed */
    int shrink;                   /* the statement that empties SQLite's cache */
} anomaly;

static inline void anomaly_prepare(struct harness *h)
{
    static const char *const shrink = "PRAGMA shrink_memory";

    anomaly.shrink = store_prepare(h->service.store, &shrink, 1);
    ensure(anomaly.shrink >= 0);
}

static inline void anomaly_arm(struct harness *h)
{
    store_ask(h->service.store, (unsigned)anomaly.shrink, "");
    while (store_row(h->service.store, (unsigned)anomaly.shrink))
        continue;
    anomaly.rows = rpc_server_journal(h->service.rpc)->tip.seq;
    ensure(++anomaly.n < ANOMALY_MAX);
    disk_fail(anomaly.kind.fault, anomaly.n, anomaly.kind.lasting);
}

static const char *const anomaly_names[] = {[DISK_FULL] = "the disk was full",
                                            [DISK_WRITE_FAILS] = "a write failed",
                                            [DISK_SYNC_FAILS] = "a sync failed",
                                            [DISK_READ_FAILS] = "a read failed"};

/* Ends the test with what the call has answered, or the service has done uncalled. */
static inline void anomaly_fail(const struct harness *h, const char *wrong)
{
    disk_heal();
    fprintf(stderr, "%s when %s (access %d%s): %s\n",
            h->answers ? harness_told(h->answers->answers[0]) : "uncalled work", anomaly_names[anomaly.kind.fault],
            anomaly.n, anomaly.kind.lasting ? " and on" : "", wrong);
    reason_fail(__FILE__, __LINE__);
}

/* What a call said while the disk failed. */
static inline void anomaly_judge(struct harness *h)
{
    const struct api_method *method = api_method(h->calls[0]->method);
    const Rpc__Answer *answer = h->answers->answers[0];
    int said = anomaly.kind.fault == DISK_FULL ? RPC__REASON__STORE_FULL : RPC__REASON__STORE_FAILED;

    if (answer->reason == said) {
        if (answer->output.len > 0)
            anomaly_fail(h, "a refusal with an output");
        if (rpc_server_journal(h->service.rpc)->tip.seq != anomaly.rows)
            anomaly_fail(h, "it is in the journal all the same");
    } else {
        if (method->writes || method->shows)
            anomaly_fail(h, said == RPC__REASON__STORE_FULL ? "expected STORE_FULL" : "expected STORE_FAILED");
        anomaly.answered = answer->output;
    }
}

static inline bool anomaly_attempt(struct harness *h)
{
    bool failed = anomaly.n > 0 && disk_has_failed();

    disk_heal();
    if (failed) {
        anomaly.failures++;
        if (h->answers)
            anomaly_judge(h);
        if (anomaly.kind.restart) {
            harness_reopen(h);
            anomaly_prepare(h);
        }
    }
    if (failed || anomaly.n == 0) {
        anomaly_arm(h);
        return true;
    }
    /* Who is to come again later is left in peace then, or the two would never meet. */
    if (h->answers && h->answers->answers[0]->retry_after_s)
        return false;
    if (anomaly.answered.data) {
        const ProtobufCBinaryData *output = &h->answers->answers[0]->output;

        if (output->len != anomaly.answered.len || memcmp(output->data, anomaly.answered.data, output->len) != 0)
            anomaly_fail(h, "a read that answered while the disk failed answers something else now");
    }
    if (anomaly.failures > 0 && *harness_audit(h))
        anomaly_fail(h, harness_audit(h));
    anomaly.calls += anomaly.failures > 0;
    anomaly.n = anomaly.failures = 0;
    anomaly.answered.data = NULL;
    return false;
}

static inline void anomaly_begin(struct harness *h, const struct anomaly *kind)
{
    memset(&anomaly, 0, sizeof(anomaly));
    anomaly.kind = *kind;
    anomaly_prepare(h);
    h->attempt = anomaly_attempt;
}

/* How many calls had failed before they passed. */
static inline int anomaly_end(struct harness *h)
{
    h->attempt = NULL;
    return anomaly.calls;
}
