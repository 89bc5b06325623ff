/* Loaded before the C library (LD_PRELOAD): every sync takes FSYNC_MICROSECONDS longer, and is counted.

   At its end each process adds the number of its syncs as a line to the file FSYNC_COUNTS. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_long syncs;

static int slowly(const char *name, int file) {
    const char *pause = getenv("FSYNC_MICROSECONDS");
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    atomic_fetch_add(&syncs, 1);
    if (pause != NULL) usleep((useconds_t)atol(pause));
    return real(file);
}

int fsync(int file) { return slowly("fsync", file); }

int fdatasync(int file) { return slowly("fdatasync", file); }

__attribute__((destructor)) static void told(void) {
    const char *path = getenv("FSYNC_COUNTS");
    FILE *counts = path != NULL ? fopen(path, "a") : NULL;
    if (counts == NULL) return;
    fprintf(counts, "%ld\n", (long)atomic_load(&syncs));
    fclose(counts);
}
