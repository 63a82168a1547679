import Testing

/// Schemas with values that they accept and refuse, keyword by keyword (JSON Schema 2020-12 Core and Validation).
enum SchemaCases {
    struct Group: Sendable, CustomTestStringConvertible {
        var schema: String
        var accepted: [String]
        var refused: [String]

        init(_ schema: String, _ accepted: [String], _ refused: [String]) {
            self.schema = schema
            self.accepted = accepted
            self.refused = refused
        }

        var testDescription: String { schema }
    }

    static let all = anyValue + numbers + strings + arrays + objects + combinations + references + unevaluated

    private static let anyValue = [
        Group("true", ["1", "null", "{}", " [] "], []),
        Group("false", [], ["1", "null", "{}", "[]"]),
        Group("{}", ["1", "null", "{}", "[]", #""""#], []),
        Group(#"{"unknown":{"type":7},"title":"x","default":1,"examples":[1],"format":"ipv4"}"#, ["1", #""x""#], []),
        Group(#"{"type":"object"}"#, ["{}", #"{"a":1}"#, " {} "], ["[]", "1", "null", "true", #""{}""#]),
        Group(#"{"type":"array"}"#, ["[]", "[1]"], ["{}", "1", "null", "false", #""[]""#]),
        Group(#"{"type":"string"}"#, [#""""#, #""\u0041""#], ["1", "null", "[]", "{}", "true"]),
        Group(#"{"type":"number"}"#, ["1", "-0.5", "1e400", "0"], [#""1""#, "null", "[1]", "true"]),
        Group(
            #"{"type":"integer"}"#, ["1", "-7", "1.0", "10e-1", "1e3", "0.0", "123456789012345678901234567890", "-0"],
            ["1.5", "1e-1", "0.1", #""1""#, "null", "true"]),
        Group(#"{"type":"boolean"}"#, ["true", "false"], ["0", "1", "null", #""true""#]),
        Group(#"{"type":"null"}"#, ["null"], ["0", "false", #""""#, "[]", "{}"]),
        Group(#"{"type":["integer","string"]}"#, ["1", "2.0", #""x""#], ["1.5", "null", "{}"]),
        Group(#"{"type":["number","integer"]}"#, ["1", "1.5"], [#""x""#]),
        Group(
            #"{"enum":["a",1,null,{"x":[1,2]},[]]}"#,
            [#""a""#, #""\u0061""#, "1", "1.0", "null", #"{"x":[1,2.0]}"#, "[]", "[ ]"],
            [#""b""#, "2", "false", #"{"x":[2,1]}"#, "{}", "[[]]", #""1""#]),
        Group(#"{"enum":[]}"#, [], ["1", "null", #""""#]),
        Group(#"{"enum":[true]}"#, ["true"], ["1", "false", #""true""#]),
        Group(#"{"enum":[0]}"#, ["0", "0.0", "-0", "0e5"], ["false", "null", #""""#, "1"]),
        Group(#"{"const":"é"}"#, [#""é""#, #""\u00e9""#], [#""e\u0301""#, #""e""#, "1"]),
        Group(#"{"const":{"a":1,"b":[true]}}"#, [#"{"b":[true],"a":1.0}"#], [#"{"a":1}"#, #"{"a":1,"b":[1]}"#, "1"]),
        Group(#"{"const":null}"#, ["null"], ["0", "false", "{}"]),
        Group(#"{"const":9007199254740993}"#, ["9007199254740993", "9007199254740993.0"], ["9007199254740992"]),
        Group(#"{"const":[false]}"#, ["[false]"], ["[0]", "[]", "[[false]]"]),
        Group(#"{"const":1e2}"#, ["100", "1.00e2", "1000e-1"], ["10", "1000"]),
    ]

    private static let numbers = [
        Group(
            #"{"minimum":1.1}"#, ["1.1", "1.10", "2", "1e5", #""x""#, "null"],
            ["1.0999999999999999999999", "1", "0", "-5", "-1e5"]),
        Group(#"{"minimum":-2}"#, ["-2", "-2.0", "-1", "0", "3"], ["-2.0001", "-3", "-1e2"]),
        Group(
            #"{"maximum":9007199254740993}"#, ["9007199254740993", "-1e400", "0"],
            ["9007199254740994", "9007199254740993.1", "1e400"]),
        Group(#"{"maximum":0}"#, ["0", "-0.0", "-1e-400"], ["1e-400", "1"]),
        Group(#"{"exclusiveMinimum":0}"#, ["1e-400", "1"], ["0", "-0", "0.0", "-1"]),
        Group(#"{"exclusiveMaximum":3}"#, ["2.9999999999999999999999", "2", "-3"], ["3", "3.0", "30e-1", "4"]),
        Group(#"{"minimum":1,"maximum":3}"#, ["1", "2", "3"], ["0", "4", "3.1"]),
        Group(#"{"minimum":-0.5,"exclusiveMaximum":-0.25}"#, ["-0.5", "-0.3"], ["-0.25", "-0.6", "0"]),
        Group(
            #"{"minimum":100000000000000000000}"#, ["100000000000000000000", "1e20", "1e21"],
            ["1e19", "99999999999999999999"]),
        Group(#"{"multipleOf":2}"#, ["0", "2", "-4", "4.0", "1e400", #""x""#], ["1", "3", "2.5", "1e0"]),
        Group(#"{"multipleOf":0.01}"#, ["0.01", "19.99", "1", "1e300", "0", "-4.02"], ["0.001", "0.0075", "19.999"]),
        Group(#"{"multipleOf":1.5}"#, ["0", "4.5", "3", "-1.5"], ["2", "35", "1"]),
        Group(#"{"multipleOf":1e-8}"#, ["12391239123", "1e308", "0.00000001"], ["1e-9", "0.000000015"]),
        Group(
            #"{"multipleOf":7}"#, ["49", "7e20", "700000000000000000000000007"],
            ["700000000000000000000000008", "1e20"]),
        Group(#"{"multipleOf":1000}"#, ["1000", "1e3", "12e3", "0"], ["100", "1.5e2", "1500.5"]),
        Group(#"{"type":"integer","multipleOf":0.5}"#, ["1", "2.0"], ["1.5", "0.5"]),
    ]

    private static let strings = [
        Group(
            #"{"minLength":2}"#, [#""ab""#, #""éé""#, #""\ud83d\ude00x""#, "1"],
            [#""a""#, #""é""#, #""\u00e9""#, #""\ud83d\ude00""#]),
        Group(#"{"maxLength":2}"#, [#""""#, #""ab""#, #""😀😀""#, #""\n\n""#, "[1,2,3]"], [#""abc""#, #""e\u0301x""#]),
        Group(#"{"minLength":2.0,"maxLength":3e0}"#, [#""ab""#, #""abc""#], [#""a""#, #""abcd""#]),
        Group(#"{"minLength":3,"maxLength":2}"#, ["1"], [#""ab""#, #""abc""#]),
        Group(#"{"pattern":"^a*$"}"#, [#""""#, #""aaa""#, #""\u0061""#, "1", "null"], [#""ab""#, #""aaa\n""#]),
        Group(#"{"pattern":"a+"}"#, [#""xxaayy""#], [#""xyz""#, #""""#]),
        Group(#"{"pattern":"^\\d{3}-\\d{4}$"}"#, [#""555-1234""#], [#""5555-1234""#, #""555-123""#, #""٥٥٥-1234""#]),
        Group(
            #"{"pattern":"^[A-Z]{2,3}(?:-[a-z]+)?$"}"#, [#""AB""#, #""ABC-x""#],
            [#""A""#, #""ABCD""#, #""AB-""#, #""AB-X""#]),
        Group(#"{"pattern":"^\\p{Lu}\\p{L}*$"}"#, [#""Élan""#, #""Ünal""#], [#""élan""#, #""A1""#]),
        Group(
            #"{"pattern":"^(?=.*\\d)(?=.*[a-z]).{8,}$"}"#, [#""passw0rd""#, #""a1______""#],
            [#""password""#, #""12345678""#, #""a1""#]),
        Group(#"{"pattern":"^.$"}"#, [#""😀""#, #""a""#], [#""""#, #""ab""#, #""\n""#]),
        Group(#"{"pattern":"\\bcat\\b"}"#, [#""a cat!""#, #""cat""#], [#""concat""#, #""cats""#]),
        Group(#"{"pattern":"^(red|green|blue)$"}"#, [#""red""#, #""blue""#], [#""redd""#, #""""#, #""green ""#]),
    ]

    private static let arrays = [
        Group(#"{"items":{"type":"integer"}}"#, ["[]", "[1,2]", "{}", "1"], [#"[1,"x"]"#, "[null]"]),
        Group(#"{"items":false}"#, ["[]", "{}"], ["[1]"]),
        Group(
            #"{"prefixItems":[{"type":"integer"},{"type":"string"}]}"#,
            ["[]", "[1]", #"[1,"x"]"#, #"[1,"x",null]"#, "{}"], [#"["x"]"#, "[1,2]"]),
        Group(
            #"{"prefixItems":[{"type":"integer"}],"items":{"type":"string"}}"#, ["[1]", #"[1,"x","y"]"#],
            ["[1,2]", #"["x"]"#]),
        Group(#"{"prefixItems":[true,true],"items":false}"#, ["[1]", "[1,2]"], ["[1,2,3]"]),
        Group(#"{"contains":{"minimum":5}}"#, ["[5]", "[1,2,9]", "{}", #"["x"]"#], ["[]", "[1,2]"]),
        Group(#"{"contains":{"const":1},"minContains":2}"#, ["[1,1]", "[1,2,1]"], ["[]", "[1]", "[2,2]"]),
        Group(#"{"contains":{"const":1},"maxContains":1}"#, ["[1]", "[2,1]"], ["[1,1]", "[]", "[2]"]),
        Group(#"{"contains":{"const":1},"minContains":0}"#, ["[]", "[2]", "[1]"], []),
        Group(#"{"contains":{"const":1},"minContains":0,"maxContains":1}"#, ["[]", "[1]", "[1,2]"], ["[1,1]"]),
        Group(#"{"contains":{"const":1},"minContains":2,"maxContains":1}"#, [], ["[1]", "[1,1]", "[]"]),
        Group(#"{"minContains":5}"#, ["[]", "[1]"], []),
        Group(#"{"minItems":1}"#, ["[1]", "{}", #""""#], ["[]", "[ ]"]),
        Group(#"{"maxItems":2}"#, ["[]", "[1,[2,3]]", #"{"a":1,"b":2,"c":3}"#], ["[1,2,3]"]),
        Group(#"{"minItems":1.0,"maxItems":1}"#, ["[[]]"], ["[]", "[1,2]"]),
        Group(
            #"{"uniqueItems":true}"#,
            [
                "[]", "[1]", "[1,true]", "[0,false]", #"["1",1]"#, "[[1],[2]]", #"[{"a":1},{"a":2}]"#, "[null]",
                #"["a","A"]"#, #"[{"a":"b"},{"b":"a"}]"#, "[[],{}]", #"["é","e\u0301"]"#,
            ],
            [
                "[1,1]", "[1,1.0]", #"["a","\u0061"]"#, #"[{"a":1,"b":2},{"b":2,"a":1}]"#, "[[1],[1.0]]", "[null,null]",
                "[{},{}]", "[1,2,3,2]",
            ]),
        Group(#"{"uniqueItems":false}"#, ["[1,1]"], []),
        Group(
            #"{"items":{"items":{"type":"string"},"minItems":1}}"#, [#"[["x"],["y","z"]]"#],
            ["[[]]", "[[1]]", #"[["x"],[1]]"#]),
    ]

    private static let objects = [
        Group(
            #"{"properties":{"a":{"type":"integer"},"b":false}}"#, ["{}", #"{"a":1}"#, #"{"c":null}"#, "[]", "1"],
            [#"{"a":"x"}"#, #"{"\u0061":"x"}"#, #"{"b":1}"#]),
        Group(
            #"{"properties":{"é":{"type":"integer"}}}"#, [#"{"é":1}"#, #"{"e\u0301":"x"}"#],
            [#"{"é":"x"}"#, #"{"\u00e9":"x"}"#]),
        Group(
            #"{"properties":{"a\nb":{"type":"null"},"\"":{"type":"null"},"":{"type":"null"}}}"#,
            [#"{"a\nb":null,"\"":null,"":null}"#], [#"{"a\nb":1}"#, #"{"\u0022":1}"#, #"{"":1}"#]),
        Group(
            #"{"required":["a","b"]}"#, [#"{"a":1,"b":null}"#, #"{"\u0061":1,"b":2,"c":3}"#, "[]", "1"],
            ["{}", #"{"a":1}"#, #"{"A":1,"b":2}"#, #"{"c":{"a":1,"b":2}}"#]),
        Group(#"{"required":[]}"#, ["{}"], []),
        Group(#"{"required":["toString","__proto__"]}"#, [#"{"toString":1,"__proto__":2}"#], ["{}"]),
        Group(
            #"{"additionalProperties":false,"properties":{"a":true},"patternProperties":{"^x":true}}"#,
            ["{}", #"{"a":1,"x1":2}"#], [#"{"b":1}"#, #"{"a":1,"ax":1}"#]),
        Group(#"{"additionalProperties":{"type":"integer"}}"#, [#"{"a":1}"#, "[]"], [#"{"a":"x"}"#]),
        Group(
            #"{"additionalProperties":{"type":"integer"},"properties":{"a":{"type":"string"}}}"#, [#"{"a":"x","b":1}"#],
            [#"{"a":1}"#, #"{"b":"x"}"#]),
        Group(
            #"{"patternProperties":{"^S_":{"type":"string"},"^I_":{"type":"integer"},"_x$":{"minimum":5}}}"#,
            [#"{"S_1":"x","I_1":1}"#, #"{"I_x":5}"#, #"{"k":null}"#], [#"{"S_1":1}"#, #"{"I_x":4}"#, #"{"I_1":"x"}"#]),
        Group(
            #"{"propertyNames":{"maxLength":3,"pattern":"^[a-z\\n]+$"}}"#, ["{}", #"{"abc":1}"#, #"{"a\nb":1}"#, "[]"],
            [#"{"abcd":1}"#, #"{"A":1}"#, #"{"":1}"#]),
        Group(#"{"propertyNames":{"enum":["a","b"]}}"#, [#"{"a":1,"b":2}"#, #"{"\u0061":1}"#], [#"{"c":1}"#]),
        Group(#"{"propertyNames":false}"#, ["{}"], [#"{"a":1}"#]),
        Group(#"{"minProperties":2}"#, [#"{"a":1,"b":2}"#, "[]"], ["{}", #"{"a":{"b":1,"c":2}}"#]),
        Group(#"{"maxProperties":1}"#, ["{}", #"{"a":{"b":1,"c":2}}"#, "[1,2]"], [#"{"a":1,"b":2}"#]),
        Group(#"{"maxProperties":0}"#, ["{}", "{ }"], [#"{"a":1}"#]),
        Group(
            #"{"dependentRequired":{"a":["b","c"],"d":[]}}"#,
            ["{}", #"{"b":1}"#, #"{"a":1,"b":2,"c":3}"#, #"{"d":1}"#, "[]"], [#"{"a":1}"#, #"{"a":1,"b":1}"#]),
        Group(
            #"{"dependentSchemas":{"a":{"required":["b"],"maxProperties":2},"n":false}}"#,
            ["{}", #"{"b":1}"#, #"{"a":1,"b":2}"#], [#"{"a":1}"#, #"{"a":1,"b":2,"c":3}"#, #"{"n":1}"#]),
        Group(
            #"{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"object","required":["c"]}},"required":["b"]}}}"#,
            ["{}", #"{"a":{"b":{"c":1}}}"#], [#"{"a":{}}"#, #"{"a":{"b":{}}}"#, #"{"a":{"b":[]}}"#, #"{"a":1}"#]),
    ]

    private static let combinations = [
        Group(#"{"allOf":[{"minimum":1},{"maximum":3}]}"#, ["1", "2", "3", #""x""#], ["0", "4"]),
        Group(#"{"allOf":[true,false]}"#, [], ["1"]),
        Group(#"{"anyOf":[{"type":"string"},{"minimum":5}]}"#, [#""x""#, "5", "null"], ["4", "-1"]),
        Group(#"{"anyOf":[false,false]}"#, [], ["1", "{}"]),
        Group(#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#, [#""x""#, "null"], ["1", "[]"]),
        Group(#"{"oneOf":[{"multipleOf":2},{"multipleOf":3}]}"#, ["2", "3", "9"], ["6", "0", "5", #""x""#]),
        Group(
            #"{"oneOf":[{"required":["a"]},{"required":["b"]}]}"#, [#"{"a":1}"#, #"{"b":1}"#],
            ["{}", #"{"a":1,"b":2}"#, "1"]),
        Group(#"{"not":{"type":"integer"}}"#, [#""x""#, "1.5"], ["1", "1.0"]),
        Group(#"{"not":{"not":{"type":"integer"}}}"#, ["1"], ["1.5"]),
        Group(#"{"not":{}}"#, [], ["1", "null"]),
        Group(#"{"not":{"required":["a"]}}"#, ["{}", #"{"b":1}"#], [#"{"a":1}"#, "1"]),
        Group(
            #"{"if":{"properties":{"kind":{"const":"a"}},"required":["kind"]},"then":{"required":["x"]},"else":{"required":["y"]}}"#,
            [#"{"kind":"a","x":1}"#, #"{"kind":"b","y":1}"#, #"{"y":1}"#],
            [#"{"kind":"a","y":1}"#, #"{"kind":"b","x":1}"#]),
        Group(#"{"if":{"minimum":5},"then":{"multipleOf":2}}"#, ["4", "3", "6"], ["7"]),
        Group(#"{"if":{"minimum":5},"else":{"multipleOf":2}}"#, ["7", "4"], ["3"]),
        Group(#"{"if":false,"then":false}"#, ["1"], []),
        Group(#"{"then":false,"else":false}"#, ["1"], []),
        Group(
            #"{"type":"string","allOf":[{"minLength":2}],"anyOf":[{"pattern":"^a"},{"pattern":"^b"}],"not":{"const":"ab"}}"#,
            [#""ac""#, #""bb""#], [#""ab""#, #""a""#, #""cc""#, "1"]),
    ]

    private static let references = [
        Group(##"{"$ref":"#/$defs/n","$defs":{"n":{"type":"integer"}}}"##, ["1"], [#""x""#]),
        Group(##"{"$ref":"#/$defs/n","maximum":5,"$defs":{"n":{"type":"integer"}}}"##, ["1"], ["6", #""x""#]),
        Group(
            ##"{"properties":{"child":{"$ref":"#"}},"additionalProperties":false}"##,
            ["{}", #"{"child":{"child":{}}}"#], [#"{"x":1}"#, #"{"child":{"child":{"x":1}}}"#]),
        Group(##"{"$ref":"#/$defs/a~1b~0c%25","$defs":{"a/b~c%":{"type":"null"}}}"##, ["null"], ["1"]),
        Group(##"{"prefixItems":[{"type":"integer"},{"$ref":"#/prefixItems/0"}]}"##, ["[1,2]"], [#"[1,"x"]"#]),
        Group(
            ##"{"$ref":"#/definitions/n","definitions":{"n":{"items":{"$ref":"#/definitions/s"}},"s":{"type":"string"}}}"##,
            [#"["x"]"#], ["[1]"]),
        Group(##"{"$ref":"#here","$defs":{"x":{"$anchor":"here","type":"integer"}}}"##, ["1"], [#""x""#]),
        Group(
            #"{"$id":"https://example.org/root","$ref":"item","$defs":{"i":{"$id":"item","type":"integer"}}}"#, ["1"],
            [#""x""#]),
        Group(
            #"{"$id":"https://example.org/a/root.json","$ref":"https://example.org/a/b/c.json#x","$defs":{"i":{"$id":"b/c.json","$defs":{"y":{"$anchor":"x","type":"integer"}}}}}"#,
            ["1"], [#""x""#]),
        Group(
            ##"{"$id":"https://example.org/a/b/root","$ref":"../c","$defs":{"i":{"$id":"/a/c","items":{"$ref":"#/$defs/t"},"$defs":{"t":{"type":"null"}}}}}"##,
            ["[null]", "1"], ["[1]"]),
        Group(
            #"{"$id":"urn:uuid:deadbeef-1234-ff00-00ff-4321feebdaed","properties":{"a":{"$ref":"urn:uuid:deadbeef-1234-ff00-00ff-4321feebdaed#/$defs/b"}},"$defs":{"b":{"type":"string"}}}"#,
            [#"{"a":"x"}"#], [#"{"a":1}"#]),
        Group(
            ##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/c"},"c":{"type":"integer"}}}"##,
            ["1"], [#""x""#]),
        Group(
            #"{"$schema":"https://json-schema.org/draft/2020-12/schema","$comment":"x","type":"integer"}"#, ["1"],
            ["null"]),
        Group(
            ##"{"$ref":"#/$defs/t","$defs":{"t":{"properties":{"value":{"type":"integer"},"next":{"$ref":"#/$defs/t"}},"required":["value"]}}}"##,
            [#"{"value":1,"next":{"value":2}}"#],
            [#"{"value":1,"next":{}}"#, #"{"value":1,"next":{"value":2,"next":{"value":"x"}}}"#]),
        // A tree that an outer schema makes strict: the reference leads to the outermost schema of that name.
        Group(
            ##"{"$id":"https://example.org/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false,"$defs":{"tree":{"$id":"tree","$dynamicAnchor":"node","type":"object","properties":{"data":true,"children":{"items":{"$dynamicRef":"#node"}}}}}}"##,
            [#"{"children":[{"data":1}]}"#, "{}"],
            [#"{"children":[{"daat":1}]}"#, #"{"daat":1}"#, #"{"children":[1]}"#]),
        Group(
            ##"{"$id":"https://example.org/plain","$dynamicRef":"#x","$defs":{"y":{"$anchor":"x","type":"integer"}}}"##,
            ["1"], [#""x""#]),
        Group(##"{"$dynamicRef":"#x","$defs":{"y":{"$dynamicAnchor":"x","type":"integer"}}}"##, ["1"], [#""x""#]),
        Group(
            ##"{"$id":"https://example.org/list","$ref":"generic","$defs":{"of":{"$dynamicAnchor":"T","type":"string"},"generic":{"$id":"generic","items":{"$dynamicRef":"#T"},"$defs":{"any":{"$dynamicAnchor":"T"}}}}}"##,
            [#"["x"]"#, "[]"], ["[1]", #"["x",1]"#]),
    ]

    private static let unevaluated = [
        Group(
            #"{"unevaluatedProperties":false,"properties":{"a":true},"patternProperties":{"^p":true}}"#,
            ["{}", #"{"a":1,"p1":2}"#, "[]"], [#"{"b":1}"#]),
        Group(
            #"{"unevaluatedProperties":{"type":"integer"},"properties":{"a":{"type":"string"}}}"#,
            [#"{"a":"x","b":1}"#], [#"{"b":"x"}"#]),
        Group(
            ##"{"unevaluatedProperties":false,"allOf":[{"properties":{"a":true}},{"$ref":"#/$defs/b"}],"$defs":{"b":{"properties":{"b":true}}}}"##,
            [#"{"a":1,"b":2}"#], [#"{"a":1,"c":2}"#]),
        Group(
            #"{"unevaluatedProperties":false,"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":true},"required":["b"]}]}"#,
            [#"{"a":1}"#, #"{"a":1,"b":2}"#, #"{"b":2}"#], [#"{"a":2,"b":2}"#, #"{"a":1,"c":2}"#, "{}"]),
        Group(
            #"{"unevaluatedProperties":false,"oneOf":[{"properties":{"a":true},"required":["a"]},{"properties":{"b":true},"required":["b"]}]}"#,
            [#"{"a":1}"#, #"{"b":1}"#], [#"{"a":1,"c":1}"#]),
        Group(
            #"{"unevaluatedProperties":false,"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"properties":{"b":true}},"else":{"properties":{"c":true}}}"#,
            [#"{"a":1,"b":2}"#, #"{"c":1}"#], [#"{"a":1,"c":2}"#, #"{"a":2,"c":1}"#]),
        Group(
            #"{"unevaluatedProperties":false,"not":{"not":{"properties":{"a":true},"required":["a"]}}}"#, [],
            [#"{"a":1}"#]),
        Group(
            #"{"unevaluatedProperties":false,"dependentSchemas":{"a":{"properties":{"b":true}}},"properties":{"a":true}}"#,
            [#"{"a":1,"b":2}"#], [#"{"b":2}"#]),
        Group(#"{"unevaluatedProperties":false,"allOf":[{"additionalProperties":true}]}"#, [#"{"x":1}"#], []),
        Group(#"{"allOf":[{"unevaluatedProperties":true}],"unevaluatedProperties":false}"#, [#"{"x":1}"#], []),
        Group(
            #"{"allOf":[{"properties":{"a":true},"unevaluatedProperties":false}],"properties":{"b":true}}"#,
            [#"{"a":1}"#], [#"{"a":1,"b":2}"#]),
        Group(
            #"{"properties":{"o":{"properties":{"a":true},"unevaluatedProperties":false}},"unevaluatedProperties":false}"#,
            [#"{"o":{"a":1}}"#], [#"{"o":{"b":1}}"#, #"{"a":1}"#]),
        Group(#"{"unevaluatedItems":false,"prefixItems":[true]}"#, ["[]", "[1]", "{}"], ["[1,2]"]),
        Group(#"{"unevaluatedItems":false,"items":true}"#, ["[1,2,3]"], []),
        Group(#"{"unevaluatedItems":{"type":"string"},"prefixItems":[{"type":"integer"}]}"#, [#"[1,"x"]"#], ["[1,2]"]),
        Group(
            #"{"unevaluatedItems":false,"allOf":[{"prefixItems":[true]},{"prefixItems":[true,{"type":"string"}]}]}"#,
            [#"[1,"x"]"#], [#"[1,"x",2]"#, "[1,2]"]),
        Group(#"{"unevaluatedItems":false,"contains":{"type":"string"}}"#, [#"["x","y"]"#], [#"["x",1]"#, "[1]"]),
        Group(
            #"{"unevaluatedItems":false,"prefixItems":[{"type":"integer"}],"contains":{"type":"string"}}"#,
            [#"[1,"x"]"#, #"[1,"x","y"]"#], [#"[1,"x",2]"#]),
        Group(
            #"{"unevaluatedItems":false,"anyOf":[{"prefixItems":[{"const":1}]},{"prefixItems":[{"const":2},true]}]}"#,
            ["[1]", "[2,9]"], ["[1,9]", "[2,9,9]"]),
        Group(
            #"{"unevaluatedItems":false,"if":{"prefixItems":[{"const":1}]},"then":{"prefixItems":[true,true]}}"#,
            ["[1,2]", "[]"], ["[2]", "[1,2,3]"]),
        Group(#"{"unevaluatedItems":false}"#, ["[]", "{}"], ["[1]"]),
    ]
}
