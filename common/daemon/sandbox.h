/* sandbox.h: what a daemon gives up before it talks to anyone.
 *
 * no_new_privs; Landlock, so that only the named folders can be reached at all;
 * seccomp, so that no program can be started and, without `network`, no inet
 * socket made. Called before the first nng socket, whose threads inherit it. A
 * kernel without Landlock is warned about once; seccomp must work. */
#pragma once

struct sandbox {
    const char *write_dirs[4]; /* may be read and changed; NULL ends */
    const char *read_paths[8]; /* files or folders that may be read; NULL ends */
    bool network;
};

/* 0, or -1 after logging why. There is no way back. */
int sandbox_enter(const struct sandbox *sandbox);
