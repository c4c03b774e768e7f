/* Runs a fuzz entry on every file of the folder that is named, without a fuzzer. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>

static int run_file(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *bytes = NULL;
    long size = -1;
    FILE *file;
    int result = -1;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    /* Exactly as long as the input, so that a sanitizer sees a read behind it. */
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0)
        bytes = malloc(size > 0 ? (size_t)size : 1);
    if (bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size)
        result = LLVMFuzzerTestOneInput(bytes, (size_t)size);
    if (result)
        fprintf(stderr, "%s: cannot be read or was not taken\n", path);
    free(bytes);
    if (file)
        fclose(file);
    return result;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    const struct dirent *entry;
    int n = 0, failed = 0;

    if (!folder) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        n++;
        failed |= run_file(argv[1], entry->d_name);
    }
    closedir(folder);
    printf("%d inputs\n", n);
    return failed || n == 0;
}
