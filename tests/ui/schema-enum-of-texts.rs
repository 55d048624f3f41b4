use velox_rpc::schema;

#[schema]
pub enum Role {
    Admin = "admin",
    Member = "team-member",
}

#[schema]
pub struct User {
    pub role: Role,
}

fn main() {}
// mistakes: 2
