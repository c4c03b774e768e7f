/* keyfile.h: secret keys from a file.
 *
 * One key a line: 64 hex digits, or a name of at most 15 characters, one blank
 * and 64 hex digits. Empty lines and lines that begin with # are skipped. The
 * file must be a regular file, no link, of at most KEYFILE_SIZE bytes, owned by
 * the daemon's user or root, and without any right for group and others. */
#pragma once

#define KEYFILE_SIZE      4096
#define KEYFILE_KEY_LEN   32
#define KEYFILE_NAME_SIZE 16

struct keyfile {
    const char *path; /* the caller's */
    char text[KEYFILE_SIZE + 1];
    size_t len, at;
    int line; /* of the last key */
};

/* Reads the file. 0, or -1 after logging why. */
int keyfile_open(struct keyfile *file, const char *path);
/* The next key and its name ("" when it has none). 1, 0 at the end, -1 after
 * logging the line that is none. */
int keyfile_next(struct keyfile *file, char ret_name[KEYFILE_NAME_SIZE], unsigned char ret_key[KEYFILE_KEY_LEN]);
/* The next line of another kind of file: a name, one blank and a secret, as they
 * are. 1, 0 at the end, -1 after logging the line that is none or does not fit. */
int keyfile_pair(struct keyfile *file, char *ret_name, size_t name_size, char *ret_secret, size_t secret_size);
/* Wipes the text. */
void keyfile_close(struct keyfile *file);
