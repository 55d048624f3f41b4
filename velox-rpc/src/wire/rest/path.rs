//! Parses the path of a route into literal segments and parameters.

/// A well-formed path. Two paths that match the same targets have the same pattern, whatever the
/// names of their parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pattern: String,
    parameters: Vec<String>,
}

impl Path {
    /// Parses a path such as `/users/:id`. The error tells the user what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix('/').ok_or_else(|| "it must start with `/`".to_owned())?;
        let mut path = Self { pattern: String::new(), parameters: Vec::new() };
        if rest.is_empty() {
            return Ok(path);
        }
        for segment in rest.split('/') {
            path.pattern.push('/');
            path.push(segment)?;
        }
        Ok(path)
    }

    /// Returns the path in the matcher's syntax, with a number for each parameter.
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Returns the names of the parameters in order.
    pub(super) fn parameters(&self) -> &[String] {
        &self.parameters
    }

    fn push(&mut self, segment: &str) -> Result<(), String> {
        if segment.is_empty() {
            return Err("it has an empty segment".to_owned());
        }
        let Some(name) = segment.strip_prefix(':') else {
            return self.push_literal(segment);
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(format!("`{segment}` is not a parameter: write `:` and a name of letters, digits and `_`"));
        }
        if self.parameters.iter().any(|other| other == name) {
            return Err(format!("it has the parameter `:{name}` twice"));
        }
        self.pattern.push_str(&format!("{{{}}}", self.parameters.len()));
        self.parameters.push(name.to_owned());
        Ok(())
    }

    fn push_literal(&mut self, segment: &str) -> Result<(), String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()+,;=@".contains(&byte);
        if !segment.bytes().all(plain) {
            return Err(format!("`{segment}` has a character that is not allowed in a path"));
        }
        self.pattern.push_str(segment);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn parameters_are_numbered() {
        let path = Path::parse("/posts/:postId/comments/:id").expect("good");
        assert_eq!(path.pattern(), "/posts/{0}/comments/{1}");
        assert_eq!(path.parameters(), ["postId", "id"]);
    }

    #[test]
    fn mistakes_are_reported() {
        for (text, part) in [
            ("users", "start with `/`"),
            ("/users//x", "empty segment"),
            ("/users/", "empty segment"),
            ("/users/:", "not a parameter"),
            ("/users/:id/x/:id", "twice"),
            ("/users/{id}", "not allowed"),
            ("/us%20ers", "not allowed"),
            ("/a?b", "not allowed"),
            ("/a*", "not allowed"),
        ] {
            let error = Path::parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
