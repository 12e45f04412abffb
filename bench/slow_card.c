/* Loaded into a process with LD_PRELOAD: a disk that takes USUAL_US microseconds longer for each fsync, and LONG_US for
 * about one in LONG_EVERY of them, as a cheap card does while it makes room. Nothing else of it is slower. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static atomic_uint calls;

static int slowly(int done) {
    unsigned mixed = atomic_fetch_add(&calls, 1) * 2654435761u; /* no rhythm that callers could fall in with */
    long us = (mixed >> 16) % LONG_EVERY ? USUAL_US : LONG_US;
    struct timespec pause = {us / 1000000, us % 1000000 * 1000};
    while (nanosleep(&pause, &pause))
        ;
    return done;
}

int fsync(int fd) { return slowly((int)syscall(SYS_fsync, fd)); }
int fdatasync(int fd) { return slowly((int)syscall(SYS_fdatasync, fd)); }
