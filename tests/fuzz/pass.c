/* What a scanner reads: a pass, a code, a list of revocations; as it comes, and signed by us.
 *
 * Holds: nothing that we have not signed passes; what passes and is made anew is the same text. */
#include "common/base/base64url.h"
#include "common/pass/pass_internal.h"
#include "tests/fuzz/fuzz.h"

#include <unistd.h>

#define NOW INT64_C(1767225600000)

static struct pass_keys *load_keys(void)
{
    static const char key[] = "1 2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a\n";
    char path[] = "/tmp/fuzz-pass-XXXXXX";
    int fd = mkstemp(path);
    struct pass_keys *keys;

    ensure(fd >= 0 && write(fd, key, sizeof(key) - 1) == (ssize_t)sizeof(key) - 1);
    close(fd);
    keys = pass_keys_open(path);
    unlink(path);
    return keys;
}

/* The bytes as a pass of our signing. */
static void try_signed_pass(struct pass_keys *keys, const uint8_t *data)
{
    unsigned char bytes[123];
    char text[PASS_SIZE] = "", again[PASS_SIZE];
    struct pass pass;

    memcpy(bytes, data, 59);
    ensure(pass_sign(keys, bytes, 59, bytes + 59));
    base64url_encode(bytes, sizeof(bytes), text);
    if (pass_verify(keys, text, PASS_CHARS, &pass) == PASS_OK) {
        ensure(pass_make(keys, &pass, again));
        ensure(strcmp(again, text) == 0);
        pass_judge(&pass, pass.site, NULL, NOW);
    }
}

static void try_signed_list(struct pass_keys *keys, const uint8_t *data, size_t size)
{
    unsigned char *bytes = malloc(size + SIGNATURE_LEN);
    struct pass_revocations list;

    ensure(bytes);
    memcpy(bytes, data, size);
    ensure(pass_sign(keys, bytes, size, bytes + size));
    if (pass_revocations_read(keys, bytes, size + SIGNATURE_LEN, &list) == PASS_OK) {
        for (uint32_t i = 0; i < list.n; i++)
            ensure(pass_revoked(&list, get_be64(list.serials + 8 * (size_t)i)));
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pass_keys *keys;
    struct pass_revocations list;
    struct pass_code code;
    struct pass pass;
    char text[PASS_CODE_SIZE];

    if (!keys)
        keys = load_keys();
    ensure(keys);
    ensure(pass_verify(keys, (const char *)data, size, &pass) != PASS_OK);
    ensure(pass_revocations_read(keys, data, size, &list) != PASS_OK);
    ensure(pass_code_check(keys, (const char *)data, size, NOW, &code) != PASS_OK);
    if (size >= 59)
        try_signed_pass(keys, data);
    if (size >= 35)
        try_signed_list(keys, data, size);
    if (size >= 8) {
        uint64_t subject = get_be64(data);

        ensure(pass_code_make(keys, PASS_SCREEN, subject, (int64_t)(subject >> 20), text));
        ensure(pass_code_check(keys, text, PASS_CODE_CHARS, (int64_t)(subject >> 20), &code) == PASS_OK);
        ensure(code.subject == subject);
    }
    return 0;
}
