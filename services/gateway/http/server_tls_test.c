/* A server that speaks TLS. */
#include "services/gateway/http/server_fixture.h"

/* Speaks over TLS, reads to the end, and tells the subject of the certificate. */
static size_t speak(const char *request, char *ret_text, size_t size, char ret_subject[64])
{
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    size_t len = 0;
    int fd = dial(1), n;

    mbedtls_ssl_init(&ssl);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &randomness);
    assert_int_equal(mbedtls_ssl_setup(&ssl, &config), 0);
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
        cmocka_unit_test(plain_text_on_a_tls_port_is_not_served),
        cmocka_unit_test(a_new_certificate_serves_new_connections_and_a_bad_one_none),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
