//! Structs that are not objects, generics, recursion, and two types with one name.

use std::collections::BTreeMap;

use velox_rpc::schema;

use super::Table;

#[schema]
struct Unit;

#[schema]
struct Newtype(u64);

#[schema]
#[serde(transparent)]
struct Transparent {
    text: String,
}

#[schema]
struct Pair(String, Option<bool>);

#[schema]
struct Page<T> {
    items: Vec<T>,
    next: Option<T>,
}

#[schema]
struct Either<A, B> {
    left: A,
    right: B,
}

#[schema]
struct Tree {
    label: String,
    children: Vec<Tree>,
    by_name: BTreeMap<String, Tree>,
}

#[schema]
struct List {
    first: u8,
    rest: Option<Box<List>>,
}

#[schema]
struct Nested(Vec<Nested>);

#[schema]
#[serde(transparent)]
struct Names(BTreeMap<String, Names>);

/// Two types that contain each other.
#[schema]
struct Author {
    name: String,
    books: Vec<Book>,
}

#[schema]
struct Book {
    title: String,
    authors: Vec<Author>,
}

#[schema]
enum Expression {
    Number(f64),
    Sum(Box<Expression>, Box<Expression>),
    Named { name: String, value: Box<Expression> },
}

/// A type that contains itself through a flattened field.
#[schema]
struct Node {
    id: u8,
    #[serde(flatten)]
    kind: NodeKind,
}

#[schema]
enum NodeKind {
    Leaf(u64),
    Branch { left: Box<Node>, right: Option<Box<Node>> },
}

mod billing {
    #[velox_rpc::schema]
    pub(super) struct Address {
        pub(super) iban: String,
    }
}

mod shipping {
    #[velox_rpc::schema]
    pub(super) struct Address {
        pub(super) street: String,
    }
}

/// Two types with the same name.
#[schema]
struct Order {
    from: billing::Address,
    to: shipping::Address,
}

/// A type with the name of one that every TypeScript program has.
#[schema]
struct Record {
    record: bool,
}

pub(super) fn rows(table: &mut Table) {
    table.writes([Unit], &["{}", "[]"]);
    table.writes([Newtype(1)], &["[1]", "\"1\""]);
    table.writes([Transparent { text: "a".into() }], &["{\"text\": \"a\"}"]);
    table.writes([Pair("a".into(), None), Pair("a".into(), Some(true))], &["[\"a\"]", "[true, \"a\"]", "\"a\""]);

    table.writes([Page { items: vec![1], next: Some(2) }], &["{\"items\": [\"a\"]}", "{}"]);
    table.writes(
        [Page { items: vec!["a".to_owned()], next: None }],
        &["{\"items\": [1]}", "{\"items\": [], \"next\": 1}"],
    );
    table.writes([Page { items: vec![Page { items: vec![Unit], next: None }], next: None }], &["{\"items\": [null]}"]);
    table.writes([Either { left: 1, right: "a".to_owned() }], &["{\"left\": \"a\", \"right\": 1}"]);
    table.writes([Either { left: vec![true], right: Some(1) }], &["{\"left\": [1], \"right\": 1}", "{\"left\": []}"]);

    let leaf = || Tree { label: "leaf".into(), children: vec![], by_name: BTreeMap::new() };
    let tree = Tree { label: "root".into(), children: vec![leaf()], by_name: BTreeMap::from([("a".into(), leaf())]) };
    table.writes([tree], &["{\"label\": \"a\", \"children\": [1], \"byName\": {}}", "{\"label\": \"a\"}"]);
    let list = List { first: 1, rest: Some(Box::new(List { first: 2, rest: None })) };
    table.writes([list], &["{\"first\": 1, \"rest\": {\"first\": \"2\"}}", "{\"first\": 1, \"rest\": []}"]);
    table.writes([Nested(vec![Nested(vec![]), Nested(vec![Nested(vec![])])])], &["[1]", "[[null]]"]);
    let names = |names: Vec<(String, Names)>| Names(names.into_iter().collect());
    table.writes([names(vec![("a".into(), names(vec![]))])], &["{\"a\": 1}", "[]"]);
    let book = Book { title: "a".into(), authors: vec![Author { name: "b".into(), books: vec![] }] };
    table.writes([book], &["{\"title\": \"a\", \"authors\": [{\"name\": \"b\"}]}"]);
    let number = || Box::new(Expression::Number(1.5));
    let sum = Expression::Sum(number(), Box::new(Expression::Named { name: "a".into(), value: number() }));
    table.writes([sum], &["{\"sum\": [{\"number\": 1}]}", "{\"named\": {\"name\": \"a\"}}", "{\"sum\": [1, 2]}"]);

    let leaf = || Node { id: 2, kind: NodeKind::Leaf(3) };
    let branch = Node { id: 1, kind: NodeKind::Branch { left: Box::new(leaf()), right: None } };
    table.writes(
        [branch, leaf()],
        &["{\"id\": 1}", "{\"id\": 1, \"branch\": {\"left\": {\"id\": 2}}}", "{\"leaf\": 1}"],
    );

    let (from, to) = (billing::Address { iban: "a".into() }, shipping::Address { street: "b".into() });
    table.writes([Order { from, to }], &["{\"from\": {\"street\": \"b\"}, \"to\": {\"iban\": \"a\"}}"]);
    table.writes([Record { record: true }], &["{}", "{\"a\": \"b\"}"]);
    table.writes([billing::Address { iban: "a".into() }], &["{\"street\": \"b\"}"]);
    table.writes([shipping::Address { street: "b".into() }], &["{\"iban\": \"a\"}"]);
}
