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
#include "common/daemon/instrumented.h"

/* What kernels newer than the headers of Debian 12 know: which of it is there, the kernel's
 * ABI number says (Documentation/userspace-api/landlock.rst). */
#define ACCESS_FS_REFER     (UINT64_C(1) << 13) /* ABI 2 */
#define ACCESS_FS_TRUNCATE  (UINT64_C(1) << 14) /* ABI 3 */
#define ACCESS_NET_BIND     (UINT64_C(1) << 0)  /* ABI 4 */
#define ACCESS_NET_CONNECT  (UINT64_C(1) << 1)
#define ACCESS_FS_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define SCOPE_ABSTRACT      (UINT64_C(1) << 0)  /* ABI 6 */
#define SCOPE_SIGNAL        (UINT64_C(1) << 1)

struct ruleset_attr {
    uint64_t fs, net, scoped;
};

#define READ_FILE  LANDLOCK_ACCESS_FS_READ_FILE
#define READ       (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE (READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_FS_TRUNCATE)
#define WRITE      (READ | WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define LISTEN     (WRITE | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define HANDLED                                                                                                        \
    (LISTEN | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR |              \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                      \
     LANDLOCK_ACCESS_FS_MAKE_SYM | ACCESS_FS_REFER | ACCESS_FS_IOCTL_DEV)

/* What a kernel of this ABI can be asked to forbid; what is not asked for stays allowed. */
static struct ruleset_attr handled(long abi, unsigned network)
{
    struct ruleset_attr attr = {.fs = HANDLED};

    if (abi < 5)
        attr.fs &= ~ACCESS_FS_IOCTL_DEV;
    if (abi < 3)
        attr.fs &= ~ACCESS_FS_TRUNCATE;
    if (abi < 2)
        attr.fs &= ~ACCESS_FS_REFER;
    if (abi >= 4)
        attr.net =
            (network & SANDBOX_LISTENS ? 0 : ACCESS_NET_BIND) | (network & SANDBOX_DIALS ? 0 : ACCESS_NET_CONNECT);
    if (abi >= 6)
        attr.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
    return attr;
}

static int allow(int ruleset, const struct ruleset_attr *attr, const char *path, uint64_t dir_access,
                 uint64_t file_access)
{
    struct landlock_path_beneath_attr rule = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
    struct stat st;
    int failed;

    if (rule.parent_fd < 0 || fstat(rule.parent_fd, &st)) {
        log_error("sandbox", "path", path, "error", strerror(errno));
        return -1;
    }
    rule.allowed_access = attr->fs & (S_ISDIR(st.st_mode) ? dir_access : file_access);
    failed = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    if (failed)
        log_error("sandbox", "path", path, "error", strerror(errno));
    return failed ? -1 : 0;
}

static int landlock_enter(const struct sandbox *sandbox)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct ruleset_attr attr = handled(abi, sandbox->network);
    size_t size = abi >= 6 ? sizeof(attr) : abi >= 4 ? offsetof(struct ruleset_attr, scoped) : sizeof(attr.fs);
    int ruleset = abi > 0 ? (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0) : -1;
    int failed = 0;

    if (ruleset < 0 && sandbox->without_landlock) {
        log_warn("no_landlock", "error", strerror(errno));
        return 0;
    }
    if (ruleset < 0) {
        log_error("no_landlock", "error", strerror(errno), "setting", "HUIGONG_SANDBOX");
        return -1;
    }
    for (unsigned i = 0; i < ARRAY_LEN(sandbox->listen_dirs) && sandbox->listen_dirs[i]; i++)
        failed |= allow(ruleset, &attr, sandbox->listen_dirs[i], LISTEN, WRITE_FILE);
    for (unsigned i = 0; i < ARRAY_LEN(sandbox->write_dirs) && sandbox->write_dirs[i]; i++)
        failed |= allow(ruleset, &attr, sandbox->write_dirs[i], WRITE, WRITE_FILE);
    for (unsigned i = 0; i < ARRAY_LEN(sandbox->read_paths) && sandbox->read_paths[i]; i++)
        failed |= allow(ruleset, &attr, sandbox->read_paths[i], READ, READ_FILE);
    if (!failed && syscall(SYS_landlock_restrict_self, ruleset, 0)) {
        log_error("sandbox", "landlock", strerror(errno));
        failed = -1;
    }
    close(ruleset);
    return failed;
}

/* The kernel takes a domain, a process or a mode for 32 bits and drops the others, so what is
 * compared is those. */
#define LOW_32 UINT64_C(0xffffffff)

/* Sockets of other families than a daemon's own are refused: AF_UNIX always is. */
static int forbid_families(scmp_filter_ctx filter, bool network)
{
    static const int calls[] = {SCMP_SYS(socket), SCMP_SYS(socketpair)};
    int failed = 0;

    for (scmp_datum_t family = 0; family < AF_MAX && !failed; family++) {
        if (family == AF_UNIX || (network && (family == AF_INET || family == AF_INET6 || family == AF_NETLINK)))
            continue;
        for (unsigned i = 0; i < ARRAY_LEN(calls) && !failed; i++)
            failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), calls[i], 1,
                                      SCMP_A0(SCMP_CMP_MASKED_EQ, LOW_32, family));
    }
    return failed;
}

/* A daemon ends itself by abort and by alarm, which signal its own process alone. */
static int forbid_signals(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(kill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo),
                                SCMP_SYS(rt_tgsigqueueinfo)};
    scmp_datum_t self = (scmp_datum_t)getpid();
    int failed = 0;

    for (unsigned i = 0; i < ARRAY_LEN(calls) && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 1, SCMP_A0(SCMP_CMP_NE, self));
    return failed;
}

/* Of kernels that are newer than the names libseccomp knows; one number for all machines. */
#define SYS_FCHMODAT2  452
#define SYS_SETXATTRAT 463

static int seccomp_enter(bool network)
{
    static const int never[] = {
        /* other programs and other processes */
        SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
        SCMP_SYS(kcmp), SCMP_SYS(tkill), SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_send_signal), SCMP_SYS(pidfd_getfd),
        /* rights, and what they are checked against */
        SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid),
        SCMP_SYS(setresgid), SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(setgroups), SCMP_SYS(capset),
        SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SYS_FCHMODAT2, SCMP_SYS(chown), SCMP_SYS(fchown),
        SCMP_SYS(lchown), SCMP_SYS(fchownat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr),
        SYS_SETXATTRAT, SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl),
        /* the file system around a daemon; Landlock of ABI 1 and 2 lets paths be truncated */
        SCMP_SYS(truncate), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
        SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(open_by_handle_at), SCMP_SYS(quotactl), SCMP_SYS(swapon),
        /* the kernel; the ring of io_uring makes sockets that no filter sees */
        SCMP_SYS(io_uring_setup), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
        SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(reboot),
        SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime),
        SCMP_SYS(personality)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter ? 0 : -ENOMEM;

    for (unsigned i = 0; i < ARRAY_LEN(never) && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), never[i], 0);
    if (!failed)
        failed = forbid_families(filter, network);
    if (!failed)
        failed = forbid_signals(filter);
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
    return landlock_enter(sandbox) || seccomp_enter(sandbox->network != 0) ? -1 : 0;
}
