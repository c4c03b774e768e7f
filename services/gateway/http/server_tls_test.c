/* A server that speaks TLS. */
#include <malloc.h>

#include "services/gateway/http/server_fixture.h"
#include "services/gateway/http/tls.h"

/* A client that takes any certificate. */
static void client_begins(mbedtls_ssl_context *ssl, mbedtls_ssl_config *config)
{
    mbedtls_ssl_init(ssl);
    mbedtls_ssl_config_init(config);
    mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &randomness);
    assert_int_equal(mbedtls_ssl_setup(ssl, config), 0);
}

/* Speaks over TLS, reads to the end, and tells the subject of the certificate. */
static size_t speak(const char *request, char *ret_text, size_t size, char ret_subject[64])
{
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    size_t len = 0;
    int fd = dial(1), n;

    client_begins(&ssl, &config);
    mbedtls_ssl_set_bio(&ssl, &fd, net_send, net_receive, NULL);
    assert_int_equal(mbedtls_ssl_handshake(&ssl), 0);
    assert_string_equal(mbedtls_ssl_get_version(&ssl), "TLSv1.2");
    mbedtls_x509_dn_gets(ret_subject, 64, &mbedtls_ssl_get_peer_cert(&ssl)->subject);
    assert_int_equal(mbedtls_ssl_write(&ssl, (const unsigned char *)request, strlen(request)), strlen(request));
    while (len < size - 1 && (n = mbedtls_ssl_read(&ssl, (unsigned char *)ret_text + len, size - 1 - len)) > 0)
        len += (size_t)n;
    assert_int_equal(n, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    ret_text[len] = '\0';
    mbedtls_ssl_free(&ssl);
    mbedtls_ssl_config_free(&config);
    close(fd);
    return len;
}

static void requests_over_tls_are_answered(void **state)
{
    char *text = malloc(2 * BIG);
    char subject[64];
    size_t len;

    (void)state;
    assert_non_null(text);
    speak(GET("/") GET_LAST("/"), text, 2 * BIG, subject);
    assert_string_equal(subject, "CN=first");
    assert_non_null(strstr(text, "{}HTTP/1.1 200 OK"));
    assert_non_null(strstr(text, "Strict-Transport-Security: "));
    len = speak(GET("/big") "bad", text, 2 * BIG, subject);
    assert_true(len > BIG);
    assert_memory_equal(strstr(text, "\r\n\r\n") + 4, test.big, BIG);
    len = speak(GET_LAST("/copy"), text, 2 * BIG, subject);
    assert_memory_equal(text + len - BIG, test.big, BIG);
    free(text);
}

/* ---- memory ---- */

size_t __attribute__((weak)) __sanitizer_get_current_allocated_bytes(void);

static size_t allocated(void)
{
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : mallinfo2().uordblks;
}

/* A client and a session that speak by memory, and what the latter takes of that. */
struct pair {
    struct tls_session *session;
    unsigned char sent[1 << 16]; /* by the client */
    size_t sent_len, taken, most;
};

static int client_send(void *context, const unsigned char *bytes, size_t len)
{
    struct pair *pair = context;

    assert_true(len <= sizeof(pair->sent) - pair->sent_len);
    memcpy(pair->sent + pair->sent_len, bytes, len);
    pair->sent_len += len;
    return (int)len;
}

static int client_receive(void *context, unsigned char *bytes, size_t len)
{
    struct pair *pair = context;
    size_t waiting, before = allocated();
    const char *output = tls_output(pair->session, &waiting);

    if (waiting == 0)
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (len > waiting)
        len = waiting;
    memcpy(bytes, output, len);
    tls_sent(pair->session, len);
    pair->taken += allocated() - before;
    return (int)len;
}

static void hear_client(struct pair *pair)
{
    size_t before = allocated();
    char plain[16];

    tls_feed(pair->session, (const char *)pair->sent, pair->sent_len);
    assert_int_equal(tls_read(pair->session, plain, sizeof(plain)), 0);
    pair->sent_len = 0;
    pair->taken += allocated() - before;
    if (pair->taken > pair->most)
        pair->most = pair->taken;
}

static void a_session_takes_no_more_than_what_is_charged_for_it(void **state)
{
    struct tls_memory *memory = tls_memory_open();
    struct tls *tls = tls_open(test.cert_file, test.key_file, memory);
    static struct pair pair;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    size_t before;

    (void)state;
    assert_non_null(tls);
    client_begins(&ssl, &config);
    before = allocated();
    pair.session = tls_session_new(tls);
    pair.taken = allocated() - before;
    mbedtls_ssl_set_bio(&ssl, &pair, client_send, client_receive, NULL);
    while (mbedtls_ssl_handshake(&ssl) == MBEDTLS_ERR_SSL_WANT_READ)
        hear_client(&pair);
    assert_true(tls_is_ready(pair.session));
    before = allocated();
    while (tls_write(pair.session, test.big, BIG) > 0)
        continue;
    pair.taken += allocated() - before;
    if (pair.taken > pair.most)
        pair.most = pair.taken;
    assert_in_range(pair.most, TLS_SESSION_MOST * 3 / 4, TLS_SESSION_MOST);
    mbedtls_ssl_free(&ssl);
    mbedtls_ssl_config_free(&config);
    tls_session_free(pair.session);
    tls_close(tls);
    tls_memory_close(memory);
}

static void plain_text_on_a_tls_port_is_not_served(void **state)
{
    char text[4096];
    int fd = dial(1);

    (void)state;
    say(fd, GET("/"));
    hear(fd, text, sizeof(text));
    assert_null(strstr(text, "HTTP"));
}

static void a_new_certificate_serves_new_connections_and_a_bad_one_none(void **state)
{
    char text[4096], subject[64] = "";

    (void)state;
    make_certificate("CN=second");
    assert_true(server_reload_tls(test.server));
    while (strcmp(subject, "CN=second") != 0)
        speak(GET_LAST("/"), text, sizeof(text), subject);
    write_file(test.cert_file, "nonsense");
    assert_false(server_reload_tls(test.server));
    speak(GET_LAST("/"), text, sizeof(text), subject);
    assert_non_null(strstr(text, "200 OK"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_over_tls_are_answered),
        cmocka_unit_test(a_session_takes_no_more_than_what_is_charged_for_it),
        cmocka_unit_test(plain_text_on_a_tls_port_is_not_served),
        cmocka_unit_test(a_new_certificate_serves_new_connections_and_a_bad_one_none),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
