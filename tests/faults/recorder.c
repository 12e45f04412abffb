/* Loaded into a process with LD_PRELOAD: notes, in order, everything that it does to the files of one folder.
 *
 * GATE_TRACE_FOLDER is the folder, GATE_TRACE the file that takes the notes. A note is a line
 * "OPERATION NAME OFFSET LENGTH\n" and, of a write, its bytes. An operation and its note are one step: two threads do
 * not come between them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 4096
#define NAME 256

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char names[FILES][NAME]; /* of open files of the folder; empty: another one's */
static const char *folder;
static int trace = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("GATE_TRACE");
    folder = getenv("GATE_TRACE_FOLDER");
    if (file && folder)
        trace = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The part of a path below the folder, "." for the folder itself, NULL for any other. */
static const char *below(const char *path) {
    size_t length;
    if (trace < 0 || !path)
        return NULL;
    length = strlen(folder);
    if (strncmp(path, folder, length))
        return NULL;
    if (!path[length])
        return ".";
    return path[length] == '/' ? path + length + 1 : NULL;
}

static void say(const char *operation, const char *name, off_t offset, size_t length, const void *data) {
    char line[NAME + 64];
    int kept = errno, n = snprintf(line, sizeof line, "%s %s %lld %zu\n", operation, name, (long long)offset, length);
    if (syscall(SYS_write, trace, line, n) != n || (data && (size_t)syscall(SYS_write, trace, data, length) != length))
        abort();
    errno = kept;
}

static const char *named(int fd) { return trace >= 0 && fd >= 0 && fd < FILES && names[fd][0] ? names[fd] : NULL; }

static int opened(int fd, const char *path, int flags) {
    const char *name = below(path);
    if (fd >= 0 && fd < FILES) {
        pthread_mutex_lock(&lock);
        snprintf(names[fd], NAME, "%s", name ? name : "");
        if (name && (flags & O_CREAT))
            say("create", name, 0, 0, NULL);
        if (name && (flags & O_TRUNC))
            say("truncate", name, 0, 0, NULL);
        pthread_mutex_unlock(&lock);
    }
    return fd;
}

#define OPEN(function)                                                                                                 \
    int function(const char *path, int flags, ...) {                                                                   \
        mode_t mode = 0;                                                                                               \
        va_list more;                                                                                                  \
        va_start(more, flags);                                                                                         \
        if (flags & O_CREAT)                                                                                           \
            mode = (mode_t)va_arg(more, int);                                                                          \
        va_end(more);                                                                                                  \
        return opened((int)syscall(SYS_openat, AT_FDCWD, path, flags, mode), path, flags);                             \
    }
OPEN(open)
OPEN(open64)

int close(int fd) {
    if (named(fd))
        names[fd][0] = 0;
    return (int)syscall(SYS_close, fd);
}

#define NOTED(call, fd, operation, offset, length, data)                                                               \
    do {                                                                                                               \
        const char *name = named(fd);                                                                                  \
        ssize_t done;                                                                                                  \
        if (!name)                                                                                                     \
            return call;                                                                                               \
        pthread_mutex_lock(&lock);                                                                                     \
        done = call;                                                                                                   \
        if (done >= 0)                                                                                                 \
            say(operation, name, offset, length, data);                                                                \
        pthread_mutex_unlock(&lock);                                                                                   \
        return done;                                                                                                   \
    } while (0)

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    NOTED(syscall(SYS_pwrite64, fd, data, length, offset), fd, "write", offset, (size_t)done, data);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    NOTED(syscall(SYS_pwrite64, fd, data, length, offset), fd, "write", offset, (size_t)done, data);
}
ssize_t write(int fd, const void *data, size_t length) {
    off_t offset = named(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
    NOTED(syscall(SYS_write, fd, data, length), fd, "write", offset, (size_t)done, data);
}
int ftruncate(int fd, off_t length) { NOTED((int)syscall(SYS_ftruncate, fd, length), fd, "truncate", length, 0, NULL); }
int ftruncate64(int fd, off64_t length) {
    NOTED((int)syscall(SYS_ftruncate, fd, length), fd, "truncate", length, 0, NULL);
}
int fsync(int fd) { NOTED((int)syscall(SYS_fsync, fd), fd, "sync", 0, 0, NULL); }
int fdatasync(int fd) { NOTED((int)syscall(SYS_fdatasync, fd), fd, "sync", 0, 0, NULL); }

int unlink(const char *path) {
    const char *name = below(path);
    int done;
    pthread_mutex_lock(&lock);
    done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (name && done == 0)
        say("unlink", name, 0, 0, NULL);
    pthread_mutex_unlock(&lock);
    return done;
}
