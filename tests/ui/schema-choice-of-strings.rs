use velox_rpc::schema;

#[schema]
pub struct SignUp {
    pub name: String,
    pub role: "admin" | "editor",
}

pub fn is_admin(input: &SignUp) -> bool {
    input.role == "admin"
}

fn main() {}
