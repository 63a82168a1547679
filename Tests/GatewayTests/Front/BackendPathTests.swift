import Resilience
import Testing

@testable import Gateway

@Suite struct `The path of an order to a backend` {
    private let pools: [PoolPlan]

    init() {
        let places = [("10.0.0.1", "/mcp"), ("10.0.0.2", "/a"), ("10.0.0.2", "/b")]
        let backends = places.map { host, path in
            BackendConfiguration(url: EndpointURL(scheme: .http, host: host, port: 9_000, path: path))
        }
        pools = ["tools", "other"].map { name in
            PoolPlan(PoolConfiguration(name: name, backends: backends)) { _ in
                BackendStatus(CircuitBreaker.Configuration(), shardCount: 1, seed: 1, at: .zero)
            }
        }
    }

    private func path(_ text: String) throws -> BackendPath? { try BackendPath(text, in: pools) }

    private func complaint(_ text: String) -> String? {
        do {
            _ = try path(text)
            return nil
        } catch {
            return (error as? BackendPath.Complaint)?.text
        }
    }

    @Test(arguments: BackendOrder.allCases) func `names pool, backend and order`(order: BackendOrder) throws {
        let short = try #require(try path("/backends/tools/10.0.0.1:9000/\(order.rawValue)"))
        #expect(short.pool == "tools" && short.order == order && short.backend === pools[0].backends[0])
        let long = try #require(try path("/backends/other/http%3A%2f%2F10.0.0.2%3a9000%2Fb/\(order.rawValue)"))
        #expect(long.pool == "other" && long.backend === pools[1].backends[2])
    }

    @Test func `is not every path`() throws {
        for text in ["", "/", "/backend", "backends/tools/10.0.0.1:9000/drain", "/x/backends"] {
            #expect(try path(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("/backends", "the path must be"), ("/backends/tools/10.0.0.1:9000", "the path must be"),
        ("/backends/tools/10.0.0.1:9000/drain/", "the path must be"),
        ("/backends/tolls/10.0.0.1:9000/drain", "there are tools, other"),
        ("/backends/tools/10.0.0.1:9000/stop", "drain|resume|open|close|reset"),
        ("/backends/tools/10.0.0.9:9000/drain", "it has 10.0.0.1:9000"),
        ("/backends/tools/10.0.0.1%3/drain", "no such backend"), ("/backends/tools/%FF/drain", "no such backend"),
        ("/backends/tools/%+1/drain", "no such backend"),
        ("/backends/tools/10.0.0.2:9000/drain", "give the whole URL"),
    ])
    func `says what is wrong with it`(text: String, reason: String) {
        #expect(complaint(text)?.contains(reason) == true, "\(complaint(text) ?? "nothing")")
    }
}
