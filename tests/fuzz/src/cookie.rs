//! The `Cookie` header. A session must open only if the header contains its cookie.
#![no_main]

use std::sync::LazyLock;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use velox_session::{Manager, MemoryStore, SessionUser, session_middleware};

static ALL: LazyLock<(Manager, Runtime, String)> = LazyLock::new(|| {
    let manager = session_middleware("a secret for fuzzing, of 32 bytes or more").store(MemoryStore::new());
    let manager = manager.build_manager().expect("the settings are right");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let cookie = runtime.block_on(async {
        let open = manager.open(&HeaderMap::new()).await.expect("memory answers");
        let call = open.call();
        call.session().login(SessionUser::new("u1", "ada@example.com")).await.expect("memory answers");
        call.commit();
        let mut head = HeaderMap::new();
        manager.close(&open).await.expect("memory answers").apply(&mut head);
        let cookie = head["set-cookie"].to_str().expect("a text");
        cookie.split(';').next().expect("a pair").to_owned()
    });
    (manager, runtime, cookie)
});

fuzz_target!(|text: &[u8]| {
    let (manager, runtime, cookie) = &*ALL;
    // Each `#` is replaced by the cookie, because the fuzzer would never find it.
    let parts: Vec<_> = text.split(|&byte| byte == b'#').collect();
    let Ok(value) = HeaderValue::from_bytes(&parts.join(cookie.as_bytes())) else { return };
    let holds = value.as_bytes().windows(cookie.len()).any(|window| window == cookie.as_bytes());
    let headers = HeaderMap::from_iter([(COOKIE, value)]);
    runtime.block_on(async {
        let open = manager.open(&headers).await.expect("memory answers");
        let call = open.call();
        assert!(holds || !call.session().is_logged_in(), "a session was opened without its cookie");
    });
});
