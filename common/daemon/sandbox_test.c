/* What a daemon can no longer do. Only in builds without sanitizers, which need what
 * the sandbox takes away (common/daemon/sandbox.c); CMakeLists.txt leaves the test out there. */
#include "common/daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/harness.h"

static char mine[32], readable[32], other[32];

static int setup(void **state)
{
    char path[64];
    int fd;

    (void)state;
    snprintf(mine, sizeof(mine), "/tmp/huigong-mine-XXXXXX");
    snprintf(readable, sizeof(readable), "/tmp/huigong-read-XXXXXX");
    snprintf(other, sizeof(other), "/tmp/huigong-other-XXXXXX");
    if (!mkdtemp(mine) || !mkdtemp(readable) || !mkdtemp(other))
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
    return 0;
}

/* Runs a deed in a child that has given up its powers: 0 when it was done, else its
 * errno; -1 when the sandbox could not be entered. */
static int try_in_sandbox(int (*deed)(void), bool network)
{
    const struct sandbox sandbox = {.write_dirs = {mine}, .read_paths = {readable}, .network = network};
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

static int open_unix_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", mine);
    return fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&address, sizeof(address));
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

static void no_program_can_be_started(void **state)
{
    (void)state;
    assert_int_equal(try_in_sandbox(run_a_program, false), EPERM);
    assert_int_equal(try_in_sandbox(run_a_program, true), EPERM);
    assert_int_equal(try_in_sandbox(run_a_program_by_descriptor, false), EPERM);
    assert_int_equal(try_in_sandbox(trace_the_parent, false), EPERM);
    assert_int_equal(try_in_sandbox(win_powers_by_exec, false), 0);
}

static void only_an_edge_reaches_the_network(void **state)
{
    (void)state;
    assert_int_equal(try_in_sandbox(open_inet_socket, false), EACCES);
    assert_int_equal(try_in_sandbox(open_inet6_socket, false), EACCES);
    assert_int_equal(try_in_sandbox(set_up_a_ring, false), EPERM);
    assert_int_equal(try_in_sandbox(open_inet_socket, true), 0);
    assert_int_equal(try_in_sandbox(open_unix_socket, false), 0);
}

static bool kernel_has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/* Where the kernel has no Landlock the daemon says so and goes on; there only what it
 * needs can be shown to work. */
static void only_the_named_folders_are_reached(void **state)
{
    int refused = kernel_has_landlock() ? EACCES : 0;

    (void)state;
    assert_int_equal(try_in_sandbox(write_in_own_dir, false), 0);
    assert_int_equal(try_in_sandbox(read_what_is_readable, false), 0);
    if (!refused)
        print_message("this kernel has no Landlock: refusals are not tested\n");
    assert_int_equal(try_in_sandbox(write_what_is_readable, false), refused);
    assert_int_equal(try_in_sandbox(read_elsewhere, false), refused);
    assert_int_equal(try_in_sandbox(read_passwords, false), refused);
    if (refused) {
        assert_int_equal(try_in_sandbox(create_elsewhere, false), refused);
        assert_int_equal(try_in_sandbox(make_a_folder, false), refused);
    }
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    const struct sandbox sandbox = {.write_dirs = {"/tmp/huigong-nowhere"}};
    int status;
    pid_t child;

    (void)state;
    if (!kernel_has_landlock())
        return;
    child = fork();
    if (child == 0)
        _exit(sandbox_enter(&sandbox) == -1 ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_program_can_be_started),
        TEST(only_an_edge_reaches_the_network),
        TEST(only_the_named_folders_are_reached),
        TEST(a_folder_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
