/* A machine that fails on demand, put under a process with LD_PRELOAD.
 *
 * SALLYPORT_FAULTS names a file of 4096 bytes; each fault is one byte of it, "1" when it happens. The file is mapped
 * when the process starts, so that a test throws a switch while the process runs. Files fail only under the folder
 * SALLYPORT_FAULTS_ROOT, and only for callers that are ours: the program or the plugin, SQLite and curl. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FULL, SYNC, RENAME, READ_ONLY, NO_FILES, MEMORY, THREADS, INTERRUPTED, LEN };
enum { CLOCK = 64, COUNTS = 128 }; /* an int64 of seconds; a uint32 a fault: how often it happened */

static volatile char *board;
static char root[512];

__attribute__((constructor)) static void load(void) {
  const char *path = getenv("SALLYPORT_FAULTS"), *under = getenv("SALLYPORT_FAULTS_ROOT");
  if (!path) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (under) snprintf(root, sizeof root, "%s", under);
  if (map != MAP_FAILED) board = map;
}

/* Whether the code that called is ours. */
static int ours(const void *caller) {
  Dl_info info;
  if (!dladdr(caller, &info) || !info.dli_fname) return 0;
  return strstr(info.dli_fname, "sallyport") || strstr(info.dli_fname, "libsqlite3") || strstr(info.dli_fname, "libcurl");
}

static int happens(int fault, const void *caller) {
  if (!board || board[fault] != '1' || !ours(caller)) return 0;
  __atomic_add_fetch((uint32_t *)(board + COUNTS) + fault, 1, __ATOMIC_RELAXED);
  return 1;
}

static int path_is_under(const char *path) { return root[0] && strncmp(path, root, strlen(root)) == 0; }

static int fd_is_under(int fd) {
  char link[64], path[600];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return path_is_under(path);
}

#define CALLER __builtin_return_address(0)
#define NEXT(name) static __typeof__(&name) next; if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
/* Every second call is interrupted, so that whoever tries again goes on. */
#define INTERRUPT(failure) \
  do { \
    static __thread unsigned turn; \
    if (board && board[INTERRUPTED] == '1' && ours(CALLER) && ++turn % 2) { \
      happens(INTERRUPTED, CALLER); \
      errno = EINTR; \
      return failure; \
    } \
  } while (0)
#define FAIL(fault, where, error, failure) \
  do { \
    if (board && board[fault] == '1' && (where) && happens(fault, CALLER)) { \
      errno = error; \
      return failure; \
    } \
  } while (0)

ssize_t write(int fd, const void *data, size_t n) {
  NEXT(write);
  INTERRUPT(-1);
  FAIL(FULL, fd_is_under(fd), ENOSPC, -1);
  return next(fd, data, n);
}
ssize_t writev(int fd, const struct iovec *parts, int n) {
  NEXT(writev);
  INTERRUPT(-1);
  FAIL(FULL, fd_is_under(fd), ENOSPC, -1);
  return next(fd, parts, n);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
  NEXT(pwrite64);
  INTERRUPT(-1);
  FAIL(FULL, fd_is_under(fd), ENOSPC, -1);
  return next(fd, data, n, at);
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
  NEXT(pwrite);
  INTERRUPT(-1);
  FAIL(FULL, fd_is_under(fd), ENOSPC, -1);
  return next(fd, data, n, at);
}
int ftruncate64(int fd, off64_t n) {
  NEXT(ftruncate64);
  FAIL(FULL, fd_is_under(fd), ENOSPC, -1);
  return next(fd, n);
}
ssize_t read(int fd, void *data, size_t n) {
  NEXT(read);
  INTERRUPT(-1);
  return next(fd, data, n);
}
ssize_t recv(int fd, void *data, size_t n, int flags) {
  NEXT(recv);
  INTERRUPT(-1);
  return next(fd, data, n, flags);
}
ssize_t send(int fd, const void *data, size_t n, int flags) {
  NEXT(send);
  INTERRUPT(-1);
  return next(fd, data, n, flags);
}
int poll(struct pollfd *fds, nfds_t n, int timeout) {
  NEXT(poll);
  INTERRUPT(-1);
  return next(fds, n, timeout);
}
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
  NEXT(accept4);
  INTERRUPT(-1);
  FAIL(NO_FILES, 1, EMFILE, -1);
  return next(fd, address, length, flags);
}
int accept(int fd, struct sockaddr *address, socklen_t *length) {
  NEXT(accept);
  INTERRUPT(-1);
  FAIL(NO_FILES, 1, EMFILE, -1);
  return next(fd, address, length);
}
int socket(int domain, int type, int protocol) {
  NEXT(socket);
  FAIL(NO_FILES, 1, EMFILE, -1);
  return next(domain, type, protocol);
}
int fsync(int fd) {
  NEXT(fsync);
  INTERRUPT(-1);
  FAIL(SYNC, fd_is_under(fd), EIO, -1);
  return next(fd);
}
int fdatasync(int fd) {
  NEXT(fdatasync);
  FAIL(SYNC, fd_is_under(fd), EIO, -1);
  return next(fd);
}
int rename(const char *from, const char *to) {
  NEXT(rename);
  FAIL(RENAME, path_is_under(to), EIO, -1);
  return next(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
  NEXT(renameat);
  FAIL(RENAME, 1, EIO, -1);
  return next(a, from, b, to);
}

static int opens(const char *path, int flags, const void *caller) {
  if (!board) return 0;
  static __thread unsigned turn;
  if (board[INTERRUPTED] == '1' && ours(caller) && ++turn % 2) return happens(INTERRUPTED, caller) ? EINTR : 0;
  if (board[NO_FILES] == '1' && happens(NO_FILES, caller)) return EMFILE;
  if (board[READ_ONLY] == '1' && (flags & (O_WRONLY | O_RDWR | O_CREAT)) && path_is_under(path) && happens(READ_ONLY, caller))
    return EROFS;
  return 0;
}
#define OPEN(name, before, ...) \
  { \
    NEXT(name); \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
      va_list more; \
      va_start(more, flags); \
      mode = va_arg(more, mode_t); \
      va_end(more); \
    } \
    const int error = opens(path, flags, CALLER); \
    if (error) { \
      errno = error; \
      return -1; \
    } \
    return next(__VA_ARGS__); \
  }
int open(const char *path, int flags, ...) OPEN(open, , path, flags, mode)
int open64(const char *path, int flags, ...) OPEN(open64, , path, flags, mode)
int openat(int at, const char *path, int flags, ...) OPEN(openat, , at, path, flags, mode)
int openat64(int at, const char *path, int flags, ...) OPEN(openat64, , at, path, flags, mode)

/* glibc's own allocator, by its own name: dlsym allocates, so it cannot be asked here. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
enum { LARGE = 64 * 1024 };
void *malloc(size_t n) {
  FAIL(MEMORY, n >= LARGE, ENOMEM, NULL);
  return __libc_malloc(n);
}
void *calloc(size_t n, size_t size) {
  FAIL(MEMORY, size && n >= LARGE / size, ENOMEM, NULL);
  return __libc_calloc(n, size);
}
void *realloc(void *old, size_t n) {
  FAIL(MEMORY, n >= LARGE, ENOMEM, NULL);
  return __libc_realloc(old, n);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  NEXT(pthread_create);
  if (board && board[THREADS] == '1' && happens(THREADS, CALLER)) return EAGAIN;
  return next(thread, attributes, run, argument);
}

static int64_t shift(void) {
  int64_t seconds = 0;
  if (board) memcpy(&seconds, (const char *)board + CLOCK, sizeof seconds);
  return seconds;
}
int clock_gettime(clockid_t which, struct timespec *now) {
  NEXT(clock_gettime);
  const int code = next(which, now);
  if (code == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
  return code;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
int gettimeofday(struct timeval *now, void *zone) {
  NEXT(gettimeofday);
  const int code = next(now, zone);
  if (code == 0) now->tv_sec += shift();
  return code;
}
