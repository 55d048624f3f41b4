//! Collects the paths of the document. OpenAPI tells paths apart by their literal segments only, as
//! the router does.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::call::ProcedureName;
use crate::export::schemas::free_name;
use crate::json_schema::ORDER;
use crate::router::ManifestRoute;

#[derive(Default)]
pub(super) struct Paths {
    /// Each path of the document, with its operations by method.
    items: Vec<(Template, Map<String, Value>)>,
    ids: BTreeSet<String>,
}

/// A path. In `segments`, `None` is a parameter; `parameters` has the names of the parameters in
/// order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template {
    segments: Vec<Option<String>>,
    pub(super) parameters: Vec<String>,
}

/// A path parameter. `field` is its name in the procedure's input, and `name` is its name in the
/// document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathParameter {
    pub(super) field: String,
    pub(super) name: String,
}

impl Paths {
    /// Adds the operation of a route. Routes that differ only in the names of their parameters are
    /// one path in the document; the first of them names the parameters.
    pub(super) fn add(
        &mut self,
        route: &ManifestRoute,
        describe: impl FnOnce(&[PathParameter], &str) -> Value,
        name: &ProcedureName,
    ) {
        let id = self.id(name);
        let template = Template::parse(&route.path);
        let fields = template.parameters.clone();
        let index = self.items.iter().position(|(other, _)| other.segments == template.segments).unwrap_or_else(|| {
            self.items.push((template, Map::new()));
            self.items.len() - 1
        });
        let (template, operations) = &mut self.items[index];
        let names = template.parameters.iter().cloned();
        let parameters: Vec<_> =
            fields.into_iter().zip(names).map(|(field, name)| PathParameter { field, name }).collect();
        operations.insert(route.method.as_str().to_ascii_lowercase(), describe(&parameters, &id));
    }

    pub(super) fn into_value(self) -> Value {
        let order = self.items.iter().map(|(template, _)| template.text()).collect();
        let paths = self.items.into_iter().map(|(template, operations)| (template.text(), Value::Object(operations)));
        Value::Object(paths.chain([(ORDER.to_owned(), order)]).collect())
    }

    /// Returns a unique `operationId`: without a number, `a_b.c` and `a.b_c` would have the same
    /// one.
    fn id(&mut self, name: &ProcedureName) -> String {
        let wanted = name.to_string().replace('.', "_");
        let id = free_name(&wanted, "_", |id| self.ids.contains(id));
        self.ids.insert(id.clone());
        id
    }
}

impl Template {
    fn parse(path: &str) -> Self {
        let mut template = Self { segments: Vec::new(), parameters: Vec::new() };
        for segment in path.split('/').skip(1) {
            match segment.strip_prefix(':') {
                Some(name) => {
                    template.segments.push(None);
                    template.parameters.push(name.to_owned());
                }
                None => template.segments.push(Some(segment.to_owned())),
            }
        }
        template
    }

    fn text(&self) -> String {
        let mut names = self.parameters.iter();
        let segments = self.segments.iter().map(|segment| match segment {
            Some(literal) => format!("/{literal}"),
            None => format!("/{{{}}}", names.next().map_or("", String::as_str)),
        });
        let text: String = segments.collect();
        if text.is_empty() { "/".to_owned() } else { text }
    }
}
