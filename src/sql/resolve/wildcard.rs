//! `*` as a list of columns, where the planner would make another list of it: over joins that [`super::using`] has taken
//! apart, with RENAME, of a struct, and where a name is there more than once.

use super::Resolver;
use super::columns::Chosen;
use super::scope::{Relation, Scope};
use super::using::plain_name;
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use crate::sql::parse::dialect::call;
use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, Ident, ObjectName, ObjectNamePart, RenameSelectItem, SelectItem,
    SelectItemQualifiedWildcardKind, Value, WildcardAdditionalOptions,
};
use std::collections::HashSet;

/// Characters of an expression that may stand behind a name of the select list, and be put in its place.
const LONGEST_REFERRED: usize = 20_000;

impl Resolver<'_> {
    /// Puts the columns in the place of every `*` that the planner would misread, of every `COLUMNS(…)`, and the fields in the
    /// place of `struct.*`.
    pub(crate) fn listed(&mut self, projection: &mut Vec<SelectItem>, scope: &Scope<'_>) -> Result<()> {
        let outer = scope.merged.iter().any(|merged| merged.outer);
        // Columns of the same name, which are told apart by another name then.
        let repeated = projection.len() > 1 || scope.repeats();
        let mut items = Vec::with_capacity(projection.len());
        for mut item in std::mem::take(projection) {
            match &mut item {
                SelectItem::Wildcard(options)
                    if outer || options.opt_rename.is_some() || (repeated && scope.is_known()) =>
                {
                    self.wildcard(options, scope)?;
                    items.extend(scope.list(options, None)?);
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    match scope.fields(name)? {
                        Some(fields) => items.extend(fields_listed(fields, options)?),
                        None if projection_repeats(repeated, name, scope) => {
                            self.wildcard(options, scope)?;
                            items.extend(scope.list(options, name.0.last().and_then(ObjectNamePart::as_ident))?);
                        }
                        None => items.push(item),
                    }
                }
                _ => match self.columns_item(&item, scope)? {
                    Some(expanded) => items.extend(expanded),
                    None => items.push(item),
                },
            }
        }
        *projection = items;
        Ok(())
    }
}

/// Whether `relation.*` is one of several items, and its columns are known.
fn projection_repeats(repeated: bool, name: &ObjectName, scope: &Scope<'_>) -> bool {
    let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return false };
    repeated && scope.relation(&mut [ident.clone()]).is_ok_and(|columns| columns.is_some())
}

/// A struct's fields as items, without those that are left out.
fn fields_listed(fields: Vec<(String, Expr)>, options: &WildcardAdditionalOptions) -> Result<Vec<SelectItem>> {
    let left_out: Vec<String> = left_out(options).into_iter().map(|name| name.to_lowercase()).collect();
    let kept = fields.into_iter().filter(|(name, _)| !left_out.contains(&name.to_lowercase()));
    let items: Vec<SelectItem> = kept
        .map(|(name, field)| {
            let renamed = renamed(options, &name).unwrap_or_else(|| Ident::with_quote('"', name.as_str()));
            SelectItem::ExprWithAlias { expr: replaced(options, &name).unwrap_or(field), alias: renamed }
        })
        .collect();
    match items.is_empty() {
        true => Err(invalid("* leaves no field of the struct")),
        false => Ok(items),
    }
}

impl Scope<'_> {
    /// Keeps the name that an item gives, for the expressions behind it.
    pub(crate) fn remember(&mut self, item: &SelectItem) -> Result<()> {
        if let SelectItem::ExprWithAlias { expr, alias } = item
            && expr.to_string().len() <= LONGEST_REFERRED
        {
            self.before.push((alias.value.clone(), expr.clone()));
        }
        Ok(())
    }

    /// The columns that `*` means, or `of.*`, each as an item of its own.
    fn list(&self, options: &WildcardAdditionalOptions, of: Option<&Ident>) -> Result<Vec<SelectItem>> {
        let left_out = left_out(options);
        let mut items = Vec::new();
        let mut listed: Vec<&str> = Vec::new();
        let only = match of {
            Some(name) => {
                let mut name = name.clone();
                self.relation(std::slice::from_mut(&mut name))?;
                Some(name.value)
            }
            None => None,
        };
        for relation in &self.relations {
            if only.is_some() && relation.name != only {
                continue;
            }
            let Relation { name: Some(name), columns: Some(columns) } = relation else {
                let hint = "list the columns, or give each subquery and table function of the join an alias";
                return Err(Error::unsupported("* over relations whose columns are not known before planning", hint));
            };
            for column in columns.iter().filter(|column| !column.hidden) {
                let doubled = self.doubled.iter().any(|(of, which)| of == name && *which == column.name);
                if (doubled && only.is_none()) || left_out.contains(&column.name) {
                    continue;
                }
                let quoted = |text: &str| Ident::with_quote('"', text);
                let merged = self.merged.iter().find(|merged| merged.outer && merged.column == column.name);
                let merged = merged.filter(|_| only.is_none());
                if merged.is_some() && listed.contains(&column.name.as_str()) {
                    continue;
                }
                listed.push(&column.name);
                let replaced = replaced(options, &column.name);
                let renamed = renamed(options, &column.name);
                let expr = match (replaced, merged) {
                    (Some(expr), _) => expr,
                    (None, Some(merged)) => merged.expression(),
                    (None, None) if renamed.is_none() => {
                        items.push(SelectItem::UnnamedExpr(Expr::CompoundIdentifier(vec![
                            quoted(name),
                            quoted(&column.name),
                        ])));
                        continue;
                    }
                    (None, None) => Expr::CompoundIdentifier(vec![quoted(name), quoted(&column.name)]),
                };
                let alias = renamed.unwrap_or_else(|| quoted(&column.name));
                items.push(SelectItem::ExprWithAlias { expr, alias });
            }
        }
        match items.is_empty() {
            true => Err(invalid("* leaves no column")),
            false => Ok(items),
        }
    }

    /// The columns that `*` means, by their relations.
    pub(crate) fn starred(&self, options: &WildcardAdditionalOptions) -> Result<Vec<Chosen>> {
        let column = |item: SelectItem| match item {
            SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => match <[Ident; 2]>::try_from(names) {
                Ok([relation, column]) => Some(Chosen { relation: relation.value, column: column.value }),
                Err(_) => None,
            },
            SelectItem::ExprWithAlias { alias, .. } => Some(Chosen { relation: String::new(), column: alias.value }),
            _ => None,
        };
        Ok(self.list(options, None)?.into_iter().filter_map(column).collect())
    }

    /// Whether the columns of all relations are known, and their names.
    fn is_known(&self) -> bool {
        self.relations.iter().all(|relation| relation.name.is_some() && relation.columns.is_some())
    }

    /// Whether `*` lists a name more than once.
    fn repeats(&self) -> bool {
        let mut seen = HashSet::new();
        let names =
            self.relations.iter().filter_map(|relation| Some((relation.name.as_ref()?, relation.columns.as_ref()?)));
        names.flat_map(|(name, columns)| columns.iter().map(move |column| (name, column))).any(|(name, column)| {
            let doubled = self.doubled.iter().any(|(of, which)| of == name && *which == column.name);
            !column.hidden && !doubled && !seen.insert(column.name.as_str())
        })
    }

    /// The fields of the struct column that `name` is, where it is no relation's name.
    fn fields(&self, name: &ObjectName) -> Result<Option<Vec<(String, Expr)>>> {
        let idents: Option<Vec<Ident>> = name.0.iter().map(|part| part.as_ident().cloned()).collect();
        let Some(mut parts) = idents else { return Ok(None) };
        let is_relation = |scope: &Scope<'_>, name: &Ident| {
            scope
                .relations
                .iter()
                .any(|known| known.name.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(&name.value)))
        };
        if let [name] = parts.as_slice()
            && is_relation(self, name)
        {
            return Ok(None);
        }
        let Some(DataType::Struct(fields)) = self.compound(&mut parts)? else { return Ok(None) };
        let field = |name: &String| {
            let path = parts.iter().cloned().chain([Ident::with_quote('"', name.as_str())]);
            (name.clone(), Expr::CompoundIdentifier(path.collect()))
        };
        Ok(Some(fields.iter().map(|found| field(found.name())).collect()))
    }

    /// A relation's row as a struct, where a name is a relation's.
    pub(crate) fn row(&self, name: &Ident) -> Result<Option<Expr>> {
        let mut scope = Some(self);
        while let Some(here) = scope {
            let mut parts = [name.clone()];
            let columns = here.relation(&mut parts)?;
            let [relation] = parts;
            if let Some(columns) = columns {
                let quoted = |text: &str| Ident::with_quote('"', text);
                let arguments = columns.iter().filter(|column| !column.hidden).flat_map(|column| {
                    let name = Value::SingleQuotedString(column.name.clone()).with_empty_span();
                    let value = vec![quoted(&relation.value), quoted(&column.name)];
                    [Expr::Value(name), Expr::CompoundIdentifier(value)]
                });
                return Ok(Some(call("named_struct", arguments.collect())));
            }
            scope = here.outer;
        }
        Ok(None)
    }
}

fn left_out(options: &WildcardAdditionalOptions) -> Vec<String> {
    let mut names: Vec<String> = match &options.opt_exclude {
        Some(ExcludeSelectItem::Single(name)) => plain_name(name).into_iter().collect(),
        Some(ExcludeSelectItem::Multiple(names)) => names.iter().filter_map(plain_name).collect(),
        None => Vec::new(),
    };
    if let Some(except) = &options.opt_except {
        names.push(except.first_element.value.clone());
        names.extend(except.additional_elements.iter().map(|name| name.value.clone()));
    }
    names
}

fn replaced(options: &WildcardAdditionalOptions, column: &str) -> Option<Expr> {
    let items = &options.opt_replace.as_ref()?.items;
    items.iter().find(|item| item.column_name.value == column).map(|item| item.expr.clone())
}

fn renamed(options: &WildcardAdditionalOptions, column: &str) -> Option<Ident> {
    let items = match options.opt_rename.as_ref()? {
        RenameSelectItem::Single(item) => std::slice::from_ref(item),
        RenameSelectItem::Multiple(items) => items.as_slice(),
    };
    items.iter().find(|item| item.ident.value == column).map(|item| item.alias.clone())
}
