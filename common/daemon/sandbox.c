#include "common/daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/log.h"

/* Sanitizers start a symbolizer and read /proc when they report. */
#ifdef __has_feature
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || HAS_FEATURE(address_sanitizer)
#define INSTRUMENTED true
#else
#define INSTRUMENTED false
#endif

#define READ_FILE  LANDLOCK_ACCESS_FS_READ_FILE
#define READ       (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE (READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define WRITE                                                                                                          \
    (READ | WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define HANDLED                                                                                                        \
    (WRITE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR |               \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                      \
     LANDLOCK_ACCESS_FS_MAKE_SYM)

static int allow(int ruleset, const char *path, uint64_t dir_access, uint64_t file_access)
{
    struct landlock_path_beneath_attr rule = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
    struct stat st;
    int failed;

    if (rule.parent_fd < 0 || fstat(rule.parent_fd, &st)) {
        log_error("sandbox", "path", path, "error", strerror(errno));
        return -1;
    }
    rule.allowed_access = S_ISDIR(st.st_mode) ? dir_access : file_access;
    failed = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    if (failed)
        log_error("sandbox", "path", path, "error", strerror(errno));
    return failed ? -1 : 0;
}

static int landlock_enter(const struct sandbox *sandbox)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = HANDLED};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    int failed = 0;

    if (ruleset < 0) {
        log_warn("no_landlock", "error", strerror(errno));
        return 0;
    }
    for (unsigned i = 0; i < ARRAY_LEN(sandbox->write_dirs) && sandbox->write_dirs[i]; i++)
        failed |= allow(ruleset, sandbox->write_dirs[i], WRITE, WRITE_FILE);
    for (unsigned i = 0; i < ARRAY_LEN(sandbox->read_paths) && sandbox->read_paths[i]; i++)
        failed |= allow(ruleset, sandbox->read_paths[i], READ, READ_FILE);
    if (!failed && syscall(SYS_landlock_restrict_self, ruleset, 0)) {
        log_error("sandbox", "landlock", strerror(errno));
        failed = -1;
    }
    close(ruleset);
    return failed;
}

static int seccomp_enter(bool network)
{
    static const int never[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(mount), SCMP_SYS(bpf),
                                SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(init_module),
                                /* Its ring makes sockets that no filter sees. */
                                SCMP_SYS(io_uring_setup)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter ? 0 : -1;

    for (unsigned i = 0; i < ARRAY_LEN(never) && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), never[i], 0);
    if (!network) {
        static const int families[] = {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET};

        for (unsigned i = 0; i < ARRAY_LEN(families) && !failed; i++)
            failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1,
                                      SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
    }
    if (!failed)
        failed = seccomp_load(filter);
    if (failed)
        log_error("sandbox", "seccomp", strerror(-failed));
    seccomp_release(filter);
    return failed ? -1 : 0;
}

int sandbox_enter(const struct sandbox *sandbox)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
        log_error("sandbox", "no_new_privs", strerror(errno));
        return -1;
    }
    if (INSTRUMENTED)
        return 0;
    return landlock_enter(sandbox) || seccomp_enter(sandbox->network) ? -1 : 0;
}
