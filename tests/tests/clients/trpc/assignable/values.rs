//! Numbers, strings, lists, maps, and types of the standard library.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};
use std::num::{NonZeroI64, NonZeroU8, Wrapping};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use velox_rpc::schema;

use super::Table;

#[schema]
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Role {
    Admin,
    SuperUser,
}

#[schema]
#[serde(transparent)]
#[derive(PartialEq, Eq, Hash)]
struct Sku(String);

#[schema]
#[serde(transparent)]
#[derive(PartialEq, Eq, Hash)]
struct Row(u32);

pub(super) fn rows(table: &mut Table) {
    table.writes([true, false], &["\"true\"", "1", "null"]);
    table.writes(['a', '\u{1f600}', '"'], &["1", "[\"a\"]"]);
    table.writes([0.5_f64, -1e300, 1e-7, f64::MAX], &["\"0.5\"", "null"]);
    table.writes([0.1_f32], &["\"0.1\""]);
    table.writes([u8::MAX], &["\"1\""]);
    table.writes([i64::MIN, i64::MAX], &["\"1\"", "1n"]);
    table.writes([u128::MAX], &["\"1\"", "1n"]);
    table.writes([NonZeroU8::MIN], &["\"1\""]);
    table.writes([NonZeroI64::MIN], &["null"]);
    table.writes([Wrapping(7_u16)], &["[7]"]);
    table.writes(["".to_owned(), "a \"b\" \\ \u{7f} \n ü".to_owned()], &["1", "null"]);
    table.writes([Cow::Borrowed("a")], &["1"]);
    table.writes([PathBuf::from("/a")], &["[\"a\"]"]);
    table.writes([IpAddr::V4(Ipv4Addr::LOCALHOST)], &["[127, 0, 0, 1]"]);
    table.writes([PhantomData::<u8>], &["1", "{}"]);

    // JSON has no type for times. Most crates write a string, the standard library two numbers.
    table.writes([Duration::from_millis(1_500)], &["1.5", "{\"secs\": 1}", "{\"secs\": 1, \"nanos\": 2, \"more\": 3}"]);
    table.writes([SystemTime::UNIX_EPOCH], &["\"1970-01-01T00:00:00Z\"", "{\"secs_since_epoch\": 1}"]);
    table.writes([0..7, 1..1], &["[0, 7]", "{\"start\": 0}"]);
    table.writes([Ok(1), Err("no".to_owned())], &["1", "{\"Ok\": \"no\"}", "{}"]);

    table.writes([Some(1), None], &["\"1\"", "{}"]);
    table.writes([Box::new(1)], &["\"1\""]);
    table.writes([Arc::new("a".to_owned())], &["1"]);
    table.writes([Some(Box::<str>::from("a")), None], &["1"]);
    table.writes([vec![Some(1), None], vec![]], &["[\"1\"]", "1", "{}"]);
    table.writes([VecDeque::from([vec![true]])], &["[true]"]);
    table.writes([LinkedList::from(['a'])], &["\"a\""]);
    table.writes([BTreeSet::from([1, 2])], &["{\"1\": true}", "[\"1\"]"]);
    table.writes([HashSet::from([Role::Admin])], &["[\"Admin\"]"]);
    table.writes([[1.5, 2.5, 3.5]], &["[\"1\"]", "{}"]);
    table.writes([[0_u8; 32]], &["\"AAAA\""]);
    table.writes([(1, "a".to_owned())], &["[1]", "[1, \"a\", 2]", "[\"a\", 1]"]);
    table.writes([(true,)], &["true", "[]", "[true, true]"]);
    table.writes([((1, Some('a')), vec![(1, 2)])], &["[[1], []]", "[[1, \"a\"], [[1]]]"]);

    table.writes([HashMap::from([("a b".to_owned(), 1)]), HashMap::new()], &["{\"a\": \"1\"}", "[]", "{\"a\": null}"]);
    table.writes([BTreeMap::from([(1_u32, 'a'), (40, 'b')])], &["{\"1\": 1}", "{\"one\": \"a\"}"]);
    table.writes([BTreeMap::from([(u64::MAX, true)])], &["{\"1\": 1}", "{\"1.5\": \"a\"}"]);
    table.writes([BTreeMap::from([(i8::MIN, true), (0, false)])], &["{\"-1\": 1}", "{\"one\": true}"]);
    table.writes([HashMap::from([(Row(1), true)])], &["{\"one\": true}"]);
    table.writes([HashMap::from([(Sku("a".into()), true)])], &["{\"a\": 1}"]);
    table.writes([BTreeMap::from([('a', 1)])], &["{\"a\": true}"]);
    table.writes(
        [BTreeMap::from([(Role::Admin, 1), (Role::SuperUser, 2)]), BTreeMap::from([(Role::Admin, 1)]), BTreeMap::new()],
        &["{\"admin\": \"1\"}", "{\"SuperUser\": 1}"],
    );
    table.writes(
        [HashMap::from([("a".to_owned(), HashMap::from([(1_u8, None), (2, Some(true))]))])],
        &["{\"a\": true}"],
    );
    table.writes([Map::from_iter([("a".to_owned(), json!([1]))])], &["[]", "1"]);
    // Everything is JSON except a function.
    table.writes([json!(null), json!([1, {"a": "b"}])].map(|any: Value| vec![any]), &["1"]);
}
