// What a GET costs with hiredis: CPU time of this process per command, COUNT commands in batches of CONCURRENCY.
//
// usage: hiredis-cost SOCKET|PORT CONCURRENCY COUNT
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double user, sys, wall;

static void read_times(void) {
    struct rusage usage;
    struct timespec now;
    getrusage(RUSAGE_SELF, &usage);
    clock_gettime(CLOCK_MONOTONIC, &now);
    user = usage.ru_utime.tv_sec * 1e6 + usage.ru_utime.tv_usec;
    sys = usage.ru_stime.tv_sec * 1e6 + usage.ru_stime.tv_usec;
    wall = now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
    if (argc != 4) return 64;
    int concurrency = atoi(argv[2]), count = atoi(argv[3]), failures = 0;
    redisContext *redis = argv[1][0] == '/' ? redisConnectUnix(argv[1]) : redisConnect("127.0.0.1", atoi(argv[1]));
    if (redis == NULL || redis->err) return 1;
    char value[101];
    memset(value, 'x', 100);
    value[100] = 0;
    freeReplyObject(redisCommand(redis, "SET key:000 %s", value));
    for (int round = 0; round < 2; round++) {
        int total = round == 0 ? count / 10 : count;
        read_times();
        double user_before = user, sys_before = sys, wall_before = wall;
        for (int sent = 0; sent < total; sent += concurrency) {
            for (int i = 0; i < concurrency; i++) redisAppendCommand(redis, "GET %s", "key:000");
            for (int i = 0; i < concurrency; i++) {
                redisReply *reply = NULL;
                if (redisGetReply(redis, (void **)&reply) != REDIS_OK || reply->len != 100) failures++;
                freeReplyObject(reply);
            }
        }
        read_times();
        if (round == 1)
            printf("%.3f %.3f %.3f %d\n", (user - user_before) / total, (sys - sys_before) / total,
                   (wall - wall_before) / total, failures);
    }
    return 0;
}
