/* Children of this program itself: main() is that of the tests, and with CHILD_FLAG that of
 * the process that waits for work. */
#include "common/daemon/child.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/daemon/instrumented.h"

#define END "end"

static void put(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, len);

        if (n <= 0)
            _exit(1);
        bytes += n;
        len -= (size_t)n;
    }
}

static void shout(void)
{
    char bytes[4096];
    ssize_t n;

    while ((n = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0) {
        for (ssize_t i = 0; i < n; i++)
            bytes[i] = (char)toupper(bytes[i]);
        put(bytes, (size_t)n);
    }
    put(END, 3);
}

/* Takes memory until there is none, and says so. */
static void gorge(void)
{
    size_t n = 0;
    char *bytes;

    while (n < 1000 && (bytes = malloc(1 << 20))) {
        memset(bytes, 1, 1 << 20);
        n++;
    }
    put(n < 1000 ? "full" : "never", n < 1000 ? 4 : 5);
    put(END, 3);
}

static void spin(void)
{
    for (volatile unsigned n = 0;; n++)
        continue;
}

static void wait_for_ever(void)
{
    put("waits", 5);
    for (;;)
        poll(NULL, 0, -1);
}

static void open_a_file(void)
{
    put("tries", 5);
    put(END, open("/etc/hostname", O_RDONLY) >= 0 ? 3 : 0);
    put(END, 3);
}

static void make_a_socket(void)
{
    put("tries", 5);
    socket(AF_UNIX, SOCK_STREAM, 0);
    put(END, 3);
}

static void start_a_program(void)
{
    char *const none[] = {NULL};

    put("tries", 5);
    execve("/bin/true", none, none);
    put(END, 3);
}

static void map_code(void)
{
    put("tries", 5);
    mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    put(END, 3);
}

static void signal_another(void)
{
    put("tries", 5);
    kill(getppid(), 0);
    put(END, 3);
}

static void fork_once_more(void)
{
    put("tries", 5);
    if (fork() >= 0)
        put(END, 3);
}

/* Tells what it has got of the process that started it. */
static void tell(void)
{
    extern char **environ;

    put(*environ ? "settings" : "none", *environ ? 8 : 4);
    for (int fd = STDERR_FILENO + 1; fd < 64; fd++)
        put("fd", lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF ? 2 : 0);
    put(END, 3);
}

#define BOUNDS .memory = 32 << 20, .cpu_s = 1, .ends_s = 3

static const struct child_kind kinds[] = {
    {.name = "shout", .run = shout, BOUNDS},
    {.name = "gorge", .run = gorge, BOUNDS},
    {.name = "spin", .run = spin, BOUNDS},
    {.name = "wait", .run = wait_for_ever, .memory = 32 << 20, .cpu_s = 1, .ends_s = 1},
    {.name = "open", .run = open_a_file, BOUNDS},
    {.name = "socket", .run = make_a_socket, BOUNDS},
    {.name = "program", .run = start_a_program, BOUNDS},
    {.name = "code", .run = map_code, BOUNDS},
    {.name = "kill", .run = signal_another, BOUNDS},
    {.name = "fork", .run = fork_once_more, BOUNDS},
    {.name = "tell", .run = tell, BOUNDS},
    {.name = NULL},
};

static struct children *children;
static char said[1 << 20];

/* What a child of a kind says of a file with these bytes; whether it came to its end. */
static bool ask(const char *kind, const char *bytes, size_t len)
{
    int file = memfd_create("file", MFD_CLOEXEC), out;
    size_t n = 0;
    ssize_t more;

    assert_int_equal(write(file, bytes, len), len);
    out = children_start(children, kind, file);
    assert_true(out >= 0);
    while ((more = read(out, said + n, sizeof(said) - 1 - n)) > 0)
        n += (size_t)more;
    said[n] = '\0';
    close(out);
    close(file);
    if (n < 3 || strcmp(said + n - 3, END) != 0)
        return false;
    said[n - 3] = '\0';
    return true;
}

static int setup(void **state)
{
    (void)state;
    setenv("HUIGONG_SECRET", "a setting", 1);
    for (int i = 0; i < 3; i++) /* of the daemon's, open across an exec */
        assert_true(memfd_create("a file", 0) >= 0);
    children = children_open();
    return children ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    children_close(children);
    return 0;
}

static void a_child_reads_a_file_and_writes_what_it_made(void **state)
{
    static char many[600000];

    (void)state;
    assert_true(ask("shout", "a file", 6));
    assert_string_equal(said, "A FILE");
    assert_true(ask("shout", "", 0));
    assert_string_equal(said, "");
    memset(many, 'x', sizeof(many));
    assert_true(ask("shout", many, sizeof(many)));
    assert_int_equal(strlen(said), sizeof(many));
}

static void a_child_has_nothing_of_its_daemon(void **state)
{
    (void)state;
    assert_true(ask("tell", "", 0));
    assert_string_equal(said, "none");
}

static void memory_and_time_are_bounded(void **state)
{
    (void)state;
    if (!INSTRUMENTED) {
        assert_true(ask("gorge", "", 0));
        assert_string_equal(said, "full");
        assert_false(ask("wait", "", 0));
    }
    assert_false(ask("spin", "", 0));
}

static void what_a_child_may_not_do_ends_it(void **state)
{
    static const char *const deeds[] = {"open", "socket", "program", "code", "kill", "fork"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(deeds) && !INSTRUMENTED; i++) {
        if (ask(deeds[i], "", 0))
            fail_msg("%s", deeds[i]);
        assert_string_equal(said, "tries");
    }
    assert_true(ask("shout", "and the next", 12));
}

static void an_unknown_kind_says_nothing(void **state)
{
    (void)state;
    assert_false(ask("nothing", "", 0));
    assert_true(ask("shout", "x", 1));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_reads_a_file_and_writes_what_it_made),
        cmocka_unit_test(a_child_has_nothing_of_its_daemon),
        cmocka_unit_test(memory_and_time_are_bounded),
        cmocka_unit_test(what_a_child_may_not_do_ends_it),
        cmocka_unit_test(an_unknown_kind_says_nothing),
    };

    if (argc == 2 && strcmp(argv[1], CHILD_FLAG) == 0)
        child_serve(kinds);
    return cmocka_run_group_tests(tests, setup, teardown);
}
