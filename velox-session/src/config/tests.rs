//! Tests settings that contradict each other, and settings that do not.

use std::time::Duration;

use super::*;
use crate::policy::Policy;
use crate::store::MemoryStore;

const SECRET: &str = "conformance-session-secret-0123456789";

fn builder() -> SessionBuilder {
    session_middleware(SECRET).store(MemoryStore::new())
}

/// Returns the problems with these settings.
fn problems(builder: SessionBuilder) -> Vec<ConfigProblem> {
    builder.build_manager().map_or_else(ConfigError::into_problems, |_| Vec::new())
}

macro_rules! assert_problems {
    ($builder:expr, $($problem:pat),* $(,)?) => {{
        let problems = problems($builder);
        assert!(matches!(problems.as_slice(), [$($problem),*]), "{problems:?}");
    }};
}

#[test]
fn the_defaults_are_good() {
    assert_problems!(builder(),);
}

#[test]
fn all_invalid_settings_are_reported_at_once() {
    let all = session_middleware(["short", SECRET, "tiny"])
        .cookie_name("__Host-x")
        .secure(false)
        .path("/a")
        .domain("example.com")
        .same_site(SameSite::None)
        .max_age(Duration::ZERO)
        .absolute_timeout(Duration::ZERO)
        .size_limit(0)
        .trusted_origins(["example.com", "https://example.com", "https://example.com/"]);
    assert_problems!(
        all,
        ConfigProblem::Secret(_),
        ConfigProblem::Secret(_),
        ConfigProblem::NoStore,
        ConfigProblem::PrefixNeedsSecure { prefix: "__Host-", .. },
        ConfigProblem::HostPrefixNeedsRoot,
        ConfigProblem::HostPrefixForbidsDomain,
        ConfigProblem::SameSiteNoneNeedsSecure,
        ConfigProblem::MaxAge,
        ConfigProblem::AbsoluteTimeout,
        ConfigProblem::SizeLimit,
        ConfigProblem::TrustedOrigin { .. },
        ConfigProblem::TrustedOrigin { .. },
    );
}

#[test]
fn cookie_prefixes_are_case_insensitive() {
    assert_problems!(builder().secure(false), ConfigProblem::PrefixNeedsSecure { prefix: "__Host-", .. });
    let secure = |name| builder().cookie_name(name).secure(false);
    assert_problems!(secure("__secure-sid"), ConfigProblem::PrefixNeedsSecure { prefix: "__Secure-", .. });
    assert_problems!(secure("__HOST-sid"), ConfigProblem::PrefixNeedsSecure { .. });
    assert_problems!(secure("sid"),);
    assert_problems!(builder().cookie_name("__Secure-sid").path("/a").domain("example.com"),);
    assert_problems!(secure("sid").partitioned(true), ConfigProblem::PartitionedNeedsSecure);
    assert_problems!(builder().partitioned(true),);
    assert_problems!(builder().path("/a"), ConfigProblem::HostPrefixNeedsRoot);
    assert_problems!(builder().domain("example.com"), ConfigProblem::HostPrefixForbidsDomain);
}

#[test]
fn invalid_characters_of_a_cookie_are_refused() {
    for name in ["", "a b", "a=b", "a;b", "\u{e9}", "a\r\nb", "a\"b"] {
        assert_problems!(builder().cookie_name(name), ConfigProblem::CookieName);
    }
    let plain = || builder().cookie_name("sid");
    for path in ["", "a", "/a;b", "/a b", "/\r\n", "/\u{e9}"] {
        assert_problems!(plain().path(path), ConfigProblem::CookiePath);
    }
    for domain in ["", "a;b", "a b", "a\r\nb"] {
        assert_problems!(plain().domain(domain), ConfigProblem::CookieDomain);
    }
    assert_problems!(plain().path("/api/short").domain("a-1.example.com"),);
}

#[test]
fn an_invalid_trusted_origin_is_reported_by_its_text() {
    for bad in ["", "null", "*", "example.com", "https://*.com", "https://example.com/"] {
        let problems = problems(builder().trusted_origins([bad]).allow_cross_site_mutations());
        assert!(matches!(&problems[..], [ConfigProblem::TrustedOrigin { origin }] if origin == bad), "{problems:?}");
    }
    assert_problems!(builder().trusted_origins(["https://app.example.com", "http://localhost:5173"]),);
    assert_problems!(builder().trusted_origins(vec![String::from("capacitor://localhost")]),);
}

#[test]
fn the_error_of_a_trusted_origin_says_what_to_write() {
    let forms = "write `https://app.example.com`, `http://localhost:5173`, or `https://*.preview.example.com` with at least \
        two labels after the star";
    for (written, instead) in [
        ("https://app.example.com/", "write `https://app.example.com`"),
        ("HTTPS://App.example.com:443/login?next=a#b", "write `https://app.example.com`"),
        (" http://localhost:5173", "write `http://localhost:5173`"),
        ("https://*.preview.example.com/", "write `https://*.preview.example.com`"),
        ("localhost:5173", "write `https://localhost:5173` or `http://localhost:5173`"),
        ("example.com/app", "write `https://example.com` or `http://example.com`"),
        ("*.example.com", "write `https://*.example.com` or `http://*.example.com`"),
        ("https://*.com", forms),
        ("https:/app.example.com", forms),
        ("https://user:secret@app.example.com", forms),
        ("null", forms),
        ("*", forms),
        ("", forms),
    ] {
        let error = builder().trusted_origins([written]).build_manager().expect_err(written);
        let expected =
            format!("the session settings are invalid: trusted_origins: {written:?} is not an origin: {instead}");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn durations_are_limited() {
    let (second, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
    for good in [second, 30 * day] {
        assert_problems!(builder().max_age(good),);
    }
    assert_problems!(builder().max_age(30 * day + second), ConfigProblem::MaxAgeBeyondAbsolute);
    assert_problems!(builder().max_age(400 * day).absolute_timeout(30 * day),);
    assert_problems!(builder().max_age(400 * day).without_absolute_timeout(),);
    for bad in [Duration::ZERO, Duration::from_millis(999), 400 * day + second, Duration::MAX] {
        assert_problems!(builder().max_age(bad), ConfigProblem::MaxAge);
    }
    for bad in [Duration::ZERO, Duration::from_millis(999), 3_654 * day, Duration::MAX] {
        assert_problems!(builder().absolute_timeout(bad), ConfigProblem::AbsoluteTimeout);
    }
    assert_problems!(builder().absolute_timeout(second),);
    for bad in [second, Duration::MAX] {
        assert_problems!(builder().max_age(9 * second).touch_interval(bad), ConfigProblem::TouchInterval);
    }
    assert_problems!(builder().patience(Duration::ZERO), ConfigProblem::Patience);
}

#[test]
fn lifetimes_are_as_documented() {
    // The defaults, and the limits in the table of levels.
    let lifetimes = |builder: SessionBuilder| {
        let Policy { ttl, absolute, .. } = builder.build_manager().expect("good settings").engine().policy;
        (ttl / 1_000, absolute.map(|absolute| absolute / 1_000))
    };
    let of = |idle, absolute| {
        lifetimes(builder().max_age(Duration::from_secs(idle)).absolute_timeout(Duration::from_secs(absolute)))
    };
    assert_eq!(lifetimes(builder()), (86_400, Some(30 * 86_400)));
    assert_eq!(of(3_600, 86_400), (3_600, Some(86_400)));
    assert_eq!(of(900, 43_200), (900, Some(43_200)));
}

#[test]
fn a_ring_needs_a_secret() {
    assert_problems!(session_middleware(Vec::<&str>::new()).store(MemoryStore::new()), ConfigProblem::NoSecret);
}

#[test]
fn the_touch_interval_is_at_most_a_tenth_of_the_lifetime() {
    let interval = |max_age, interval| {
        let mut builder = builder().max_age(max_age);
        if let Some(interval) = interval {
            builder = builder.touch_interval(interval);
        }
        builder.build_manager().expect("good settings").engine().policy.touch_interval
    };
    let second = Duration::from_secs(1);
    assert_eq!(interval(1_000 * second, None), 60_000);
    assert_eq!(interval(3 * second, None), 300);
    assert_eq!(interval(1_000 * second, Some(100 * second)), 100_000);
    assert_eq!(interval(1_000 * second, Some(Duration::ZERO)), 0);
}

#[test]
fn errors_and_debug_output_hide_the_secret() {
    let error = session_middleware("hunter2").build_manager().expect_err("short");
    assert_eq!(
        error.to_string(),
        "the session settings are invalid: the secret has 7 bytes but needs at least 32: make one with `openssl rand \
         -hex 32`; no store is set"
    );
    for text in [format!("{error:?}"), format!("{:?}", builder()), format!("{:?}", builder().build_manager())] {
        assert!(!text.contains("hunter2") && !text.contains(SECRET), "{text}");
    }
}
