/* What Glibc's module map leaves out, and macros that Swift cannot import. */
#ifndef CLINUX_H
#define CLINUX_H
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict length, int flags);
int fallocate(int fd, int mode, off_t offset, off_t length);

static inline int clinux_epoll_set(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event e;
    e.events = events;
    e.data.u64 = token;
    return epoll_ctl(epoll, operation, fd, &e);
}

/* Waits and unpacks into two plain arrays; -1 with errno as epoll_wait. */
static inline int clinux_epoll_wait(int epoll, uint32_t *events, uint64_t *tokens, int capacity, int timeout) {
    struct epoll_event list[128];
    if (capacity > 128) capacity = 128;
    int n = epoll_wait(epoll, list, capacity, timeout);
    for (int i = 0; i < n; i++) {
        events[i] = list[i].events;
        tokens[i] = list[i].data.u64;
    }
    return n;
}

int pthread_setname_np(pthread_t thread, const char *name);
static inline void clinux_name_thread(pthread_t thread, const char *name) {
    char shortened[16];
    snprintf(shortened, sizeof shortened, "%s", name);
    pthread_setname_np(thread, shortened);
}

static inline int clinux_open(const char *path, int flags, int mode) { return open(path, flags | O_CLOEXEC, mode); }
static inline int clinux_try_lock(int fd) { return flock(fd, LOCK_EX | LOCK_NB); }

/* 0, or -1 with errno. Port in host order; *bound gets the real one. */
static inline int clinux_listen(const char *host, uint16_t port, int backlog, uint16_t *bound, int *fd_out) {
    struct addrinfo hints = {0}, *list = 0;
    char service[8];
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    snprintf(service, sizeof service, "%u", (unsigned)port);
    if (getaddrinfo(host, service, &hints, &list) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int fd = socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0) {
        freeaddrinfo(list);
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, list->ai_addr, list->ai_addrlen) != 0 || listen(fd, backlog) != 0) {
        int saved = errno;
        freeaddrinfo(list);
        close(fd);
        errno = saved;
        return -1;
    }
    freeaddrinfo(list);
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &length);
    *bound = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                 : ((struct sockaddr_in *)&address)->sin_port);
    *fd_out = fd;
    return 0;
}

static inline int clinux_accept(int fd) {
    int client = accept4(fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC), one = 1;
    if (client >= 0) setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return client;
}

static inline ssize_t clinux_send(int fd, const void *data, size_t count) {
    return send(fd, data, count, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Blocks SIGTERM and SIGINT in this and all later threads; they arrive on the descriptor. */
static inline int clinux_signal_descriptor(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, 0);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static inline int clinux_cpu_is_supported(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma");
#else
    return 1;
#endif
}
#endif
