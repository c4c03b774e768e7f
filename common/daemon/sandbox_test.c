/* What a daemon can no longer do. Only in builds without sanitizers, which need what
 * the sandbox takes away (common/daemon/sandbox.c); CMakeLists.txt leaves the test out there. */
#include "common/daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/harness.h"

static char mine[32], readable[32], other[32], bus[32];

static int setup(void **state)
{
    char path[64];
    int fd;

    (void)state;
    snprintf(mine, sizeof(mine), "/tmp/huigong-mine-XXXXXX");
    snprintf(readable, sizeof(readable), "/tmp/huigong-read-XXXXXX");
    snprintf(other, sizeof(other), "/tmp/huigong-other-XXXXXX");
    snprintf(bus, sizeof(bus), "/tmp/huigong-bus-XXXXXX");
    if (!mkdtemp(bus) || !mkdtemp(mine) || !mkdtemp(readable) || !mkdtemp(other))
        return -1;
    snprintf(path, sizeof(path), "%s/file", readable);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    snprintf(path, sizeof(path), "%s/file", other);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    return fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    harness_remove_dir(mine);
    harness_remove_dir(readable);
    harness_remove_dir(other);
    harness_remove_dir(bus);
    return 0;
}

#define ANY (SANDBOX_LISTENS | SANDBOX_DIALS)

/* Runs a deed in a child that has given up its powers: 0 when it was done, else its
 * errno; -1 when the sandbox could not be entered. */
static int try_in_sandbox(int (*deed)(void), unsigned network)
{
    const struct sandbox sandbox = {.listen_dirs = {bus},
                                    .write_dirs = {mine},
                                    .read_paths = {readable},
                                    .network = network,
                                    .without_landlock = true};
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        if (sandbox_enter(&sandbox))
            _exit(255);
        errno = 0;
        _exit(deed() < 0 ? errno : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == 255 ? -1 : WEXITSTATUS(status);
}

static int open_in(const char *dir, const char *name, int flags)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return open(path, flags, 0600);
}

static int run_a_program(void)
{
    char *argv[] = {"true", NULL}, *envp[] = {NULL};

    return execve("/bin/true", argv, envp);
}

static int run_a_program_by_descriptor(void)
{
    return (int)syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0);
}

static int trace_the_parent(void)
{
    return (int)syscall(SYS_ptrace, 16 /* PTRACE_ATTACH */, getppid(), 0, 0);
}

static int open_inet_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int set_up_a_ring(void)
{
    return (int)syscall(SYS_io_uring_setup, 1, NULL);
}

static int open_inet6_socket(void)
{
    return socket(AF_INET6, SOCK_DGRAM, 0);
}

static int bind_in(const char *dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", dir);
    return fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&address, sizeof(address));
}

static int bind_in_the_bus(void)
{
    return bind_in(bus);
}

static int bind_in_own_dir(void)
{
    return bind_in(mine);
}

/* The kernel reads 32 bits of a domain; what stands above them fools a filter that compares 64. */
static int open_inet_socket_by_high_bits(void)
{
    return (int)syscall(SYS_socket, (1L << 32) | AF_INET, SOCK_STREAM, 0L);
}

static int open_vsock(void)
{
    return socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int open_netlink(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0);
}

static int signal_the_parent(void)
{
    return kill(getppid(), 0);
}

static int signal_the_parent_by_high_bits(void)
{
    return (int)syscall(SYS_kill, (1L << 32) | getppid(), 0);
}

static int signal_itself(void)
{
    return kill(getpid(), 0);
}

static int change_a_mode(void)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/file", readable);
    return chmod(path, 0666);
}

/* By the call of Linux 6.6, which no name of libseccomp stands for yet. */
static int change_a_mode_by_number(void)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/file", readable);
    return (int)syscall(452, AT_FDCWD, path, 0666, 0);
}

static int give_a_file_away(void)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/file", readable);
    return chown(path, getuid(), getgid());
}

static int give_an_open_file_away(void)
{
    int fd = open_in(mine, "given", O_CREAT | O_RDWR);

    return fd < 0 ? -1 : fchown(fd, getuid(), getgid());
}

static int cut_a_file(void)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/file", readable);
    return truncate(path, 0);
}

static int cut_own_file(void)
{
    int fd = open_in(mine, "cut", O_CREAT | O_RDWR);

    return fd < 0 || ftruncate(fd, 1) ? -1 : open_in(mine, "cut", O_RDWR | O_TRUNC);
}

static int set_the_clock(void)
{
    struct timespec now = {0};

    return clock_settime(CLOCK_REALTIME, &now);
}

/* Binds a TCP port of this machine, or connects to one where nobody listens. */
static int use_tcp(int (*use)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_port = htons(use == bind ? 0 : 1);
    return fd < 0 ? -1 : use(fd, (const struct sockaddr *)&address, sizeof(address));
}

static int bind_tcp(void)
{
    return use_tcp(bind);
}

static int connect_tcp(void)
{
    return use_tcp(connect);
}

static int write_in_own_dir(void)
{
    int fd = open_in(mine, "new", O_CREAT | O_RDWR);

    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd))
        return -1;
    return unlinkat(AT_FDCWD, "/nowhere", 0) < 0 && errno == ENOENT ? 0 : -1;
}

static int read_what_is_readable(void)
{
    return open_in(readable, "file", O_RDONLY);
}

static int write_what_is_readable(void)
{
    return open_in(readable, "file", O_WRONLY);
}

static int read_elsewhere(void)
{
    return open_in(other, "file", O_RDONLY);
}

static int read_passwords(void)
{
    return open("/etc/passwd", O_RDONLY);
}

static int create_elsewhere(void)
{
    return open_in(other, "new", O_CREAT | O_WRONLY);
}

static int make_a_folder(void)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/folder", mine);
    return mkdir(path, 0700);
}

static int win_powers_by_exec(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : -1;
}

static long landlock_abi(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static void no_program_can_be_started(void **state)
{
    (void)state;
    assert_int_equal(try_in_sandbox(run_a_program, 0), EPERM);
    assert_int_equal(try_in_sandbox(run_a_program, ANY), EPERM);
    assert_int_equal(try_in_sandbox(run_a_program_by_descriptor, 0), EPERM);
    assert_int_equal(try_in_sandbox(trace_the_parent, 0), EPERM);
    assert_int_equal(try_in_sandbox(win_powers_by_exec, 0), 0);
}

static void only_an_edge_reaches_the_network(void **state)
{
    (void)state;
    assert_int_equal(try_in_sandbox(open_inet_socket, 0), EACCES);
    assert_int_equal(try_in_sandbox(open_inet6_socket, 0), EACCES);
    assert_int_equal(try_in_sandbox(set_up_a_ring, 0), EPERM);
    assert_int_equal(try_in_sandbox(open_inet_socket, ANY), 0);
    assert_int_equal(try_in_sandbox(open_inet_socket_by_high_bits, 0), EACCES);
    assert_int_equal(try_in_sandbox(open_vsock, 0), EACCES);
    assert_int_equal(try_in_sandbox(open_vsock, ANY), EACCES);
    assert_int_equal(try_in_sandbox(open_netlink, 0), EACCES);
    assert_int_equal(try_in_sandbox(bind_in_the_bus, 0), 0);
}

static void no_other_process_is_signalled_and_no_right_changed(void **state)
{
    (void)state;
    assert_int_equal(try_in_sandbox(signal_the_parent, ANY), EPERM);
    assert_int_equal(try_in_sandbox(signal_the_parent_by_high_bits, ANY), EPERM);
    assert_int_equal(try_in_sandbox(signal_itself, 0), 0);
    assert_int_equal(try_in_sandbox(change_a_mode, ANY), EPERM);
    assert_int_equal(try_in_sandbox(change_a_mode_by_number, ANY), EPERM);
    assert_int_equal(try_in_sandbox(give_a_file_away, ANY), EPERM);
    assert_int_equal(try_in_sandbox(give_an_open_file_away, ANY), EPERM);
    assert_int_equal(try_in_sandbox(cut_a_file, ANY), EPERM);
    assert_int_equal(try_in_sandbox(cut_own_file, 0), 0);
    assert_int_equal(try_in_sandbox(set_the_clock, ANY), EPERM);
}

/* From ABI 4 on Landlock knows TCP, and by which way a daemon uses it. */
static void an_edge_goes_only_its_own_way(void **state)
{
    bool known = landlock_abi() >= 4;

    (void)state;
    assert_int_equal(try_in_sandbox(bind_tcp, SANDBOX_LISTENS), 0);
    assert_int_equal(try_in_sandbox(connect_tcp, SANDBOX_DIALS), ECONNREFUSED);
    assert_int_equal(try_in_sandbox(connect_tcp, SANDBOX_LISTENS), known ? EACCES : ECONNREFUSED);
    assert_int_equal(try_in_sandbox(bind_tcp, SANDBOX_DIALS), known ? EACCES : 0);
}

/* Where the kernel has no Landlock only what a daemon needs can be shown to work. */
static void only_the_named_folders_are_reached(void **state)
{
    int refused = landlock_abi() > 0 ? EACCES : 0;

    (void)state;
    assert_int_equal(try_in_sandbox(write_in_own_dir, 0), 0);
    assert_int_equal(try_in_sandbox(read_what_is_readable, 0), 0);
    if (!refused)
        print_message("this kernel has no Landlock: refusals are not tested\n");
    assert_int_equal(try_in_sandbox(write_what_is_readable, 0), refused);
    assert_int_equal(try_in_sandbox(read_elsewhere, 0), refused);
    assert_int_equal(try_in_sandbox(read_passwords, 0), refused);
    assert_int_equal(try_in_sandbox(bind_in_own_dir, 0), refused);
    if (refused) {
        assert_int_equal(try_in_sandbox(create_elsewhere, 0), refused);
        assert_int_equal(try_in_sandbox(make_a_folder, 0), refused);
    }
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    const struct sandbox sandbox = {.write_dirs = {"/tmp/huigong-nowhere"}};
    int status;
    pid_t child;

    (void)state;
    if (landlock_abi() <= 0)
        return;
    child = fork();
    if (child == 0)
        _exit(sandbox_enter(&sandbox) == -1 ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Makes this process' kernel one that has no Landlock. */
static void lose_landlock(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {ARRAY_LEN(steps), steps};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        _exit(2);
}

static void without_landlock_it_is_entered_only_where_that_is_allowed(void **state)
{
    (void)state;
    for (int allowed = 0; allowed <= 1; allowed++) {
        const struct sandbox sandbox = {.write_dirs = {mine}, .without_landlock = allowed};
        pid_t child = fork();
        int status;

        if (child == 0) {
            lose_landlock();
            _exit(sandbox_enter(&sandbox) == (allowed ? 0 : -1) ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_program_can_be_started),
        TEST(only_an_edge_reaches_the_network),
        TEST(no_other_process_is_signalled_and_no_right_changed),
        TEST(an_edge_goes_only_its_own_way),
        TEST(only_the_named_folders_are_reached),
        TEST(a_folder_that_is_not_there_is_an_error),
        TEST(without_landlock_it_is_entered_only_where_that_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
