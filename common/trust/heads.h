/* heads.h: the witness of a journal, kept outside its store.
 *
 * A journal's hash chain tells of a changed row, but not of rows cut off its end, nor of a
 * chain that was made anew from the first row on. So its daemon signs its head now and then,
 * and appends what it signed to a file of a folder that is none of the store's:
 *   hg-head-1 QUEUE SEQ AT HASH KEY SIGNATURE
 * AT is the row's time (milliseconds since 1970), HASH the row's, KEY the first 8 bytes of
 * SHA-256 of the public point, SIGNATURE ECDSA over the text before KEY without the blank;
 * bytes are lower-case hex. Lines are only ever appended: a line that a crash cut is closed
 * by " torn" and counts for nothing. The public point stands beside, as `key.pub`.
 *
 * Whoever holds a copy of some lines (a backup, a reader of /v1/journal-heads) can show that
 * a journal is another one than it was. */
#pragma once
#include "common/trust/ecdsa.h"

#define HEAD_HASH_LEN 32
#define HEAD_KEY_LEN  8

struct head {
    int64_t seq, at;
    unsigned char hash[HEAD_HASH_LEN], key[HEAD_KEY_LEN], signature[ECDSA_SIGNATURE_LEN];
};

struct heads;

/* The daemon's side: reads its key and the last lines of dir/heads, and writes dir/key.pub.
 * NULL after logging why. */
struct heads *heads_open(const char *key_file, const char *dir, const char *queue);
void heads_close(struct heads *heads);
/* Signs a head behind the last one and appends it, synced. 0, or -1 after logging why; then
 * it is tried again with the next one. */
int heads_sign(struct heads *heads, int64_t seq, int64_t at, const unsigned char hash[HEAD_HASH_LEN]);
/* Signs another text about the journal (common/store/segment.h). False without memory. */
bool heads_sign_text(struct heads *heads, const char *text, size_t len, unsigned char ret_key[HEAD_KEY_LEN],
                     unsigned char ret_signature[ECDSA_SIGNATURE_LEN]);
/* The sequence number that was signed last; 0: none. */
int64_t heads_last(const struct heads *heads);
/* The newest, at most max and LIMIT_HEADS_SHOWN, the oldest of them first. */
size_t heads_list(const struct heads *heads, struct head *ret, size_t max);
void heads_point(const struct heads *heads, unsigned char ret_point[ECDSA_POINT_LEN]);

/* Whether a text is signed by dir/key.pub. */
bool heads_check_text(const char *dir, const char *text, size_t len, const unsigned char id[HEAD_KEY_LEN],
                      const unsigned char signature[ECDSA_SIGNATURE_LEN]);
/* Whether a daemon has ever opened the folder: its key.pub or its heads are there. */
bool heads_begun(const char *dir);
/* The auditor's side: every head of dir in its order. visit returns whether it agrees.
 * Returns the number of heads, or -1 after printing the first fault: a line that is none,
 * a signature that is not by key.pub, a number that is not behind the one before, or one that
 * visit does not agree with (and has printed). A file that is not there has no heads. */
typedef bool (*heads_visit)(const struct head *head, void *arg);
int64_t heads_check(const char *dir, const char *queue, heads_visit visit, void *arg, FILE *out);
