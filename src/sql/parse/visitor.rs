//! Walks over a statement's syntax tree.
//!
//! sqlparser's walk is generic: for every type of visitor the compiler makes it anew for each of the tree's hundreds of types,
//! some 60 kB of the module. Here all visitors go through one type, which passes on to whoever it holds.

use crate::error::{Error, Result};
use datafusion::sql::sqlparser::ast::{
    Expr, ObjectName, Query, Select, Statement, TableFactor, ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut,
};
use std::ops::ControlFlow;

/// Walks through `tree`, which `visitor` may change; ends with the error that it breaks with.
pub fn walk<T: VisitMut>(tree: &mut T, visitor: &mut dyn VisitorMut<Break = Error>) -> Result<()> {
    match tree.visit(&mut Walk(visitor)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

/// Walks through `tree` until `visitor` breaks: true where it does.
pub fn look<T: Visit>(tree: &T, visitor: &mut dyn Visitor<Break = ()>) -> bool {
    tree.visit(&mut Look(visitor)).is_break()
}

struct Walk<'v>(&'v mut dyn VisitorMut<Break = Error>);
struct Look<'v>(&'v mut dyn Visitor<Break = ()>);

type Mut<'a, T> = &'a mut T;
type Ref<'a, T> = &'a T;

/// Implements a visitor's methods: `$body`, given `self`, the method and the node.
macro_rules! visitor {
    ($trait:ident, $type:ty, $break:ty, $reference:ident, $body:ident) => {
        visitor!(
            $trait, $type, $break, $reference, $body,
            pre_visit_query(Query), post_visit_query(Query), pre_visit_select(Select), post_visit_select(Select),
            pre_visit_relation(ObjectName), post_visit_relation(ObjectName),
            pre_visit_table_factor(TableFactor), post_visit_table_factor(TableFactor),
            pre_visit_expr(Expr), post_visit_expr(Expr), pre_visit_statement(Statement), post_visit_statement(Statement),
            pre_visit_value(ValueWithSpan), post_visit_value(ValueWithSpan)
        );
    };
    ($trait:ident, $type:ty, $break:ty, $reference:ident, $body:ident, $($method:ident($node:ty)),+) => {
        impl $trait for $type {
            type Break = $break;
            $(fn $method(&mut self, node: $reference<'_, $node>) -> ControlFlow<$break> {
                $body!(self, $method, node)
            })+
        }
    };
}

macro_rules! pass_on {
    ($self:ident, $method:ident, $node:ident) => {
        $self.0.$method($node)
    };
}

visitor!(VisitorMut, Walk<'_>, Error, Mut, pass_on);
visitor!(Visitor, Look<'_>, (), Ref, pass_on);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse::dialect::LakeglassDialect;
    use datafusion::sql::sqlparser::parser::Parser;

    /// What is called, in order.
    #[derive(Default)]
    struct Calls(Vec<String>);

    macro_rules! note {
        ($self:ident, $method:ident, $node:ident) => {{
            $self.0.push(format!("{} {}", stringify!($method), $node));
            ControlFlow::Continue(())
        }};
    }
    visitor!(VisitorMut, Calls, Error, Mut, note);
    visitor!(Visitor, Calls, (), Ref, note);

    #[test]
    fn every_call_is_passed_on_in_order() {
        let mut statement = Parser::parse_sql(&LakeglassDialect, "SELECT a + 1 FROM t").unwrap().remove(0);
        let (mut plain, mut walked, mut looked) = (Calls::default(), Calls::default(), Calls::default());
        let _ = VisitMut::visit(&mut statement, &mut plain);
        walk(&mut statement, &mut walked).unwrap();
        assert!(!look(&statement, &mut looked));
        assert_eq!(plain.0, walked.0);
        assert_eq!(plain.0, looked.0);
        for kind in ["statement", "query", "select", "table_factor", "relation", "expr", "value"] {
            for side in ["pre", "post"] {
                let method = format!("{side}_visit_{kind} ");
                assert!(plain.0.iter().any(|call| call.starts_with(&method)), "{method}");
            }
        }
    }
}
