//! The cases of the matrix: for each procedure, calls that run one after the other.

/// The calls of one procedure.
pub struct Case {
    pub procedure: &'static str,
    /// The inputs as a JSON array, where null means no input.
    pub inputs: &'static str,
    pub headers: &'static [(&'static str, &'static str)],
    /// `true` if the procedure fails for every input.
    pub always_fails: bool,
    /// A text in the result that is different each time.
    pub differs: Option<&'static str>,
    /// For an endless subscription: the number of events to read.
    pub events: usize,
}

const fn case(procedure: &'static str, inputs: &'static str) -> Case {
    Case { procedure, inputs, headers: &[], always_fails: false, differs: None, events: usize::MAX }
}

const fn failing(procedure: &'static str, inputs: &'static str) -> Case {
    Case { always_fails: true, ..case(procedure, inputs) }
}

const fn first(events: usize, case: Case) -> Case {
    Case { events, ..case }
}

const fn with(headers: &'static [(&'static str, &'static str)], case: Case) -> Case {
    Case { headers, ..case }
}

const LOGINS: &str = r#"[
    {"email": "alice@example.com", "password": "wonderland-1"},
    {"email": "bob@example.com", "password": "builder-22"},
    {"email": "alice@example.com", "password": "wrong"},
    {"email": "alice", "password": ""},
    {"email": 7},
    null
]"#;
const PAIRS: &str = r#"[{"key": "a", "value": [1, null]}, {"key": "", "value": 1}, {"key": "a"}, {}, null]"#;
const TWICE: &str = "[null, null]";

pub const CASES: &[Case] = &[
    case("health.getHealth", "[null]"),
    case("live.count", r#"[{"to": 3}, {"to": 0}, {"to": 1001}, {}]"#),
    failing("live.fails", "[null]"),
    first(0, case("live.feed", r#"[{"room": "a"}, {"room": "a", "lastEventId": "x"}, {"room": ""}, {}]"#)),
    case("live.publish", r#"[{"room": "a", "text": "hi"}, {"room": "a", "text": ""}, {"room": 1}, null]"#),
    first(2, case("live.mine", "[null]")),
    case("auth.login", LOGINS),
    case("auth.logout", TWICE),
    case("auth.logoutAll", TWICE),
    case("auth.getProfile", TWICE),
    case("auth.homePage", TWICE),
    case("auth.changeProfile", r#"[{"name": "Alicia"}, {"name": ""}, {}, null]"#),
    case("auth.deactivate", TWICE),
    case("session.getInfo", TWICE),
    case("session.getData", TWICE),
    case(
        "session.setData",
        r#"[{"key": "a", "value": 1}, {"key": "b", "value": {"c": []}, "delayMs": 1}, {"key": "userId", "value": 1},
            {"key": "a", "value": 1, "delayMs": -1}, {"key": "a", "value": 1, "delayMs": 5001}, {"value": 1}, null]"#,
    ),
    case("session.removeData", r#"[{"key": "a"}, {"key": "_flash"}]"#),
    failing("session.setThenFail", PAIRS),
    case("session.regenerate", TWICE),
    case("session.setFlash", PAIRS),
    case("session.getFlash", r#"[{"key": "a"}, {"key": ""}, {}]"#),
    case(
        "session.loginThenReadFlash",
        r#"[{"email": "bob@example.com", "password": "builder-22", "key": "a"},
            {"email": "bob@example.com", "password": "x", "key": "a"}, {"email": "bob"}]"#,
    ),
    case("session.lazyPeek", TWICE),
    case("session.lazyData", TWICE),
    case("short.login", LOGINS),
    case("short.getProfile", TWICE),
    case("short.touch", TWICE),
    case(
        "users.listUsers",
        r#"[{}, {"page": 2, "limit": 2}, {"search": "AD"}, {"page": 0, "limit": 101}, {"page": 1.5}]"#,
    ),
    case("users.getUser", r#"[{"id": "1"}, {"id": "a/b c"}]"#),
    case(
        "users.createUser",
        r#"[{"name": "Eve", "email": "eve@example.com"}, {"name": "Eve", "email": "eve@example.com"},
            {"name": "", "email": "eve", "age": 151, "address": {"city": "", "zip": "1"}},
            {"name": 7, "address": []}, {}, [], "x", 7, null]"#,
    ),
    case(
        "users.updateUser",
        r#"[{"id": "1", "name": "Ada", "email": "ada@example.com", "address": {"city": "X", "zip": "12345"}},
            {"id": "1", "name": "Ada", "email": "grace@example.com"}, {"id": "9", "name": "A", "email": "a@example.com"},
            {"id": "1", "age": -1}]"#,
    ),
    case(
        "users.patchUser",
        r#"[{"id": "1", "age": 37}, {"id": "1", "email": "grace@example.com"}, {"id": "9"}, {"id": "1", "name": ""}]"#,
    ),
    case("users.deleteUser", r#"[{"id": "1"}, {"id": "1"}]"#),
    case("notes.findNotes", r#"[{}, {"q": "a b", "tag": ["x", "y"]}, {"tag": "x"}]"#),
    case("notes.addNote", r#"[{"text": "a"}, {"text": ""}, {"text": null}, {}, null]"#),
    failing("notes.editNote", r#"[{"id": "1", "text": "a"}, {"id": "1", "text": ""}]"#), // no note exists yet
    case("notes.removeNote", r#"[{"id": "1"}, {"id": "1", "reason": "old & done"}]"#),
    case("comments.listComments", r#"[{"postId": "p1"}, {"postId": "p9"}]"#),
    case("comments.getComment", r#"[{"postId": "p1", "id": "c1"}, {"postId": "p2", "id": "c1"}]"#),
    case(
        "comments.createComment",
        r#"[{"postId": "p1", "text": "a"}, {"postId": "p9", "text": "a"}, {"postId": "p1"}]"#,
    ),
    failing("comments.deleteComment", r#"[{"postId": "p1", "id": "c1"}, {"postId": "p1", "id": "c9"}]"#), // it is Bob's
    case("tasks.getTask", r#"[{"orgId": "o", "projectId": "p", "id": "t/1"}]"#),
    with(&[("x-api-key", "key-123")], case("admin.getStats", "[null]")),
    failing("admin.getStats", "[null]"),
    with(&[("x-api-key", "key-123")], case("admin.createReport", r#"[{"title": "t"}, {"title": ""}, null]"#)),
    with(&[("x-api-key", "key-123"), ("x-closed", "1")], failing("admin.createReport", r#"[{"title": "t"}]"#)),
    failing("admin.createReport", r#"[{"title": "t"}, {}, null]"#),
    case("admin.listAccounts", "[null]"),
    with(&[("x-tenant", "acme")], case("mw.getContext", "[null]")),
    case("mw.getContext", "[null]"),
    case("mw.shortCircuit", "[null]"),
    case("mw.stripOutput", "[null]"),
    failing("mw.badOutput", "[null]"),
    case("mw.validateBeforeSession", r#"[{"n": 1.5}, {"n": "1"}, {}, null]"#),
    case("mw.returnNothing", "[null]"),
    case("mw.returnNull", "[null]"),
    case("mw.echoParam", r#"[{"slug": "a b/é", "q": "c&d=+"}, {"slug": "a"}]"#),
    case("mw.postParam", r#"[{"slug": "a", "text": "t"}, {"slug": "a"}]"#),
    failing("errors.throwPlain", "[null]"),
    failing("errors.throwNotFound", "[null]"),
    failing("errors.throwValidation", "[null]"),
    failing("errors.throwVelox", "[null]"),
    Case { differs: Some("token"), ..case("csrf.getToken", TWICE) },
    failing("csrf.submit", r#"[null, {"_csrf": "x"}]"#),
    with(&[("origin", "http://elsewhere.example")], failing("csrf.submit", "[null]")),
    with(&[("cookie", CSRF), ("x-csrf-token", TOKEN)], case("csrf.submit", "[null]")),
    with(&[("cookie", CSRF)], case("csrf.submit", IN_BODY)),
    with(&[("x-client-id", "a")], case("limited.getLimited", "[null, null, null, null, null]")),
    case("debug.reset", "[null]"),
    case("debug.countSessions", "[null]"),
];

/// A token that does not expire in this century, signed with the default secret of the settings.
const CSRF: &str = "csrf=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.1700000000.4102444800.KRGWGkjjIJmkE6BDBFOXYYX6z_LBxYMD8vG8ym1YR4U";
const TOKEN: &str =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.1700000000.4102444800.KRGWGkjjIJmkE6BDBFOXYYX6z_LBxYMD8vG8ym1YR4U";
const IN_BODY: &str = r#"[{"_csrf": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8.1700000000.4102444800.KRGWGkjjIJmkE6BDBFOXYYX6z_LBxYMD8vG8ym1YR4U"}]"#;
