/* vault.h: sealed files of persons, read by the person alone.
 *
 * A file is the versions that have been uploaded of one subject of a service (a report of
 * one booking, a proof for one application): bytes in parts of LIMIT_PART, or notes beside
 * them, or both. Each version has a random data key of its own, kept wrapped under the
 * service's key (common/trust/pii.h); what it says is sealed under that key and nowhere else, so
 * that destroying the wrapped key ends it: when its time is over, on her wish, when her
 * account was closed, or an upload was given up. The row itself stays: that there was one is
 * on account.
 *
 * States: UPLOADING -> READY -> SUPERSEDED by the next version; UPLOADING -> ABANDONED;
 * READY and SUPERSEDED -> EXPIRED or ERASED. The service says each change in its journal, in
 * its own words (struct vault_kind); the last row about a version is journal_seq.
 *
 * A part is refused when it is not as long as its place asks, or the first is not of the type that the
 * service takes. The hash of a file is made beside the loop when the upload ends (vault_hash.c). A link
 * is base64url of version (8 bytes), instant until which it is good (8) and the blind index
 * of both under the service's key (16); who may follow it, the service asks. Each look is
 * noted.
 *
 * Consent to being shown files is given and withdrawn at identity, which keeps its versions
 * and texts; this part follows identity's journal and knows only who agrees now.
 *
 * A service shares this part behind `holders`, whose numbers files stand under, and says
 * what it keeps when it starts (vault_open). What is kept of a person it exports itself,
 * since it alone can read the notes (vault_ask_after). */
#pragma once

#include "common/base/body_parts.h"
#include "common/base/limits.h"
#include "common/base/sha256.h"
#include "common/daemon/part.h"
#include "common/trust/pii.h"

#define VAULT_UPLOAD_MS INT64_C(86400000) /* an upload may take */
#define VAULT_LINK_MS   INT64_C(300000)
#define VAULT_LINK_SIZE 44 /* characters and a NUL */
#define VAULT_SLICE     4  /* versions ended in one transaction of the daemon's own */
#define VAULT_HASHES    16 /* under way at once */

extern const struct part_spec vault_part;
extern const struct store_steps vault_steps;

/* As stored, and in the service's journal. */
enum vault_state {
    VAULT_UPLOADING = 1,
    VAULT_READY,
    VAULT_SUPERSEDED,
    VAULT_ABANDONED,
    VAULT_EXPIRED,
    VAULT_ERASED,
};

/* Why something is not done; a service has a Reason for each. */
enum vault_trouble {
    VAULT_FINE,
    VAULT_WAITS, /* no trouble: the call ends without an answer, and comes again (rpc_make) */
    VAULT_NO_MEMORY,
    VAULT_UNREADABLE, /* a part does not open */
    VAULT_TOO_MANY,   /* versions; the fact `maximum` says how many there may be */
    VAULT_WRONG_PART, /* the facts `parts` and `length` say what it should be */
    VAULT_WRONG_TYPE,
    VAULT_GONE,
    VAULT_INCOMPLETE,
    VAULT_DAMAGED, /* not the bytes that were sent */
    VAULT_TROUBLES,
};

struct vault_file {
    int64_t id, subject_id, group_id, place_id, member_id;
    int32_t version, size;
    int state; /* enum vault_state */
    int64_t begun_at, ready_at, ended_at, journal_seq;
    unsigned char wrapped[PII_WRAPPED_LEN];
    size_t wrapped_len; /* 0: destroyed */
};

/* What a service keeps. */
struct vault_kind {
    const char *name;                               /* sealed with everything: never another one. At most 16 letters */
    int64_t versions_max;                           /* of a subject */
    int purpose;                                    /* Identity__Purpose of the consent that reading takes; 0: none */
    bool (*is_type)(const void *bytes, size_t len); /* whether a file that begins so is taken; NULL: any */
    /* Tells the journal what has become of a version, in one row, or that its person has looked at it. */
    void (*tell)(const struct vault_file *file, void *call);
    void (*tell_look)(const struct vault_file *file, void *call);
    /* What else follows from that it has become so; self is the service's. NULL: nothing. */
    void (*follow)(void *self, const struct vault_file *file, void *call);
};

struct vault_hash { /* how far one has got; file_id 0: free */
    int64_t file_id;
    uint64_t run; /* no two have the same */
    int32_t next; /* part */
    struct sha256 sum;
};

struct vault {
    struct store *store;
    unsigned sql;
    struct parts *parts;
    const struct vault_kind *kind; /* NULL in an audit */
    const struct pii_keys *keys;
    int64_t keep_ms;
    struct vault_hash hashes[VAULT_HASHES];
    uint64_t runs;                                   /* hashes begun */
    unsigned char sealed[LIMIT_PART + PII_OVERHEAD]; /* a part on its way */
};

/* At the service's start. The kind and the keys outlive it; a version is kept for keep_ms once it is ready. */
void vault_open(struct vault *vault, const struct vault_kind *kind, const struct pii_keys *keys, int64_t keep_ms);

/* ---- versions ---- */

bool vault_find(const struct vault *vault, int64_t file_id, struct vault_file *ret);
/* The latest version of a subject's that is or was ready. */
bool vault_latest(const struct vault *vault, int64_t subject_id, struct vault_file *ret);
/* A member's versions that are or were ready, under all numbers she holds: newest first, or from
 * the first. To be ended by a false of vault_next, or vault_end_asking. */
void vault_ask_before(const struct vault *vault, int64_t member_id, int64_t before, size_t limit);
bool vault_next_before(const struct vault *vault, struct vault_file *ret);
void vault_ask_after(const struct vault *vault, int64_t member_id, int64_t after, size_t limit);
bool vault_next_after(const struct vault *vault, struct vault_file *ret);
void vault_end_after(const struct vault *vault);
/* How many parts of it have come. */
int32_t vault_received(const struct vault *vault, int64_t file_id);
/* READY or SUPERSEDED. */
bool vault_is_readable(const struct vault_file *file);
/* Whether a member has agreed to be shown her files, by the version of the text that is in force. */
bool vault_agreed(const struct vault *vault, int64_t member_id, int64_t now);

/* ---- changes ---- */

/* Adds a version, UPLOADING, of what file says, with fresh keys; the upload of the same subject that was
 * not finished is given up. */
enum vault_trouble vault_begin(struct vault *vault, struct vault_file *file, const void *notes, size_t len, void *call);
/* Seals a part; a repeated one replaces the first. */
enum vault_trouble vault_put(struct vault *vault, const struct vault_file *file, int32_t part,
                             ProtobufCBinaryData content, void *call);
/* Whether all of it is there and has this hash. */
enum vault_trouble vault_check(struct vault *vault, const struct vault_file *file, ProtobufCBinaryData sha256,
                               void *call);
/* The version can be read; the one before is superseded. */
void vault_ready(struct vault *vault, struct vault_file *file, void *call);
/* Destroys the key and what was sealed under it. */
void vault_end(struct vault *vault, struct vault_file *file, enum vault_state state, void *call);

/* ---- what they say ---- */

/* Opens a part into room for LIMIT_PART bytes and a NUL: its length, or -1 when it is not there or does
 * not open. */
long vault_part_of(const struct vault *vault, const struct vault_file *file, int32_t part, char *ret_plain);
/* The notes in the arena, or NULL when they do not open. */
const uint8_t *vault_notes(const struct vault *vault, const struct vault_file *file, struct arena *arena,
                           size_t *ret_len);

/* Notes that the member has looked at a version. */
void vault_look(struct vault *vault, const struct vault_file *file, void *call);
void vault_ask_looks(const struct vault *vault, int64_t file_id, int64_t before, size_t limit);
bool vault_next_look(const struct vault *vault, int64_t *ret_look_id, int64_t *ret_at, int64_t *ret_session_id);

void vault_link(const struct vault *vault, int64_t file_id, int64_t until, char ret_link[VAULT_LINK_SIZE]);
/* The version of a link that is good now, or 0. */
int64_t vault_of_link(const struct vault *vault, const char *link, int64_t now);

/* ---- types ---- */

/* Whether bytes begin as a PDF does to its readers: the header (ISO 32000-1, 7.5.2) is
 * within the first 1,024 bytes, behind whatever a system put before it. */
bool vault_is_pdf(const void *bytes, size_t len);
/* Whether they begin as a JPEG (ITU T.81: SOI, and the marker of the next segment) or a PNG (ISO 15948, 5.2: its
 * signature, and IHDR) does. */
bool vault_is_jpeg(const void *bytes, size_t len);
bool vault_is_png(const void *bytes, size_t len);
