//! From DataFusion's errors to ours.
//!
//! An error of our own that travelled through a plan comes out as it went in, with its code. Of the rest, what the
//! statement caused is `invalid_sql`. Messages are the innermost ones, without DataFusion's wrapping.

use super::messages;
use crate::error::Error;
use arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use std::error::Error as StdError;

/// Columns named in a message at most.
const NAMES_SHOWN: usize = 20;

/// Wraps one of our errors for a way through DataFusion.
pub fn to_datafusion(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Our error for `error`.
pub fn from_datafusion(error: DataFusionError) -> Error {
    own(&error).unwrap_or_else(|| translate(&error))
}

/// Our error for an error of an Arrow kernel.
pub fn from_arrow(error: ArrowError) -> Error {
    own_source(&error).unwrap_or_else(|| translate_arrow(&error))
}

/// A statement that cannot be parsed, planned or run as written.
pub fn invalid(message: impl AsRef<str>) -> Error {
    Error::InvalidSql { message: presentable(message.as_ref()) }
}

/// The error of ours that `error` carries.
fn own(error: &DataFusionError) -> Option<Error> {
    match error {
        DataFusionError::External(source) => own_source(source.as_ref()),
        DataFusionError::ArrowError(source, _) => own_source(source.as_ref()),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => own(inner),
        DataFusionError::Shared(inner) => own(inner),
        DataFusionError::Collection(errors) => errors.iter().find_map(own),
        _ => None,
    }
}

fn own_source(source: &(dyn StdError + 'static)) -> Option<Error> {
    if let Some(error) = source.downcast_ref::<Error>() {
        return Some(error.clone());
    }
    if let Some(error) = source.downcast_ref::<DataFusionError>() {
        return own(error);
    }
    if let Some(ArrowError::ExternalError(inner)) = source.downcast_ref::<ArrowError>() {
        return own_source(inner.as_ref());
    }
    source.source().and_then(own_source)
}

fn translate(error: &DataFusionError) -> Error {
    match error {
        DataFusionError::Diagnostic(diagnostic, inner) => match (translate(inner), diagnostic.span) {
            (Error::InvalidSql { message }, Some(span)) if !message.contains(" at line ") => {
                invalid(format!("{message} (at line {}, column {})", span.start.line, span.start.column))
            }
            (error, _) => error,
        },
        DataFusionError::Context(_, inner) => translate(inner),
        DataFusionError::Shared(inner) => translate(inner),
        DataFusionError::Collection(errors) => {
            errors.first().map(translate).unwrap_or_else(|| Error::internal("an empty collection of errors"))
        }
        DataFusionError::External(source) => translate_source(source.as_ref()),
        DataFusionError::ArrowError(source, _) => translate_arrow(source),
        DataFusionError::SQL(parser, _) => {
            let message = parser.to_string();
            invalid(messages::syntax(message.strip_prefix("sql parser error: ").unwrap_or(&message)))
        }
        DataFusionError::SchemaError(schema, _) => invalid(schema_message(schema)),
        DataFusionError::Plan(message)
        | DataFusionError::Execution(message)
        | DataFusionError::Configuration(message) => invalid(messages::plain(message)),
        DataFusionError::NotImplemented(message) => Error::unsupported("SQL", presentable(&readable(message))),
        DataFusionError::ResourcesExhausted(message) => Error::MemoryLimit { message: presentable(message) },
        DataFusionError::ExecutionJoin(join) if join.is_cancelled() => Error::Cancelled,
        // Of a statement that is wrong, by the functions that match arguments with signatures.
        DataFusionError::Internal(message) if message.contains("failed to match any signature") => {
            invalid(messages::plain(message))
        }
        DataFusionError::Internal(message) => Error::internal(presentable(message)),
        other => Error::internal(presentable(&other.to_string())),
    }
}

fn translate_source(source: &(dyn StdError + 'static)) -> Error {
    if let Some(error) = source.downcast_ref::<DataFusionError>() {
        translate(error)
    } else if let Some(error) = source.downcast_ref::<ArrowError>() {
        translate_arrow(error)
    } else {
        let message = source.to_string();
        // The last line of what the crate for regular expressions draws.
        match message.strip_prefix("regex parse error:").and_then(|drawn| drawn.rsplit_once("error: ")) {
            Some((_, reason)) => invalid(format!("not a regular expression: {reason}")),
            None => Error::internal(presentable(&message)),
        }
    }
}

fn translate_arrow(error: &ArrowError) -> Error {
    match error {
        ArrowError::ExternalError(source) => translate_source(source.as_ref()),
        ArrowError::DivideByZero => invalid("division by zero"),
        ArrowError::ArithmeticOverflow(message)
        | ArrowError::CastError(message)
        | ArrowError::ParseError(message)
        | ArrowError::ComputeError(message)
        | ArrowError::NotYetImplemented(message)
        | ArrowError::InvalidArgumentError(message) => invalid(messages::plain(message)),
        ArrowError::MemoryError(message) => Error::MemoryLimit { message: presentable(message) },
        other => Error::internal(presentable(&other.to_string())),
    }
}

fn schema_message(error: &SchemaError) -> String {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let text = error.to_string();
            let hint = text.find("Did you mean").and_then(|at| text.get(at..)).and_then(|rest| rest.lines().next());
            let mut names: Vec<&str> = Vec::new();
            for column in valid_fields {
                if !names.contains(&column.name()) {
                    names.push(column.name());
                }
            }
            let more = if names.len() > NAMES_SHOWN { ", …" } else { "" };
            names.truncate(NAMES_SHOWN);
            let known = match names.is_empty() {
                true => String::new(),
                false => format!(" The columns here are {}{more}.", names.join(", ")),
            };
            let name = field.quoted_flat_name();
            format!("no column named {name}.{}{known}", hint.map(|hint| format!(" {hint}")).unwrap_or_default())
        }
        other => messages::plain(&other.to_string()),
    }
}

/// A message without the planner's own view of the statement.
fn readable(message: &str) -> String {
    if message.contains("OuterReferenceColumn") || message.contains("does not support logical expression") {
        return "a subquery that refers to the query around it in this way cannot be planned: write a join".into();
    }
    messages::plain(message)
}

/// A message fit to be shown: no advice to report to DataFusion, no backtrace, no secrets of URLs.
fn presentable(message: &str) -> String {
    let mut text = message;
    for noise in ["\n\nbacktrace:", "This issue was likely caused by a bug in DataFusion"] {
        text = text.split(noise).next().unwrap_or(text);
    }
    redact_urls(text.trim_end_matches(['\n', ' ', '.']).trim())
}

/// Cuts user information, query and fragment out of every URL in `text`.
fn redact_urls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, tail) = rest.split_at(at + 3);
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '`' | '<' | '>' | ')'))
            .unwrap_or(tail.len());
        let (url, after) = tail.split_at(end);
        let bare = url.split(['?', '#']).next().unwrap_or(url);
        let authority_end = bare.find('/').unwrap_or(bare.len());
        let (authority, path) = bare.split_at(authority_end);
        let host = authority.rsplit('@').next().unwrap_or(authority);
        out.push_str(before);
        out.push_str(host);
        out.push_str(path);
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn our_errors_come_back_through_any_wrapping() {
        let ours = Error::expired("https://host/t");
        let wrapped = DataFusionError::Context(
            "scan".into(),
            Box::new(DataFusionError::Shared(Arc::new(DataFusionError::ArrowError(
                Box::new(ArrowError::ExternalError(Box::new(to_datafusion(ours.clone())))),
                None,
            )))),
        );
        assert_eq!(from_datafusion(wrapped), ours);
    }

    #[test]
    fn codes_by_cause() {
        let code = |error: DataFusionError| from_datafusion(error).code().as_str();
        assert_eq!(code(DataFusionError::Plan("x".into())), "invalid_sql");
        assert_eq!(code(ArrowError::DivideByZero.into()), "invalid_sql");
        assert_eq!(code(DataFusionError::ResourcesExhausted("x".into())), "memory_limit");
        assert_eq!(code(DataFusionError::NotImplemented("x".into())), "unsupported_feature");
        assert_eq!(code(DataFusionError::Internal("x".into())), "internal");
    }

    #[test]
    fn messages_carry_no_secret_and_no_advice() {
        let text = presentable(
            "no 'https://me:pw@h.example/a/b?sig=secret#f' here, https://x.example?k=s.\nThis issue was likely caused by a bug in DataFusion's code.",
        );
        assert_eq!(text, "no 'https://h.example/a/b' here, https://x.example");
    }
}
