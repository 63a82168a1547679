import Foundation
import NIOCore
import Redis
import TestCertificates
import Testing
import Wire

@Suite(.needsRedis, .timeLimit(.minutes(5))) struct RedisTLSTests {
    private func server(_ certificates: Certificates, _ more: [String] = []) async throws -> RedisServer {
        try await RedisServer.start(
            [
                "--tls-cert-file", certificates.certificate, "--tls-key-file", certificates.key,
                "--tls-ca-cert-file", certificates.authority, "--port", "0",
            ] + (more.isEmpty ? ["--tls-auth-clients", "no"] : more), isSealed: true)
    }

    private func options(_ server: RedisServer, host: String, _ tls: RedisTLS) -> RedisOptions {
        var options = RedisOptions.patient(RedisURL(.tcp(host: host, port: server.port), usesTLS: true))
        options.tls = tls
        return options
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `seals the connection and checks the server`(host: String) async throws {
        let certificates = try Certificates(names: "DNS:localhost,IP:127.0.0.1")
        let server = try await server(certificates)
        let test = try await TestClient.connected(
            options(server, host: host, RedisTLS(authorityFile: certificates.authority)))
        let long = String(repeating: "x", count: 300_000)
        #expect(try await test.text(.set("key", to: long, for: .seconds(10))) == "OK")
        #expect(try await test.text(.get("key")) == long)
        await test.client.shutdown()
    }

    @Test func `does not talk to a server that it does not know, or that is another one`() async throws {
        let certificates = try Certificates(names: "DNS:redis.example")
        let server = try await server(certificates)
        for tls in [
            RedisTLS(), RedisTLS(authorityFile: certificates.stranger), RedisTLS(authorityFile: certificates.authority),
            RedisTLS(authorityFile: certificates.authority, serverName: "localhost"),
        ] {
            let test = try await TestClient.start(options(server, host: "127.0.0.1", tls))
            try await eventually("it has tried twice") { test.count(.unavailable) > 1 }
            #expect(!test.client.status.isUp)
            await test.client.shutdown()
        }
        let named = RedisTLS(authorityFile: certificates.authority, serverName: "redis.example")
        let test = try await TestClient.connected(options(server, host: "127.0.0.1", named))
        await test.client.shutdown()
    }

    @Test func `shows a certificate of its own`() async throws {
        let certificates = try Certificates(names: "IP:127.0.0.1")
        let server = try await server(certificates, ["--tls-auth-clients", "yes"])
        let tls = RedisTLS(
            authorityFile: certificates.authority, certificateFile: certificates.certificate, keyFile: certificates.key)
        let test = try await TestClient.connected(options(server, host: "127.0.0.1", tls))
        #expect(try await test.send(.get("key")) == .null)
        await test.client.shutdown()
        // The same, the key having been read by somebody else.
        let key = try Array(Data(contentsOf: URL(filePath: certificates.key)))
        let read = RedisTLS(
            authorityFile: certificates.authority, certificateFile: certificates.certificate, key: key)
        #expect(!"\(read) \(String(reflecting: read))".contains("\(key[40]), \(key[41])"))
        let second = try await TestClient.connected(options(server, host: "127.0.0.1", read))
        await second.client.shutdown()
        let anonymous = try await TestClient.start(
            options(server, host: "127.0.0.1", RedisTLS(authorityFile: certificates.authority)))
        try await eventually("it has tried twice") {
            anonymous.count(.unavailable) + anonymous.count(.connectionLost) > 1
        }
        #expect(!anonymous.client.status.isUp)
        await anonymous.client.shutdown()
    }

    @Test func `says which file cannot be used`() async throws {
        let certificates = try Certificates(names: "IP:127.0.0.1")
        let samples: [(RedisTLS, String)] = [
            (RedisTLS(authorityFile: "/nonexistent"), "authority_file /nonexistent cannot be used: "),
            (RedisTLS(authorityFile: certificates.key), "authority_file \(certificates.key) cannot be used: "),
            (
                RedisTLS(certificateFile: certificates.certificate),
                "certificate_file \(certificates.certificate) cannot"
            ),
            (
                RedisTLS(certificateFile: certificates.certificate, key: Array("no key".utf8)),
                "key_file  cannot be used: "
            ),
            (RedisTLS(keyFile: certificates.key), "key_file \(certificates.key) cannot be used: a certificate needs"),
            (
                RedisTLS(certificateFile: certificates.certificate, keyFile: certificates.authority),
                "key_file \(certificates.authority) cannot be used: "
            ),
        ]
        for (tls, beginning) in samples {
            let error = await #expect(throws: RedisTLSError.self) {
                let url = RedisURL(.tcp(host: "127.0.0.1", port: 1), usesTLS: true)
                _ = try await TestClient.start(RedisOptions(url, tls: tls))
            }
            #expect(error.map { "\($0)".hasPrefix(beginning) } == true, "\(error.map { "\($0)" } ?? "no error")")
        }
    }
}
