//! Tests the stream of the list's changes, for a client that disconnects and reconnects.

use std::sync::Arc;

use futures_util::{FutureExt, Stream, StreamExt};
use velox_example_fullstack::list::{Change, Item, List, Member};
use velox_rpc::Result;
use velox_rpc::procedure::Tracked;

fn ada() -> Member {
    Member { id: "u1".to_owned(), name: "Ada".to_owned() }
}

fn item(id: usize) -> Item {
    Item { id: id.to_string(), text: format!("Item {id}"), done: false, added_by: ada() }
}

/// Follows the list until no change is left. Returns the id of the last event, and the changes.
fn follow(list: &Arc<List>, last_seen: Option<&str>) -> (Option<String>, Vec<Change>) {
    read(&mut Box::pin(Arc::clone(list).changes(last_seen)))
}

fn read(stream: &mut (impl Stream<Item = Result<Tracked<Change>>> + Unpin)) -> (Option<String>, Vec<Change>) {
    let (mut last, mut changes) = (None, Vec::new());
    while let Some(next) = stream.next().now_or_never() {
        let event = next.expect("a list does not end").expect("nothing fails");
        last = Some(event.id().to_owned());
        changes.push(event.data);
    }
    (last, changes)
}

#[test]
fn a_client_gets_the_list_and_then_each_change() {
    let list = Arc::new(List::empty());
    list.add(item(1)).expect("there is room");
    let mut stream = Box::pin(Arc::clone(&list).changes(None));
    assert_eq!(read(&mut stream).1, [Change::Snapshot { items: vec![item(1)] }]);

    list.add(item(2)).expect("there is room");
    let done = list.toggle("1", true, ada()).expect("it is there");
    list.remove("2", ada());
    let expected = [
        Change::Added { item: item(2) },
        Change::Toggled { item: done.clone(), by: ada() },
        Change::Removed { item: item(2), by: ada() },
    ];
    assert_eq!(read(&mut stream).1, expected);
    assert_eq!(list.items(), [done]);
}

#[test]
fn a_client_that_reconnects_gets_the_changes_it_missed() {
    let list = Arc::new(List::empty());
    list.add(item(1)).expect("there is room");
    let (seen, _) = follow(&list, None);
    assert_eq!(follow(&list, seen.as_deref()).1, [], "no event comes");

    list.add(item(2)).expect("there is room");
    list.add(item(3)).expect("there is room");
    let missed = [Change::Added { item: item(2) }, Change::Added { item: item(3) }];
    assert_eq!(follow(&list, seen.as_deref()).1, missed);
}

#[test]
fn a_client_that_was_away_for_long_gets_a_snapshot() {
    let list = Arc::new(List::empty());
    list.add(item(1)).expect("there is room");
    let (seen, _) = follow(&list, None);
    for number in 0..300 {
        list.toggle("1", number % 2 == 0, ada()).expect("it is there");
    }
    assert_eq!(follow(&list, seen.as_deref()).1, [Change::Snapshot { items: vec![item(1)] }]);
}

/// Such ids come from another run, lie in the future, or are not numbers.
#[test]
fn a_forged_event_id_gets_a_snapshot() {
    let list = Arc::new(List::empty());
    let (seen, _) = follow(&list, None);
    let run = seen.expect("a snapshot has an id").strip_suffix("-0").expect("it is the first").to_owned();
    for strange in ["1-0", &format!("{run}-7"), &format!("{run}-x"), &run, "'; --", ""] {
        assert_eq!(follow(&list, Some(strange)).1, [Change::Snapshot { items: Vec::new() }], "{strange}");
    }
}

#[test]
fn a_client_that_reads_slowly_misses_nothing() {
    let list = Arc::new(List::empty());
    list.add(item(0)).expect("there is room");
    let mut stream = Box::pin(Arc::clone(&list).changes(None));
    read(&mut stream);
    // More changes than are buffered for a client, and fewer than the list keeps.
    for number in 1..=200 {
        list.add(item(number)).expect("there is room");
    }
    let added: Vec<_> = (1..=200).map(|number| Change::Added { item: item(number) }).collect();
    assert_eq!(read(&mut stream).1, added);
}

#[test]
fn an_item_is_added_once_and_the_list_can_be_full() {
    let list = List::empty();
    list.add(item(0)).expect("there is room");
    list.add(item(0)).expect("a client may ask again");
    let other = Item { added_by: Member { id: "u2".to_owned(), name: "Eve".to_owned() }, ..item(0) };
    assert_eq!(list.add(other).expect_err("it is Ada's").message(), "An item with this id already exists");
    for number in 1..500 {
        list.add(item(number)).expect("there is room");
    }
    assert_eq!(
        list.add(item(500)).expect_err("enough").message(),
        "The list is full. Remove an item before you add another."
    );
}
