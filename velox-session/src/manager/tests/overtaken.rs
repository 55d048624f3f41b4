//! Requests that others overtake, in orders that were once got wrong. Random orders have found them: `tests/tests/model`.

use super::world::World;
use super::*;

#[test]
fn of_two_logins_of_one_visitor_one_takes_a_message_along() {
    // C8, C11
    let world = World::new();
    let (cookie, _) = world.issued(None, |session| {
        session.flash("f", 1).expect("a write");
        session.set("cart", 3).expect("a write");
    });
    let exchanges = [world.open(Some(&cookie)), world.open(Some(&cookie))];
    let cookies = exchanges.map(|exchange| {
        let call = exchange.call();
        login(&call.session());
        call.commit();
        world.close_issued(&exchange).0
    });
    let mut messages = 0;
    for cookie in &cookies {
        world.visit(Some(cookie), |session| {
            assert_eq!(session.get("cart").expect("a read"), Some(3));
            messages += usize::from(ready(session.get_flash::<u32>("f")).expect("a read").is_some());
        });
    }
    assert_eq!(messages, 1);
}
