import Testing

@testable import Wire

struct Base64Tests {
    private func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        bytes.withUnsafeBytes { Base64.encode(ByteView($0), into: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    private func decode(_ text: String) -> [UInt8]? {
        Array(text.utf8).withUnsafeBytes { Base64.decode(ByteView($0)) }
    }

    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `agrees with the test vectors of the standard`(text: String, encoded: String) {
        #expect(encode(Array(text.utf8)) == encoded)
        #expect(decode(encoded) == Array(text.utf8))
    }

    @Test func `gives all bytes back`() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(decode(encode(bytes)) == bytes)
        }
        let all = [UInt8](0...255)
        #expect(decode(encode(all)) == all)
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "=m9v", "Z=9v", "Zm=v", "Zg==Zg==", " Zg==", "Zg==\n",
        "Zm 9",
        "Zm9-", "Zm9_", "====", "Zm\u{0}v", "Zm9v====",
    ])
    func `refuses what is not the one spelling`(text: String) {
        #expect(decode(text) == nil)
    }
}
