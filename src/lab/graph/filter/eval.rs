//! Whether an object meets a filter. Texts compare without case, as Entra compares them; even an ImmutableID does, so
//! a client must compare those itself.

use super::expr::{Expr, Function, Literal, Operator};
use crate::lab::graph::answer::Object;
use jiff::Timestamp;
use serde_json::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Whether `object` meets `expr`. Members that the object does not have are null.
pub fn holds(expr: &Expr, object: &Object) -> bool {
    meets(expr, &|name| Cow::Borrowed(object.get(name).unwrap_or(&Value::Null)))
}

/// The same for an object of which `look` gives a member by name.
pub fn meets<'a>(expr: &Expr, look: &dyn Fn(&str) -> Cow<'a, Value>) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().all(|p| meets(p, look)),
        Expr::Or(parts) => parts.iter().any(|p| meets(p, look)),
        Expr::Not(inner) => !meets(inner, look),
        Expr::Compare(name, operator, literal) => compare(&look(name), *operator, literal),
        Expr::In(name, literals) => {
            let value = look(name);
            literals.iter().any(|l| compare(&value, Operator::Eq, l))
        }
        Expr::Call(function, name, text) => look(name).as_str().is_some_and(|value| {
            let (value, text) = (value.to_lowercase(), text.to_lowercase());
            match function {
                Function::StartsWith => value.starts_with(&text),
                Function::EndsWith => value.ends_with(&text),
            }
        }),
        Expr::Any { name, lambda } => elements(&look(name)).iter().any(|element| match lambda {
            None => true,
            Some((variable, condition)) => {
                meets(condition, &|name| Cow::Borrowed(if name == variable { element } else { &Value::Null }))
            }
        }),
        Expr::Count(name, operator, number) => {
            let count = i64::try_from(elements(&look(name)).len()).unwrap_or(i64::MAX);
            ordered(*operator, Some(count.cmp(number)))
        }
    }
}

fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn compare(value: &Value, operator: Operator, literal: &Literal) -> bool {
    ordered(operator, ordering(value, literal))
}

/// How a value stands to a literal; `None` if one of them is null and the other is not.
fn ordering(value: &Value, literal: &Literal) -> Option<Ordering> {
    match literal {
        Literal::Null => value.is_null().then_some(Ordering::Equal),
        Literal::Bool(b) => value.as_bool().map(|v| v.cmp(b)),
        Literal::Int(n) => value.as_i64().map(|v| v.cmp(n)),
        Literal::Text(t) | Literal::Guid(t) => value.as_str().map(|v| v.to_lowercase().cmp(&t.to_lowercase())),
        Literal::Time(t) => value.as_str()?.parse::<Timestamp>().ok().map(|v| v.cmp(t)),
    }
}

/// Nothing but `ne` holds between a value and null.
fn ordered(operator: Operator, ordering: Option<Ordering>) -> bool {
    match operator {
        Operator::Eq => ordering == Some(Ordering::Equal),
        Operator::Ne => ordering != Some(Ordering::Equal),
        Operator::Ge => ordering.is_some_and(Ordering::is_ge),
        Operator::Le => ordering.is_some_and(Ordering::is_le),
    }
}
