#include <setjmp.h>
#include <stdarg.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "services/gateway/http/proxies.h"

static struct address address(const char *text)
{
    struct address address;

    assert_true(address_read(text, strlen(text), &address));
    return address;
}

static bool same(const struct address *a, const struct address *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void only_addresses_are_read_as_such(void **state)
{
    static const char *const good[] = {"0.0.0.0", "192.0.2.1", "::", "::1", "2001:db8::1", "::ffff:192.0.2.1"};
    static const char *const bad[] = {"",
                                      "192.0.2",
                                      "192.0.2.256",
                                      "192.0.2.1 ",
                                      "0x7f.1",
                                      "2001:db8",
                                      ":::",
                                      "a",
                                      "[::1]",
                                      "192.0.2.1:80",
                                      "1111:2222:3333:4444:5555:6666:7777:8888:9999"};
    struct address read, expected;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(address_read(good[i], strlen(good[i]), &read));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (address_read(bad[i], strlen(bad[i]), &read))
            fail_msg("%s", bad[i]);
    }
    assert_false(address_read("1.2.3.4\0", 8, &read));
    /* The length decides, not a NUL. */
    assert_true(address_read("192.0.2.123", 9, &read));
    expected = address("192.0.2.1");
    assert_true(same(&read, &expected));
}

static void ip4_is_one_caller_and_ip6_is_by_its_64_bits(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"2001:db8::1", "2001:db8::ffff:2", true},
        {"2001:db8::1", "2001:db8:0:1::1", false},
        {"::1", "192.0.2.1", false},
        {"0.0.0.0", "::", false},
    };
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct address from_six, from_four, expected = address("192.0.2.1");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct address a = address(cases[i].a), b = address(cases[i].b);

        assert_int_equal(address_key(&a) == address_key(&b), cases[i].same);
        assert_int_not_equal(address_key(&a), 0);
    }
    inet_pton(AF_INET6, "::ffff:192.0.2.1", &six.sin6_addr);
    inet_pton(AF_INET, "192.0.2.1", &four.sin_addr);
    address_of((struct sockaddr *)&six, &from_six);
    address_of((struct sockaddr *)&four, &from_four);
    assert_true(same(&from_six, &expected));
    assert_true(same(&from_four, &expected));
}

static void blocks_hold_what_shares_their_bits(void **state)
{
    static const struct {
        const char *blocks, *address;
        bool trusted;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true},
        {"192.0.2.128/25", "192.0.2.200", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"10.0.0.0/8, fd00::/8", "fd12::1", true},
        {"10.0.0.0/8,fd00::/8", "fc12::1", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "203.0.113.9", true},
        {"", "10.0.0.1", false},
    };
    static const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/",          "10.0.0.0/-1", "10.0.0.0/8x",   "nginx",
                                      ",",           "10.0.0.1,,10.0.0.2", "fd00::/129",  "10.0.0.0/08888"};
    struct proxies proxies;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct address one = address(cases[i].address);

        assert_true(proxies_read(cases[i].blocks, &proxies));
        if (proxies_trusts(&proxies, &one) != cases[i].trusted)
            fail_msg("%s in %s", cases[i].address, cases[i].blocks);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (proxies_read(bad[i], &proxies))
            fail_msg("%s", bad[i]);
    }
}

/* With 10.0.0.0/8 and fd00::/8 trusted: what the peer is, the lines it sends, and the client. */
static const struct {
    const char *peer, *lines, *client;
} cases[] = {
    {"10.0.0.1", "", "10.0.0.1"},
    {"203.0.113.1", "X-Forwarded-For: 198.51.100.7\r\n", "203.0.113.1"},
    {"203.0.113.1", "Forwarded: for=198.51.100.7\r\n", "203.0.113.1"},
    {"10.0.0.1", "X-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7"},
    {"10.0.0.1", "X-Forwarded-For: 192.0.2.66, 198.51.100.7\r\n", "198.51.100.7"},
    {"10.0.0.1", "X-Forwarded-For: 192.0.2.66, 198.51.100.7, 10.0.0.9,10.0.0.8\r\n", "198.51.100.7"},
    {"10.0.0.1", "X-Forwarded-For: 192.0.2.66\r\nX-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7"},
    {"10.0.0.1", "X-Forwarded-For: 198.51.100.7\r\nX-Forwarded-For: 10.0.0.3\r\n", "198.51.100.7"},
    {"10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3"},
    {"10.0.0.1", "X-Forwarded-For: 198.51.100.7:4711\r\n", "198.51.100.7"},
    {"10.0.0.1", "X-Forwarded-For: [2001:db8::1]:4711\r\n", "2001:db8::1"},
    {"10.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
    {"10.0.0.1", "X-Forwarded-For: 198.51.100.7, unknown\r\n", "10.0.0.1"},
    {"10.0.0.1", "X-Forwarded-For: 198.51.100.7, garbage, 10.0.0.2\r\n", "10.0.0.2"},
    {"10.0.0.1", "X-Forwarded-For:\r\n", "10.0.0.1"},
    {"10.0.0.1", "X-Forwarded-For: , ,\r\n", "10.0.0.1"},
    {"fd00::1", "Forwarded: for=198.51.100.7\r\n", "198.51.100.7"},
    {"10.0.0.1", "Forwarded: for=192.0.2.66, For=\"[2001:db8::1]:4711\";proto=https;by=10.0.0.1\r\n", "2001:db8::1"},
    {"10.0.0.1", "Forwarded: proto=http; for=198.51.100.7 ;host=a, for=10.1.1.1\r\n", "198.51.100.7"},
    {"10.0.0.1", "Forwarded: for=198.51.100.7, for=_hidden\r\n", "10.0.0.1"},
    {"10.0.0.1", "Forwarded: for=198.51.100.7, proto=https\r\n", "10.0.0.1"},
    {"10.0.0.1", "X-Forwarded-For: fe80::1%eth0\r\n", "fe80::1"},
    {"10.0.0.1", "X-Forwarded-For: [2001:db8::1%25eth0]:4711, 10.0.0.3\r\n", "2001:db8::1"},
    {"10.0.0.1", "X-Forwarded-For: 198.51.100.7%eth0\r\n", "10.0.0.1"},
    {"10.0.0.1", "Forwarded: for=\"[fe80::7%eth1]:80\"\r\n", "fe80::7"},
    /* What a proxy quotes of a client's words is none of its own. */
    {"10.0.0.1", "Forwarded: for=198.51.100.7;host=\"a, for=192.0.2.66;b=\"\r\n", "198.51.100.7"},
    {"10.0.0.1", "Forwarded: host=\"a;for=192.0.2.66;\";for=198.51.100.7\r\n", "198.51.100.7"},
    {"10.0.0.1", "Forwarded: host=\"\\\";for=192.0.2.66,\";for=198.51.100.7, for=10.0.0.2\r\n", "198.51.100.7"},
    {"10.0.0.1", "Forwarded: for=\"192.0.2.66, for=198.51.100.7\r\n", "198.51.100.7"},
    /* Of two fields the one that proxies add to by habit. */
    {"10.0.0.1", "Forwarded: for=192.0.2.66\r\nX-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7"},
};

static void the_client_is_the_last_who_is_no_proxy_of_ours(void **state)
{
    static struct head head;
    struct proxies proxies;

    (void)state;
    assert_true(proxies_read("10.0.0.0/8,fd00::/8", &proxies));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct address peer = address(cases[i].peer), expected = address(cases[i].client), client;
        char text[1024];
        size_t used;
        int len = snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", cases[i].lines);

        head_init(&head);
        assert_int_equal(head_feed(&head, text, (size_t)len, &used), REFUSAL_NONE);
        assert_true(head.complete);
        client = proxies_client(&proxies, &head, &peer);
        if (!same(&client, &expected))
            fail_msg("%s from %s is not %s", cases[i].lines, cases[i].peer, cases[i].client);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_addresses_are_read_as_such),
        cmocka_unit_test(ip4_is_one_caller_and_ip6_is_by_its_64_bits),
        cmocka_unit_test(blocks_hold_what_shares_their_bits),
        cmocka_unit_test(the_client_is_the_last_who_is_no_proxy_of_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
