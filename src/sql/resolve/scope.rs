//! What names mean at one place of a statement: the relations in reach, their columns, and how a name as written finds
//! the one it means.

use crate::error::Result;
use crate::sql::error::invalid;
use crate::sql::parse::dialect::LakeglassDialect;
use arrow::datatypes::{DataType, Fields};
use datafusion::sql::sqlparser::ast::{Expr, Ident};
use datafusion::sql::sqlparser::parser::Parser;

/// A column that a name can mean.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its spelling.
    pub name: String,
    /// Its type where that is known; for the names of nested fields.
    pub data_type: Option<DataType>,
    /// Whether it is found by its name alone: `*` does not mean it.
    pub hidden: bool,
}

/// Columns in order; `None` where they are not known before planning (table functions).
pub type Columns = Option<Vec<Column>>;

/// A table, subquery or CTE by the name it goes by.
#[derive(Debug, Clone)]
pub struct Relation {
    /// The name that qualifies its columns.
    pub name: Option<String>,
    /// Its columns.
    pub columns: Columns,
}

/// The relations of one SELECT, and of the queries around it.
#[derive(Debug, Default)]
pub struct Scope<'a> {
    /// Those of its FROM clause.
    pub relations: Vec<Relation>,
    /// The names its select list gives, where they can be referred to.
    pub aliases: Vec<Column>,
    /// The expressions of its select list that were given a name, with that name.
    pub named: Vec<(Expr, String)>,
    /// Columns that `USING` made one of several relations, where the planner would take another value or none: that of the
    /// first of three, of the right side of an outer join, or the first that is not null.
    pub merged: Vec<Merged>,
    /// What `*` leaves out because a merged column stands for it: the relation, the column.
    pub doubled: Vec<(String, String)>,
    /// The names that the select list has given so far, for expressions that come after.
    pub before: Vec<(String, Expr)>,
    /// The query around this one, whose columns a correlated subquery may name.
    pub outer: Option<&'a Scope<'a>>,
}

/// What looking for a name came to.
enum Found<T> {
    /// This one.
    One(T),
    /// Nothing by that name.
    None,
    /// Different spellings of it, none as written.
    Several(Vec<String>),
}

/// Finds `name` among `spellings`: as written, else whatever its case when only one spelling remains.
fn find<'a, T>(name: &Ident, candidates: impl Iterator<Item = (&'a str, T)> + Clone) -> Found<T> {
    if let Some((_, found)) = candidates.clone().find(|(spelling, _)| *spelling == name.value) {
        return Found::One(found);
    }
    if name.quote_style.is_some() {
        return Found::None;
    }
    let wanted = name.value.to_lowercase();
    let mut spellings: Vec<String> = Vec::new();
    let mut first = None;
    for (spelling, item) in candidates.filter(|(spelling, _)| spelling.to_lowercase() == wanted) {
        if !spellings.iter().any(|known| known == spelling) {
            spellings.push(spelling.to_string());
        }
        first = first.or(Some(item));
    }
    match (first, spellings.len()) {
        (Some(item), 1) => Found::One(item),
        (Some(_), _) => Found::Several(spellings),
        (None, _) => Found::None,
    }
}

/// Writes the spelling of what was found; the quotes say that it is settled.
pub fn settle(name: &mut Ident, spelling: &str) {
    if name.quote_style.is_none() {
        name.value = spelling.to_string();
        name.quote_style = Some('"');
    }
}

fn ambiguous(name: &Ident, spellings: &[String]) -> crate::error::Error {
    let list = spellings.iter().map(|spelling| format!("\"{spelling}\"")).collect::<Vec<_>>().join(", ");
    invalid(format!("{} is ambiguous, it can mean {list}: write it in double quotes", name.value))
}

/// Settles `name` among `spellings`; whether it was found.
pub fn settle_among<'a>(name: &mut Ident, spellings: impl Iterator<Item = &'a str> + Clone) -> Result<bool> {
    match find(name, spellings.map(|spelling| (spelling, spelling.to_string()))) {
        Found::One(spelling) => {
            settle(name, &spelling);
            Ok(true)
        }
        Found::None => Ok(false),
        Found::Several(spellings) => Err(ambiguous(name, &spellings)),
    }
}

impl Scope<'_> {
    /// Settles a name that stands alone, and returns its type where that is known.
    pub fn column(&self, name: &mut Ident) -> Result<Option<DataType>> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            let aliases = here.aliases.iter().map(|column| (column.name.as_str(), column));
            let columns = here.relations.iter().filter_map(|relation| relation.columns.as_ref()).flatten();
            let columns = columns.map(|column| (column.name.as_str(), column));
            // As written before whatever its case; the select list's names before the columns.
            let exact = aliases.clone().chain(columns.clone()).find(|(spelling, _)| *spelling == name.value);
            let found = match exact {
                Some((_, column)) => Found::One(column),
                None => match find(name, aliases) {
                    Found::One(column) => Found::One(column),
                    _ => find(name, columns),
                },
            };
            match found {
                Found::One(column) => {
                    settle(name, &column.name);
                    return Ok(column.data_type.clone());
                }
                Found::Several(spellings) => return Err(ambiguous(name, &spellings)),
                Found::None if here.relations.iter().any(|relation| relation.columns.is_none()) => return Ok(None),
                Found::None => scope = here.outer,
            }
        }
        Ok(None)
    }

    /// Settles `relation.column.field…` or `column.field…`, and returns the type of the last part where it is known.
    pub fn compound(&self, parts: &mut [Ident]) -> Result<Option<DataType>> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            if let Some(data_type) = here.qualified(parts)? {
                return Ok(data_type);
            }
            scope = here.outer;
        }
        match parts {
            [column, fields @ ..] => {
                let data_type = self.column(column)?;
                nested(data_type, fields)
            }
            [] => Ok(None),
        }
    }

    /// `relation.column…`, with the schema's and catalog's names before it or not.
    fn qualified(&self, parts: &mut [Ident]) -> Result<Option<Option<DataType>>> {
        for place in 0..parts.len().saturating_sub(1).min(3) {
            let names = self.relations.iter().filter_map(|relation| Some((relation.name.as_deref()?, relation)));
            let Some(relation_part) = parts.get(place) else { break };
            let relation = match find(relation_part, names) {
                Found::One(relation) if place == 0 || is_home(parts.get(..place).unwrap_or_default()) => relation,
                Found::Several(spellings) if place == 0 => return Err(ambiguous(relation_part, &spellings)),
                _ => continue,
            };
            let (head, tail) = parts.split_at_mut(place + 1);
            for part in head.iter_mut() {
                let lower = part.value.to_lowercase();
                settle(part, &lower);
            }
            if let (Some(part), Some(name)) = (head.last_mut(), relation.name.as_deref()) {
                part.value = name.to_string();
            }
            let Some((column, fields)) = tail.split_first_mut() else { return Ok(Some(None)) };
            let Some(columns) = relation.columns.as_ref() else { return Ok(Some(None)) };
            return match find(column, columns.iter().map(|column| (column.name.as_str(), column))) {
                Found::One(found) => {
                    settle(column, &found.name);
                    nested(found.data_type.clone(), fields).map(Some)
                }
                Found::Several(spellings) => Err(ambiguous(column, &spellings)),
                Found::None => Ok(Some(None)),
            };
        }
        Ok(None)
    }

    /// Settles the name of a relation of this scope (`t.*`); its columns where they are known.
    pub fn relation(&self, parts: &mut [Ident]) -> Result<Columns> {
        let Some(name) = parts.last_mut() else { return Ok(None) };
        let names = self.relations.iter().filter_map(|relation| Some((relation.name.as_deref()?, relation)));
        match find(name, names) {
            Found::One(relation) => {
                if let Some(spelling) = relation.name.as_deref() {
                    settle(name, spelling);
                }
                Ok(relation.columns.clone())
            }
            Found::Several(spellings) => Err(ambiguous(name, &spellings)),
            Found::None => Ok(None),
        }
    }

    /// Whether settled names are those of a relation and its column, rather than of a field of a column.
    pub fn is_column(&self, names: &[Ident]) -> bool {
        let [before @ .., relation, _] = names else { return true };
        let mut scope = Some(self);
        while let Some(here) = scope {
            let known = here.relations.iter().any(|found| found.name.as_deref() == Some(relation.value.as_str()));
            if known && (before.is_empty() || is_home(before)) {
                return true;
            }
            scope = here.outer;
        }
        false
    }

    /// Whether a name that stands alone may be a column's, or an alias that can be referred to.
    pub fn knows(&self, name: &Ident) -> bool {
        let same = |column: &Column| column.name.to_lowercase() == name.value.to_lowercase();
        let mut scope = Some(self);
        while let Some(here) = scope {
            let in_relation =
                |relation: &Relation| relation.columns.as_ref().is_none_or(|columns| columns.iter().any(same));
            if here.aliases.iter().any(same) || here.relations.iter().any(in_relation) {
                return true;
            }
            scope = here.outer;
        }
        false
    }

    /// Hides a column of the last relation from `*`.
    pub fn hide(&mut self, name: &str) {
        let columns = self.relations.last_mut().and_then(|relation| relation.columns.as_mut());
        for column in columns.into_iter().flatten().filter(|column| column.name == name) {
            column.hidden = true;
        }
    }

    /// All columns, as `*` lists them.
    pub fn all_columns(&self) -> Columns {
        let mut all = Vec::new();
        for relation in &self.relations {
            all.extend(relation.columns.as_ref()?.iter().cloned());
        }
        Some(all)
    }
}

/// Whether these parts name the schema that all tables are in.
fn is_home(parts: &[Ident]) -> bool {
    let is = |part: &Ident, name: &str| part.value.eq_ignore_ascii_case(name);
    match parts {
        [schema] => is(schema, crate::sql::reserved_names::SCHEMA),
        [catalog, schema] => {
            is(catalog, crate::sql::reserved_names::CATALOG) && is(schema, crate::sql::reserved_names::SCHEMA)
        }
        _ => false,
    }
}

/// Settles names of nested fields below a value of `data_type`, and returns the type of the last.
pub fn nested(mut data_type: Option<DataType>, names: &mut [Ident]) -> Result<Option<DataType>> {
    for name in names {
        data_type = field(data_type.as_ref(), name)?;
    }
    Ok(data_type)
}

/// Settles the name of a field of a struct.
pub fn field(data_type: Option<&DataType>, name: &mut Ident) -> Result<Option<DataType>> {
    let none = Fields::empty();
    let fields = match data_type {
        Some(DataType::Struct(fields)) => fields,
        _ => &none,
    };
    match find(name, fields.iter().map(|field| (field.name().as_str(), field))) {
        Found::One(found) => {
            settle(name, found.name());
            Ok(Some(found.data_type().clone()))
        }
        Found::None => Ok(None),
        Found::Several(spellings) => Err(ambiguous(name, &spellings)),
    }
}

/// The type of an element of a list, or a value of a map.
pub fn element(data_type: Option<DataType>) -> Option<DataType> {
    match data_type? {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Some(item.data_type().clone())
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => fields.get(1).map(|value| value.data_type().clone()),
            _ => None,
        },
        _ => None,
    }
}

/// A column that `USING` made one.
#[derive(Debug, Clone)]
pub struct Merged {
    /// Its name.
    pub column: String,
    /// The relations it is of: the first value that is not null.
    pub from: Vec<String>,
    /// Whether the planner would take another value, not only another view of the same.
    pub outer: bool,
}

impl Merged {
    /// The value: of one relation, or the first that is not null.
    pub fn expression(&self) -> Expr {
        let parts: Vec<String> =
            self.from.iter().map(|relation| format!("{}.{}", in_quotes(relation), in_quotes(&self.column))).collect();
        let text = match parts.as_slice() {
            [one] => one.clone(),
            _ => format!("coalesce({})", parts.join(", ")),
        };
        parsed(&text).unwrap_or_else(|| Expr::Identifier(Ident::with_quote('"', self.column.as_str())))
    }
}

fn in_quotes(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn parsed(text: &str) -> Option<Expr> {
    Parser::new(&LakeglassDialect).try_with_sql(text).ok()?.parse_expr().ok()
}
