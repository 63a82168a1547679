/* An MCP server that costs next to nothing, to measure proxies against.
 *
 * One thread, one epoll, HTTP/1.1 with keep-alive and pipelining. Every JSON-RPC request with an id is answered with
 * that id: `server/discover` and `initialize` with what a client needs to go on, everything else with a tool result of
 * a given size, as JSON or as a stream of events. Nothing else is checked: the proxies do that.
 *
 *   backend [--port N] [--size BYTES] [--events N] [--delay MILLISECONDS]
 *
 * Listens on 127.0.0.1 only and says where, as one JSON line, when it is ready. Ends on SIGTERM or SIGINT. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRST_BUFFER = 4096,         /* bytes kept for a connection's requests at first */
    LARGEST_REQUEST = 8 << 20,   /* bytes of head and body; more ends the connection */
    LARGEST_ANSWER = 64 << 20,   /* bytes that --size may ask for */
    LARGEST_ID = 256,            /* bytes of an id as it stands in the request */
    LARGEST_EVENTS = 100000,     /* that --events may ask for */
    EVENTS_PER_WAIT = 256,
    FOREVER = -1,
};

/* Bytes that somebody else owns. */
struct slice {
    const char *start;
    size_t length;
};

/* What is looked at in a request. */
struct request {
    struct slice id;     /* as it stands, quotes included; empty for notifications */
    struct slice method; /* without quotes */
    bool is_get;
    bool closes; /* the client wants the connection closed after the answer */
};

struct connection {
    int fd;
    bool is_closing;  /* close once all is written */
    bool is_delayed;  /* waits in the queue of delayed answers */
    bool waits_to_write;
    char *in;         /* what has arrived and is not yet answered */
    size_t in_length, in_capacity;
    char *out;        /* what the socket would not take at once */
    size_t out_length, out_sent;
    char id[LARGEST_ID]; /* of the delayed answer */
    size_t id_length;
    int64_t due;      /* when the delayed answer goes out, in nanoseconds */
    struct connection *next;
};

static size_t answer_size = 400;
static unsigned event_count = 0;
static int64_t delay = 0; /* nanoseconds */

/* The part of the tool's answer behind the id, made once. */
static char *tail;
static size_t tail_length;

/* All delays are equal, so the queue is in the order of `due`. */
static struct connection *delayed_first, *delayed_last;

static int poller;
static volatile sig_atomic_t is_stopping;

static const char BODY_START[] = "{\"jsonrpc\":\"2.0\",\"id\":";
static const char SERVER_INFO[] = "{\"name\":\"bench-backend\",\"version\":\"1\"}";

static void stop(int signal_number) {
    (void)signal_number;
    is_stopping = 1;
}

static void fail(const char *what) {
    perror(what);
    exit(69);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool equals(struct slice bytes, const char *text) {
    return bytes.length == strlen(text) && memcmp(bytes.start, text, bytes.length) == 0;
}

/* ---- Answers ---------------------------------------------------------------------------------------------------- */

static void make_tail(void) {
    static const char before[] =
        ",\"result\":{\"resultType\":\"complete\",\"content\":[{\"type\":\"text\",\"text\":\"";
    static const char after[] = "\"}],\"isError\":false}}";
    const size_t id_digits = 12; /* what the drivers send; other ids change the size by as much as they differ */
    const size_t fixed = sizeof BODY_START - 1 + id_digits + sizeof before - 1 + sizeof after - 1;
    const size_t padding = answer_size > fixed ? answer_size - fixed : 0;
    tail_length = sizeof before - 1 + padding + sizeof after - 1;
    tail = malloc(tail_length + 1);
    if (tail == NULL) fail("answer");
    memcpy(tail, before, sizeof before - 1);
    memset(tail + sizeof before - 1, 'x', padding);
    memcpy(tail + sizeof before - 1 + padding, after, sizeof after);
}

/* Keeps what the socket has not taken and waits until it can. */
static bool keep_rest(struct connection *c, const struct iovec *parts, int count, size_t taken) {
    size_t total = 0;
    for (int i = 0; i < count; i++) total += parts[i].iov_len;
    char *grown = realloc(c->out, c->out_length + total - taken);
    if (grown == NULL) return false;
    c->out = grown;
    for (int i = 0; i < count; i++) {
        const size_t skipped = taken < parts[i].iov_len ? taken : parts[i].iov_len;
        taken -= skipped;
        memcpy(c->out + c->out_length, (const char *)parts[i].iov_base + skipped, parts[i].iov_len - skipped);
        c->out_length += parts[i].iov_len - skipped;
    }
    if (!c->waits_to_write) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP, .data.ptr = c};
        c->waits_to_write = epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event) == 0;
    }
    return c->waits_to_write;
}

/* Whether the connection lives on. */
static bool put(struct connection *c, struct iovec *parts, int count) {
    ssize_t taken = 0;
    if (c->out_length == 0) {
        taken = writev(c->fd, parts, count);
        if (taken < 0 && errno != EAGAIN && errno != EINTR) return false;
        if (taken < 0) taken = 0;
    }
    size_t total = 0;
    for (int i = 0; i < count; i++) total += parts[i].iov_len;
    return (size_t)taken == total || keep_rest(c, parts, count, (size_t)taken);
}

static bool put_text(struct connection *c, const char *text, size_t length) {
    struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = length};
    return put(c, &part, 1);
}

/* One JSON answer: head, start of the body, id, and the rest of the body. */
static bool answer_json(struct connection *c, struct slice id, const char *rest, size_t rest_length) {
    char start[LARGEST_ID + 256];
    const int length = snprintf(
        start, sizeof start, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s%.*s",
        sizeof BODY_START - 1 + id.length + rest_length, BODY_START, (int)id.length, id.start);
    struct iovec parts[2] = {
        {.iov_base = start, .iov_len = (size_t)length},
        {.iov_base = (void *)(uintptr_t)rest, .iov_len = rest_length},
    };
    return put(c, parts, 2);
}

/* A stream of `event_count` events, each flushed for itself as servers do, the last one with the result. */
static bool answer_stream(struct connection *c, struct slice id) {
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
        "X-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n";
    if (!put_text(c, head, sizeof head - 1)) return false;
    for (unsigned i = 1; i < event_count; i++) {
        char event[256], chunk[300];
        const int length = snprintf(
            event, sizeof event,
            "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
            "{\"progressToken\":\"bench\",\"progress\":%u,\"total\":%u}}\n\n", i, event_count);
        const int chunk_length = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", (unsigned)length, event);
        if (!put_text(c, chunk, (size_t)chunk_length)) return false;
    }
    static const char field[] = "event: message\ndata: ";
    char start[LARGEST_ID + 128];
    const size_t size = sizeof field - 1 + sizeof BODY_START - 1 + id.length + tail_length + 2;
    const int length = snprintf(
        start, sizeof start, "%zx\r\n%s%s%.*s", size, field, BODY_START, (int)id.length, id.start);
    static const char end[] = "\n\n\r\n0\r\n\r\n";
    struct iovec parts[3] = {
        {.iov_base = start, .iov_len = (size_t)length},
        {.iov_base = tail, .iov_len = tail_length},
        {.iov_base = (void *)(uintptr_t)end, .iov_len = sizeof end - 1},
    };
    return put(c, parts, 3);
}

static bool answer_tool(struct connection *c, struct slice id) {
    return event_count > 0 ? answer_stream(c, id) : answer_json(c, id, tail, tail_length);
}

static bool answer_later(struct connection *c, struct slice id) {
    memcpy(c->id, id.start, id.length);
    c->id_length = id.length;
    c->is_delayed = true;
    c->due = now() + delay;
    c->next = NULL;
    if (delayed_last != NULL) delayed_last->next = c;
    else delayed_first = c;
    delayed_last = c;
    return true;
}

static bool answer(struct connection *c, const struct request *request) {
    if (request->is_get) {
        static const char healthy[] =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}";
        return put_text(c, healthy, sizeof healthy - 1);
    }
    if (request->id.length == 0) {
        static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
        return put_text(c, accepted, sizeof accepted - 1);
    }
    char rest[512];
    int length = 0;
    if (equals(request->method, "server/discover")) {
        length = snprintf(
            rest, sizeof rest,
            ",\"result\":{\"resultType\":\"complete\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":%s},"
            "\"supportedVersions\":[\"2026-07-28\",\"2025-11-25\"],\"capabilities\":{\"tools\":{}},\"ttlMs\":0,"
            "\"cacheScope\":\"public\"}}", SERVER_INFO);
    } else if (equals(request->method, "initialize")) {
        length = snprintf(
            rest, sizeof rest,
            ",\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},\"serverInfo\":%s}}",
            SERVER_INFO);
    }
    if (length > 0) return answer_json(c, request->id, rest, (size_t)length);
    return delay > 0 ? answer_later(c, request->id) : answer_tool(c, request->id);
}

/* ---- Requests --------------------------------------------------------------------------------------------------- */

static const char *skip_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) p++;
    return p;
}

/* The closing quote of the string that begins behind `p`, or `end`. */
static const char *string_end(const char *p, const char *end) {
    while (p < end) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        if (quote == NULL) return end;
        const char *slash = quote;
        while (slash > p && slash[-1] == '\\') slash--;
        if ((quote - slash) % 2 == 0) return quote;
        p = quote + 1;
    }
    return end;
}

/* Finds `id` and `method` among the outermost members. */
static void read_body(const char *p, const char *end, struct request *request) {
    int depth = 0;
    while (p < end) {
        const char c = *p++;
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') depth--;
        if (c != '"') continue;
        const struct slice name = {p, (size_t)(string_end(p, end) - p)};
        p = name.start + name.length;
        if (p < end) p++;
        if (depth != 1) continue;
        p = skip_space(p, end);
        if (p == end || *p != ':') continue;
        p = skip_space(p + 1, end);
        const char *start = p;
        if (p < end && *p == '"') {
            p = string_end(p + 1, end);
            if (p < end) p++;
            if (equals(name, "method") && p - start >= 2) request->method = (struct slice){start + 1, (size_t)(p - start - 2)};
        } else if (equals(name, "id")) {
            while (p < end && *p != ',' && *p != '}' && *p != ' ') p++;
        }
        if (equals(name, "id")) request->id = (struct slice){start, (size_t)(p - start)};
    }
}

/* The value of a field, or an empty slice. */
static struct slice field(const char *p, const char *end, const char *name) {
    const size_t length = strlen(name);
    while (p < end) {
        const char *line = memchr(p, '\n', (size_t)(end - p));
        if (line == NULL) break;
        if ((size_t)(line - p) > length && p[length] == ':' && strncasecmp(p, name, length) == 0) {
            const char *start = skip_space(p + length + 1, line);
            const char *stop = line;
            while (stop > start && (stop[-1] == '\r' || stop[-1] == ' ')) stop--;
            return (struct slice){start, (size_t)(stop - start)};
        }
        p = line + 1;
    }
    return (struct slice){p, 0};
}

/* Bytes of the first whole request of the buffer; 0: not all has come; -1: not for us. */
static ssize_t read_request(const char *bytes, size_t length, struct request *request) {
    const char *head_end = memmem(bytes, length, "\r\n\r\n", 4);
    if (head_end == NULL) return 0;
    head_end += 4;
    size_t body_length = 0;
    const struct slice value = field(bytes, head_end, "content-length");
    for (size_t i = 0; i < value.length; i++) {
        if (value.start[i] < '0' || value.start[i] > '9') return -1;
        body_length = body_length * 10 + (size_t)(value.start[i] - '0');
        if (body_length > LARGEST_REQUEST) return -1;
    }
    if (field(bytes, head_end, "transfer-encoding").length > 0) return -1;
    const size_t total = (size_t)(head_end - bytes) + body_length;
    if (length < total) return 0;
    *request = (struct request){.is_get = memcmp(bytes, "GET ", 4) == 0};
    const struct slice connection = field(bytes, head_end, "connection");
    request->closes = connection.length == 5 && strncasecmp(connection.start, "close", 5) == 0;
    read_body(head_end, head_end + body_length, request);
    return request->id.length > LARGEST_ID ? -1 : (ssize_t)total;
}

/* Answers all whole requests that have come. Whether the connection lives on. */
static bool serve(struct connection *c) {
    size_t used = 0;
    while (used < c->in_length && !c->is_delayed && !c->is_closing) {
        struct request request;
        const ssize_t length = read_request(c->in + used, c->in_length - used, &request);
        if (length < 0) return false;
        if (length == 0) break;
        c->is_closing = request.closes;
        if (!answer(c, &request)) return false;
        used += (size_t)length;
    }
    c->in_length -= used;
    if (used > 0 && c->in_length > 0) memmove(c->in, c->in + used, c->in_length);
    return !c->is_closing || c->out_length > 0 || c->is_delayed;
}

/* ---- Sockets ---------------------------------------------------------------------------------------------------- */

static void end_connection(struct connection *c) {
    if (c->is_delayed) {
        struct connection **link = &delayed_first;
        struct connection *previous = NULL;
        while (*link != c) {
            previous = *link;
            link = &previous->next;
        }
        *link = c->next;
        if (delayed_last == c) delayed_last = previous;
    }
    close(c->fd);
    free(c->in);
    free(c->out);
    free(c);
}

static void accept_all(int listener) {
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        struct connection *c = calloc(1, sizeof *c);
        char *in = malloc(FIRST_BUFFER);
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
        if (c == NULL || in == NULL || epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) {
            close(fd);
            free(in);
            free(c);
            continue;
        }
        c->fd = fd;
        c->in = in;
        c->in_capacity = FIRST_BUFFER;
    }
}

/* Whether the connection lives on. */
static bool receive(struct connection *c) {
    if (c->in_length == c->in_capacity) {
        if (c->in_capacity >= LARGEST_REQUEST) return false;
        char *grown = realloc(c->in, c->in_capacity * 2);
        if (grown == NULL) return false;
        c->in = grown;
        c->in_capacity *= 2;
    }
    const ssize_t count = read(c->fd, c->in + c->in_length, c->in_capacity - c->in_length);
    if (count == 0) return false;
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    c->in_length += (size_t)count;
    return serve(c);
}

/* Whether the connection lives on. */
static bool send_rest(struct connection *c) {
    const ssize_t count = write(c->fd, c->out + c->out_sent, c->out_length - c->out_sent);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    c->out_sent += (size_t)count;
    if (c->out_sent < c->out_length) return true;
    free(c->out);
    c->out = NULL;
    c->out_length = c->out_sent = 0;
    c->waits_to_write = false;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
    return epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event) == 0 && !c->is_closing;
}

/* Sends the answers whose delay is over; returns the milliseconds until the next one. */
static int send_delayed(void) {
    while (delayed_first != NULL) {
        struct connection *c = delayed_first;
        const int64_t left = c->due - now();
        if (left > 0) return (int)((left + 999999) / 1000000);
        delayed_first = c->next;
        if (delayed_first == NULL) delayed_last = NULL;
        c->is_delayed = false;
        if (!answer_tool(c, (struct slice){c->id, c->id_length}) || !serve(c)) end_connection(c);
    }
    return FOREVER;
}

static int listen_on(unsigned port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, length) < 0) fail("bind");
    if (listen(fd, 4096) < 0) fail("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
    printf("{\"message\":\"listening\",\"listener\":\"mcp\",\"address\":\"127.0.0.1:%u\"}\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

/* The number behind an option, or the end of the program. */
static unsigned long number(const char *name, const char *text, unsigned long largest) {
    char *end = NULL;
    errno = 0;
    const unsigned long value = text == NULL ? 0 : strtoul(text, &end, 10);
    if (text == NULL || *text < '0' || *text > '9' || *end != '\0' || errno != 0 || value > largest) {
        fprintf(stderr, "%s takes a number from 0 to %lu\n", name, largest);
        exit(64);
    }
    return value;
}

int main(int count, char **arguments) {
    unsigned port = 0;
    for (int i = 1; i < count; i += 2) {
        const char *name = arguments[i], *value = arguments[i + 1];
        if (strcmp(name, "--port") == 0) port = (unsigned)number(name, value, 65535);
        else if (strcmp(name, "--size") == 0) answer_size = number(name, value, LARGEST_ANSWER);
        else if (strcmp(name, "--events") == 0) event_count = (unsigned)number(name, value, LARGEST_EVENTS);
        else if (strcmp(name, "--delay") == 0) delay = (int64_t)number(name, value, 3600000) * 1000000;
        else {
            fprintf(stderr, "usage: backend [--port N] [--size BYTES] [--events N] [--delay MILLISECONDS]\n");
            return 64;
        }
    }
    signal(SIGPIPE, SIG_IGN);
    const struct sigaction stopping = {.sa_handler = stop};
    sigaction(SIGTERM, &stopping, NULL);
    sigaction(SIGINT, &stopping, NULL);
    make_tail();

    poller = epoll_create1(EPOLL_CLOEXEC);
    if (poller < 0) fail("epoll");
    const int listener = listen_on(port);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0) fail("epoll");

    struct epoll_event events[EVENTS_PER_WAIT];
    while (!is_stopping) {
        const int ready = epoll_wait(poller, events, EVENTS_PER_WAIT, send_delayed());
        for (int i = 0; i < ready; i++) {
            struct connection *c = events[i].data.ptr;
            if (c == NULL) {
                accept_all(listener);
                continue;
            }
            bool lives = (events[i].events & (EPOLLERR | EPOLLHUP)) == 0;
            if (lives && (events[i].events & EPOLLOUT) != 0) lives = send_rest(c);
            if (lives && (events[i].events & (EPOLLIN | EPOLLRDHUP)) != 0) lives = receive(c);
            if (!lives) end_connection(c);
        }
    }
    return 0;
}
