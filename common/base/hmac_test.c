#include "common/base/hmac.h"

#include "common/base/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* RFC 4231, cases 1 and 2: keys shorter than the block are padded with zeros, so
 * a key of 20 or 4 bytes equals the same key with zeros behind it. */
static void the_published_vectors_come_out(void **state)
{
    static const struct {
        unsigned char key[32];
        const char *data;
        const char *sum;
    } cases[] = {
        {{11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11},
         "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {{'J', 'e', 'f', 'e'},
         "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t split = 0; split <= strlen(cases[i].data); split++) {
            struct hmac_part parts[] = {{cases[i].data, split}, {cases[i].data + split, strlen(cases[i].data) - split}};
            unsigned char sum[HMAC_LEN];
            char digits[HEX_SIZE(HMAC_LEN)];
            struct hmac hmac;

            hmac_init(&hmac, cases[i].key);
            hmac_sum(&hmac, parts, 2, sum);
            hmac_sum(&hmac, parts, 2, sum);
            hex_print(sum, HMAC_LEN, digits);
            assert_string_equal(digits, cases[i].sum);
            hmac_done(&hmac);
        }
    }
}

static void a_wiped_key_holds_nothing(void **state)
{
    static const struct hmac zero;
    unsigned char key[32] = "key";
    struct hmac hmac;

    (void)state;
    hmac_init(&hmac, key);
    hmac_done(&hmac);
    assert_memory_equal(&hmac, &zero, sizeof(hmac));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_come_out),
        cmocka_unit_test(a_wiped_key_holds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
