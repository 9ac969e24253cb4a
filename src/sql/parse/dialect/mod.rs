//! The SQL that people write: sqlparser's generic dialect and the additions of DuckDB, Spark and Databricks that cost
//! nothing. Double quotes and backticks both delimit identifiers.

mod group_by;
mod infix;
mod precedence;
mod prefix;
#[cfg(test)]
mod tests;
mod types;

pub use infix::call;

use datafusion::sql::sqlparser::ast::Expr;
use datafusion::sql::sqlparser::dialect::{Dialect, GenericDialect, Precedence};
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;
use std::any::TypeId;

/// The dialect that statements are parsed in.
#[derive(Debug)]
pub struct LakeglassDialect;

/// Methods of the trait that are switched on.
macro_rules! supports {
    ($($method:ident)*) => { $(fn $method(&self) -> bool { true })* };
}

impl Dialect for LakeglassDialect {
    // Where the parser asks for a dialect by its type, it is answered with the generic one.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_' || ch == '@' || ch == '#'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '@' || ch == '$' || ch == '#'
    }

    fn prec_value(&self, precedence: Precedence) -> u8 {
        precedence::value(precedence)
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        precedence::next(parser).map(Ok)
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        group_by::parse(parser).or_else(|| prefix::parse(parser))
    }

    fn parse_infix(&self, parser: &mut Parser<'_>, left: &Expr, _precedence: u8) -> Option<Result<Expr, ParserError>> {
        infix::parse(parser, left)
    }

    // Of the generic dialect.
    supports! {
        supports_unicode_string_literal supports_group_by_with_modifier
        supports_left_associative_joins_without_parens supports_window_function_null_treatment_arg
        supports_dictionary_syntax supports_window_clause_named_window_reference supports_select_wildcard_except
        support_map_literal_syntax allow_extract_custom allow_extract_single_quotes supports_extract_comma_syntax
        supports_parens_around_table_factor supports_values_as_table_factor supports_limit_comma
        supports_from_first_select supports_projection_trailing_commas supports_try_convert
        supports_bitwise_shift_operators supports_named_fn_args_with_assignment_operator supports_struct_literal
        supports_nested_comments supports_string_escape_constant supports_array_typedef_with_brackets
        supports_filter_during_aggregation supports_select_wildcard_exclude supports_interval_options
        supports_select_wildcard_replace supports_select_wildcard_rename supports_comma_separated_trim
        supports_explain_with_utility_options
    }

    // Of DuckDB, Spark and Databricks.
    supports! {
        supports_notnull_operator supports_order_by_all supports_numeric_literal_underscores
        supports_from_trailing_commas supports_long_type_as_bigint supports_table_versioning
    }
}

/// Whether a token is this word without quotes, in any case.
pub fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(found) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
}
