/* sandbox.h: what a daemon gives up before it talks to anyone.
 *
 * no_new_privs. Landlock, as far as the kernel's goes: only the named folders can be
 * reached at all, sockets are made only where it listens, no signal and no abstract socket
 * leads out, TCP goes only the way that it needs. seccomp: no program is started, no other
 * process traced or signalled, no rights changed (of files too), no file cut by its path, no
 * socket made but AF_UNIX and, for the two edges, inet ones. Called before the first nng
 * socket, whose threads inherit it. A kernel without Landlock is refused unless the setting
 * HUIGONG_SANDBOX says otherwise; seccomp must work. */
#pragma once

enum sandbox_network {
    SANDBOX_LISTENS = 1, /* takes TCP connections */
    SANDBOX_DIALS = 2,   /* makes them */
};

struct sandbox {
    const char *listen_dirs[2]; /* as write_dirs, and sockets may be made there; NULL ends */
    const char *write_dirs[4];  /* may be read and changed; NULL ends */
    const char *read_paths[8];  /* files or folders that may be read; NULL ends */
    unsigned network;           /* enum sandbox_network; 0: no inet socket */
    bool without_landlock;      /* goes on, with a warning, where the kernel has none */
};

/* 0, or -1 after logging why. There is no way back. */
int sandbox_enter(const struct sandbox *sandbox);
