//! What is wrong with a configuration, each thing with its file, its line and its path.

use std::fmt;

/// One thing that is wrong, or that the operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the operator named it; empty where the cause lies in no file.
    pub file: String,
    /// Line, from 1; 0 where there is none.
    pub line: usize,
    /// Column, from 1; 0 where the line says enough.
    pub column: usize,
    /// The setting, such as `model_list[2].litellm_params.model`; empty for a fault of the text as a whole.
    pub path: String,
    /// What is wrong and what to do. Never holds a secret.
    pub message: String,
    /// The known name that was probably meant.
    pub nearest: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
            if self.line > 0 {
                write!(f, "{}:", self.line)?;
            }
            if self.column > 0 {
                write!(f, "{}:", self.column)?;
            }
            f.write_str(" ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.nearest {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// A configuration that cannot be used, with everything that is wrong with it. Shown one problem a line.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", lines(.problems))]
pub struct ConfigError {
    /// Everything that was found, in the order of the file; never empty.
    pub problems: Vec<Problem>,
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_as_file_line_path_message_and_nearest_name() {
        let problem = Problem {
            file: "config.yaml".to_owned(),
            line: 12,
            column: 0,
            path: "model_list[2].litellm_params.modle".to_owned(),
            message: "unknown name".to_owned(),
            nearest: Some("model".to_owned()),
        };
        assert_eq!(
            problem.to_string(),
            "config.yaml:12: model_list[2].litellm_params.modle: unknown name; did you mean `model`?"
        );
    }
}
