//! Tasks, two resources deep.

use velox_rpc::procedure::Parent;
use velox_rpc::{Call, Query, procedure, router, schema};

use crate::AppState;

/// What knows tasks.
pub struct Tasks;

/// A task of a project of an organization.
#[schema]
pub struct Task {
    /// The organization.
    pub org_id: String,
    /// The project.
    pub project_id: String,
    /// The task.
    pub id: String,
}

#[router("tasks", state = AppState)]
impl Tasks {
    /// One task.
    pub fn get_task(&self) -> Query<Task, Task> {
        procedure()
            .parents([Parent::from(("organizations", "orgId")), Parent::from("projects")])
            .input::<Task>()
            .query(|Call { input, .. }| Ok(input))
    }
}
