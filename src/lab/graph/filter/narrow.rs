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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::graph::filter::{eval, parser, support};
    use crate::lab::graph::user_entity::{USER, view};
    use crate::lab::world::generated::Size;

    /// What an index names holds everything that a scan finds, and a point query names little else.
    #[test]
    fn an_index_leaves_nothing_out() {
        let users = Size { users: 300, links: 30, seed: 1 }.world().entra.users;
        let one = |at: usize| users.iter().filter(|user| !user.proxy_addresses.is_empty()).nth(at).unwrap();
        let (a, b) = (one(3), one(40));
        let (upn_a, upn_b) = (a.user_principal_name.to_uppercase(), &b.user_principal_name);
        let name = a.display_name.as_deref().unwrap();
        let (address, anchor) = (&a.proxy_addresses[0], b.on_premises_immutable_id.as_deref().unwrap());
        for (filter, most) in [
            (format!("id eq '{}'", a.id), 1),
            (format!("id in ('{}','{}')", a.id, b.id), 2),
            (format!("userPrincipalName in ('{upn_a}','{upn_b}')"), 2),
            (format!("userPrincipalName eq '{upn_a}' or mail eq '{}'", b.mail.as_deref().unwrap()), 2),
            (format!("proxyAddresses/any(x:x eq '{address}')"), 1),
            (format!("proxyAddresses/any(x:x eq '{address}' or x eq '{}')", b.proxy_addresses[0]), 2),
            (format!("onPremisesImmutableId eq '{anchor}'"), 1),
            (
                format!(
                    "accountEnabled eq {} and startswith(displayName,'{name}') and id eq '{}'",
                    a.account_enabled, a.id
                ),
                1,
            ),
            ("id eq 'nobody'".to_owned(), 0),
            (format!("id eq '{}' or startswith(userPrincipalName,'a')", a.id), usize::MAX),
            (format!("not (id eq '{}')", a.id), usize::MAX),
            ("proxyAddresses/any(x:startswith(x,'smtp:a'))".to_owned(), usize::MAX),
        ] {
            let expr = support::check(parser::parse(&filter).unwrap(), &USER, true).unwrap();
            let scanned: Vec<Row> =
                users.rows().filter(|(_, user)| eval::holds(&expr, &view(user))).map(|(row, _)| row).collect();
            match rows(&expr, &users) {
                None => assert_eq!(most, usize::MAX, "{filter} needs a scan"),
                Some(named) => {
                    assert!(named.len() <= most && scanned.iter().all(|row| named.contains(row)), "{filter}");
                }
            }
            assert!(most == 0 || !scanned.is_empty(), "{filter} finds nobody");
        }
    }

    #[test]
    fn graph_takes_fifteen_values_and_not_one_more() {
        let names = |count: usize| (0..count).map(|n| format!("'u{n}@x.com'")).collect::<Vec<_>>().join(",");
        for name in ["id", "userPrincipalName"] {
            let check = |count| {
                let filter = parser::parse(&format!("{name} in ({})", names(count))).unwrap();
                support::check(filter, &USER, false)
            };
            assert!(check(15).is_ok());
            assert_eq!(check(16).unwrap_err().code, "Request_UnsupportedQuery");
        }
    }
}
