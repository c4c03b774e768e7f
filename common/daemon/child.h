/* child.h: work on files that strangers have made, in a process that has nothing.
 *
 * A parser of a stranger's file (a workbook, later a picture) is where a daemon could be
 * taken over. So it runs in a process of its own, which has the file as its standard input
 * and a pipe as its standard output, and besides them nothing: no file, no socket, no
 * other process, no key or setting in its memory, memory and time within bounds (RLIMIT_DATA,
 * RLIMIT_CPU, an alarm), and a seccomp filter that ends it at the first other system call.
 * What it writes is believed no more than the file itself.
 *
 * A daemon cannot start programs any more once its sandbox is closed. Therefore it starts
 * itself once before, with the one argument CHILD_FLAG: that process has an empty
 * environment and waits on a socket for work (child_serve); for each piece it forks a child.
 * A daemon that dies takes both with it. */
#pragma once

#define CHILD_FLAG "--child"

/* What a child does. */
struct child_kind {
    const char *name; /* at most CHILD_NAME_MAX characters; NULL ends a list of kinds */
    /* Loads what the library would load from files later (converters of iconv); once, may be NULL. */
    void (*prepare)(void);
    /* Reads STDIN_FILENO, which can seek, and writes STDOUT_FILENO. */
    void (*run)(void);
    size_t memory;          /* bytes that it may take */
    unsigned cpu_s, ends_s; /* seconds of a processor, and until it is ended */
};

#define CHILD_NAME_MAX 15

/* The other process, that of CHILD_FLAG: never returns. */
_Noreturn void child_serve(const struct child_kind *kinds);

struct children;

/* Starts it, before the sandbox; NULL after logging why. */
struct children *children_open(void);
void children_close(struct children *children);
/* Starts a child on an open file, which stays the caller's: the pipe of what it writes, which
 * ends when the child does, or -1 after logging why. A child that was ended says nothing more: what
 * it writes must have an end of its own. Closing the pipe ends the child. */
int children_start(struct children *children, const char *kind, int file);
