//! Makes random values that mostly have the right shape: valid values with a few changes.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::strategy::{BoxedStrategy, Union};
use serde_json::json;

use crate::zoo::animal::{Animal, Form};
use crate::zoo::json::{Json, Style};

/// A value to send, and how its text is written.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) json: Json,
    pub(crate) style: Style,
}

impl Sent {
    pub(crate) fn text(&self) -> String {
        self.json.write(self.style)
    }
}

pub(crate) fn values<T: Animal>() -> impl Strategy<Value = Sent> {
    let style = prop_oneof![8 => Just(Style::Plain), 1 => Just(Style::Spaced), 1 => Just(Style::Escaped)];
    let count = prop_oneof![3 => Just(0_usize), 4 => Just(1), 2 => Just(2), 1 => Just(3)];
    let changes = count.prop_flat_map(|count| vec((any::<Index>(), any::<Index>(), change::<T>()), count));
    (base::<T>(), changes, style).prop_map(|(mut json, changes, style)| {
        for (at, inside, change) in changes {
            change.apply(&mut json, at, inside);
        }
        Sent { json, style }
    })
}

/// Valid values, with some optional fields left out.
fn base<T: Animal>() -> BoxedStrategy<Json> {
    let forms = T::good().0.into_iter().map(|form| match form {
        Form::Values(values) => select(values.iter().map(Json::from).collect::<Vec<_>>()).boxed(),
        Form::Fields(fields) => {
            let fields: Vec<_> = fields
                .into_iter()
                .map(|(name, values)| {
                    let good = select(values.iter().map(Json::from).collect::<Vec<_>>());
                    prop_oneof![15 => good.prop_map(Some), 1 => Just(None)]
                        .prop_map(move |value| value.map(|value| (name.clone(), value)))
                })
                .collect();
            fields.prop_map(|fields| Json::Object(fields.into_iter().flatten().collect())).boxed()
        }
    });
    Union::new(forms.collect::<Vec<_>>()).boxed()
}

#[derive(Clone, Debug)]
enum Change {
    /// Replaces a value by this one.
    Put(Json),
    /// Adds another key or another item.
    Add(String, Json),
    Rename(String),
    Drop,
    Twice,
    /// Spells a number in other digits, which may change it.
    Spell(usize),
    /// Wraps a value in a list or an object.
    Wrap(Option<String>),
    /// Turns an object into a list of its values.
    Unname,
}

fn change<T: Animal>() -> impl Strategy<Value = Change> {
    let names = select(names::<T>());
    prop_oneof![
        6 => atoms::<T>().prop_map(Change::Put),
        3 => (names.clone(), atoms::<T>()).prop_map(|(name, value)| Change::Add(name, value)),
        3 => names.clone().prop_map(Change::Rename),
        4 => Just(Change::Drop),
        1 => Just(Change::Twice),
        5 => (0..SPELLINGS).prop_map(Change::Spell),
        1 => proptest::option::of(names).prop_map(Change::Wrap),
        1 => Just(Change::Unname),
    ]
}

/// All keys that occur in the values of a type, and some that do not.
pub(crate) fn names<T: Animal>() -> Vec<String> {
    let mut names: Vec<String> = good_values::<T>().iter().flat_map(keys).collect();
    names.extend(T::ALIASES.iter().map(|(alias, _)| (*alias).to_owned()));
    names.extend(T::LAX.iter().map(|name| (*name).to_owned()));
    names.extend(["", "more", "a.b", "x[0]", "日本", "1", "-1", "01", "kind", "Name"].map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

fn keys(json: &Json) -> Vec<String> {
    let of_one = |json: &Json| match json {
        Json::Object(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
        _ => Vec::new(),
    };
    json.all().into_iter().flat_map(of_one).collect()
}

/// A valid value for each of the valid values of a field.
fn good_values<T: Animal>() -> Vec<Json> {
    let mut all = Vec::new();
    for form in T::good().0 {
        match form {
            Form::Values(values) => all.extend(values.iter().map(Json::from)),
            Form::Fields(fields) => all.extend(fields.iter().flat_map(|(name, values)| {
                values.iter().map(|value| Json::Object(vec![(name.clone(), Json::from(value))])).collect::<Vec<_>>()
            })),
        }
    }
    all
}

/// Values that are valid in some places and invalid in most.
fn atoms<T: Animal>() -> impl Strategy<Value = Json> {
    let parts: Vec<Json> = good_values::<T>().iter().flat_map(|value| value.all().into_iter().cloned()).collect();
    let listed = json!([
        null, true, 0, 1, -1, 127, 128, 255, 256, 65536, 2_147_483_648_u64, u64::MAX, i64::MIN, 0.5, 1.5, -0.5, 1e300,
        "", "a", "abcd", "  ", "é", "日本語", "👍", "a\u{301}", "\0", "\u{7f}", "a\"b\\c", "a@b.co", "1", "null",
        [], [0], [""], {}, {"a": 1}
    ]);
    let mut listed: Vec<Json> = listed.as_array().expect("a list").iter().map(Json::from).collect();
    let spelled = ["1.0", "-0", "-0.0", "1e2", "300.0", "10e-1", "1E+1", "18446744073709551616", "1e19", "1e20", "0e5"];
    listed.extend(spelled.map(Json::number));
    prop_oneof![
        4 => select(listed),
        3 => select(parts),
        1 => any::<i64>().prop_map(|number| Json::Number(number.to_string())),
        1 => any::<String>().prop_map(Json::Text),
    ]
}

impl Change {
    fn apply(self, json: &mut Json, at: Index, inside: Index) {
        match self {
            Self::Put(value) => on(json, at, |_| true, |it| *it = value),
            Self::Add(name, value) => on(json, at, is_container, |it| match it {
                Json::List(items) => items.insert(inside.index(items.len() + 1), value),
                Json::Object(entries) => entries.insert(inside.index(entries.len() + 1), (name, value)),
                _ => {}
            }),
            Self::Rename(name) => on(json, at, is_container, |it| match it {
                Json::Object(entries) if !entries.is_empty() => {
                    let index = inside.index(entries.len());
                    entries[index].0 = name;
                }
                _ => {}
            }),
            Self::Drop => on(json, at, is_container, |it| match it {
                Json::List(items) if !items.is_empty() => drop(items.remove(inside.index(items.len()))),
                Json::Object(entries) if !entries.is_empty() => drop(entries.remove(inside.index(entries.len()))),
                _ => {}
            }),
            Self::Twice => on(json, at, is_container, |it| match it {
                Json::List(items) if !items.is_empty() => items.push(items[inside.index(items.len())].clone()),
                Json::Object(entries) if !entries.is_empty() => {
                    entries.push(entries[inside.index(entries.len())].clone())
                }
                _ => {}
            }),
            Self::Spell(how) => on(
                json,
                at,
                |json| matches!(json, Json::Number(_)),
                |it| {
                    if let Json::Number(number) = it {
                        *number = spelled(number, how);
                    }
                },
            ),
            Self::Wrap(name) => on(
                json,
                at,
                |_| true,
                |it| {
                    *it = match name {
                        Some(name) => Json::Object(vec![(name, it.clone())]),
                        None => Json::List(vec![it.clone()]),
                    }
                },
            ),
            Self::Unname => on(json, at, is_container, |it| {
                if let Json::Object(entries) = it {
                    *it = Json::List(entries.drain(..).map(|(_, value)| value).collect());
                }
            }),
        }
    }
}

fn is_container(json: &Json) -> bool {
    matches!(json, Json::List(_) | Json::Object(_))
}

/// Changes one of the values that `fits` selects.
fn on(json: &mut Json, at: Index, fits: fn(&Json) -> bool, change: impl FnOnce(&mut Json)) {
    let count = json.all().into_iter().filter(|it| fits(it)).count();
    if count > 0
        && let Some(it) = json.nth_mut(&mut at.index(count), fits)
    {
        change(it);
    }
}

const SPELLINGS: usize = 7;

fn spelled(number: &str, how: usize) -> String {
    if number.contains(['.', 'e', 'E']) || number == "-0" {
        return number.to_owned();
    }
    match how {
        0 => format!("{number}.0"),
        1 => format!("{number}e0"),
        2 if number != "0" => format!("{number}0e-1"),
        3 => format!("{number}.5"),
        4 => format!("{number}.00E+0"),
        5 => format!("{number}e1"),
        _ => number.strip_prefix('-').map_or_else(|| format!("-{number}"), str::to_owned),
    }
}
