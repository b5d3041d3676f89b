import Diagnostics
import Testing

@Suite("Redaction")
struct RedactionTests {
    @Test(
        "the password goes, the rest stays",
        arguments: [
            ("postgres://u:pw@h:5432/d", "postgres://u:***@h:5432/d"),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://h:5432/d", "postgres://h:5432/d"),
            ("redis://:pw@h:6379", "redis://:***@h:6379"),
            ("a redis://:pw@h and postgres://u:p@h/d?x=1 b", "a redis://:***@h and postgres://u:***@h/d?x=1 b"),
            ("postgres://u:p@ss@h/d", "postgres://u:***@h/d"),
            ("postgres://u:p/ss@h/d", "postgres://u:***@h/d"),
            ("postgres://u:p?ss@h/d", "postgres://u:***@h/d"),
            ("postgres://u:p#ss@h/d", "postgres://u:***@h/d"),
            ("postgres://h/d?user=u&password=pw&sslmode=require", "postgres://h/d?user=u&password=***&sslmode=require"),
            ("host=h password=pw dbname=d", "host=h password=*** dbname=d"),
            ("host=h password = pw dbname=d", "host=h password = *** dbname=d"),
            ("host=h password='a b' dbname=d", "host=h password='***' dbname=d"),
            (#"password='a\' b' user=u"#, "password='***' user=u"),
            ("password='unterminated text", "password='***'"),
            ("PGPASSWORD=pw cmd", "PGPASSWORD=*** cmd"),
            ("Password=pw;", "Password=***"),
            ("sslpassword=pw", "sslpassword=***"),
            ("passfile=/run/pgpass user=u", "passfile=/run/pgpass user=u"),
            ("no secret: see https://example.org/a:b@c", "no secret: see https://example.org/a:b@c"),
            ("", ""),
        ]
    )
    func redacts(text: String, expected: String) {
        #expect(Redaction.redact(text) == expected)
    }

    @Test(
        "redacting twice changes nothing more",
        arguments: ["postgres://u:pw@h/d", "password='a b'", "password=x&y=z"]
    )
    func idempotent(text: String) {
        let once = Redaction.redact(text)
        #expect(Redaction.redact(once) == once)
    }
}

@Suite("Secrets")
struct SecretTests {
    private struct Holder {
        let name = "h"
        let secret: Secret
    }

    @Test("a secret is never printed: not by interpolation, debug form, dump or the struct around it")
    func neverPrinted() {
        let canary = "hunter2canary"
        let secret = Secret(canary)
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\(Holder(secret: secret))",
            String(reflecting: Holder(secret: secret)), "\([secret])", "\(Secret?.some(secret) as Any)", dumped,
        ]
        for text in texts { #expect(!text.contains(canary)) }
        #expect(secret.reveal() == canary)
    }

    @Test("secrets are equal when their texts are")
    func equality() {
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
    }
}
