//! The properties that hold for every value of every type.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use http::Method;
use jsonschema::Validator;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestCaseError, TestRng, TestRunner};
use schemars::generate::SchemaSettings;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use velox_rpc::{App, Call, Router, procedure};
use velox_tests::{Client, number};

use crate::zoo::animal::{Animal, Form};
use crate::zoo::changes::{Sent, names, values};
use crate::zoo::json::{Json, Place};

/// Sends random values and checks the replies.
pub(crate) fn holds<T: Animal>() {
    let cases = number("VELOX_CASES").map_or(400, |cases| u32::try_from(cases).expect("a few"));
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let seed = number("VELOX_SEED");
    let mut runner = match seed {
        Some(seed) => TestRunner::new(Config { rng_seed: RngSeed::Fixed(seed), ..config }),
        None => TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha)),
    };
    let (server, accepted) = (Server::of::<T>(), Cell::new(0));
    let result = runner.run(&values::<T>(), |sent| {
        let is_accepted = server.check::<T>(&sent).map_err(TestCaseError::fail)?;
        accepted.set(accepted.get() + u32::from(is_accepted));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // The test shows nothing if everything or nothing is accepted.
    let enough = cases / 10;
    assert!((enough..cases - enough).contains(&accepted.get()), "{} of {cases} accepted", accepted.get());
    // Other values may not show a rare reason.
    for (reason, _) in T::BEYOND_SCHEMA.iter().filter(|_| seed.is_none()) {
        assert!(server.shown.borrow().contains(reason), "no value shows this listed reason: {reason}");
    }
}

const TWICE: &str = "The request body has a repeated key";

/// A procedure that returns its input.
struct Server {
    client: Client,
    runtime: Runtime,
    schema: Validator,
    /// The reasons why the schema refused accepted values so far.
    shown: RefCell<BTreeSet<&'static str>>,
}

impl Server {
    fn of<T: Animal>() -> Self {
        let echo =
            procedure().input::<T>().rest(Method::POST, "/body").mutation(|Call { input, .. }| Ok(written(&input)));
        let app = App::new(()).development(false).router(Router::new("test").procedure("write", echo));
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
        let schema = jsonschema::validator_for(schema.as_value()).expect("a schema");
        Self { client: runtime.block_on(async { Client::of(app) }), runtime, schema, shown: RefCell::default() }
    }

    /// Returns the echo, or the issues with their paths.
    fn answer(&self, text: String) -> Result<String, Vec<(String, String)>> {
        let reply = self.runtime.block_on(self.client.post("/api/body", text));
        if reply.status.as_u16() == 200 {
            return Ok(serde_json::from_slice(&reply.body).expect("a text"));
        }
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let (status, code) = reply.failure();
        assert_eq!(status, 400, "{}", reply.text());
        if code != "VALIDATION_ERROR" {
            return Err(vec![(String::new(), text(&reply.json()["message"]))]);
        }
        let details = reply.json()["details"].as_array().expect("details").clone();
        Err(details.iter().map(|issue| (text(&issue["field"]), text(&issue["message"]))).collect())
    }

    /// Returns whether the value is accepted, or an error if it should not have been or should have
    /// been.
    fn check<T: Animal>(&self, sent: &Sent) -> Result<bool, String> {
        let text = sent.text();
        let echoes = by_serde::<T>(sent);
        match self.answer(text.clone()) {
            Ok(_) if sent.json.has_twins() => Err(format!("a repeated key was accepted: {text}")),
            Ok(_) if echoes.is_empty() => {
                let why = serde_json::from_str::<T>(&text).map(drop);
                Err(format!("serde refuses this accepted value: {text}: {why:?}"))
            }
            Ok(echo) if !echoes.iter().any(|known| is_same(known, &echo)) => {
                Err(format!("accepted with another result: {text}: {echo} instead of {echoes:?}"))
            }
            Ok(_) => self.fits_schema::<T>(&text).map(|()| true),
            Err(issues) => {
                let failed = |why: &str| Err(format!("{why}: {text}: {issues:?}"));
                if issues.is_empty() {
                    return failed("refused without an issue");
                }
                if issues.iter().any(|(_, text)| text == TWICE) != sent.json.has_twins() {
                    return failed("a key that is there twice is refused");
                }
                if sent.json.has_twins() {
                    return Ok(false);
                }
                if issues.iter().any(|(path, _)| !is_somewhere::<T>(sent.json.at(path))) {
                    return failed("an issue is nowhere");
                }
                if !echoes.is_empty() && !issues.iter().all(|issue| is_excused::<T>(issue, &sent.json)) {
                    return failed("refused, but not by serde");
                }
                let is_whole = issues.iter().any(|(path, text)| path.is_empty() && text == "Invalid input");
                if is_whole && !T::IS_VAGUE {
                    return failed("refused as a whole");
                }
                if T::IS_INDEPENDENT && self.passes_by_field::<T>(sent) {
                    return failed("each field passes alone");
                }
                Ok(false)
            }
        }
    }

    /// Checks that the schema accepts the value too, except for the listed places.
    fn fits_schema<T: Animal>(&self, text: &str) -> Result<(), String> {
        let value = serde_json::from_str(text).expect("it is JSON");
        for error in self.schema.iter_errors(&value) {
            let place = error.instance_path().as_str();
            let is_there = |listed: &&str| {
                let inside = place.strip_prefix(*listed);
                inside.is_some_and(|inside| inside.is_empty() || !listed.is_empty() && inside.starts_with('/'))
            };
            match T::BEYOND_SCHEMA.iter().find(|(_, places)| places.iter().any(is_there)) {
                Some((reason, _)) => drop(self.shown.borrow_mut().insert(reason)),
                None => return Err(format!("the schema refuses this accepted value: {text}: {error} at {place}")),
            }
        }
        Ok(())
    }

    /// Returns whether each field of an object is accepted if all other fields are valid.
    fn passes_by_field<T: Animal>(&self, Sent { json, style }: &Sent) -> bool {
        let (Json::Object(entries), false) = (json, has_twins::<T>(json)) else { return false };
        let Some(Form::Fields(fields)) = T::good().0.into_iter().next() else { return false };
        let good: Vec<_> = fields.iter().map(|(name, values)| (name.clone(), Json::from(&values[0]))).collect();
        let names =
            good.iter().map(|(name, _)| name.as_str()).chain(entries.iter().map(|(name, _)| main_name::<T>(name)));
        names.into_iter().all(|name| {
            let others = good.iter().filter(|(other, _)| other != name).cloned();
            let this = entries.iter().filter(|(other, _)| main_name::<T>(other) == name).cloned();
            self.answer(Json::Object(others.chain(this).collect()).write(*style)).is_ok()
        })
    }
}

fn written<T: Animal>(value: &T) -> String {
    serde_json::to_string(value).expect("it is JSON")
}

/// The name of a field for one of its aliases.
fn main_name<T: Animal>(name: &str) -> &str {
    T::ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, main)| main)
}

fn has_twins<T: Animal>(json: &Json) -> bool {
    let is_twice = |entries: &[(String, Json)]| {
        let names: Vec<_> = entries.iter().map(|(name, _)| main_name::<T>(name)).collect();
        names.iter().enumerate().any(|(at, name)| names[..at].contains(name))
    };
    json.has_twins() || json.all().into_iter().any(|it| matches!(it, Json::Object(entries) if is_twice(entries)))
}

fn is_same(one: &str, other: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("it is JSON");
    one == other || value(one) == value(other)
}

/// Returns the values that serde reads, with as few whole floats as possible written as integers.
/// Returns nothing if serde refuses the value.
fn by_serde<T: Animal>(sent: &Sent) -> Vec<String> {
    let wholes = sent.json.all().into_iter().filter(|it| whole(it).is_some()).count().min(MOST_WHOLES);
    let mut masks: Vec<u32> = (0..1 << wholes).collect();
    masks.sort_by_key(|mask| mask.count_ones());
    let mut echoes: Vec<(u32, String)> = Vec::new();
    for mask in masks {
        // Serde reads a flattened `Option` as `None` as long as one of its integers is a float.
        if T::LAX.is_empty() && echoes.first().is_some_and(|(count, _)| *count < mask.count_ones()) {
            break;
        }
        let mut sent = sent.clone();
        // From the last to the first, because a number that was changed no longer counts.
        for at in (0..wholes).rev().filter(|at| mask & (1 << at) != 0) {
            let it = sent.json.nth_mut(&mut at.clone(), |it| whole(it).is_some()).expect("it was counted");
            *it = Json::Number(whole(it).expect("it is whole"));
        }
        let read = serde_json::from_str::<T>(&sent.text()).ok().filter(|input| input.validate().is_ok());
        echoes.extend(read.map(|input| (mask.count_ones(), written(&input))));
    }
    echoes.into_iter().map(|(_, echo)| echo).collect()
}

const MOST_WHOLES: usize = 7;

/// The integer that this number equals, if it is not written as one.
fn whole(json: &Json) -> Option<String> {
    let Json::Number(text) = json else { return None };
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (digits, power) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let is_integer = !text.contains(['.', 'e', 'E']) && text != "-0";
    let power = power.parse::<i32>().ok().filter(|power| !is_integer && power.abs() < 100)?;
    let power = power - i32::try_from(after.len()).ok()?;
    let digits = format!("{before}{after}").parse::<u128>().ok()?;
    let tens = 10_u128.checked_pow(power.unsigned_abs());
    let number = match (digits, tens) {
        (0, _) => return Some("0".to_owned()),
        (_, Some(tens)) if power >= 0 => digits.checked_mul(tens)?,
        (_, Some(tens)) if digits % tens == 0 => digits / tens,
        _ => return None,
    };
    Some(format!("{sign}{number}"))
}

/// Returns whether the path leads to a value, or to a place where one could be.
fn is_somewhere<T: Animal>(place: Place<'_, '_>) -> bool {
    match place {
        Place::There(_) => true,
        Place::Missing(key) => names::<T>().iter().any(|name| name == key),
        Place::Nowhere => false,
    }
}

/// Returns whether this refusal is a known exception, although serde accepts the value.
fn is_excused<T: Animal>((path, message): &(String, String), json: &Json) -> bool {
    let Place::There(value) = json.at(path) else { return is_lax::<T>(path) };
    let has_lists = || value.all().into_iter().any(|it| matches!(it, Json::List(_)));
    let is_known = match (value, message.as_str()) {
        (Json::List(_), "Expected object, received array") => true,
        (Json::Number(_), _) => message.starts_with("Invalid discriminator value"),
        // A field of a flattened `Option` that was sent under two names.
        (Json::Object(_), _) if message.starts_with("Unrecognized key(s)") => {
            !T::LAX.is_empty() && has_twins::<T>(json)
        }
        // `{"name": null}` for a variant that holds nothing.
        (Json::Null, "Invalid input") => true,
        (Json::Object(entries), _) if message.ends_with("received object") => {
            matches!(entries.as_slice(), [(_, Json::Null)])
        }
        (_, "Invalid input") => T::IS_VAGUE && has_lists(),
        _ => false,
    };
    is_known || is_lax::<T>(path)
}

fn is_lax<T: Animal>(path: &str) -> bool {
    T::LAX.contains(&path.split(['.', '[']).next().unwrap_or_default())
}
