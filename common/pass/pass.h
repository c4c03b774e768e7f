/* pass.h: what is shown at a door, and how a scanner judges it.
 *
 * A pass says: whoever holds it has the place `slot` at `site`. It is shown as a QR
 * code in one of three forms:
 *
 *   signed    a scanner verifies it alone, without network;
 *   printed   32 characters, for codes that carry no more (a WeChat mini-program
 *             code's scene); the issuer checks it, since only he has the key;
 *   screen    32 characters that change every 30 seconds, so that a photograph of the
 *             screen is worth nothing; the issuer checks it.
 *
 * None of them is the right itself. The issuer's store decides whether a pass was
 * used, when it can be asked; a scanner without network decides for the time being
 * and hands in what it scanned. Every form carries the pass' serial, by which use is
 * counted: two forms of one pass, or two signatures of it, are one pass.
 *
 * BYTES. be16/be32/be64 are big-endian, two's complement; | joins; texts in quotes
 * are ASCII without a closing NUL; H is SHA-256, HMAC is HMAC-SHA256. A text is
 * base64url (RFC 4648, section 5) without padding, of a number of bytes that 3
 * divides, so no two texts say the same bytes.
 *
 *   pass       123 bytes, 164 characters
 *       0   1  0x01
 *       1   2  key id, 1..65535
 *       3   8  issuer: id of the union
 *      11   8  campaign: id
 *      19   8  site: id
 *      27   8  slot: id
 *      35   8  handle: the holder as the roster names her; no member id
 *      43   8  serial: random, another one in each issue of the pass
 *      51   4  valid from, seconds since 1970 (unsigned)
 *      55   4  valid until, seconds since 1970: the first at which it is not
 *      59  64  signature of bytes 0..58
 *   code        24 bytes, 32 characters
 *       0   1  0x02 printed, 0x03 screen, 0x04 account, 0x05 card, 0x06 purse
 *       1   2  key id
 *       3   8  subject: the pass' serial; of an account, a card or a purse, the member's number there
 *      11   2  step mod 65536; 0 in a printed code
 *      13  11  the first bytes of the tag
 *   revocations  99 + 8 n bytes, a file
 *       0   1  0x10
 *       1   2  key id
 *       3   8  issuer
 *      11   8  site
 *      19   8  version: a later list of a site has a greater one
 *      27   4  made at, seconds since 1970
 *      31   4  n
 *      35  8n  the serials revoked at this site, strictly rising (unsigned)
 *         64  signature of everything before it
 *
 *   signature  ECDSA over P-256 of H(bytes): r | s, 32 bytes each (FIPS 186-4; the
 *              form that WebCrypto calls raw). We sign by RFC 6979: the same pass and
 *              key always give the same text.
 *   tag        printed: HMAC(code key, "hg-pass-code-1" | bytes 0..12)
 *              the others: HMAC(rotating key, be64(step)), step = floor(seconds
 *              since 1970 / 30)
 *   code key   HMAC(private key's 32 bytes, "hg-pass-key-1")
 *   rotating   HMAC(code key, "hg-pass-turn-1" | bytes 0..10): the telephone gets the
 *   key        one of its own pass and makes codes without network.
 *
 * JUDGING. A scanner says the first of these that is so:
 *   MALFORMED    other length, characters, first byte, a reserved value
 *   UNKNOWN_KEY  no key of that id: never was, or retired
 *   FORGED       the signature or tag is not that of these bytes
 *   STALE        a rotating code more than one step away from now
 *   REVOKED      the serial is on the list: moved, cancelled or issued anew
 *   OTHER_SITE   is good at another site
 *   NOT_YET, EXPIRED   outside its validity
 *   USED         scanned before: the issuer adds where and when
 *   OK
 *
 * KEYS. The key file has lines of a key id, one blank and 64 hex digits, newest
 * first: the first signs, each verifies. A new key is put in first place; the old one
 * is taken out when the last pass it signed has expired. What scanners get is the
 * list of key ids with their public points. An id is never used for another key.
 *
 * A signature takes 0.8 ms on our machines, a verification 2.4 ms, and as long as a
 * signature when the key is private and the signature its own. One thread, but for
 * pass_signed. */
#pragma once

struct buf;

#define PASS_KEYS_MAX     8
#define PASS_POINT_LEN    64 /* x | y */
#define PASS_CHARS        164
#define PASS_SIZE         (PASS_CHARS + 1)
#define PASS_CODE_CHARS   32
#define PASS_CODE_SIZE    (PASS_CODE_CHARS + 1)
#define PASS_TURN_KEY_LEN 32
#define PASS_STEP_MS      INT64_C(30000)
#define PASS_REVOKED_MAX  100000 /* serials on one list */

/* Why a pass is not good; the order in which it is asked. */
enum pass_reason {
    PASS_OK,
    PASS_MALFORMED,
    PASS_UNKNOWN_KEY,
    PASS_FORGED,
    PASS_STALE,
    PASS_REVOKED,
    PASS_OTHER_SITE,
    PASS_NOT_YET,
    PASS_EXPIRED,
    PASS_USED,
};

/* ---- keys ---- */

struct pass_public {
    uint16_t key_id;
    unsigned char point[PASS_POINT_LEN];
};

struct pass_keys;

/* Reads up to PASS_KEYS_MAX keys from a file that only its owner may read. NULL
 * after logging why. */
struct pass_keys *pass_keys_open(const char *file);
/* What a scanner has: verifies signed passes and lists, cannot make any form or check
 * a code. NULL when one is no point of the curve, two have one id, or without memory. */
struct pass_keys *pass_keys_public(const struct pass_public *keys, size_t n);
void pass_keys_close(struct pass_keys *keys);
/* The public halves, newest first; their number. */
size_t pass_keys_list(const struct pass_keys *keys, struct pass_public ret[PASS_KEYS_MAX]);

/* ---- the signed form ---- */

struct pass {
    uint16_t key_id; /* set by pass_make and pass_verify */
    int64_t issuer, campaign, site, slot;
    uint64_t handle, serial;
    int64_t from_ms, until_ms; /* whole seconds, 0..2^32 - 1 of them; from before until */
};

/* Signs with the newest key. False when a time is out of bounds or without memory. */
bool pass_make(struct pass_keys *keys, const struct pass *pass, char ret_text[PASS_SIZE]);
/* Reads any bytes: OK with the pass, MALFORMED, UNKNOWN_KEY or FORGED. */
enum pass_reason pass_verify(struct pass_keys *keys, const char *text, size_t len, struct pass *ret);

/* The same in two steps, for who checks signatures beside a loop: what the text says, OK,
 * MALFORMED or UNKNOWN_KEY, with the question whether it is signed; and the answer, on any
 * thread. Until it is true nothing of the pass is to be believed. */
#define PASS_QUESTION_LEN (PASS_POINT_LEN + 123)
enum pass_reason pass_read(const struct pass_keys *keys, const char *text, size_t len, struct pass *ret,
                           unsigned char ret_question[PASS_QUESTION_LEN]);
bool pass_signed(const unsigned char question[PASS_QUESTION_LEN]);

struct pass_revocations;
/* Whether a verified pass is good at a site now: OK, REVOKED, OTHER_SITE, NOT_YET or
 * EXPIRED. revoked may be NULL. */
enum pass_reason pass_judge(const struct pass *pass, int64_t site, const struct pass_revocations *revoked,
                            int64_t now_ms);

/* ---- codes of 32 characters ---- */

enum pass_kind {
    PASS_PRINTED = 2,
    PASS_SCREEN = 3,
    PASS_ACCOUNT = 4, /* says who shows it, opens nothing by itself */
    PASS_CARD = 5,    /* the same of a member's card */
    PASS_PURSE = 6,   /* the same of what she has to spend */
};

struct pass_code {
    enum pass_kind kind;
    uint16_t key_id;
    uint64_t subject;
};

/* Makes a code with the newest key; false when keys has public halves alone. */
bool pass_code_make(const struct pass_keys *keys, enum pass_kind kind, uint64_t subject, int64_t now_ms,
                    char ret_text[PASS_CODE_SIZE]);
/* When a rotating code of now is made anew. */
static inline int64_t pass_changes_at(int64_t now_ms)
{
    return (now_ms / PASS_STEP_MS + 1) * PASS_STEP_MS;
}
/* Reads any bytes: OK with the code, MALFORMED, UNKNOWN_KEY, FORGED or STALE. */
enum pass_reason pass_code_check(const struct pass_keys *keys, const char *text, size_t len, int64_t now_ms,
                                 struct pass_code *ret);
/* What a text says that has the form of a code, without asking whether anybody made it: nothing of it is to be
 * believed. False when it has not. */
bool pass_code_says(const char *text, size_t len, struct pass_code *ret);
/* The rotating key of a subject by the newest key and its id, for the device that
 * makes the codes; false as above. */
bool pass_turn_key(const struct pass_keys *keys, enum pass_kind kind, uint64_t subject, uint16_t *ret_key_id,
                   unsigned char ret_key[PASS_TURN_KEY_LEN]);

/* ---- revocations ---- */

struct pass_revocations {
    uint16_t key_id;
    int64_t issuer, site, version, made_ms;
    uint32_t n;
    const unsigned char *serials; /* n times be64, in the bytes that were read */
};

/* Appends the signed list; serials strictly rising. False when there are too many or
 * they are not, made_ms is out of bounds, or without memory. */
bool pass_revocations_make(struct pass_keys *keys, const struct pass_revocations *head, const uint64_t *serials,
                           uint32_t n, struct buf *buf);
/* Reads any bytes, which must outlive ret: OK, MALFORMED, UNKNOWN_KEY or FORGED. */
enum pass_reason pass_revocations_read(struct pass_keys *keys, const unsigned char *bytes, size_t len,
                                       struct pass_revocations *ret);
bool pass_revoked(const struct pass_revocations *revoked, uint64_t serial);
