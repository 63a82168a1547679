import Foundation
import NIOCore
import Redis
import TestCertificates
import Testing
import Transport
import Wire

@Suite(.needsRedis, .timeLimit(.minutes(5))) struct RedisTLSTests {
    private func server(_ certificates: Certificates, _ more: [String] = []) async throws -> RedisServer {
        try await RedisServer.start(
            [
                "--tls-cert-file", certificates.certificate, "--tls-key-file", certificates.key,
                "--tls-ca-cert-file", certificates.authority, "--port", "0",
            ] + (more.isEmpty ? ["--tls-auth-clients", "no"] : more), isSealed: true)
    }

    private func options(_ server: RedisServer, host: String, _ tls: ClientTLS?) -> RedisOptions {
        var options = RedisOptions.patient(RedisURL(.tcp(host: host, port: server.port), usesTLS: true))
        options.tls = tls
        return options
    }

    /// What trusts the certificates in a file; what shows a certificate, too, if `identity` is given.
    private func tls(
        _ certificates: Certificates, trusting authority: String? = nil, name: String? = nil,
        identity: TLSIdentity? = nil
    ) throws -> ClientTLS {
        try ClientTLS(
            authorities: try certificates.contents(of: authority ?? certificates.authority), identity: identity,
            serverName: name)
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func `seals the connection and checks the server`(host: String) async throws {
        let certificates = try Certificates(names: "DNS:localhost,IP:127.0.0.1")
        let server = try await server(certificates)
        let test = try await TestClient.connected(options(server, host: host, try tls(certificates)))
        let long = String(repeating: "x", count: 300_000)
        #expect(try await test.text(.set("key", to: long, for: .seconds(10))) == "OK")
        #expect(try await test.text(.get("key")) == long)
        await test.client.shutdown()
    }

    @Test func `does not talk to a server that it does not know, or that is another one`() async throws {
        let certificates = try Certificates(names: "DNS:redis.example,IP:127.0.0.1")
        let server = try await server(certificates)
        for tls in [
            nil, try tls(certificates, trusting: certificates.stranger), try tls(certificates, name: "localhost"),
        ] {
            let test = try await TestClient.start(options(server, host: "127.0.0.1", tls))
            try await eventually("it has tried twice") { test.count(.unavailable) + test.count(.connectionLost) > 1 }
            #expect(!test.client.status.isUp)
            await test.client.shutdown()
        }
        let test = try await TestClient.connected(
            options(server, host: "127.0.0.1", try tls(certificates, name: "redis.example")))
        await test.client.shutdown()
    }

    @Test func `shows a certificate of its own`() async throws {
        let certificates = try Certificates(names: "IP:127.0.0.1")
        let server = try await server(certificates, ["--tls-auth-clients", "yes"])
        let identity = TLSIdentity(
            chain: try certificates.contents(of: certificates.certificate),
            key: try certificates.contents(of: certificates.key))
        let test = try await TestClient.connected(
            options(server, host: "127.0.0.1", try tls(certificates, identity: identity)))
        #expect(try await test.send(.get("key")) == .null)
        await test.client.shutdown()
        let anonymous = try await TestClient.start(options(server, host: "127.0.0.1", try tls(certificates)))
        try await eventually("it has tried twice") {
            anonymous.count(.unavailable) + anonymous.count(.connectionLost) > 1
        }
        #expect(!anonymous.client.status.isUp)
        await anonymous.client.shutdown()
    }

    @Test func `connects with what it is given while it runs`() async throws {
        let certificates = try Certificates(names: "IP:127.0.0.1")
        let server = try await server(certificates)
        let test = try await TestClient.start(
            options(server, host: "127.0.0.1", try tls(certificates, trusting: certificates.stranger)))
        try await eventually("it has tried twice") { test.count(.unavailable) + test.count(.connectionLost) > 1 }
        #expect(!test.client.status.isUp)
        test.client.replaceTLS(with: try tls(certificates))
        try await eventually("it is connected") { test.client.status.isUp }
        await test.client.shutdown()
    }
}
