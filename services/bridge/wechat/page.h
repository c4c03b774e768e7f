/* page.h: signing in on a page within WeChat, by an official account (网页授权).
 *
 * A page asks for the address of WeChat's own page and sends its visitor there; WeChat
 * sends her back with a code and the state, both of which the page hands in. The state is
 * bound to the browser that began: it carries the SHA-256 of a secret that never left that
 * browser until now, an end, and a sum that only this bridge can make, so nobody can have
 * somebody else end a visit that she has begun herself, and nothing is kept meanwhile.
 * After the bridge's restart a visit is begun again.
 *
 * WeChat sends back only to addresses that the settings allow.
 *
 * What a page may have WeChat's browser do beyond that (scanning, navigation, the confirmation of a payment) it may by
 * a signature over its own address, which is made for pages of the same hosts alone. */
#pragma once
#include "common/base/hex.h"
#include "common/base/hmac.h"
#include "services/bridge/rules.h"
#include "services/bridge/wechat/said.h"

#define PAGE_HASH_CHARS    64                             /* SHA-256, hex */
#define PAGE_STATE_SIZE    (8 + PAGE_HASH_CHARS + 32 + 1) /* letters and digits; WeChat takes 128 */
#define PAGE_LIFE_S        600
#define PAGE_HOSTS_SIZE    512
#define PAGE_URI_SIZE      257
#define PAGE_ADDRESS_SIZE  1280
#define PAGE_SIGNED_SIZE   513 /* of the address of a page that is signed */
#define PAGE_NONCE_LEN     8
#define PAGE_SIGNATURE_LEN 20

struct page {
    char url[OUTSIDE_URL_SIZE], hosts[PAGE_HOSTS_SIZE];
    struct hmac key;
};

/* hosts: "HOST[:PORT]" with commas between. key is 32 random bytes. 0, or -1 after
 * logging why. */
int page_init(struct page *page, const char *url, const char *hosts, const unsigned char key[32]);
/* Whether WeChat may send a visitor back there: https, or this machine's own http. */
bool page_uri_ok(const struct page *page, const char *uri);
/* WeChat's address for an app's visitor, and the state in it. challenge is PAGE_HASH_CHARS
 * of hex; details asks for her consent, which tells a unionid. False when it is no hash. */
bool page_begin(const struct page *page, const char *appid, const char *uri, const char *challenge, bool details,
                int64_t now_ms, char ret_address[PAGE_ADDRESS_SIZE]);
/* Whether it is the address of a page of the hosts listed, as a browser has it. */
bool page_address_ok(const struct page *page, const char *address);
/* The signature for wx.config: SHA-1, in hex, over the account's ticket, a nonce, a time and an address that is ok,
 * whose part from '#' on does not count. */
void page_sign(const char *ticket, const char *nonce, int64_t now_s, const char *address,
               char ret[HEX_SIZE(PAGE_SIGNATURE_LEN)]);
/* Whether this browser, by its secret, began the visit of this state, in time. */
bool page_state_ok(const struct page *page, const char *appid, const char *state, const char *secret, int64_t now_ms);
