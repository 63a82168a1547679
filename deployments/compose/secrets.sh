#!/bin/sh
# Makes the secrets of docker-compose.yml, into the volume /run/secrets: what lies in /given is taken, what does not is made at
# random when it is missing. Runs at every start, and changes nothing when nothing has changed.
#
# Each file is for one user only; those of the services are told apart by number: 1000 gateway, 999 Redis, 472 Grafana.
set -eu
umask 077
cd /run/secrets

# put OWNER NAME: what comes in, as a file that only its owner can read; whole or not at all.
put() {
    cat >".$2"
    chmod 400 ".$2"
    chown "$1:$1" ".$2"
    mv ".$2" "$2"
}

# secret OWNER NAME
secret() {
    if [ -s "/given/$2" ]; then
        # Editors end a file with a new line; it is no part of the secret.
        tr -d '\r\n' <"/given/$2" | put "$1" "$2"
        echo "$2: as given"
    elif [ -s "$2" ]; then
        echo "$2: as it was"
    else
        head -c 48 /dev/urandom | base64 -w 0 | tr '+/' '-_' | put "$1" "$2"
        echo "$2: made"
    fi
}

secret 1000 session_key
secret 1000 redis_password
secret 472 grafana_password

# Redis knows only the digest of the password. The gateway may do what docs/shared-state.md lists, to its own keys; who has not
# said who he is may ask whether Redis is there.
digest=$(tr -d '\r\n' <redis_password | sha256sum | cut -d ' ' -f 1)
put 999 redis_users.acl <<END
user default on nopass resetkeys resetchannels -@all +ping
user gateway on #$digest resetkeys ~gw:* resetchannels &gw:generations -@all +@connection +eval +evalsha +get +mget +set +del +time +zadd +zrem +zcard +zremrangebyscore +pexpire +hget +hgetall +hset +publish +subscribe
END
