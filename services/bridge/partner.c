#include "services/bridge/partner.h"

#include <mbedtls/platform_util.h>

#include "common/base/hex.h"
#include "common/base/log.h"

/* ---- the end of a call ---- */

static void finish(struct partner_job *job, enum partner_end end, const json_t *answer)
{
    struct partner *partner = job->partner;
    partner_done done = job->done;

    uv_timer_stop(&job->timer);
    mbedtls_platform_zeroize(job->body, sizeof(job->body));
    job->done = NULL;
    job->next = partner->idle;
    partner->idle = job;
    partner->failed += end != PARTNER_DONE;
    done(job->arg, end, answer);
}

/* What is wrong on the partner's side or ours is said when it begins and when it ends. */
static void note_health(struct partner *partner, const char *failure, long status)
{
    if (failure && !partner->sick)
        log_warn("partner_fails", "partner", partner->name, "why", failure, "status", log_int(status));
    if (!failure && partner->sick)
        log_info("partner_answers_again", "partner", partner->name);
    partner->sick = failure != NULL;
}

/* ---- asking ---- */

void partner_sign(const struct partner *partner, const char *path, const char *body, int64_t at_s,
                  const unsigned char nonce[16], char ret[PARTNER_SIGN_SIZE])
{
    char text[PARTNER_PATH_SIZE + 192], nonce_hex[HEX_SIZE(16)], hash_hex[HEX_SIZE(32)], sign_hex[HEX_SIZE(HMAC_LEN)];
    unsigned char hash[32], sign[HMAC_LEN];
    int len;

    sha256_of(body, strlen(body), hash);
    hex_print(hash, sizeof(hash), hash_hex);
    hex_print(nonce, 16, nonce_hex);
    len = snprintf(text, sizeof(text), "POST\n%s\n%lld\n%s\n%s", path, (long long)at_s, nonce_hex, hash_hex);
    ensure(len > 0 && (size_t)len < sizeof(text));
    hmac_sum(&partner->key, &(struct hmac_part){text, (size_t)len}, 1, sign);
    hex_print(sign, sizeof(sign), sign_hex);
    len = snprintf(ret, PARTNER_SIGN_SIZE, "HG1 id=%s, at=%lld, nonce=%s, sign=%s", partner->id, (long long)at_s,
                   nonce_hex, sign_hex);
    ensure(len > 0 && len < PARTNER_SIGN_SIZE);
}

static int64_t now_ms(const struct partner *partner)
{
    return (int64_t)uv_now(partner->loop);
}

static void on_answer(void *arg, const struct fetch_answer *answer);

/* Every try has an instant and a nonce of its own. */
static bool attempt(struct partner_job *job)
{
    struct partner *partner = job->partner;
    int64_t left_ms = job->deadline_ms - now_ms(partner);
    char url[OUTSIDE_URL_SIZE + PARTNER_PATH_SIZE], sign[PARTNER_SIGN_SIZE];
    struct fetch_request out = {.url = url, .json = job->body, .authorization = sign};
    unsigned char nonce[16];
    bool sent;

    if (left_ms <= 0)
        return false;
    job->tries++;
    clock_random(partner->clock, nonce, sizeof(nonce));
    partner_sign(partner, job->path, job->body, clock_now(partner->clock) / 1000, nonce, sign);
    snprintf(url, sizeof(url), "%s%s", partner->url, job->path);
    out.timeout_ms = left_ms < PARTNER_TRY_MS ? left_ms : PARTNER_TRY_MS;
    sent = partner->send(partner->send_self, &out, on_answer, job);
    partner->asked += sent;
    return sent;
}

/* ---- answers ---- */

/* What is told when it is not tried again: a try that was lost may have been done. */
static void give_up(struct partner_job *job)
{
    finish(job, job->lost ? PARTNER_LOST : PARTNER_BUSY, NULL);
}

static void on_retry(uv_timer_t *timer)
{
    struct partner_job *job = timer->data;

    if (!attempt(job))
        give_up(job);
}

static void try_again(struct partner_job *job)
{
    int64_t delay_ms = outside_delay_ms(job->tries);

    if (delay_ms < 0 || now_ms(job->partner) + delay_ms >= job->deadline_ms)
        give_up(job);
    else
        uv_timer_start(&job->timer, on_retry, (uint64_t)delay_ms, 0);
}

static void on_answer(void *arg, const struct fetch_answer *answer)
{
    struct partner_job *job = arg;
    enum partner_end end =
        answer->failure ? (answer->sent ? PARTNER_LOST : PARTNER_BUSY) : partner_judge(answer->status);
    json_t *body = NULL;

    if (end == PARTNER_DONE) {
        body = json_loadb(answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(body))
            end = PARTNER_LOST;
    }
    note_health(job->partner,
                end == PARTNER_DONE ? NULL
                : answer->failure   ? answer->failure
                                    : "refused",
                answer->status);
    job->lost = job->lost || end == PARTNER_LOST;
    if (end == PARTNER_BUSY || (end == PARTNER_LOST && job->repeatable))
        try_again(job);
    else
        finish(job, end, end == PARTNER_DONE ? body : NULL);
    json_decref(body);
}

bool partner_ask(struct partner *partner, const char *path, json_t *body, int64_t timeout_ms, bool repeatable,
                 partner_done done, void *arg)
{
    struct partner_job *job = partner->idle;
    size_t len = job && body ? json_dumpb(body, job->body, sizeof(job->body) - 1, JSON_COMPACT) : 0;

    json_decref(body);
    if (!len || len >= sizeof(job->body))
        return false;
    job->body[len] = '\0';
    job->path = path;
    job->deadline_ms = now_ms(partner) + (timeout_ms < PARTNER_DEADLINE_MS ? timeout_ms : PARTNER_DEADLINE_MS);
    job->tries = 0;
    job->repeatable = repeatable;
    job->lost = false;
    if (!attempt(job))
        return false;
    partner->idle = job->next;
    job->done = done;
    job->arg = arg;
    return true;
}

/* ---- life ---- */

static int read_key(struct partner *partner, const char *path)
{
    unsigned char key[KEYFILE_KEY_LEN];
    struct keyfile file;
    int found;

    if (keyfile_open(&file, path))
        return -1;
    found = keyfile_next(&file, partner->id, key);
    if (found == 0 || (found > 0 && !*partner->id)) {
        log_error("partner_key_refused", "file", path, "why", "one line: ID KEY");
        found = -1;
    }
    if (found > 0)
        hmac_init(&partner->key, key);
    mbedtls_platform_zeroize(key, sizeof(key));
    keyfile_close(&file);
    return found > 0 ? 0 : -1;
}

int partner_init(struct partner *partner, const char *name, const char *setting, const char *url, const char *file)
{
    *partner = (struct partner){.name = name};
    if (!*url)
        return 0;
    if (!outside_url_ok(url)) {
        log_error("setting_refused", "name", setting, "why", "https:// and a host, or this machine");
        return -1;
    }
    snprintf(partner->url, sizeof(partner->url), "%s", url);
    partner->ready = true;
    return read_key(partner, file);
}

void partner_open(struct partner *partner, uv_loop_t *loop, struct clock *clock, partner_send send, void *send_self)
{
    partner->loop = loop;
    partner->clock = clock;
    partner->send = send;
    partner->send_self = send_self;
    for (unsigned i = 0; i < PARTNER_JOBS; i++) {
        struct partner_job *job = &partner->jobs[i];

        job->partner = partner;
        uv_timer_init(loop, &job->timer);
        job->timer.data = job;
        job->next = partner->idle;
        partner->idle = job;
    }
}

void partner_close(struct partner *partner)
{
    for (unsigned i = 0; i < PARTNER_JOBS; i++) {
        if (partner->jobs[i].done)
            finish(&partner->jobs[i], PARTNER_LOST, NULL);
        uv_close((uv_handle_t *)&partner->jobs[i].timer, NULL);
    }
    if (partner->ready)
        hmac_done(&partner->key);
    partner->ready = false;
}
