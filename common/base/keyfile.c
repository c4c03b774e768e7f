#include "common/base/keyfile.h"
#include "common/base/hex.h"
#include "common/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <mbedtls/platform_util.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(const struct keyfile *file, const char *why)
{
    log_error("keyfile_refused", "file", file->path, "why", why, "line", log_int(file->line));
    return -1;
}

/* NULL when the open file may be trusted with secrets, or why not. */
static const char *judge(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "not a regular file";
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return "group or others have rights to it";
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return "owned by another user";
    if (st.st_size > KEYFILE_SIZE)
        return "too large";
    return NULL;
}

int keyfile_open(struct keyfile *file, const char *path)
{
    const char *why;
    ssize_t n;
    int fd;

    *file = (struct keyfile){.path = path};
    /* Without O_NONBLOCK the open of a pipe would wait for its writer. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return refuse(file, strerror(errno));
    why = judge(fd);
    while (!why) {
        n = read(fd, file->text + file->len, sizeof(file->text) - file->len);
        if (n == 0)
            break;
        if (n > 0)
            file->len += (size_t)n;
        else if (errno != EINTR)
            why = strerror(errno);
        if (file->len > KEYFILE_SIZE)
            why = "too large";
    }
    close(fd);
    if (why) {
        keyfile_close(file);
        return refuse(file, why);
    }
    return 0;
}

static bool read_key(const char *text, size_t len, unsigned char ret_key[KEYFILE_KEY_LEN])
{
    if (len != 2 * KEYFILE_KEY_LEN)
        return false;
    for (size_t i = 0; i < KEYFILE_KEY_LEN; i++) {
        int byte = hex_byte(text + 2 * i);

        if (byte < 0)
            return false;
        ret_key[i] = (unsigned char)byte;
    }
    return true;
}

/* The next line that is neither empty nor a comment, without its end; false at the end. */
static bool next_line(struct keyfile *file, const char **ret_line, size_t *ret_len)
{
    while (file->at < file->len) {
        const char *line = file->text + file->at;
        const char *newline = memchr(line, '\n', file->len - file->at);
        size_t len = newline ? (size_t)(newline - line) : file->len - file->at;

        file->at += len + (newline != NULL);
        file->line++;
        if (len > 0 && line[len - 1] == '\r')
            len--;
        if (len == 0 || line[0] == '#')
            continue;
        *ret_line = line;
        *ret_len = len;
        return true;
    }
    return false;
}

int keyfile_next(struct keyfile *file, char ret_name[KEYFILE_NAME_SIZE], unsigned char ret_key[KEYFILE_KEY_LEN])
{
    const char *line, *blank;
    size_t len, name_len = 0;

    if (!next_line(file, &line, &len))
        return 0;
    blank = memchr(line, ' ', len);
    if (blank) {
        name_len = (size_t)(blank - line);
        if (name_len == 0 || name_len >= KEYFILE_NAME_SIZE)
            return refuse(file, "a key's name has 1 to 15 characters");
        line += name_len + 1;
        len -= name_len + 1;
    }
    if (!read_key(line, len, ret_key))
        return refuse(file, "a key is 64 hex digits");
    if (name_len)
        memcpy(ret_name, blank - name_len, name_len);
    ret_name[name_len] = '\0';
    return 1;
}

int keyfile_pair(struct keyfile *file, char *ret_name, size_t name_size, char *ret_secret, size_t secret_size)
{
    const char *line, *blank;
    size_t len, name_len;

    if (!next_line(file, &line, &len))
        return 0;
    blank = memchr(line, ' ', len);
    name_len = blank ? (size_t)(blank - line) : 0;
    if (name_len == 0 || name_len >= name_size || len - name_len - 1 >= secret_size || len == name_len + 1)
        return refuse(file, "a line is a name, one blank and a secret");
    memcpy(ret_name, line, name_len);
    ret_name[name_len] = '\0';
    memcpy(ret_secret, blank + 1, len - name_len - 1);
    ret_secret[len - name_len - 1] = '\0';
    return 1;
}

void keyfile_close(struct keyfile *file)
{
    mbedtls_platform_zeroize(file->text, sizeof(file->text));
    file->len = file->at = 0;
}
