import Redis

extension ConfigurationValue where Value == RedisURL {
    /// Where a Redis is. User and password have keys of their own, so that no secret stands in the file.
    static var redisURL: Self {
        let apart = ConfigurationTextError("must not contain a user or a password: they are keys of their own")
        return .text(.text(.redisURL), must: "must be a URL such as redis://redis:6379") {
            text throws(ConfigurationTextError) in
            let url: RedisURL
            do throws(RedisURLError) {
                url = try RedisURL(text)
            } catch {
                switch error.part {
                case .userinfo: throw apart
                case .scheme:
                    let isBare = (try? RedisURL.address(text[...])) != nil && text.contains(":")
                    throw ConfigurationTextError(
                        "must begin with redis://, rediss:// or unix:",
                        suggestion: isBare && !text.contains("@") ? "redis://\(text)" : nil)
                case .host, .port, .database, .path, .query:
                    throw ConfigurationTextError(text.contains("@") ? apart.message : "\(error)")
                }
            }
            guard url.credentials == nil else { throw apart }
            return url
        } text: {
            "\($0)"
        }
    }
}

extension ConfigurationValue where Value == [RedisAddress] {
    /// Where more servers are.
    static var redisAddresses: Self {
        .list(of: .redisAddress, 0...100, from: .tcp(host: "", port: 0), distinctBy: { "\($0)" })
    }
}

extension ConfigurationValue where Value == RedisAddress {
    /// A host, and a port if it is not the usual one.
    fileprivate static var redisAddress: Self {
        .text(.text(.redisAddress), must: "must be a host with its port, such as redis-2:6379") {
            text throws(ConfigurationTextError) in
            do throws(RedisURLError) {
                return try RedisURL.address(text[...])
            } catch {
                throw ConfigurationTextError()
            }
        } text: {
            "\($0)"
        }
    }
}
