#include "services/gateway/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/hex.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/sha256.h"

#define DEPTH_MAX      8
#define PATH_SIZE      512
#define UNCHANGED_SIZE 192
#define HEADERS_SIZE   768

/* The page whose reader of codes is WebAssembly, for browsers that have none; no other page compiles any. */
#define COUNTER "/staff/index.html"
#define SECURITY                                                                                                       \
    "Content-Security-Policy: default-src 'self'; script-src 'self'%s https://res.wx.qq.com; img-src 'self' data:; "   \
    "object-src 'none'; base-uri 'self'; frame-ancestors 'none'\r\n"                                                   \
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n"

enum coding { IDENTITY, GZIP, BROTLI, CODINGS };

static const struct {
    const char *name, *suffix;
} codings[CODINGS] = {{"identity", ""}, {"gzip", ".gz"}, {"br", ".br"}};

struct form {
    char *bytes; /* NULL: there is none */
    size_t len;
    char etag[36];
    char *headers;   /* of the file */
    char *unchanged; /* of a 304 */
};

struct file {
    char *path; /* as requested, beginning with "/" */
    struct form forms[CODINGS];
};

struct files {
    struct file *files; /* in the order of their paths */
    size_t count;
    size_t size; /* of all bytes */
};

static const struct {
    const char *suffix, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".ico", "image/x-icon"},
    {".woff", "font/woff"},
    {".woff2", "font/woff2"},
    {".ttf", "font/ttf"},
    {".txt", "text/plain; charset=utf-8"},
    {".xml", "application/xml"},
    {".pdf", "application/pdf"},
    {".wasm", "application/wasm"},
    {".mp3", "audio/mpeg"},
    {".mp4", "video/mp4"},
    {".gz", "application/gzip"},
    {".zip", "application/zip"},
};

static bool ends_with(const char *text, size_t len, const char *suffix)
{
    size_t suffix_len = strlen(suffix);

    return len >= suffix_len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

static const char *type_of(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (ends_with(path, strlen(path), types[i].suffix))
            return types[i].type;
    }
    return "application/octet-stream";
}

/* Whether this looks like a hash of the content: 8 characters of base64url as vite
 * makes them, or more hexadecimal digits. A word has neither digits nor capitals. */
static bool is_hash(const char *text, size_t len)
{
    bool mixed = false, hex = true;

    if (len < 8 || len > 64)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool digit = c >= '0' && c <= '9', lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z';

        if (!digit && !lower && !upper && c != '-' && c != '_')
            return false;
        mixed = mixed || digit || upper;
        hex = hex && (digit || (lower && c <= 'f'));
    }
    return mixed && (len == 8 || hex);
}

static bool never_changes(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    const char *end = strrchr(name, '.');

    if (!end || !strstr(path, "/assets/"))
        return false;
    for (const char *at = name; at < end; at++) {
        if ((*at == '-' || *at == '.') && is_hash(at + 1, (size_t)(end - at - 1)))
            return true;
    }
    return false;
}

/* ---- loading ---- */

static bool trouble(const char *path, const char *why)
{
    log_error("files_not_loaded", "path", path, "why", why);
    return false;
}

static bool read_form(struct files *files, int fd, const char *path, struct form *ret_form)
{
    struct stat info;
    size_t done = 0;

    if (fstat(fd, &info) < 0)
        return trouble(path, strerror(errno));
    ret_form->len = (size_t)info.st_size;
    if (info.st_size > LIMIT_FILES_SIZE || files->size + ret_form->len > LIMIT_FILES_SIZE)
        return trouble(path, "too many bytes");
    ret_form->bytes = malloc(ret_form->len + 1);
    if (!ret_form->bytes)
        return trouble(path, "no memory");
    while (done < ret_form->len) {
        ssize_t n = read(fd, ret_form->bytes + done, ret_form->len - done);

        if (n <= 0)
            return trouble(path, n < 0 ? strerror(errno) : "changed while it was read");
        done += (size_t)n;
    }
    files->size += ret_form->len;
    return true;
}

static bool add_file(struct files *files, int fd, const char *path)
{
    struct file *file = &files->files[files->count];

    if (files->count == LIMIT_FILES)
        return trouble(path, "too many files");
    files->count++;
    file->path = strdup(path);
    if (!file->path)
        return trouble(path, "no memory");
    return read_form(files, fd, path, &file->forms[IDENTITY]);
}

static bool load_folder(struct files *files, int folder, const char *prefix, unsigned depth);

static bool load_entry(struct files *files, int folder, const char *prefix, const char *name, unsigned depth)
{
    char path[PATH_SIZE];
    struct stat info;
    bool good = true;
    int fd;

    if (snprintf(path, sizeof(path), "%s/%s", prefix, name) >= (int)sizeof(path))
        return trouble(name, "path too long");
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return trouble(path, strerror(errno));
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        return true;
    fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return trouble(path, strerror(errno));
    if (S_ISDIR(info.st_mode))
        return load_folder(files, fd, path, depth + 1);
    good = add_file(files, fd, path);
    close(fd);
    return good;
}

/* Closes the folder. */
static bool load_folder(struct files *files, int folder, const char *prefix, unsigned depth)
{
    DIR *dir = fdopendir(folder);
    struct dirent *entry;
    bool good = true;

    if (!dir) {
        close(folder);
        return trouble(prefix, strerror(errno));
    }
    if (depth > DEPTH_MAX)
        good = trouble(prefix, "too deep");
    while (good && (entry = readdir(dir))) {
        if (entry->d_name[0] != '.')
            good = load_entry(files, folder, prefix, entry->d_name, depth);
    }
    closedir(dir);
    return good;
}

static int compare_files(const void *a, const void *b)
{
    return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static const struct file *find(const struct files *files, const char *path, size_t len)
{
    size_t low = 0, high = files->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct file *file = &files->files[middle];
        int order = strncmp(file->path, path, len);

        if (order == 0 && file->path[len] == '\0')
            return file;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Moves NAME.br and NAME.gz to NAME and closes the gaps. */
static void join_forms(struct files *files)
{
    size_t kept = 0;

    for (size_t i = 0; i < files->count; i++) {
        struct file *file = &files->files[i];
        size_t len = strlen(file->path);

        for (enum coding coding = GZIP; coding < CODINGS; coding++) {
            struct file *plain;

            if (!ends_with(file->path, len, codings[coding].suffix))
                continue;
            plain = unconst(find(files, file->path, len - 3));
            if (!plain || !plain->forms[IDENTITY].bytes)
                continue;
            plain->forms[coding] = file->forms[IDENTITY];
            file->forms[IDENTITY] = (struct form){0};
            break;
        }
    }
    for (size_t i = 0; i < files->count; i++) {
        if (files->files[i].forms[IDENTITY].bytes)
            files->files[kept++] = files->files[i];
        else
            free(files->files[i].path);
    }
    files->count = kept;
}

static bool describe_form(const struct file *file, enum coding coding, struct form *form)
{
    bool varies = file->forms[GZIP].bytes || file->forms[BROTLI].bytes;
    char unchanged[UNCHANGED_SIZE], headers[HEADERS_SIZE], encoding[48] = "";
    unsigned char hash[32];

    sha256_of(form->bytes, form->len, hash);
    form->etag[0] = '"';
    hex_write(hash, 16, form->etag + 1);
    form->etag[33] = '"';
    form->etag[34] = '\0';
    if (coding != IDENTITY)
        snprintf(encoding, sizeof(encoding), "Content-Encoding: %s\r\n", codings[coding].name);
    snprintf(unchanged, sizeof(unchanged), "ETag: %s\r\nCache-Control: %s\r\n%s", form->etag,
             never_changes(file->path) ? "public,max-age=31536000,immutable" : "no-cache",
             varies ? "Vary: Accept-Encoding\r\n" : "");
    snprintf(headers, sizeof(headers), "Content-Type: %s\r\n%s" SECURITY "%s", type_of(file->path), encoding,
             strcmp(file->path, COUNTER) == 0 ? " 'wasm-unsafe-eval'" : "", unchanged);
    form->unchanged = strdup(unchanged);
    form->headers = strdup(headers);
    return (form->unchanged && form->headers) || trouble(file->path, "no memory");
}

static bool describe(struct files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        struct file *file = &files->files[i];

        for (enum coding coding = IDENTITY; coding < CODINGS; coding++) {
            if (file->forms[coding].bytes && !describe_form(file, coding, &file->forms[coding]))
                return false;
        }
    }
    return true;
}

struct files *files_load(const char *folder)
{
    struct files *files = calloc(1, sizeof(*files));
    int fd;

    if (!files)
        return NULL;
    files->files = calloc(LIMIT_FILES, sizeof(*files->files));
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!files->files || fd < 0) {
        trouble(folder, fd < 0 ? strerror(errno) : "no memory");
        if (fd >= 0)
            close(fd);
        files_free(files);
        return NULL;
    }
    if (!load_folder(files, fd, "", 0)) {
        files_free(files);
        return NULL;
    }
    qsort(files->files, files->count, sizeof(*files->files), compare_files);
    join_forms(files);
    if (describe(files))
        return files;
    files_free(files);
    return NULL;
}

void files_free(struct files *files)
{
    if (!files)
        return;
    for (size_t i = 0; i < files->count; i++) {
        for (size_t j = 0; j < CODINGS; j++) {
            free(files->files[i].forms[j].bytes);
            free(files->files[i].forms[j].headers);
            free(files->files[i].forms[j].unchanged);
        }
        free(files->files[i].path);
    }
    free(files->files);
    free(files);
}

/* ---- serving ---- */

/* Takes the next member of a comma-separated list, without white space around it. */
static bool next_member(const char **at, const char *end, const char **ret_member, size_t *ret_len)
{
    const char *start = *at, *stop;

    while (start < end && (*start == ' ' || *start == '\t' || *start == ','))
        start++;
    if (start == end)
        return false;
    stop = memchr(start, ',', (size_t)(end - start));
    if (!stop)
        stop = end;
    *at = stop;
    while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    *ret_member = start;
    *ret_len = (size_t)(stop - start);
    return true;
}

/* Whether the parameters of a member say q=0, RFC 9110, 12.4.2. */
static bool is_unwanted(const char *parameters, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if (strncasecmp(parameters + i, "q=0", 3) != 0)
            continue;
        for (i += 3; i < len && (parameters[i] == '.' || parameters[i] == '0'); i++)
            ;
        return i == len || parameters[i] == ' ' || parameters[i] == ';';
    }
    return false;
}

/* Whether Accept-Encoding admits a coding by its name, or by "*". */
static bool admits(const char *accept, size_t accept_len, const char *coding)
{
    const char *end = accept + accept_len, *member;
    size_t len;
    bool any = false;

    while (next_member(&accept, end, &member, &len)) {
        size_t name_len = 0;

        while (name_len < len && member[name_len] != ';' && member[name_len] != ' ')
            name_len++;
        if (name_len == strlen(coding) && strncasecmp(member, coding, name_len) == 0)
            return !is_unwanted(member + name_len, len - name_len);
        if (name_len == 1 && member[0] == '*')
            any = !is_unwanted(member + name_len, len - name_len);
    }
    return any;
}

static const struct form *choose_form(const struct file *file, const struct http_request *request)
{
    size_t len = 0;
    const char *accept = http_header(request, "accept-encoding", &len);

    for (int coding = BROTLI; accept && coding > IDENTITY; coding--) {
        if (file->forms[coding].bytes && admits(accept, len, codings[coding].name))
            return &file->forms[coding];
    }
    return &file->forms[IDENTITY];
}

/* If-None-Match compares weakly, RFC 9110, 13.1.2. */
static bool client_has(const struct http_request *request, const struct form *form)
{
    size_t list_len = 0, len;
    const char *list = http_header(request, "if-none-match", &list_len), *member;
    const char *end = list + list_len;

    while (list && next_member(&list, end, &member, &len)) {
        if (len == 1 && member[0] == '*')
            return true;
        if (len > 2 && member[0] == 'W' && member[1] == '/') {
            member += 2;
            len -= 2;
        }
        if (len == strlen(form->etag) && memcmp(member, form->etag, len) == 0)
            return true;
    }
    return false;
}

static bool accepts_html(const struct http_request *request)
{
    size_t len = 0;
    const char *accept = http_header(request, "accept", &len);

    return accept && memmem(accept, len, "text/html", 9);
}

/* The index.html of a folder, given with its final slash or without. */
static const struct file *find_index(const struct files *files, const char *path, size_t len)
{
    char index[PATH_SIZE];

    if (len > 0 && path[len - 1] == '/')
        len--;
    if (len + sizeof("/index.html") > sizeof(index))
        return NULL;
    memcpy(index, path, len);
    memcpy(index + len, "/index.html", 11);
    return find(files, index, len + 11);
}

static const struct file *find_page(const struct files *files, const struct http_request *request)
{
    const char *path = request->path;
    size_t len = request->path_len;
    const char *name = memrchr(path, '/', len);

    if (memchr(name, '.', (size_t)(path + len - name)) || (len >= 4 && memcmp(path, "/v1/", 4) == 0) ||
        !accepts_html(request))
        return NULL;
    while (len > 0) {
        if (path[len - 1] == '/') {
            const struct file *file = find_index(files, path, len);

            if (file)
                return file;
        }
        len--;
    }
    return NULL;
}

bool files_serve(const struct files *files, struct http_request *request)
{
    const struct file *file;
    const struct form *form;

    if (request->path_len == 0 || request->path[0] != '/' ||
        !((request->method_len == 3 && memcmp(request->method, "GET", 3) == 0) ||
          (request->method_len == 4 && memcmp(request->method, "HEAD", 4) == 0)))
        return false;
    file = find(files, request->path, request->path_len);
    if (!file)
        file = find_index(files, request->path, request->path_len);
    if (!file)
        file = find_page(files, request);
    if (!file)
        return false;
    form = choose_form(file, request);
    if (client_has(request, form))
        http_reply(request, 304, form->unchanged, NULL, 0);
    else
        http_reply_static(request, 200, form->headers, form->bytes, form->len);
    return true;
}
