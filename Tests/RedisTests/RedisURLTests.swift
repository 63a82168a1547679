import Redis
import Testing

struct RedisURLTests {
    private func tcp(_ host: String, _ port: Int = 6_379) -> RedisAddress { .tcp(host: host, port: port) }

    @Test func `reads what it should`() throws {
        let samples: [(String, RedisURL)] = [
            ("redis://localhost", RedisURL(tcp("localhost"))),
            ("redis://localhost/", RedisURL(tcp("localhost"))),
            ("REDIS://Example.COM:1", RedisURL(tcp("example.com", 1))),
            ("redis://10.0.0.1:65535/15", RedisURL(tcp("10.0.0.1", 65_535), database: 15)),
            ("redis://my_redis?db=3", RedisURL(tcp("my_redis"), database: 3)),
            ("redis://[::1]", RedisURL(tcp("::1"))),
            ("rediss://[fe80::1%eth0]:7/2", RedisURL(tcp("fe80::1%eth0", 7), usesTLS: true, database: 2)),
            ("redis://:pw@h", RedisURL(tcp("h"), credentials: RedisCredentials(password: "pw"))),
            (
                "rediss://us%40er:p%2Fw%3a@h:9/4",
                RedisURL(
                    tcp("h", 9), usesTLS: true, credentials: RedisCredentials(username: "us@er", password: "p/w:"),
                    database: 4)
            ),
            ("redis://u:a:b@h", RedisURL(tcp("h"), credentials: RedisCredentials(username: "u", password: "a:b"))),
            ("redis://u:a@b@h", RedisURL(tcp("h"), credentials: RedisCredentials(username: "u", password: "a@b"))),
            ("unix:/run/redis.sock", RedisURL(.unix(path: "/run/redis.sock"))),
            ("unix:///run/re%20dis.sock?db=5", RedisURL(.unix(path: "/run/re dis.sock"), database: 5)),
            (
                "unix://u:p@/run/r.sock?db=1",
                RedisURL(
                    .unix(path: "/run/r.sock"), credentials: RedisCredentials(username: "u", password: "p"), database: 1
                )
            ),
        ]
        for (text, url) in samples { #expect(try RedisURL(text) == url, "\(text)") }
    }

    @Test(arguments: [
        ("", "the scheme of a Redis URL must be redis://, rediss:// or unix:, as in redis://localhost:6379"),
        (
            "localhost:6379",
            "the scheme of a Redis URL must be redis://, rediss:// or unix:, as in redis://localhost:6379"
        ),
        (
            "redis:localhost",
            "the scheme of a Redis URL must be redis://, rediss:// or unix:, as in redis://localhost:6379"
        ),
        ("http://h", "the scheme of a Redis URL must be redis://, rediss:// or unix:, as in redis://localhost:6379"),
        ("redis://", "the host of a Redis URL must be a name or an IP address, IPv6 in brackets"),
        ("redis://:6379", "the host of a Redis URL must be a name or an IP address, IPv6 in brackets"),
        ("redis://a b", "the host of a Redis URL must be a name or an IP address, IPv6 in brackets"),
        ("redis://::1", "the host of a Redis URL must be a name or an IP address, IPv6 in brackets"),
        ("redis://[::1", "the host of a Redis URL must have a ] behind an IPv6 address"),
        ("redis://[localhost]", "the host of a Redis URL must have an IPv6 address between brackets"),
        ("redis://[::1]x", "the host of a Redis URL must have nothing but a port behind the ]"),
        ("redis://h:", "the port of a Redis URL must be a number 1…65535"),
        ("redis://h:0", "the port of a Redis URL must be a number 1…65535"),
        ("redis://h:65536", "the port of a Redis URL must be a number 1…65535"),
        ("redis://h:+1", "the port of a Redis URL must be a number 1…65535"),
        ("redis://h/x", "the database of a Redis URL must be a number 0…99999"),
        ("redis://h/1/2", "the database of a Redis URL must be a number 0…99999"),
        ("redis://h/-1", "the database of a Redis URL must be a number 0…99999"),
        ("redis://h/1?db=1", "the database of a Redis URL must be named once: in the path or as ?db="),
        ("redis://h?x=1", "the query of a Redis URL must be db=NUMBER; ? in a password is written %3F"),
        ("redis://h?db=1&x=2", "the query of a Redis URL must be db=NUMBER; ? in a password is written %3F"),
        ("redis://h?db=", "the database of a Redis URL must be a number 0…99999"),
        ("redis://h#f", "the query of a Redis URL must not be followed by a fragment; # in a password is written %23"),
        (
            "redis://secret@h",
            "the user and password of a Redis URL must be USER:PASSWORD@, or :PASSWORD@ for the default user"
        ),
        ("redis://u:@h", "the user and password of a Redis URL must have a password behind the colon"),
        (
            "redis://u:secret%2@h",
            "the user and password of a Redis URL must be percent-encoded: two hexadecimal digits behind each %"
        ),
        ("unix:redis.sock", "the path of a Redis URL must begin with /, as in unix:/run/redis.sock"),
        ("unix://host/redis.sock", "the path of a Redis URL must begin with /, as in unix:/run/redis.sock"),
        ("unix:/", "the path of a Redis URL must begin with /, as in unix:/run/redis.sock"),
        ("unix:/a%zz", "the path of a Redis URL must have two hexadecimal digits behind each %, and no NUL"),
        ("unix:/a%00", "the path of a Redis URL must have two hexadecimal digits behind each %, and no NUL"),
        ("unix:/" + String(repeating: "a", count: 103), "the path of a Redis URL must have at most 103 bytes"),
    ])
    func `says what is wrong with a part`(text: String, message: String) {
        let error = #expect(throws: RedisURLError.self) { try RedisURL(text) }
        #expect(error?.description == message)
    }

    @Test func `never shows a password`() throws {
        for text in ["redis://us:hunter2@h:1/2", "unix://:hunter2@/run/x", "rediss://:hunter2@h"] {
            let url = try RedisURL(text)
            var dumped = ""
            dump(url, to: &dumped)
            for shown in [
                "\(url)", String(reflecting: url), "\([url])", dumped, "\(String(describing: url.credentials))",
            ] {
                #expect(!shown.contains("hunter2"))
            }
        }
        #expect("\(try RedisURL("redis://us:hunter2@h:1/2"))" == "redis://us:<redacted>@h:1/2")
        #expect("\(try RedisURL("unix://:hunter2@/run/x"))" == "unix://default:<redacted>@/run/x?db=0")
        for text in [
            "redis://u:hunter2@h:x", "redis://hunter2@h", "redis://:hunter2?@h", "x:hunter2", "redis://h/hunter2",
        ] {
            let error = #expect(throws: RedisURLError.self) { try RedisURL(text) }
            #expect(error.map { !"\($0)".contains("hunter2") } == true)
        }
    }
}
