#include "services/gateway/http/tls.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>
#include <stdatomic.h>

#include "common/base/buf.h"
#include "common/base/limits.h"
#include "common/base/log.h"

#define OUTPUT_MAX  ((size_t)40 << 10) /* two records */
#define OUTPUT_KEPT ((size_t)4 << 10)  /* an empty output of up to this size keeps its memory */

/* Its parts lock themselves (MBEDTLS_THREADING_C). */
struct tls_memory {
    _Atomic unsigned users;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_ticket_context tickets;
    mbedtls_ssl_cache_context cache;
};

struct tls {
    unsigned users; /* the owner and the sessions */
    struct tls_memory *memory;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt chain;
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
};

struct tls_session {
    struct tls *tls;
    mbedtls_ssl_context ssl;
    const unsigned char *input;
    size_t input_len;
    struct buf output;
    size_t sent;
};

static const int suites[] = {
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    0,
};

static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE};

static const char *protocols[] = {"http/1.1", NULL};

static bool explain(const char *what, const char *file, int error)
{
    char text[128];

    mbedtls_strerror(error, text, sizeof(text));
    log_error("tls_unusable", "what", what, "file", file, "why", text);
    return false;
}

/* ---- what clients resume by ---- */

struct tls_memory *tls_memory_open(void)
{
    struct tls_memory *memory = calloc(1, sizeof(*memory));
    int error;

    if (!memory)
        return NULL;
    memory->users = 1;
    mbedtls_entropy_init(&memory->entropy);
    mbedtls_ctr_drbg_init(&memory->random);
    mbedtls_ssl_ticket_init(&memory->tickets);
    mbedtls_ssl_cache_init(&memory->cache);
    mbedtls_ssl_cache_set_timeout(&memory->cache, LIMIT_TLS_RESUME_S);
    mbedtls_ssl_cache_set_max_entries(&memory->cache, LIMIT_TLS_CACHE);
    error = mbedtls_ctr_drbg_seed(&memory->random, mbedtls_entropy_func, &memory->entropy, NULL, 0);
    if (!error)
        error = mbedtls_ssl_ticket_setup(&memory->tickets, mbedtls_ctr_drbg_random, &memory->random,
                                         MBEDTLS_CIPHER_AES_256_GCM, LIMIT_TLS_RESUME_S);
    if (!error)
        return memory;
    explain("tickets", "", error);
    tls_memory_close(memory);
    return NULL;
}

void tls_memory_close(struct tls_memory *memory)
{
    if (!memory || atomic_fetch_sub(&memory->users, 1) > 1)
        return;
    mbedtls_ssl_cache_free(&memory->cache);
    mbedtls_ssl_ticket_free(&memory->tickets);
    mbedtls_ctr_drbg_free(&memory->random);
    mbedtls_entropy_free(&memory->entropy);
    free(memory);
}

/* ---- the certificate ---- */

static bool configure(struct tls *tls, const char *cert_file, const char *key_file)
{
    int error = mbedtls_ctr_drbg_seed(&tls->random, mbedtls_entropy_func, &tls->entropy, NULL, 0);

    if (error)
        return explain("randomness", "", error);
    error = mbedtls_x509_crt_parse_file(&tls->chain, cert_file);
    if (error)
        return explain("certificate", cert_file, error < 0 ? error : MBEDTLS_ERR_X509_INVALID_FORMAT);
    error = mbedtls_pk_parse_keyfile(&tls->key, key_file, NULL);
    if (error)
        return explain("key", key_file, error);
    error = mbedtls_pk_check_pair(&tls->chain.pk, &tls->key);
    if (error)
        return explain("key of another certificate", key_file, error);
    error = mbedtls_ssl_config_defaults(&tls->config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                        MBEDTLS_SSL_PRESET_DEFAULT);
    if (!error)
        error = mbedtls_ssl_conf_own_cert(&tls->config, &tls->chain, &tls->key);
    if (!error)
        error = mbedtls_ssl_conf_alpn_protocols(&tls->config, protocols);
    if (error)
        return explain("settings", cert_file, error);
    mbedtls_ssl_conf_rng(&tls->config, mbedtls_ctr_drbg_random, &tls->random);
    mbedtls_ssl_conf_min_version(&tls->config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_ciphersuites(&tls->config, suites);
    mbedtls_ssl_conf_curves(&tls->config, curves);
    mbedtls_ssl_conf_session_tickets_cb(&tls->config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse,
                                        &tls->memory->tickets);
    mbedtls_ssl_conf_session_cache(&tls->config, &tls->memory->cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
    mbedtls_ssl_conf_renegotiation(&tls->config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    return true;
}

struct tls *tls_open(const char *cert_file, const char *key_file, struct tls_memory *memory)
{
    struct tls *tls = calloc(1, sizeof(*tls));

    if (!tls)
        return NULL;
    tls->users = 1;
    tls->memory = memory;
    atomic_fetch_add(&memory->users, 1);
    mbedtls_entropy_init(&tls->entropy);
    mbedtls_ctr_drbg_init(&tls->random);
    mbedtls_x509_crt_init(&tls->chain);
    mbedtls_pk_init(&tls->key);
    mbedtls_ssl_config_init(&tls->config);
    if (configure(tls, cert_file, key_file))
        return tls;
    tls_close(tls);
    return NULL;
}

void tls_close(struct tls *tls)
{
    if (!tls || --tls->users > 0)
        return;
    mbedtls_ssl_config_free(&tls->config);
    mbedtls_pk_free(&tls->key);
    mbedtls_x509_crt_free(&tls->chain);
    mbedtls_ctr_drbg_free(&tls->random);
    mbedtls_entropy_free(&tls->entropy);
    tls_memory_close(tls->memory);
    free(tls);
}

/* ---- sessions ---- */

static int take_input(void *context, unsigned char *ret_bytes, size_t size)
{
    struct tls_session *session = context;
    size_t len = size < session->input_len ? size : session->input_len;

    if (len == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    memcpy(ret_bytes, session->input, len);
    session->input += len;
    session->input_len -= len;
    return (int)len;
}

static int add_output(void *context, const unsigned char *bytes, size_t len)
{
    struct tls_session *session = context;

    if (session->output.len + len > OUTPUT_MAX)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    buf_add(&session->output, bytes, len);
    return session->output.failed ? MBEDTLS_ERR_SSL_ALLOC_FAILED : (int)len;
}

struct tls_session *tls_session_new(struct tls *tls)
{
    struct tls_session *session = calloc(1, sizeof(*session));

    if (!session)
        return NULL;
    session->tls = tls;
    tls->users++;
    buf_init(&session->output, OUTPUT_MAX);
    mbedtls_ssl_init(&session->ssl);
    mbedtls_ssl_set_bio(&session->ssl, session, add_output, take_input, NULL);
    if (mbedtls_ssl_setup(&session->ssl, &tls->config) == 0)
        return session;
    tls_session_free(session);
    return NULL;
}

void tls_session_free(struct tls_session *session)
{
    if (!session)
        return;
    mbedtls_ssl_free(&session->ssl);
    buf_done(&session->output);
    tls_close(session->tls);
    free(session);
}

void tls_feed(struct tls_session *session, const char *bytes, size_t len)
{
    session->input = (const unsigned char *)bytes;
    session->input_len = len;
}

int tls_read(struct tls_session *session, char *ret_bytes, size_t size)
{
    int n = mbedtls_ssl_read(&session->ssl, (unsigned char *)ret_bytes, size);

    if (n > 0)
        return n;
    if (n == MBEDTLS_ERR_SSL_WANT_READ)
        return 0;
    return n == 0 || n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY ? -1 : -2;
}

bool tls_is_ready(const struct tls_session *session)
{
    return session->ssl.state == MBEDTLS_SSL_HANDSHAKE_OVER;
}

size_t tls_write(struct tls_session *session, const char *bytes, size_t len)
{
    int n;

    /* A record that finds no room must be repeated with the same bytes; it is easier never to begin it. */
    if (!tls_is_ready(session) || session->output.len > OUTPUT_MAX / 2)
        return 0;
    n = mbedtls_ssl_write(&session->ssl, (const unsigned char *)bytes, len);
    return n > 0 ? (size_t)n : 0;
}

void tls_end(struct tls_session *session)
{
    if (tls_is_ready(session))
        mbedtls_ssl_close_notify(&session->ssl);
}

const char *tls_output(const struct tls_session *session, size_t *ret_len)
{
    *ret_len = session->output.len - session->sent;
    return session->output.bytes + session->sent;
}

void tls_sent(struct tls_session *session, size_t len)
{
    session->sent += len;
    if (session->sent < session->output.len)
        return;
    session->sent = 0;
    if (session->output.size > OUTPUT_KEPT)
        buf_done(&session->output);
    buf_clear(&session->output);
}
