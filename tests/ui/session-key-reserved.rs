use velox_session::Key;

const ID: Key<String> = Key::new("userId");

fn main() {
    let _ = ID;
}
