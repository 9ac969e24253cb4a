//! `*` as a list of columns, where the planner would make another list of it: over joins that [`super::using`] has taken
//! apart, and with RENAME.

use super::Resolver;
use super::scope::{Relation, Scope};
use super::using::plain_name;
use crate::error::{Error, Result};
use crate::sql::error::invalid;
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, Ident, RenameSelectItem, SelectItem, WildcardAdditionalOptions,
};

/// Characters of an expression that may stand behind a name of the select list, and be put in its place.
const LONGEST_REFERRED: usize = 20_000;

impl Resolver<'_> {
    /// Puts the columns in the place of every `*` that the planner would misread.
    pub(super) fn listed(&mut self, projection: &mut Vec<SelectItem>, scope: &Scope<'_>) -> Result<()> {
        let outer = scope.merged.iter().any(|merged| merged.outer);
        let mut items = Vec::with_capacity(projection.len());
        for mut item in std::mem::take(projection) {
            match &mut item {
                SelectItem::Wildcard(options) if outer || options.opt_rename.is_some() => {
                    self.wildcard(options, scope)?;
                    items.extend(scope.list(options)?);
                }
                _ => items.push(item),
            }
        }
        *projection = items;
        Ok(())
    }
}

impl Scope<'_> {
    /// Keeps the name that an item gives, for the expressions behind it.
    pub(super) fn remember(&mut self, item: &SelectItem) -> Result<()> {
        if let SelectItem::ExprWithAlias { expr, alias } = item
            && expr.to_string().len() <= LONGEST_REFERRED
        {
            self.before.push((alias.value.clone(), expr.clone()));
        }
        Ok(())
    }

    /// The columns that `*` means, each as an item of its own.
    fn list(&self, options: &WildcardAdditionalOptions) -> Result<Vec<SelectItem>> {
        let left_out = left_out(options);
        let mut items = Vec::new();
        let mut listed: Vec<&str> = Vec::new();
        for relation in &self.relations {
            let Relation { name: Some(name), columns: Some(columns) } = relation else {
                let hint = "list the columns, or give each subquery and table function of the join an alias";
                return Err(Error::unsupported("* over relations whose columns are not known before planning", hint));
            };
            for column in columns.iter().filter(|column| !column.hidden) {
                let doubled = self.doubled.iter().any(|(of, which)| of == name && *which == column.name);
                if doubled || left_out.contains(&column.name) {
                    continue;
                }
                let quoted = |text: &str| Ident::with_quote('"', text);
                let merged = self.merged.iter().find(|merged| merged.outer && merged.column == column.name);
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
