#include "services/bridge/pay/pay.h"

#include <mbedtls/platform_util.h>

#include "bridge/bridge.pb-c.h"
#include "common/base/hex.h"
#include "common/base/keyfile.h"
#include "common/base/log.h"

static const char probe_prefix[] = "WECHATPAY/SIGNTEST/";

#define SECOND_MS 1000
#define URL_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%"

static int64_t now_ms(const struct pay *pay)
{
    return (int64_t)uv_now(pay->loop);
}

/* ---- the end of a request ---- */

static void sign_next(struct pay *pay);

static void finish(struct pay_job *job, const struct pay_result *result)
{
    struct pay *pay = job->pay;
    pay_done done = job->done;

    if (!job->signer) /* else a thread still reads it */
        mbedtls_platform_zeroize(job->body, sizeof(job->body));
    job->done = NULL;
    job->next = pay->idle;
    pay->idle = job;
    pay->failed += result->end != PAY_DONE;
    done(job->arg, result);
}

static void end(struct pay_job *job, enum pay_end how)
{
    struct pay_result result = {.end = how};

    finish(job, &result);
}

/* What is wrong on the platform's side or ours is said when it begins and when it ends. */
static void note_health(struct pay *pay, const char *failure, long status, enum pay_code code)
{
    if (failure && !pay->sick)
        log_warn("pay_fails", "why", failure, "status", log_int(status), "code", pay_code_name(code));
    if (!failure && pay->sick)
        log_info("pay_answers_again");
    pay->sick = failure != NULL;
}

/* ---- proof ---- */

static struct pay_key *key_of(struct pay *pay, const char *serial)
{
    if (*pay->public_key.serial && strcmp(pay->public_key.serial, serial) == 0)
        return &pay->public_key;
    for (unsigned i = 0; i < PAY_KEYS; i++) {
        if (*pay->keys[i].serial && strcmp(pay->keys[i].serial, serial) == 0)
            return &pay->keys[i];
    }
    return NULL;
}

struct pay_key *pay_key_now(struct pay *pay)
{
    if (*pay->public_key.serial)
        return &pay->public_key;
    return *pay->keys[0].serial ? &pay->keys[0] : NULL;
}

static bool is_fresh(struct pay *pay, const char *timestamp)
{
    int64_t now_s = clock_now(pay->clock) / 1000, at_s;
    char *rest;

    at_s = strtoll(timestamp, &rest, 10);
    return rest > timestamp && !*rest && at_s > now_s - PAY_WINDOW_S && at_s < now_s + PAY_WINDOW_S;
}

int pay_prove(struct pay *pay, const char *timestamp, const char *nonce, const char *serial, const char *signature,
              const void *body, size_t len)
{
    struct pay_key *key;

    if (!pay->ready)
        return BRIDGE__REASON__PAY_NOT_SET_UP;
    if (strncmp(signature, probe_prefix, sizeof(probe_prefix) - 1) == 0 || !is_fresh(pay, timestamp))
        return BRIDGE__REASON__PAY_NOT_PROVEN;
    key = key_of(pay, serial);
    if (!key) {
        /* It may be of a certificate that is new: the sender comes again, and by then it is known. */
        int64_t soon = now_ms(pay) + PAY_AGAIN_MS;

        if (pay->refresh_at_ms > soon)
            pay->refresh_at_ms = soon;
        return BRIDGE__REASON__PAY_KEY_UNKNOWN;
    }
    return pay_key_proves(key, timestamp, nonce, body, len, signature) ? 0 : BRIDGE__REASON__PAY_NOT_PROVEN;
}

/* ---- answers ---- */

static const char *header(const struct fetch_answer *answer, const char *name)
{
    const char *value = answer->header ? answer->header(answer, name) : NULL;

    return value ? value : "";
}

static bool is_proven(struct pay *pay, const struct fetch_answer *answer)
{
    return pay_prove(pay, header(answer, "Wechatpay-Timestamp"), header(answer, "Wechatpay-Nonce"),
                     header(answer, "Wechatpay-Serial"), header(answer, "Wechatpay-Signature"), answer->body,
                     answer->len) == 0;
}

/* After failures in a row the other host is asked. */
static void note_host(struct pay *pay, const struct pay_job *job, bool failed)
{
    if (job->host != pay->host || !*pay->hosts[1])
        return;
    pay->host_fails = failed ? pay->host_fails + 1 : 0;
    if (pay->host_fails < PAY_HOST_FAILS)
        return;
    pay->host_fails = 0;
    pay->host = !pay->host;
    pay->host_until_ms = now_ms(pay) + PAY_HOST_MS;
    log_warn("pay_host_changed", "host", pay->hosts[pay->host]);
}

static void on_certificates(void *arg, const struct pay_result *result);
static bool take_certificates(struct pay *pay, const struct fetch_answer *answer, const json_t *body);

static void take_file(struct pay_job *job, const struct fetch_answer *answer)
{
    struct pay_result result = {.end = PAY_UNKNOWN, .status = answer->status};

    if (answer->status == 200) {
        result.end = PAY_DONE;
        result.file = answer->body;
        result.len = answer->len;
    }
    finish(job, &result);
}

static void take_answer(struct pay_job *job, const struct fetch_answer *answer)
{
    struct pay *pay = job->pay;
    json_t *body = json_loadb(answer->body, answer->len, JSON_REJECT_DUPLICATES, NULL);
    struct pay_result result = {.end = PAY_UNKNOWN, .status = answer->status};
    const char *failure = "no object";

    if (answer->status == 200 || answer->status == 204 || json_is_object(body)) {
        bool proven = job->done == on_certificates ? take_certificates(pay, answer, body) : is_proven(pay, answer);

        pay->unproven += !proven;
        failure = proven ? NULL : "not proven";
        result.code = pay_code_of(pay_text(body, "code"));
        if (proven && answer->status == 200 && json_is_object(body))
            result.end = PAY_DONE;
        else if (proven && answer->status >= 400 && answer->status < 500)
            result.end = PAY_REFUSED;
        else if (!failure)
            failure = "refused";
        if (proven && json_is_object(body))
            result.body = body;
        if (result.code == PAY_SIGN_ERROR || result.code == PAY_NO_AUTH)
            failure = "refuses us";
    }
    note_health(pay, failure, answer->status, result.code);
    finish(job, &result);
    json_decref(body);
}

static void on_answer(void *arg, const struct fetch_answer *answer)
{
    struct pay_job *job = arg;

    note_host(job->pay, job, answer->failure != NULL || answer->status >= 502);
    if (answer->failure) {
        note_health(job->pay, answer->failure, 0, PAY_CODE_NONE);
        end(job, answer->sent ? PAY_UNKNOWN : PAY_NOT_SENT);
    } else if (job->file) {
        take_file(job, answer);
    } else {
        take_answer(job, answer);
    }
}

/* ---- asking ---- */

static void run_signature(struct worker_task *task)
{
    struct pay_job *job = container_of(task, struct pay_job, task);
    char text[PAY_PATH_SIZE + PAY_BODY_SIZE + 128];
    int len = snprintf(text, sizeof(text), "%s\n%s\n%lld\n%s\n%s\n", job->post ? "POST" : "GET", job->path,
                       (long long)job->at_s, job->nonce, job->body);

    job->made = len > 0 && (size_t)len < sizeof(text) && pay_sign(job->signer, text, (size_t)len, job->signature);
    mbedtls_platform_zeroize(text, sizeof(text));
}

static bool send_job(struct pay_job *job)
{
    struct pay *pay = job->pay;
    char url[OUTSIDE_URL_SIZE + PAY_PATH_SIZE], authorization[PAY_SIGNATURE_SIZE + 256], serial[PAY_SERIAL_SIZE + 32];
    struct fetch_request out = {
        .url = url,
        .json = job->post ? job->body : NULL,
        .authorization = authorization,
        .headers = {"Accept: application/json", "User-Agent: huigong", *job->serial ? serial : NULL, NULL},
        .body_max = job->file ? PAY_FILE_MAX : 0,
        .timeout_ms = PAY_TRY_MS,
    };

    if (pay->host && now_ms(pay) >= pay->host_until_ms)
        pay->host = pay->host_fails = 0;
    job->host = pay->host;
    snprintf(url, sizeof(url), "%s%s", pay->hosts[pay->host], job->path);
    snprintf(
        authorization, sizeof(authorization),
        "WECHATPAY2-SHA256-RSA2048 mchid=\"%s\",nonce_str=\"%s\",timestamp=\"%lld\",serial_no=\"%s\",signature=\"%s\"",
        pay->mchid, job->nonce, (long long)job->at_s, pay->serial, job->signature);
    snprintf(serial, sizeof(serial), "Wechatpay-Serial: %s", job->serial);
    pay->asked++;
    return pay->send(pay->send_self, &out, on_answer, job);
}

static void on_signed(struct worker_task *task)
{
    struct pay_job *job = container_of(task, struct pay_job, task);
    struct pay *pay = job->pay;

    job->signer->busy = false;
    if (pay->closing) {
        pay_signer_done(job->signer);
        return;
    }
    job->signer = NULL;
    if (!job->made || !send_job(job))
        end(job, PAY_NOT_SENT);
    sign_next(pay);
}

/* Whether a request may begin now when n more have before it: the one `rate` before it did a second ago. */
static bool may_begin(const struct pay *pay, const struct pay_turns *turns, unsigned n)
{
    return n < pay->rate && now_ms(pay) - turns->begun_ms[(turns->turn + n) % pay->rate] >= SECOND_MS;
}

static void put_first(struct pay_turns *turns, struct pay_job *job)
{
    job->next = turns->waiting;
    turns->waiting = job;
    if (turns->waiting_end == &turns->waiting)
        turns->waiting_end = &job->next;
}

static struct pay_job *take_first(struct pay_turns *turns)
{
    struct pay_job *job = turns->waiting;

    turns->waiting = job->next;
    if (!turns->waiting)
        turns->waiting_end = &turns->waiting;
    return job;
}

/* Begins the first that waits, by a signer that is free; false when the pool is full: whoever is signed for next, or
 * the next tick, takes it up again. */
static bool sign_first(struct pay *pay, struct pay_turns *turns, struct pay_signer *signer)
{
    struct pay_job *job = take_first(turns);

    job->signer = signer;
    job->at_s = clock_now(pay->clock) / 1000;
    job->task = (struct worker_task){.run = run_signature, .done = on_signed};
    signer->busy = true;
    if (pay->beside(pay->beside_self, &job->task)) {
        turns->begun_ms[turns->turn] = now_ms(pay);
        turns->turn = (turns->turn + 1) % pay->rate;
        return true;
    }
    signer->busy = false;
    job->signer = NULL;
    put_first(turns, job);
    return false;
}

/* Gives waiting requests to signers that are free, of each way in turn. */
static void sign_next(struct pay *pay)
{
    for (unsigned i = 0, way = 0, idle = 0; i < PAY_SIGNERS && idle < PAY_WAYS; way++) {
        struct pay_turns *turns = &pay->turns[way % PAY_WAYS];

        if (pay->signers[i].busy)
            i++;
        else if (!turns->waiting || !may_begin(pay, turns, 0))
            idle++;
        else if (sign_first(pay, turns, &pay->signers[i]))
            idle = 0;
        else
            return;
    }
}

static bool ask(struct pay *pay, const char *path, const char *body, bool file, pay_done done, void *arg)
{
    const struct pay_key *key = pay_key_now(pay);
    struct pay_job *job = pay->idle;
    struct pay_turns *turns;
    unsigned char random[16];

    if (!job || pay->closing || strlen(path) >= sizeof(job->path) || (body && strlen(body) >= sizeof(job->body)))
        return false;
    pay->idle = job->next;
    snprintf(job->path, sizeof(job->path), "%s", path);
    snprintf(job->body, sizeof(job->body), "%s", body ? body : "");
    snprintf(job->serial, sizeof(job->serial), "%s", key ? key->serial : "");
    clock_random(pay->clock, random, sizeof(random));
    hex_print(random, sizeof(random), job->nonce);
    job->post = body != NULL;
    job->file = file;
    job->done = done;
    job->arg = arg;
    job->next = NULL;
    turns = &pay->turns[job->post ? PAY_SENDS : PAY_ASKS];
    *turns->waiting_end = job;
    turns->waiting_end = &job->next;
    sign_next(pay);
    return true;
}

bool pay_ask(struct pay *pay, const char *path, const char *body, pay_done done, void *arg)
{
    return ask(pay, path, body, false, done, arg);
}

bool pay_ask_file(struct pay *pay, const char *url, pay_done done, void *arg)
{
    const char *host = strstr(url, "://"), *path = host ? strchr(host + 3, '/') : NULL;

    return path && strncmp(path, "/v3/", 4) == 0 && path[strspn(path, URL_CHARS)] == '\0' &&
           ask(pay, path, NULL, true, done, arg);
}

unsigned pay_room(const struct pay *pay, enum pay_way way)
{
    const struct pay_turns *turns = &pay->turns[way];
    unsigned idle = 0, waiting = 0, room = 0;

    if (!pay->ready || pay->closing || !pay_key_now((struct pay *)unconst(pay)))
        return 0;
    for (const struct pay_job *job = pay->idle; job; job = job->next)
        idle++;
    for (const struct pay_job *job = turns->waiting; job; job = job->next)
        waiting++;
    while (room + PAY_SPARE < idle && may_begin(pay, turns, waiting + room))
        room++;
    return room;
}

/* ---- certificates ---- */

/* One of the list, which the shared key has sealed: into ret. */
static bool read_certificate(const struct pay *pay, const json_t *one, struct pay_key *ret)
{
    const json_t *sealed = json_object_get(one, "encrypt_certificate");
    static char pem[PAY_PEM_MAX];
    long len;

    if (strcmp(pay_text(sealed, "algorithm"), "AEAD_AES_256_GCM") != 0)
        return false;
    len = pay_open(pay->shared, sizeof(pay->shared), pay_text(sealed, "nonce"), pay_text(sealed, "associated_data"),
                   pay_text(sealed, "ciphertext"), pem, sizeof(pem));
    if (len < 0 || pay_key_of_certificate(ret, pem, (size_t)len + 1))
        return false;
    if (strcmp(ret->serial, pay_text(one, "serial_no")) == 0)
        return true;
    pay_key_done(ret);
    return false;
}

/* Those of a list, the one that lasts longest first; how many. */
static unsigned read_certificates(const struct pay *pay, const json_t *body, struct pay_key ret[PAY_KEYS])
{
    char last[40] = "";
    unsigned n = 0;
    size_t i;
    json_t *one;

    json_array_foreach(json_object_get(body, "data"), i, one)
    {
        if (n == PAY_KEYS || !read_certificate(pay, one, &ret[n]))
            continue;
        if (strcmp(pay_text(one, "expire_time"), last) >= 0) {
            struct pay_key first = ret[n];

            snprintf(last, sizeof(last), "%s", pay_text(one, "expire_time"));
            ret[n] = ret[0];
            ret[0] = first;
        }
        n++;
    }
    return n;
}

static void swap_keys(struct pay *pay, struct pay_key with[PAY_KEYS])
{
    struct pay_key keys[PAY_KEYS];

    memcpy(keys, pay->keys, sizeof(keys));
    memcpy(pay->keys, with, sizeof(keys));
    memcpy(with, keys, sizeof(keys));
}

/* Those of a list take the place of all, when a key proves it that is known or one of its own. Whether one does. */
static bool take_certificates(struct pay *pay, const struct fetch_answer *answer, const json_t *body)
{
    struct pay_key others[PAY_KEYS] = {0};
    unsigned n = read_certificates(pay, body, others);
    bool proven = is_proven(pay, answer);

    if (n > 0) {
        swap_keys(pay, others);
        proven = proven || is_proven(pay, answer);
        if (proven)
            log_info("pay_certificates", "n", log_int(n), "serial", pay->keys[0].serial);
        else
            swap_keys(pay, others);
    }
    for (unsigned i = 0; i < PAY_KEYS; i++)
        pay_key_done(&others[i]);
    return proven;
}

static void on_certificates(void *arg, const struct pay_result *result)
{
    struct pay *pay = arg;
    int64_t again_ms = pay_key_now(pay) ? PAY_AGAIN_MS : PAY_FIRST_MS;

    pay->refreshing = false;
    pay->refresh_at_ms = now_ms(pay) + (result->end == PAY_DONE ? PAY_REFRESH_MS : again_ms);
}

void pay_tick(struct pay *pay)
{
    if (!pay->ready || pay->closing)
        return;
    if (!pay->refreshing && now_ms(pay) >= pay->refresh_at_ms)
        pay->refreshing = pay_ask(pay, "/v3/certificates", NULL, on_certificates, pay);
    sign_next(pay);
}

/* ---- life ---- */

static int refuse_file(const char *file, const char *why)
{
    log_error("pay_file_refused", "file", file, "why", why);
    return -1;
}

static bool take_word(char *to, size_t size, const char *value)
{
    bool ok = wechat_word_ok(value, size - 1);

    if (ok)
        memcpy(to, value, strlen(value) + 1);
    return ok;
}

static bool take_line(struct pay *pay, const char *name, const char *value, char *public_id)
{
    if (strcmp(name, "mchid") == 0)
        return take_word(pay->mchid, sizeof(pay->mchid), value);
    if (strcmp(name, "serial") == 0)
        return take_word(pay->serial, sizeof(pay->serial), value);
    if (strcmp(name, "public") == 0)
        return take_word(public_id, PAY_SERIAL_SIZE, value);
    if (strcmp(name, "appid") == 0 && pay->n_apps < PAY_APPS && take_word(pay->apps[pay->n_apps], PAY_NAME_SIZE, value))
        return ++pay->n_apps;
    if (strcmp(name, "apiv3") != 0 || strlen(value) != PAY_KEY_LEN)
        return false;
    memcpy(pay->shared, value, PAY_KEY_LEN);
    return true;
}

static int read_merchant(struct pay *pay, const char *path, char *public_id)
{
    char name[16], value[PAY_SERIAL_SIZE];
    struct keyfile file;
    int more;

    if (keyfile_open(&file, path))
        return -1;
    while ((more = keyfile_pair(&file, name, sizeof(name), value, sizeof(value))) > 0) {
        if (!take_line(pay, name, value, public_id)) {
            more = refuse_file(path, "mchid, serial, apiv3 of 32 letters, appid, public");
            break;
        }
    }
    keyfile_close(&file);
    mbedtls_platform_zeroize(value, sizeof(value));
    if (!more && (!*pay->mchid || !*pay->serial || !pay->n_apps || !pay->shared[0]))
        more = refuse_file(path, "mchid, serial, apiv3 and an appid are needed");
    return more;
}

static int read_private_key(struct pay *pay, const char *path)
{
    struct keyfile file;
    int failed = 0;

    if (keyfile_open(&file, path))
        return -1;
    for (unsigned i = 0; i < PAY_SIGNERS && !failed; i++)
        failed = pay_signer_init(&pay->signers[i], file.text, file.len + 1);
    if (!failed)
        failed = pay_signer_init(&pay->own, file.text, file.len + 1);
    keyfile_close(&file);
    return failed ? refuse_file(path, "a private key of RSA in PEM") : 0;
}

static int read_public_key(struct pay *pay, const char *path, const char *id)
{
    struct keyfile file;
    int failed;

    if (!*path && !*id)
        return 0;
    if (!*path || !*id)
        return refuse_file(path, "a public key has its id in the merchant's file, and the other way round");
    if (keyfile_open(&file, path))
        return -1;
    failed = pay_key_of_public(&pay->public_key, id, file.text, file.len + 1);
    keyfile_close(&file);
    return failed ? refuse_file(path, "a public key of RSA in PEM") : 0;
}

static int refuse_setting(const char *name)
{
    log_error("setting_refused", "name", name, "why", "https:// and a host, or this machine");
    return -1;
}

int pay_init(struct pay *pay, const struct pay_settings *settings)
{
    char public_id[PAY_SERIAL_SIZE] = "";

    *pay = (struct pay){.rate = (unsigned)settings->rate};
    for (int way = 0; way < PAY_WAYS; way++)
        pay->turns[way].waiting_end = &pay->turns[way].waiting;
    if (!*settings->merchant)
        return 0;
    if (!outside_url_ok(settings->url))
        return refuse_setting("HUIGONG_PAY_URL");
    if (*settings->second_url && !outside_url_ok(settings->second_url))
        return refuse_setting("HUIGONG_PAY_URL_SECOND");
    if (strlen(settings->notify_url) >= sizeof(pay->notify_url) || strpbrk(settings->notify_url, "?\" \\") ||
        strncmp(settings->notify_url, "http", 4) != 0)
        return refuse_setting("HUIGONG_PAY_NOTIFY");
    snprintf(pay->hosts[0], sizeof(pay->hosts[0]), "%s", settings->url);
    snprintf(pay->hosts[1], sizeof(pay->hosts[1]), "%s", settings->second_url);
    snprintf(pay->notify_url, sizeof(pay->notify_url), "%s", settings->notify_url);
    if (read_merchant(pay, settings->merchant, public_id) || read_private_key(pay, settings->private_key) ||
        read_public_key(pay, settings->public_key, public_id))
        return -1;
    pay->ready = true;
    return 0;
}

void pay_open_over(struct pay *pay, uv_loop_t *loop, struct clock *clock, pay_send send, void *send_self,
                   pay_beside beside, void *beside_self)
{
    pay->loop = loop;
    pay->clock = clock;
    pay->send = send;
    pay->send_self = send_self;
    pay->beside = beside;
    pay->beside_self = beside_self;
    for (unsigned i = 0; i < PAY_WAYS * pay->rate; i++)
        pay->turns[i % PAY_WAYS].begun_ms[i / PAY_WAYS] = now_ms(pay) - SECOND_MS;
    for (unsigned i = PAY_JOBS; i-- > 0;) {
        pay->jobs[i].pay = pay;
        pay->jobs[i].next = pay->idle;
        pay->idle = &pay->jobs[i];
    }
}

void pay_close(struct pay *pay)
{
    pay->closing = true;
    for (unsigned i = 0; i < PAY_JOBS; i++) {
        if (pay->jobs[i].done)
            end(&pay->jobs[i], PAY_UNKNOWN);
    }
    for (unsigned i = 0; i < PAY_SIGNERS && pay->ready; i++) {
        if (!pay->signers[i].busy)
            pay_signer_done(&pay->signers[i]);
    }
    if (pay->ready)
        pay_signer_done(&pay->own);
    for (unsigned i = 0; i < PAY_KEYS; i++)
        pay_key_done(&pay->keys[i]);
    pay_key_done(&pay->public_key);
    mbedtls_platform_zeroize(pay->shared, sizeof(pay->shared));
    pay->ready = false;
}
