use velox_rpc::procedure::has_role;

fn main() {
    let _ = has_role(["admin", "editor"]);
}
