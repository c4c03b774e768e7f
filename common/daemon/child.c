#include "common/daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/daemon/instrumented.h"

#define WORK_FD 3 /* of the process that waits for work */

struct children {
    int fd;
};

/* The two descriptors of a piece of work, beside its message. */
union passed {
    struct cmsghdr header;
    char room[CMSG_SPACE(2 * sizeof(int))];
};

/* ---- a child ---- */

/* Only with a limit can it be bounded: what cannot be set ends it. */
static void limit(__rlimit_resource_t what, rlim_t most)
{
    struct rlimit bound = {most, most};

    if (setrlimit(what, &bound))
        _exit(1);
}

static int allow_memory(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
    int failed = 0;

    /* Never to run code that was written, and never of a file. */
    for (unsigned i = 0; i < ARRAY_LEN(calls) && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return failed;
}

/* The strictest that a program of C can work under; the other process besides may wait for work
 * and fork. */
static void close_in(bool waits)
{
    static const int calls[] = {
        SCMP_SYS(read),         SCMP_SYS(pread64),   SCMP_SYS(lseek),         SCMP_SYS(fstat), SCMP_SYS(newfstatat),
        SCMP_SYS(write),        SCMP_SYS(writev),    SCMP_SYS(close),         SCMP_SYS(brk),   SCMP_SYS(munmap),
        SCMP_SYS(mremap),       SCMP_SYS(madvise),   SCMP_SYS(futex),         SCMP_SYS(exit),  SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigreturn), SCMP_SYS(getrandom), SCMP_SYS(clock_gettime),
    };
    static const int waiting[] = {
        SCMP_SYS(recvmsg),
        SCMP_SYS(clone),
        SCMP_SYS(clone3),
        SCMP_SYS(dup2),
        SCMP_SYS(dup3),
        SCMP_SYS(prlimit64),
        SCMP_SYS(setrlimit),
        SCMP_SYS(getrlimit),
        SCMP_SYS(alarm),
        SCMP_SYS(setitimer),
        SCMP_SYS(seccomp),
        SCMP_SYS(prctl),
        SCMP_SYS(set_robust_list),
        SCMP_SYS(rseq),
        SCMP_SYS(close_range),
        SCMP_SYS(gettid),
        SCMP_SYS(getpid),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(rt_sigaction),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int failed = filter ? 0 : -ENOMEM;

    for (unsigned i = 0; i < ARRAY_LEN(calls) && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    for (unsigned i = 0; waits && i < ARRAY_LEN(waiting) && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, waiting[i], 0);
    if (!failed)
        failed = allow_memory(filter);
    if (!failed)
        failed = seccomp_load(filter);
    seccomp_release(filter);
    if (failed)
        _exit(1);
}

_Noreturn static void work(const struct child_kind *kind, const int fds[2])
{
    signal(SIGPIPE, SIG_DFL);
    if (dup2(fds[0], STDIN_FILENO) < 0 || dup2(fds[1], STDOUT_FILENO) < 0 || lseek(STDIN_FILENO, 0, SEEK_SET) < 0)
        _exit(1);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    limit(RLIMIT_CPU, kind->cpu_s);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
    alarm(kind->ends_s);
    if (!INSTRUMENTED) {
        limit(RLIMIT_DATA, kind->memory);
        limit(RLIMIT_NPROC, 0);
        limit(RLIMIT_NOFILE, STDERR_FILENO + 1);
        close_in(false);
    }
    kind->run();
    _exit(0);
}

/* ---- the process that waits for work ---- */

static const struct child_kind *find(const struct child_kind *kinds, const char *name)
{
    while (kinds->name && strcmp(kinds->name, name) != 0)
        kinds++;
    return kinds->name ? kinds : NULL;
}

/* The name of a kind and its descriptors; false when there is no more work. */
static bool take(char ret_name[CHILD_NAME_MAX + 1], int ret_fds[2])
{
    union passed passed;
    struct iovec name = {ret_name, CHILD_NAME_MAX};
    struct msghdr message = {
        .msg_iov = &name, .msg_iovlen = 1, .msg_control = passed.room, .msg_controllen = sizeof(passed.room)};
    ssize_t n;

    do
        n = recvmsg(WORK_FD, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0 || message.msg_controllen < sizeof(passed.room))
        return false;
    ret_name[n] = '\0';
    memcpy(ret_fds, CMSG_DATA(&passed.header), 2 * sizeof(int));
    return true;
}

/* No path can be reached: a rule for none is added. */
static void forbid_paths(void)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

    if (ruleset >= 0) {
        syscall(SYS_landlock_restrict_self, ruleset, 0);
        close(ruleset);
    }
}

_Noreturn void child_serve(const struct child_kind *kinds)
{
    char name[CHILD_NAME_MAX + 1];
    int fds[2];

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0))
        _exit(1);
    signal(SIGCHLD, SIG_IGN); /* children are not waited for */
    for (const struct child_kind *kind = kinds; kind->name; kind++) {
        if (kind->prepare)
            kind->prepare();
    }
    if (!INSTRUMENTED) {
        forbid_paths();
        close_in(true);
    }
    while (take(name, fds)) {
        const struct child_kind *kind = find(kinds, name);

        if (kind && fork() == 0)
            work(kind, fds);
        close(fds[0]);
        close(fds[1]);
    }
    _exit(0);
}

/* ---- the daemon ---- */

_Noreturn static void start_again(int fd)
{
    static char program[] = "/proc/self/exe", flag[] = CHILD_FLAG;
    char *const argv[] = {program, flag, NULL}, *const environment[] = {NULL};

    if (dup2(fd, WORK_FD) == WORK_FD) {
        close_range(WORK_FD + 1, ~0U, 0);
        execve(program, argv, environment);
    }
    _exit(127);
}

struct children *children_open(void)
{
    struct children *children = malloc(sizeof(*children));
    int fds[2] = {-1, -1};
    pid_t pid = -1;

    if (children && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0)
        pid = fork();
    if (pid == 0)
        start_again(fds[1]);
    if (pid > 0) {
        close(fds[1]);
        children->fd = fds[0];
        return children;
    }
    log_error("children", "error", strerror(errno));
    for (unsigned i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    free(children);
    return NULL;
}

void children_close(struct children *children)
{
    if (!children)
        return;
    close(children->fd);
    free(children);
}

int children_start(struct children *children, const char *kind, int file)
{
    union passed passed = {.header = {
                               .cmsg_len = CMSG_LEN(2 * sizeof(int)),
                               .cmsg_level = SOL_SOCKET,
                               .cmsg_type = SCM_RIGHTS,
                           }};
    struct iovec name = {unconst(kind), strlen(kind)};
    struct msghdr message = {
        .msg_iov = &name, .msg_iovlen = 1, .msg_control = passed.room, .msg_controllen = sizeof(passed.room)};
    int ends[2];
    ssize_t sent;

    if (pipe2(ends, O_CLOEXEC)) {
        log_error("child", "error", strerror(errno));
        return -1;
    }
    memcpy(CMSG_DATA(&passed.header), &(int[]){file, ends[1]}, 2 * sizeof(int));
    sent = sendmsg(children->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(ends[1]);
    if (sent == (ssize_t)name.iov_len)
        return ends[0];
    log_error("child", "error", strerror(errno));
    close(ends[0]);
    return -1;
}
