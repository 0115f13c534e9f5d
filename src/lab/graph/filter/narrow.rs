//! Where a filter's objects can be at all: the rows that an index names, so that a point query does not read a directory.

use super::expr::{Expr, Literal, Operator};
use crate::lab::world::keys::CloudKey;
use crate::lab::world::table::{Record, Row, Table};

/// Rows of which every object that meets the filter is one, in order and each once; `None` if no index says.
pub fn rows<T: Record<Key = CloudKey>>(filter: &Expr, table: &Table<T>) -> Option<Vec<Row>> {
    let mut rows = narrowed(filter, table, None)?;
    rows.sort_unstable();
    rows.dedup();
    Some(rows)
}

/// In a lambda, `scope` is the collection's name, and names in the filter are the lambda's variable.
fn narrowed<T: Record<Key = CloudKey>>(filter: &Expr, table: &Table<T>, scope: Option<&str>) -> Option<Vec<Row>> {
    let with = |name: &str, literals: &[Literal]| {
        let key = key(scope.unwrap_or(name))?;
        let mut rows = Vec::new();
        for literal in literals {
            let (Literal::Text(text) | Literal::Guid(text)) = literal else { return None };
            rows.extend(table.with(key, &text.to_lowercase()).map(|(row, _)| row));
        }
        Some(rows)
    };
    match filter {
        Expr::Compare(name, Operator::Eq, literal) => with(name, std::slice::from_ref(literal)),
        Expr::In(name, literals) => with(name, literals),
        Expr::And(parts) => parts.iter().filter_map(|part| narrowed(part, table, scope)).min_by_key(Vec::len),
        Expr::Or(parts) => {
            let all: Option<Vec<_>> = parts.iter().map(|part| narrowed(part, table, scope)).collect();
            Some(all?.concat())
        }
        Expr::Any { name, lambda: Some((_, condition)) } if scope.is_none() => narrowed(condition, table, Some(name)),
        _ => None,
    }
}

/// The key that a property is found by.
fn key(property: &str) -> Option<CloudKey> {
    Some(match property {
        "id" => CloudKey::Id,
        "userPrincipalName" => CloudKey::Upn,
        "mail" => CloudKey::Mail,
        "proxyAddresses" => CloudKey::Address,
        "onPremisesImmutableId" => CloudKey::ImmutableId,
        "onPremisesSecurityIdentifier" => CloudKey::Sid,
        _ => return None,
    })
}
