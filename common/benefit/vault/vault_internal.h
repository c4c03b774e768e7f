/* vault_internal.h: what the files of the vault share. */
#pragma once
#include "common/benefit/vault/vault.h"

enum {
    SQL_ADD,
    SQL_SET,
    SQL_FIND,
    SQL_OF_SUBJECT,
    SQL_LATEST,
    SQL_OF_MEMBER,
    SQL_HERS_AFTER,
    SQL_VERSIONS,
    SQL_LAST_VERSION,
    SQL_LIVING,
    SQL_DUE,
    SQL_NOTES,
    SQL_END,
    SQL_PUT_PART,
    SQL_PART,
    SQL_RECEIVED,
    SQL_DROP_PARTS,
    SQL_ADD_LOOK,
    SQL_LOOKS,
    SQL_AGREED,
    SQL_GIVE,
    SQL_WITHDRAW,
    SQL_PUBLISH,
    N_SQL
};

/* A part is stored in this call: a hash of the file begins anew. */
void vault_hash_changed(struct vault *vault, int64_t file_id, void *call);
/* The SHA-256 of a file whose parts are all there. */
enum vault_trouble vault_hash_of(struct vault *vault, const struct vault_file *file, void *call, unsigned char ret[32]);

/* What identity's journal says of consents. */
#define VAULT_HEARD 2
extern const int32_t vault_heard[VAULT_HEARD];
void vault_hear(void *self, void *call, const Rpc__JournalRow *row);
