//! Runs the cases of some rules with velox and compares the answers with Zod's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use http_body_util::BodyExt;
use serde_json::Value;
use velox_rpc::error::ErrorMap;
use velox_rpc::service::AppService;
use velox_tests::node;

use crate::zod::answer::{Answer, Vector};
use crate::zod::differences::{self, Case, Difference};
use crate::zod::rules::{Rules, request};

/// The cases of every rule, with the answers of Zod 3.
pub(crate) fn vectors() -> &'static Vectors {
    static VECTORS: LazyLock<Vectors> = LazyLock::new(|| read(&[]));
    &VECTORS
}

/// The same cases, with the answers of Zod 4.
fn vectors_of_zod4() -> &'static Vectors {
    static VECTORS: LazyLock<Vectors> = LazyLock::new(|| read(&[Path::new("4")]));
    &VECTORS
}

type Vectors = BTreeMap<String, Vec<Vector>>;

fn read(arguments: &[&Path]) -> Vectors {
    serde_json::from_str(&node("zod.mjs", arguments)).expect("the vectors are well formed")
}

/// Compares every case of the rules with Zod 3, and with the messages of Zod 4.
///
/// A difference from Zod 3 may also be a difference from Zod 4. It is not listed twice.
///
/// # Panics
///
/// If a difference is not listed, or if a listed difference does not exist.
pub(crate) async fn compare(rules: fn() -> Rules) {
    let (names, is_query) = (rules().names().to_vec(), rules().is_query());
    let (of_zod3, of_zod4) = (rules().into_service(ErrorMap::zod3()), rules().into_service(ErrorMap::zod4()));
    let mut report = String::new();
    for rule in names {
        let (mut listed, mut listed_of_zod4) =
            (Listed::of(rule, differences::all()), Listed::of(rule, differences::of_zod4()));
        for (vector, other) in vectors()[rule].iter().zip(&vectors_of_zod4()[rule]) {
            let velox = ask(&of_zod3, rule, &vector.input, is_query).await;
            let is_listed = listed.look("Zod 3", vector, velox, &mut report);
            let velox = ask(&of_zod4, rule, &vector.input, is_query).await;
            if !is_listed {
                listed_of_zod4.look("Zod 4", other, velox, &mut report);
            }
        }
        listed.report_unseen(&mut report);
        listed_of_zod4.report_unseen(&mut report);
    }
    assert!(report.is_empty(), "unexpected differences from Zod:\n{report}");
}

/// The differences listed for a rule, and whether a case has shown each.
struct Listed {
    rule: &'static str,
    differences: Vec<(&'static Difference, bool)>,
}

impl Listed {
    fn of(rule: &'static str, all: impl Iterator<Item = &'static Difference>) -> Self {
        let of_rule = all.filter(|difference| difference.rules.contains(&rule));
        Self { rule, differences: of_rule.map(|difference| (difference, false)).collect() }
    }

    /// Returns whether the case shows a listed difference.
    fn look(&mut self, version: &str, vector: &Vector, velox: Answer, report: &mut String) -> bool {
        let (rule, input) = (self.rule, &vector.input);
        let case = Case { input, texts: &vector.texts, zod: vector.zod(), velox };
        if case.zod.agrees(&case.velox) {
            return false;
        }
        match self.differences.iter_mut().find(|(difference, _)| (difference.is_of)(&case)) {
            Some((_, is_seen)) => *is_seen = true,
            None => writeln!(report, "{rule} {input}\n  {version} {}\n  velox {}", case.zod, case.velox)
                .expect("writing to a string never fails"),
        }
        true
    }

    fn report_unseen(&self, report: &mut String) {
        for (difference, _) in self.differences.iter().filter(|(_, is_seen)| !is_seen) {
            writeln!(report, "{}: listed, but no case shows it: {}", self.rule, difference.reason)
                .expect("writing to a string never fails");
        }
    }
}

async fn ask(service: &AppService, rule: &str, input: &str, is_query: bool) -> Answer {
    let (parts, body) = service.call(request(rule, input, is_query)).await.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
    Answer::of_reply(parts.status, body)
}
