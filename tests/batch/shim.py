"""A preloaded library that kills psgpipe at its n-th write, or makes a disk fail.

The C compiler of the machine compiles it; without a compiler the tests are skipped.
"""

import os
import shutil
import subprocess
import sys

import pytest

SOURCE = r"""
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* SHIM_UNDER: only what happens below this folder. SHIM_ROLE: parent or worker; a worker is a
   process that multiprocessing has spawned, or one with SHIM_IS_WORKER.
   SHIM_KILL_AT: die before the n-th change (after it, if negative); SHIM_COUNT: tell how many.
   SHIM_EIO: reading a file whose name holds this fails.
   SHIM_DELAY_MS: what a distant file server takes to flush, remove, rename and list. */
static long calls = 0;

static int in_role(void) {
    static int known;
    static pid_t known_of;
    if (known_of != getpid()) {
        known_of = getpid();
        char line[4096] = {0};
        FILE *file = fopen("/proc/self/cmdline", "r");
        size_t n = file ? fread(line, 1, sizeof line - 1, file) : 0;
        if (file) fclose(file);
        for (size_t i = 0; i < n; i++) if (!line[i]) line[i] = ' ';
        const char *role = getenv("SHIM_ROLE");
        int worker = strstr(line, "spawn_main") || getenv("SHIM_IS_WORKER");
        int other = strstr(line, "resource_tracker") != NULL;
        known = role && !other && (strcmp(role, "worker") == 0) == worker;
    }
    return known;
}

static int below(const char *path) {
    const char *under = getenv("SHIM_UNDER");
    return under && path && strncmp(path, under, strlen(under)) == 0;
}

static void server_wait(const char *path) {
    const char *delay = getenv("SHIM_DELAY_MS");
    if (delay && below(path)) usleep(1000 * atol(delay));
}

static const char *path_of(int fd, char *buffer, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, buffer, size - 1);
    buffer[n < 0 ? 0 : n] = 0;
    return buffer;
}

static void tell(const char *what, const char *path) {
    const char *name = getenv("SHIM_COUNT");
    if (!name) return;
    int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    ssize_t (*real_write)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    int fd = real_open(name, O_WRONLY | O_CREAT | O_APPEND, 0644);
    char line[5000];
    int n = snprintf(line, sizeof line, "%ld %s %s\n", calls, what, path);
    if (real_write(fd, line, n) < 0) abort();
    close(fd);
}

static long limit(void) {
    const char *at = getenv("SHIM_KILL_AT");
    return at ? atol(at) : 0;
}

static void before(const char *what, const char *path) {
    if (!below(path) || !in_role()) return;
    calls++;
    tell(what, path);
    if (calls == limit()) kill(getpid(), SIGKILL);
}

static void after(const char *path) {
    if (below(path) && in_role() && calls == -limit()) kill(getpid(), SIGKILL);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t n) {
    REAL(write);
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    before("write", path);
    ssize_t done = real(fd, data, n);
    after(path);
    return done;
}

ssize_t read(int fd, void *data, size_t n) {
    REAL(read);
    const char *eio = getenv("SHIM_EIO");
    char buffer[4096];
    if (eio && strstr(path_of(fd, buffer, sizeof buffer), eio)) { errno = EIO; return -1; }
    return real(fd, data, n);
}

int fsync(int fd) {
    REAL(fsync);
    char buffer[4096];
    const char *path = path_of(fd, buffer, sizeof buffer);
    before("fsync", path);
    server_wait(path);
    int done = real(fd);
    after(path);
    return done;
}

#define ON_PATH(name, args, call, path, wait) \
    int name args { \
        REAL(name); before(#name, path); wait; int done = real call; after(path); return done; }

ON_PATH(rename, (const char *a, const char *b), (a, b), b, server_wait(b))
ON_PATH(renameat, (int x, const char *a, int y, const char *b), (x, a, y, b), b,
    server_wait(b))
ON_PATH(renameat2, (int x, const char *a, int y, const char *b, unsigned f), (x, a, y, b, f), b,
    server_wait(b))
ON_PATH(mkdir, (const char *a, mode_t m), (a, m), a, )
ON_PATH(rmdir, (const char *a), (a), a, server_wait(a))
ON_PATH(unlink, (const char *a), (a), a, server_wait(a))

DIR *opendir(const char *path) {
    REAL(opendir);
    server_wait(path);
    return real(path);
}

/* A file without a name gets one. */
int linkat(int x, const char *a, int y, const char *b, int flags) {
    REAL(linkat);
    char buffer[4096];
    const char *path = *b == '/' ? b : path_of(y, buffer, sizeof buffer);
    before("linkat", path);
    int done = real(x, a, y, b, flags);
    after(path);
    return done;
}

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    if (flags & O_CREAT) before("create", path);
    int fd = real(path, flags, mode);
    if (flags & O_CREAT) after(path);
    return fd;
}

int open(const char *path, int flags, ...) {
    va_list rest; va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    REAL(open);
    return opened(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest; va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    REAL(open64);
    return opened(real, path, flags, mode);
}
"""


def compile_shim(folder):
    """The shared library, or a skipped test."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("preloading a library needs Linux and a C compiler")
    source, library = folder / "shim.c", folder / "shim.so"
    source.write_text(SOURCE, encoding="ascii")
    command = [compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return library


def environment(library, under, **settings):
    """The environment of a process with the shim; settings without their prefix."""
    said = {f"SHIM_{name.upper()}": str(value) for name, value in settings.items()}
    return {**os.environ, "LD_PRELOAD": str(library), "SHIM_UNDER": str(under), **said}
