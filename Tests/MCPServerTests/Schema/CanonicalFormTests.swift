import Testing
import Wire

@testable import MCPServer

@Suite struct CanonicalFormTests {
    @Test func `is the same for equal values, and for no others`() throws {
        let classes = [
            ["1", "1.0", "10e-1"], ["true"], [#""1""#], ["[1]", "[ 1.0 ]"], ["[[1]]"], ["null"], ["[]"], ["{}"],
            [#""""#],
            [#"{"a":1,"b":[2]}"#, #"{"b":[2.0],"\u0061":1}"#], [#"{"a":1,"b":2}"#], [#"{"a":"b"}"#], [#"["a","b"]"#],
            [#"["ab",""]"#], [#"["a","b",""]"#], [#"{"ab":"c"}"#], [#"{"a":"bc"}"#], ["-1"], ["12"], ["[1,2]"],
            [#""é""#, #""\u00e9""#], [#""e\u0301""#], ["120"], ["1.2"], ["0", "-0", "0.0"],
            ["999999999999999999", "9.99999999999999999e17"], ["1000000000000000000", "1e18"], ["-120", "-1.2e2"],
            ["1e400", "10e399"], ["-1e400"], ["1e-400"], [#""n""#], [#"{"":""}"#], ["[null]"], ["false"],
        ]
        var seen: [[UInt8]: Int] = [:]
        for (index, spellings) in classes.enumerated() {
            for spelling in spellings {
                let form = Array(spelling.utf8).withUnsafeBytes { bytes in
                    CanonicalForm.of(ByteRange(start: 0, length: bytes.count), ByteView(bytes))
                }
                #expect(seen[form] ?? index == index, "\(spelling)")
                seen[form] = index
            }
        }
        #expect(seen.count == classes.count)
    }
}
