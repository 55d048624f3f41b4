//! Tests accounts and their passwords.

use velox_example_fullstack::accounts::Accounts;
use velox_example_fullstack::app::app;
use velox_rpc::error::ErrorKind;
use velox_tests::Client;

#[tokio::test]
async fn only_the_right_password_verifies_an_account() {
    let accounts = Accounts::empty();
    let ada = accounts.open("Ada".to_owned(), "Ada@Example.com", "correct horse".to_owned()).await.expect("it is free");
    assert_eq!(ada.email, "ada@example.com");

    let verified = accounts.verify("ADA@example.com", "correct horse".to_owned()).await.expect("it is right");
    assert_eq!(verified.id, ada.id);
    for (email, password) in
        [("ada@example.com", "correct hors"), ("ada@example.com", ""), ("eve@example.com", "correct horse")]
    {
        let refused = accounts.verify(email, password.to_owned()).await.err().expect("it is wrong");
        assert_eq!(refused.kind(), ErrorKind::Unauthorized);
        assert_eq!(refused.message(), "Incorrect email or password", "{email}: the same for both");
    }
}

#[tokio::test]
async fn an_address_cannot_have_two_accounts() {
    let accounts = Accounts::empty();
    let open = |email| accounts.open("Ada".to_owned(), email, "correct horse".to_owned());
    let (first, second) = tokio::join!(open("ada@example.com"), open("ADA@example.com"));
    let refused = first.and(second).err().expect("one is refused, even if both come at the same time");
    assert_eq!(refused.kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn only_users_can_read_the_list() {
    let client = Client::of(app(None).expect("good settings")).expecting("vary").expecting("cache-control");
    let item = r#"{"id":"0123456789","text":"Milk"}"#;
    let replies = [
        client.get("/trpc/items.list").await,
        client.post("/trpc/items.add", item).await,
        client.post("/trpc/items.toggle", r#"{"id":"0123456789","done":true}"#).await,
        client.post("/trpc/items.remove", r#"{"id":"0123456789"}"#).await,
        client.post("/trpc/auth.logOutEverywhere", "").await,
    ];
    for reply in replies {
        assert_eq!(reply.json()["error"]["data"]["code"], "UNAUTHORIZED", "{reply:?}");
    }
}
