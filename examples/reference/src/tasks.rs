//! Tasks, nested under two resources.

use velox_rpc::procedure::Parent;
use velox_rpc::{Call, Query, procedure, router, schema};

use crate::AppState;

pub struct Tasks;

/// A task of a project of an organization.
#[schema]
pub struct Task {
    pub org_id: String,
    pub project_id: String,
    pub id: String,
}

#[router("tasks", state = AppState)]
impl Tasks {
    /// Returns one task.
    pub fn get_task(&self) -> Query<Task, Task> {
        procedure()
            .parents([Parent::from(("organizations", "orgId")), Parent::from("projects")])
            .input::<Task>()
            .query(|Call { input, .. }| Ok(input))
    }
}
