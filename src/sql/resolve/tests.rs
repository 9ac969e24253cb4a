use super::*;
use crate::sql::parse::dialect::LakeglassDialect;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use datafusion::sql::sqlparser::ast::{Select, SelectItem, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::parser::Parser;
use std::ops::ControlFlow;
use std::sync::Arc;

fn tables() -> BTreeMap<String, SchemaRef> {
    let field = |name: &str| Field::new(name, DataType::Int64, true);
    let item = DataType::Struct(Fields::from(vec![field("skuCode"), field("Qty")]));
    let orders = Schema::new(vec![
        field("orderId"),
        field("customerId"),
        field("Total"),
        Field::new("shipTo", DataType::Struct(Fields::from(vec![field("postCode")])), true),
        Field::new("Items", DataType::new_list(item, true), true),
    ]);
    let customers = Schema::new(vec![field("CustomerID"), field("name"), field("Name")]);
    BTreeMap::from([
        ("Orders".to_string(), Arc::new(orders) as SchemaRef),
        ("customers".to_string(), Arc::new(customers)),
        ("x".to_string(), Arc::new(Schema::new(vec![field("a")]))),
        ("X".to_string(), Arc::new(Schema::new(vec![field("b")]))),
    ])
}

/// The statement after settling, without its quotes, and without the names given to expressions.
fn settled(sql: &str) -> String {
    let mut statement = Parser::parse_sql(&LakeglassDialect, sql).unwrap().pop().unwrap();
    match resolve(&mut statement, &tables()) {
        Ok(()) => {
            unname(&mut statement);
            statement.to_string().replace('"', "")
        }
        Err(error) => format!("{}: {error}", error.code()),
    }
}

/// Takes the names given to expressions without one away again.
fn unname(statement: &mut Statement) {
    struct Unname;
    impl VisitorMut for Unname {
        type Break = ();
        fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
            for item in &mut select.projection {
                if let SelectItem::ExprWithAlias { expr, alias } = item
                    && alias.quote_style == Some('"')
                {
                    *item = SelectItem::UnnamedExpr(expr.clone());
                }
            }
            ControlFlow::Continue(())
        }
    }
    let _ = VisitMut::visit(statement, &mut Unname);
}

#[test]
fn tables_and_columns_whatever_their_case() {
    assert_eq!(settled("SELECT ORDERID, o.TOTAL FROM orders AS O"), "SELECT orderId, O.Total FROM Orders AS O");
    assert_eq!(settled("SELECT orders.total FROM ORDERS"), "SELECT Orders.Total FROM Orders");
    assert_eq!(settled("SELECT main.orders.total FROM MAIN.orders"), "SELECT main.Orders.Total FROM main.Orders");
    assert_eq!(settled("SELECT ORDERS.* FROM orders"), "SELECT Orders.* FROM Orders");
    assert_eq!(
        settled("SELECT * EXCLUDE (total, ORDERID) FROM orders"),
        "SELECT * EXCLUDE (Total, orderId) FROM Orders"
    );
    assert_eq!(settled("SELECT nothing FROM orders"), "SELECT nothing FROM Orders");
}

#[test]
fn quoted_names_are_exact() {
    let mut statement = Parser::parse_sql(&LakeglassDialect, r#"SELECT "total" FROM orders"#).unwrap().pop().unwrap();
    resolve(&mut statement, &tables()).unwrap();
    assert_eq!(statement.to_string(), r#"SELECT "total" FROM "Orders""#);
    assert!(settled(r#"SELECT 1 FROM "orders""#).starts_with("invalid_sql: no table named"));
}

#[test]
fn several_spellings_need_quotes() {
    assert_eq!(settled("SELECT name, Name FROM customers"), "SELECT name, Name FROM customers");
    assert!(settled("SELECT NAME FROM customers").contains("ambiguous"));
    assert!(settled("SELECT CUSTOMERid FROM orders, customers").contains("ambiguous"));
    assert_eq!(settled("SELECT a FROM x"), "SELECT a FROM x");
    assert_eq!(settled("SELECT B FROM X"), "SELECT b FROM X");
}

#[test]
fn aliases_where_they_are_known() {
    assert_eq!(
        settled(
            "SELECT customerid, sum(total) AS total FROM orders GROUP BY CustomerId HAVING total > 1 ORDER BY TOTAL"
        ),
        "SELECT customerId, sum(Total) AS total FROM Orders GROUP BY customerId HAVING total > 1 ORDER BY total"
    );
    assert_eq!(
        settled("SELECT total + 1 AS MyTotal FROM orders WHERE TOTAL > 1 ORDER BY mytotal"),
        "SELECT Total + 1 AS MyTotal FROM Orders WHERE Total > 1 ORDER BY MyTotal"
    );
    assert_eq!(
        settled("SELECT d.MYTOTAL FROM (SELECT total AS myTotal FROM orders) D"),
        "SELECT D.myTotal FROM (SELECT Total AS myTotal FROM Orders) D"
    );
}

#[test]
fn ctes_subqueries_joins_and_set_operations() {
    assert_eq!(
        settled(
            "WITH Big AS (SELECT * FROM orders) SELECT ORDERID FROM big b JOIN customers c ON B.customerID = C.customerid"
        ),
        "WITH Big AS (SELECT * FROM Orders) SELECT orderId FROM Big b JOIN customers c ON b.customerId = c.CustomerID"
    );
    assert_eq!(
        settled(
            "SELECT 1 FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE O.CUSTOMERID = C.CUSTOMERID AND total > 1)"
        ),
        "SELECT 1 FROM customers c WHERE EXISTS (SELECT 1 FROM Orders o WHERE o.customerId = c.CustomerID AND Total > 1)"
    );
    assert_eq!(
        settled("SELECT ORDERID FROM orders UNION SELECT customerid FROM customers ORDER BY orderid"),
        "SELECT orderId FROM Orders UNION SELECT CustomerID FROM customers ORDER BY orderId"
    );
    assert_eq!(settled("WITH t(Aa) AS (VALUES (1)) SELECT AA FROM T"), "WITH t (Aa) AS (VALUES (1)) SELECT Aa FROM t");
    assert_eq!(
        settled("SELECT orderid, u.x FROM orders, LATERAL (SELECT TOTAL AS X) AS u"),
        "SELECT orderId, u.X FROM Orders, LATERAL (SELECT Total AS X) AS u"
    );
}

#[test]
fn nested_fields() {
    assert_eq!(settled("SELECT shipto.postcode FROM orders"), "SELECT shipTo.postCode FROM Orders");
    assert_eq!(settled("SELECT o.SHIPTO.POSTCODE FROM orders o"), "SELECT o.shipTo.postCode FROM Orders o");
    assert_eq!(settled("SELECT items[1].skucode FROM orders"), "SELECT Items[1].'skuCode' FROM Orders");
    assert_eq!(settled("SELECT o.items[1].QTY FROM orders o"), "SELECT o.Items[1].'Qty' FROM Orders o");
    assert_eq!(settled("SELECT (shipto).postcode FROM orders"), "SELECT (shipTo).'postCode' FROM Orders");
}

#[test]
fn lambdas_windows_and_functions() {
    assert_eq!(
        settled("SELECT array_transform(items, Total -> TOTAL.x + orderid) FROM orders"),
        "SELECT array_transform(Items, Total -> TOTAL.x + orderId) FROM Orders"
    );
    assert_eq!(
        settled("SELECT sum(total) OVER W FROM orders WINDOW w AS (ORDER BY ORDERID)"),
        "SELECT sum(Total) OVER w FROM Orders WINDOW w AS (ORDER BY orderId)"
    );
    assert_eq!(settled("SELECT VALUE FROM Generate_Series(1, 3)"), "SELECT VALUE FROM generate_series(1, 3)");
    assert_eq!(settled("SELECT COUNT(*), MAX(TOTAL) FROM orders"), "SELECT COUNT(*), MAX(Total) FROM Orders");
}

#[test]
fn information_schema_is_in_lower_case() {
    assert_eq!(settled("SELECT * FROM INFORMATION_SCHEMA.Tables"), "SELECT * FROM information_schema.tables");
}
