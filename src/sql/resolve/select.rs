//! Names of one SELECT: its clauses, each in the scope it sees.

use super::expressions::lower;
use super::scope::{Column, Columns, Scope};
use super::{Resolver, idents};
use crate::error::Result;
use crate::sql::error::invalid;
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, GroupByExpr, Ident, NamedWindowExpr, ObjectName, RenameSelectItem, Select, SelectItem,
    SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};
use std::collections::HashSet;

/// The names of a select list so far.
#[derive(Default)]
struct List {
    /// Those that were written.
    aliases: Vec<Column>,
    /// Those that were given, with their expressions.
    named: Vec<(Expr, String)>,
    /// All of them.
    taken: HashSet<String>,
}

impl List {
    /// `name`, or `name_1`, `name_2`… where it is taken: two columns of one select list may not have the same name.
    fn unique(&mut self, name: String) -> String {
        let mut unique = name.clone();
        let mut count = 0;
        while !self.taken.insert(unique.clone()) {
            count += 1;
            unique = format!("{name}_{count}");
        }
        unique
    }

    /// Takes the names of a wildcard's columns.
    fn all(&mut self, columns: Columns) -> Columns {
        self.taken.extend(columns.iter().flatten().map(|column| column.name.clone()));
        columns
    }
}

impl Resolver<'_> {
    /// Settles a SELECT: its output columns, and the scope that its ORDER BY sees.
    pub fn select<'o>(&mut self, select: &mut Select, outer: Option<&'o Scope<'o>>) -> Result<(Columns, Scope<'o>)> {
        let mut scope = Scope { outer, ..Scope::default() };
        for item in &mut select.from {
            self.settle_from(item, &mut scope)?;
        }
        self.listed(&mut select.projection, &scope)?;
        let mut columns = Some(Vec::new());
        let mut list = List::default();
        for item in &mut select.projection {
            let added = self.select_item(item, &scope, &mut list)?;
            scope.remember(item)?;
            columns = columns.zip(added).map(|(mut all, added)| {
                all.extend(added);
                all
            });
        }
        if let Some(condition) = &mut select.selection {
            self.columns_condition(condition, &scope)?;
            self.expression(condition, &scope)?;
        }
        self.grouping(select, &mut scope, list.aliases)?;
        scope.before.clear();
        scope.named = list.named;
        Ok((columns, scope))
    }

    /// The clauses after WHERE, which know the select list's names, as ORDER BY does.
    fn grouping(&mut self, select: &mut Select, scope: &mut Scope<'_>, aliases: Vec<Column>) -> Result<()> {
        for window in &mut select.named_window {
            lower(&mut window.0);
            match &mut window.1 {
                NamedWindowExpr::NamedWindow(name) => lower(name),
                NamedWindowExpr::WindowSpec(spec) => self.visit(spec, scope)?,
            }
        }
        self.visit(&mut select.distinct, scope)?;
        self.visit(&mut select.sort_by, scope)?;
        scope.aliases = aliases;
        if let GroupByExpr::Expressions(keys, _) = &mut select.group_by {
            for key in keys {
                self.expression(key, scope)?;
            }
        }
        self.visit(&mut select.having, scope)?;
        self.visit(&mut select.qualify, scope)
    }

    /// Settles an item of the select list; the columns it makes.
    fn select_item(&mut self, item: &mut SelectItem, scope: &Scope<'_>, list: &mut List) -> Result<Columns> {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                let text = written(expr);
                self.expression(expr, scope)?;
                let Some(name) = name_of(expr, &text, scope) else {
                    let column = named_column(expr, scope);
                    if let Some(column) = &column
                        && let name = list.unique(column.name.clone())
                        && name != column.name
                    {
                        let alias = Ident::with_quote('"', name.as_str());
                        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
                        return Ok(Some(vec![Column { name, ..column.clone() }]));
                    }
                    return Ok(Some(column.into_iter().collect()));
                };
                let column = Column { name: list.unique(name), data_type: None, hidden: false };
                let alias = Ident::with_quote('"', column.name.as_str());
                list.named.push((expr.clone(), column.name.clone()));
                *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
                Ok(Some(vec![column]))
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                self.expression(expr, scope)?;
                let name = list.unique(alias.value.clone());
                let data_type = named_column(expr, scope).and_then(|column| column.data_type);
                let column = Column { name, data_type, hidden: false };
                if column.name != alias.value {
                    *alias = Ident::with_quote('"', column.name.as_str());
                }
                list.aliases.push(column.clone());
                Ok(Some(vec![column]))
            }
            SelectItem::ExprWithAliases { expr, .. } => {
                self.expression(expr, scope)?;
                Ok(None)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                self.expression(expr, scope)?;
                Ok(None)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                self.wildcard(options, scope)?;
                let mut parts: Vec<Ident> = idents(name).into_iter().map(|ident| ident.clone()).collect();
                let columns = scope.relation(&mut parts)?;
                for (ident, settled) in idents(name).into_iter().zip(parts) {
                    *ident = settled;
                }
                Ok(list.all(renamed(without_hidden(columns, options)?, options)))
            }
            SelectItem::Wildcard(options) => {
                self.wildcard(options, scope)?;
                Ok(list.all(renamed(without_hidden(scope.all_columns(), options)?, options)))
            }
        }
    }

    /// `* EXCLUDE (…) REPLACE (…) RENAME (…)`.
    pub(crate) fn wildcard(&mut self, options: &mut WildcardAdditionalOptions, scope: &Scope<'_>) -> Result<()> {
        match &mut options.opt_exclude {
            Some(ExcludeSelectItem::Single(name)) => settle_all(idents(name), scope)?,
            Some(ExcludeSelectItem::Multiple(names)) => settle_all(names.iter_mut().flat_map(idents), scope)?,
            None => {}
        }
        if let Some(except) = &mut options.opt_except {
            let all = std::iter::once(&mut except.first_element).chain(&mut except.additional_elements);
            settle_all(all, scope)?;
        }
        if let Some(replace) = &mut options.opt_replace {
            for item in &mut replace.items {
                self.expression(&mut item.expr, scope)?;
                there(&mut item.column_name, scope)?;
            }
        }
        let items = match &mut options.opt_rename {
            Some(RenameSelectItem::Single(item)) => std::slice::from_mut(item),
            Some(RenameSelectItem::Multiple(items)) => items.as_mut_slice(),
            None => &mut [],
        };
        items.iter_mut().try_for_each(|item| there(&mut item.ident, scope))
    }
}

/// Settles the name of a column that `*` has to have: the planner passes over one that it has not.
fn there(name: &mut Ident, scope: &Scope<'_>) -> Result<()> {
    scope.column(name)?;
    let Some(columns) = scope.all_columns() else { return Ok(()) };
    match columns.iter().any(|column| column.name == name.value) {
        true => Ok(()),
        false => Err(invalid(format!("no column named {}, which REPLACE or RENAME would change", name.value))),
    }
}

fn settle_all<'a>(names: impl IntoIterator<Item = &'a mut Ident>, scope: &Scope<'_>) -> Result<()> {
    names.into_iter().try_for_each(|name| scope.column(name).map(|_| ()))
}

/// A wildcard's columns without the hidden ones, which it is told to leave out.
fn without_hidden(columns: Columns, options: &mut WildcardAdditionalOptions) -> Result<Columns> {
    let Some(mut columns) = columns else { return Ok(None) };
    let mut hidden: Vec<&str> =
        columns.iter().filter(|column| column.hidden).map(|column| column.name.as_str()).collect();
    let count = hidden.len();
    hidden.dedup();
    if hidden.len() < count {
        let hint = "the planner cannot leave it out of several tables at once: write a.*, b.* for *";
        return Err(invalid(format!("* over a join, where {} is asked for: {hint}", hidden.join(", "))));
    }
    let mut excluded: Vec<ObjectName> =
        hidden.iter().map(|name| ObjectName::from(vec![Ident::with_quote('"', *name)])).collect();
    if !excluded.is_empty() {
        match options.opt_exclude.take() {
            Some(ExcludeSelectItem::Single(name)) => excluded.push(name),
            Some(ExcludeSelectItem::Multiple(names)) => excluded.extend(names),
            None => {}
        }
        options.opt_exclude = Some(ExcludeSelectItem::Multiple(excluded));
    }
    columns.retain(|column| !column.hidden);
    Ok(Some(columns))
}

/// A wildcard's columns under the names that RENAME gives.
fn renamed(columns: Columns, options: &WildcardAdditionalOptions) -> Columns {
    let renames = match &options.opt_rename {
        Some(RenameSelectItem::Single(item)) => std::slice::from_ref(item),
        Some(RenameSelectItem::Multiple(items)) => items.as_slice(),
        None => return columns,
    };
    let mut columns = columns?;
    for item in renames {
        for column in columns.iter_mut().filter(|column| column.name == item.ident.value) {
            column.name = item.alias.value.clone();
        }
    }
    Some(columns)
}

/// An expression as it was written; of a name alone, the name.
fn written(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(name) => name.value.clone(),
        expr => expr.to_string(),
    }
}

/// The name of an expression without an alias: as it was written, rather than as the planner spells it. A field of a struct is
/// called by its own name. `None` where the planner's name is right, or where there may be several columns.
fn name_of(expr: &Expr, text: &str, scope: &Scope<'_>) -> Option<String> {
    match expr {
        Expr::Identifier(_) => None,
        Expr::CompoundIdentifier(names) if scope.is_column(names) => None,
        Expr::CompoundIdentifier(names) => names.last().map(|name| name.value.clone()),
        _ if text.to_lowercase().contains("unnest") => None,
        _ => Some(text.into()),
    }
}

/// The column that an expression without an alias makes, if it is a plain name (settled by now).
fn named_column(expr: &Expr, scope: &Scope<'_>) -> Option<Column> {
    match expr {
        Expr::Identifier(name) => {
            let data_type = scope.column(&mut name.clone()).ok().flatten();
            Some(Column { name: name.value.clone(), data_type, hidden: false })
        }
        Expr::CompoundIdentifier(names) => {
            let data_type = scope.compound(&mut names.clone()).ok().flatten();
            Some(Column { name: names.last()?.value.clone(), data_type, hidden: false })
        }
        _ => None,
    }
}
