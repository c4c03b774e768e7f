/* table_zip.c: the parts of a workbook, unpacked within bounds.
 *
 * What a part unpacks to is counted as it comes, whatever the archive says of it: UNPACKED_MAX
 * bytes of all parts together (a sheet that is read counts twice, table_merge.c), and no part that is RATIO times what
 * it was packed to beyond the first RATIO_FROM bytes (DEFLATE gives 1,032 times at most; a sheet of a million rows is
 * about 20). */
#include <minizip/unzip.h>

#include "common/table/table_internal.h"

#define UNPACKED_MAX ((uint64_t)2 << 30)
#define RATIO        200
#define RATIO_FROM   (8 << 20)
#define ENTRIES_MAX  10000
#define PIECE        65536

struct table_zip {
    struct table *table;
    unzFile file;
    uint64_t at;       /* of minizip's file */
    uint64_t unpacked; /* of all parts so far */
};

/* ---- minizip's file ---- */

static voidpf open_file(voidpf zip, const void *name, int mode)
{
    (void)name;
    (void)mode;
    return zip;
}

static uLong read_file(voidpf opaque, voidpf stream, void *bytes, uLong size)
{
    struct table_zip *zip = opaque;
    size_t n = 0;

    (void)stream;
    if (!table_bytes(zip->table, zip->at, bytes, size, &n))
        return 0;
    zip->at += n;
    return n;
}

static uLong write_file(voidpf opaque, voidpf stream, const void *bytes, uLong size)
{
    (void)opaque;
    (void)stream;
    (void)bytes;
    (void)size;
    return 0;
}

static ZPOS64_T tell_file(voidpf opaque, voidpf stream)
{
    (void)stream;
    return ((struct table_zip *)opaque)->at;
}

static long seek_file(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
    struct table_zip *zip = opaque;
    uint64_t from = origin == ZLIB_FILEFUNC_SEEK_CUR   ? zip->at
                    : origin == ZLIB_FILEFUNC_SEEK_END ? zip->table->source->size
                                                       : 0;

    (void)stream;
    if (offset > zip->table->source->size || from + offset > zip->table->source->size)
        return -1;
    zip->at = from + offset;
    return 0;
}

static int close_file(voidpf opaque, voidpf stream)
{
    (void)opaque;
    (void)stream;
    return 0;
}

static int error_file(voidpf opaque, voidpf stream)
{
    (void)stream;
    return ((struct table_zip *)opaque)->table->told->fault != TABLE_OK;
}

/* ---- parts ---- */

struct table_zip *table_zip_open(struct table *table)
{
    struct table_zip *zip = calloc(1, sizeof(*zip));
    zlib_filefunc64_def functions = {open_file, read_file,  write_file, tell_file,
                                     seek_file, close_file, error_file, zip};
    unz_global_info64 info;

    if (!zip) {
        table_fail(table, TABLE_TOO_LARGE, "%s", "");
        return NULL;
    }
    zip->table = table;
    zip->file = unzOpen2_64("", &functions);
    if (zip->file && unzGetGlobalInfo64(zip->file, &info) == UNZ_OK && info.number_entry <= ENTRIES_MAX)
        return zip;
    table_fail(table, TABLE_DAMAGED, "zip");
    table_zip_close(zip);
    return NULL;
}

void table_zip_close(struct table_zip *zip)
{
    if (zip && zip->file)
        unzClose(zip->file);
    free(zip);
}

/* Names are alike whatever their case, as Windows has it. */
bool table_zip_has(struct table_zip *zip, const char *name)
{
    return unzLocateFile(zip->file, name, 2) == UNZ_OK;
}

static bool within_bounds(struct table_zip *zip, uint64_t packed, uint64_t unpacked)
{
    if (zip->unpacked > UNPACKED_MAX)
        return table_fail(zip->table, TABLE_TOO_LARGE, "%llu MiB", (unsigned long long)(UNPACKED_MAX >> 20));
    if (unpacked > RATIO_FROM && unpacked / RATIO > packed)
        return table_fail(zip->table, TABLE_HOSTILE, "zip 1:%llu", (unsigned long long)(unpacked / (packed + 1)));
    return true;
}

static bool unpack(struct table_zip *zip, const char *name, uint64_t packed,
                   bool (*take)(void *arg, const char *bytes, size_t len), void *arg)
{
    char piece[PIECE];
    uint64_t unpacked = 0;
    int n;

    while ((n = unzReadCurrentFile(zip->file, piece, sizeof(piece))) > 0) {
        unpacked += (unsigned)n;
        zip->unpacked += (unsigned)n;
        if (!within_bounds(zip, packed, unpacked))
            return false;
        if (!take(arg, piece, (size_t)n))
            return zip->table->told->fault == TABLE_OK;
    }
    /* At the end of the part its checksum is compared. */
    if (n == 0 && unzCloseCurrentFile(zip->file) == UNZ_OK)
        return true;
    return table_fail(zip->table, TABLE_DAMAGED, "%s", name);
}

bool table_zip_read(struct table_zip *zip, const char *name, bool may_lack,
                    bool (*take)(void *arg, const char *bytes, size_t len), void *arg)
{
    unz_file_info64 info;
    bool good;

    if (!table_zip_has(zip, name))
        return may_lack || table_fail(zip->table, TABLE_DAMAGED, "%s", name);
    if (unzGetCurrentFileInfo64(zip->file, &info, NULL, 0, NULL, 0, NULL, 0) != UNZ_OK)
        return table_fail(zip->table, TABLE_DAMAGED, "%s", name);
    if (info.flag & 1)
        return table_fail(zip->table, TABLE_ENCRYPTED, "%s", "");
    if (unzOpenCurrentFile(zip->file) != UNZ_OK)
        return table_fail(zip->table, TABLE_DAMAGED, "%s", name);
    good = unpack(zip, name, info.compressed_size, take, arg);
    unzCloseCurrentFile(zip->file);
    return good;
}
