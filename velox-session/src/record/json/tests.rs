//! Tests what is read from the text of a record, and what is written back.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{Content, Record};
use crate::user::{SessionUser, UserLogin};

fn record() -> Record {
    let mut content = Content::new(1_000);
    content.values.set("cart", json!(["a", 2]));
    content.flash.set("success", json!("Saved"));
    content.log_in(&UserLogin::plain(SessionUser::new("u1", "ada@example.com"), 1_500));
    Record::new(Arc::new(content), 3, 9_000, 2_000)
}

#[test]
fn a_record_is_written_in_the_layout_of_veloxts() {
    let text: Value = serde_json::from_str(&record().to_json()).expect("JSON");
    assert_eq!(
        text,
        json!({
            "data": {
                "userId": "u1", "userEmail": "ada@example.com", "_createdAt": 1500, "_lastAccessedAt": 2000,
                "_flash": {"success": "Saved"}, "cart": ["a", 2]
            },
            "expiresAt": 9000, "version": 3, "format": 1
        })
    );
}

#[test]
fn a_written_record_is_read_back() {
    assert_eq!(Record::from_json(record().to_json().as_bytes()), Some(record()));
}

#[test]
fn a_record_of_veloxts_reads_as_version_zero() {
    let text = r#"{"id":"abc","data":{"_createdAt":1,"_lastAccessedAt":2,"_other":1,"k":true},"expiresAt":3}"#;
    let record = Record::from_json(text.as_bytes()).expect("a record");
    assert_eq!((record.version(), record.created_at(), record.expires_at()), (0, 1, 3));
    assert_eq!(record.data().len(), 1);
    assert_eq!(record.user(), None);
}

#[test]
fn damaged_text_is_not_a_record() {
    let good = record().to_json();
    for end in 0..good.len() {
        assert_eq!(Record::from_json(&good.as_bytes()[..end]), None);
    }
    for text in [
        r#"{"data":{},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":"1"},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"userId":true},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1},"expiresAt":-3}"#,
        r#"{"data":{"_createdAt":1},"expiresAt":3.5}"#,
        r#"{"data":{"_createdAt":1},"expiresAt":+3}"#,
        r#"{"data":{"_createdAt":1},"expiresAt":03}"#,
        r#"{"data":{"_createdAt":1},"expiresAt":3,"format":2}"#,
        r#"{"data":{"_createdAt":1},"expiresAt":3,"id":[}"#,
        r#"{"data":{"_createdAt":1}"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"a":"b""c"},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"a":1 2},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"a":[1}},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"a":"\x"},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"a":"\"},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"a":é},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"a":1e999},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,a:1},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,:1},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"_handle":[},"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"_flash":1},"expiresAt":3}"#,
        "{\"data\":{\"_createdAt\":1,\"a\nb\":1},\"expiresAt\":3}",
        r#"{"data":{"_createdAt":1},"expiresAt":3}}"#,
        r#"{"data":[],"expiresAt":3}"#,
        r#"{"data":{"_createdAt":1,"a":[{"b":{"a":1,"$serde_json::private::RawValue":"{"}}]},"expiresAt":3}"#,
        "null",
        "\u{0}",
    ] {
        assert_eq!(Record::from_json(text.as_bytes()), None, "{text}");
    }
    assert_eq!(Record::from_json(b"{\"data\":{\"_createdAt\":1,\"a\":\"\xff\"},\"expiresAt\":3}"), None);
}

/// JSON that serde_json refuses is not a record, whatever the damage.
#[test]
fn only_json_is_read() {
    let good = of_veloxts(r#""a":[1,{"b":"\ud83d\ude00 \\\" x"}],"_flash":{"c":[]},"userId":"u\u00fc","#);
    let half = regex::Regex::new(r"\\u[dD][89a-fA-F]..").expect("a pattern");
    let mut dice = Dice(7);
    for _ in 0..20_000 {
        let mut text = good.clone().into_bytes();
        for _ in 0..=dice.below(2) {
            let (at, other) = (dice.below(text.len()), dice.below(text.len()));
            match dice.below(3) {
                0 => text[at] = text[other],
                1 => drop(text.remove(at)),
                _ => text.insert(at, text[other]),
            }
        }
        if let Some(record) = Record::from_json(&text) {
            let (data, flash) = (record.content().data(), record.content().flash.map());
            assert!(data.keys().all(|key| record.content().values.get(key).as_ref() == Some(&data[key])));
            assert!(flash.keys().all(|key| record.content().flash.get(key).as_ref() == Some(&flash[key])));
            let text = String::from_utf8(text).expect("a record is text");
            let whole = half.replace_all(&text, r"\ufffd");
            assert!(serde_json::from_str::<Value>(&whole).is_ok(), "{text}");
        }
    }
}

#[test]
fn the_reason_names_place_and_kind_but_not_the_value() {
    for (text, reason) in [
        ("", "record is not an object"),
        (r#"{"data":{"_createdAt":1},"expiresAt":3"#, "record cannot be read: EOF while parsing an object"),
        (r#"{"data":"secret"}"#, "data is not an object"),
        (r#"{"data":{"_createdAt":1}}"#, "expiresAt is missing"),
        (r#"{"data":{"a":"secret"},"expiresAt":1}"#, "data._createdAt is missing"),
        (r#"{"data":{"_createdAt":"secret"}}"#, "data._createdAt is not a whole number"),
        (r#"{"data":{"userId":["secret"]}}"#, "data.userId is neither a string nor a number"),
        (r#"{"data":{"userEmail":true,"_createdAt":1}}"#, "data.userEmail is not a string"),
        (r#"{"data":{"_flash":"secret","_createdAt":1}}"#, "data._flash is not an object"),
        (r#"{"data":{"_flash":{"secret":x},"_createdAt":1}}"#, "record cannot be read: expected value"),
        ("{\"data\":{\"_createdAt\":1,\"secret\":[\n1,\n 1e999]}}", "data cannot be read: number out of range"),
        (r#"{"expiresAt":1,"format":2}"#, "format is newer than this version supports"),
    ] {
        let error = Record::try_from_json(text.as_bytes()).expect_err(text);
        assert_eq!(error.to_string(), reason, "{text}");
        assert!(!format!("{error:?}").contains("secret"));
    }
    let error = Record::try_from_json(b"\xff").expect_err("it is not UTF-8");
    assert_eq!(error.to_string(), "record is not valid UTF-8");
}

#[test]
fn a_number_as_the_users_id_is_read_as_its_text_and_written_as_a_number() {
    for id in ["7", "-3", "0", "1.0", "1e5", "123456789012345678901234567890"] {
        let text = of_veloxts(&format!(r#""userId":{id},"userEmail":"ada@example.com","#));
        let record = changed(&text);
        assert_eq!(record.user(), Some(SessionUser::new(id, "ada@example.com")));
        assert!(record.to_json().contains(&format!(r#"{{"userId":{id},"userEmail":"ada@example.com","#)));
        assert_eq!(Record::from_json(record.to_json().as_bytes()), Some(record));
    }
}

#[test]
fn the_number_stays_until_somebody_else_logs_in() {
    let record = changed(&of_veloxts(r#""userId":7,"userEmail":"ada@example.com","#));
    for (user, member) in [
        (SessionUser::new("7", "ada@example.com"), r#""userId":7,"userEmail":"ada@example.com""#),
        (SessionUser::new("7", "new@example.com"), r#""userId":7,"userEmail":"new@example.com""#),
        (SessionUser::new("8", "bob@example.com"), r#""userId":"8","userEmail":"bob@example.com""#),
    ] {
        let mut content = Content::clone(record.content());
        content.log_in(&UserLogin::plain(user.clone(), 1));
        let text = written(&content);
        assert!(text.contains(member), "{text}");
        assert_eq!(Record::from_json(text.as_bytes()).and_then(|record| record.user()), Some(user));
    }
}

#[test]
fn a_login_replaces_the_visitor_fields_of_veloxts() {
    let record = changed(&of_veloxts(r#""userId":null,"userEmail":null,"#));
    assert_eq!(record.user(), None);
    assert!(record.to_json().contains(r#""userId":null,"userEmail":null"#), "{}", record.to_json());
    let mut content = Content::clone(record.content());
    content.log_in(&UserLogin::plain(SessionUser::new("u1", "ada@example.com"), 1));
    let text = written(&content);
    assert!(!text.contains("null"), "{text}");
    assert_eq!(
        Record::from_json(text.as_bytes()).and_then(|record| record.user()),
        Some(SessionUser::new("u1", "ada@example.com"))
    );
}

#[test]
fn half_an_emoji_is_read_as_the_replacement_character_wherever_it_is() {
    let text = of_veloxts(
        r#""userId":"u\ud83d","userEmail":"\uDE00@b","k\ud83d":1,"a":["\ude00\ud83d\ud83d\ude00\\ud83d",{"\ud83d":"\ud83d\u0041"}],"_flash":{"\ud83d":"\ud83d"},"#,
    );
    let record = changed(&text);
    assert_eq!(record.user(), Some(SessionUser::new("u\u{fffd}", "\u{fffd}@b")));
    let data = json!({"k\u{fffd}": 1, "a": ["\u{fffd}\u{fffd}\u{1f600}\\ud83d", {"\u{fffd}": "\u{fffd}A"}], "set": 1});
    assert_eq!(Value::from(record.data().clone()), data);
    assert_eq!(Value::from(record.content().flash.map().clone()), json!({"\u{fffd}": "\u{fffd}"}));
}

#[test]
fn keys_that_read_alike_are_set_and_removed_together() {
    let text = of_veloxts(r#""\ud83d":1,"\ud83e":2,"b":3,"#);
    let record = changed(&text);
    assert_eq!(record.data()["\u{fffd}"], 2);
    assert!(record.to_json().contains(r#""\ud83d":1,"\ud83e":2,"b":3"#));
    let mut content = Content::clone(record.content());
    content.values.set("\u{fffd}", json!(4));
    let text = written(&content);
    assert!(text.contains("\"b\":3,\"set\":1,\"\u{fffd}\":4") && !text.contains("ud83"), "{text}");
    content.values.remove("\u{fffd}");
    let text = written(&content);
    assert!(text.contains(r#""b":3,"set":1}"#) && !text.contains("ud83"), "{text}");
}

#[test]
fn the_last_of_two_equal_keys_counts() {
    let text =
        r#"{"data":{"a":1,"__proto__":{"a":2},"a":3,"_createdAt":1,"_createdAt":2},"expiresAt":3,"expiresAt":4}"#;
    let record = Record::from_json(text.as_bytes()).expect("a record");
    assert_eq!((record.created_at(), record.expires_at()), (2, 4));
    // Names of this kind are reserved and kept.
    assert_eq!(Value::from(record.data().clone()), json!({"a": 3}));
    assert!(record.to_json().contains(r#""a":1,"__proto__":{"a":2},"a":3"#));
}

#[test]
fn a_record_of_any_depth_can_be_inspected() {
    let read = |depth: usize| {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        Record::from_json(of_veloxts(&format!(r#""a":{value},"_flash":{{"a":{value}}},"#)).as_bytes())
    };
    let deep: Vec<_> = (0..200).filter_map(read).collect();
    assert!((100..200).contains(&deep.len()));
    for record in deep {
        assert_eq!((record.data().len(), record.content().flash.map().len()), (1, 1));
    }
}

/// This must hold for any members that another program wrote, and for any change beside them.
#[test]
fn untouched_values_are_written_back_byte_for_byte() {
    let mut dice = Dice(1);
    for _ in 0..3_000 {
        let own: Vec<_> = (0..4).map(|index| member(&mut dice, index)).collect();
        let messages: Vec<_> = (4..7).map(|index| member(&mut dice, index)).collect();
        let flash = format!("{{ {} }}", messages.join(" , "));
        let text = of_veloxts(&format!(r#"{} , "_flash" : {flash} , "#, own.join(",")));
        let record = Record::from_json(text.as_bytes()).expect("a record");
        let mut content = Content::clone(record.content());
        assert!(written(&content).contains(&format!(r#""_flash":{flash}"#)));

        let removed = content.data().keys().nth(dice.below(4)).cloned();
        removed.iter().for_each(|key| content.values.remove(key));
        content.values.set("set", json!(1));
        content.flash.set("set", json!(2));
        let text = written(&content);
        let (all, read) = (own.len() + messages.len(), Record::from_json(text.as_bytes()).expect("a record"));
        let kept = own.iter().chain(&messages).filter(|member| text.contains(*member)).count();
        assert_eq!(kept, all - usize::from(removed.is_some()), "{own:?} {messages:?} without {removed:?}: {text}");
        assert_eq!(**read.content(), content);
        assert_eq!((&read.data()["set"], &read.content().flash.map()["set"]), (&json!(1), &json!(2)));
    }
}

/// Returns a member as another program may write it, with this number in its key.
fn member(dice: &mut Dice, index: usize) -> String {
    const KEYS: [&str; 8] = ["a", r"\u0061\u0062", r"\ud83d", r"\uDE00", "_mark", "", "é", r#"\"],"#];
    const VALUES: [&str; 12] = [
        "1.0",
        "1e5",
        "-0",
        "123456789012345678901234567890",
        r#""\u00e9\/\ud83d""#,
        r#""\ud83d\ude00é😀""#,
        "[ 1 ,\t{ \"a\\u0020\" : null } ]",
        "{}",
        r#"{"}":"]","a":"{[\"\\"}"#,
        r#""\\\"""#,
        "true",
        r#"{"a":1,"a":2}"#,
    ];
    let (key, value) = (KEYS[dice.below(KEYS.len())], VALUES[dice.below(VALUES.len())]);
    format!(r#""{key}{index}":{value}"#)
}

#[test]
fn a_handle_is_read_back_and_an_invalid_one_is_ignored() {
    let mut content = Content::new(1);
    assert_eq!(content.handle.as_deref(), None);
    content.handle = Some(Box::new([0xab; 32]));
    let text = written(&content);
    assert!(text.contains(&format!(r#""_handle":"{}""#, "ab".repeat(32))), "{text}");
    assert_eq!(Record::from_json(text.as_bytes()).expect("a record").content().handle.as_deref(), Some(&[0xab; 32]));
    for handle in ["7", "null", "\"ab\"", "{}"] {
        let text = of_veloxts(&format!(r#""_handle":{handle},"#));
        assert_eq!(Record::from_json(text.as_bytes()).expect("a record").content().handle.as_deref(), None, "{handle}");
    }
}

/// Returns a record of VeloxTS with these members.
fn of_veloxts(members: &str) -> String {
    format!(r#"{{"id":"abc","data":{{{members}"_createdAt":1,"_lastAccessedAt":2}},"expiresAt":3}}"#)
}

fn written(content: &Content) -> String {
    Record::new(Arc::new(content.clone()), 1, 2, 3).to_json()
}

/// Reads a record and sets a value in it.
fn changed(text: &str) -> Record {
    let record = Record::try_from_json(text.as_bytes()).expect("a record");
    let mut content = Content::clone(record.content());
    content.values.set("set", json!(1));
    Record::new(Arc::new(content), 1, 3, 2)
}

/// Marsaglia's xorshift. It returns the same numbers in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
