//! Runs the cases of some rules by velox, and holds the answers against Zod's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use http_body_util::BodyExt;
use serde_json::Value;
use velox_rpc::service::AppService;
use velox_tests::node;

use crate::answer::{Answer, Vector};
use crate::differences::{self, Case, Difference};
use crate::rules::{Rules, request};

/// The cases of every rule, and what Zod says of them.
pub(crate) fn vectors() -> &'static BTreeMap<String, Vec<Vector>> {
    static VECTORS: LazyLock<BTreeMap<String, Vec<Vector>>> =
        LazyLock::new(|| serde_json::from_str(&node("zod.mjs", &[])).expect("the vectors are well formed"));
    &VECTORS
}

/// Holds every case of the rules against Zod.
///
/// # Panics
///
/// When a difference is not listed, or a listed one is not there.
pub(crate) async fn compare(rules: Rules) {
    let (names, is_query) = (rules.names().to_vec(), rules.is_query());
    let service = rules.into_service();
    let mut report = String::new();
    for rule in names {
        let listed: Vec<&Difference> =
            differences::all().filter(|difference| difference.rules.contains(&rule)).collect();
        let mut seen = vec![false; listed.len()];
        for vector in &vectors()[rule] {
            let velox = ask(&service, rule, &vector.input, is_query).await;
            let case = Case { input: &vector.input, texts: &vector.texts, zod: vector.zod(), velox };
            if case.zod.agrees(&case.velox) {
                continue;
            }
            match listed.iter().position(|difference| (difference.is_of)(&case)) {
                Some(place) => seen[place] = true,
                None => {
                    writeln!(report, "{rule} {}\n  Zod {}\n  velox {}", vector.input, case.zod, case.velox)
                        .expect("a text takes everything");
                }
            }
        }
        for (difference, _) in listed.iter().zip(seen).filter(|(_, seen)| !seen) {
            writeln!(report, "{rule}: listed, but no case shows it: {}", difference.reason)
                .expect("a text takes everything");
        }
    }
    assert!(report.is_empty(), "differences from Zod that differences.rs does not list as they are:\n{report}");
}

async fn ask(service: &AppService, rule: &str, input: &str, is_query: bool) -> Answer {
    let (parts, body) = service.call(request(rule, input, is_query)).await.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    Answer::of_reply(parts.status, body)
}
