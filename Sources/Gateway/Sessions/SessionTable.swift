import NIOCore
import Transport
import Wire

/// The sessions that one shard has opened lately: it saves the unsealing and is never the truth.
///
/// Bounded by forgetting: two generations of at most 4,096 entries, the older of which is dropped when the younger is
/// full; an entry that is used again moves up. In the shard's region.
struct SessionTable {
    private struct Entry {
        var id: [UInt8]
        /// The credential with which it was used, so that the same one need not be hashed again; empty for none.
        var credential: [UInt8]
        var session: OpenSession
        var deadline: NIODeadline
    }

    private static let generationSize = 4_096

    private let sealer: SessionSealer
    private let seed: UInt64
    private let wallClock: @Sendable () -> Int64
    private var young: [UInt64: Entry] = [:]
    private var old: [UInt64: Entry] = [:]

    init(sealer: SessionSealer, seed: UInt64, wallClock: @escaping @Sendable () -> Int64 = WallClock.seconds) {
        self.sealer = sealer
        self.seed = seed
        self.wallClock = wallClock
    }

    /// The session that `id` names, if it opens, has not expired and belongs to whoever presents `credential`.
    mutating func open(_ id: ByteView, credential: ByteView?, at now: NIODeadline) -> OpenSession? {
        let key = hash(id)
        if let entry = young[key] ?? promote(key), id.equals(entry.id), credential.equals(entry.credential) {
            return now < entry.deadline ? entry.session : nil
        }
        guard let content = sealer.open(id), content.principal == SessionSealer.principal(credential) else {
            return nil
        }
        let left = content.expiry - wallClock()
        guard left > 0 else { return nil }
        let session = OpenSession(
            backendKey: content.backendKey, upstreamID: content.upstreamID, version: content.version)
        insert(
            Entry(
                id: id.bytes, credential: credential?.bytes ?? [], session: session,
                deadline: now + .seconds(min(left, 1 << 32))), key: key)
        return session
    }

    /// A sealed id for a session that a backend has just opened, valid for `age`.
    func seal(
        upstreamID: ByteView, backendKey: UInt64, version: MCPProtocolVersion?, credential: ByteView?, age: Duration
    ) -> [UInt8]? {
        sealer.seal(
            SessionSealer.Content(
                backendKey: backendKey, principal: SessionSealer.principal(credential), version: version,
                expiry: wallClock() + age.components.seconds, upstreamID: upstreamID.bytes))
    }

    /// Keyed, so that nobody can choose ids that fall together.
    private func hash(_ id: ByteView) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(seed)
        hasher.combine(bytes: id.raw)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    private mutating func promote(_ key: UInt64) -> Entry? {
        guard let entry = old.removeValue(forKey: key) else { return nil }
        insert(entry, key: key)
        return entry
    }

    private mutating func insert(_ entry: Entry, key: UInt64) {
        if young.count >= SessionTable.generationSize {
            old = young
            young = [:]
        }
        young[key] = entry
    }
}

extension ByteView {
    fileprivate func equals(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { equals(ByteView($0)) }
    }
}

extension ByteView? {
    fileprivate func equals(_ bytes: [UInt8]) -> Bool {
        guard let view = self else { return bytes.isEmpty }
        return view.equals(bytes)
    }
}
