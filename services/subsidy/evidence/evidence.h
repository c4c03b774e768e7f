/* evidence.h: files that prove what is written.
 *
 * A file is one of the vault (common/benefit/vault/vault.h), of one version: its place is the application, its group
 * the scheme, its person who uploaded it. It begins as it says it does (FileKind), or it is refused. She adds and takes
 * away files while the application is hers to change; from then on it is looked at by who reviews the application at
 * that moment (review_refusal) and by nobody else, each look of whom is in the journal and hers to see; and by herself.
 *
 * A file may also be with an objection, of who objects, while that is open: then those see it who may decide the
 * objection, and never whom it is about, who is not told of looks at it either. While somebody is objected to, those
 * who may decide that also look at what she has handed in.
 *
 * By a blind index of its hash who reviews one is told which other applications have the same file. The index goes with
 * the file: when its time is over, when she takes it away, and when her account is closed. */
#pragma once
#include "services/subsidy/application/applications.h"
#include "services/subsidy/scheme/scheme_rules.h"

#define EVIDENCE_ROWS_MAX 200 /* of one application, also such as are gone */
#define EVIDENCE_ALSO_MAX 10  /* other applications that are named */
#define EVIDENCE_OPEN_MS  INT64_C(300000)

struct proof {
    int64_t id, application_id, objection_id;
    char field[FORM_NAME_SIZE];
    int kind; /* Subsidy__FileKind */
};

extern const struct vault_kind evidence_kind;

/* The Reason for a trouble of the vault's. */
int evidence_reason(enum vault_trouble trouble);

bool evidence_find(const struct subsidy *self, int64_t evidence_id, struct proof *ret, struct vault_file *ret_file);
/* How many files are whole, and how many on their way: of a field of an application, or ("") of an objection to it. */
void evidence_count(const struct subsidy *self, int64_t application_id, int64_t objection_id, const char *field,
                    int64_t *ret_ready, int64_t *ret_coming);
/* What is there of an application, or of an objection to it, in the arena: how many. For officials with `also`. */
size_t evidence_list(const struct subsidy *self, int64_t application_id, int64_t objection_id, bool also,
                     struct arena *arena, Subsidy__EvidenceFile ***ret);
/* NULL when memory is full. */
Subsidy__EvidenceFile *evidence_message(const struct subsidy *self, const struct proof *evidence,
                                        const struct vault_file *file, bool also, struct arena *arena);

/* Begins one: 0 or a Reason. */
int evidence_begin(struct subsidy *self, const struct application *application, struct proof *evidence, int32_t size,
                   void *call, struct vault_file *ret_file);
/* Keeps by what it is found again; it is whole. */
void evidence_ready(struct subsidy *self, const struct proof *evidence, struct vault_file *file,
                    const unsigned char sha256[32], void *call);
/* An official looks at it; and whether the caller has within EVIDENCE_OPEN_MS. */
void evidence_looked_at(struct subsidy *self, const struct proof *evidence, const struct vault_file *file, void *call);
bool evidence_is_open(const struct subsidy *self, int64_t evidence_id, void *call);
/* Ends all files of an application. */
void evidence_end_all(struct subsidy *self, int64_t application_id, void *call);

/* Whether bytes begin as a file of a kind does. */
bool file_is_of_kind(const void *bytes, size_t len, int kind);
