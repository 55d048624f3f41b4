//! Compares `#[schema]` with Zod 3 and Zod 4. Both must agree on the verdict, the paths, the
//! messages and the output for the same values.
//!
//! `tests/node/zod.mjs` records what Zod makes of several hundred values for each rule. Here each
//! rule is a procedure that returns its input. [`differences`] lists the differences and their
//! reasons. Nothing else may differ, and every listed difference must exist.

mod answer;
mod choices;
mod coerced;
mod compare;
mod composed;
mod differences;
mod missing;
mod numbers;
mod rules;
mod texts;

use crate::zod::compare::{compare, vectors};
use crate::zod::rules::Rules;

#[tokio::test]
async fn strings_get_the_verdicts_of_zod() {
    compare(texts::rules).await;
}

#[tokio::test]
async fn numbers_get_the_verdicts_of_zod() {
    compare(numbers::rules).await;
}

#[tokio::test]
async fn missing_values_get_the_verdicts_of_zod() {
    compare(missing::rules).await;
}

#[tokio::test]
async fn lists_and_objects_get_the_verdicts_of_zod() {
    compare(composed::rules).await;
}

#[tokio::test]
async fn enums_and_unions_get_the_verdicts_of_zod() {
    compare(choices::rules).await;
}

#[tokio::test]
async fn coerced_strings_get_the_verdicts_of_zod() {
    compare(coerced::rules).await;
}

#[test]
fn every_rule_has_a_few_hundred_cases_and_a_schema() {
    let groups: [fn() -> Rules; 6] =
        [texts::rules, numbers::rules, missing::rules, composed::rules, choices::rules, coerced::rules];
    let mut here: Vec<_> = groups.iter().flat_map(|rules| rules().names().to_vec()).collect();
    here.sort_unstable();
    let mut there: Vec<_> = vectors().keys().map(String::as_str).collect();
    there.sort_unstable();
    assert_eq!(here, there, "the rules here must be those of zod.mjs");
    for (rule, cases) in vectors().iter().filter(|(rule, _)| *rule != "coerceMissing") {
        assert!(cases.len() >= 250, "{rule}: {} cases", cases.len());
    }
    for difference in differences::all().chain(differences::of_zod4()) {
        for rule in difference.rules {
            assert!(here.contains(rule), "no rule is called `{rule}`: {}", difference.reason);
        }
    }
}
